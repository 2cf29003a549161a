"""Two extracts of one registry: who is new or gone, what changed, and what moved each number."""

from datetime import date

import pandas as pd
import pytest
from typer.testing import CliRunner

from attack.in_process import write_store
from audited import released_as_one
from indicator_cohorts import person, registry
from msanalysis import codes
from msanalysis.cli import app
from msanalysis.cohorts import extract_changes, indicator_persons
from msanalysis.core import Provenance
from msanalysis.extract import open_extract
from msanalysis.figures import plot_changed_variables, plot_moves, plot_then_and_now
from msanalysis.release import release
from msanalysis.run import PROJECT
from msanalysis.run.cache import entry
from msanalysis.run.plan import plan_runs
from msanalysis.stats import (
    count_changes,
    count_moves,
    estimate_indicators,
    estimate_shares,
    estimate_then_and_now,
)
from msanalysis.synthetic import synthesise
from msanalysis.tables import cells, format_table
from persons import make_extract

EDSS = codes.named(["edss_measured"])
ALL = (*codes.indicators(), *codes.shown_apart())


def presence(then, now):
    found = extract_changes(make_extract(patients=then), make_extract(patients=now), ())
    return found.frame["presence"].tolist()


def changes(then: dict, now: dict) -> dict:
    """Return variable -> (filled in, changed, emptied) of one person with rows in tables."""
    patients = [person(1)]
    both = (make_extract(**{"patients": patients, **rows}) for rows in (then, now))
    table = count_changes(extract_changes(*both, ())).frame
    return {variable: tuple(counts) for variable, *counts in table.itertuples(index=False)}


def moves(then, now, definitions=EDSS) -> pd.DataFrame:
    return count_moves(extract_changes(then, now, definitions)).frame.set_index("indicator")


def moved(row: pd.Series) -> dict:
    return {name.removeprefix("n_"): n for name, n in row.items() if n}


def measured(id: str, day: str = "2024-03-01", score: float = 2.0) -> dict:
    return {"patient_id": id, "measured_date": day, "score": score, "registered_date": day}


# --- persons and values ---------------------------------------------------------------------------


def test_persons_are_new_gone_changed_or_as_they_were():
    then = [person(1), person(2), person(3, sex="male")]
    now = [person(1), person(3), person(4)]
    assert presence(then, now) == ["unchanged", "gone", "changed", "new"]


@pytest.mark.parametrize(
    ("was", "now", "kind"),
    [(None, "2024-05-01", (1, 0, 0)), ("2024-05-01", "2024-06-01", (0, 1, 0)),
     ("2024-05-01", None, (0, 0, 1))],
)  # fmt: skip
def test_a_value_is_filled_in_changed_or_emptied(was, now, kind):
    then, later = ({"patients": [person(1, death_date=day)]} for day in (was, now))
    assert changes(then, later) == {"patients_death_date": kind}


def test_a_row_that_came_is_filled_in_and_one_that_went_is_emptied():
    first, second = measured("1"), measured("1", "2024-04-01")
    assert changes({"edss": [first]}, {"edss": [first, second]}) == {"table_edss": (1, 0, 0)}
    assert changes({"edss": [first, second]}, {"edss": [first]}) == {"table_edss": (0, 0, 1)}


def test_a_stop_of_a_known_treatment_is_filled_in_and_another_reason_is_changed():
    row = {"patient_id": "1", "substance": "rituximab", "start_date": "2024-04-01",
           "stop_date": None, "stop_reason": "pregnancy"}  # fmt: skip
    stopped = row | {"stop_date": "2025-01-01"}
    other = row | {"stop_reason": "other"}
    assert changes({"treatments": [row]}, {"treatments": [stopped]}) == {
        "table_treatments": (1, 0, 0)
    }
    assert changes({"treatments": [row]}, {"treatments": [other]}) == {
        "table_treatments": (0, 1, 0)
    }


