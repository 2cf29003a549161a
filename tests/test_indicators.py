"""The quality indicators: who is in each denominator and numerator, and how they are counted."""

from datetime import date

import narwhals as nw
import pandas as pd
import pytest

from indicator_cohorts import cohort_of, definition, person, placed, registry
from msanalysis import codes
from msanalysis.cohorts import (
    expected_by_coverage,
    indicator_persons,
    published_results,
    registered,
)
from msanalysis.cohorts.indicators import FUNCTIONS, everyone, had_event, indicator
from msanalysis.core import Provenance
from msanalysis.release import release
from msanalysis.stats import (
    count_attainments,
    count_indicator_populations,
    count_patients_by_trust,
    estimate_coverage,
    estimate_indicators,
    score_goals,
)
from persons import make_cohort


def states(id, extract, update="june", year=2024):
    """Return the state of each person in an indicator."""
    cohort = indicator_persons(extract, definition(id), update=update)
    return [None if pd.isna(state) else state for state in cohort.frame[f"{id} {year}"]]


def state(id, *, update="june", tables=None, **known):
    (of_one,) = states(id, registry(person(1, **known), **(tables or {})), update)
    return of_one


def test_a_region_has_all_its_trusts_though_nobody_lives_in_some_of_them_now():
    """Who lived there a year before is counted in the region then."""
    cohort = indicator_persons(registry(person(1)), definition("edss_measured"), update="june")
    (of,) = cohort.coarser.values()
    assert codes.regions().items() <= of["region"].items()


# --- each indicator -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("onset", "expected"),
    [("2022-03-15", "met"), ("2022-03-14", "not_met"), (None, "not_met"), ("2024-03-15", "met")],
)
def test_24_months_from_onset_to_diagnosis_are_in_time_and_a_day_more_is_not(onset, expected):
    assert state("onset_to_diagnosis_24m", onset_date=onset) == expected


def test_a_leap_day_onset_has_24_months_to_the_end_of_february():
    known = {"onset_date": "2022-02-28", "diagnosis_date": "2024-02-28"}
    assert state("onset_to_diagnosis_24m", **known) == "met"
    assert state("onset_to_diagnosis_24m", **known | {"diagnosis_date": "2024-02-29"}) == "not_met"


@pytest.mark.parametrize(
    ("diagnosis", "expected"),
    [("2023-12-31", 0), ("2024-01-01", 1), ("2024-12-31", 1), ("2025-01-01", 0)],
)
def test_the_newly_diagnosed_are_those_of_the_year(diagnosis, expected):
    extract = registry(person(1, diagnosis_date=diagnosis, onset_date="2023-06-01"))
    assert states("onset_to_diagnosis_24m", extract).count("met") == expected


def test_who_died_after_the_diagnosis_is_still_newly_diagnosed():
    assert state("onset_to_diagnosis_24m", death_date="2024-10-01") == "met"


@pytest.mark.parametrize(
    ("referral", "expected"),
    [("2024-02-16", "met"), ("2024-02-15", "not_met"), (None, "left_out")],
)
def test_an_unknown_referral_is_outside_the_denominator_of_28_days(referral, expected):
    assert state("referral_to_diagnosis_28d", referral_date=referral) == expected


def treated(start, substance="rituximab", **known):
    return {"patient_id": "1", "substance": substance, "start_date": start} | known


def untreated(start, reason, stop=None):
    return {"patient_id": "1", "start_date": start, "stop_date": stop, "reason": reason}


@pytest.mark.parametrize(
    ("start", "expected"),
    [("2024-04-05", "met"), ("2024-04-06", "not_met"), ("2024-03-01", "met"), (None, "not_met")],
)
def test_21_days_to_treatment_are_in_time_and_so_is_a_start_before_the_diagnosis(start, expected):
    tables = {"treatments": [treated(start)]} if start else {}
    assert state("diagnosis_to_treatment_21d", tables=tables) == expected


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("patient_choice", "left_out"),
        ("pregnancy", "left_out"),
        ("rrms_without_indication", "not_met"),
    ],
)
def test_who_did_not_start_in_time_for_a_good_reason_is_left_out(reason, expected):
    tables = {
        "treatments": [treated("2024-06-01")],
        "untreated_periods": [untreated("2024-03-15", reason, "2024-06-01")],
    }
    assert state("diagnosis_to_treatment_21d", tables=tables) == expected


