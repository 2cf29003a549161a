"""Each rule of plausibility and consistency: one person who breaks it, one who keeps it."""

import pytest

from msanalysis import codes, schema
from msanalysis.cohorts import persons_by_rule
from msanalysis.cohorts.quality_rules import FUNCTIONS
from msanalysis.labels import LANGUAGES, word
from msanalysis.release import release
from msanalysis.stats import count_broken_rules
from persons import make_extract

RULES = codes.quality_rules()
ALIVE = {"death_date": None}
DEAD = {"death_date": "2020-06-01"}


def patient(who, **known):
    return {"patient_id": who, **known}


def patients(breaks, keeps, *others):
    """Return the persons who break and keep a rule; of the others nothing is judged."""
    several = [patient("breaks", **breaks), patient("keeps", **keeps)]
    several += [patient(f"other{n}", **each) for n, each in enumerate(others)]
    return {"patients": several}


def events(table, breaks, keeps, *, of=None, of_keeps=None):
    """Return the rows of a table that two persons have, who are otherwise `of` (`of_keeps`)."""
    rows = [{"patient_id": "breaks", **each} for each in breaks]
    rows += [{"patient_id": "keeps", **each} for each in keeps]
    persons = patients(of or {}, of_keeps if of_keeps is not None else of or {}, of or {})
    return {table: rows, **persons}


def after_death(table, day, **more):
    return events(table, [{day: "2020-06-02", **more}], [{day: "2020-06-01", **more}], of=DEAD)


def treatment(start, stop, substance="rituximab", **more):
    return {"substance": substance, "start_date": start, "stop_date": stop, **more}


def score(day, value, in_relapse=False):
    return {"measured_date": day, "score": value, "during_relapse": in_relapse}


