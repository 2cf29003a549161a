"""Quantiles and single values: as R, and what the gate lets out of them."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msanalysis.release import POLICY_VARIABLE, release
from msanalysis.stats import estimate_points, estimate_quantiles
from msanalysis.stats.quantiles import QUANTILES
from persons import make_cohort
from reference import FOLDER, assert_equal_to_r

BY_R = json.loads((FOLDER / "quantiles.json").read_text())


def waits(**days):
    """Return persons who waited the given days, by trust."""
    rows = [(trust, each) for trust, values in days.items() for each in values]
    return make_cohort(pd.DataFrame(rows, columns=["trust", "wait"]))


def quantiles_of(cohort):
    return release(estimate_quantiles(cohort, column="wait", by="trust")).frame.set_index("stratum")


def points_of(cohort):
    return release(estimate_points(cohort, column="wait", by="trust")).frame


# --- the numbers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("stratum", BY_R["strata"])
def test_quantiles_by_stratum_against_R(stratum):
    cohort = make_cohort(pd.read_csv(FOLDER / "data" / "mgus2.csv"))
    table = estimate_quantiles(cohort, column=BY_R["column"], by="sex").frame.set_index("stratum")
    assert_equal_to_r(table.loc[stratum, [*QUANTILES]], BY_R["strata"][stratum])


@pytest.mark.parametrize("case", BY_R["few"], ids=lambda case: f"{len(case['values'])}_values")
def test_quantiles_of_few_and_equal_values_against_R(case):
    row = estimate_quantiles(waits(a=case["values"]), column="wait").frame.iloc[0]
    assert_equal_to_r(row[[*QUANTILES]], case["quantiles"])


def test_who_has_no_value_is_not_counted():
    table = estimate_quantiles(waits(a=[1, None, 3], b=[None]), column="wait", by="trust").frame
    assert list(table["n"]) == [2, 2, 0]
    assert table.iloc[2][[*QUANTILES]].isna().all()


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(-50, 50), min_size=1, max_size=60))
def test_as_many_stand_beyond_a_quantile_as_a_reader_of_the_values_would_count(values):
    row = estimate_quantiles(waits(a=values), column="wait").frame.iloc[0]
    values = np.array(values)
    assert row["n_beyond_p10"] == (values <= row["p10"]).sum()
    assert row["n_beyond_p75"] == (values >= row["p75"]).sum()
    sides = (values <= row["median"]).sum(), (values >= row["median"]).sum()
    assert row["n_beyond_median"] == min(sides)


# --- the gate -------------------------------------------------------------------------------------


def test_a_quantile_needs_the_threshold_of_persons_on_its_outer_side(monkeypatch):
    monkeypatch.setenv(POLICY_VARIABLE, "research")
    # Of 30 different values 3 lie at or below p10, 8 at or below p25.
    shown = quantiles_of(waits(few=range(30), many=range(100, 200))).notna()
    assert shown.loc["few"].to_dict() == {
        "n": True, "p10": False, "p25": True, "median": True, "p75": True, "p90": False
    }  # fmt: skip
    assert shown.loc["many"].all()


def test_who_stands_beyond_a_quantile_does_not_leave():
    assert list(quantiles_of(waits(a=range(30)))) == ["n", *QUANTILES]


def test_where_single_values_are_printed_so_are_quantiles_of_few():
    assert quantiles_of(waits(a=range(8), b=range(20))).loc["a"].notna().all()


def test_no_quantile_of_a_trust_below_the_threshold():
    table = quantiles_of(waits(a=[1, 2, 3], b=range(20), c=range(9)))
    assert table.loc["a"].isna().all()
    # The total less the others would tell the first.
    assert table.loc["c"].isna().all()
    assert table.loc["b"].notna().all()


def test_points_are_shown_of_trusts_of_which_nothing_is_hidden_and_in_order():
    points = points_of(waits(a=[1, 2, 3], b=[5, 3, 4, 4, 1, 2, 9, 8, 7, 6, 5], c=range(9)))
    assert set(points["stratum"]) == {"b"}
    assert list(points["value"]) == [1, 2, 3, 4, 4, 5, 5, 6, 7, 8, 9]


def test_points_are_whole_numbers_that_tell_no_birthday():
    assert set(points_of(waits(a=[30.0014, 30.2, 29.9, 31.4, 40.1]))["value"]) == {30, 31, 40}


@pytest.mark.parametrize("policy", ["research", "strict"])
def test_points_are_nobodys_under_a_stricter_policy(policy, monkeypatch):
    monkeypatch.setenv(POLICY_VARIABLE, policy)
    points = points_of(waits(b=range(200)))
    assert points.empty
    assert list(points) == ["stratum", "value"]


def test_a_trust_without_a_value_has_no_point():
    assert set(points_of(waits(a=range(9), b=[None]))["stratum"]) == {"a"}
