"""Nobody leaves a cohort uncounted: `all` of each attrition is who the cohort says it begins with.

How many that is, is counted here from the tables themselves, row by row.
"""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msanalysis import cohorts
from msanalysis.codes import completeness_variables, one_off_substances, quality_rules
from msanalysis.cohorts.courses import ONGOING, courses
from msanalysis.cohorts.natalizumab import GAP_DAYS, a_year_earlier
from msanalysis.cohorts.treatment_status import running_treatments
from persons import make_extract

SINCE = date(2018, 1, 1)
CUTOFF = date(2025, 5, 15)
SUBSTANCES = ("natalizumab", "rituximab", "ofatumumab", "cladribine")

days = st.dates(date(2014, 1, 1), CUTOFF)
perhaps = st.none() | days


@st.composite
def patients(draw, number):
    onset = draw(days)
    return {
        "patient_id": f"p{number}",
        "sex": draw(st.sampled_from(["female", "male"])),
        "birth_date": "1980-01-01",
        "residence_hf": "ous",
        "diagnosis_code": draw(st.sampled_from(["G35", "G35", "G35", "NMOSD"])),
        "onset_course": "rrms",
        "onset_date": str(onset),
        "diagnosis_date": _text(draw(perhaps)),
        "consent_date": _text(draw(perhaps)),
        "included_date": _text(draw(perhaps)),
        "death_date": _text(draw(perhaps)),
        "emigration_date": _text(draw(perhaps)),
    }


@st.composite
def episodes(draw, number):
    start = draw(days)
    length = draw(st.none() | st.integers(0, 900))
    stop = None if length is None else min(start + timedelta(days=length), CUTOFF)
    return {
        "patient_id": f"p{number}",
        "substance": draw(st.sampled_from(SUBSTANCES)),
        "start_date": str(start),
        "stop_date": _text(stop),
        "stop_reason": None,
        "registered_date": str(start),
    }


@st.composite
def registries(draw):
    people = range(draw(st.integers(1, 6)))
    many = {"min_size": 1, "max_size": 4}
    return {
        "patients": [draw(patients(number)) for number in people],
        "treatments": [
            row for number in people for row in draw(st.lists(episodes(number), **many))
        ],
        "jcv_tests": [
            {
                "patient_id": f"p{number}",
                "sample_date": str(draw(days)),
                "result": draw(st.sampled_from(["positive", "negative"])),
                "assay": "stratify",
            }
            for number in people
            for _ in range(draw(st.integers(1, 3)))
        ],
        **draw(questionnaires(people)),
    }


@st.composite
def questionnaires(draw, people):
    year = st.dates(date(2023, 10, 1), date(2025, 1, 31))
    who = st.lists(st.tuples(st.sampled_from(people), year), min_size=1, max_size=8)
    score = st.none() | st.just(40.0)
    return {
        "prom_mailings": [
            {"patient_id": f"p{number}", "mailed_date": str(day)} for number, day in draw(who)
        ],
        "prom": [
            {"patient_id": f"p{number}", "answered_date": str(day), "rand12_mental": draw(score)}
            for number, day in draw(who)
        ],
    }


def _text(day):
    return None if day is None else str(day)


def users_of(substance):
    def count(extract, tables):
        rows = extract.table("treatments").collect().to_pandas()
        return rows.loc[rows["substance"] == substance, "patient_id"].nunique()

    return count


def everyone(extract, tables):
    return len(tables["patients"])


def users_in_both_years(extract, tables):
    users = users_of("natalizumab")
    return users(extract, tables) + users(a_year_earlier(extract), tables)