def test_who_started_in_time_counts_whatever_reason_is_registered():
    tables = {
        "treatments": [treated("2024-03-20")],
        "untreated_periods": [untreated("2024-03-15", "pregnancy", "2024-03-20")],
    }
    assert state("diagnosis_to_treatment_21d", tables=tables) == "met"


@pytest.mark.parametrize(
    "period",
    [("2023-01-01", "pregnancy", "2024-03-14"), ("2024-06-02", "patient_choice", None)],
    ids=["over before the diagnosis", "begun after the first treatment"],
)
def test_a_good_reason_at_another_time_is_none(period):
    tables = {"treatments": [treated("2024-06-01")], "untreated_periods": [untreated(*period)]}
    assert state("diagnosis_to_treatment_21d", tables=tables) == "not_met"


@pytest.mark.parametrize("course", ["ppms", "unknown", None])
def test_other_courses_are_in_no_indicator_of_rrms(course):
    tables = {"treatments": [treated("2024-03-20")]}
    for id in ("diagnosis_to_treatment_21d", "early_high_efficacy", "treatment_status_updated"):
        extract = registry(person(1, onset_course=course), person(2), **tables)
        assert states(id, extract)[0] is None


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([treated("2024-04-20", "cladribine")], "met"),
        ([treated("2024-04-20", "interferon_beta_1a")], "not_met"),
        ([treated("2024-04-20", "interferon_beta_1a"), treated("2024-06-20")], "not_met"),
        ([treated("2024-04-20", "interferon_beta_1a"), treated("2024-04-20")], "met"),
        ([treated("2020-01-01", "teriflunomide", stop_date="2021-01-01"),
          treated("2024-04-20")], "met"),
        ([treated("2024-03-01", "siponimod")], "not_met"),
        ([], "left_out"),
    ],
    ids=["high", "moderate", "high later", "both at once", "ended before", "siponimod", "none"],
)  # fmt: skip
def test_the_first_treatment_decides_high_efficacy_and_who_began_none_is_left_out(rows, expected):
    assert state("early_high_efficacy", tables={"treatments": rows}) == expected


def visit(day, updated=True, relapses=None):
    return {
        "patient_id": "1",
        "visit_date": day,
        "treatment_updated": updated,
        "relapses_updated_to": relapses,
    }


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (visit("2024-01-01"), "met"),
        (visit("2024-12-31"), "met"),
        (visit("2023-12-31"), "not_met"),
        (visit("2025-01-01"), "not_met"),
        (visit("2024-05-01", updated=False), "not_met"),
        (visit("2024-05-01", updated=None), "not_met"),
    ],
)
def test_treatment_status_is_updated_at_a_visit_of_the_year(row, expected):
    assert state("treatment_status_updated", tables={"visits": [row]}) == expected


@pytest.mark.parametrize(
    ("known_to", "expected"),
    [("2024-01-01", "met"), ("2025-02-01", "met"), ("2023-12-31", "not_met"), (None, "not_met")],
)
def test_relapses_known_for_a_part_of_the_year_or_beyond_it_are_up_to_date(known_to, expected):
    row = visit("2024-01-01", updated=None, relapses=known_to)
    assert state("relapse_status_updated", tables={"visits": [row]}) == expected


@pytest.mark.parametrize(
    ("death", "expected"), [("2024-12-31", None), ("2025-01-01", "met"), (None, "met")]
)
def test_the_living_are_those_who_had_not_died_by_the_status_date(death, expected):
    measured = {"patient_id": "1", "measured_date": "2024-05-01", "score": 2.0}
    extract = registry(person(1, death_date=death), person(2), edss=[measured])
    assert states("edss_measured", extract) == [expected, "not_met"]


@pytest.mark.parametrize(
    ("update", "day", "expected"),
    [
        ("june", "2023-07-01", "met"),
        ("june", "2024-06-30", "met"),
        ("june", "2024-07-01", "not_met"),
        ("december", "2023-12-31", "not_met"),
        ("december", "2024-12-31", "met"),
    ],
)
def test_mri_is_looked_for_half_a_year_earlier_in_june(update, day, expected):
    tables = {"mri": [{"patient_id": "1", "mri_date": day}]}
    assert state("mri_performed", update=update, tables=tables) == expected


