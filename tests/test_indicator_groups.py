"""Times to treatment, EDSS by group and registration activity: invented persons."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audited import released_as_one
from indicator_cohorts import definition, person, placed, registry
from msanalysis import codes
from msanalysis.cohorts import (
    first_treatments,
    indicator_persons,
    indicator_years,
    living,
    persons_by_edss_measured,
    persons_by_last_edss,
    registered,
    registrations,
    times_to_treatment,
)
from msanalysis.release import release
from msanalysis.stats import (
    count_indicator_populations,
    count_patients_by_trust,
    count_registrations,
    estimate_change,
    estimate_coverage,
    estimate_indicators,
    estimate_indicators_by,
    estimate_quantiles,
    estimate_shares,
    estimate_shares_by,
)
from persons import make_cohort

LONG_AGO = {"onset_date": "2000-03-01", "referral_date": None, "diagnosis_date": "2004-03-15"}


def treated(id: str, start: str, stop: str | None = None) -> dict:
    return {"patient_id": id, "substance": "rituximab", "start_date": start, "stop_date": stop}


# --- from onset to treatment ----------------------------------------------------------------------


def days(*persons: dict, course: str | None = None, **tables) -> pd.DataFrame:
    return times_to_treatment(registry(*persons, **tables), course=course).frame


def test_days_from_onset_to_referral_to_diagnosis_to_treatment():
    frame = days(person(1), treatments=[treated("1", "2024-03-25")])
    times = frame[[name for name in frame if name.endswith("_days")]]
    assert times.iloc[0].tolist() == [366, 14, 10]


def test_a_treatment_begun_before_the_diagnosis_took_no_days():
    frame = days(person(1), treatments=[treated("1", "2024-02-01")])
    assert frame["diagnosis_to_treatment_days"].tolist() == [0]


def test_what_ended_before_the_diagnosis_is_not_the_first_treatment():
    rows = [treated("1", "2019-01-01", "2020-01-01"), treated("1", "2024-04-14")]
    assert days(person(1), treatments=rows)["diagnosis_to_treatment_days"].tolist() == [30]


def test_an_unknown_referral_and_a_treatment_not_begun_have_no_days():
    frame = days(person(1, referral_date=None))
    assert frame["referral_to_diagnosis_days"].isna().all()
    assert frame["diagnosis_to_treatment_days"].isna().all()


@pytest.mark.parametrize(
    ("known", "course"),
    [({"diagnosis_date": "2023-12-31"}, None), ({"onset_course": "ppms"}, "rrms")],
)
def test_another_year_or_course_is_not_among_them(known, course):
    assert len(days(person(1, **known), person(2), course=course)) == 1


def test_the_times_are_known_of_those_in_the_denominator_of_the_indicator():
    persons = [person(n, referral_date=None if n < 3 else "2024-03-01") for n in range(9)]
    extract = registry(*persons, treatments=[treated("5", "2024-04-01")])
    states = indicator_persons(extract, codes.indicators())
    table = estimate_indicators(states, definitions=codes.indicators(), year=2024).frame
    asked = table[(table["unit"] == "norway") & (table["year"] == "2024")]
    asked = asked.set_index("indicator")["denominator"]
    times = times_to_treatment(extract, course="rrms")
    for column, indicator in {
        "referral_to_diagnosis_days": "referral_to_diagnosis_28d",
        "diagnosis_to_treatment_days": "early_high_efficacy",
    }.items():
        known = estimate_quantiles(times, column=column).frame.set_index("stratum")["n"]
        assert known["all"] == asked[indicator]


def test_a_treatment_was_started_or_there_is_a_period_without_or_nothing_is_known():
    started, none = treated("1", "2024-04-01"), {"patient_id": "2", "start_date": "2024-03-20"}
    tables = {"treatments": [started], "untreated_periods": [{**none, "reason": "pregnancy"}]}
    frame = days(person(1), person(2), person(3), **tables)
    assert frame["treatment_start"].tolist() == ["started", "none", "unknown"]


def test_drugs_that_are_not_named_are_one_level_of_first_treatments():
    drugs = {"1": "rituximab", "2": "natalizumab", "3": "teriflunomide"}
    rows = [{**treated(id, "2024-04-01"), "substance": drug} for id, drug in drugs.items()]
    extract = registry(*(person(n) for n in range(1, 5)), treatments=rows)
    found = first_treatments(extract, course="rrms", named=["rituximab", "cladribine"])
    shares = estimate_shares(found, column="first_treatment").frame.set_index("level")["n"]
    assert shares.to_dict() == {"all": 3, "rituximab": 1, "cladribine": 0, "other": 2}


def test_the_first_treatments_are_of_those_in_the_denominator_of_the_indicator():
    extract = registry(person(1), person(2), treatments=[treated("1", "2024-04-01")])
    states = indicator_persons(extract, codes.named(["early_high_efficacy"]))
    first = first_treatments(extract, course="rrms", named=["rituximab"])
    base, box = states.asked["early_high_efficacy 2024"]
    assert (first.base, first.fixed) == (base, box)


# --- EDSS -----------------------------------------------------------------------------------------


def edss(id: str, day: str, score: float = 2.0, during_relapse: bool = False) -> dict:
    return {
        "patient_id": id, "measured_date": day, "score": score, "during_relapse": during_relapse,
        "registered_date": day,
    }  # fmt: skip


def last_edss(*rows: dict, **known) -> list:
    extract = registry(person(1, birth_date="1984-06-15", **known), edss=list(rows))
    frame = persons_by_last_edss(extract, first_day="2018-01-01").frame
    return frame[["age_at_edss", "last_edss"]].values.tolist()


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([edss("1", "2020-01-01", 3.5)], [["age 30-39", "edss_2_3"]]),
        ([edss("1", "2017-12-31")], []),
        ([edss("1", "2018-01-01")], [["age 30-39", "edss_2_3"]]),
        ([edss("1", "2020-01-01", 1.0), edss("1", "2021-01-01", 6.5, True)],
         [["age 30-39", "edss_0_1"]]),
        ([edss("1", "2025-01-01", 6.0), edss("1", "2020-01-01", 1.0)], [["age 40-49", "edss_6"]]),
        ([edss("1", "2020-01-01", 7.0), edss("1", "2020-01-01", 1.0)],
         [["age 30-39", "edss_7_9"]]),
    ],
)  # fmt: skip
def test_the_last_edss_since_a_day_outside_relapses_and_the_age_then(rows, expected):
    assert last_edss(*rows) == expected


def test_edss_measured_by_age_treatment_and_time_since_the_diagnosis():
    extract = registry(
        person(1, birth_date="1950-01-01", **LONG_AGO),
        person(2, birth_date="1990-01-01"),
        person(3, birth_date="1990-01-01", death_date="2024-06-01"),
        treatments=[treated("1", "2020-05-01")],
        untreated_periods=[{"patient_id": "2", "start_date": "2024-05-01", "stop_date": None,
                            "reason": "patient_choice"}],
        edss=[edss("1", "2024-05-01")],
    )  # fmt: skip
    frame = persons_by_edss_measured(extract).frame
    groups = frame[["age_group", "treatment_class", "diagnosed_for", "edss_measured 2024"]]
    assert groups.values.tolist() == [
        ["age_from 70", "anti_cd20_or_natalizumab", "for_years_from 20", "met"],
        ["age 30-39", "none", "for_years_under 1", "not_met"],
    ]


def test_every_treatment_group_has_a_class():
    cohort = persons_by_edss_measured(
        registry(
            *(person(n, birth_date="1980-01-01") for n, _ in enumerate(codes.substances())),
            treatments=[
                treated(str(n), "2024-05-01") | {"substance": substance}
                for n, substance in enumerate(codes.substances())
            ],
        )
    )
    assert cohort.frame["treatment_class"].notna().all()


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from(["met", "not_met", "left_out", None])),
        max_size=30,
    )
)
def test_groups_add_up_to_all_and_an_empty_one_has_no_share(rows):
    frame = pd.DataFrame(rows, columns=["group", "edss_measured 2024"], dtype=object)
    frame["group"] = pd.Categorical(frame["group"], categories=list("abc"))
    table = estimate_indicators_by(
        make_cohort(frame), definitions=definition("edss_measured"), by="group"
    ).frame.set_index("stratum")
    groups = table.drop(index="all")
    assert list(groups.index) == list("abc")
    for count in ("numerator", "denominator"):
        assert groups[count].sum() == table.loc["all", count]
    assert (table["share"].isna() == (table["denominator"] == 0)).all()


# --- by year of diagnosis -------------------------------------------------------------------------


def test_each_year_of_diagnosis_has_its_share_by_sex():
    extract = registry(
        person(1, sex="female", diagnosis_date="2001-05-01", onset_date="2000-05-01"),
        person(2, sex="male", diagnosis_date="2001-05-01", onset_date="1990-05-01"),
        person(3, sex="male"),
    )
    onset = definition("onset_to_diagnosis_24m")
    years = indicator_years(extract, onset, first_year=2001)
    table = estimate_indicators_by(years, definitions=onset, by="sex").frame
    counts = table.set_index(["year", "stratum"])[["numerator", "denominator"]]
    assert counts.loc[("2001", "female")].tolist() == [1, 1]
    assert counts.loc[("2001", "male")].tolist() == [0, 1]
    assert counts.loc[("2001", "all")].tolist() == [1, 2]
    assert counts.loc[("2024", "all")].tolist() == [1, 1]
    assert table["year"].nunique() == 24


# --- registration ---------------------------------------------------------------------------------


def visit(id: str, day: str, registered_on: str) -> dict:
    return {"patient_id": id, "visit_date": day, "registered_date": registered_on}


def test_registration_counts_each_person_once_in_the_quarter_of_the_entry():
    extract = registry(
        person(1, included_date="2024-02-01"),
        person(2, included_date="2017-05-01", **LONG_AGO),
        person(3, included_date=None),
        visits=[
            visit("1", "2023-12-30", "2024-01-02"),
            visit("1", "2024-03-01", "2024-03-31"),
            visit("2", "2024-03-31", "2024-04-01"),
            visit("3", "2024-03-01", "2024-03-01"),
        ],
    )
    table = count_registrations(registrations(extract, first_year=2024)).frame
    assert table.values.tolist() == [
        ["2024-Q1", 1, 1], ["2024-Q2", 0, 1], ["2024-Q3", 0, 0], ["2024-Q4", 0, 0],
    ]  # fmt: skip


# --- units ----------------------------------------------------------------------------------------


def test_a_trust_that_is_absent_from_the_extract_has_a_row_of_zeros_and_no_share():
    cohort = indicator_persons(registry(person(1)), codes.indicators())
    table = estimate_indicators(cohort, definitions=codes.indicators(), year=2024).frame
    absent = table[(table["unit"] == "bergen") & (table["year"] == "2024")]
    assert len(absent) == 8
    assert (absent["denominator"] == 0).all()
    assert absent[["share", "lower", "upper", "attainment"]].isna().all(axis=None)


def test_a_trust_that_the_code_list_lacks_counts_in_the_nation_and_stands_as_missing():
    new = registry(person(1), person(2, residence_hf="a_merged_trust"))
    onset = definition("onset_to_diagnosis_24m")
    table = estimate_indicators(indicator_persons(new, onset), definitions=onset, year=2024).frame
    counted = table[table["year"] == "2024"].set_index(["level", "unit"])["denominator"]
    assert counted["nation", "norway"] == 2
    assert counted["trust", "forde"] == counted["trust", "missing"] == 1
    patients = count_patients_by_trust(registered(new), year="2024").frame.set_index("trust")
    assert patients.loc["missing", "newly_diagnosed"] == 1
    assert "a_merged_trust" not in patients.index


# --- the gate: the indicators and the tables of patients count the same persons -------------------

LIVING = {**dict.fromkeys(codes.trusts(), 40), "unn": 30, "finnmark": 3, "nordland": 7}


@pytest.fixture(scope="module")
def extract():
    trusts = [trust for trust, n in LIVING.items() for _ in range(n)]
    return registry(
        *(
            person(n, residence_hf=trust, onset_course="rrms" if n % 10 else "ppms", **LONG_AGO)
            for n, trust in enumerate(trusts)
        )
    )


def test_who_has_a_course_is_one_count_in_indicators_and_in_tables_of_patients(extract):
    """Of a trust's 40 living 4 are hidden as PPMS; the 36 with RRMS would give them back."""
    status = definition("treatment_status_updated")
    persons = indicator_persons(extract, status)
    shares = estimate_indicators(persons, definitions=status, year=2024)
    by_course = estimate_shares_by(living(extract), column="onset_course", by="residence_hf")
    shares, courses = (each.frame for each in released_as_one([shares, by_course]))
    alone = release(estimate_indicators(persons, definitions=status, year=2024)).frame
    place = ("trust", "forde", "2024")
    keys = ["level", "unit", "year"]
    assert alone.set_index(keys).loc[place, "denominator"] == 36
    forde = courses[courses["stratum"] == "forde"].set_index("level")["n"]
    assert pd.isna(forde["ppms"])
    shown = (forde["all"], shares.set_index(keys).loc[place, "denominator"])
    assert any(pd.isna(count) for count in shown)


