"""What the annual report printed of the quality indicators, redone on the default registry."""

import csv
from importlib.resources import files

import pytest

from msanalysis import codes
from msanalysis.cohorts import (
    expected_by_coverage,
    indicator_persons,
    indicator_years,
    persons_by_last_edss,
    published_results,
    registered,
)
from msanalysis.release import release
from msanalysis.stats import (
    count_indicator_populations,
    count_patients_by_trust,
    estimate_coverage,
    estimate_indicators,
    estimate_indicators_by,
    score_goals,
)
from msanalysis.synthetic import synthesise
from persons import extract_of

DEFINITIONS = (*codes.indicators(), *codes.shown_apart())


def published():
    with files("msanalysis").joinpath("published/2024.csv").open(encoding="utf-8") as handle:
        return {row["id"]: float(row["value"]) for row in csv.DictReader(handle)}


PUBLISHED = published()


@pytest.fixture(scope="module")
def extract():
    return extract_of(synthesise())


@pytest.fixture(scope="module")
def persons(extract):
    return indicator_persons(extract, DEFINITIONS)


@pytest.fixture(scope="module")
def indicators(extract, persons):
    earlier = published_results(extract, DEFINITIONS)
    result = estimate_indicators(persons, definitions=DEFINITIONS, year=2024, published=earlier)
    return result.frame.set_index(["indicator", "year", "unit"]).sort_index()


@pytest.fixture(scope="module")
def coverage(extract, persons):
    return estimate_coverage(
        persons, definitions=codes.coverages(), expected=expected_by_coverage(extract), year=2024
    )


@pytest.mark.parametrize(
    ("indicator", "number", "decimals"),
    [
        ("onset_to_diagnosis_24m", "onset_to_diagnosis_24m", 0),
        ("diagnosis_to_treatment_21d", "diagnosis_to_treatment_21d", 0),
        ("early_high_efficacy", "early_high_efficacy", 1),
        ("treatment_status_updated", "treatment_status_updated_rrms", 1),
        ("treatment_status_updated_ppms", "treatment_status_updated_ppms", 1),
        ("relapse_status_updated", "relapse_status_updated", 1),
        ("edss_measured", "edss_measured", 0),
        ("edss_measured_widened", "edss_measured_widened", 0),
        ("edss_valid_at_visit", "edss_valid_at_visit", 0),
        ("mri_performed", "mri_performed", 1),
    ],
)
def test_indicators_of_the_nation(indicators, indicator, number, decimals):
    share = 100 * indicators.loc[(indicator, "2024", "norway"), "share"]
    assert round(share, decimals) == PUBLISHED[number]


def test_treatment_status_of_the_year_before_is_as_it_was_published(indicators):
    share = 100 * indicators.loc[("treatment_status_updated", "2023", "norway"), "share"]
    assert round(share, 1) == PUBLISHED["treatment_status_updated_rrms_2023"]


def test_385_of_386_began_with_a_high_efficacy_treatment(indicators):
    row = indicators.loc[("early_high_efficacy", "2024", "norway")]
    assert row[["numerator", "denominator"]].tolist() == [385, 386]
    assert PUBLISHED["new_diagnosed_rrms_started"] == 386


def test_populations_and_denominators_are_those_of_the_report(persons, indicators):
    table = count_indicator_populations(persons, definitions=DEFINITIONS, year=2024).frame
    population = table[table["level"] == "nation"].set_index("indicator")["n"]
    rrms = PUBLISHED["new_diagnosed_rrms"]
    assert population["diagnosis_to_treatment_21d"] == rrms
    assert population["early_high_efficacy"] == rrms
    denominator = indicators["denominator"].xs(("2024", "norway"), level=("year", "unit"))
    known = PUBLISHED["new_diagnosed"] - PUBLISHED["referral_date_unknown"]
    assert denominator["onset_to_diagnosis_24m"] == PUBLISHED["new_diagnosed"]
    assert denominator["referral_to_diagnosis_28d"] == known
    assert denominator["treatment_status_updated"] == PUBLISHED["alive_rrms"]
    assert denominator["edss_measured"] == PUBLISHED["alive"]


