"""The yearly questionnaire: to whom it was sent, whose answer counts, and what stood on the day."""

import pandas as pd
import pytest

from audited import released_as_one
from msanalysis.cohorts import questionnaire_answers, questionnaires_sent
from msanalysis.stats import estimate_boxes, estimate_share_by_each
from persons import make_extract

SCORES = {
    "rand12_physical": 40.0,
    "rand12_mental": 45.0,
    "msis29_physical": 30.0,
    "msis29_psychological": 20.0,
}


def person(id="p", **changes):
    return {
        "patient_id": id,
        "sex": "female",
        "birth_date": "1980-06-01",
        "residence_hf": "bergen",
        "onset_course": "rrms",
        "included_date": "2011-01-01",
        "diagnosis_date": "2010-05-01",
        **changes,
    }


def answer(id="p", day="2024-12-01", **scores):
    return {"patient_id": id, "answered_date": day, **SCORES, **scores}


def mailing(id="p", day="2024-11-25", channel="helsenorge"):
    return {"patient_id": id, "mailed_date": day, "channel": channel}


def extract(*answers, persons=None, mailings=(), **tables):
    given = {"patients": persons or [person()], "prom": answers, "prom_mailings": mailings}
    return make_extract(**{name: list(rows) for name, rows in {**given, **tables}.items() if rows})


def one(**tables):
    return questionnaire_answers(extract(answer(), **tables)).frame.iloc[0]


def excluded(cohort):
    return dict(zip(cohort.exclusions["step"], cohort.exclusions["n"], strict=True))


# --- whose answer counts ------------------------------------------------------------------------


def test_of_two_answers_in_a_year_the_last_counts():
    first, last = answer(day="2024-11-26"), answer(day="2024-12-03", rand12_physical=44.0)
    frame = questionnaire_answers(extract(last, first)).frame
    assert list(frame["rand12_physical"]) == [44.0]


def test_a_complete_answer_counts_before_a_later_incomplete_one():
    later = answer(day="2024-12-03", rand12_mental=None)
    frame = questionnaire_answers(extract(answer(rand12_physical=41.0), later)).frame
    assert list(frame["rand12_physical"]) == [41.0]


def test_an_answer_that_lacks_a_score_is_excluded_and_counted():
    cohort = questionnaire_answers(extract(answer(msis29_physical=None)))
    assert cohort.frame.empty
    assert excluded(cohort)["incomplete_answer"] == 1


def test_an_answer_of_a_person_of_unknown_age_is_excluded_and_counted():
    persons = [person(), person("q", birth_date=None)]
    cohort = questionnaire_answers(extract(answer(), answer("q"), persons=persons))
    assert len(cohort.frame) == 1
    assert excluded(cohort)["incomplete_answer"] == 1


def test_scores_that_were_not_delivered_make_no_answer_incomplete():
    given = {"patient_id": "p", "answered_date": "2024-12-01", "rand12_physical": 40.0}
    cohort = questionnaire_answers(extract(given))
    assert len(cohort.frame) == 1
    assert "msis29_physical" in cohort.not_delivered


def test_answers_of_other_years_are_not_looked_at():
    cohort = questionnaire_answers(extract(answer(day="2023-12-01"), answer(day="2025-01-02")))
    assert cohort.frame.empty


def test_who_is_no_person_of_the_registry_has_no_answer_there():
    persons = [person(included_date=None), person("q", diagnosis_date="2025-01-10")]
    cohort = questionnaire_answers(extract(answer(), answer("q"), persons=persons))
    assert cohort.frame.empty


def test_every_year_means_a_complete_answer_in_each():
    persons = [person(each) for each in "abc"]
    answers = [answer(each, f"{year}-12-01") for each in "ab" for year in (2022, 2023, 2024)]
    answers += [answer("c", "2022-12-01"), answer("c", "2024-12-01")]
    answers[1] |= {"rand12_mental": None}
    cohort = questionnaire_answers(
        extract(*answers, persons=persons), first_year=2022, every_year=True
    )
    assert len(cohort.frame) == 3
    assert cohort.frame["person"].nunique() == 1
    assert sorted(cohort.frame["calendar_years"]) == [0, 1, 2]


def test_a_year_in_which_nobody_answered_leaves_nobody_who_answered_every_year():
    answers = [answer(day="2022-12-01"), answer(day="2024-12-01")]
    cohort = questionnaire_answers(extract(*answers), first_year=2022, every_year=True)
    assert cohort.frame.empty


# --- on the day of answering --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "stop", "status"),
    [
        ("2024-12-01", None, "ongoing"),
        ("2024-12-02", None, "unknown"),
        ("2020-01-01", "2024-12-01", "unknown"),
        ("2020-01-01", "2024-12-02", "ongoing"),
    ],
)
def test_treatment_status_is_that_of_the_day(start, stop, status):
    treatment = {
        "patient_id": "p", "substance": "rituximab", "start_date": start, "stop_date": stop,
    }  # fmt: skip
    assert one(treatments=[treatment])["treatment_status"] == status