@pytest.mark.parametrize(
    ("diagnosis", "expected"), [("2019-12-31", "not_met"), ("2019-12-30", None)]
)
def test_mri_is_asked_of_those_diagnosed_at_most_five_years_before(diagnosis, expected):
    extract = registry(person(1, diagnosis_date=diagnosis, onset_date="2019-01-01"), person(2))
    assert states("mri_performed", extract)[0] == expected


def test_who_consented_without_data_or_has_another_diagnosis_is_no_person_of_the_registry():
    extract = registry(person(1), person(2, included_date=None), person(3, diagnosis_code="NMOSD"))
    assert states("onset_to_diagnosis_24m", extract) == ["met"]


# --- definitions as data --------------------------------------------------------------------------


def test_there_are_eight_indicators_each_with_a_function_bounds_and_a_title_in_both_languages():
    definitions = codes.indicators()
    assert len(definitions) == 8
    for each in (*definitions, *codes.shown_apart()):
        assert each["function"] in FUNCTIONS
        assert 0 < each["good"] < each["very_good"] < 1
        assert each["title_nb"] != each["title_en"]
    assert {each["id"] for each in codes.coverages()} == {"coverage_total", "coverage_new"}


def test_a_ninth_indicator_costs_one_function_and_one_row():
    @indicator
    def seen_in_person(persons, extract, window):
        """Seen at the hospital in the window, of all."""
        seen = extract.table("visits").filter(nw.col("mode") == "in_person")
        return everyone(persons), had_event(persons, seen, "visit_date", window)

    row = dict(definition("edss_measured")[0]) | {
        "id": "seen_in_person",
        "function": "seen_in_person",
        "needs": ("visits.mode",),
    }
    definitions = (*codes.indicators(), row)
    seen = visit("2024-02-01") | {"mode": "in_person"}
    try:
        cohort = indicator_persons(registry(person(1), person(2), visits=[seen]), definitions)
        table = estimate_indicators(cohort, definitions=definitions, year=2024).frame
        ninth = table[(table["indicator"] == "seen_in_person") & (table["year"] == "2024")]
        counted = ninth.set_index("unit").loc["forde", ["numerator", "denominator"]]
        assert counted.tolist() == [1, 2]
        assert table["indicator"].nunique() == 9
    finally:
        del FUNCTIONS["seen_in_person"]


def test_a_numerator_outside_its_denominator_is_an_error_that_names_the_indicator():
    @indicator
    def wrong_way_round(persons, extract, window):
        """Nobody is asked, everybody meets it."""
        everyone = pd.Series(True, index=persons.index)
        return ~everyone, everyone

    try:
        row = dict(definition("edss_measured")[0]) | {"function": "wrong_way_round"}
        with pytest.raises(ValueError, match="wrong_way_round: someone is in the numerator"):
            indicator_persons(registry(person(1)), [row])
    finally:
        del FUNCTIONS["wrong_way_round"]


@pytest.mark.parametrize("column", ["function", "population", "window"])
def test_a_row_that_names_what_does_not_exist_is_an_error_that_names_row_and_column(column):
    row = dict(definition("edss_measured")[0]) | {column: "unheard_of"}
    with pytest.raises(ValueError, match=rf"row edss_measured, column {column}: expected one of"):
        indicator_persons(registry(person(1)), [row])


def test_an_indicator_whose_columns_were_not_delivered_is_named_and_has_no_rows():
    extract = registry(person(1))
    del extract.frames["edss"]
    cohort = indicator_persons(extract, codes.indicators())
    assert "edss_measured 2024" in cohort.not_delivered
    table = estimate_indicators(cohort, definitions=codes.indicators(), year=2024).frame
    assert table["indicator"].nunique() == 7


# --- the year before ------------------------------------------------------------------------------


def earlier(release, indicator, unit, numerator, denominator, year=2023):
    return {
        "release": release,
        "year": year,
        "indicator": indicator,
        "unit": unit,
        "numerator": numerator,
        "denominator": denominator,
    }


