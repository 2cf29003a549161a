"""Rates standardised for age, and the population by age they need."""

import json

import pandas as pd
import pytest

from msanalysis.codes import standard_population
from msanalysis.cohorts import inhabitants_by_age
from msanalysis.extract import ExtractRefused
from msanalysis.stats import estimate_standardised_rates
from persons import make_cohort, make_extract
from reference import FOLDER, assert_equal_to_r

R = json.loads((FOLDER / "standardised_rates.json").read_text())
LIVED = dict(zip(R["starts"], R["inhabitants"], strict=True))
STANDARD = dict(zip(R["starts"], R["standard"], strict=True))
REGISTRY = make_extract(patients=[{"patient_id": "p1"}])
FILE = "year,sex,age_from,inhabitants,hf\n"


@pytest.fixture(scope="module")
def mgus():
    return make_cohort(pd.read_csv(FOLDER / "data" / "mgus.csv").assign(everyone="x"))


@pytest.mark.parametrize("sex", ["female", "male"])
def test_standardised_rate_and_its_gamma_limits_against_R(mgus, sex):
    rates = estimate_standardised_rates(
        mgus, by="sex", age="age_years", inhabitants={sex: LIVED}, standard=STANDARD
    ).frame
    assert rates["stratum"].tolist() == [sex]
    assert_equal_to_r(rates[["rate_per_100k", "lower", "upper"]].iloc[0], R["rates"][sex])


def test_with_the_population_as_its_own_standard_rate_and_limits_are_crude_against_R(mgus):
    rates = estimate_standardised_rates(
        mgus, by="everyone", age="age_years", inhabitants={"x": LIVED}, standard=LIVED
    ).frame.iloc[0]
    assert rates["rate_per_100k"] == pytest.approx(1e5 * rates["n"] / rates["inhabitants"])
    assert_equal_to_r(rates[["lower", "upper"]], R["exact"])


def test_finer_weights_are_summed_into_the_bands_of_the_population():
    cohort = make_cohort(pd.DataFrame({"age": [30.0, 70.0], "sex": "female"}))
    rates = estimate_standardised_rates(
        cohort,
        by="sex",
        age="age",
        inhabitants={"female": {0: 1000, 50: 1000}},
        standard={0: 1, 25: 2, 50: 1},
    ).frame
    # Three quarters of the standard are below 50: 0.75 / 1000 + 0.25 / 1000.
    assert rates["rate_per_100k"].tolist() == pytest.approx([100])


def test_the_european_standard_sums_to_a_hundred_thousand():
    assert sum(standard_population().values()) == 100_000


def test_a_population_is_summed_over_what_is_not_asked_for(tmp_path):
    path = tmp_path / "population.csv"
    rows = "2023,female,0,10,ous\n2024,female,0,20,ous\n2024,male,0,5,ous\n2024,male,50,7,bergen\n"
    path.write_text(FILE + rows)
    by_sex = inhabitants_by_age(REGISTRY, str(path), by="sex", first_year=2024)
    assert by_sex == {"female": {0: 20}, "male": {0: 5, 50: 7}}
    by_trust = inhabitants_by_age(REGISTRY, str(path), by="hf", first_year=2023)
    assert by_trust == {"bergen": {50: 7}, "ous": {0: 35}}


def test_a_population_without_trusts_gives_none_by_trust(tmp_path):
    path = tmp_path / "population.csv"
    path.write_text("year,sex,age_from,inhabitants\n2024,female,0,20\n")
    assert inhabitants_by_age(REGISTRY, str(path), by="hf", first_year=2024) == {}


def test_no_file_gives_no_population_and_no_rates(mgus):
    assert inhabitants_by_age(REGISTRY, None, by="sex", first_year=2001) == {}
    rates = estimate_standardised_rates(
        mgus, by="sex", age="age_years", inhabitants={}, standard=STANDARD
    )
    assert rates.frame.empty


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("year,sex\n2024,female\n", "lacks the columns age_from, inhabitants"),
        (FILE + "2024,female,0,secret,ous\n", "column inhabitants: expected whole numbers"),
        (FILE + "2024,female,17,5,ous\n", "column age_from: a band must begin"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_without_its_content(tmp_path, content, message):
    path = tmp_path / "population.csv"
    path.write_text(content)
    with pytest.raises(ExtractRefused, match=message) as error:
        inhabitants_by_age(REGISTRY, str(path), by="sex", first_year=2001)
    assert "secret" not in str(error.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ExtractRefused, match="no readable CSV"):
        inhabitants_by_age(REGISTRY, str(tmp_path / "none.csv"), by="sex", first_year=2001)