def test_a_period_without_treatment_on_the_day_is_none():
    period = {"patient_id": "p", "start_date": "2024-11-30", "stop_date": None, "reason": "other"}
    treatment = {"patient_id": "p", "substance": "rituximab", "start_date": "2024-12-20"}
    assert one(untreated_periods=[period], treatments=[treatment])["treatment_status"] == "none"


def test_each_answer_has_the_treatment_of_its_own_day():
    treatment = {
        "patient_id": "p", "substance": "rituximab", "start_date": "2024-01-01", "stop_date": None,
    }  # fmt: skip
    answers = [answer(day="2023-12-01"), answer(day="2024-12-01")]
    frame = questionnaire_answers(extract(*answers, treatments=[treatment]), first_year=2023).frame
    assert list(frame["treatment_status"]) == ["unknown", "ongoing"]


def test_answers_of_one_age_are_not_parted():
    frame = questionnaire_answers(extract(answer())).frame
    assert frame["age_quartile"].isna().all()


def edss(day, score, during_relapse=False):
    return {
        "patient_id": "p", "measured_date": day, "score": score, "during_relapse": during_relapse,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("measured", "score"),
    [
        ([edss("2024-12-01", 3.0)], 3.0),
        ([edss("2024-12-02", 3.0)], None),
        ([edss("2023-12-02", 3.0)], 3.0),
        ([edss("2023-12-01", 3.0)], None),
        ([edss("2024-05-01", 3.0), edss("2024-06-01", 6.5, during_relapse=True)], 3.0),
        ([edss("2024-05-01", 3.0), edss("2024-06-01", 4.0)], 4.0),
    ],
)
def test_edss_is_the_last_within_a_year_up_to_the_day_and_not_in_a_relapse(measured, score):
    found = one(edss=measured)["edss"]
    assert found == score if score else found != found


def test_quarters_of_age_are_cut_between_whole_years():
    persons = [person(f"p{n}", birth_date=f"{1950 + n}-12-31") for n in range(40)]
    answers = [answer(f"p{n}") for n in range(40)]
    quarters = questionnaire_answers(extract(*answers, persons=persons)).frame["age_quartile"]
    sizes = quarters.value_counts(sort=False)
    assert list(sizes.index) == ["age_under 44", "age 44-53", "age 54-63", "age_from 64"]
    assert sizes.tolist() == [10, 10, 10, 10]


# --- who answers --------------------------------------------------------------------------------


def test_of_those_sent_a_questionnaire_some_are_reached_and_some_answer():
    persons = [person(each) for each in "abcd"]
    mailings = [mailing("a"), mailing("b"), mailing("c", channel=None)]
    cohort = questionnaires_sent(extract(answer("a"), answer("d"), persons=persons,
                                         mailings=mailings))  # fmt: skip
    assert list(cohort.frame["answered"]) == ["yes", "no", "no", "yes"]
    assert list(cohort.frame["reached"]) == ["yes", "yes", "no", "yes"]


def test_two_mailings_of_a_year_are_one_questionnaire():
    mailings = [mailing(channel=None), mailing(day="2024-12-05")]
    cohort = questionnaires_sent(extract(mailings=mailings))
    assert list(cohort.frame["reached"]) == ["yes"]


def test_without_answers_and_mailings_there_is_nobody():
    assert questionnaires_sent(extract()).frame.empty
    assert questionnaire_answers(extract()).frame.empty


def test_few_who_did_not_answer_do_not_follow_from_the_tables_of_mailings_and_of_answers():
    trusts = {"bergen": (40, 30), "ous": (20, 18), "forde": (30, 20)}
    ids = {hf: [f"{hf}{n}" for n in range(n_sent)] for hf, (n_sent, _) in trusts.items()}
    persons = [person(id, residence_hf=hf) for hf in trusts for id in ids[hf]]
    answers = [answer(id) for hf, (_, n) in trusts.items() for id in ids[hf][:n]]
    mailings = [mailing(each["patient_id"]) for each in persons]
    held = extract(*answers, persons=persons, mailings=mailings)
    response, boxes = released_as_one(
        [
            estimate_share_by_each(
                questionnaires_sent(held), column="answered", event="yes", columns=["residence_hf"]
            ),
            estimate_boxes(
                questionnaire_answers(held), scores=["rand12_mental"], by="residence_hf"
            ),
        ]
    )
    of_ous = response.frame.set_index("level").loc["ous"]
    told = [of_ous["n"], boxes.frame.set_index("stratum").loc["ous", "n"]]
    assert pd.isna(of_ous["denominator"]) or all(pd.isna(each) for each in told)


def test_without_mailings_no_share_of_answers_is_told():
    sent = questionnaires_sent(extract(answer()))
    assert "answered" in sent.not_delivered
    result = estimate_share_by_each(sent, column="answered", event="yes", columns=["sex"])
    assert result.frame.empty


def test_without_residence_no_share_by_trust_is_told():
    persons = [{name: each for name, each in person().items() if name != "residence_hf"}]
    sent = questionnaires_sent(extract(answer(), persons=persons, mailings=[mailing()]))
    by_trust = {"column": "answered", "event": "yes", "columns": ["residence_hf"]}
    assert estimate_share_by_each(sent, **by_trust).frame.empty
