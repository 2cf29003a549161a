"""The invented registry: its tables, whole lives, published counts, truth, and other sizes."""

from datetime import date
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from msanalysis import codes, schema
from msanalysis.synthetic import synthesise
from msanalysis.synthetic.parameters import family, parameter, published
from msanalysis.synthetic.quotas import (
    draw,
    draw_evenly,
    largest_remainder,
    rake,
    round_in_order,
    round_table,
)
from msanalysis.synthetic.registry import POLARS_TYPES

STATUS, CUTOFF = date(2024, 12, 31), date(2025, 5, 15)
YEAR = 365.25
ANTI_CD20 = ("rituximab", "ocrelizumab", "ofatumumab")
ABOUT_PERSONS = [name for name, table in schema.TABLES.items() if table.about_persons]


def days(frame, start, end):
    return (frame[end] - frame[start]).dt.total_days()


def year_of(column):
    return pl.col(column).dt.year()


@pytest.fixture(scope="module")
def registry():
    return synthesise()


@pytest.fixture(scope="module")
def tables(registry):
    return registry.tables


@pytest.fixture(scope="module")
def known(tables):
    by_status = pl.col("diagnosis_date") <= STATUS
    return tables["patients"].filter(pl.col("included_date").is_not_null() & by_status)


@pytest.fixture(scope="module")
def alive(known):
    return known.filter(pl.col("death_date").is_null() | (pl.col("death_date") > STATUS))


@pytest.fixture(scope="module")
def new(known):
    return known.filter(year_of("diagnosis_date") == 2024)


def alive_on(persons, day, known_on):
    """Return those with a diagnosis by a day and alive at its end, with data on another."""
    known = (pl.col("included_date") <= known_on) & (pl.col("diagnosis_date") <= day)
    died = (pl.col("death_date") <= day).fill_null(False)
    return persons.filter(known & ~died)


def check_conformance(table, frame):
    assert dict(frame.schema) == {c.name: POLARS_TYPES[c.kind] for c in table.columns}
    for column in table.columns:
        values = frame[column.name]
        if column.required:
            assert values.null_count() == 0
        if column.codes:
            assert set(values.drop_nulls()) <= set(column.codes)
        if column.low is not None and values.count():
            assert values.min() >= column.low
        if column.high is not None and values.count():
            assert values.max() <= column.high


def check_whole_lives(tables):
    persons = tables["patients"]
    assert persons["patient_id"].n_unique() == len(persons)
    order = ["birth_date", "onset_date", "diagnosis_date", "consent_date", "included_date"]
    for earlier, later in pairwise(order):
        assert persons.filter(pl.col(earlier) > pl.col(later)).is_empty()
    gone = pl.min_horizontal("death_date", "emigration_date")
    assert persons.filter(pl.col("included_date") >= gone).is_empty()
    assert persons.filter(pl.col("consent_date") < date(2001, 1, 1)).is_empty()
    for name in ABOUT_PERSONS:
        check_events(name, tables[name], persons)


def check_events(name, frame, persons):
    joined = frame.join(persons, on="patient_id", how="left", suffix="_person")
    assert joined["birth_date"].null_count() == 0
    events = [c.name for c in schema.TABLES[name].columns if c.kind == "date"]
    for column in events:
        day = pl.col(column)
        assert frame.filter(day > CUTOFF).is_empty()
        if name != "patients" and "registered" not in column:
            outside = (day > pl.col("death_date")) | (day > pl.col("emigration_date"))
            assert joined.filter(outside | (day < pl.col("onset_date"))).is_empty()
    if "registered_date" in events:
        first = pl.max_horizontal(events[0], "included_date")
        assert joined.filter(pl.col("registered_date") < first).is_empty()
        assert frame["registered_date"].null_count() == 0
    if "stop_date" in events:
        assert frame.filter(pl.col("stop_date") < pl.col("start_date")).is_empty()
        entered = pl.col("stop_registered_date")
        assert frame.filter(entered.is_null() != pl.col("stop_date").is_null()).is_empty()
        assert frame.filter(entered < pl.col("stop_date")).is_empty()


