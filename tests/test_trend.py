"""Trends over calendar years, means by year, and the share already diagnosed."""

import json

import numpy as np
import pandas as pd
import pytest

from msanalysis.release import release
from msanalysis.stats import (
    estimate_diagnosed_share,
    estimate_mean_trend,
    estimate_rate_trend,
    estimate_share_trend,
    estimate_yearly_mean,
)
from msanalysis.stats.truncation import delay_distribution
from persons import make_cohort
from reference import FOLDER, assert_equal_to_r

STRATA = ("all", "female", "male")


def by_r(name):
    return json.loads((FOLDER / f"{name}.json").read_text())


@pytest.fixture(scope="module")
def mgus():
    frame = pd.read_csv(FOLDER / "data" / "mgus.csv")
    late = np.where(frame["age_years"] >= 70, "late", "early")
    return make_cohort(frame.assign(late=late))


def yearly(ages, years):
    return make_cohort(pd.DataFrame({"age": ages, "year": years}))


@pytest.mark.parametrize("stratum", STRATA)
def test_trend_of_a_mean_against_R(mgus, stratum):
    by = None if stratum == "all" else "sex"
    result = estimate_mean_trend(mgus, column="age_years", year="diagnosis_year", by=by)
    row = result.frame.set_index("stratum").loc[stratum]
    theirs = by_r("trend")["linear"][stratum]
    assert_equal_to_r(
        row[["change_per_decade", "lower", "upper", "p_value"]],
        [theirs[name] for name in ("change", "lower", "upper", "p_value")],
    )
    assert_equal_to_r(row[["fitted_first", "fitted_last"]], theirs["at_ends"])


@pytest.mark.parametrize("stratum", STRATA)
def test_trend_of_a_share_against_R(mgus, stratum):
    by = None if stratum == "all" else "sex"
    result = estimate_share_trend(mgus, column="late", event="late", year="diagnosis_year", by=by)
    row = result.frame.set_index("stratum").loc[stratum]
    theirs = by_r("trend")["logistic"][stratum]
    ratio = row[["odds_ratio_per_decade", "lower", "upper"]].astype(float)
    assert_equal_to_r(np.log(ratio), [theirs[name] for name in ("change", "lower", "upper")])
    assert_equal_to_r(row["p_value"], theirs["p_value"])
    assert_equal_to_r(row[["fitted_first", "fitted_last"]], theirs["at_ends"])


def test_trend_of_a_rate_against_R(mgus):
    theirs = by_r("trend")
    years = [str(year) for year in theirs["years"]]
    inhabitants = dict(zip(years, theirs["inhabitants"], strict=True))
    within = make_cohort(mgus.frame[mgus.frame["diagnosis_year"].isin(theirs["years"])])
    row = estimate_rate_trend(within, year="diagnosis_year", inhabitants=inhabitants).frame.iloc[0]
    ratio = row[["rate_ratio_per_decade", "lower", "upper"]].astype(float)
    rate = theirs["rate"]
    assert_equal_to_r(np.log(ratio), [rate["change"], *rate["limits"]])
    assert_equal_to_r(row["dispersion"], rate["dispersion"])
    assert_equal_to_r(row[["fitted_first", "fitted_last"]], rate["per_100k"])


def test_distribution_of_a_right_truncated_delay_against_R():
    theirs = by_r("truncation")
    days, distribution = delay_distribution(np.array(theirs["delay"]), np.array(theirs["longest"]))
    assert days.tolist() == theirs["days"]
    assert_equal_to_r(distribution, theirs["distribution"])


def test_ages_on_a_line_rise_by_its_slope():
    years = np.repeat(np.arange(2001, 2011), 2)
    row = estimate_mean_trend(
        yearly(30 + 0.2 * (years - 2001), years), column="age", year="year"
    ).frame.iloc[0]
    assert row["year"] == "2001-2010"
    assert row["change_per_decade"] == pytest.approx(2)
    assert (row["fitted_first"], row["fitted_last"]) == pytest.approx((30, 31.8))


