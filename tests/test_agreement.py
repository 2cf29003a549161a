"""Agreement with the patient record, and among raters: as R's psych, and by definition."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

from msanalysis.cohorts import case_ratings, record_comparisons
from msanalysis.release import POLICY_VARIABLE, release
from msanalysis.stats import estimate_agreement, estimate_reliability
from persons import make_cohort, make_extract
from reference import FOLDER, assert_equal_to_r

BY_R = json.loads((FOLDER / "agreement.json").read_text())
LIMITS = ["estimate", "lower", "upper"]


def ratings_of(values, scale):
    """Return cases by raters as a cohort of ratings; None where a rater left a case out."""
    rows = [
        {
            "variable": "rated",
            "scale": scale,
            "case_id": f"case {case}",
            "rater": f"rater {rater}",
            "value": str(value),
            "rating": value if scale != "nominal" else np.nan,
        }
        for case, row in enumerate(values)
        for rater, value in enumerate(row)
        if value is not None
    ]
    return make_cohort(pd.DataFrame(rows))


def reliability_of(values, scale, **settings):
    table = estimate_reliability(ratings_of(values, scale), **settings).frame
    return table.set_index("measure")


# --- raters ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", BY_R, ids=[f"{case['scale']}-{case['name']}" for case in BY_R])
def test_kappa_and_intraclass_correlation_against_R(case):
    table = reliability_of(case["ratings"], case["scale"], confidence=case["confidence"])
    assert set(table.index) == set(case["expected"])
    for measure, expected in case["expected"].items():
        ours = table.loc[measure, LIMITS[: np.size(expected)]]
        assert_equal_to_r(ours, expected)


def test_fleiss_kappa_is_0_210_in_the_worked_example():
    # Ten subjects, fourteen raters, five levels: a well-known example of Fleiss (1971).
    counts = [
        (0, 0, 0, 0, 14), (0, 2, 6, 4, 2), (0, 0, 3, 5, 6), (0, 3, 9, 2, 0), (2, 2, 8, 1, 1),
        (7, 7, 0, 0, 0), (3, 2, 6, 3, 0), (2, 5, 3, 2, 2), (6, 5, 2, 1, 0), (0, 2, 2, 3, 7),
    ]  # fmt: skip
    values = [np.repeat([*"abcde"], row) for row in counts]
    assert round(reliability_of(values, "nominal").loc["fleiss_kappa", "estimate"], 3) == 0.210


def test_a_rater_who_adds_one_to_everything_agrees_less_but_is_as_consistent():
    truth = [1.0, 4.0, 2.0, 8.0, 5.0, 3.0]
    alike = [(value, value + 0.1 * place) for place, value in enumerate(truth)]
    shifted = [(value, other + 3) for value, other in alike]
    before, after = (reliability_of(rows, "continuous")["estimate"] for rows in (alike, shifted))
    assert after["icc_consistency"] == pytest.approx(before["icc_consistency"])
    assert after["icc_agreement"] < before["icc_agreement"] - 0.2


def test_raters_who_all_give_one_rating_to_every_case_have_no_coefficient():
    for scale, value in (("nominal", "yes"), ("ordinal", 2), ("continuous", 2.5)):
        table = reliability_of([[value] * 3] * 4, scale)
        assert table[LIMITS].isna().all(axis=None)


def test_full_agreement_is_1_and_has_no_interval_where_there_is_no_spread():
    table = reliability_of([[each] * 3 for each in "abab"], "nominal")
    assert table.loc["fleiss_kappa", LIMITS].tolist() == pytest.approx(
        [1, np.nan, np.nan], nan_ok=True
    )
    assert table.loc["light_kappa", "estimate"] == 1
    of_numbers = reliability_of([[each] * 3 for each in (1.0, 5.0, 2.0)], "continuous")
    assert of_numbers["estimate"].tolist() == [1, 1]


def test_a_case_that_a_rater_left_out_counts_for_fleiss_and_not_for_the_others():
    rated = [["a", "a", "b"], ["b", "b", "b"], ["a", "b", None], ["a", "a", "a"]]
    table = reliability_of(rated, "nominal")
    assert table["cases"].to_dict() == {"fleiss_kappa": 4, "light_kappa": 3}
    numbers = [[1, 2, 1], [4, 4, 5], [2, 2, None], [7, 6, 7]]
    assert set(reliability_of(numbers, "ordinal")["cases"]) == {3}


matrices = st.integers(3, 7).flatmap(
    lambda k: st.lists(st.lists(st.integers(0, 3), min_size=k, max_size=k), min_size=3, max_size=8)
)


@settings(max_examples=12, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(values=matrices, order=st.randoms(use_true_random=False))
def test_no_coefficient_depends_on_the_order_of_raters_and_cases_or_on_the_words(values, order):
    assume(len({rating for row in values for rating in row}) > 1)
    shuffled = [list(row) for row in zip(*values, strict=True)]
    order.shuffle(shuffled)
    shuffled = [list(row) for row in zip(*shuffled, strict=True)]
    order.shuffle(shuffled)
    for scale, other in (
        ("nominal", [["dcba"[rating] for rating in row] for row in shuffled]),
        ("ordinal", shuffled),
        ("continuous", [[100 + 2 * rating for rating in row] for row in shuffled]),
    ):
        one, two = reliability_of(values, scale), reliability_of(other, scale)
        pd.testing.assert_frame_equal(one[LIMITS], two[LIMITS], rtol=1e-6, atol=1e-9)
        within = one[LIMITS].dropna()
        assert (within["lower"] <= within["estimate"] + 1e-9).all()
        assert (within["estimate"] <= within["upper"] + 1e-9).all()


# --- what the extract holds -----------------------------------------------------------------------


def rating(variable, case, rater, value, kind="continuous"):
    return {"variable": variable, "kind": kind, "case_id": case, "rater": rater, "value": value}


def test_dates_are_rated_by_their_day_and_what_is_no_number_has_no_rating():
    values = ("2020-01-11", "2020-01-01", "3.5", "unreadable")
    rows = [rating("diagnosis_date", f"c{n}", "r", value) for n, value in enumerate(values)]
    found = case_ratings(make_extract(patients=[{"patient_id": "p"}], rater_reliability=rows)).frame
    assert found["rating"][0] - found["rating"][1] == 10
    assert found["rating"][2] == 3.5
    assert np.isnan(found["rating"][3])


def test_variables_without_words_are_left_out_and_counted():
    rows = [rating("diagnosis_date", "c", "r", "3"), rating("=cmd|calc", "c", "r", "3")]
    compared = [
        {"variable": name, "hf": "ous", "n_compared": 50, "n_agreeing": 40, "n_missing": 4}
        for name in ("course", "somebody's name")
    ]
    extract = make_extract(
        patients=[{"patient_id": "p"}], rater_reliability=rows, record_validation=compared
    )
    for found, left_out in ((case_ratings(extract), 1), (record_comparisons(extract), 50)):
        steps = found.attrition.frame.set_index("step")["n"]
        assert steps["other_variable"] == left_out
        assert set(found.frame["variable"]) <= {"diagnosis_date", "course"}


def compared(*rows):
    names = ("variable", "hf", "n_compared", "n_agreeing", "n_missing")
    held = [dict(zip(names, row, strict=True)) for row in rows]
    return record_comparisons(make_extract(patients=[{"patient_id": "p"}], record_validation=held))


def test_a_missing_value_does_not_agree_or_is_left_out():
    cohort = compared(("referral_date", "ous", 50, 30, 15), ("referral_date", "unn", 50, 40, 0))
    table = estimate_agreement(cohort).frame.set_index("among")
    assert table.loc["all_compared", ["numerator", "denominator"]].tolist() == [70, 100]
    assert table.loc["value_known", ["numerator", "denominator"]].tolist() == [70, 85]
    assert table["share"].tolist() == [0.70, pytest.approx(70 / 85)]


def test_a_row_with_more_agreeing_than_compared_is_excluded_and_counted():
    cohort = compared(("course", "ous", 50, 49, 2), ("course", "unn", 50, 45, 0))
    assert cohort.attrition.frame.set_index("step").loc["more_than_compared", "n"] == 51
    assert estimate_agreement(cohort).frame["denominator"].tolist() == [50, 50]


def test_two_missing_values_are_told_where_quotas_are_printed_and_nowhere_else(monkeypatch):
    result = estimate_agreement(compared(("course", "ous", 50, 44, 2)))
    assert release(result).frame["denominator"].tolist() == [50, 48]
    monkeypatch.setenv(POLICY_VARIABLE, "strict")
    shown = release(result).frame["denominator"]
    assert shown.isna().any()


def test_an_extract_without_the_studies_has_empty_tables():
    extract = make_extract(patients=[{"patient_id": "p"}])
    assert estimate_agreement(record_comparisons(extract)).frame.empty
    assert estimate_reliability(case_ratings(extract)).frame.empty
