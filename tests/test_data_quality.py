"""Completeness, delay of registration, registration by several trusts: invented persons."""

from dataclasses import replace

import nbformat
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.text import Text

from msanalysis import codes, extract, output, schema
from msanalysis.cohorts import (
    last_registrations,
    persons_by_registering_trusts,
    records_by_trust,
    records_by_year,
)
from msanalysis.labels import LANGUAGES, word
from msanalysis.release import POLICY_VARIABLE, release
from msanalysis.run import PROJECT
from msanalysis.stats import (
    estimate_completeness,
    estimate_quantiles,
    estimate_shares,
    estimate_shares_in_each,
)
from msanalysis.synthetic import synthesise
from persons import extract_of, make_extract

VARIABLES = codes.completeness_variables()
BY_NAME = {each["variable"]: each for each in VARIABLES}
KINDS = ["visit_registered", "edss_registered"]


def person(who, trust="ous", **known):
    usual = {"diagnosis_date": "2015-01-01", "included_date": "2015-02-01", "death_date": None}
    return {"patient_id": who, "residence_hf": trust} | usual | known


def completeness_of(variable, cohort_of=records_by_trust, settings=None, **tables):
    """Return n and denominator of one variable by unit, or by year."""
    cohort = cohort_of(make_extract(**tables), [BY_NAME[variable]], **(settings or {}))
    table = estimate_completeness(cohort).frame
    key = "year" if settings else "unit"
    return {row[key]: (row["numerator"], row["denominator"]) for _, row in table.iterrows()}


# --- completeness ---------------------------------------------------------------------------------


def test_variables_are_of_the_schema_and_have_words():
    for each in VARIABLES:
        for name in filter(None, (each["variable"], each["day"])):
            table, _, column = name.partition(".")
            assert schema.TABLES[table].column(column)
        assert all(word(each["variable"], lang) for lang in LANGUAGES)
        codes_of = schema.TABLES[table].column(each["variable"].partition(".")[2]).codes
        assert set(each["missing_codes"]) <= set(codes_of)


def test_a_code_for_unknown_is_no_value():
    courses = ("rrms", "unknown", None, "ppms")
    patients = [person(f"p{n}", onset_course=each) for n, each in enumerate(courses)]
    found = completeness_of("patients.onset_course", patients=patients)
    assert found["norway"] == found["ous"] == (2, 4)
    assert found["bergen"] == (0, 0)


def test_an_onset_known_by_its_year_has_no_month():
    precise = [person(f"p{n}", onset_precision=each) for n, each in enumerate(("day", "year"))]
    assert completeness_of("patients.onset_precision", patients=precise)["norway"] == (1, 2)


def test_only_the_living_of_the_registry_are_asked():
    patients = [
        person("alive", onset_course="rrms"),
        person("died later", onset_course="rrms", death_date="2025-01-01"),
        person("dead", onset_course="rrms", death_date="2024-12-31"),
        person("no data", onset_course="rrms", included_date=None),
        person("diagnosed later", onset_course="rrms", diagnosis_date="2025-01-01"),
    ]
    assert completeness_of("patients.onset_course", patients=patients)["norway"] == (2, 2)


def test_the_referral_is_asked_of_those_diagnosed_within_five_years():
    patients = [
        person("recent", diagnosis_date="2019-12-31", referral_date="2019-12-01"),
        person("lacks", diagnosis_date="2024-06-01", referral_date=None),
        person("before", diagnosis_date="2019-12-30", referral_date=None),
    ]
    assert completeness_of("patients.referral_date", patients=patients)["norway"] == (1, 2)


def test_bands_are_asked_of_those_whose_fluid_was_examined():
    examined = [(True, "present"), (True, "unknown"), (False, None), (None, "present")]
    patients = [
        person(f"p{n}", csf_examined=fluid, oligoclonal_bands=bands)
        for n, (fluid, bands) in enumerate(examined)
    ]
    assert completeness_of("patients.oligoclonal_bands", patients=patients)["norway"] == (1, 2)


def test_a_person_has_a_value_of_events_when_every_event_of_the_year_has_it():
    visits = [
        ("a", "2024-01-01", "video"), ("a", "2024-12-31", "video"), ("a", "2023-05-01", None),
        ("b", "2024-01-01", "video"), ("b", "2024-02-01", None),
        ("c", "2025-01-01", "video"),
    ]  # fmt: skip
    tables = {
        "patients": [person("a", "ous"), person("b", "unn"), person("c", "ous")],
        "visits": [dict(zip(("patient_id", "visit_date", "mode"), row, strict=True))
                   for row in visits],
    }  # fmt: skip
    found = completeness_of("visits.mode", **tables)
    assert (found["norway"], found["ous"], found["unn"]) == ((1, 2), (1, 1), (0, 1))
    years = completeness_of("visits.mode", records_by_year, {"first_year": 2022}, **tables)
    assert years == {"2022": (0, 0), "2023": (0, 1), "2024": (1, 2)}


