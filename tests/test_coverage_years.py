"""Coverage year by year: who counts in each, as the registry knew it in June and in December."""

from datetime import date

import pandas as pd
import pytest

from audited import released_as_one
from msanalysis.cohorts import coverage_years, living, newly_diagnosed
from msanalysis.core import Provenance
from msanalysis.release import release
from msanalysis.stats import estimate_yearly_coverage
from msanalysis.tables import cells, format_table
from persons import make_extract

PERSON = {
    "patient_id": "p1",
    "diagnosis_code": "G35",
    "diagnosis_date": "2022-03-01",
    "consent_date": "2022-04-01",
    "included_date": "2022-04-01",
    "death_date": None,
}
NOBODY_EXPECTED = {"expected": {}, "inhabitants": {}}


def counted(*changes, first_year=2022, provenance=None):
    """Return the columns in which the one person counts, or how many do of several."""
    people = [{**PERSON, "patient_id": f"p{n}", **each} for n, each in enumerate(changes or [{}])]
    given = {"provenance": provenance} if provenance else {}
    cohort = coverage_years(make_extract(patients=people, **given), first_year=first_year)
    return cohort.frame.sum()[lambda n: n > 0].to_dict()


def test_the_new_of_a_year_are_counted_in_it_and_the_living_from_it_on():
    assert counted() == {
        "coverage_total 2022 june": 1, "coverage_total 2022 december": 1,
        "coverage_new 2022 june": 1, "coverage_new 2022 december": 1,
        "coverage_total 2023 june": 1, "coverage_total 2023 december": 1,
        "coverage_total 2024 june": 1, "coverage_with_consented 2024 june": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("included", "updates"),
    [
        ("2023-05-15", ["june", "december"]),
        ("2023-05-16", ["december"]),
        ("2023-12-15", ["december"]),
        ("2023-12-16", []),
    ],
)
def test_who_is_included_after_an_update_was_not_known_in_it(included, updates):
    columns = counted({"included_date": included, "consent_date": included})
    assert [each for each in columns if "new 2022" in each] == [
        f"coverage_new 2022 {update}" for update in updates
    ]


def test_who_died_counts_until_the_year_of_death():
    columns = counted({"death_date": "2023-12-31"})
    assert {each.split()[1] for each in columns if "total" in each} == {"2022"}


def test_who_consented_without_data_counts_only_with_the_consented():
    assert counted({"included_date": None, "diagnosis_date": None, "diagnosis_code": None}) == {
        "coverage_with_consented 2024 june": 1
    }


def test_who_is_diagnosed_after_the_status_date_counts_nowhere():
    assert counted({"diagnosis_date": "2025-01-01"}) == {}


def test_an_update_after_the_data_cutoff_is_not_there():
    cutoff = Provenance("synthetic", "0" * 64, date(2023, 12, 31), date(2023, 12, 31))
    columns = counted(provenance=cutoff)
    assert [each for each in columns if "2023" in each] == [
        "coverage_total 2023 june", "coverage_with_consented 2023 june"
    ]  # fmt: skip


def test_shares_are_of_the_expected_and_missing_where_nobody_is():
    cohort = coverage_years(make_extract(patients=[PERSON]), first_year=2023)
    table = estimate_yearly_coverage(
        cohort, expected={"coverage_total": {"2024": 4.0}}, inhabitants={"2024": 80_000}
    ).frame
    living_in = table[table["indicator"] == "coverage_total"].groupby("year")
    assert living_in["share"].max().dropna().to_dict() == {"2024": 0.25}
    assert living_in["expected_rate_per_100k"].max()["2024"] == 5.0


@pytest.mark.parametrize("lang", ["nb", "en"])
def test_the_years_are_put_in_words(lang):
    people = [{**PERSON, "patient_id": f"p{n}"} for n in range(9)]
    cohort = coverage_years(make_extract(patients=people), first_year=2023)
    table = release(estimate_yearly_coverage(cohort, **NOBODY_EXPECTED))
    words = format_table(cells(table), lang)
    assert words.iloc[:, 0].str.contains("_").sum() == 0


def test_the_years_of_nobody_are_an_empty_table():
    nobody = coverage_years(make_extract(patients=[PERSON]), first_year=2023)
    nobody = type(nobody)(nobody.name, nobody.frame[:0], nobody.exclusions, nobody.provenance)
    assert estimate_yearly_coverage(nobody, **NOBODY_EXPECTED).frame.empty


def test_the_last_year_is_of_those_whom_other_tables_count():
    people = [{**PERSON, "patient_id": f"p{n}"} for n in range(30)]
    extract = make_extract(patients=people)
    years = coverage_years(extract, first_year=2024)
    boxes = {name: box for name, (_, box) in years.asked.items()}
    alive = living(extract)
    assert boxes["coverage_total 2024 june"] == alive.fixed
    assert boxes["coverage_new 2024 june"] == newly_diagnosed(extract, first_year=2024).fixed


def test_few_consented_without_data_are_no_difference_between_two_counts():
    data = [{**PERSON, "patient_id": f"p{n}"} for n in range(40)]
    without = {"included_date": None, "diagnosis_date": None, "diagnosis_code": None}
    more = [{**PERSON, "patient_id": f"q{n}", **without} for n in range(2)]
    extract = make_extract(patients=[*data, *more])
    alive = living(extract)
    covered = estimate_yearly_coverage(coverage_years(extract, first_year=2024), **NOBODY_EXPECTED)
    attrition, years = released_as_one([alive.attrition, covered])
    excluded = attrition.frame.set_index("step")["n"]
    counts = years.frame.set_index("indicator")["n"]
    assert excluded[["consented_without_data"]].isna().all()
    both = (
        [excluded["all"], excluded["included"]],
        [*counts[["coverage_with_consented", "coverage_total"]]],
    )
    assert all(pd.isna(each).any() for each in both)