def quarters_tested(extract, tables):
    tests = [
        (row["patient_id"], date.fromisoformat(row["sample_date"])) for row in tables["jcv_tests"]
    ]
    return len({(who, day.year, (day.month - 1) // 3) for who, day in tests if day >= SINCE})


def lasting_courses(extract, tables):
    rows = courses(extract, GAP_DAYS).collect().to_pandas()
    lasting = ~rows["substance"].isin(one_off_substances())
    return int((lasting & (rows["end_date"].dt.date >= SINCE)).sum())


def months_on_natalizumab(extract, tables):
    own = [row for row in tables["treatments"] if row["substance"] == "natalizumab"]
    firsts = [date(year, month, 1) for year in range(2018, 2026) for month in range(1, 13)]
    return len(
        {
            (row["patient_id"], first)
            for row in own
            for first in firsts
            if first <= CUTOFF
            and row["start_date"] <= str(first) < (row["stop_date"] or str(ONGOING))
        }
    )


def questionnaires_of(*years):
    def count(extract, tables):
        rows = [(row["patient_id"], row["mailed_date"]) for row in tables["prom_mailings"]]
        rows += [(row["patient_id"], row["answered_date"]) for row in tables["prom"]]
        return len({(who, day[:4]) for who, day in rows if day[:4] in years})

    return count


def on_ofatumumab(extract, tables):
    running = running_treatments(extract, date(2024, 12, 31)).collect().to_pandas()
    return int((running["substance"] == "ofatumumab").sum())


YEAR = {"dates": ["2024-01-01", "2024-12-31"]}
BEGINS_WITH = {
    "coverage_years": ({"first_year": 2022}, everyone),
    "dead": ({}, everyone),
    "diagnosed_by_workup": ({"first_year": 2020, "known": "bands"}, everyone),
    "first_treatments": ({"course": "rrms", "named": ["rituximab"]}, everyone),
    "jcv_tested": ({"assay": "stratify"}, quarters_tested),
    "last_registrations": ({}, everyone),
    "living": ({}, everyone),
    "living_by_workup": ({"course": "rrms"}, everyone),
    "natalizumab_after_positive_test": ({}, users_of("natalizumab")),
    "natalizumab_after_stop": ({}, users_of("natalizumab")),
    "natalizumab_phases": ({}, lambda *given: 3 * users_of("natalizumab")(*given)),
    "natalizumab_stopped": ({}, users_of("natalizumab")),
    "natalizumab_trials": ({"outcome": "relapse"}, months_on_natalizumab),
    "natalizumab_two_years": ({}, users_in_both_years),
    "natalizumab_users": ({}, users_of("natalizumab")),
    "newly_diagnosed": ({"first_year": 2020}, everyone),
    "ofatumumab_users": ({}, on_ofatumumab),
    "persons_by_edss_measured": ({}, everyone),
    "persons_by_last_edss": ({"first_day": "2018-01-01"}, everyone),
    "persons_by_registering_trusts": ({}, everyone),
    "persons_by_rule": ({"rules": quality_rules()}, everyone),
    "persons_by_onset": ({"first_year": 2016}, everyone),
    "persons_by_treatment": ({}, everyone),
    "persons_from_onset": ({}, everyone),
    "persons_observed_from_onset": ({"least_at_risk": 1}, everyone),
    "questionnaire_answers": (
        {"first_year": 2023, "every_year": True},
        questionnaires_of("2023", "2024"),
    ),
    "questionnaires_sent": ({}, questionnaires_of("2024")),
    "records_by_trust": ({"variables": completeness_variables()}, everyone),
    "records_by_year": ({"variables": completeness_variables(), "first_year": 2023}, everyone),
    "registered": ({}, everyone),
    "registrations": ({"first_year": 2024}, everyone),
    "rituximab_starters": ({}, users_of("rituximab")),
    "rituximab_switchers": ({"to": "cladribine"}, users_of("rituximab")),
    "second_line_by_rules": ({"gaps_days": [90], "overlaps_days": [90]}, everyone),
    "times_to_treatment": ({}, everyone),
    "treatment_groups_on": (YEAR, everyone),
    "treatment_lines": ({"since": "second_line"}, everyone),
    "treatment_series": ({}, lasting_courses),
    "treatments_on": (YEAR, everyone),
}
NO_COHORTS = {
    "expected_by_coverage", "expected_by_year", "expected_patients", "first_and_last_day",
    "inhabitants", "inhabitants_by_age", "published_results", "yearly_inhabitants_by_age",
}  # fmt: skip
# A row for each person and indicator: test_indicators.py counts who is in them.
BY_INDICATOR = {
    "indicator_as_known", "indicator_persons", "indicator_quarters", "indicator_years",
    "indicators_over_years",
}  # fmt: skip
# Of the persons of two extracts, tried in test_extract_changes.py: nobody is excluded.
OF_TWO_EXTRACTS = {"extract_changes"}
# A row for each comparison and rating, not for each person: tried in test_agreement.py.
OF_STUDIES = {"case_ratings", "record_comparisons"}
# Of the patients of one trust, tried in test_local_reports.py.
OF_ONE_TRUST = {"incomplete_records", "of_trust", "registered_events", "registration_delays"}


def test_every_cohort_is_tried():
    tried = set(BEGINS_WITH) | NO_COHORTS | BY_INDICATOR
    tried |= OF_TWO_EXTRACTS | OF_STUDIES | OF_ONE_TRUST
    assert tried == set(cohorts.__all__)


@pytest.mark.parametrize("name", BEGINS_WITH)
@settings(max_examples=8, deadline=None)
@given(tables=registries())
def test_all_are_those_the_cohort_begins_with(name, tables):
    extract = make_extract(**tables)
    asked, count = BEGINS_WITH[name]
    attrition = getattr(cohorts, name)(extract, **asked).attrition.frame
    numbers = dict(zip(attrition["step"], attrition["n"], strict=True))
    assert numbers["all"] == count(extract, tables)
    assert numbers["all"] == numbers["included"] + attrition["n"][1:-1].sum()


@settings(max_examples=30, deadline=None)
@given(tables=registries(), gap_days=st.integers(0, 400))
def test_courses_since_a_day_are_all_that_had_not_ended_by_it(tables, gap_days):
    extract = make_extract(**tables)

    def seen(rows):
        # Of a course that ran on the day, it does not matter when it began.
        start = rows["start_date"].dt.date.clip(lower=SINCE - timedelta(days=1))
        return sorted(
            zip(rows["patient_id"], rows["substance"], start, rows["end_date"], strict=True)
        )

    every = courses(extract, gap_days).collect().to_pandas()
    since = courses(extract, gap_days, since=SINCE).collect().to_pandas()
    assert seen(since) == seen(every[every["end_date"].dt.date >= SINCE])