def test_group_1_shows_the_year_before_of_december_and_the_other_groups_that_of_june():
    rows = [
        earlier(release, id, "forde", numerator, 10, year)
        for release, numerator, year in (
            ("june-2024", 3, 2023),
            ("december-2024", 4, 2023),
            ("june-2023", 5, 2022),
            ("june-2025", 6, 2023),
        )
        for id in ("onset_to_diagnosis_24m", "edss_measured")
    ]
    extract = registry(person(1), earlier_results=rows)
    published = published_results(extract, codes.indicators())
    assert published == {
        ("onset_to_diagnosis_24m", "forde"): (4, 10),
        ("edss_measured", "forde"): (3, 10),
    }


def test_published_results_stand_for_the_year_before_and_nothing_is_made_again():
    rows = [earlier("june-2024", "edss_measured", unit, 30, 80) for unit in ("forde", "norway")]
    extract = registry(person(1), earlier_results=rows)
    row = definition("edss_measured")
    cohort = indicator_persons(extract, row)
    assert "edss_measured 2023" not in cohort.frame
    table = estimate_indicators(
        cohort, definitions=row, year=2024, published=published_results(extract, row)
    ).frame
    before = table[table["year"] == "2023"].set_index("unit")
    assert before["numerator"].to_dict() == {"norway": 30, "forde": 30}
    assert before.loc["forde", "share"] == 30 / 80


def test_without_published_results_the_year_before_is_made_again_as_known_in_the_next_june():
    measured = {"patient_id": "1", "measured_date": "2023-05-01", "score": 2.0}
    extract = registry(
        person(1, included_date="2023-02-01", diagnosis_date="2022-01-01", onset_date="2021-01-01"),
        person(2, included_date="2024-09-01", diagnosis_date="2023-01-01"),
        person(3, included_date="2023-02-01", diagnosis_date="2023-01-01", death_date="2024-02-01"),
        edss=[
            measured | {"registered_date": "2024-05-15"},
            measured | {"patient_id": "3", "registered_date": "2024-05-16"},
        ],
    )
    assert states("edss_measured", extract, year=2023) == ["met", None, "not_met"]
    assert states("edss_measured", extract) == ["not_met", "not_met", None]


def test_group_1_is_made_again_as_known_in_december():
    diagnosed = {"diagnosis_date": "2023-06-01", "onset_date": "2022-06-01"}
    extract = registry(
        person(1, included_date="2024-12-01", **diagnosed),
        person(2, included_date="2024-12-16", **diagnosed),
        person(3),
    )
    assert states("onset_to_diagnosis_24m", extract, year=2023) == ["met", None, None]


def test_the_stand_in_for_another_population_is_not_taken_from_what_was_published_of_rrms():
    rows = [earlier("june-2024", "treatment_status_updated", "norway", 30, 80)]
    extract = registry(person(1, onset_course="ppms"), earlier_results=rows)
    cohort = indicator_persons(extract, codes.shown_apart())
    assert "treatment_status_updated_ppms 2023" in cohort.frame


# --- counting -------------------------------------------------------------------------------------


def indicators_of(counts, **settings):
    cohort = cohort_of(counts)
    return estimate_indicators(
        cohort, definitions=definition("edss_measured"), year=2024, **settings
    ).frame.set_index("unit")


def test_trusts_add_up_to_regions_and_regions_to_the_nation():
    table = indicators_of({"forde": (3, 10), "bergen": (5, 20), "ous": (1, 4)})
    counted = table[["numerator", "denominator"]]
    assert counted.loc["vest"].tolist() == [8, 30]
    assert counted.loc["sor_ost"].tolist() == [1, 4]
    assert counted.loc["norway"].tolist() == [9, 34]
    assert table["level"].value_counts().to_dict() == {"trust": 19, "region": 4, "nation": 1}


def test_an_empty_denominator_has_neither_share_nor_interval_nor_attainment():
    row = indicators_of({"forde": (3, 10)}).loc["finnmark"]
    assert row["denominator"] == 0
    assert row[["share", "lower", "upper", "attainment"]].isna().all()


def test_a_trust_of_one_person_has_a_wide_interval_and_is_not_judged():
    row = indicators_of({"finnmark": (1, 1), "forde": (3, 10)}).loc["finnmark"]
    assert row["share"] == 1
    assert row["lower"] == pytest.approx(0.2065, abs=1e-4)
    assert pd.isna(row["attainment"])


