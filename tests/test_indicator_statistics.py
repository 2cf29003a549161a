"""What stands beside the shares of the trusts: funnels, shrinkage, change, run charts, ripening."""

import json
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indicator_cohorts import cohort_of, definition, person, placed, registry
from msanalysis import codes
from msanalysis.cohorts import indicator_as_known, indicator_quarters
from msanalysis.core import Result
from msanalysis.intervals import funnel_limits
from msanalysis.release import release
from msanalysis.stats import (
    check_run_charts,
    count_indicator_populations,
    estimate_change,
    estimate_funnel,
    estimate_indicators,
    estimate_indicators_by,
    estimate_ripening,
    estimate_run_charts,
    estimate_shrunken_shares,
)
from persons import make_cohort
from reference import FOLDER, assert_equal_to_r

R = json.loads((FOLDER / "indicators.json").read_text())
EDSS = definition("edss_measured")


def trusts(case):
    """Return persons of as many trusts as the case has, and the codes of these."""
    names = codes.trusts()[: len(case["n"])]
    return cohort_of(dict(zip(names, zip(case["met"], case["n"], strict=True), strict=True))), names


# --- intervals ------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", R["wilson"], ids=lambda case: f"{case['met']} of {case['n']}")
def test_the_interval_of_a_share_against_R(case):
    table = estimate_indicators(
        cohort_of({"forde": (case["met"], case["n"])}), definitions=EDSS, year=2024
    ).frame.set_index("unit")
    assert_equal_to_r(table.loc["forde", ["lower", "upper"]], case["limits"])


@pytest.mark.parametrize("case", R["newcombe"], ids=lambda case: "-".join(map(str, case["counts"])))
def test_the_change_since_the_year_before_and_its_interval_against_R(case):
    met, n, *before = case["counts"]
    table = estimate_change(
        cohort_of({"forde": (met, n)}),
        definitions=EDSS,
        year=2024,
        published={("edss_measured", "forde"): tuple(before)},
    ).frame.set_index("unit")
    assert_equal_to_r(table.loc["forde", ["change", "lower", "upper"]], case["change"])


def test_a_unit_without_a_year_before_has_no_change_and_an_empty_year_no_value():
    table = estimate_change(
        cohort_of({"forde": (3, 10), "ous": (1, 4)}),
        definitions=EDSS,
        year=2024,
        published={("edss_measured", "forde"): (0, 0), ("edss_measured", "finnmark"): (1, 2)},
    ).frame.set_index("unit")
    assert set(table.index) == {"forde", "finnmark"}
    assert table[["change", "lower", "upper"]].isna().all(axis=None)


# --- funnels --------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", R["funnel"].values(), ids=R["funnel"])
def test_funnel_limits_with_over_dispersion_against_R(case):
    cohort, names = trusts(case)
    table = (
        estimate_funnel(cohort, definitions=EDSS, year=2024).frame.set_index("unit").loc[[*names]]
    )
    for column in ("lower_95", "upper_95", "lower_998", "upper_998"):
        assert_equal_to_r(table[column], case[column])
    assert_equal_to_r(table["nation_share"].unique(), case["target"])
    assert table["nation_numerator"].unique() == sum(case["met"])
    assert table["nation_denominator"].unique() == sum(case["n"])
    assert_equal_to_r(table["dispersion"].unique(), case["dispersion"])


def test_a_trust_far_from_the_others_lies_outside_and_an_empty_one_nowhere():
    counts = dict.fromkeys(codes.trusts()[:12], (50, 100)) | {"ous": (95, 100)}
    table = estimate_funnel(cohort_of(counts), definitions=EDSS, year=2024).frame
    position = table.set_index("unit")["position"]
    assert position["ous"] == "outside_998"
    assert position["finnmark"] == "within_limits"
    assert pd.isna(position["sorlandet"])


@given(
    target=st.floats(0.01, 0.99),
    n=st.integers(1, 5000),
    dispersion=st.floats(1, 40),
    level=st.sampled_from([0.95, 0.998]),
)
def test_limits_hold_the_target_narrow_with_n_and_widen_with_dispersion(
    target, n, dispersion, level
):
    lower, upper = funnel_limits(target, np.array([n, 4 * n]), dispersion, level)
    assert 0 <= lower[0] <= lower[1] <= target + 1e-12
    assert target - 1e-12 <= upper[1] <= upper[0] <= 1
    wider = funnel_limits(target, np.array([n]), 2 * dispersion, level)
    assert wider[0][0] <= lower[0] + 1e-12
    assert wider[1][0] >= upper[0] - 1e-12