def test_what_one_of_the_extracts_lacks_is_not_compared():
    then = {"patients": [{"patient_id": "1", "sex": "female"}]}
    assert changes(then, {"edss": [measured("1")]}) == {}


# --- numbers --------------------------------------------------------------------------------------


def test_a_measurement_registered_late_moves_the_numerator_alone():
    people = [person(1), person(2)]
    found = moves(registry(*people, edss=[measured("1")]),
                  registry(*people, edss=[measured("1"), measured("2")]))  # fmt: skip
    assert moved(found.loc["edss_measured"]) == {"then": 1, "came_late_registration": 1, "now": 2}
    assert moved(found.loc["alive"]) == {"then": 2, "now": 2}


def test_a_measurement_taken_back_is_a_changed_value():
    people = [person(1)]
    found = moves(registry(*people, edss=[measured("1")]), registry(*people))
    assert moved(found.loc["edss_measured"]) == {"then": 1, "left_changed_value": 1}


def test_new_and_gone_persons_move_all_that_they_are_in():
    found = moves(registry(person(1), edss=[measured("1")]),
                  registry(person(2), edss=[measured("2")]))  # fmt: skip
    for number in ("alive", "diagnosed", "edss_measured"):
        assert moved(found.loc[number]) == {"then": 1, "came_new": 1, "left_gone": 1, "now": 1}


def test_a_death_entered_late_leaves_the_living_by_late_registration():
    found = moves(registry(person(1)), registry(person(1, death_date="2024-12-01")))
    assert moved(found.loc["alive"]) == {"then": 1, "left_late_registration": 1}


def test_another_day_of_diagnosis_leaves_the_new_by_a_changed_value():
    found = moves(registry(person(1)), registry(person(1, diagnosis_date="2023-12-30")))
    assert moved(found.loc["diagnosed"]) == {"then": 1, "left_changed_value": 1}


def test_indicators_are_of_the_last_status_date_that_both_know():
    then = Provenance("synthetic", "0" * 64, date(2023, 12, 31), date(2024, 5, 15))
    early = person(1, diagnosis_date="2023-03-15", included_date="2023-04-01")
    rows = {"patients": [early, person(2)], "edss": [measured("1", "2023-06-01")]}
    found = moves(make_extract(then, **rows), make_extract(**rows))
    assert found.loc["alive", ["n_then", "n_now"]].tolist() == [1, 1]
    assert found.loc["edss_measured", ["n_then", "n_now"]].tolist() == [1, 1]


# --- the invented registry ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return write_store(synthesise(400), tmp_path_factory.mktemp("changes") / "store")


@pytest.fixture(scope="module")
def half_a_year(store):
    return extract_changes(open_extract(store, data_cutoff="2024-11-15"), open_extract(store), ALL)


def test_then_plus_who_came_less_who_left_is_now(half_a_year):
    table = count_moves(half_a_year).frame
    came, left = (table.filter(like=f"n_{way}_").sum(axis=1) for way in ("came", "left"))
    assert (table["n_then"] + came - left == table["n_now"]).all()
    assert came.sum() > 0


def test_the_shares_then_are_those_of_the_extract_then(store, half_a_year):
    then = open_extract(store, data_cutoff="2024-11-15")
    persons = indicator_persons(then, ALL, update="december")
    rows = estimate_indicators(persons, definitions=ALL, year=2023).frame
    nation = rows[(rows["unit"] == "norway") & (rows["year"] == "2023")].set_index("indicator")
    both = estimate_then_and_now(half_a_year).frame.set_index("indicator")
    for part in ("numerator", "denominator"):
        assert both[f"{part}_then"].to_dict() == nation[part].to_dict()


def test_one_extract_beside_itself_moves_nothing(store):
    same = extract_changes(open_extract(store), open_extract(store), ALL)
    assert set(same.frame["presence"]) == {"unchanged"}
    assert count_changes(same).frame.empty
    assert (estimate_then_and_now(same).frame["change"].dropna() == 0).all()