@pytest.mark.parametrize(
    ("counts", "expected"),
    [((6, 10), "good"), ((8, 10), "very_good"), ((59, 100), "less_good"), ((79, 100), "good"),
     ((3, 4), None), ((4, 5), "very_good"), ((9, 15), "good")],
)  # fmt: skip
def test_a_bound_itself_is_reached_and_five_persons_are_judged(counts, expected):
    attainment = indicators_of({"forde": counts}).loc["forde", "attainment"]
    assert attainment == expected or (expected is None and pd.isna(attainment))


def test_where_lower_is_better_the_bounds_are_upper_ones():
    row = dict(definition("edss_measured")[0])
    row |= {"direction": "lower", "good": 0.4, "very_good": 0.2}
    table = estimate_indicators(
        cohort_of({"forde": (2, 10), "bergen": (4, 10), "ous": (5, 10)}),
        definitions=[row],
        year=2024,
    ).frame.set_index("unit")
    judged = table.loc[["forde", "bergen", "ous"], "attainment"]
    assert judged.tolist() == ["very_good", "good", "less_good"]


def test_who_has_no_known_residence_counts_in_the_nation_and_stands_as_missing():
    frame = placed(["forde", None], **{"edss_measured 2024": ["met", "met"]})
    table = estimate_indicators(
        make_cohort(frame), definitions=definition("edss_measured"), year=2024
    ).frame
    units = table[table["numerator"] > 0].groupby("level")["unit"].agg(list)
    assert units.to_dict() == {
        "nation": ["norway"],
        "region": ["vest", "missing"],
        "trust": ["forde", "missing"],
    }


def test_a_population_holds_whoever_is_left_out_of_the_denominator():
    frame = placed(
        ["forde"] * 4,
        **{"diagnosis_to_treatment_21d 2024": ["met", "not_met", "left_out", None]},
    )
    table = count_indicator_populations(
        make_cohort(frame), definitions=codes.indicators(), year=2024
    ).frame
    assert set(table["indicator"]) == {"diagnosis_to_treatment_21d"}
    assert table.set_index("unit").loc["forde", ["n", "denominator"]].tolist() == [3, 2]


def test_nobody_gives_tables_of_zeros_and_no_share():
    cohort = make_cohort(placed([], **{"edss_measured 2024": []}))
    table = estimate_indicators(cohort, definitions=definition("edss_measured"), year=2024).frame
    assert len(table) == 24
    assert table["denominator"].sum() == 0
    assert table["share"].isna().all()


def test_every_count_hides_what_is_computed_from_it():
    result = estimate_indicators(
        cohort_of({"finnmark": (1, 2), "forde": (6, 10)}),
        definitions=definition("edss_measured"),
        year=2024,
    )
    shown = release(result).frame.set_index("unit").loc["finnmark"]
    columns = ["numerator", "denominator", "share", "lower", "upper", "attainment"]
    assert shown[columns].isna().all()


# --- coverage and goals ---------------------------------------------------------------------------


def reference_tables():
    return {
        "expected_patients": [
            {"hf": "forde", "year": 2024, "expected": 4.0},
            {"hf": "bergen", "year": 2024, "expected": 6.0},
            {"hf": "forde", "year": 2023, "expected": 99.0},
        ],
        "population": [
            {"hf": "forde", "year": 2024, "inhabitants": 100_000},
            {"hf": "bergen", "year": 2024, "inhabitants": 200_000},
        ],
    }


def test_coverage_compares_the_registered_with_those_expected_in_every_unit():
    extract = registry(
        *(person(number) for number in range(3)),
        person(4, diagnosis_date="2020-01-01"),
        **reference_tables(),
    )
    table = estimate_coverage(
        indicator_persons(extract, codes.indicators()),
        definitions=codes.coverages(),
        expected=expected_by_coverage(extract),
        year=2024,
    ).frame.set_index(["indicator", "unit"])
    total, new = table.loc["coverage_total"], table.loc["coverage_new"]
    assert total.loc["forde", ["numerator", "expected", "share"]].tolist() == [4, 4.0, 1.0]
    assert new.loc["forde", ["numerator", "expected"]].tolist() == [3, 9.0]
    # A trust without registered persons is expected to have some all the same.
    assert new.loc["bergen", ["numerator", "expected", "share"]].tolist() == [0, 18.0, 0.0]
    assert new.loc["norway", ["numerator", "expected"]].tolist() == [3, 27.0]
    assert total.loc["norway", "expected"] == 10
    assert total.loc["forde", "attainment"] == "very_good"
    assert new.loc["forde", "attainment"] == "less_good"


