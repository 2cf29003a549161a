"""Whoever has the files of a release and knows the rules tries to get hidden numbers back."""

import ast
import dataclasses
from pathlib import Path

import pytest

from attack import planted
from attack.attacker import Contradiction, find_leaks
from attack.curves import invert_survival
from attack.in_process import invented, run_in_process, write_store
from attack.inverses import events_behind_rate, persons_behind_share
from attack.knowledge import learn
from attack.planted import table
from attack.read import Run, read_run
from attack.rules import RULES

ATTACK = Path(planted.__file__).parent


def leaks(run: Run):
    rules = RULES[run.policy]
    return find_leaks(learn(run), rules.threshold, implied=not rules.quotas_printed)


def values(run: Run) -> set[tuple[int, int]]:
    return {(leak.low, leak.high) for leak in leaks(run)}


def test_the_attacker_shares_no_code_with_what_it_attacks():
    for path in ATTACK.glob("*.py"):
        tree = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        imported = {
            name
            for node in tree
            for name in (
                [each.name for each in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
        }
        ours = {name for name in imported if name.split(".")[0] == "msanalysis"}
        assert not ours or path.name == "in_process.py", path.name
        others = {name for name in imported if name == "attack.in_process"}
        assert not others, path.name


# --- planted leaks: each must be found ------------------------------------------------------------

BY_SEX = {"level": "sex"}
BY_TRUST = {"level": "trust"}


def by(dimension: str, **n: int | str) -> list[dict]:
    return [{"level": level, "n": count} for level, count in n.items()]


def test_one_hidden_cell_beside_its_total_comes_back(tmp_path):
    parts = table(*by("sex", all=50, female=47, male=""), dimensions=BY_SEX)
    assert values(planted.release(tmp_path, parts=parts)) == {(3, 3)}


def test_two_hidden_cells_whose_sum_is_small_are_known_to_be_small(tmp_path):
    parts = table(*by("trust", all=50, bergen=46, fonna="", forde=""), dimensions=BY_TRUST)
    assert values(planted.release(tmp_path, parts=parts)) == {(1, 3)}


def test_two_hidden_cells_that_can_be_large_are_safe(tmp_path):
    parts = table(*by("trust", all=50, bergen=40, fonna="", forde=""), dimensions=BY_TRUST)
    assert values(planted.release(tmp_path, parts=parts)) == set()


def test_a_cell_shown_in_another_table_comes_back(tmp_path):
    hides = table(*by("trust", all=50, bergen=40, fonna="", forde=""), dimensions=BY_TRUST)
    shows = table({"n": 9}, fixed={"trust": ["fonna"]})
    assert values(planted.release(tmp_path, hides=hides, shows=shows)) == {(1, 1), (9, 9)}


def test_rows_that_are_safe_alone_fall_to_their_columns(tmp_path):
    """Each trust hides two of three, as it should; the nation shows the columns."""
    rows = [
        ("bergen", "all", 30), ("bergen", "a", 20), ("bergen", "b", ""), ("bergen", "c", ""),
        ("fonna", "all", 30), ("fonna", "a", 10), ("fonna", "b", 14), ("fonna", "c", 6),
    ]  # fmt: skip
    trusts = table(
        *[{"stratum": stratum, "level": level, "n": n} for stratum, level, n in rows],
        dimensions={"stratum": "trust", "level": "reason"},
    )
    nation = table(*by("reason", all=60, a=30, b=17, c=13), dimensions={"level": "reason"})
    assert (3, 3) in values(planted.release(tmp_path, trusts=trusts, nation=nation))


def test_a_coarser_level_gives_its_only_hidden_part_back(tmp_path):
    groups = {"ppms": "progressive", "spms": "progressive", "other": "rest", "age": "rest"}
    fine = table(
        *by("reason", all=90, ppms="", spms=30, other="", age=""),
        dimensions={"level": "reason"},
        coarser={"reason": {"group": groups}},
    )
    coarse = table(*by("group", all=90, progressive=33, rest=57), dimensions={"level": "group"})
    assert (3, 3) in values(planted.release(tmp_path, fine=fine, coarse=coarse))


def test_overlapping_periods_leave_the_years_between(tmp_path):
    years = [str(year) for year in range(2013, 2025)]
    long = table({"n": 103}, fixed={"diagnosis_year": years})
    short = table({"n": 100}, fixed={"diagnosis_year": years[4:]})
    assert values(planted.release(tmp_path, long=long, short=short)) == {(3, 3)}


def test_steps_of_an_attrition_add_up(tmp_path):
    boxes = [
        {},
        {"dead": ["yes"]},
        {"dead": ["no"], "gone": ["yes"]},
        {"dead": ["no"], "gone": ["no"]},
    ]
    rows, said = table(*[{"step": step, "n": n} for step, n in
                         (("all", 90), ("dead", 10), ("gone", ""), ("included", 78))])  # fmt: skip
    said["rows"], said["counts"] = boxes, {"n": {"dimensions": [], "also": {}}}
    assert (2, 2) in values(planted.release(tmp_path, steps=(rows, said)))


def test_a_printed_share_gives_its_hidden_numerator_back(tmp_path):
    share = table(
        {"level": "female", "n": "", "denominator": 61, "share": 0.0492},
        {"level": "male", "n": "", "denominator": 61, "share": ""},
        dimensions=BY_SEX,
        counts={"n": {"dimensions": ["level"]}, "denominator": {"dimensions": []}},
    )
    assert (3, 3) in values(planted.release(tmp_path, share=share))


def test_limits_of_wilson_give_numerator_and_denominator_back(tmp_path):
    """3 of 61: 4.92 %, 1.69 to 13.49 %. Neither count is printed."""
    assert persons_behind_share(0.0492, 0.0169, 0.1349) == [(3, 61)]
    hidden = {"n": "", "denominator": ""}
    share = table(
        {"level": "female", **hidden, "share": 0.0492, "lower": 0.0169, "upper": 0.1349},
        {"level": "male", **hidden, "share": "", "lower": "", "upper": ""},
        dimensions=BY_SEX,
        counts={"n": {"dimensions": ["level"]}, "denominator": {"dimensions": []}},
    )
    assert values(planted.release(tmp_path, share=share)) >= {(3, 3), (61, 61)}


def test_limits_of_a_rate_give_the_events_back():
    """4 events: exact limits 1.0899 and 10.2416, whatever the person-years."""
    assert events_behind_rate(4.0, 1.0899, 10.2416) == [4]


# --- planted curves -------------------------------------------------------------------------------


def curve(*steps: tuple, base="persons") -> tuple:
    names = ("time_days", "n_at_risk", "n_events", "estimate", "lower", "upper")
    rows = [{"stratum": "all", **dict(zip(names, step, strict=True))} for step in steps]
    time = {"column": "time_days", "dimension": "day"}
    said = {
        "n_at_risk": {"dimensions": ["stratum"], "time": {**time, "how": "after"}},
        "n_events": {
            "dimensions": ["stratum"],
            "also": {"end": ["death"]},
            "time": {**time, "how": "during"},
        },
    }
    return table(*rows, dimensions={}, counts=said, statistic="survival")


def test_a_step_of_two_events_is_found(tmp_path):
    steps = curve((100, 90, 6, 0.9333, 0.9, 0.96), (200, 80, 2, 0.91, 0.88, 0.94))
    assert (2, 2) in values(planted.release(tmp_path, curve=steps))


def test_the_tail_after_the_last_step_is_found_by_the_total(tmp_path):
    steps = curve((100, 90, 6, 0.93, 0.9, 0.96), (200, 80, 7, 0.91, 0.88, 0.94))
    total = table({"n": 16}, fixed={"end": ["death"]})
    assert (3, 3) in values(planted.release(tmp_path, curve=steps, total=total))


def test_a_value_at_a_fixed_time_splits_a_step(tmp_path):
    steps = curve((100, 90, 6, 0.93, 0.9, 0.96), (200, 80, 7, 0.91, 0.88, 0.94))
    time = {"column": "time_days", "dimension": "day", "how": "until"}
    at = table(
        {"time_days": 150, "n_events": 8},
        counts={"n_events": {"dimensions": [], "also": {"end": ["death"]}, "time": time}},
        statistic="survival_at",
    )
    assert (2, 2) in values(planted.release(tmp_path, curve=steps, at=at))


def test_estimate_and_limits_alone_give_the_events_of_a_step_back():
    """2 of 40 die on day 100, nobody before: S 0.95, log-log limits 0.8145 to 0.9872."""
    row = {"time_days": "100", "estimate": "0.95", "lower": "0.8145", "upper": "0.9872"}
    (step,) = invert_survival([row])
    assert 1.9 < step.events[0] <= 2 <= step.events[1] < 2.1
    assert 38 < step.at_risk[0] <= 40 <= step.at_risk[1] < 42


def test_files_that_cannot_all_be_true_are_told(tmp_path):
    first, second = table({"n": 40}), table(*by("sex", all=50, female=47), dimensions=BY_SEX)
    with pytest.raises(Contradiction):
        leaks(planted.release(tmp_path, first=first, second=second))


# --- invented registries --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    store = write_store(invented(700, seed=9), folder / "store")
    return run_in_process(store, folder)


def exact_tables(run: Run, exact) -> Run:
    """Return the run as it was before the gate hid anything, where the rows are the same."""

    def text(value) -> str:
        missing = value is None or value != value
        return "NA" if missing else f"{value:g}" if isinstance(value, float) else str(value)

    tables = dict(run.tables)
    for id, each in run.tables.items():
        frame = exact[id]
        if set(each.columns) <= set(frame.columns) and len(frame) == len(each.rows):
            rows = frame[list(each.columns)].astype(object).to_dict("records")
            written = tuple({name: text(value) for name, value in row.items()} for row in rows)
            tables[id] = dataclasses.replace(each, rows=written)
    return dataclasses.replace(run, tables=tables)


def test_what_the_attacker_takes_for_true_is_true_of_the_exact_tables(made):
    run = read_run(made.release)
    known, exact = learn(run), learn(exact_tables(run, made.exact))
    single = {each: exact.low[each] for each in exact.shown}
    wrong = [
        str(each)
        for each in known.low
        if each in single and not known.low[each] <= single[each] <= known.high[each]
    ]
    for whole, parts in exact.sums | known.sums:
        if {whole, *parts} <= single.keys():
            wrong += [str(whole)] * (sum(single[part] for part in parts) != single[whole])
    assert not wrong
    assert len(single) > 1000
    find_leaks(exact, 5)
