"""Treatment on a day: which episode counts, and who is in the cohort."""

import pytest

from msanalysis import codes
from msanalysis.cohorts.treatment_status import (
    TREATMENT_GROUPS,
    first_and_last_day,
    treatment_groups_on,
)
from persons import make_extract

PERSON = {"patient_id": "p", "diagnosis_date": "2010-05-01"}
DAY = "2024-12-31"
REGISTERED = {"included_date": "2011-01-01", "diagnosis_code": "G35"}


def treated(substance, start, stop=None):
    return {"patient_id": "p", "substance": substance, "start_date": start, "stop_date": stop}


def untreated(start, stop=None):
    return {"patient_id": "p", "start_date": start, "stop_date": stop, "reason": "other"}


def cohort(treatments=(), periods=(), person=PERSON, days=("2011-01-01", DAY)):
    tables = {
        "patients": [{**person, "emigration_date": person.get("emigration_date")}],
        "treatments": list(treatments),
        "untreated_periods": list(periods),
    }
    return treatment_groups_on(
        make_extract(**{name: rows for name, rows in tables.items() if rows}), dates=days
    )


def status(*args, **kwargs):
    return cohort(*args, **kwargs).frame[DAY].item()


def test_the_groups_are_those_of_the_drugs_and_two_more():
    assert set(TREATMENT_GROUPS) == {*codes.treatment_groups().values(), "none", "unknown"}
    assert len(TREATMENT_GROUPS) == 13


@pytest.mark.parametrize(
    ("stop", "found"),
    [(None, "natalizumab"), ("2025-01-01", "natalizumab"), (DAY, "unknown")],
)
def test_a_treatment_runs_until_its_stop(stop, found):
    assert status([treated("natalizumab", "2020-01-01", stop)]) == found


def test_a_treatment_that_begins_on_the_day_runs():
    assert status([treated("rituximab", DAY)]) == "anti_cd20"


def test_of_two_that_run_the_one_begun_last_counts():
    rows = [treated("natalizumab", "2022-01-01"), treated("fingolimod", "2020-01-01")]
    assert status(rows) == "natalizumab"


def test_a_treatment_given_once_lasts_until_the_next():
    once = treated("cladribine", "2018-01-01", "2018-01-10")
    assert status([once]) == "cladribine"
    assert status([once, treated("fingolimod", "2020-01-01", "2021-01-01")]) == "unknown"


def test_a_treatment_given_once_lasts_until_a_period_without():
    once = treated("hsct", "2018-01-01")
    assert status([once], [untreated("2020-01-01")]) == "none"
    assert status([once], [untreated("2017-01-01")]) == "hsct"


def test_a_running_treatment_counts_before_a_running_period_without():
    assert status([treated("teriflunomide", "2018-01-01")], [untreated("2020-01-01")]) == (
        "teriflunomide"
    )


def test_without_any_report_the_status_is_unknown():
    assert status() == "unknown"
    assert status([], [untreated("2018-01-01", "2020-01-01")]) == "unknown"


@pytest.mark.parametrize(
    ("gone", "found"),
    [
        ({"death_date": DAY}, "dead"),
        ({"death_date": "2025-01-01"}, "anti_cd20"),
        ({"emigration_date": "2020-01-01"}, "emigrated"),
        ({"emigration_date": "2020-01-01", "death_date": "2022-01-01"}, "dead"),
    ],
)
def test_death_and_emigration_are_states(gone, found):
    assert status([treated("rituximab", "2018-01-01")], person={**PERSON, **gone}) == found


@pytest.mark.parametrize(
    ("person", "step"),
    [
        ({"diagnosis_date": "2024-01-01"}, "diagnosed_from 2024-01-01"),
        ({"diagnosis_date": "2010-01-01", "death_date": "2023-05-05"}, "dead_by 2024-01-01"),
        ({"diagnosis_date": "2010-01-01", "emigration_date": "2024-01-01"}, "emigrated_by "),
        ({"diagnosis_date": "2025-01-01"}, "not_diagnosed_by 2024-12-31"),
        ({"included_date": None}, "consented_without_data"),
    ],
)
def test_who_is_not_compared_is_counted(person, step):
    found = cohort(person={**PERSON, **REGISTERED, **person}, days=first_and_last_day(2024))
    left_out = found.exclusions[found.exclusions["n"] == 1]["step"].item()
    assert left_out.startswith(step)
    assert found.frame.empty


@pytest.mark.parametrize("days", [[DAY], ["2024-12-31", "2024-01-01"], [DAY, DAY]])
def test_days_out_of_order_are_refused(days):
    with pytest.raises(ValueError, match="each later than the one before"):
        cohort(days=days)