def test_populations_that_are_one_number_in_two_tables_are_hidden_together(extract):
    definitions = codes.named(["edss_measured", "treatment_status_updated"])
    persons = indicator_persons(extract, definitions)
    released = released_as_one(
        [
            estimate_indicators(persons, definitions=definitions, year=2024),
            count_indicator_populations(persons, definitions=definitions, year=2024),
            estimate_coverage(
                persons,
                definitions=definition("coverage_total"),
                expected={"coverage_total": dict.fromkeys(codes.trusts(), 50.0)},
                year=2024,
            ),
        ]
    )
    keys = ["indicator", "unit", "year"]
    first, second = (each.frame.set_index(keys)["denominator"] for each in released[:2])
    both = first.to_frame("first").join(second.rename("second"), how="inner")
    assert both["first"].isna().sum() > 1
    assert (both["first"].isna() == both["second"].isna()).all()


def test_what_is_hidden_of_the_year_before_is_hidden_in_the_change_too():
    counts = {**dict.fromkeys(codes.trusts(), 40), "finnmark": 3, "bergen": 44}
    trusts = [trust for trust, n in counts.items() for _ in range(n)]
    states = (["met", "not_met"] * len(trusts))[: len(trusts)]
    years = {f"edss_measured {year}": states for year in (2023, 2024)}
    cohort = make_cohort(placed(trusts, **years))
    of = {"definitions": definition("edss_measured"), "year": 2024}
    shares, change = released_as_one(
        [estimate_indicators(cohort, **of), estimate_change(cohort, **of)]
    )
    before = shares.frame[shares.frame["year"] == "2023"].set_index("unit")
    change = change.frame.set_index("unit")
    assert before["denominator"].isna().sum() > 1
    for count in ("numerator", "denominator"):
        assert (before[count].isna() == change[f"{count}_before"].isna()).all()
