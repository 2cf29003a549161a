"""The populations: time zero, end of follow-up and exclusions, one invented person a rule."""

import pytest

from msanalysis.cohorts import (
    persons_from_onset,
    persons_observed_from_onset,
    rituximab_starters,
    rituximab_switchers,
)
from msanalysis.stats import estimate_median_survival, estimate_shares
from persons import make_extract

PERSON = {
    "patient_id": "p1",
    "sex": "female",
    "birth_date": "1980-01-01",
    "diagnosis_code": "G35",
    "onset_course": "rrms",
    "onset_date": "2010-01-01",
    "diagnosis_date": "2011-01-01",
    "consent_date": "2011-02-01",
    "included_date": "2011-02-01",
    "death_date": None,
    "emigration_date": None,
}


def person(**changes):
    return {**PERSON, **changes}


def drug(substance, start, stop=None, **more):
    return {
        "patient_id": "p1", "substance": substance, "start_date": start, "stop_date": stop, **more
    }  # fmt: skip


def starters(treatments, patient=None, visits=None, **settings):
    extract = make_extract(
        patients=[patient or PERSON],
        treatments=treatments,
        visits=visits or [{"patient_id": "p1", "visit_date": "2020-01-01"}],
    )
    return rituximab_starters(extract, **settings)


def only(cohort):
    assert len(cohort.frame) == 1
    return cohort.frame.iloc[0]


def excluded(cohort):
    return {row.step: row.n for row in cohort.exclusions.itertuples() if row.n}


# --- rituximab ------------------------------------------------------------------------------------


def test_follow_up_ends_at_the_first_start_of_another_substance():
    found = only(
        starters(
            [
                drug("rituximab", "2020-01-01", "2021-01-01"),
                drug("cladribine", "2021-03-01"),
                drug("ofatumumab", "2022-03-01"),
            ]
        )
    )
    assert (found.end_reason, found.switched_to, found.follow_up_days) == (
        "switch",
        "cladribine",
        425,
    )


def test_the_first_rituximab_is_time_zero():
    found = only(
        starters([drug("rituximab", "2022-01-01"), drug("rituximab", "2020-01-01", "2020-06-01")])
    )
    assert (found.end_reason, found.follow_up_days) == ("cutoff", 1961)


def test_another_brand_of_rituximab_is_no_switch():
    found = only(
        starters(
            [
                drug("rituximab", "2020-01-01", "2021-01-01", brand="MabThera"),
                drug("rituximab", "2021-01-01", brand="Rixathon"),
            ]
        )
    )
    assert found.end_reason == "cutoff"


def test_a_treatment_started_before_rituximab_is_no_switch_but_an_earlier_treatment():
    found = only(
        starters([drug("fingolimod", "2015-01-01", "2021-01-01"), drug("rituximab", "2020-01-01")])
    )
    assert (found.end_reason, found.earlier_treatment) == ("cutoff", "treated")


def test_a_treatment_started_on_the_day_of_rituximab_is_neither_switch_nor_earlier():
    found = only(starters([drug("fingolimod", "2020-01-01"), drug("rituximab", "2020-01-01")]))
    assert (found.end_reason, found.earlier_treatment) == ("cutoff", "untreated")


def test_who_stops_without_a_new_treatment_stays_at_risk_in_the_reports_curve():
    found = only(starters([drug("rituximab", "2020-01-01", "2021-01-01")]))
    assert (found.end_reason, found.follow_up_days) == ("cutoff", 1961)


def test_a_stop_is_complete_when_nothing_was_started_for_the_gap():
    found = only(
        starters(
            [drug("rituximab", "2020-01-01", "2021-01-01"), drug("cladribine", "2022-06-01")],
            stop_ends_follow_up=True,
            gap_days=365,
        )
    )
    assert (found.end_reason, found.follow_up_days) == ("stop", 366 + 365)


def test_a_switch_within_the_gap_is_a_switch_not_a_stop():
    found = only(
        starters(
            [drug("rituximab", "2020-01-01", "2021-01-01"), drug("cladribine", "2021-06-01")],
            stop_ends_follow_up=True,
            gap_days=365,
        )
    )
    assert found.end_reason == "switch"


def test_rituximab_resumed_within_the_gap_is_no_stop():
    found = only(
        starters(
            [
                drug("rituximab", "2020-01-01", "2021-01-01"),
                drug("rituximab", "2021-12-01", "2024-12-01"),
            ],
            stop_ends_follow_up=True,
            gap_days=365,
        )
    )
    assert found.end_reason == "cutoff"