# --- shrinkage ------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", R["shrunken"].values(), ids=R["shrunken"])
def test_shares_in_a_random_effects_model_against_R(case):
    cohort, names = trusts(case)
    table = estimate_shrunken_shares(cohort, definitions=EDSS, year=2024).frame
    table = table.set_index("unit").loc[[*names]]
    for column in ("shrunken", "shrunken_lower", "shrunken_upper"):
        assert_equal_to_r(table[column], case[column])


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 40)), min_size=2, max_size=8))
def test_a_shrunken_share_lies_between_the_raw_ones_and_small_trusts_are_pulled_most(pairs):
    counts = [(min(met, n), n) for met, n in pairs]
    cohort = cohort_of(dict(zip(codes.trusts(), counts, strict=False)))
    table = estimate_shrunken_shares(cohort, definitions=EDSS, year=2024).frame
    trusts = table[table["level"] == "trust"]
    known = trusts[trusts["denominator"] > 0]
    assert known["shrunken"].between(known["share"].min() - 1e-9, known["share"].max() + 1e-9).all()
    in_order = known.sort_values("denominator")["weight_of_own"]
    assert (in_order.diff().dropna() >= -1e-12).all()
    assert trusts[trusts["denominator"] == 0]["shrunken"].isna().all()
    assert table[table["level"] != "trust"]["shrunken"].isna().all()


def test_one_trust_alone_has_nothing_to_be_pulled_towards():
    table = estimate_shrunken_shares(cohort_of({"ous": (3, 9)}), definitions=EDSS, year=2024).frame
    assert table["shrunken"].isna().all()
    assert table[table["level"] == "trust"]["share"].notna().sum() == 1


# --- run charts -----------------------------------------------------------------------------------


def quarters(shares):
    """Return a hundred persons of Førde whose share meets each quarter's."""
    columns = {
        f"edss_measured 20{20 + place // 4}-Q{place % 4 + 1}": ["met"] * round(100 * share)
        + ["not_met"] * (100 - round(100 * share))
        for place, share in enumerate(shares)
    }
    return make_cohort(placed(["forde"] * 100, **columns))


@pytest.mark.parametrize("case", R["run_charts"], ids=["chance", "shift", "on the median"])
def test_rules_of_run_charts_against_R(case):
    rules = check_run_charts(quarters(case["shares"]), definitions=EDSS).frame.set_index("unit")
    names = ("useful_quarters", "longest_run", "longest_run_limit", "crossings", "crossings_limit")
    assert rules.loc["forde", [*names]].tolist() == [case[name] for name in names]
    assert_equal_to_r(rules.loc["forde", "median"], case["median"])
    broken = (case["longest_run"] > case["longest_run_limit"]) or (
        case["crossings"] < case["crossings_limit"]
    )
    assert rules.loc["forde", "signal"] == ("shift" if broken else "no_shift")
    assert rules.loc["norway"].drop("level").tolist() == rules.loc["forde"].drop("level").tolist()


def test_a_run_chart_has_a_point_a_quarter_and_none_where_nobody_is():
    chart = estimate_run_charts(quarters([0.2, 0.4, 0.3]), definitions=EDSS).frame
    forde = chart[chart["unit"] == "forde"]
    assert forde["period"].tolist() == ["2020-Q1", "2020-Q2", "2020-Q3"]
    assert forde["share"].tolist() == [0.2, 0.4, 0.3]
    assert set(forde["median"]) == {0.3}
    assert chart[chart["unit"] == "ous"]["share"].isna().all()


def test_a_quarter_counts_those_alive_at_its_end_and_the_events_in_it():
    extract = registry(
        person(1, diagnosis_date="2020-01-01"),
        person(2, diagnosis_date="2020-01-01", death_date="2024-08-01"),
        person(3, diagnosis_date="2024-07-01"),
        edss=[
            {"patient_id": "1", "measured_date": "2024-06-30", "score": 2.0},
            {"patient_id": "2", "measured_date": "2024-07-01", "score": 2.0},
        ],
    )
    cohort = indicator_quarters(extract, EDSS, n_years=1)
    chart = estimate_run_charts(cohort, definitions=EDSS).frame
    nation = chart[chart["unit"] == "norway"].set_index("period")
    assert nation["numerator"].tolist() == [0, 1, 0, 0]
    assert nation["denominator"].tolist() == [2, 2, 2, 2]


# --- ripening -------------------------------------------------------------------------------------


def test_an_indicator_ripens_as_events_and_persons_are_registered():
    measured = {"measured_date": "2023-05-01", "score": 2.0}
    known = {"diagnosis_date": "2020-01-01", "included_date": "2021-01-01"}
    extract = registry(
        person(1, **known),
        person(2, **known),
        person(3, **known | {"included_date": "2024-02-01"}),
        edss=[
            measured | {"patient_id": "1", "registered_date": "2023-06-01"},
            measured | {"patient_id": "2", "registered_date": "2024-03-01"},
        ],
    )
    cohort = indicator_as_known(extract, EDSS, year=2023, weeks=[0, 5, 10, 500])
    table = estimate_ripening(cohort, definitions=EDSS).frame
    assert table["weeks"].tolist() == [0, 5, 10]
    assert table["numerator"].tolist() == [1, 1, 2]
    assert table["denominator"].tolist() == [2, 3, 3]
    assert table["known"].tolist() == [0.5, 0.5, 1.0]
    assert table["share"].tolist() == pytest.approx([1 / 2, 1 / 3, 2 / 3])


