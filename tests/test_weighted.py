"""Propensity weights, balance, and weighted estimates with errors clustered by person."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from msanalysis.stats import (
    estimate_balance,
    estimate_weighted_hazard_ratio,
    estimate_weighted_incidence,
)
from msanalysis.stats.propensity import propensity_weights
from persons import make_cohort
from reference import FOLDER, assert_equal_to_r, cases

ARMS = {"arm": "arm", "treated": "stopped", "covariates": ["age_years", "sex"]}
TIMES = [91, 183, 365]
(CASE,) = [each.values[0] for each in cases("weighted")]
Z = norm.ppf(0.975)


def invented():
    return pd.read_csv(FOLDER / "data" / "arms.csv")


def incidence(frame, competing=("death",), **changes):
    settings = {"event": "relapse", "competing": list(competing), "times_days": TIMES}
    return estimate_weighted_incidence(make_cohort(frame), **settings, **{**ARMS, **changes}).frame


def test_the_weights_of_a_logistic_model_against_R():
    assert_equal_to_r(propensity_weights(invented(), **ARMS), CASE["weight"])


def test_the_weighted_hazard_ratio_and_its_clustered_error_against_R():
    found = estimate_weighted_hazard_ratio(make_cohort(invented()), event="relapse", **ARMS)
    row = found.frame.iloc[0]
    assert_equal_to_r(np.log(row["hazard_ratio"]), CASE["log_hazard_ratio"])
    error = (np.log(row["upper"]) - np.log(row["lower"])) / (2 * Z)
    assert_equal_to_r(error, CASE["robust_error"])


@pytest.mark.parametrize("arm", ["stopped", "stayed"])
def test_the_weighted_incidence_with_a_competing_event_against_R(arm):
    frame = invented().assign(person=range(900))
    rows = incidence(frame).query("stratum == @arm")
    assert_equal_to_r(rows["estimate"], CASE[arm]["competing"]["estimate"])
    assert_equal_to_r((rows["upper"] - rows["lower"]) / (2 * Z), CASE[arm]["competing"]["error"])


@pytest.mark.parametrize("arm", ["stopped", "stayed"])
def test_the_weighted_incidence_clustered_by_person_against_R(arm):
    rows = incidence(invented(), competing=()).query("stratum == @arm")
    assert_equal_to_r(rows["estimate"], CASE[arm]["clustered"]["estimate"])
    assert_equal_to_r((rows["upper"] - rows["lower"]) / (2 * Z), CASE[arm]["clustered"]["error"])


def test_the_difference_is_that_of_the_arms_and_knows_that_they_share_persons():
    found = dict(list(incidence(invented()).groupby("stratum")))
    stopped, stayed, difference = (found[name] for name in ("stopped", "stayed", "difference"))
    np.testing.assert_allclose(
        difference["estimate"], stopped["estimate"].to_numpy() - stayed["estimate"].to_numpy()
    )
    width = {name: (rows["upper"] - rows["lower"]).to_numpy() for name, rows in found.items()}
    apart = np.hypot(width["stopped"], width["stayed"])
    assert (np.abs(width["difference"] / apart - 1) > 1e-6).all()


def test_the_weighted_arms_are_alike_in_what_was_measured():
    found = estimate_balance(make_cohort(invented()), **ARMS).frame
    named = list(zip(found["term"], found["level"], strict=True))
    assert named == [("age_years", "all"), ("sex", "all"), ("sex", "female"), ("sex", "male")]
    found = found[found["mean_treated"].notna()]
    assert (found["difference_before"].abs() > 0.25).all()
    assert (found["difference_after"].abs() < 0.01).all()


def test_levels_of_a_covariate_add_up_to_everyone():
    found = estimate_balance(make_cohort(invented()), **ARMS).frame.query("term == 'sex'")
    for count in ("n_treated", "n_untreated"):
        assert found[count].iloc[1:].sum() == found[count].iloc[0]


def test_rows_written_twice_under_one_person_say_no_more():
    once, twice = invented(), pd.concat([invented(), invented()], ignore_index=True)
    for frame_of in (
        incidence,
        lambda frame: (
            estimate_weighted_hazard_ratio(make_cohort(frame), event="relapse", **ARMS).frame
        ),
    ):
        ours, theirs = frame_of(once), frame_of(twice)
        for limit in ("lower", "upper"):
            np.testing.assert_allclose(ours[limit], theirs[limit], rtol=1e-6)


def test_counts_are_of_persons_however_many_rows_they_have():
    found = incidence(pd.concat([invented(), invented()], ignore_index=True))
    frame = invented()
    for arm in ("stopped", "stayed"):
        had_it = frame[(frame["arm"] == arm) & (frame["end_reason"] == "relapse")]
        by_then = had_it[had_it["follow_up_days"] <= TIMES[-1]]["person"].nunique()
        assert found[found["stratum"] == arm]["n_events"].iloc[-1] == by_then


def test_a_covariate_the_cohort_does_not_have_is_left_out():
    frame = invented()
    without = propensity_weights(frame.drop(columns="sex"), **ARMS)
    named = propensity_weights(frame, **{**ARMS, "covariates": ["age_years"]})
    np.testing.assert_array_equal(without, named)


def test_a_covariate_that_follows_from_another_changes_nothing():
    frame = invented().assign(in_months=lambda rows: 12 * rows["age_years"])
    twice = {**ARMS, "covariates": ["age_years", "in_months", "sex"]}
    np.testing.assert_allclose(
        propensity_weights(frame, **twice), propensity_weights(frame, **ARMS), rtol=1e-8
    )


def test_a_missing_covariate_is_refused():
    frame = invented()
    frame.loc[0, "age_years"] = np.nan
    with pytest.raises(ValueError, match="age_years is missing"):
        propensity_weights(frame, **ARMS)


WEIGHTED = (
    partial(estimate_balance, **ARMS),
    partial(estimate_weighted_hazard_ratio, event="relapse", **ARMS),
    partial(
        estimate_weighted_incidence, event="relapse", competing=["death"], times_days=[90], **ARMS
    ),
)


@pytest.mark.parametrize("estimate", WEIGHTED)
@pytest.mark.parametrize("arms", [["stayed"], ["stopped"], []])
def test_with_one_arm_alone_there_is_nothing_to_compare(estimate, arms):
    frame = invented()
    assert estimate(make_cohort(frame[frame["arm"].isin(arms)])).frame.empty


@pytest.mark.parametrize("estimate", WEIGHTED)
def test_where_a_covariate_tells_the_arms_apart_what_is_weighted_is_missing(estimate):
    frame = invented()
    frame["age_years"] = np.where(frame["arm"] == "stopped", 30.0, 50.0)
    found = estimate(make_cohort(frame)).frame
    weighted = ("mean_weighted", "hazard_ratio", "estimate")
    assert found[found.columns.intersection(weighted)].isna().all(axis=None)
    assert (found[found.columns.intersection(["n", "n_treated", "n_at_risk"])] > 0).any(axis=None)


def test_no_event_in_an_arm_gives_no_ratio():
    frame = invented()
    frame.loc[frame["arm"] == "stopped", "end_reason"] = "cutoff"
    found = estimate_weighted_hazard_ratio(make_cohort(frame), event="relapse", **ARMS).frame
    assert np.isnan(found["hazard_ratio"].item())
