"""Aalen-Johansen: numbers from R, identities, and its variance by brute force."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from msanalysis.stats import (
    estimate_cumulative_incidence,
    estimate_cumulative_incidence_at,
    estimate_survival,
)
from persons import make_cohort
from reference import assert_equal_to_r, cases, cohort_of
from strategies import frames_with_entry

EVENTS = ("death", "stop")
Z = 1.959963984540054


@pytest.mark.parametrize("case", cases("cumulative_incidence"))
def test_cumulative_incidence_against_R(case):
    frame = estimate_cumulative_incidence(
        cohort_of(case),
        events=["progression", "death"],
        **{name: case[name] for name in ("by", "delayed_entry", "interval")},
    ).frame
    for part in case["strata"]:
        for cause, expected in part["causes"].items():
            rows = frame[(frame["stratum"] == part["stratum"]) & (frame["cause"] == cause)]
            for column, values in expected.items():
                if column != "error":
                    assert_equal_to_r(rows[column], values)


@pytest.mark.parametrize("case", cases("cumulative_incidence"))
def test_variance_of_cumulative_incidence_against_R(case):
    # The plain interval, before it meets 0 or 1, is the standard error itself.
    frame = estimate_cumulative_incidence(
        cohort_of(case),
        events=["progression", "death"],
        by=case["by"],
        delayed_entry=case["delayed_entry"],
        interval="plain",
    ).frame
    for part in case["strata"]:
        for cause, expected in part["causes"].items():
            rows = frame[(frame["stratum"] == part["stratum"]) & (frame["cause"] == cause)]
            inside = (rows["upper"] < 1).to_numpy()
            error = (rows["upper"] - rows["estimate"]) / Z
            # A difference of numbers near 1 keeps fewer digits than either of them.
            np.testing.assert_allclose(
                error[inside], np.array(expected["error"])[inside], rtol=1e-8, atol=1e-14
            )


def incidence(frame, events=EVENTS, **settings):
    settings = {"delayed_entry": True, "interval": "plain"} | settings
    return estimate_cumulative_incidence(make_cohort(frame), events=events, **settings).frame


def by_cause(table, column):
    return {cause: rows[column].to_numpy() for cause, rows in table.groupby("cause")}


@given(frames_with_entry())
def test_the_probabilities_of_all_causes_and_of_none_sum_to_one(frame):
    none = estimate_survival(make_cohort(frame), event=EVENTS, delayed_entry=True).frame
    total = sum(by_cause(incidence(frame), "estimate").values()) + none["estimate"].to_numpy()
    np.testing.assert_allclose(total, 1, atol=1e-12)


@given(frames_with_entry())
def test_one_cause_alone_is_one_less_survival(frame):
    alone = incidence(frame, events=["death"])
    none = estimate_survival(make_cohort(frame), event="death", delayed_entry=True).frame
    np.testing.assert_allclose(alone["estimate"], 1 - none["estimate"], atol=1e-12)


@given(frames_with_entry())
def test_without_delayed_entry_the_variance_of_one_cause_is_greenwoods(frame):
    alone = incidence(frame, events=["death"], delayed_entry=False)
    none = estimate_survival(make_cohort(frame), event="death", interval="plain").frame
    inside = (none["lower"] > 0) & (none["upper"] < 1)
    np.testing.assert_allclose((1 - none["lower"])[inside], alone["upper"][inside], atol=1e-9)


@given(frames_with_entry())
def test_events_of_the_causes_sum_to_events_of_any(frame):
    table = incidence(frame)
    counts = by_cause(table, "n_events")
    np.testing.assert_array_equal(sum(counts.values()), by_cause(table, "n_events_any")["stop"])
    assert table["n_events"].sum() == frame["end_reason"].isin(EVENTS).sum()


def weighted_incidence(frame, weight, days):
    """F of death with a weight a person, by the definition."""
    survival, value, values = 1.0, 0.0, []
    for day in days:
        at_risk = (frame["entry_days"] < day) & (day <= frame["follow_up_days"])
        leaves = at_risk & (frame["follow_up_days"] == day)
        n = weight[at_risk].sum()
        value += survival * weight[leaves & (frame["end_reason"] == "death")].sum() / n
        survival *= 1 - weight[leaves & frame["end_reason"].isin(EVENTS)].sum() / n
        values.append(value)
    return np.array(values)


@given(frames_with_entry())
def test_the_variance_is_the_sum_of_squared_derivatives_by_weight(frame):
    days = np.unique(frame["follow_up_days"])
    variance, step = np.zeros(len(days)), 1e-5
    for person in range(len(frame)):
        up, down = np.ones((2, len(frame)))
        up[person], down[person] = 1 + step, 1 - step
        moved = weighted_incidence(frame, up, days) - weighted_incidence(frame, down, days)
        variance += (moved / (2 * step)) ** 2
    rows = incidence(frame).query("cause == 'death'")
    inside = (rows["upper"] < 1).to_numpy()
    error = ((rows["upper"] - rows["estimate"]) / Z).to_numpy()
    np.testing.assert_allclose(error[inside] ** 2, variance[inside], atol=1e-8)


@given(frames_with_entry())
def test_the_order_of_persons_does_not_matter(frame):
    shuffled = incidence(frame.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(shuffled, incidence(frame))


def test_a_death_keeps_a_person_from_switching():
    frame = pd.DataFrame(
        {"follow_up_days": [10, 20, 30, 40], "end_reason": ["death", "stop", "cutoff", "stop"]}
    )
    table = incidence(frame, delayed_entry=False)
    assert by_cause(table, "estimate")["stop"] == pytest.approx([0, 0.25, 0.25, 0.75])
    # As if the dead could still have stopped: one less survival is larger.
    naive = 1 - estimate_survival(make_cohort(frame), event="stop").frame["estimate"]
    assert (naive.iloc[1:] > by_cause(table, "estimate")["stop"][1:]).all()


def test_the_value_at_a_time_is_that_of_the_last_step():
    frame = pd.DataFrame(
        {"follow_up_days": [10, 20, 30, 40], "end_reason": ["death", "stop", "cutoff", "cutoff"]}
    )
    table = estimate_cumulative_incidence_at(
        make_cohort(frame), events=["stop", "death"], times_days=[5, 25, 41]
    ).frame
    assert table["cause"].tolist() == ["stop"] * 3 + ["death"] * 3
    assert table["n_at_risk"].tolist() == [4, 2, 0] * 2
    assert table["n_events"].tolist() == [0, 1, 1] * 2
    np.testing.assert_allclose(table["estimate"], [0, 0.25, np.nan] * 2)


def test_the_value_at_a_day_of_the_curve_is_the_curves():
    cohort = cohort_of({"data": "mgus2", "delayed_entry": False})
    curve = estimate_cumulative_incidence(cohort, events=["progression", "death"], by="sex").frame
    days = sorted(set(curve["time_days"]))[50:55]
    at = estimate_cumulative_incidence_at(
        cohort, events=["progression", "death"], by="sex", times_days=days
    ).frame
    shared = ["stratum", "cause", "time_days"]
    both = at.merge(curve, on=shared, suffixes=("", "_curve"))
    for column in ("n_at_risk", "estimate", "lower", "upper"):
        np.testing.assert_allclose(both[column], both[f"{column}_curve"], rtol=1e-12)


def test_an_empty_cohort_gives_empty_tables():
    nobody = make_cohort(pd.DataFrame(columns=["follow_up_days", "end_reason"]))
    curve = estimate_cumulative_incidence(nobody, events=EVENTS).frame
    assert curve.empty
    assert curve.columns.tolist() == [
        "stratum",
        "cause",
        "time_days",
        "n_at_risk",
        "n_events",
        "n_events_any",
        "n_censored",
        "n_entered",
        "estimate",
        "lower",
        "upper",
    ]
    assert estimate_cumulative_incidence_at(nobody, events=EVENTS, times_days=[1]).frame.empty


def test_a_cause_nobody_has_stays_at_zero():
    frame = pd.DataFrame({"follow_up_days": [10, 20], "end_reason": ["death", "cutoff"]})
    table = incidence(frame, events=["death", "stop"], delayed_entry=False)
    assert by_cause(table, "estimate")["stop"].tolist() == [0, 0]
    assert by_cause(table, "upper")["stop"].tolist() == [0, 0]


def test_an_incidence_of_one_has_no_log_log_interval_though_its_sum_is_rounded():
    frame = pd.DataFrame({"follow_up_days": range(1, 50), "end_reason": "death"})
    last = incidence(frame, delayed_entry=False, interval="log-log").query("cause == 'death'")
    assert last["estimate"].iloc[-1] == pytest.approx(1)
    assert last[["lower", "upper"]].iloc[-1].isna().all()