def test_a_stop_stands_in_the_year_in_which_it_was():
    episodes = [
        ("a", "2020-01-01", "2024-03-01", "unknown"),
        ("b", "2020-01-01", "2024-03-01", "pregnancy"),
        ("c", "2024-01-01", None, None),
    ]  # fmt: skip
    names = ("patient_id", "start_date", "stop_date", "stop_reason")
    rows = [dict(zip(names, row, strict=True)) | {"substance": "rituximab"} for row in episodes]
    patients = [person(who) for who in "abc"]
    found = completeness_of("treatments.stop_reason", patients=patients, treatments=rows)
    assert found["norway"] == (1, 2)


def test_by_year_a_person_stands_where_the_first_data_were_entered():
    patients = [
        person("a", onset_course="rrms", included_date="2023-02-01"),
        person("b", onset_course=None, included_date="2024-02-01"),
        person("c", onset_course="rrms", included_date="2010-02-01"),
    ]
    years = completeness_of(
        "patients.onset_course", records_by_year, {"first_year": 2023}, patients=patients
    )
    assert years == {"2023": (1, 1), "2024": (0, 1)}


def test_a_variable_that_was_not_delivered_has_no_row():
    cohort = records_by_trust(make_extract(patients=[person("a", onset_course="rrms")]), VARIABLES)
    found = set(estimate_completeness(cohort).frame["variable"])
    assert "patients.onset_course" in found
    assert not {"patients.onset_symptoms", "visits.mode"} & found


