"""Rates standardised for age, and the population by age they need."""

import json

import pandas as pd
import pytest

from msanalysis.codes import standard_population
from msanalysis.cohorts import inhabitants, inhabitants_by_age, yearly_inhabitants_by_age
from msanalysis.stats import estimate_standardised_rates, estimate_yearly_standardised_rates
from msanalysis.stats.standardised_rates import ADJUSTMENTS
from persons import make_cohort, make_extract
from reference import FOLDER, assert_equal_to_r

R = json.loads((FOLDER / "standardised_rates.json").read_text())
LIVED = dict(zip(R["starts"], R["inhabitants"], strict=True))
STANDARD = dict(zip(R["starts"], R["standard"], strict=True))
ASKED = {"by": "sex", "age": "age_years", "standard": STANDARD}
BOTH = {"female": LIVED, "male": LIVED}
LIMITS = ["rate_per_100k", "lower", "upper"]


@pytest.fixture(scope="module")
def mgus():
    return make_cohort(pd.read_csv(FOLDER / "data" / "mgus.csv").assign(year=2024))


def row(rates, **where):
    for column, value in where.items():
        rates = rates[rates[column] == value]
    assert len(rates) == 1
    return rates.iloc[0]


@pytest.mark.parametrize("adjustment", ADJUSTMENTS)
@pytest.mark.parametrize("stratum", ["all", "female", "male"])
def test_rates_and_their_limits_against_R(mgus, stratum, adjustment):
    rates = estimate_standardised_rates(mgus, inhabitants=BOTH, **ASKED).frame
    found = row(rates, stratum=stratum, adjustment=adjustment)
    assert_equal_to_r(found[LIMITS], R["rates"][adjustment][stratum])


def test_with_the_population_as_its_own_standard_the_rate_is_crude(mgus):
    rates = estimate_standardised_rates(
        mgus, inhabitants=BOTH, **{**ASKED, "standard": LIVED}
    ).frame
    for stratum in ("all", "female", "male"):
        crude, standardised = (
            row(rates, stratum=stratum, adjustment=each)[LIMITS].tolist() for each in ADJUSTMENTS
        )
        assert standardised == pytest.approx(crude)


def test_each_year_has_the_rates_of_its_own_persons_and_inhabitants(mgus):
    frame = pd.concat([mgus.frame, mgus.frame.iloc[:50].assign(year=2023)])
    years = {"2023": {"female": {0: 10}, "male": {0: 20}}, "2024": BOTH, "2025": BOTH}
    yearly = estimate_yearly_standardised_rates(
        make_cohort(frame), year="year", inhabitants=years, **ASKED
    ).frame
    alone = estimate_standardised_rates(mgus, inhabitants=BOTH, **ASKED).frame
    of_2024 = yearly[yearly["year"] == "2024"].drop(columns="year").reset_index(drop=True)
    pd.testing.assert_frame_equal(of_2024, alone)
    assert set(yearly["year"]) == {"2023", "2024"}


def test_a_level_without_anyone_has_a_rate_of_zero_and_an_upper_limit(mgus):
    women = make_cohort(mgus.frame[mgus.frame["sex"] == "female"])
    rates = estimate_standardised_rates(women, inhabitants=BOTH, **ASKED).frame
    none = row(rates, stratum="male", adjustment="age_standardised")
    assert (none.n, none.rate_per_100k, none.lower) == (0, 0, 0)
    assert none.upper > 0


def test_a_band_without_inhabitants_is_one_with_that_below_it():
    cohort = make_cohort(pd.DataFrame({"age": [30.0, 97.0], "sex": "female"}))
    asked = {"by": "sex", "age": "age", "standard": {0: 1, 50: 1, 95: 1}}
    empty = {"female": {0: 1000, 50: 500, 95: 0}}
    joined = {"female": {0: 1000, 50: 500}}
    pd.testing.assert_frame_equal(
        estimate_standardised_rates(cohort, inhabitants=empty, **asked).frame,
        estimate_standardised_rates(cohort, inhabitants=joined, **asked).frame,
    )


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
    found = row(rates, stratum="female", adjustment="age_standardised")
    assert found.rate_per_100k == pytest.approx(100)