BORN = {"birth_date": "1980-05-20"}
TWO_PERSONS = {
    "onset_before_age_10": patients(
        {**BORN, "onset_date": "1990-05-19"}, {**BORN, "onset_date": "1990-05-20"}, BORN
    ),
    "onset_after_age_70": patients(
        {"birth_date": "1940-05-20", "onset_date": "2010-05-20"},
        {"birth_date": "1940-05-20", "onset_date": "2010-05-19"},
        {"onset_date": "2010-01-01"},
    ),
    "living_above_age_100": patients(
        {"birth_date": "1924-12-30", **ALIVE},
        {"birth_date": "1924-12-31", **ALIVE},
        {"birth_date": "1900-01-01", **DEAD},
    ),
    "diagnosis_before_onset": patients(
        {"onset_date": "2010-05-15", "onset_precision": "day", "diagnosis_date": "2010-05-14"},
        {"onset_date": "2010-05-15", "onset_precision": "month", "diagnosis_date": "2010-05-01"},
        {"diagnosis_date": "2010-05-14"},
    ),
    "referral_before_onset": patients(
        {"onset_date": "2010-07-01", "onset_precision": "year", "referral_date": "2009-12-31"},
        {"onset_date": "2010-07-01", "onset_precision": "year", "referral_date": "2010-01-01"},
        {"onset_date": "2010-07-01"},
    ),
    "referral_after_diagnosis": patients(
        {"referral_date": "2010-05-02", "diagnosis_date": "2010-05-01"},
        {"referral_date": "2010-05-01", "diagnosis_date": "2010-05-01"},
        {"diagnosis_date": "2010-05-01"},
    ),
    "progression_before_onset": patients(
        {"onset_date": "2010-05-15", "onset_precision": "month", "spms_date": "2010-04-30"},
        {"onset_date": "2010-05-15", "onset_precision": "month", "spms_date": "2010-05-01"},
        {"onset_date": "2010-05-15"},
    ),
    "data_before_consent": patients(
        {"consent_date": "2010-05-02", "included_date": "2010-05-01"},
        {"consent_date": "2010-05-02", "included_date": "2010-05-02"},
        {"included_date": "2010-05-02"},
    ),
    "diagnosis_after_death": patients(
        {"diagnosis_date": "2020-06-02", **DEAD},
        {"diagnosis_date": "2020-06-01", **DEAD},
        {"diagnosis_date": "2020-06-01", **ALIVE},
    ),
    "progression_of_ppms": patients(
        {"onset_course": "ppms", "spms_date": "2010-05-02"},
        {"onset_course": "ppms", "spms_date": None},
        {"onset_course": "rrms", "spms_date": "2010-05-02"},
    ),
    "bands_without_fluid": patients(
        {"csf_examined": False, "oligoclonal_bands": "absent"},
        {"csf_examined": False, "oligoclonal_bands": "unknown"},
        {"csf_examined": True, "oligoclonal_bands": "present"},
        {"csf_examined": None, "oligoclonal_bands": "present"},
    ),
    "referral_declared_unknown": patients(
        {"referral_known": False, "referral_date": "2020-01-01"},
        {"referral_known": False, "referral_date": None},
        {"referral_known": None, "referral_date": "2020-01-01"},
    ),
    "course_unknown_for_5_years": patients(
        {"onset_course": None, "diagnosis_date": "2019-12-31"},
        {"onset_course": "rrms", "diagnosis_date": "2019-12-31"},
        {"onset_course": "unknown", "diagnosis_date": "2020-01-01"},
    ),
    "visit_after_death": after_death("visits", "visit_date"),
    "edss_after_death": after_death("edss", "measured_date", score=3.0),
    "treatment_after_death": after_death("treatments", "start_date", substance="rituximab"),
    "answer_after_death": after_death("prom", "answered_date"),
    "treatment_open_at_death": events(
        "treatments",
        [treatment("2019-01-01", None)],
        [treatment("2019-01-01", "2020-06-01"), treatment("2018-01-01", None, "cladribine")],
        of=DEAD,
    ),
    "visit_registered_before": events(
        "visits",
        [{"visit_date": "2024-05-02", "registered_date": "2024-05-01"}],
        [{"visit_date": "2024-05-02", "registered_date": "2024-05-02"}],
    ),
    "visit_registered_late": events(
        "visits",
        [{"visit_date": "2020-05-02", "registered_date": "2022-05-03"}],
        [{"visit_date": "2020-05-02", "registered_date": "2022-05-02"}],
    ),
    "no_visit_for_3_years": {
        **events(
            "visits",
            [{"visit_date": "2021-12-31"}, {"visit_date": "2025-01-01"}],
            [{"visit_date": "2022-01-01"}],
            of={"diagnosis_date": "2010-01-01", **ALIVE},
        ),
        "patients": [
            patient("breaks", diagnosis_date="2021-12-31", **ALIVE),
            patient("keeps", diagnosis_date="2010-01-01", **ALIVE),
            patient("dead", diagnosis_date="2010-01-01", **DEAD),
            patient("new", diagnosis_date="2022-01-01", **ALIVE),
        ],
    },
    "edss_10_of_the_living": events(
        "edss",
        [score("2020-01-01", 10.0)],
        [score("2020-05-10", 10.0), score("2019-01-01", 9.5)],
        of=ALIVE,
        of_keeps=DEAD,
    ),
    "edss_twice_a_day": events(
        "edss",
        [score("2020-01-01", 3.0), score("2020-01-01", 3.5)],
        [score("2020-01-01", 3.0), score("2020-01-01", 3.0), score("2020-01-02", 3.5)],
    ),
    "edss_fall_of_3": events(
        "edss",
        [score("2020-01-01", 6.0), score("2020-12-31", 3.0)],
        [
            score("2018-01-01", 6.0), score("2020-01-01", 2.0),
            score("2020-02-01", 7.0, in_relapse=True), score("2020-03-01", 2.0),
        ],
    ),
    "jcv_index_and_result": events(
        "jcv_tests",
        [{"sample_date": "2020-01-01", "result": "negative", "index_value": 0.41,
          "assay": "stratify"}],
        [{"sample_date": "2020-01-01", "result": "negative", "index_value": 0.4,
          "assay": "stratify"},
         {"sample_date": "2021-01-01", "result": "negative", "index_value": 2.0,
          "assay": "immunowell"}],
    ),
    "treatment_before_onset": events(
        "treatments",
        [treatment("2010-04-30", None)],
        [treatment("2010-05-01", None)],
        of={"onset_date": "2010-05-15", "onset_precision": "month"},
    ),
    "treatment_before_diagnosis": events(
        "treatments",
        [treatment("2010-01-30", None)],
        [treatment("2010-01-31", None)],
        of={"diagnosis_date": "2010-05-01"},
    ),
    "same_treatment_twice": events(
        "treatments",
        [treatment("2010-01-01", None), treatment("2011-01-01", "2011-06-01")],
        [treatment("2010-01-01", "2011-01-01"), treatment("2011-01-01", None),
         treatment("2010-06-01", None, "natalizumab")],
    ),
    "high_efficacy_overlap": events(
        "treatments",
        [treatment("2010-01-01", "2010-02-02"), treatment("2010-02-01", None, "natalizumab")],
        [treatment("2010-01-01", "2010-02-01"), treatment("2010-02-01", None, "natalizumab"),
         treatment("2010-01-15", None, "cladribine"),
         treatment("2010-01-15", None, "teriflunomide"),
         treatment("2010-03-01", "2010-04-01", "natalizumab")],
    ),
    "treated_while_untreated": {
        **events(
            "treatments",
            [treatment("2010-01-01", None)],
            [treatment("2010-01-01", "2010-03-03"), treatment("2010-01-01", None, "cladribine")],
        ),
        "untreated_periods": [
            {"patient_id": "breaks", "start_date": "2010-02-01", "stop_date": "2010-03-04"},
            {"patient_id": "keeps", "start_date": "2010-02-01", "stop_date": None},
        ],
    },
    "pregnancy_of_men": {
        **events(
            "treatments",
            [treatment("2010-01-01", "2011-01-01", stop_reason="pregnancy")],
            [treatment("2010-01-01", "2011-01-01", stop_reason="adverse_event")],
            of={"sex": "male"},
        ),
        "untreated_periods": [{"patient_id": "other0", "start_date": "2010-01-01", "reason": None}],
    },
    "not_registered_at_home": events(
        "registrations",
        [{"hf": "ous"}, {"hf": "unn"}],
        [{"hf": "ous"}, {"hf": "bergen"}],
        of={"residence_hf": "bergen"},
    ),
}  # fmt: skip


