"""Who uses natalizumab in a year, who stops, and what follows: invented persons, one rule each."""

import pytest

from msanalysis.cohorts.natalizumab import (
    natalizumab_stopped,
    natalizumab_two_years,
    natalizumab_users,
)
from msanalysis.synthetic import synthesise
from persons import extract_of, make_extract

PERSON = {
    "patient_id": "p1",
    "sex": "female",
    "birth_date": "1980-01-01",
    "diagnosis_code": "G35",
    "diagnosis_date": "2011-01-01",
    "consent_date": "2011-02-01",
    "included_date": "2011-02-01",
    "death_date": None,
    "emigration_date": None,
}


def drug(substance, start, stop=None, **more):
    return {
        "patient_id": "p1", "substance": substance, "start_date": start, "stop_date": stop,
        "stop_reason": None, **more,
    }  # fmt: skip


def natalizumab(start, stop=None, **more):
    return drug("natalizumab", start, stop, **more)


def users(treatments, year=2024, **patient):
    settings = {"gap_days": patient.pop("gap_days")} if "gap_days" in patient else {}
    extract = make_extract(patients=[{**PERSON, **patient}], treatments=treatments)
    return natalizumab_users(extract, year=year, **settings)


def only(cohort):
    assert len(cohort.frame) == 1
    return cohort.frame.iloc[0]


# --- who uses it in the year, and for how long ----------------------------------------------------


def test_who_uses_it_all_year_is_followed_for_all_its_days():
    found = only(users([natalizumab("2020-01-01")]))
    assert (found.follow_up_days, found.end_reason, found.use_began) == (
        366, "year_end", "before_year",
    )  # fmt: skip


def test_who_starts_in_the_year_is_followed_from_the_start():
    found = only(users([natalizumab("2024-12-01")]))
    assert (found.follow_up_days, found.end_reason, found.use_began) == (30, "year_end", "in_year")


def test_a_stop_on_1_january_belongs_to_the_new_year():
    stopped_on_1_january = [natalizumab("2020-01-01", "2024-01-01")]
    found = only(users(stopped_on_1_january))
    assert (found.follow_up_days, found.end_reason) == (1, "stopped")
    assert only(users(stopped_on_1_january, year=2023)).end_reason == "year_end"


@pytest.mark.parametrize("stop", ["2023-12-31", "2010-01-01"])
def test_who_stopped_before_the_year_is_no_user(stop):
    assert users([natalizumab("2009-01-01", stop)]).frame.empty


def test_who_starts_after_the_year_is_no_user():
    assert users([natalizumab("2025-01-01")]).frame.empty


def test_a_year_that_is_not_over_ends_at_the_cutoff():
    found = only(users([natalizumab("2020-01-01")], year=2025))
    assert (found.follow_up_days, found.end_reason) == (135, "cutoff")


@pytest.mark.parametrize(
    ("column", "reason"), [("death_date", "death"), ("emigration_date", "emigration")]
)
def test_death_and_emigration_end_follow_up_and_go_before_a_stop_on_that_day(column, reason):
    found = only(users([natalizumab("2020-01-01", "2024-01-31")], **{column: "2024-01-31"}))
    assert (found.follow_up_days, found.end_reason) == (31, reason)


def test_who_died_before_the_year_is_no_user_of_it():
    assert users([natalizumab("2020-01-01")], death_date="2023-05-01").frame.empty


@pytest.mark.parametrize("year", [1999, 2026])
def test_a_year_outside_the_extract_is_refused(year):
    with pytest.raises(ValueError, match="year must lie from 2001 to 2025"):
        users([natalizumab("2020-01-01")], year=year)


@pytest.mark.parametrize(
    ("treatment", "patient", "step"),
    [
        (("2025-02-01",), {}, "no_use_in 2024"),
        (("2020-01-01", "2023-12-31"), {}, "no_use_in 2024"),
        (("2020-01-01",), {"death_date": "2023-06-01"}, "no_use_in 2024"),
        (("2020-01-01",), {"emigration_date": "2023-06-01"}, "no_use_in 2024"),
        (("2020-01-01",), {"included_date": None}, "consented_without_data"),
    ],
)
def test_who_ever_used_it_but_not_in_the_year_is_counted_under_the_reason(treatment, patient, step):
    attrition = users([natalizumab(*treatment)], **patient).attrition.frame
    numbers = dict(zip(attrition["step"], attrition["n"], strict=True))
    assert (numbers["all"], numbers[step], numbers["included"]) == (1, 1, 0)


# --- what is a stop -------------------------------------------------------------------------------


def test_a_pause_within_the_gap_is_no_stop():
    paused = [natalizumab("2020-01-01", "2024-02-01"), natalizumab("2024-04-01")]
    assert only(users(paused, gap_days=60)).end_reason == "year_end"
    found = only(users(paused, gap_days=59))
    assert (found.end_reason, found.next_group, found.days_to_next) == (
        "stopped", "natalizumab", 60,
    )  # fmt: skip


def test_who_is_in_a_pause_on_1_january_uses_it():
    paused = [natalizumab("2020-01-01", "2023-12-15"), natalizumab("2024-02-01")]
    found = only(users(paused))
    assert (found.use_began, found.follow_up_days, found.end_reason) == (
        "before_year", 366, "year_end",
    )  # fmt: skip