def test_who_has_no_level_is_missing_and_part_of_all(mgus):
    frame = mgus.frame.assign(sex=mgus.frame["sex"].where(mgus.frame.index >= 30))
    rates = estimate_standardised_rates(make_cohort(frame), inhabitants=BOTH, **ASKED).frame
    crude = rates[rates["adjustment"] == "crude"].set_index("stratum")
    assert crude["n"]["all"] == crude["n"][["female", "male", "missing"]].sum() == len(frame)
    assert crude["n"]["missing"] == 30
    assert crude.loc["missing", LIMITS].isna().all()


def test_a_level_that_has_no_inhabitants_given_is_refused(mgus):
    with pytest.raises(ValueError, match="inhabitants lacks levels of 'sex'"):
        estimate_standardised_rates(mgus, inhabitants={"female": LIVED}, **ASKED)


def test_no_population_gives_no_rates(mgus):
    assert estimate_standardised_rates(mgus, inhabitants={}, **ASKED).frame.empty
    nobody_lives = {"female": {0: 0}, "male": {0: 0}}
    assert estimate_standardised_rates(mgus, inhabitants=nobody_lives, **ASKED).frame.empty


def test_the_european_standard_sums_to_a_hundred_thousand():
    assert sum(standard_population().values()) == 100_000


# --- the population by age ------------------------------------------------------------------------


def lives(year, hf, sex, age_from, number):
    return {"year": year, "hf": hf, "sex": sex, "age_from": age_from, "inhabitants": number}


POPULATION = [
    lives(2023, "ous", "female", 0, 10),
    lives(2024, "ous", "female", 0, 20),
    lives(2024, "ous", "male", 0, 5),
    lives(2024, "bergen", "male", 50, 7),
    lives(2025, "bergen", "male", 50, 1),
]


def extract_with(population):
    return make_extract(patients=[{"patient_id": "p1"}], population=population)


def test_a_population_is_summed_over_what_is_not_asked_for():
    extract = extract_with(POPULATION)
    by_sex = inhabitants_by_age(extract, by="sex")
    assert by_sex == {"female": {0: 20}, "male": {0: 5, 50: 7}}
    by_trust = inhabitants_by_age(extract, by="hf", first_year=2023)
    assert by_trust == {"bergen": {50: 7}, "ous": {0: 35}}
    assert inhabitants(extract, by="hf") == {"bergen": 7, "ous": 25}


def test_a_population_by_year_holds_each_year_up_to_the_status_year():
    assert yearly_inhabitants_by_age(extract_with(POPULATION), by="sex", first_year=2023) == {
        "2023": {"female": {0: 10}},
        "2024": {"female": {0: 20}, "male": {0: 5, 50: 7}},
    }


@pytest.mark.parametrize(
    "population",
    [
        [{"year": 2024, "hf": "ous", "inhabitants": 5}],
        [*POPULATION, lives(2024, "ous", "male", None, 5)],
        [*POPULATION, lives(2024, "ous", None, 0, 5)],
    ],
    ids=["neither", "an age lacks", "a sex lacks"],
)
def test_a_population_that_is_not_all_by_sex_and_age_gives_none_by_age(population):
    extract = extract_with(population)
    assert inhabitants_by_age(extract, by="hf") == {}
    assert yearly_inhabitants_by_age(extract, by="sex", first_year=2001) == {}
    assert inhabitants(extract, by="hf")["ous"] > 0


def test_a_population_that_was_not_delivered_gives_none_by_age():
    assert inhabitants_by_age(make_extract(patients=[{"patient_id": "p1"}]), by="sex") == {}