def whole(name, tables):
    """Return the tables with all columns that the rule needs, and everyone in the registry."""
    (rule,) = [each for each in RULES if each["rule"] == name]
    for need in rule["needs"]:
        table, _, column = need.partition(".")
        for row in tables.setdefault(table, [{"patient_id": "nobody"}]):
            row.setdefault(column, None)
    return make_extract(**tables)


def states(name, extract):
    """Return who breaks and keeps a rule; what the persons are called is not in a cohort."""
    rows = FUNCTIONS[name](extract).collect().to_pandas()
    judged = rows[rows["broken"].notna()]
    return judged.groupby("patient_id")["broken"].max().to_dict()


def test_every_rule_has_a_function_words_and_columns_of_the_schema():
    assert {each["rule"] for each in RULES} == set(FUNCTIONS) == set(TWO_PERSONS)
    for each in RULES:
        assert all(word(each[name], lang) for name in ("rule", "severity", "category")
                   for lang in LANGUAGES)  # fmt: skip
        for need in each["needs"]:
            table, _, column = need.partition(".")
            assert schema.TABLES[table].column(column)


@pytest.mark.parametrize("name", TWO_PERSONS)
def test_one_breaks_it_one_keeps_it_and_of_others_nothing_is_said(name):
    assert states(name, whole(name, TWO_PERSONS[name])) == {"breaks": True, "keeps": False}


OF_EVERYONE = [
    each["rule"]
    for each in RULES
    if not {"patients.diagnosis_date", "patients.included_date"} & {*each["needs"]}
]
"""Rules that ask for no date without which a person is not in the registry."""


@pytest.mark.parametrize("name", OF_EVERYONE)
def test_a_rule_counts_persons_of_those_it_can_judge(name):
    (rule,) = [each for each in RULES if each["rule"] == name]
    cohort = persons_by_rule(whole(name, TWO_PERSONS[name]), [rule])
    row = count_broken_rules(cohort, rules=[rule]).frame.iloc[0]
    assert row[["n", "denominator", "share", "applies"]].tolist() == [1, 2, 0.5, "applies"]


def test_events_of_one_person_count_once():
    late = [{"patient_id": "p", "visit_date": f"2020-0{n}-01", "registered_date": "2024-01-01"}
            for n in range(1, 6)]  # fmt: skip
    extract = make_extract(patients=[patient("p", **ALIVE), patient("q", **ALIVE)], visits=late)
    (rule,) = [each for each in RULES if each["rule"] == "visit_registered_late"]
    table = count_broken_rules(persons_by_rule(extract, [rule]), rules=[rule]).frame
    assert table[["n", "denominator", "share"]].iloc[0].tolist() == [1, 1, 1.0]


def test_a_rule_that_cannot_be_judged_says_why():
    extract = make_extract(patients=[patient("p", birth_date=None, onset_date=None)])
    rules = [each for each in RULES if each["rule"] in ("onset_before_age_10", "edss_twice_a_day")]
    table = count_broken_rules(persons_by_rule(extract, rules), rules=rules).frame
    assert table.set_index("rule")["applies"].to_dict() == {
        "onset_before_age_10": "nobody_to_judge",
        "edss_twice_a_day": "columns_not_delivered",
    }
    assert table["share"].isna().all()
    assert table["denominator"].tolist() == [0, 0]


def test_a_rule_without_a_function_is_named():
    unheard_of = {**RULES[0], "rule": "unheard_of"}
    with pytest.raises(ValueError, match=r"quality_rules\.csv: no function for unheard_of"):
        persons_by_rule(make_extract(patients=[patient("p")]), [unheard_of])


def test_that_four_break_a_rule_is_hidden_and_that_none_does_is_shown():
    born = {"birth_date": "1980-01-01"}
    early = [patient(f"e{n}", **born, onset_date="1985-01-01") for n in range(4)]
    late = [patient(f"l{n}", **born, onset_date="2010-01-01") for n in range(20)]
    rules = [each for each in RULES if each["rule"].startswith("onset_")]
    table = release(
        count_broken_rules(persons_by_rule(make_extract(patients=early + late), rules), rules=rules)
    ).frame.set_index("rule")
    assert table.loc["onset_before_age_10", ["n", "share"]].isna().all()
    assert table.loc["onset_after_age_70", "n"] == 0
    assert table["denominator"].tolist() == [24, 24]