def test_an_episode_inside_another_ends_nothing():
    found = only(users([natalizumab("2020-01-01"), natalizumab("2023-01-01", "2024-03-01")]))
    assert found.end_reason == "year_end"


def test_the_reason_is_that_of_the_episode_that_ended_the_course():
    found = only(
        users(
            [
                natalizumab("2020-01-01", "2024-01-10", stop_reason="pregnancy"),
                natalizumab("2024-02-01", "2024-06-01", stop_reason="jcv_positive"),
            ]
        )
    )
    assert (found.stop_reason, found.end_reason) == ("jcv_positive", "stopped")


def test_in_a_registry_where_everyone_only_changes_brand_nobody_stops_or_switches():
    names = [f"p{number}" for number in range(20)]
    brands = [
        {**episode, "patient_id": name}
        for number, name in enumerate(names)
        for episode in (
            natalizumab("2020-01-01", f"2024-03-{number + 1:02}", brand="Tysabri"),
            natalizumab(f"2024-03-{number + 1:02}", brand="Tyruko"),
        )
    ]
    patients = [{**PERSON, "patient_id": name} for name in names]
    extract = make_extract(patients=patients, treatments=brands)
    cohort = natalizumab_users(extract, gap_days=0)
    assert list(cohort.frame["end_reason"]) == ["year_end"] * 20
    assert cohort.frame["next_group"].isna().all()
    assert natalizumab_stopped(extract, gap_days=0).frame.empty


# --- what follows ---------------------------------------------------------------------------------


def stopped_then(*treatments):
    return only(users([natalizumab("2020-01-01", "2024-03-01"), *treatments]))


def test_the_next_group_is_that_of_the_first_start_after_the_stop():
    found = stopped_then(drug("cladribine", "2024-09-01"), drug("ocrelizumab", "2024-04-01"))
    assert (found.next_group, found.days_to_next) == ("anti_cd20", 31)


def test_a_start_on_the_day_of_the_stop_is_the_next():
    assert stopped_then(drug("rituximab", "2024-03-01")).days_to_next == 0


def test_a_treatment_begun_before_the_stop_that_goes_on_is_the_next():
    found = stopped_then(drug("rituximab", "2024-02-20"))
    assert (found.next_group, found.days_to_next) == ("anti_cd20", 0)


@pytest.mark.parametrize(
    "other",
    [
        drug("rituximab", "2025-03-02"),
        drug("fingolimod", "2023-01-01", "2024-02-01"),
        drug("fingolimod", "2019-01-01"),
    ],
)
def test_what_starts_after_12_months_or_ended_or_began_earlier_is_not_the_next(other):
    assert stopped_then(other).next_group == "no_next_treatment"


def test_of_two_starts_on_one_day_the_first_by_name_is_the_next():
    found = stopped_then(drug("rituximab", "2024-04-01"), drug("cladribine", "2024-04-01"))
    assert found.next_group == "cladribine"


def test_who_has_not_stopped_has_no_next_group():
    found = only(users([natalizumab("2020-01-01"), drug("rituximab", "2024-03-01")]))
    assert found[["next_group", "days_to_next", "stop_reason"]].isna().all()


def test_the_stopped_are_those_who_stopped():
    extract = make_extract(
        patients=[PERSON, {**PERSON, "patient_id": "p2"}],
        treatments=[
            natalizumab("2020-01-01", "2024-03-01"),
            {**natalizumab("2020-01-01"), "patient_id": "p2"},
        ],
    )
    cohort = natalizumab_stopped(extract)
    assert list(cohort.frame["end_reason"]) == ["stopped"]
    assert cohort.exclusions.set_index("step")["n"]["not_stopped"] == 1


# --- two years, seen alike ------------------------------------------------------------------------


def test_both_years_are_seen_with_the_same_delay_of_reporting():
    late = natalizumab("2020-01-01", "2023-11-01", stop_registered_date="2024-06-01")
    in_time = natalizumab("2020-01-01", "2023-11-01", stop_registered_date="2024-05-01")
    extract = make_extract(
        patients=[PERSON, {**PERSON, "patient_id": "p2"}],
        treatments=[late, {**in_time, "patient_id": "p2"}],
    )
    frame = natalizumab_two_years(extract).frame
    before = frame[frame["year"] == "2023"]
    assert sorted(before["end_reason"]) == ["stopped", "year_end"]
    assert frame[frame["year"] == "2024"].empty
    assert len(natalizumab_stopped(extract, year=2023).frame) == 2


def test_a_column_that_was_not_delivered_is_named():
    extract = make_extract(
        patients=[{"patient_id": "p1", "death_date": None, "emigration_date": None}],
        treatments=[{"patient_id": "p1", "substance": "natalizumab", "start_date": "2020-01-01"}],
    )
    cohort = natalizumab_users(extract)
    assert {"stop_reason", "age_years", "sex"} <= set(cohort.not_delivered)
    assert only(cohort).end_reason == "year_end"


# --- the numbers of the report --------------------------------------------------------------------


@pytest.mark.parametrize(("year", "stopped", "to_anti_cd20"), [(2023, 45, 34), (2024, 91, 73)])
def test_the_invented_registry_gives_the_printed_counts(invented, year, stopped, to_anti_cd20):
    frame = natalizumab_stopped(invented, year=year).frame
    assert len(frame) == stopped
    assert (frame["next_group"] == "anti_cd20").sum() == to_anti_cd20


@pytest.fixture(scope="module")
def invented():
    return extract_of(synthesise())