@pytest.mark.parametrize("name", schema.TABLES)
def test_every_table_has_the_columns_types_codes_and_bounds_of_the_data_dictionary(tables, name):
    check_conformance(schema.TABLES[name], tables[name])
    assert len(tables[name]) > 0


@pytest.mark.parametrize("name", schema.TABLES)
def test_no_row_is_repeated(tables, name):
    assert not tables[name].is_duplicated().any()


def test_lives_are_whole(tables):
    check_whole_lives(tables)


@pytest.mark.parametrize("persons", [1, 50, 300, 3000])
def test_any_size_gives_a_registry_without_impossible_values(persons):
    tables = synthesise(persons).tables
    for name, table in schema.TABLES.items():
        check_conformance(table, tables[name])
    check_whole_lives(tables)
    known = tables["patients"].filter(pl.col("included_date").is_not_null())
    assert (known["diagnosis_date"] <= STATUS).sum() == persons


def test_no_persons_are_refused_with_the_parameter_named():
    with pytest.raises(ValueError, match="persons"):
        synthesise(0)


def test_equal_seeds_give_equal_registries_and_other_seeds_do_not():
    first, again, other = synthesise(200, 1), synthesise(200, 1), synthesise(200, 2)
    assert all(first.tables[name].equals(again.tables[name]) for name in schema.TABLES)
    assert first.truth == again.truth
    assert not first.tables["patients"].equals(other.tables["patients"])


def test_pseudonyms_tell_nothing_of_the_order(tables):
    ids = tables["patients"]["patient_id"]
    assert ids.str.contains("^P[0-9A-F]{8}$").all()
    by_id = tables["patients"].sort("patient_id")["included_date"].to_physical().drop_nulls()
    assert abs(np.corrcoef(np.arange(len(by_id)), by_id)[0, 1]) < 0.05


def test_persons_alive_dead_and_besides(tables, known, alive):
    assert len(known) == published("registered_total")
    assert len(alive) == published("alive")
    assert len(known) - len(alive) == published("dead")
    died_earlier = known.filter(year_of("death_date") < 2024)
    assert len(died_earlier) == published("dead_previous_year")
    earlier = (year_of("included_date") < 2024) & (year_of("diagnosis_date") < 2024)
    increase = len(known) - len(known.filter(earlier))
    assert increase == published("registered_increase")
    without = tables["patients"]["included_date"].null_count()
    assert without == published("consented_without_data")


@pytest.mark.parametrize("trust", codes.trusts())
def test_persons_by_trust(alive, new, trust):
    assert (alive["residence_hf"] == trust).sum() == published(f"alive_{trust}")
    assert (new["residence_hf"] == trust).sum() == published(f"new_diagnosed_{trust}")


def test_courses_of_the_alive_and_the_new(alive, new):
    def count(frame, course):
        return (frame["onset_course"] == course).sum()

    assert count(alive, "rrms") == published("alive_rrms")
    assert round(100 * count(alive, "rrms") / len(alive), 1) == published("rrms_share_alive")
    assert round(100 * count(alive, "ppms") / len(alive), 1) == published("ppms_share_alive")
    for sex, figure in (("female", "ppms_share_women"), ("male", "ppms_share_men")):
        of_sex = alive.filter(pl.col("sex") == sex)
        assert round(100 * count(of_sex, "ppms") / len(of_sex), 1) == published(figure)
    assert count(new, "rrms") == published("new_diagnosed_rrms")
    assert count(new, "ppms") == published("new_diagnosed_ppms")
    assert len(new) == published("new_diagnosed")


