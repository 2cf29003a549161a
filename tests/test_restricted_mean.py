"""Restricted mean survival time: numbers from R, the area by brute force."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from msanalysis.stats import (
    compare_restricted_mean,
    estimate_restricted_mean,
    estimate_survival_at,
)
from persons import make_cohort
from reference import assert_equal_to_r, cases, cohort_of
from strategies import frames, frames_with_entry


@pytest.mark.parametrize("case", cases("restricted_mean"))
def test_restricted_mean_against_R(case):
    table = estimate_restricted_mean(
        cohort_of(case),
        event="death",
        horizon_days=case["horizon"],
        by=case["by"],
        delayed_entry=case["delayed_entry"],
    ).frame
    assert table["stratum"].tolist() == [part["stratum"] for part in case["strata"]]
    for column, name in {"restricted_mean_days": "mean", "standard_error_days": "error"}.items():
        assert_equal_to_r(table[column], [part[name] for part in case["strata"]])


@given(frames_with_entry(), st.integers(1, 12))
def test_restricted_mean_is_the_area_under_the_curve(frame, horizon):
    cohort = make_cohort(frame)
    row = estimate_restricted_mean(
        cohort, event="death", horizon_days=horizon, delayed_entry=True
    ).frame.iloc[0]
    values = estimate_survival_at(
        cohort, event="death", times_days=range(horizon), delayed_entry=True
    ).frame["estimate"]
    before_entry = np.arange(horizon) < frame["entry_days"].min()
    after_all = np.arange(horizon) > frame["follow_up_days"].max()
    reached_zero = values[~(before_entry | after_all)].min() == 0
    if horizon > frame["follow_up_days"].max() and not reached_zero:
        assert np.isnan(row["restricted_mean_days"])
    else:
        area = values.mask(before_entry, 1.0).mask(after_all, 0.0).sum()
        assert row["restricted_mean_days"] == pytest.approx(area)


@given(frames())
def test_uncensored_restricted_mean_is_the_mean_of_the_times_cut_at_the_horizon(frame):
    cohort = make_cohort(frame.assign(end_reason="death"))
    row = estimate_restricted_mean(cohort, event="death", horizon_days=7).frame.iloc[0]
    cut = frame["follow_up_days"].clip(upper=7)
    assert row["restricted_mean_days"] == pytest.approx(cut.mean())
    assert row["standard_error_days"] == pytest.approx(cut.std(ddof=0) / np.sqrt(len(cut)))


def test_nothing_is_extrapolated_beyond_the_last_person():
    cohort = make_cohort(
        pd.DataFrame({"follow_up_days": [10, 20], "end_reason": ["death", "cutoff"]})
    )
    at_end, beyond = (
        estimate_restricted_mean(cohort, event="death", horizon_days=days).frame.iloc[0]
        for days in (20, 21)
    )
    assert at_end["restricted_mean_days"] == pytest.approx(15)
    assert np.isnan(beyond["restricted_mean_days"])


def test_a_curve_at_zero_is_known_for_ever():
    cohort = make_cohort(pd.DataFrame({"follow_up_days": [10, 20], "end_reason": "death"}))
    row = estimate_restricted_mean(cohort, event="death", horizon_days=1000).frame.iloc[0]
    assert row["restricted_mean_days"] == pytest.approx(15)


def test_the_interval_stays_between_zero_and_the_horizon():
    cohort = make_cohort(
        pd.DataFrame({"follow_up_days": [1, 100, 100], "end_reason": ["death", "stop", "stop"]})
    )
    row = estimate_restricted_mean(cohort, event="death", horizon_days=100).frame.iloc[0]
    assert row["lower_days"] < row["restricted_mean_days"] < row["upper_days"] == 100


def test_the_difference_is_from_the_first_stratum():
    cohort = cohort_of({"data": "lung", "delayed_entry": False})
    means = estimate_restricted_mean(cohort, event="death", horizon_days=700, by="sex").frame
    row = compare_restricted_mean(cohort, event="death", horizon_days=700, by="sex").frame.iloc[0]
    assert (row["stratum"], row["reference"], row["n_reference"]) == ("male", "female", 90)
    difference = means["restricted_mean_days"].diff().iloc[1]
    error = np.sqrt((means["standard_error_days"] ** 2).sum())
    assert row["difference_days"] == pytest.approx(difference)
    assert row["upper_days"] - row["lower_days"] == pytest.approx(2 * 1.959963984540054 * error)
    assert 0 < row["p_value"] < 0.001


@pytest.mark.parametrize("horizon", [0, -1, np.nan, np.inf])
def test_a_horizon_that_is_no_time_is_refused(horizon):
    cohort = make_cohort(pd.DataFrame({"follow_up_days": [10], "end_reason": "death"}))
    with pytest.raises(ValueError, match="horizon_days must be above 0"):
        estimate_restricted_mean(cohort, event="death", horizon_days=horizon)


def test_an_empty_cohort_gives_empty_tables():
    nobody = make_cohort(pd.DataFrame(columns=["follow_up_days", "end_reason", "sex"]))
    assert estimate_restricted_mean(nobody, event="death", horizon_days=100).frame.empty
    assert compare_restricted_mean(nobody, event="death", horizon_days=9, by="sex").frame.empty
