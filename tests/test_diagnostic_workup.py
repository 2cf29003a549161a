"""How the diagnosis was reached: levels of relapses and findings, examinations, and who is in."""

import pytest

from msanalysis.cohorts import diagnosed_by_workup, living_by_workup
from persons import make_extract


def person(id="p", **changes):
    return {
        "patient_id": id,
        "diagnosis_date": "2024-05-01",
        "included_date": "2024-06-01",
        "onset_course": "rrms",
        "relapses_before_diagnosis": 1,
        "findings_at_diagnosis": 2,
        "mri_at_diagnosis": True,
        "csf_examined": True,
        "oligoclonal_bands": "present",
        "death_date": None,
        **changes,
    }


def one(**changes):
    extract = make_extract(patients=[person(**changes)])
    return diagnosed_by_workup(extract, first_year=2024).frame.iloc[0]


def chosen(*persons, **choices):
    extract = make_extract(patients=[person(f"p{n}", **each) for n, each in enumerate(persons)])
    return living_by_workup(extract, **choices)


@pytest.mark.parametrize(
    ("n", "level", "at_most_one"),
    [
        (0, "relapses_0", "at_most_one_relapse"),
        (1, "relapses_1", "at_most_one_relapse"),
        (2, "relapses_2", "more_than_one_relapse"),
        (3, "relapses_3", "more_than_one_relapse"),
        (12, "relapses_3", "more_than_one_relapse"),
    ],
)
def test_three_relapses_and_more_are_one_level(n, level, at_most_one):
    found = one(relapses_before_diagnosis=n)
    assert (found["relapses"], found["at_most_one_relapse"]) == (level, at_most_one)


def test_a_number_that_was_not_entered_is_missing_in_both_ways():
    found = one(findings_at_diagnosis=None)
    assert found[["findings", "at_most_one_finding"]].isna().all()


@pytest.mark.parametrize(
    ("examined", "entered", "bands"),
    [
        (True, "present", "present"),
        (True, "unknown", "unknown"),
        (None, "absent", "absent"),
        (False, "present", None),
    ],
)
def test_bands_without_an_examination_do_not_count(examined, entered, bands):
    found = one(csf_examined=examined, oligoclonal_bands=entered)["bands"]
    assert found == bands if bands else found != found


def test_known_bands_are_present_or_absent():
    cohort = chosen(
        {}, {"oligoclonal_bands": "absent"}, {"oligoclonal_bands": "unknown"},
        {"oligoclonal_bands": None}, known="bands",
    )  # fmt: skip
    assert list(cohort.frame["bands"]) == ["present", "absent"]
    assert cohort.fixed["bands"] == ("present", "absent")


@pytest.mark.parametrize("known", ["mri", "csf"])
def test_an_examination_that_was_not_entered_is_not_known(known):
    name = {"mri": "mri_at_diagnosis", "csf": "csf_examined"}[known]
    cohort = chosen({}, {name: False}, {name: None}, known=known)
    assert list(cohort.frame[known]) == ["examined", "not_examined"]


def test_the_dead_are_among_the_diagnosed_but_not_among_the_living():
    extract = make_extract(patients=[person(death_date="2024-12-31"), person("q")])
    assert len(diagnosed_by_workup(extract, first_year=2024).frame) == 2
    assert len(living_by_workup(extract).frame) == 1


def test_of_a_course_and_of_the_years_from_the_first_on():
    people = [person(), person("q", onset_course="ppms"), person("r", diagnosis_date="2023-12-31")]
    extract = make_extract(patients=people)
    assert len(diagnosed_by_workup(extract, first_year=2024, course="rrms").frame) == 1
    assert len(diagnosed_by_workup(extract, first_year=2023, course="rrms").frame) == 2


def test_who_is_left_out_is_counted_under_the_choice_that_does_it():
    cohort = chosen({}, {"onset_course": "ppms"}, {"mri_at_diagnosis": None}, course="rrms",
                    known="mri")  # fmt: skip
    steps = dict(zip(cohort.exclusions["step"], cohort.exclusions["n"], strict=True))
    assert (steps["not_course rrms"], steps["not_known mri"]) == (1, 1)
