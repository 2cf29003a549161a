"""Persons per 100 000 inhabitants."""

import json
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from msanalysis.stats import (
    estimate_crude_rates,
    estimate_expected_prevalence,
    estimate_yearly_prevalence,
)
from persons import make_cohort
from reference import FOLDER, assert_equal_to_r

CASES = json.loads((FOLDER / "crude_rates.json").read_text())


def living(*trusts):
    return make_cohort(pd.DataFrame({"hf": pd.Series(trusts, dtype="object")}))


@pytest.mark.parametrize("case", CASES[1:], ids=lambda case: f"{case['n']} persons")
def test_rate_and_its_exact_limits_against_R(case):
    inhabitants = {"bergen": case["inhabitants"]}
    rates = estimate_crude_rates(living(*["bergen"] * case["n"]), by="hf", inhabitants=inhabitants)
    row = rates.frame.set_index("stratum").loc["bergen"]
    assert_equal_to_r(row["rate_per_100k"], case["rate"])
    assert_equal_to_r(row[["lower", "upper"]], case["limits"])


def test_a_trust_without_persons_has_a_rate_of_none_and_who_has_no_trust_none_at_all():
    table = estimate_crude_rates(
        living("bergen", "bergen", None), by="hf", inhabitants={"bergen": 1000, "ous": 4000}
    ).frame.set_index("stratum")
    assert table["n"].to_dict() == {"all": 3, "bergen": 2, "ous": 0, "missing": 1}
    assert table.loc["all", "rate_per_100k"] == 60
    assert table.loc["ous", ["rate_per_100k", "lower"]].tolist() == [0, 0]
    assert np.isnan(table.loc["missing", "rate_per_100k"])


def test_the_limits_of_none_are_exact_too_against_R():
    none = CASES[0]
    inhabitants = {"bergen": none["inhabitants"], "ous": 1000}
    rates = estimate_crude_rates(living("ous"), by="hf", inhabitants=inhabitants)
    row = rates.frame.set_index("stratum").loc["bergen"]
    assert_equal_to_r(row[["lower", "upper"]], none["limits"])


def test_persons_of_a_level_without_inhabitants_are_refused_without_naming_it():
    with pytest.raises(ValueError, match="lacks levels of 'hf'") as error:
        estimate_crude_rates(living("secret"), by="hf", inhabitants={"bergen": 1000})
    assert "secret" not in str(error.value)


def test_no_population_gives_no_rates():
    assert estimate_crude_rates(living("bergen"), by="hf", inhabitants={}).frame.empty
    for given in ({"inhabitants": {}, "expected": {"ous": 1.0}},
                  {"inhabitants": {"ous": 1}, "expected": {}}):  # fmt: skip
        assert estimate_expected_prevalence(living("bergen"), **given).frame.empty


def test_expected_persons_are_divided_by_the_inhabitants_of_their_trust():
    table = estimate_expected_prevalence(
        living("ous"),
        inhabitants={"bergen": 1000, "ous": 3000},
        expected={"bergen": 3.0, "ous": 3.0},
    ).frame.set_index("stratum")
    assert table["rate_per_100k"].to_dict() == {"all": 150, "bergen": 300, "ous": 100}


def test_persons_expected_where_nobody_lives_are_refused():
    with pytest.raises(ValueError, match="inhabitants lacks levels"):
        estimate_expected_prevalence(
            living("ous"), inhabitants={"ous": 1}, expected={"bergen": 3.0}
        )


def test_prevalence_counts_from_the_year_of_diagnosis_to_the_year_before_death():
    frame = pd.DataFrame(
        {
            "diagnosis_year": pd.array([2001, 2002, 2002], dtype="Int64"),
            "death_year": pd.array([2003, None, 2002], dtype="Int64"),
        }
    )
    table = estimate_yearly_prevalence(
        make_cohort(frame),
        diagnosis_year="diagnosis_year",
        death_year="death_year",
        inhabitants={"2001": 1000, "2002": 1000, "2003": 1000},
        least_deaths=1,
    ).frame
    assert table["n"].tolist() == [1, 2, 1]


@pytest.mark.parametrize(
    ("status_date", "last"),
    [
        (date(2024, 12, 31), {"alive": ("yes",)}),
        (date(2024, 6, 30), {"alive at the end of 2024": ("yes",)}),
    ],
)
def test_who_lives_when_the_status_year_ends_is_who_is_alive_if_it_ends_on_the_status_date(
    status_date, last
):
    frame = pd.DataFrame({"diagnosis_year": [2001], "death_year": pd.array([None], dtype="Int64")})
    cohort = make_cohort(frame)
    cohort = replace(
        cohort,
        base="everyone",
        fixed={"diagnosed": ("yes",)},
        provenance=replace(cohort.provenance, status_date=status_date),
    )
    prevalence = estimate_yearly_prevalence(
        cohort,
        diagnosis_year="diagnosis_year",
        death_year="death_year",
        inhabitants={"2023": 1000, "2024": 1000},
    )
    assert prevalence.counted.cells["n"] == (
        ("everyone", {"diagnosed": ("yes",), "alive at the end of 2023": ("yes",)}),
        ("everyone", {"diagnosed": ("yes",)} | last),
    )


@pytest.mark.parametrize(
    ("deaths", "years"),
    [
        ([0, 0, 0, 0], ["2001", "2002", "2003", "2004"]),
        ([10, 10, 10, 10], ["2001", "2002", "2003", "2004"]),
        ([10, 10, 3, 7], ["2001", "2002", "2004"]),
        ([3, 7, 10, 10], ["2002", "2003", "2004"]),
        ([0, 3, 0, 0], ["2001"][:0]),
    ],
)
def test_no_two_years_tell_how_few_died_between_them(deaths, years):
    year = np.repeat([2001, 2002, 2003, 2004], deaths)
    died = pd.DataFrame({"diagnosis_year": 2000, "death_year": pd.array(year, dtype="Int64")})
    lives = pd.DataFrame({"diagnosis_year": [2000] * 50, "death_year": pd.array([None] * 50)})
    table = estimate_yearly_prevalence(
        make_cohort(pd.concat([died, lives.astype({"death_year": "Int64"})])),
        diagnosis_year="diagnosis_year",
        death_year="death_year",
        inhabitants=dict.fromkeys(("2001", "2002", "2003", "2004"), 1000),
    ).frame
    assert table["stratum"].tolist() == years
