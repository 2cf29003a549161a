"""Shares of levels and means of columns."""

import numpy as np
import pandas as pd
import pytest

from msanalysis.stats import estimate_mean, estimate_shares
from persons import make_cohort


def courses(*values):
    return make_cohort(pd.DataFrame({"course": values}))


def test_all_comes_first_and_is_the_sum_of_the_levels():
    table = estimate_shares(courses("rrms", "ppms", "rrms", None), column="course").frame
    assert table["level"].tolist() == ["all", "ppms", "rrms", "missing"]
    assert table["n"].tolist() == [4, 1, 2, 1]
    assert table["denominator"].tolist() == [4] * 4
    assert table["share"].tolist() == [1, 0.25, 0.5, 0.25]


def test_the_interval_is_wilsons():
    # Newcombe (1998), table I: 81 of 263 gives 0.2553 to 0.3662.
    table = estimate_shares(courses(*["a"] * 81, *["b"] * 182), column="course").frame
    row = table.set_index("level").loc["a"]
    assert (round(row["lower"], 4), round(row["upper"], 4)) == (0.2553, 0.3662)


def test_everyone_has_a_share_without_an_interval():
    row = estimate_shares(courses("rrms"), column="course").frame.iloc[0]
    assert row["share"] == 1
    assert np.isnan(row["lower"])
    assert np.isnan(row["upper"])


def test_nobody_has_no_shares():
    table = estimate_shares(courses(), column="course").frame
    assert table.empty
    assert table.columns.tolist() == ["level", "n", "denominator", "share", "lower", "upper"]


def test_mean_leaves_out_who_has_no_value_and_counts_the_rest():
    cohort = make_cohort(
        pd.DataFrame({"age_years": [40.0, 50.0, None, 60.0], "sex": ["female", "male"] * 2})
    )
    row = estimate_mean(cohort, column="age_years").frame.iloc[0]
    assert (row["stratum"], row["n"], row["mean"]) == ("all", 3, 50)
    # Student's t with 2 degrees of freedom: 4.302653.
    assert row["upper"] - row["mean"] == pytest.approx(4.302652729911275 * 10 / np.sqrt(3))
    by_sex = estimate_mean(cohort, column="age_years", by="sex").frame
    assert by_sex["n"].tolist() == [1, 2]
    assert by_sex["mean"].tolist() == [40, 55]
    assert by_sex["lower"].isna().tolist() == [True, False]


def test_the_mean_of_nobody_is_missing():
    cohort = make_cohort(pd.DataFrame({"age_years": [None, None]}, dtype="Float64"))
    row = estimate_mean(cohort, column="age_years").frame.iloc[0]
    assert row["n"] == 0
    assert np.isnan(row["mean"])
    nobody = make_cohort(pd.DataFrame({"age_years": []}))
    assert estimate_mean(nobody, column="age_years").frame.empty


def test_words_have_no_mean_and_are_not_repeated():
    with pytest.raises(ValueError, match="'course' does not hold numbers") as error:
        estimate_mean(courses("rrms"), column="course")
    assert "rrms" not in str(error.value)


@pytest.mark.parametrize("estimate", [estimate_shares, estimate_mean])
def test_an_unknown_column_is_named(estimate):
    with pytest.raises(ValueError, match="no column 'sex'"):
        estimate(courses("rrms"), column="sex")
