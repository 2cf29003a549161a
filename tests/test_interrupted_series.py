"""Monthly counts before and after a change: person-time, the Poisson model, the periods."""

import numpy as np
import pandas as pd
import pytest

from msanalysis.cohorts import treatment_series
from msanalysis.release import release
from msanalysis.stats import (
    check_interrupted_series,
    estimate_interrupted_series,
    estimate_interruption,
)
from persons import make_cohort, make_extract
from reference import FOLDER, assert_equal_to_r, cases
from test_natalizumab import PERSON, drug, natalizumab

CHANGE = {
    "event": "stopped", "since": "2018-01-01", "change_from": "2023-12-01",
    "change_to": "2024-04-30",
}  # fmt: skip


def invented(series=None):
    frame = pd.read_csv(FOLDER / "data" / "courses.csv")
    return make_cohort(frame if series is None else frame[frame["series"] == series])


@pytest.mark.parametrize("case", cases("interrupted_series"))
def test_terms_dispersion_and_autocorrelation_against_R(case):
    found = estimate_interruption(invented(), by="series", **CHANGE).frame
    found = found[found["stratum"] == case["by"]]
    for name in ("rate_ratio", "lower", "upper"):
        np.testing.assert_allclose(found[name], case[name], rtol=1e-7)
    checked = check_interrupted_series(invented(), by="series", **CHANGE).frame
    found = checked[checked["stratum"] == case["by"]]
    for name in ("dispersion", "autocorrelation", "ljung_box_p"):
        np.testing.assert_allclose(found[name], case[name], rtol=1e-7)


@pytest.mark.parametrize("case", cases("interrupted_series"))
def test_monthly_counts_person_time_fit_and_counterfactual_against_R(case):
    found = estimate_interrupted_series(invented(case["by"]), period_months=1, **CHANGE).frame
    found = found[found["period"] != "all"].reset_index(drop=True)
    assert found["n_events"].tolist() == case["events"]
    assert_equal_to_r(found["person_years"], case["years"])
    before, window = found["segment"] == "before", found["segment"] == "window"
    for name, theirs, left_out in (
        ("fitted_per_100py", "fitted", window),
        ("counterfactual_per_100py", "counterfactual", before),
    ):
        assert found[name].isna().equals(left_out)
        ours = found.loc[~left_out, name]
        np.testing.assert_allclose(ours, np.array(case[theirs])[~left_out], rtol=1e-7)


@pytest.mark.parametrize("period_months", [1, 3, 12])
def test_periods_add_up_to_their_segment_and_to_everything(period_months):
    cohort = invented("natalizumab")
    found = estimate_interrupted_series(cohort, period_months=period_months, **CHANGE).frame
    total = found["period"] == "all"
    for column in ("n_events", "person_years"):
        parts = found[~total].groupby("segment")[column].sum()
        segments = found[total].set_index("segment")[column]
        pd.testing.assert_series_equal(parts, segments[parts.index], check_names=False)
    assert found.loc[total, "n_events"].sum() == (cohort.frame["end_reason"] == "stopped").sum()


def test_a_period_is_in_the_window_when_a_month_of_it_is():
    found = estimate_interrupted_series(invented(), **CHANGE).frame
    window = found[(found["segment"] == "window") & (found["period"] != "all")]
    assert window["period"].tolist() == ["month 2023-10", "month 2024-01", "month 2024-04"]


def test_a_hidden_period_cannot_be_worked_out_from_its_segment():
    released = release(
        estimate_interrupted_series(invented(), period_months=1, by="series", **CHANGE)
    )
    marked = released.hidden["n_events"].groupby(
        [released.frame["stratum"], released.frame["segment"]]
    )
    assert (marked.sum() != 1).all()


def test_a_series_without_a_stop_after_the_change_has_no_estimate():
    frame = invented("natalizumab").frame
    early = frame[(frame["end_reason"] != "stopped") | (frame["follow_up_days"] < 2000)]
    found = estimate_interruption(make_cohort(early), **CHANGE).frame
    assert found["rate_ratio"].isna().all()
    assert check_interrupted_series(make_cohort(early), **CHANGE).frame["dispersion"].isna().all()