def test_an_episode_that_runs_on_hides_the_stop_of_one_inside_it():
    found = only(
        starters(
            [
                drug("rituximab", "2020-01-01"),
                drug("rituximab", "2020-06-01", "2020-12-01"),
            ],
            stop_ends_follow_up=True,
            gap_days=365,
        )
    )
    assert found.end_reason == "cutoff"


@pytest.mark.parametrize(
    ("column", "reason"), [("death_date", "death"), ("emigration_date", "emigration")]
)
def test_death_and_emigration_end_follow_up(column, reason):
    found = only(
        starters([drug("rituximab", "2020-01-01")], patient=person(**{column: "2020-01-11"}))
    )
    assert (found.end_reason, found.follow_up_days) == (reason, 10)


def test_a_switch_on_the_day_of_censoring_counts():
    found = only(
        starters(
            [drug("rituximab", "2020-01-01"), drug("cladribine", "2020-01-11")],
            patient=person(emigration_date="2020-01-11"),
        )
    )
    assert found.end_reason == "switch"


def test_censoring_at_the_last_visit_leaves_out_time_about_which_nothing_is_reported():
    found = only(
        starters(
            [drug("rituximab", "2020-01-01"), drug("cladribine", "2024-01-01")],
            visits=[
                {"patient_id": "p1", "visit_date": "2020-06-01"},
                {"patient_id": "p1", "visit_date": "2021-01-01"},
            ],
            censor_at="last_visit",
        )
    )
    assert (found.end_reason, found.follow_up_days) == ("last_visit", 366)


def test_a_start_on_the_cutoff_has_no_follow_up_and_is_counted_as_excluded():
    cohort = starters([drug("rituximab", "2025-05-15")])
    assert len(cohort.frame) == 0
    assert excluded(cohort) == {"no_follow_up": 1}


def test_who_never_started_rituximab_is_outside_the_population():
    assert len(starters([drug("cladribine", "2020-01-01")]).frame) == 0


def test_age_is_that_on_the_day_of_the_start():
    assert only(starters([drug("rituximab", "2020-01-01")])).age_years == pytest.approx(
        40, abs=0.01
    )


def test_a_transplantation_abroad_is_told_from_one_in_norway():
    extract = make_extract(
        patients=[person(), person(patient_id="p2"), person(patient_id="p3")],
        treatments=[
            drug("rituximab", "2020-01-01"),
            drug("hsct", "2021-01-01", abroad=True),
            {**drug("rituximab", "2020-01-01"), "patient_id": "p2"},
            {**drug("hsct", "2021-01-01", abroad=False), "patient_id": "p2"},
            {**drug("rituximab", "2020-01-01"), "patient_id": "p3"},
            {**drug("hsct", "2021-01-01"), "patient_id": "p3"},
        ],
    )
    places = rituximab_switchers(extract, to="hsct").frame["place"]
    assert list(places.astype(object).fillna("missing")) == ["abroad", "norway", "missing"]


def test_a_place_that_was_not_delivered_is_not_called_norway():
    cohort = starters([drug("rituximab", "2020-01-01"), drug("hsct", "2021-01-01")])
    assert "place" in cohort.not_delivered
    assert estimate_shares(cohort, column="place").frame.empty


def test_switchers_by_the_last_visit_are_those_of_the_same_curve():
    settings = {"censor_at": "last_visit"}
    extract = make_extract(
        patients=[PERSON],
        treatments=[drug("rituximab", "2020-01-01"), drug("hsct", "2024-01-01")],
        visits=[{"patient_id": "p1", "visit_date": "2021-01-01"}],
    )
    assert rituximab_starters(extract, **settings).frame["end_reason"].item() == "last_visit"
    assert rituximab_switchers(extract, **settings).frame.empty


def test_censoring_at_a_visit_needs_visits():
    extract = make_extract(patients=[PERSON], treatments=[drug("rituximab", "2020-01-01")])
    with pytest.raises(ValueError, match=r"needs visits.visit_date, which was not delivered"):
        rituximab_starters(extract, censor_at="last_visit")


def test_switchers_are_those_who_switched():
    extract = make_extract(
        patients=[person(), person(patient_id="p2")],
        treatments=[
            drug("rituximab", "2020-01-01"),
            drug("hsct", "2021-01-01"),
            {**drug("rituximab", "2020-01-01"), "patient_id": "p2"},
        ],
    )
    cohort = rituximab_switchers(extract)
    assert list(cohort.frame["switched_to"]) == ["hsct"]
    assert excluded(cohort) == {"not_switched": 1}


