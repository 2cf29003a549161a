"""Who is counted among the living, the newly diagnosed, the dead, and by onset."""

import pandas as pd
import pytest

from msanalysis.cohorts import (
    dead,
    expected_patients,
    inhabitants,
    living,
    newly_diagnosed,
    persons_by_onset,
    registered,
)
from msanalysis.stats import estimate_shares, estimate_shares_by
from persons import make_cohort, make_extract

PERSON = {
    "patient_id": "p1",
    "sex": "female",
    "birth_date": "1980-01-01",
    "residence_hf": "bergen",
    "diagnosis_code": "G35",
    "onset_course": "rrms",
    "onset_date": "2010-07-01",
    "diagnosis_date": "2011-01-01",
    "included_date": "2011-02-01",
    "death_date": None,
    "emigration_date": None,
}


def extract(**changes):
    return make_extract(patients=[{**PERSON, **changes}])


def only(cohort):
    assert len(cohort.frame) == 1
    return cohort.frame.iloc[0]


def excluded(cohort):
    return {row.step: row.n for row in cohort.exclusions.itertuples() if row.n}


def test_who_died_on_the_status_date_is_dead_and_who_died_after_it_lives():
    assert excluded(living(extract(death_date="2024-12-31"))) == {"dead_by 2024-12-31": 1}
    assert len(dead(extract(death_date="2024-12-31")).frame) == 1
    assert len(living(extract(death_date="2025-01-01")).frame) == 1
    assert excluded(dead(extract(death_date="2025-01-01"))) == {"not_dead_by 2024-12-31": 1}


def test_who_emigrated_counts_as_living_as_in_the_annual_report():
    assert len(living(extract(emigration_date="2020-01-01")).frame) == 1


def test_everyone_registered_is_living_or_dead():
    people = [PERSON, {**PERSON, "patient_id": "p2", "death_date": "2020-01-01"}]
    both = make_extract(patients=people)
    assert len(registered(both).frame) == len(living(both).frame) + len(dead(both).frame) == 2


@pytest.mark.parametrize(
    ("death", "status"),
    [
        (None, "alive"),
        ("2025-01-01", "alive"),
        ("2024-12-31", "died_in_year"),
        ("2024-01-01", "died_in_year"),
        ("2023-12-31", "died_earlier"),
    ],
)
def test_who_died_in_the_year_is_told_from_who_died_before(death, status):
    assert only(registered(extract(death_date=death)))["vital_status"] == status


@pytest.mark.parametrize(
    ("diagnosed", "included", "entered"),
    [
        ("2023-12-31", "2023-12-31", "entered_earlier"),
        ("2023-12-31", "2024-01-01", "entered_in_year"),
        ("2024-01-01", "2023-12-31", "entered_in_year"),
    ],
)
def test_who_lacked_data_or_a_diagnosis_a_year_before_entered_in_the_year(
    diagnosed, included, entered
):
    changed = extract(diagnosis_date=diagnosed, included_date=included)
    assert only(registered(changed))["entered"] == entered


@pytest.mark.parametrize(
    ("birth", "age_band", "over_65"),
    [
        ("2000-01-02", "age_under 25", "up_to_65"),
        ("1999-12-31", "age 25-29", "up_to_65"),
        ("1960-01-02", "age 60-64", "up_to_65"),
        ("1959-12-30", "age 65-69", "over_65"),
        ("1935-01-01", "age_from 85", "over_65"),
    ],
)
def test_ages_at_the_status_date_fall_into_bands(birth, age_band, over_65):
    row = only(living(extract(birth_date=birth)))
    assert (row["age_band"], row["over_65"]) == (age_band, over_65)


@pytest.mark.parametrize(
    ("birth", "before_25", "before_40", "late"),
    [
        ("1985-07-02", "onset_before_25", "onset_before_40", "onset_before_50"),
        ("1985-06-30", "onset_from_25", "onset_before_40", "onset_before_50"),
        ("1970-06-30", "onset_from_25", "onset_from_40", "onset_before_50"),
        ("1960-06-29", "onset_from_25", "onset_from_40", "onset_from_50"),
    ],
)
def test_age_at_onset_is_split_at_birthdays(birth, before_25, before_40, late):
    row = only(living(extract(birth_date=birth)))
    assert row[["onset_before_25", "onset_before_40", "late_onset"]].tolist() == [
        before_25, before_40, late
    ]  # fmt: skip