def test_who_has_no_value_or_no_year_carries_no_trend():
    row = estimate_mean_trend(
        yearly([30, 31, 33, None, 40], [2001, 2002, 2003, 2003, None]), column="age", year="year"
    ).frame.iloc[0]
    assert row["n"] == 3


@pytest.mark.parametrize("years", [[], [2001, 2001, 2001], [2001, 2002]])
def test_one_year_or_two_persons_carry_no_trend(years):
    cohort = yearly(np.linspace(30, 40, len(years)), years)
    assert estimate_mean_trend(cohort, column="age", year="year").frame.empty


@pytest.mark.parametrize("code", ["late", "early"])
def test_a_share_of_all_or_none_has_no_trend(code):
    cohort = make_cohort(pd.DataFrame({"onset": [code] * 3, "year": [2001, 2002, 2003]}))
    trend = estimate_share_trend(cohort, column="onset", event="late", year="year")
    assert trend.frame.empty


def test_a_year_that_parts_those_with_the_event_from_the_others_gives_no_trend():
    frame = pd.DataFrame({"onset": ["early"] * 3 + ["late"] * 3, "year": range(2001, 2007)})
    trend = estimate_share_trend(make_cohort(frame), column="onset", event="late", year="year")
    assert trend.frame.empty


def test_a_rate_without_inhabitants_has_no_trend():
    cohort = make_cohort(pd.DataFrame({"year": [2001, 2002, 2003]}))
    assert estimate_rate_trend(cohort, year="year", inhabitants={}).frame.empty


def test_the_same_number_every_year_is_no_trend():
    cohort = make_cohort(pd.DataFrame({"year": [2001, 2002, 2003] * 5}))
    inhabitants = dict.fromkeys(("2001", "2002", "2003"), 1000)
    row = estimate_rate_trend(cohort, year="year", inhabitants=inhabitants).frame.iloc[0]
    assert row["rate_ratio_per_decade"] == pytest.approx(1)
    assert row["dispersion"] == pytest.approx(0, abs=1e-12)
    assert (row["fitted_first"], row["fitted_last"]) == pytest.approx((500, 500))


def test_everyone_of_a_year_stands_before_its_strata():
    frame = pd.DataFrame(
        {"age": [30.0, 40, 50, 60], "year": [2001, 2001, 2001, 2002], "sex": list("fmmf")}
    )
    table = estimate_yearly_mean(make_cohort(frame), column="age", year="year", by="sex").frame
    assert table["year"].tolist() == ["2001"] * 3 + ["2002"] * 2
    assert table["stratum"].tolist() == ["all", "f", "m", "all", "f"]
    assert table["mean"].tolist() == [40, 30, 45, 60, 60]


def test_few_of_a_sex_in_a_year_hide_the_other_sex_but_not_all():
    frame = pd.DataFrame({"age": 30.0, "year": 2001, "sex": ["female"] * 20 + ["male"] * 3})
    shown = release(estimate_yearly_mean(make_cohort(frame), column="age", year="year", by="sex"))
    assert shown.frame["n"].isna().tolist() == [False, True, True]
    assert shown.hidden["mean"].tolist() == [False, True, True]


def test_all_are_diagnosed_where_no_delay_was_cut_off():
    frame = pd.DataFrame(
        {"year": [2001, 2001, 2002], "delay": [10, 20, 30], "longest": [8000, 7990, 7800]}
    )
    table = estimate_diagnosed_share(
        make_cohort(frame), year="year", delay="delay", longest_delay="longest"
    ).frame
    assert table["n"].tolist() == [2, 1]
    assert table["diagnosed_share"].tolist() == [1, 1]


def test_half_of_the_delays_that_can_be_seen_are_short():
    # Two of the early year waited 10 days, two 500; of the late one, seen for 100 days, two 10.
    frame = pd.DataFrame(
        {
            "year": [2001] * 4 + [2024] * 2,
            "delay": [10, 10, 500, 500, 10, 10],
            "longest": [9000] * 4 + [100] * 2,
        }
    )
    table = estimate_diagnosed_share(
        make_cohort(frame), year="year", delay="delay", longest_delay="longest"
    ).frame.set_index("year")
    assert table["diagnosed_share"].to_dict() == {"2001": 1, "2024": 0.5}