# --- who is in the registry -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "step"),
    [
        ({"included_date": None}, "consented_without_data"),
        ({"diagnosis_date": "2025-01-01"}, "not_diagnosed_by 2024-12-31"),
        ({"diagnosis_date": None}, "not_diagnosed_by 2024-12-31"),
        ({"diagnosis_code": "MOGAD"}, "other_diagnosis"),
        ({"onset_date": None}, "no_onset_date"),
        ({"onset_date": "2025-01-01"}, "no_follow_up"),
        ({"death_date": "2010-01-01"}, "no_follow_up"),
    ],
)
def test_who_is_not_followed_from_onset_and_why(changes, step):
    cohort = persons_from_onset(make_extract(patients=[person(**changes)]))
    assert len(cohort.frame) == 0
    assert excluded(cohort) == {step: 1}


def test_a_criterion_whose_column_was_not_delivered_is_not_applied():
    extract = make_extract(
        patients=[{"patient_id": "p1", "onset_date": "2010-01-01", "death_date": "2011-01-01"}]
    )
    cohort = persons_from_onset(extract)
    assert only(cohort).end_reason == "death"
    assert list(cohort.exclusions["step"]) == ["no_onset_date", "no_follow_up"]
    assert cohort.not_delivered == ("sex", "onset_course")


def observed(*patients, least_at_risk=1):
    return persons_observed_from_onset(
        make_extract(patients=list(patients)), least_at_risk=least_at_risk
    )


# --- from onset -----------------------------------------------------------------------------------


def test_a_death_after_the_status_date_is_not_yet_one():
    found = only(persons_from_onset(make_extract(patients=[person(death_date="2025-02-01")])))
    assert (found.end_reason, found.follow_up_days) == ("status_date", 5478)


def test_delayed_entry_counts_from_consent():
    found = only(observed(PERSON))
    assert (found.entry_days, found.follow_up_days) == (396, 5478)


def test_delayed_entry_counts_from_the_start_of_the_registry_at_the_earliest():
    patient = person(onset_date="1990-01-01", consent_date="1999-01-01")
    found = only(observed(patient))
    assert found.entry_days == 11 * 365 + 3


@pytest.mark.parametrize(
    ("changes", "step"),
    [
        ({"consent_date": None}, "no_consent_date"),
        ({"death_date": "2011-02-01"}, "never_observed"),
        ({"consent_date": "2025-01-02"}, "never_observed"),
    ],
)
def test_who_was_never_observed_is_dropped_and_counted(changes, step):
    assert excluded(observed(person(**changes), PERSON)) == {step: 1}


def test_without_the_date_of_consent_nobody_is_observed_and_the_attrition_says_why():
    patient = {name: value for name, value in PERSON.items() if name != "consent_date"}
    cohort = observed(patient)
    assert excluded(cohort) == {"consent_date_not_delivered": 1}
    median = estimate_median_survival(cohort, event="death", delayed_entry=True)
    assert median.frame.empty


def test_the_curve_with_delayed_entry_starts_where_enough_are_under_observation():
    early = person(patient_id="early", onset_date="2011-01-22", death_date="2011-02-11")
    late = [person(patient_id=f"late {n}", onset_date="2010-10-24") for n in range(3)]
    cohort = observed(early, *late, least_at_risk=3)
    assert excluded(cohort) == {"left_before_day 100": 1}
    assert set(cohort.frame["entry_days"]) == {100}


def test_where_few_are_ever_observed_together_nobody_is_left():
    assert excluded(observed(PERSON, least_at_risk=2)) == {"never_enough_at_risk 2": 1}


def test_the_attrition_starts_with_all_and_ends_with_the_included():
    extract = make_extract(patients=[person(), person(patient_id="p2", onset_date=None)])
    table = persons_from_onset(extract).attrition.frame
    assert table.iloc[0].to_dict() == {"step": "all", "n": 2}
    assert table.iloc[-1].to_dict() == {"step": "included", "n": 1}
    assert table["n"].iloc[0] == table["n"].iloc[1:].sum()


def test_a_cohort_and_a_result_show_no_numbers():
    cohort = persons_from_onset(make_extract(patients=[PERSON]))
    assert repr(cohort) == (
        "Cohort('persons_from_onset'): release(cohort.attrition) shows who is in it"
    )
    assert "release(result)" in repr(cohort.attrition)