def test_sex_of_the_alive_and_the_diagnosed(known, alive):
    def women(frame):
        return round(100 * (frame["sex"] == "female").mean(), 1)

    assert women(alive) == published("female_share_alive")
    for year in (2013, 2017):
        since = known.filter(year_of("diagnosis_date") >= year)
        assert women(since) == published(f"female_share_new_{year}_2024")
    since_2013 = known.filter(year_of("diagnosis_date") >= 2013)
    ppms = 100 * (since_2013["onset_course"] == "ppms").mean()
    assert round(ppms, 1) == published("ppms_share_new_2013_2024")


def test_ages_at_onset_and_at_the_status_date(alive, new):
    age = days(alive, "birth_date", "onset_date") / YEAR
    assert round(age.mean(), 1) == published("onset_age_mean")
    for course in ("rrms", "ppms"):
        of_course = age.filter(alive["onset_course"] == course)
        assert round(of_course.mean()) == published(f"onset_age_{course}")
    for sex, figure in (("female", "women"), ("male", "men")):
        of_sex = new.filter(pl.col("sex") == sex)
        mean = (days(of_sex, "birth_date", "onset_date") / YEAR).mean()
        assert round(mean, 1) == published(f"onset_age_new_{figure}")
    assert round(100 * (age < 40).mean()) == published("onset_before_40")
    assert 100 * (age < 25).mean() == pytest.approx(published("onset_before_25"), abs=2)
    at_status = alive.select((pl.lit(STATUS) - pl.col("birth_date")).dt.total_days() / YEAR)
    assert round(100 * (at_status.to_series() > 65).mean()) == published("over_65")


def test_new_diagnosed_within_24_months_and_with_known_referral(new):
    for sex, figure in (("female", "women"), ("male", "men")):
        delay = days(new.filter(pl.col("sex") == sex), "onset_date", "diagnosis_date")
        share = 100 * (delay <= 730).mean()
        assert round(share) == published(f"onset_to_diagnosis_24m_{figure}")
    unknown = new.filter(~pl.col("referral_known"))
    assert len(unknown) == published("referral_date_unknown")
    assert unknown["referral_date"].null_count() == len(unknown)
    finnmark = new.filter(pl.col("residence_hf") == "finnmark")
    assert not finnmark["referral_known"].any()


def test_diagnosed_in_2022_as_the_june_and_december_releases_knew_them(known):
    of_2022 = known.filter(year_of("diagnosis_date") == 2022)
    for release, day in (("june", date(2023, 5, 15)), ("december", date(2023, 12, 1))):
        included = (of_2022["included_date"] <= day).sum()
        assert included == published(f"new_diagnosed_2022_{release}")


@pytest.fixture(scope="module")
def running(tables, alive):
    begun = pl.col("start_date") <= STATUS
    lasts = pl.col("stop_date").is_null() | (pl.col("stop_date") > STATUS)
    episodes = tables["treatments"].filter(begun & lasts).sort("start_date")
    return episodes.group_by("patient_id").last().join(alive, on="patient_id")


@pytest.fixture(scope="module")
def untreated(tables, alive, running):
    begun = pl.col("start_date") <= STATUS
    lasts = pl.col("stop_date").is_null() | (pl.col("stop_date") > STATUS)
    periods = tables["untreated_periods"].filter(begun & lasts).join(alive, on="patient_id")
    return periods.join(running, on="patient_id", how="anti")


def test_treatment_status_at_the_status_date(alive, running, untreated):
    assert untreated["patient_id"].n_unique() == published("untreated_alive_count")
    unknown = len(alive) - len(running) - len(untreated)
    assert unknown == published("unknown_treatment_alive")
    users = running["substance"].value_counts()
    assert users.filter(pl.col("count") >= 5)["count"].sum() == published("treated_shown")
    rrms = [(frame["onset_course"] == "rrms").sum() for frame in (running, untreated)]
    assert round(100 * rrms[0] / sum(rrms), 1) == published("treated_rrms_known")


