"""Rates per person-time and their ratios."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from msanalysis.release import release
from msanalysis.stats import compare_rates, estimate_e_values, estimate_rates
from msanalysis.stats.rates import e_value, exact_rate_ratio
from persons import make_cohort
from reference import assert_equal_to_r, cases


def followed(events, person_years, stratum, reasons=None):
    """`events` persons with a stop, among as many as make `person_years` years of a year each."""
    n = len(reasons) if reasons else events
    rest = round(person_years) - n
    return pd.DataFrame(
        {
            "follow_up_days": [365.25] * (n + rest),
            "end_reason": ["stopped"] * n + ["year_end"] * rest,
            "reason": (reasons or ["other"] * n) + [None] * rest,
            "year": stratum,
        }
    )


def two_years(first, second):
    return make_cohort(pd.concat([first, second], ignore_index=True))


YEARS = {"event": "stopped", "by": "year", "compared": "2024", "reference": "2023"}


def compare(cohort, **settings):
    return compare_rates(cohort, **YEARS, **settings)


@pytest.mark.parametrize("case", cases("rates"))
def test_rate_ratio_and_exact_limits_against_R(case):
    found = exact_rate_ratio(tuple(case["events"]), tuple(case["person_years"]))
    assert_equal_to_r([np.nan if np.isinf(each) else each for each in found], case["ratio"])


@pytest.mark.parametrize("case", cases("rates"))
def test_rate_and_exact_limits_against_R(case):
    (events, _), (years, _) = case["events"], case["person_years"]
    frame = pd.DataFrame(
        {
            "follow_up_days": [365.25 * years] + [0.0] * events,
            "end_reason": ["year_end"] + ["stopped"] * events,
        }
    )
    found = estimate_rates(make_cohort(frame), event="stopped").frame.iloc[0]
    ours = found[["rate_per_100py", "lower", "upper"]].to_numpy(dtype=float) / 100
    assert_equal_to_r(ours, [case["first"][name] for name in ("rate", "lower", "upper")])


def test_91_against_45_at_equal_person_time():
    cohort = two_years(followed(45, 500, "2023"), followed(91, 500, "2024"))
    found = compare(cohort).frame.iloc[0]
    assert found[["rate_ratio", "lower", "upper"]].astype(float).round(4).tolist() == [
        2.0222,
        1.3999,
        2.9584,
    ]
    found = estimate_e_values(cohort, **YEARS).frame.iloc[0]
    assert found["e_value"] == pytest.approx(2.0222 + np.sqrt(2.0222 * 1.0222), abs=1e-3)
    assert found["e_value_of_limit"] == pytest.approx(1.3999 + np.sqrt(1.3999 * 0.3999), abs=1e-3)


def test_the_p_value_is_that_of_the_exact_binomial_test():
    case = next(each.values[0] for each in cases("rates") if each.values[0]["events"] == [91, 45])
    cohort = two_years(followed(45, 500, "2023"), followed(91, 500, "2024"))
    assert compare(cohort).frame["p_value"].item() == pytest.approx(case["p_value"], rel=1e-9)


@given(
    events=st.tuples(st.integers(0, 60), st.integers(0, 60)),
    years=st.tuples(st.floats(0.5, 900), st.floats(0.5, 900)),
)
def test_the_ratio_of_the_other_two_is_one_over_this_one(events, years):
    ratio, lower, upper = exact_rate_ratio(events, years)
    other, other_lower, other_upper = exact_rate_ratio(events[::-1], years[::-1])
    if sum(events) == 0:
        assert np.isnan([ratio, lower, upper]).all()
        return
    with np.errstate(divide="ignore"):
        inverse = 1 / np.array([other, other_upper, other_lower])
    np.testing.assert_allclose([ratio, lower, upper], inverse, rtol=1e-9)
    assert lower <= ratio <= upper


def test_an_e_value_is_one_where_there_is_nothing_to_explain_and_symmetric():
    assert e_value(1.0) == 1
    assert e_value(0.5) == e_value(2.0)
    assert np.isnan(e_value(np.nan))


def test_causes_sum_to_all_and_a_cause_in_one_year_only_is_kept():
    cohort = two_years(
        followed(0, 100, "2023", ["jcv"] * 7 + ["other"] * 6),
        followed(0, 100, "2024", ["jcv"] * 14 + [None] * 8),
    )
    frame = compare(cohort, cause="reason").frame.set_index("cause")
    assert list(frame.index) == ["all", "jcv", "other", "missing"]
    for count in ("n_events", "n_events_reference"):
        assert frame[count].iloc[1:].sum() == frame.loc["all", count]
    assert frame.loc["other", "rate_ratio"] == 0


def test_a_small_count_of_either_year_hides_the_ratio_and_cannot_be_worked_out():
    cohort = two_years(
        followed(0, 100, "2023", ["jcv"] * 27 + ["pregnancy"] * 2 + ["other"] * 16),
        followed(0, 100, "2024", ["jcv"] * 75 + ["pregnancy"] * 9 + ["other"] * 7),
    )
    hidden = release(compare(cohort, cause="reason")).hidden
    by_cause = hidden.set_index(pd.Index(["all", "jcv", "other", "pregnancy"]))
    assert by_cause.loc["pregnancy", ["n_events_reference", "rate_ratio", "p_value"]].all()
    assert by_cause["n_events_reference"].sum() == 2
    assert not by_cause.loc["all"].any()


def test_rates_by_stratum_count_every_row_once():
    cohort = two_years(followed(45, 578, "2023"), followed(91, 518, "2024"))
    by_year = estimate_rates(cohort, event="stopped", by="year").frame
    everyone = estimate_rates(cohort, event="stopped").frame
    for column in ("n", "n_events", "person_years"):
        assert by_year[column].sum() == pytest.approx(everyone[column].item())
    assert list(by_year["n_events"]) == [45, 91]


def test_no_person_time_has_no_rate():
    frame = pd.DataFrame({"follow_up_days": [0], "end_reason": ["stopped"]})
    found = estimate_rates(make_cohort(frame), event="stopped").frame.iloc[0]
    assert np.isnan(found["rate_per_100py"])


@pytest.mark.parametrize("level", [0, 1, 95])
def test_a_level_outside_0_to_1_is_refused(level):
    with pytest.raises(ValueError, match="level"):
        estimate_rates(two_years(followed(5, 9, "a"), followed(5, 9, "b")), event="x", level=level)