def test_months_left_out_are_fitted_as_if_the_series_had_ended_before_them():
    whole = invented("natalizumab").frame
    end = (pd.Timestamp("2024-12-31") - pd.Timestamp("2018-01-01")).days
    later = whole["follow_up_days"] > end
    ended = whole.assign(
        follow_up_days=whole["follow_up_days"].clip(upper=end),
        end_reason=whole["end_reason"].mask(later, "cutoff"),
    )[whole["entry_days"] < end]
    for estimate in (estimate_interruption, check_interrupted_series):
        left_out = estimate(make_cohort(whole), left_out_months=5, **CHANGE).frame
        pd.testing.assert_frame_equal(left_out, estimate(make_cohort(ended), **CHANGE).frame)


def test_months_left_out_are_observed_but_not_fitted():
    settings = {"left_out_months": 5, "period_months": 1}
    every = estimate_interrupted_series(invented(), period_months=1, **CHANGE).frame
    found = estimate_interrupted_series(invented(), **settings, **CHANGE).frame
    left_out = found[found["segment"] == "left_out"]
    assert left_out["period"].tolist() == [f"month 2025-0{month}" for month in range(1, 6)]
    assert left_out["fitted_per_100py"].isna().all()
    assert left_out["counterfactual_per_100py"].notna().all()
    observed = every.set_index("period").loc[left_out["period"], "n_events"]
    assert left_out["n_events"].tolist() == observed.tolist()


def test_a_period_is_left_out_when_a_month_of_it_is():
    found = estimate_interrupted_series(invented(), left_out_months=3, **CHANGE).frame
    left_out = found[found["segment"] == "left_out"]
    assert left_out["period"].tolist() == ["month 2025-01", "month 2025-04"]


def test_a_hidden_period_that_is_left_out_hides_no_other():
    frame = invented("natalizumab").frame
    late = (frame["end_reason"] == "stopped") & (frame["follow_up_days"] >= 2647)
    few = frame[~late | (late.cumsum() <= 3)]
    released = release(estimate_interrupted_series(make_cohort(few), left_out_months=5, **CHANGE))
    shown = released.frame.set_index("segment").loc["left_out", "n_events"].notna()
    assert shown.tolist() == [True, False]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"change_from": "2024-05-01", "change_to": "2024-04-30"}, "exchange them"),
        ({"change_to": "2025-05-01"}, "leave 3 months"),
        ({"change_from": "2018-02-01"}, "leave 3 months"),
        ({"left_out_months": 11}, "leave 3 months"),
        ({"left_out_months": -1}, "left_out_months: expected 0 or more"),
    ],
)
def test_a_window_that_cannot_be_fitted_around_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        estimate_interruption(invented(), **{**CHANGE, **changes})


def test_a_period_that_divides_no_year_is_refused():
    with pytest.raises(ValueError, match="period_months must be"):
        estimate_interrupted_series(invented(), period_months=5, **CHANGE)


# --- the courses ----------------------------------------------------------------------------------


def series(*treatments, **patient):
    extract = make_extract(patients=[{**PERSON, **patient}], treatments=list(treatments))
    return treatment_series(extract).frame


def test_a_course_that_ran_on_the_first_day_is_under_observation_from_it():
    found = series(natalizumab("2015-01-01", "2018-01-11")).iloc[0]
    assert found.tolist() == [10, -1, "stopped", "natalizumab"]


def test_a_later_course_enters_on_its_start_and_a_new_brand_is_the_same_course():
    found = series(natalizumab("2018-01-02", "2020-01-01"), natalizumab("2020-01-15"))
    assert found["entry_days"].tolist() == [1]
    assert found["end_reason"].tolist() == ["cutoff"]


def test_drugs_that_last_are_the_control_and_those_given_once_are_left_out():
    found = series(
        drug("fingolimod", "2015-01-01", "2019-01-01"),
        drug("cladribine", "2019-02-01", "2019-03-01"),
        drug("hsct", "2020-01-01"),
    )
    assert found["series"].tolist() == ["other_drugs"]


def test_a_course_before_the_series_or_after_a_death_is_not_in_it():
    assert series(natalizumab("2015-01-01", "2017-12-31")).empty
    assert series(natalizumab("2015-01-01"), death_date="2017-12-31").empty


def test_a_death_ends_a_course_without_a_stop():
    found = series(natalizumab("2015-01-01", "2018-01-11"), death_date="2018-01-11")
    assert found["end_reason"].tolist() == ["death"]


@pytest.mark.parametrize("since", ["2018-01-02", "2026-01-01"])
def test_a_series_begins_on_the_first_of_a_month_before_the_cutoff(since):
    extract = make_extract(patients=[PERSON], treatments=[natalizumab("2015-01-01")])
    with pytest.raises(ValueError, match="since must be"):
        treatment_series(extract, since=since)