def test_treated_primary_progressive(alive, running):
    ppms = running.filter(pl.col("onset_course") == "ppms")
    everyone = (alive["onset_course"] == "ppms").sum()
    assert round(100 * len(ppms) / everyone, 1) == published("treated_ppms")
    for substance in ("rituximab", "cladribine"):
        share = 100 * (ppms["substance"] == substance).mean()
        assert round(share) == published(f"treated_ppms_{substance}")


def test_pregnancy_is_no_reason_of_a_man(tables):
    sexes = tables["patients"].select("patient_id", "sex")
    for table, reason in (("untreated_periods", "reason"), ("treatments", "stop_reason")):
        pregnant = tables[table].filter(pl.col(reason) == "pregnancy").join(sexes, on="patient_id")
        assert pregnant["sex"].unique().to_list() == ["female"]


def test_reasons_for_no_treatment(untreated):
    progressive = untreated["reason"].is_in(["ppms", "spms"])
    assert round(100 * progressive.mean()) == published("untreated_progressive")
    rrms = untreated.filter(pl.col("onset_course") == "rrms")["reason"]
    own = 100 * rrms.is_in(["patient_choice", "pregnancy"]).mean()
    assert round(own) == published("untreated_rrms_own_wish")
    assert untreated["reason"].n_unique() == 11
    for_progression = untreated.filter(pl.col("reason") == "spms")
    assert for_progression["spms_date"].null_count() == 0


def test_first_treatments_of_the_new(tables, new):
    first = tables["treatments"].sort("start_date").group_by("patient_id").first()
    first = first.join(new, on="patient_id")
    rrms = first.filter(pl.col("onset_course") == "rrms")
    assert len(rrms) == published("new_diagnosed_rrms_started")
    assert (first["onset_course"] == "ppms").sum() == published("new_diagnosed_ppms_started")
    for substance, digits in (("rituximab", 0), ("cladribine", 0), ("natalizumab", 1)):
        share = 100 * (rrms["substance"] == substance).mean()
        assert round(share, digits) == published(f"first_treatment_{substance}")
    uncertain = new.filter(pl.col("onset_course") == "rrms")
    for name in ("treatments", "untreated_periods"):
        uncertain = uncertain.join(tables[name], on="patient_id", how="anti")
    assert len(uncertain) == published("new_diagnosed_rrms_start_unknown")


def test_started_within_21_days(tables, new):
    rrms = new.filter(pl.col("onset_course") == "rrms")
    first = tables["treatments"].group_by("patient_id").agg(pl.col("start_date").min())
    in_time = rrms.join(first, on="patient_id").filter(
        (pl.col("start_date") - pl.col("diagnosis_date")).dt.total_days() <= 21
    )
    wish = pl.col("reason").is_in(["patient_choice", "pregnancy"])
    excused = tables["untreated_periods"].filter(wish).select("patient_id").unique()
    excused = excused.join(rrms, on="patient_id").join(in_time, on="patient_id", how="anti")
    share = 100 * len(in_time) / (len(rrms) - len(excused))
    assert round(share) == published("diagnosis_to_treatment_21d")


def whole_courses(treatments, substance):
    """Return the rows of a substance that no row of it goes on from within 90 days."""
    of_it = treatments.filter(pl.col("substance") == substance)
    again = of_it.select("patient_id", again="start_date").join(of_it, on="patient_id")
    apart = (pl.col("again") - pl.col("stop_date")).dt.total_days()
    continued = again.filter(apart.is_between(0, 90)).select("patient_id", "start_date")
    return of_it.join(continued, on=["patient_id", "start_date"], how="anti")


@pytest.mark.parametrize("year", [2023, 2024])
def test_natalizumab_stopped_and_what_followed(tables, year):
    treatments = tables["treatments"]
    stopped = whole_courses(treatments, "natalizumab").filter(year_of("stop_date") == year)
    assert len(stopped) == published(f"natalizumab_stopped_{year}")
    others = treatments.filter(pl.col("substance") != "natalizumab")
    later = others.select("patient_id", after="start_date", next="substance")
    later = stopped.join(later, on="patient_id").filter(pl.col("after") >= pl.col("stop_date"))
    soon = later.filter(pl.col("after") <= pl.col("stop_date").dt.offset_by("12mo"))
    first = soon.sort("after").group_by("patient_id").first()
    assert first["next"].is_in(ANTI_CD20).sum() == published(f"natalizumab_to_anti_cd20_{year}")