def test_persons_with_a_last_edss(extract):
    cohort = persons_by_last_edss(extract, first_day="2018-01-01")
    assert len(cohort.frame) == PUBLISHED["edss_last_n"]


@pytest.mark.parametrize(("sex", "word"), [("female", "women"), ("male", "men")])
def test_diagnosed_within_24_months_by_sex(extract, sex, word):
    onset = codes.named(["onset_to_diagnosis_24m"])
    years = indicator_years(extract, onset, first_year=2024)
    table = estimate_indicators_by(years, definitions=onset, by="sex").frame
    row = table.set_index("stratum").loc[sex]
    assert round(100 * row["share"]) == PUBLISHED[f"onset_to_diagnosis_24m_{word}"]


def test_finnmark_has_no_known_referral(indicators):
    row = indicators.loc[("referral_to_diagnosis_28d", "2024", "finnmark")]
    assert row["denominator"] == 0
    assert row[["share", "lower", "upper", "attainment"]].isna().all()


@pytest.mark.parametrize(
    ("indicator", "attainment", "number"),
    [
        ("treatment_status_updated", "very_good", "treatment_status_trusts_very_good"),
        ("relapse_status_updated", "very_good", "relapse_status_trusts_very_good"),
        ("edss_measured", "less_good", "edss_trusts_less_good"),
    ],
)
def test_trusts_by_attainment(indicators, indicator, attainment, number):
    of_year = indicators.loc[(indicator, "2024")]
    trusts = of_year[of_year["level"] == "trust"]
    assert (trusts["attainment"] == attainment).sum() == PUBLISHED[number]


def test_the_two_trusts_with_a_very_good_treatment_status(indicators):
    of_year = indicators.loc[("treatment_status_updated", "2024")]
    best = of_year[(of_year["level"] == "trust") & (of_year["attainment"] == "very_good")]
    assert set(best.index) == {"nord_trondelag", "forde"}


def test_coverage_of_the_nation_and_the_trusts(coverage):
    table = coverage.frame.set_index(["indicator", "unit"])
    nation = 100 * table.loc[("coverage_new", "norway"), "share"]
    assert round(nation) == PUBLISHED["coverage_new"]
    # The report prints 89 beside 14 870 expected, of which 13 129 are 88.3 %.
    total = table.loc[("coverage_total", "norway")]
    assert total["expected"] == PUBLISHED["npr_expected"]
    assert round(100 * total["share"], 1) == 88.3
    trusts = table.loc["coverage_total"].loc[[*codes.trusts()], "share"]
    assert (trusts < 0.8).sum() == PUBLISHED["coverage_total_trusts_under_80"]
    assert (trusts < 0.6).sum() == PUBLISHED["coverage_total_trusts_under_60"]


def test_patients_by_trust_to_the_person(extract):
    table = count_patients_by_trust(registered(extract), year="2024").frame.set_index("trust")
    for trust in codes.trusts():
        assert table.loc[trust, "alive"] == PUBLISHED[f"alive_{trust}"]
        assert table.loc[trust, "newly_diagnosed"] == PUBLISHED[f"new_diagnosed_{trust}"]
    assert table.loc["all"].tolist() == [PUBLISHED["alive"], PUBLISHED["new_diagnosed"]]


def test_forde_leads_the_goals_with_24_points(extract, persons, coverage):
    definitions = (*codes.indicators(), *codes.coverages())
    result = estimate_indicators(persons, definitions=codes.indicators(), year=2024)
    points = score_goals(release(result), release(coverage), definitions=definitions, year=2024)
    sums = points.frame.set_index("trust")["sum_of_points"]
    assert sums["forde"] == PUBLISHED["goal_score_best"]
    assert sums.drop("forde").max() < sums["forde"]
    assert points.frame["trust"].iloc[0] == "forde"