def test_a_coverage_without_expected_numbers_has_no_rows():
    extract = registry(person(1))
    table = estimate_coverage(
        indicator_persons(extract, codes.indicators()),
        definitions=codes.coverages(),
        expected=expected_by_coverage(extract),
        year=2024,
    ).frame
    assert table.empty


def test_patients_by_trust_counts_the_living_and_the_newly_diagnosed():
    extract = registry(
        person(1),
        person(2, death_date="2024-11-01"),
        person(3, diagnosis_date="2020-01-01", residence_hf="ous"),
        person(4, residence_hf=None),
    )
    table = count_patients_by_trust(registered(extract), year="2024").frame.set_index("trust")
    assert table.loc["all"].tolist() == [3, 3]
    assert table.loc["forde"].tolist() == [1, 2]
    assert table.loc["ous"].tolist() == [1, 0]
    assert table.loc["missing"].tolist() == [1, 1]
    assert len(table) == 21


def goals(counts):
    tables = [
        estimate_indicators(cohort_of(counts, id), definitions=definition(id), year=2024)
        for id in ("edss_measured", "mri_performed")
    ]
    definitions = (*definition("edss_measured"), *definition("mri_performed"))
    scored = score_goals(*map(release, tables), definitions=definitions, year=2024)
    return scored.frame.set_index("trust")


def test_points_are_one_two_and_three_and_their_sum_stands_before_them():
    points = goals({"forde": (90, 100), "bergen": (70, 100), "ous": (30, 100)})
    columns = ["place", "sum_of_points", "edss_measured", "mri_performed"]
    assert points.loc["forde", columns].tolist() == [1, 6, 3, 3]
    assert points.loc["bergen", columns].tolist() == [2, 4, 2, 2]
    assert points.loc["ous", columns].tolist() == [3, 2, 1, 1]


def test_of_trusts_with_equal_sums_the_first_by_name_has_the_better_place():
    points = goals(dict.fromkeys(("ous", "bergen", "forde"), (70, 100)))
    assert points.index[:3].tolist() == ["bergen", "forde", "ous"]


def test_a_trust_that_is_not_judged_or_hidden_has_no_points():
    points = goals({"forde": (90, 100), "finnmark": (1, 2)})
    assert points.loc["finnmark", "sum_of_points"] == 0
    assert pd.isna(points.loc["finnmark", "edss_measured"])


def test_trusts_are_counted_by_attainment_and_with_those_that_are_worse():
    result = estimate_indicators(
        cohort_of({"forde": (9, 10), "bergen": (7, 10), "ous": (3, 10), "ahus": (6, 10)}),
        definitions=definition("edss_measured"),
        year=2024,
    )
    counted = count_attainments(release(result), year=2024).frame.set_index("attainment")
    assert counted["trusts"].to_dict() == {"less_good": 1, "good": 2, "very_good": 1}
    assert counted["trusts_or_worse"].to_dict() == {"less_good": 1, "good": 3, "very_good": 4}


def test_coverage_of_the_newly_diagnosed_has_points_outside_the_sum():
    in_sum = {each["id"]: each["in_sum"] for each in (*codes.indicators(), *codes.coverages())}
    assert [id for id, counted in in_sum.items() if counted == "false"] == ["coverage_new"]
    assert {each["in_sum"] for each in codes.shown_apart()} == {"false"}


def test_a_year_is_that_of_the_status_date():
    provenance = Provenance("synthetic", "0" * 64, date(2023, 12, 31), date(2024, 5, 15))
    extract = registry(person(1, diagnosis_date="2023-06-01"))
    earlier_extract = type(extract)(provenance, extract.truth, extract.frames)
    cohort = indicator_persons(earlier_extract, definition("onset_to_diagnosis_24m"))
    assert "onset_to_diagnosis_24m 2023" in cohort.frame