def test_natalizumab_stops_fall_year_by_year_to_the_published_number_of_2023(tables):
    stops = whole_courses(tables["treatments"], "natalizumab")["stop_date"].dt.year()
    per_year = [(stops == year).sum() for year in range(2018, 2024)]
    assert max(per_year) <= 110
    assert all(0 <= earlier - later <= 25 for earlier, later in pairwise(per_year))


def test_natalizumab_stops_rise_early_in_2024_and_go_on_to_the_cutoff(tables):
    stops = whole_courses(tables["treatments"], "natalizumab")["stop_date"]
    quarters = [
        stops.is_between(date(2024, month, 1), date(2024, month + 2, 28)).sum()
        for month in (1, 4, 7, 10)
    ]
    assert min(quarters) > published("natalizumab_stopped_2023") / 4
    in_2025 = stops.filter(stops > STATUS)
    assert in_2025.max() > date(2025, 4, 1)
    assert (in_2025 < date(2025, 3, 1)).sum() > (in_2025 >= date(2025, 3, 1)).sum() > 0


def test_stops_of_other_drugs_thin_out_only_as_they_are_reported_late(tables):
    natalizumab_or_one_off = ["natalizumab", *codes.one_off_substances()]
    others = tables["treatments"].filter(~pl.col("substance").is_in(natalizumab_or_one_off))
    month = others["stop_date"].dt.truncate("1mo")
    stops = {day: (month == day).sum() for day in month.drop_nulls().unique()}
    of_2024 = [stops[date(2024, each, 1)] for each in range(1, 13)]
    assert min(of_2024) > 0.5 * max(of_2024)
    of_2025 = [stops[date(2025, each, 1)] for each in range(1, 6)]
    assert 0.5 * np.mean(of_2024) < of_2025[0] < 1.2 * np.mean(of_2024)
    assert of_2025[-1] < of_2025[-2] < of_2025[0]


def test_natalizumab_that_runs_changes_to_tyruko_early_in_2024(tables):
    rows = tables["treatments"].filter(pl.col("substance") == "natalizumab")
    assert rows.filter(pl.col("brand") == "Tyruko")["start_date"].min() >= date(2023, 12, 7)

    def share_of_tyruko(day):
        runs = (pl.col("start_date") <= day) & ~(pl.col("stop_date") <= day).fill_null(False)
        brands = rows.filter(runs)["brand"]
        assert len(brands) > 400
        return (brands == "Tyruko").mean()

    assert share_of_tyruko(date(2023, 12, 31)) < 0.15
    assert 0.3 < share_of_tyruko(date(2024, 2, 5)) < 0.7
    assert share_of_tyruko(date(2024, 6, 30)) > 0.95


def test_a_change_of_brand_leaves_no_day_without_and_is_entered_once(tables):
    rows = tables["treatments"].filter(pl.col("substance") == "natalizumab")
    tysabri, tyruko = (rows.filter(pl.col("brand") == name) for name in ("Tysabri", "Tyruko"))
    changed = tysabri.join(tyruko, on="patient_id", suffix="_next")
    changed = changed.filter(days(changed, "stop_date", "start_date_next").abs() <= 90)
    assert (changed["stop_date"] == changed["start_date_next"]).all()
    assert (changed["stop_registered_date"] == changed["registered_date_next"]).all()
    assert changed["patient_id"].is_unique().all()
    assert len(changed) > 400