def test_an_unknown_onset_is_missing_in_every_division():
    row = only(living(extract(onset_date=None)))
    assert row[["onset_age_band", "late_onset", "onset_era"]].isna().all()


def test_the_newly_diagnosed_count_whether_or_not_they_have_died_since():
    row = only(newly_diagnosed(extract(death_date="2020-01-01"), first_year=2011))
    assert row["diagnosis_year"] == 2011
    earlier = newly_diagnosed(extract(), first_year=2012)
    assert excluded(earlier) == {"diagnosed_before 2012": 1}


def test_who_was_diagnosed_after_the_status_date_is_in_no_population():
    later = extract(diagnosis_date="2025-01-01")
    for cohort in (living(later), newly_diagnosed(later, first_year=2001), registered(later)):
        assert excluded(cohort) == {"not_diagnosed_by 2024-12-31": 1}


@pytest.mark.parametrize(
    ("diagnosed", "period"),
    [("2024-05-01", "2023-2024"), ("2023-05-01", "2023-2024"), ("2022-05-01", "2021-2022")],
)
def test_periods_are_counted_back_from_the_status_year(diagnosed, period):
    cohort = newly_diagnosed(extract(diagnosis_date=diagnosed), first_year=2013, years_per_period=2)
    assert only(cohort)["diagnosis_period"] == period


def test_the_first_period_names_only_the_years_it_holds():
    cohort = newly_diagnosed(
        extract(diagnosis_date="2013-05-01"), first_year=2013, years_per_period=5
    )
    assert only(cohort)["diagnosis_period"] == "2013-2014"


def test_onset_before_the_first_year_and_without_a_date_are_excluded_and_counted():
    assert excluded(persons_by_onset(extract(), first_year=2011)) == {"onset_before 2011": 1}
    assert excluded(persons_by_onset(extract(onset_date=None), first_year=2011)) == {
        "no_onset_date": 1
    }
    row = only(persons_by_onset(extract(), first_year=1962))
    assert (row["onset_period"], row["onset_era"]) == ("2010-2012", "onset_from_2001")
    assert (row["onset_to_diagnosis_days"], row["onset_to_status_days"]) == (184, 5297)


def test_what_was_not_delivered_is_named_and_not_invented():
    without = {name: value for name, value in PERSON.items() if name != "birth_date"}
    cohort = living(make_extract(patients=[without]))
    assert {"age_band", "onset_age_years", "late_onset"} <= set(cohort.not_delivered)
    assert "sex" in cohort.frame


def test_inhabitants_are_summed_over_trusts_or_over_years():
    rows = [
        {"hf": hf, "year": year, "inhabitants": n}
        for hf, year, n in [("bergen", 2023, 10), ("ous", 2023, 20), ("bergen", 2024, 11)]
    ]
    held = make_extract(patients=[PERSON], population=rows)
    assert inhabitants(held, by="year", first_year=2023) == {"2023": 30, "2024": 11}
    assert inhabitants(held, by="hf", first_year=2023) == {"bergen": 21, "ous": 20}
    assert inhabitants(held, by="hf") == {"bergen": 11}


def test_expected_persons_are_those_of_the_status_year():
    rows = [{"hf": "bergen", "year": year, "expected": year / 2} for year in (2023, 2024, 2025)]
    held = make_extract(patients=[PERSON], expected_patients=rows)
    assert expected_patients(held) == {"bergen": 1012.0}


def test_a_population_that_was_not_delivered_is_empty():
    assert inhabitants(extract(), by="year") == {}
    assert expected_patients(extract()) == {}


def test_shares_within_strata_each_sum_to_their_own_total():
    frame = pd.DataFrame({"sex": [*list("ffmm"), "f"], "year": [2001] * 4 + [2002]})
    table = estimate_shares_by(make_cohort(frame), column="sex", by="year").frame
    assert table["stratum"].tolist() == ["2001"] * 3 + ["2002"] * 2
    assert table["denominator"].tolist() == [4, 4, 4, 1, 1]
    assert table["share"].tolist() == [1, 0.5, 0.5, 1, 1]


def test_shares_of_one_stratum_are_the_shares_of_all():
    frame = pd.DataFrame({"sex": list("ffm"), "year": 2001})
    by_year = estimate_shares_by(make_cohort(frame), column="sex", by="year").frame
    pd.testing.assert_frame_equal(
        by_year.drop(columns="stratum"), estimate_shares(make_cohort(frame), column="sex").frame
    )