@settings(max_examples=15, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(["ous", "unn", None]),
            st.sampled_from(["rrms", "unknown", None]),
            st.sampled_from(["2022-03-01", "2023-03-01", "2024-03-01"]),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_trusts_and_years_make_up_the_nation(rows):
    patients = [
        person(f"p{n}", trust, onset_course=course, included_date=day)
        for n, (trust, course, day) in enumerate(rows)
    ]
    variable = "patients.onset_course"
    units = completeness_of(variable, patients=patients)
    nation = units.pop("norway")
    years = completeness_of(variable, records_by_year, {"first_year": 2022}, patients=patients)
    for parts in (units, years):
        assert tuple(map(sum, zip(*parts.values(), strict=True))) == nation


def many(n, trust, **known):
    return [person(f"{trust}{number}{known}", trust, **known) for number in range(n)]


def test_a_trust_with_few_persons_is_hidden_with_another_and_small_numerators_are_shown():
    patients = many(3, "ous", onset_course="rrms") + many(30, "unn", onset_course="rrms")
    patients += many(2, "bergen", onset_course="rrms") + many(28, "bergen", onset_course=None)
    patients += many(40, "ahus", onset_course="rrms")
    cohort = records_by_trust(make_extract(patients=patients), [BY_NAME["patients.onset_course"]])
    table = release(estimate_completeness(cohort)).frame.set_index("unit")
    hidden = table.index[table["denominator"].isna()]
    assert "ous" in hidden
    assert len(hidden) > 1
    assert table.loc[hidden, ["numerator", "share"]].isna().all(axis=None)
    assert table.loc["norway", "denominator"] == 103
    if "bergen" not in hidden:
        assert table.loc["bergen", "numerator"] == 2


def test_what_is_missing_of_few_is_not_told_under_a_stricter_policy(monkeypatch):
    patients = many(40, "ous", onset_course="rrms") + many(3, "ous", onset_course=None)
    patients += many(50, "unn", onset_course="rrms")
    cohort = records_by_trust(make_extract(patients=patients), [BY_NAME["patients.onset_course"]])
    monkeypatch.setenv(POLICY_VARIABLE, "strict")
    table = release(estimate_completeness(cohort)).frame.set_index("unit")
    assert pd.isna(table.loc["ous", "numerator"])
    assert pd.isna(table.loc["ous", "share"])


# --- delays ---------------------------------------------------------------------------------------


def visit(who, day, registered):
    return {"patient_id": who, "visit_date": day, "registered_date": registered}


def delays_of(*visits, **more):
    people = dict.fromkeys(each["patient_id"] for each in visits)
    tables = {"patients": [person(who) for who in people], "visits": list(visits)} | more
    return last_registrations(make_extract(**tables))


@pytest.mark.parametrize(
    ("registered", "band"),
    [
        ("2024-05-01", "delay_0_7"), ("2024-04-20", "delay_0_7"), ("2024-05-08", "delay_0_7"),
        ("2024-05-09", "delay_8_30"), ("2024-05-31", "delay_8_30"), ("2024-06-01", "delay_31_90"),
        ("2024-07-31", "delay_91_180"), ("2024-10-28", "delay_91_180"),
        ("2024-10-29", "delay_over_180"),
    ],
)  # fmt: skip
def test_the_band_of_a_visit_of_the_first_of_may(registered, band):
    frame = delays_of(visit("p", "2024-05-01", registered)).frame
    assert frame["visit_registered"].tolist() == [band]


def test_the_last_visit_of_the_year_counts_as_it_was_registered_first():
    frame = delays_of(
        visit("p", "2024-02-01", "2024-12-01"),
        visit("p", "2024-05-01", "2024-05-11"),
        visit("p", "2024-05-01", "2024-05-21"),
        visit("p", "2025-02-01", "2025-02-02"),
    ).frame
    assert frame["visit_delay_days"].tolist() == [10]


def test_who_had_no_visit_in_the_year_has_no_delay():
    cohort = delays_of(visit("p", "2023-12-31", "2024-01-05"), visit("q", "2024-01-01", None))
    assert cohort.frame[["visit_registered", "visit_delay_days"]].isna().all(axis=None)


def test_events_that_were_not_delivered_have_no_bar_and_the_others_stand():
    cohort = delays_of(visit("p", "2024-05-01", "2024-05-02"))
    table = estimate_shares_in_each(cohort, columns=KINDS).frame
    assert set(table["stratum"]) == {"visit_registered"}
    row = table[table["level"] == "delay_0_7"].iloc[0]
    assert row[["n", "denominator", "share"]].tolist() == [1, 1, 1]


def test_without_days_of_registration_the_delay_by_trust_is_a_named_gap():
    extract = make_extract(
        patients=[person("p")], visits=[{"patient_id": "p", "visit_date": "2024-05-01"}]
    )
    cohort = last_registrations(extract)
    assert "visit_delay_days" in cohort.not_delivered
    by_trust = estimate_quantiles(cohort, column="visit_delay_days", by="residence_hf")
    assert release(by_trust).frame["median"].isna().all()


def test_a_band_with_four_persons_is_hidden_with_another():
    days = ["2024-05-02"] * 20 + ["2024-05-20"] * 4 + ["2024-07-01"] * 10
    visits = [visit(f"p{n}", "2024-05-01", day) for n, day in enumerate(days)]
    result = estimate_shares_in_each(delays_of(*visits), columns=["visit_registered"])
    table = release(result).frame.set_index("level")
    assert pd.isna(table.loc["delay_8_30", "n"])
    assert table["n"].isna().sum() >= 2
    assert table.loc["all", "n"] == 34


# --- several trusts -------------------------------------------------------------------------------


def test_a_person_stands_once_whatever_the_number_of_trusts_and_repeats():
    rows = [("a", "ous"), ("a", "ous"), ("b", "ous"), ("b", "unn"), ("b", "ahus")]
    extract = make_extract(
        patients=[person(who) for who in "abc"],
        registrations=[{"patient_id": who, "hf": trust} for who, trust in rows],
    )
    table = estimate_shares(persons_by_registering_trusts(extract), column="registered_by").frame
    counts = table.set_index("level")["n"].to_dict()
    assert counts == {"all": 3, "one_trust": 1, "several_trusts": 1, "missing": 1}


# --- the notebook ---------------------------------------------------------------------------------

PARTS = {
    "without visits, studies and registrations": (
        "visits", "record_validation", "rater_reliability", "registrations",
    ),
    "of patients alone": tuple(name for name in schema.TABLES if name != "patients"),
}  # fmt: skip


@pytest.fixture(scope="module")
def registry():
    return synthesise(100, seed=7)


@pytest.mark.parametrize("absent", PARTS.values(), ids=PARTS)
def test_the_notebook_is_whole_for_a_partial_extract_but_for_named_gaps(
    absent, registry, monkeypatch
):
    held = {name: table for name, table in registry.tables.items() if name not in absent}
    partial, saved = replace(registry, tables=held), {}
    monkeypatch.setattr(output, "save", lambda *_, **given: saved.update(given))
    monkeypatch.setattr(extract, "open_extract", lambda *_, **__: extract_of(partial))
    names = {}
    for cell in nbformat.read(PROJECT / "notebooks" / "data_quality.ipynb", as_version=4).cells:
        if cell.cell_type == "code":
            exec(compile(cell.source, "data_quality", "exec"), names)
    rules = saved["tables"]["quality_rules"].frame
    assert (rules["applies"] == "columns_not_delivered").sum() > 3
    drawn = {id: picture.draw("nb") for id, picture in saved["figures"].items()}
    for id in ("record_agreement", "rater_reliability", "several_trusts"):
        said = [text.get_text() for text in drawn[id].findobj(Text)]
        assert word("not_delivered", "nb") in said