def test_ofatumumab_users_by_what_came_before(tables, running):
    users = running.filter(pl.col("substance") == "ofatumumab")
    assert len(users) == published("ofatumumab_users")
    before = tables["treatments"].select("patient_id", earlier="substance", at="start_date")
    before = users.join(before, on="patient_id").filter(pl.col("at") < pl.col("start_date"))
    after_anti_cd20 = before.filter(pl.col("earlier").is_in(ANTI_CD20))["patient_id"].n_unique()
    assert after_anti_cd20 == published("ofatumumab_after_anti_cd20")
    first = len(users) - before["patient_id"].n_unique()
    assert first == published("ofatumumab_first_treatment")


@pytest.fixture(scope="module")
def in_turn(tables):
    ordered = tables["treatments"].sort("patient_id", "start_date")
    return ordered.with_columns(
        next_start=pl.col("start_date").shift(-1).over("patient_id"),
        next_stop=pl.col("stop_date").shift(-1).over("patient_id"),
        next_substance=pl.col("substance").shift(-1).over("patient_id"),
    ).filter(pl.col("next_start").is_not_null())


def test_few_treatments_overlap_the_next_and_none_outlasts_it(in_turn):
    assert in_turn["stop_date"].null_count() == 0
    switches = in_turn.filter(pl.col("substance") != pl.col("next_substance"))
    begun_apart = pl.col("start_date") < pl.col("next_start")
    overlap = days(switches.filter(begun_apart), "next_start", "stop_date")
    assert 0.03 < (overlap > 0).mean() < 0.09
    assert overlap.max() <= 120
    one_row = begun_apart & (pl.col("next_substance") != "natalizumab")
    one_row &= pl.col("next_start") < pl.col("next_stop")
    assert switches.filter(one_row & (pl.col("stop_date") > pl.col("next_stop"))).is_empty()


def test_few_treatments_pause_and_none_whose_stops_are_counted(in_turn):
    same = in_turn.filter(pl.col("substance") == pl.col("next_substance"))
    pauses = same.filter(pl.col("substance") != "natalizumab")
    assert 0.02 < len(pauses) / len(in_turn) < 0.09
    assert days(pauses, "stop_date", "next_start").is_between(30, 365).all()
    assert not pauses["substance"].is_in(["rituximab", *codes.one_off_substances()]).any()
    over_status_date = (pl.col("stop_date") <= STATUS) & (pl.col("next_start") > STATUS)
    assert pauses.filter(over_status_date).is_empty()


def test_treatment_relapse_and_edss_status_of_the_year(tables, alive):
    visits = tables["visits"].filter(year_of("visit_date") == 2024)

    def share(events, course=None):
        of = alive if course is None else alive.filter(pl.col("onset_course") == course)
        return 100 * of.join(events, on="patient_id", how="semi").height / len(of)

    updated = visits.filter("treatment_updated")
    for course in ("rrms", "ppms"):
        figure = published(f"treatment_status_updated_{course}")
        assert round(share(updated, course), 1) == figure
    relapses = tables["visits"].filter(year_of("relapses_updated_to") >= 2024)
    assert round(share(relapses, "rrms"), 1) == published("relapse_status_updated")
    edss = tables["edss"]
    assert round(share(edss.filter(year_of("measured_date") == 2024))) == published("edss_measured")
    widened = pl.col("measured_date").is_between(date(2023, 11, 1), date(2025, 2, 28))
    assert round(share(edss.filter(widened))) == published("edss_measured_widened")
    recent = edss.filter((year_of("measured_date") >= 2018) & ~pl.col("during_relapse"))
    assert recent["patient_id"].n_unique() == published("edss_last_n")


def test_edss_is_on_its_grid_and_worsens_and_every_measurement_has_a_visit(tables):
    edss = tables["edss"]
    assert set(edss["score"].unique()) <= set(schema.EDSS_SCORES)
    ends = (
        edss.sort("measured_date")
        .group_by("patient_id")
        .agg(first=pl.col("score").first(), last=pl.col("score").last(), n=pl.len())
    )
    often = ends.filter(pl.col("n") > 3)
    assert (often["last"] - often["first"]).mean() > 0.2
    visits = tables["visits"].select("patient_id", measured_date="visit_date")
    assert edss.join(visits, on=["patient_id", "measured_date"], how="anti").is_empty()


