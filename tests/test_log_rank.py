"""Log-rank: numbers from R, and from statsmodels and lifelines where they are right."""

import lifelines.statistics
import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from statsmodels.duration.survfunc import survdiff

from msanalysis.stats import compare_survival
from persons import make_cohort
from reference import assert_equal_to_r, cases, cohort_of
from strategies import frames, frames_with_entry


@pytest.mark.parametrize("case", cases("log_rank"))
def test_log_rank_against_R(case):
    row = compare_survival(
        cohort_of(case),
        **{name: case[name] for name in ("event", "by", "strata", "delayed_entry")},
    ).frame.iloc[0]
    for column in ("n", "n_events", "chi2", "degrees_of_freedom", "p_value"):
        assert_equal_to_r(row[column], case[column])


def log_rank(frame, **settings):
    settings = {"event": "death", "by": "group"} | settings
    return compare_survival(make_cohort(frame), **settings).frame.iloc[0]


def comparable(frame):
    """Both statsmodels and lifelines need every group to have been at risk with another."""
    ours = log_rank(frame)
    assume(ours["degrees_of_freedom"] == frame["group"].nunique() - 1 > 0)
    return ours


@given(frames(min_size=8))
def test_log_rank_equals_lifelines(frame):
    ours = comparable(frame)
    theirs = lifelines.statistics.multivariate_logrank_test(
        frame["follow_up_days"], frame["group"], frame["end_reason"] == "death"
    )
    assert ours["chi2"] == pytest.approx(theirs.test_statistic, abs=1e-8)


@given(frames_with_entry(min_size=20))
def test_log_rank_with_delayed_entry_equals_statsmodels(frame):
    ours = log_rank(frame, delayed_entry=True)
    assume(ours["degrees_of_freedom"] == frame["group"].nunique() - 1 > 0)
    chi2, p_value = survdiff(
        frame["follow_up_days"].to_numpy(),
        (frame["end_reason"] == "death").to_numpy(),
        frame["group"].to_numpy(),
        entry=frame["entry_days"].to_numpy(),
    )
    assert ours["chi2"] == pytest.approx(chi2, abs=1e-8)
    assert ours["p_value"] == pytest.approx(p_value, abs=1e-8)


@given(frames())
def test_the_names_of_groups_do_not_matter(frame):
    renamed = frame.assign(group=frame["group"].map({"a": "z", "b": "y", "c": "x"}))
    np.testing.assert_allclose(log_rank(renamed)["chi2"], log_rank(frame)["chi2"], atol=1e-8)


@given(frames())
def test_one_stratum_is_no_stratification(frame):
    one = log_rank(frame.assign(place="here"), strata="place")
    pd.testing.assert_series_equal(one, log_rank(frame))


def test_equal_groups_do_not_differ():
    once = pd.DataFrame({"follow_up_days": [1, 2, 3, 4], "end_reason": ["death", "stop"] * 2})
    row = log_rank(pd.concat([once.assign(group="a"), once.assign(group="b")]))
    assert row["chi2"] == pytest.approx(0, abs=1e-12)
    assert row["p_value"] == pytest.approx(1)


def test_a_group_nobody_is_in_is_no_group():
    frame = pd.DataFrame({"follow_up_days": [1, 2, 3, 4], "end_reason": "death"})
    group = pd.Categorical(["a", "b", "a", "b"], ["a", "b", "c"])
    assert log_rank(frame.assign(group=group))["degrees_of_freedom"] == 1


def test_one_group_cannot_be_compared():
    frame = pd.DataFrame({"follow_up_days": [1, 2], "end_reason": "death", "group": "a"})
    row = log_rank(frame)
    assert row["degrees_of_freedom"] == 0
    assert np.isnan(row["chi2"])
    assert np.isnan(row["p_value"])


def test_groups_never_at_risk_together_cannot_be_compared():
    frame = pd.DataFrame(
        {
            "entry_days": [0, 0, 10, 10],
            "follow_up_days": [5, 6, 15, 16],
            "end_reason": "death",
            "group": ["a", "a", "b", "b"],
        }
    )
    assert log_rank(frame, delayed_entry=True)["degrees_of_freedom"] == 0


def test_no_event_at_all_compares_nothing():
    frame = pd.DataFrame({"follow_up_days": [1, 2], "end_reason": "stop", "group": ["a", "b"]})
    assert np.isnan(log_rank(frame)["p_value"])


def test_an_empty_cohort_gives_an_empty_table():
    nobody = pd.DataFrame(columns=["follow_up_days", "end_reason", "group"])
    table = compare_survival(make_cohort(nobody), event="death", by="group").frame
    assert table.empty
    assert table.columns.tolist() == [
        "n", "n_events", "n_smallest_group", "chi2", "degrees_of_freedom", "p_value"
    ]  # fmt: skip


def test_an_unknown_group_or_stratum_is_named():
    frame = pd.DataFrame({"follow_up_days": [1], "end_reason": "death", "group": "a"})
    with pytest.raises(ValueError, match="no column 'sex'"):
        log_rank(frame, by="sex")
    with pytest.raises(ValueError, match="no column 'place'"):
        log_rank(frame, strata="place")


def test_the_smallest_group_is_counted_so_that_the_gate_can_hide_what_rests_on_it():
    frame = pd.DataFrame(
        {"follow_up_days": [3, 4, 5, 6], "end_reason": "death", "group": ["a", "a", "a", "b"]}
    )
    assert log_rank(frame)["n_smallest_group"] == 1