def test_no_number_that_few_persons_moved_is_shown_both_then_and_now(half_a_year):
    results = [
        estimate_shares(half_a_year, column="presence"),
        count_changes(half_a_year),
        estimate_then_and_now(half_a_year),
        count_moves(half_a_year),
    ]
    *_, shares, numbers = (each.frame for each in released_as_one(results))
    exact = results[-1].frame
    few = (exact["n_now"] - exact["n_then"]).abs().between(1, 4) & (
        exact.filter(like="n_left").sum(axis=1) == 0
    )
    assert few.any()
    assert numbers.loc[few, ["n_then", "n_now"]].isna().any(axis=1).all()
    for row in shares.itertuples():
        for part in ("numerator", "denominator"):
            then, now = (getattr(row, f"{part}_{time}") for time in ("then", "now"))
            assert pd.isna(then) or pd.isna(now) or not 1 <= now - then <= 4


@pytest.mark.parametrize("lang", ["nb", "en"])
def test_the_figures_draw_what_is_shown_and_name_the_gap_of_nothing(store, half_a_year, lang):
    same = extract_changes(open_extract(store), open_extract(store), ())
    for persons in (half_a_year, same):
        drawn = (
            plot_changed_variables(release(count_changes(persons)), lang=[lang]),
            plot_moves(release(count_moves(persons)), lang=[lang]),
            plot_then_and_now(
                release(estimate_then_and_now(persons)), lang=[lang], then="2024-11-15"
            ),
        )
        assert all(each.draw(lang).axes for each in drawn)


@pytest.mark.parametrize("lang", ["nb", "en"])
@pytest.mark.parametrize("statistic", [count_changes, estimate_then_and_now, count_moves])
def test_the_tables_are_put_in_words(half_a_year, statistic, lang):
    words = format_table(cells(release(statistic(half_a_year))), lang)
    assert len(words) > 5
    assert words.iloc[:, 0].str.contains("_").sum() == 0


# --- the command ----------------------------------------------------------------------------------


def test_diff_makes_a_release_of_two_stores(store, tmp_path):
    out = tmp_path / "out"
    arguments = ["diff", store, store, "--known-on", "2024-11-15", "--out", out, "--quiet"]
    done = CliRunner().invoke(app, [*map(str, arguments)])
    assert done.exit_code == 0, done.output
    assert done.stdout.endswith(f"{out / 'release' / 'index.html'}\n")
    assert (out / "release" / "tables" / "extract_moves.csv").is_file()


def test_diff_of_two_stores_in_the_wrong_order_is_refused(store, tmp_path):
    registry = synthesise(20)
    registry = type(registry)(registry.tables, {}, date(2023, 12, 31), date(2024, 5, 15))
    older = write_store(registry, tmp_path / "older")
    done = CliRunner().invoke(app, ["diff", str(store), str(older), "--out", str(tmp_path / "out")])
    assert done.exit_code == 2
    assert "is the later of the two extracts" in done.output


def test_diff_with_what_is_no_store_is_refused(store, tmp_path):
    done = CliRunner().invoke(app, ["diff", str(tmp_path), str(store)])
    assert done.exit_code == 3


def test_another_earlier_extract_is_another_result(store, tmp_path):
    other = tmp_path / "other"
    write_store(synthesise(20), other)
    stated = (other / "extract.yaml").read_text(encoding="utf-8")
    entries = set()
    for fingerprint in ("1" * 64, "2" * 64):
        (other / "extract.yaml").write_text(stated.replace("0" * 64, fingerprint))
        given = {"earlier": str(other), "earlier_known_on": None}
        (run,) = plan_runs(
            PROJECT / "params" / "extract_changes.yaml", extract=store, parameters=given
        )
        entries.add(entry(run, run.jobs[0]))
    assert len(entries) == 2