def test_questionnaires_of_the_report_year(tables):
    answers = tables["prom"].filter(year_of("answered_date") == 2024)
    mailings = tables["prom_mailings"].filter(year_of("mailed_date") == 2024)
    assert len(answers) == published("prom_answers")
    assert len(mailings) == published("prom_registered_alive")
    reached = mailings["channel"].count()
    assert round(100 * len(answers) / reached) == published("prom_share_of_reached")
    assert round(answers["rand12_physical"].mean(), 1) == published("rand12_physical")
    assert round(answers["rand12_mental"].mean()) == published("rand12_mental")
    years = tables["prom"].group_by("patient_id").agg(year_of("answered_date").n_unique())
    assert (years["answered_date"] == 6).sum() == published("prom_answered_all_years")


def test_examinations(tables, alive, new):
    recent = alive.filter(pl.col("diagnosis_date") >= date(2019, 12, 31))
    window = pl.col("mri_date").is_between(date(2023, 7, 1), date(2024, 6, 30))
    mri = recent.join(tables["mri"].filter(window), on="patient_id", how="semi")
    assert round(100 * len(mri) / len(recent), 1) == published("mri_performed")
    bands = new.filter(pl.col("oligoclonal_bands").is_in(["present", "absent"]))
    present = 100 * (bands["oligoclonal_bands"] == "present").mean()
    assert round(present) == published("oligoclonal_bands_new")


def test_relapses_are_rarer_under_high_efficacy_treatment(tables):
    rituximab = tables["treatments"].filter(pl.col("substance") == "rituximab")
    starts = rituximab.group_by("patient_id").agg(pl.col("start_date").min())
    around = (
        tables["relapses"]
        .join(starts, on="patient_id")
        .with_columns(years=(pl.col("relapse_date") - pl.col("start_date")).dt.total_days() / YEAR)
    )
    before = around["years"].is_between(-2, 0).sum()
    after = around["years"].is_between(1, 3).sum()
    assert after < before / 2


def test_persons_registered_by_several_trusts(tables):
    trusts = tables["registrations"].group_by("patient_id").len()
    assert (trusts["len"] > 1).sum() == published("registered_in_several_trusts")


def test_coverage_by_trust(tables, alive):
    expected = tables["expected_patients"].filter(pl.col("year") == 2024)
    assert round(expected["expected"].sum()) == published("npr_expected")
    here = alive.group_by(hf="residence_hf").len().join(expected, on="hf")
    coverage = here["len"] / here["expected"]
    assert (coverage < 0.8).sum() == published("coverage_total_trusts_under_80")
    assert (coverage < 0.6).sum() == published("coverage_total_trusts_under_60")
    for year in (2017, 2023):
        of_year = pl.col("year") == year
        there = alive_on(tables["patients"], date(year, 12, 31), date(year + 1, 5, 15))
        total = tables["expected_patients"].filter(of_year)["expected"].sum()
        assert round(100 * len(there) / total) == published(f"coverage_total_{year}")
    inhabitants = tables["population"].filter(pl.col("year") == 2024)["inhabitants"].sum()
    per_100k = 1e5 * expected["expected"].sum() / inhabitants
    assert round(per_100k) == published("prevalence")


def test_inhabitants_are_given_by_sex_and_age_and_are_youngest_in_the_capital(tables):
    population = tables["population"]
    cells = population.group_by("hf", "year").len()
    assert set(cells["len"]) == {2 * len(codes.standard_population())}
    of_year = population.filter(pl.col("year") == 2024)
    over_65 = (
        of_year.filter(pl.col("age_from") >= 65).group_by("hf").agg(pl.col("inhabitants").sum())
    )
    total = of_year.group_by("hf").agg(pl.col("inhabitants").sum())
    share = over_65.join(total, on="hf").select(
        "hf", share=pl.col("inhabitants") / pl.col("inhabitants_right")
    )
    by_trust = dict(share.rows())
    assert by_trust["ous"] == min(by_trust.values())
    assert by_trust["innlandet"] == max(by_trust.values())
    assert 0.15 < over_65["inhabitants"].sum() / total["inhabitants"].sum() < 0.25