def test_no_week_lies_after_the_data_cutoff():
    extract = registry(person(1, diagnosis_date="2020-01-01"))
    cohort = indicator_as_known(extract, EDSS, year=2024, weeks=[18, 19, 20])
    weeks = estimate_ripening(cohort, definitions=EDSS).frame["weeks"]
    assert weeks.tolist() == [18, 19]
    assert date(2024, 12, 31) + timedelta(weeks=20) > extract.provenance.data_cutoff


# --- what the gate leaves ------------------------------------------------------------------------


def test_the_share_of_a_hidden_nation_stands_in_no_row():
    few = cohort_of({"forde": (1, 2), "ous": (1, 2)})
    released = release(estimate_funnel(few, definitions=EDSS, year=2024))
    of_nation = ["nation_numerator", "nation_denominator", "nation_share", "dispersion", "lower_95"]
    assert released.hidden[of_nation].all(axis=None)


def test_what_was_known_of_too_few_is_hidden_in_all_weeks():
    weeks = {"edss_measured 0": ["met"] * 6, "edss_measured 4": ["met"] * 3 + ["left_out"] * 3}
    persons = make_cohort(placed(["ous"] * 6, **weeks))
    released = release(estimate_ripening(persons, definitions=EDSS))
    assert released.frame["numerator"].iloc[0] == 6
    assert released.hidden["known"].all()
    assert "last_denominator" not in released.frame


def test_who_is_asked_is_held_to_the_threshold_beside_the_population():
    states = ["met", "not_met", "not_met", *["left_out"] * 20]
    asked = {"edss_measured 2024": ("patients", {"edss_measured 2024 known": ("yes",)})}
    persons = make_cohort(placed(["ous"] * 23, **{"edss_measured 2024": states}))
    persons = replace(persons, asked=asked)
    populations = release(count_indicator_populations(persons, definitions=EDSS, year=2024))
    ous = populations.frame["unit"] == "ous"
    assert populations.frame.loc[ous, "n"].tolist() == [23]
    assert populations.hidden.loc[ous, ["denominator", "numerator"]].all(axis=None)


# --- all of them ----------------------------------------------------------------------------------

ALL_OF_THEM = {
    "change": lambda cohort: estimate_change(
        cohort, definitions=EDSS, year=2024, published={("edss_measured", "forde"): (1, 2)}
    ),
    "funnel": lambda cohort: estimate_funnel(cohort, definitions=EDSS, year=2024),
    "by_trust": lambda cohort: estimate_indicators_by(cohort, definitions=EDSS, by="trust"),
    "indicators": lambda cohort: estimate_indicators(cohort, definitions=EDSS, year=2024),
    "shrunken": lambda cohort: estimate_shrunken_shares(cohort, definitions=EDSS, year=2024),
    "charts": lambda cohort: estimate_run_charts(cohort, definitions=EDSS),
    "rules": lambda cohort: check_run_charts(cohort, definitions=EDSS),
    "ripening": lambda cohort: estimate_ripening(cohort, definitions=EDSS),
}
KNOWN_OF_ALL = {"weeks"}
"""Numbers that are of nobody."""

PERIOD = {"charts": "2024-Q1", "rules": "2024-Q1", "ripening": 20}


@pytest.mark.parametrize("name", ALL_OF_THEM)
def test_every_number_is_hidden_with_a_count_and_has_its_type_for_nobody(name):
    counts = {"forde": (3, 10), "ous": (2, 3)}
    period = PERIOD.get(name, 2024)
    result = ALL_OF_THEM[name](cohort_of(counts, period=period))
    assert isinstance(result, Result)
    numbers = set(result.frame.select_dtypes("number").columns) - KNOWN_OF_ALL
    hidden = {each for dependents in result.counts.values() for each in dependents}
    assert numbers <= hidden | set(result.counts) | set(result.behind)
    nobody = ALL_OF_THEM[name](cohort_of({}, period=period))
    pd.testing.assert_series_equal(nobody.frame.dtypes, result.frame.dtypes)


@pytest.mark.parametrize("name", ALL_OF_THEM)
def test_an_indicator_that_the_cohort_lacks_has_no_rows(name):
    assert ALL_OF_THEM[name](make_cohort(placed(["forde"]))).frame.empty