def test_truth_is_a_survival_curve_below_what_the_registry_shows(registry):
    strata = registry.truth["survival_from_onset"]
    assert set(strata) == {"all", "rrms", "ppms", "unknown", "female", "male"}
    for stratum in strata.values():
        survival = np.array(stratum["survival"])
        assert len(survival) == 71
        assert survival[0] == 1
        assert (np.diff(survival) <= 0).all()
        at = int(stratum["median_years"])
        assert survival[at] >= 0.5 >= survival[at + 1]
    assert strata["ppms"]["median_years"] < strata["all"]["median_years"]
    assert strata["male"]["median_years"] < strata["female"]["median_years"]
    assert strata["all"]["median_years"] < published("survival_median") - 4
    assert registry.truth["hazards"]["death"]["smr"] == family("smr")


def test_every_parameter_that_serves_a_figure_states_it_as_published():
    rows = pl.read_csv("src/msanalysis/synthetic/parameters.csv", infer_schema=False)
    served = rows.filter(pl.col("published_id").is_not_null() & (pl.col("published_id") != ""))
    for name, value in served.select("published_id", "published_value").iter_rows():
        assert float(value) == published(name)
    assert rows["name"].is_unique().all()


def test_unknown_parameters_are_errors():
    with pytest.raises(KeyError):
        parameter("no_such_parameter")
    with pytest.raises(KeyError, match="no_such_family"):
        family("no_such_family")


WEIGHTS = st.lists(st.floats(0.01, 1e3), min_size=1, max_size=30).map(np.array)


@given(WEIGHTS, st.integers(0, 10_000))
def test_rounded_shares_sum_to_the_total_and_are_off_by_less_than_one(weights, total):
    whole = largest_remainder(weights, total)
    assert whole.sum() == total
    assert (abs(whole - weights / weights.sum() * total) < 1).all()


@given(WEIGHTS, st.integers(0, 10_000))
def test_rounding_in_order_keeps_every_stretch(weights, total):
    whole = round_in_order(weights, total)
    exact = np.cumsum(weights) / weights.sum() * total
    assert whole.sum() == total
    assert (abs(np.cumsum(whole) - exact) <= 0.5 + 1e-6 * total).all()


def test_a_rounded_table_keeps_whole_row_and_column_totals():
    table = np.array([[10.4, 2.3, 7.3], [0.2, 0.4, 0.4], [0.4, 0.3, 0.3]])
    whole = round_table(table, np.array([20, 1, 1]))
    assert whole.sum(axis=1).tolist() == [20, 1, 1]
    assert whole.sum(axis=0).tolist() == [11, 3, 8]


@given(WEIGHTS, st.integers(0, 40), st.integers(0, 2**32 - 1))
def test_drawn_positions_are_different_and_possible(weights, n, seed):
    rng = np.random.default_rng(seed)
    weights[::3] = 0
    for drawn in (draw(rng, weights, n), draw_evenly(rng, weights, n)):
        assert len(set(drawn.tolist())) == len(drawn) <= n
        assert (weights[drawn] > 0).all()
    assert len(draw(rng, weights, n)) == min(n, (weights > 0).sum())


def test_raked_weights_meet_counts_and_shares():
    women = np.array([True, True, False, False])
    old = np.array([True, False, True, False])
    everyone = np.ones(4, dtype=bool)
    weights = rake(np.array([3.0, 1, 1, 1]), [(everyone, 100), (old, 30)], [(everyone, women, 0.7)])
    assert weights.sum() == pytest.approx(100)
    assert weights[old].sum() == pytest.approx(30)
    assert weights[women].sum() == pytest.approx(70)
