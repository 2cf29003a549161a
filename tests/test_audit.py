"""The tables of a run as one: what one hides, the others do not give back."""

import json
from dataclasses import replace
from functools import cache
from itertools import combinations, pairwise, product

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from audited import released_as_one, shown_as_one
from invented_notebooks import counts, rows, write_notebook, write_run_file, write_store
from msanalysis.core import Except
from msanalysis.release import POLICIES, release, shown_under
from msanalysis.release.audit import audit
from msanalysis.release.cells import cell_of, cells_of
from msanalysis.release.days import shown_keys
from msanalysis.release.plan import PLAN_VARIABLE
from msanalysis.release.record import RECORD_VARIABLE, RESULTS_VARIABLE, Shown, kept, read_record
from msanalysis.run.perform import perform
from msanalysis.run.plan import plan_runs
from msanalysis.stats import (
    estimate_flows,
    estimate_shares,
    estimate_shares_by,
    estimate_survival,
    estimate_survival_at,
)
from persons import make_cohort

THRESHOLD = 5


def cohort_of(frame, name="invented", fixed=None, coarser=None):
    """Return `frame` as a part of the base set `everyone`."""
    found = make_cohort(frame)
    return replace(found, name=name, base="everyone", fixed=fixed or {}, coarser=coarser or {})


def hidden(released, count="n", **where):
    rows = np.full(len(released.frame), True)
    for name, level in where.items():
        rows &= (released.frame[name] == level).to_numpy()
    return released.hidden.loc[rows, count].item()


# --- against every table that a reader could think of ---------------------------------------------


def divided(levels, n):
    """Draw n persons divided two or three ways, few in most cells."""
    cells = list(product(*(range(each) for each in levels)))
    often = [0, *range(len(cells))]
    one = st.sampled_from([*often, *often[:3]])
    names = ["a", "b", "c"][: len(levels)]
    return st.lists(one, min_size=n, max_size=n).map(
        lambda drawn: pd.DataFrame([cells[each] for each in drawn], columns=names).apply(
            lambda column: column.name + column.astype(str)
        )
    )


def marginal(cells, box):
    """Return which cells of the whole table lie in a box."""
    return np.array(
        [
            all(
                (level not in held.levels) if isinstance(held, Except) else (level in held)
                for level, held in ((cell[name], part) for name, part in box.items())
            )
            for cell in cells
        ]
    )


@cache
def every_table(n_cells, total):
    """Return all ways to put `total` persons into the cells: (tables, cells)."""
    bars = combinations(range(total + n_cells - 1), n_cells - 1)
    ends = np.array(list(bars), dtype=np.int16)
    edges = np.pad(ends, ((0, 0), (1, 1)), constant_values=((0, 0), (-1, total + n_cells - 1)))
    return np.diff(edges, axis=1) - 1


def assert_nothing_comes_back(frame, results):
    """Hold what is shown against every table of persons that agrees with it."""
    _, tables, _ = shown_as_one(results)
    names = list(frame)
    cells = [
        dict(zip(names, levels, strict=True)) for levels in product(*map(set_of(frame), names))
    ]
    exact = {cell.key: cell for table in tables for cell in table.cells}
    masked = {key for table in tables for key in table.hidden}
    # Where nothing shown tells how many there are, every number would have to be tried.
    assume(any(marginal(cells, exact[key].box).all() for key in exact.keys() - masked))
    possible = every_table(len(cells), len(frame))
    for key, cell in exact.items():
        inside = possible[:, marginal(cells, cell.box)].sum(axis=1)
        fits = inside >= (cell.value > 0) if key in masked else inside == cell.value
        possible = possible[fits]
    assert len(possible)
    for key in masked:
        cell = exact[key]
        values = np.unique(possible[:, marginal(cells, cell.box)].sum(axis=1))
        assert cell.value in values
        if cell.value:
            assert len(values) > 1
            assert values.max() >= THRESHOLD


def set_of(frame):
    return lambda name: sorted(frame[name].unique())


@given(divided((3, 2), 24))
@settings(max_examples=20)
def test_of_a_two_way_table_and_its_margins_nothing_comes_back(frame):
    cohort = cohort_of(frame)
    by_b = estimate_shares_by(cohort, column="a", by="b")
    margins = [estimate_shares(cohort, column=name) for name in frame]
    assert_nothing_comes_back(frame, [by_b, *margins])


@given(divided((2, 2, 2), 16))
@settings(max_examples=15)
def test_of_three_two_way_tables_of_the_same_persons_nothing_comes_back(frame):
    cohort = cohort_of(frame)
    pairs = [("a", "b"), ("b", "c"), ("c", "a")]
    results = [estimate_shares_by(cohort, column=column, by=by) for column, by in pairs]
    results.append(estimate_shares(cohort, column="a"))
    assert_nothing_comes_back(frame, results)


@given(divided((3, 2), 24))
@settings(max_examples=15)
def test_of_a_cohort_and_a_part_of_it_nothing_comes_back(frame):
    part = frame[frame["b"] == "b0"].reset_index(drop=True)
    results = [
        estimate_shares(cohort_of(frame), column="a"),
        estimate_shares(cohort_of(frame), column="b"),
        estimate_shares(cohort_of(part, "part", {"b": ("b0",)}), column="a"),
    ]
    assert_nothing_comes_back(frame, results)


# --- what two tables tell together ----------------------------------------------------------------


def test_a_part_of_the_nation_is_not_told_by_the_rest_of_it():
    places = ["a"] * 30 + ["b"] * 40 + ["c"] * 3
    nation = cohort_of(pd.DataFrame({"place": places}))
    others = nation.frame[nation.frame["place"] != "c"].reset_index(drop=True)
    rest = cohort_of(others, "rest", {"place": ("a", "b")})
    of_nation = replace(nation, exclusions=no_step("left_out"))
    whole, part = released_as_one([of_nation.attrition, rest.attrition])
    assert hidden(whole, step="included") or hidden(part, step="included")


def test_what_overlapping_periods_leave_between_them_is_not_few():
    years = [2013] * 20 + [2014] * 3 + [2015] * 30 + [2016] * 40
    since = {
        first: cohort_of(
            pd.DataFrame({"sex": ["f"] * sum(year >= first for year in years)}),
            f"since_{first}",
            {"year": tuple(str(year) for year in range(first, 2017))},
        )
        for first in (2013, 2014, 2015)
    }
    tables = released_as_one([estimate_shares(each, column="sex") for each in since.values()])
    shown = [table.frame["n"][0] for table in tables if not hidden(table, level="all")]
    assert len(shown) < 3
    assert not any(0 < abs(one - other) < THRESHOLD for one in shown for other in shown)


def test_a_level_that_one_table_hides_is_not_told_by_a_coarser_one():
    ages = ["young"] * 30 + ["middle"] * 3 + ["old"] * 9
    group = ["below"] * 33 + ["above"] * 9
    coarser = {"age": {"group": {"young": "below", "middle": "below", "old": "above"}}}
    cohort = cohort_of(pd.DataFrame({"age": ages, "group": group}), coarser=coarser)
    by_age, by_group = released_as_one(
        [estimate_shares(cohort, column=column) for column in ("age", "group")]
    )
    assert hidden(by_age, level="middle")
    known = [level for level in ("young", "old") if not hidden(by_age, level=level)]
    assert known == [] or hidden(by_group, level="above" if known == ["young"] else "below")


def test_a_year_that_is_hidden_is_not_what_a_period_leaves_of_its_other_years():
    years = ["2017"] * 12 + ["2018"] * 13 + ["2019"] * 3 + ["2020"] * 40
    periods = ["2017-2018"] * 25 + ["2019-2020"] * 43
    of = {"2017": "2017-2018", "2018": "2017-2018", "2019": "2019-2020", "2020": "2019-2020"}
    cohort = cohort_of(
        pd.DataFrame({"year": years, "period": periods}),
        fixed={"year": ("2016", *of)},
        coarser={"year": {"period": of}},
    )
    by_year, by_period = released_as_one(
        [estimate_shares(cohort, column=column) for column in ("year", "period")]
    )
    assert hidden(by_year, level="2019")
    masked = by_year.frame["level"][by_year.hidden["n"]].tolist()
    in_period = [level for level in masked if of.get(level) == "2019-2020"]
    assert len(in_period) == 2 or hidden(by_period, level="2019-2020")
    assert len(masked) + by_period.hidden["n"].sum() > 1


def test_an_exclusion_that_one_attrition_hides_is_hidden_in_all():
    tables = []
    for name, n in (("long", 40), ("short", 60)):
        steps = {"step": ["no_consent", name], "n": [3, n], "dimension": ["no_consent", name]}
        kept = cohort_of(pd.DataFrame({"sex": ["f"] * (200 - n)}), name, {"no_consent": ("no",)})
        fixed = {**kept.fixed, name: ("no",)}
        tables.append(replace(kept, exclusions=pd.DataFrame(steps), fixed=fixed).attrition)
    for table in released_as_one(tables):
        assert hidden(table, step="no_consent")
        assert table.hidden["n"].sum() > 1


def told(statistic, *counts, coarser=None):
    """Return a table as the audit has it: boxes of `everyone`, their numbers, which are hidden."""
    cells = [
        cell_of("everyone", box, row, "n", n, False, n) for row, (box, n, *_) in enumerate(counts)
    ]
    keys = {cell.key for cell, (*_, last) in zip(cells, counts, strict=True) if last == HIDDEN}
    return Shown("", statistic, "table", tuple(cells), frozenset(keys), coarser=coarser or {})


HIDDEN = "hidden"


def test_what_two_chains_of_exclusions_leave_of_the_same_persons_is_one_number():
    """13 + 1 + 106 are 4 + 12 + 104: where the 1 is hidden, the 4 is 4 or more, the 3 less."""
    no, yes, before = ("no",), ("yes",), Except(("2024",))
    everyone = ({}, 120, HIDDEN)
    last = ({"year": ("2024",)}, 4, HIDDEN)
    lines = told(
        "attrition",
        everyone,
        ({"never": yes}, 13),
        ({"never": no, "unseen": yes}, 1, HIDDEN),
        ({"never": no, "unseen": no}, 106),
    )
    states = told(
        "attrition",
        everyone,
        last,
        ({"year": before, "dead": yes}, 12),
        ({"year": before, "dead": no}, 104),
    )
    years = told("shares", ({"year": ("2023",)}, 3, HIDDEN), last, ({"year": ("2023", "2024")}, 7))
    hidden_by_themselves = {key for each in (lines, states, years) for key in each.hidden}
    assert audit([lines, years], THRESHOLD) == lines.hidden | years.hidden
    assert audit([states, years], THRESHOLD) == states.hidden | years.hidden
    assert audit([lines, states, years], THRESHOLD) > hidden_by_themselves


MEASURED = {"measured": ("yes",)}
PLACES = [{"place": ("a",)}, {"place": ("b",)}]


def measured(wholes, parts, hidden_wholes=""):
    """Return so many measured of so many in two places, which are hidden, and of all of them."""
    table = told(
        "indicators",
        ({}, sum(wholes)),
        (MEASURED, sum(parts)),
        *((place, n, hidden_wholes) for place, n in zip(PLACES, wholes, strict=True)),
        *(({**place, **MEASURED}, n, HIDDEN) for place, n in zip(PLACES, parts, strict=True)),
    )
    whole, part, a, b, *of_places = (cell.key for cell in table.cells)
    pairs = zip((part, *of_places), (whole, a, b), strict=True)
    return replace(table, quotas=frozenset(pairs)), part


def test_hidden_numerators_of_small_wholes_are_small_anyway():
    quotas, _ = measured((4, 3), (1, 2), HIDDEN)
    assert audit([quotas], THRESHOLD) == quotas.hidden


def test_hidden_numerators_of_shown_wholes_are_not_known_to_be_few_by_one_that_is_shown():
    quotas, of_both = measured((9, 8), (1, 2))
    assert audit([quotas], THRESHOLD) == {*quotas.hidden, of_both}


def test_who_is_a_numerator_here_and_counted_for_themselves_there_is_not_known_to_be_few():
    quotas, of_both = measured((4, 3), (1, 2), HIDDEN)
    alone = told(
        "completeness",
        *(({**place, **MEASURED}, n, HIDDEN) for place, n in zip(PLACES, (1, 2), strict=True)),
    )
    assert of_both in audit([quotas, alone], THRESHOLD)


def test_what_an_audit_remembers_of_the_one_before_changes_nothing():
    """Nor where a number that was free then is known now."""
    sexes = told("shares", ({"sex": ("f",)}, 3, HIDDEN), ({"sex": ("m",)}, 9, HIDDEN), ({}, 12))
    known = told("shares", ({"sex": ("m",)}, 9))
    proven = {}
    assert audit([sexes], THRESHOLD, proven=proven) == sexes.hidden
    assert proven
    open_again = replace(sexes, hidden=frozenset([sexes.cells[0].key]))
    expected = audit([open_again, known], THRESHOLD)
    assert expected > open_again.hidden
    assert audit([open_again, known], THRESHOLD, proven=proven) == expected


@pytest.fixture
def gone():
    """3 of 100 are gone, and the 100 is hidden with them."""
    return told(
        "shares",
        ({}, 100, HIDDEN),
        ({"gone": ("yes",)}, 3, HIDDEN),
        ({"gone": ("no",)}, 97),
    )


def test_who_is_left_out_of_years_that_some_have_is_who_is_in_none_of_them(gone):
    """Nobody had onset in 1950: the 60 of 1950 or 2001 and the 40 others are the 97 and the 3."""
    years = ("1950", "2001")
    onset = told(
        "shares",
        ({"onset": years}, 60),
        ({"onset": Except(years)}, 40),
        coarser={"onset": {"era": {"2001": "late", "1990": "early"}}},
    )
    assert audit([gone], THRESHOLD) == gone.hidden
    assert audit([onset, gone], THRESHOLD) > gone.hidden


def test_all_of_whom_something_is_known_are_everyone_where_nobody_has_another_level(gone):
    """The 100 with any finding are the 97 and the 3, though no table counts those with many."""
    findings = told(
        "trend",
        ({"known": ("yes",)}, 100),
        ({"few": ("few",)}, 40),
        coarser={
            "findings": {
                "known": {"none": "yes", "one": "yes", "two": "yes"},
                "few": {"none": "few", "one": "few", "two": "many"},
            }
        },
    )
    assert audit([gone], THRESHOLD) == gone.hidden
    assert audit([findings, gone], THRESHOLD) > gone.hidden


def test_who_has_a_value_is_everyone_where_no_level_is_missing():
    """No table of findings has the level missing: the 60 whose findings are known are all RRMS."""
    rrms = {"course": ("rrms",)}
    courses = told(
        "shares",
        ({}, 100),
        (rrms, 60, HIDDEN),
        ({"course": ("ppms",)}, 37, HIDDEN),
        ({"course": ("unknown",)}, 3, HIDDEN),
    )
    level_of = {"0": "few", "1": "few", "2": "many"}
    trend = told(
        "trend",
        (rrms | {"findings known": ("yes",)}, 60),
        (rrms | {"number": ("few",)}, 30),
        coarser={"findings": {"number": level_of, "findings known": dict.fromkeys("012", "yes")}},
    )
    assert audit([courses], THRESHOLD) == courses.hidden
    assert audit([courses, trend], THRESHOLD) > courses.hidden


def test_who_has_a_value_and_who_has_none_are_everyone_where_a_level_is_nobodys():
    """No table of these 32 has the group 4 to 5: the 11 with EDSS and the 21 without are all."""
    groups = told(
        "boxes",
        ({}, 32, HIDDEN),
        ({"edss group": ("0-1",)}, 3, HIDDEN),
        ({"edss group": ("2-3",)}, 7, HIDDEN),
        ({"edss group": ("6-10",)}, 1, HIDDEN),
        ({"edss group": ("missing",)}, 21),
    )
    answer = dict.fromkeys(("0-1", "2-3", "4-5", "6-10"), "yes") | {"missing": "no"}
    correlation = told(
        "correlation",
        ({"edss known": ("yes",)}, 11),
        coarser={"edss group": {"edss known": answer}},
    )
    assert audit([groups], THRESHOLD) == groups.hidden
    assert audit([groups, correlation], THRESHOLD) > groups.hidden


@pytest.mark.parametrize("yes", [(19,), (19, HIDDEN)])
@pytest.mark.parametrize(
    "other", [{"known": ("yes",)}, {"group": ("0-1", "4-5")}], ids=["coarser", "together"]
)
def test_a_level_that_no_table_lists_is_nobodys_where_those_listed_make_up_the_whole(other, yes):
    """Of 40 there are 37 and 3 hidden; 9, 10 and 21 are the 40, whoever else names a group 4-5."""
    all_40 = told(
        "shares", ({}, 40, HIDDEN), ({"sex": ("female",)}, 3, HIDDEN), ({"sex": ("male",)}, 37)
    )
    groups = told(
        "boxes",
        ({"group": ("0-1",)}, 9),
        ({"group": ("2-3",)}, 10),
        ({"group": ("missing",)}, 21),
    )
    answer = dict.fromkeys(("0-1", "2-3", "4-5"), "yes") | {"missing": "no"}
    n = (9, *yes[1:]) if "group" in other else yes
    named = told("correlation", (other, *n), coarser={"group": {"known": answer}})
    assert audit([all_40, groups], THRESHOLD) > all_40.hidden
    assert audit([all_40, groups, named], THRESHOLD) > all_40.hidden | named.hidden


def test_a_part_that_is_all_of_its_whole_does_not_tell_that_nobody_has_another_level():
    """The 6 known by June are all 6, by chance; who came later may have been somebody."""
    known = told(
        "coverage",
        ({}, 6, HIDDEN),
        ({"known by": ("june",)}, 6),
        ({"known by": ("june", "december")}, 6, HIDDEN),
    )
    assert audit([known], THRESHOLD) == known.hidden


def no_step(name):
    return pd.DataFrame({"step": [name], "n": [0], "dimension": [name]})


# --- days -----------------------------------------------------------------------------------------


def followed(n, seed, **columns):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "follow_up_days": rng.integers(1, 1500, n),
            "end_reason": rng.choice(["death", "cutoff"], n, p=[0.3, 0.7]),
            "sex": rng.choice(["female", "male"], n, p=[0.7, 0.3]),
        }
    )
    return cohort_of(frame.assign(**columns))


def by_day(released, count, stratum="all"):
    """Return how many had left by the end of each step, by its day."""
    rows = released.frame[released.frame["stratum"] == stratum].dropna(subset=[count])
    return dict(zip(rows["time_days"], rows[count].cumsum(), strict=True))


def few_between(numbers):
    days = sorted(numbers)
    return [day for before, day in pairwise(days) if 0 < numbers[day] - numbers[before] < THRESHOLD]


@pytest.mark.parametrize("seed", range(4))
def test_a_curve_and_a_table_at_fixed_times_do_not_tell_how_few_died_between_them(seed):
    cohort = followed(700, seed)
    times = [100, 365, 500, 730, 1000]
    curve, at = released_as_one(
        [
            estimate_survival(cohort, event="death", ticks_days=times),
            estimate_survival_at(cohort, event="death", times_days=times),
        ]
    )
    numbers = by_day(curve, "n_events")
    shown = at.frame[~at.hidden["n_events"]]
    assert len(shown) > 2
    numbers |= dict(zip(shown["time_days"], shown["n_events"], strict=True))
    assert few_between(numbers) == []


@pytest.mark.parametrize("seed", range(4))
def test_the_curve_of_all_less_that_of_women_does_not_tell_how_few_men_died(seed):
    cohort = followed(900, seed)
    of_all, by_sex = released_as_one(
        [
            estimate_survival(cohort, event="death"),
            estimate_survival(cohort, event="death", by="sex"),
        ]
    )
    for one, other in (("female", "male"), ("male", "female")):
        everyone, these = by_day(of_all, "n_events"), by_day(by_sex, "n_events", one)
        rest = {day: everyone[day] - these[day] for day in everyone.keys() & these.keys()}
        assert few_between(by_day(by_sex, "n_events", other) | rest) == []


def test_after_its_end_a_curve_leaves_none_or_enough_of_a_total_that_is_shown():
    days = [*range(1, 301), *range(900, 940)]
    reasons = ["death"] * 303 + ["cutoff"] * 37
    cohort = cohort_of(pd.DataFrame({"follow_up_days": days, "end_reason": reasons}))
    curve, ends = released_as_one(
        [
            estimate_survival(cohort, event="death"),
            estimate_shares(cohort, column="end_reason"),
        ]
    )
    total = ends.frame.set_index("level")["n"]["death"]
    told = curve.frame["n_events"].sum()
    assert total == 303
    assert told > 200
    assert not 0 < total - told < THRESHOLD


def test_a_0_that_the_plan_of_the_run_hides_is_hidden(tmp_path, monkeypatch):
    """Which day has been chosen, not how many, would tell too much beside another table."""
    left = pd.DataFrame({"follow_up_days": [150] * 100, "end_reason": ["death"] * 100})
    at = estimate_survival_at(cohort_of(left), event="death", times_days=[100, 200])
    (key,) = [
        each.key for each in cells_of(at, at.frame) if (each.row, each.column) == (0, "n_events")
    ]
    (tmp_path / "plan.json").write_text(json.dumps([key]), encoding="utf-8")
    assert not hidden(release(at), "n_events", time_days=100)
    monkeypatch.setenv(PLAN_VARIABLE, str(tmp_path / "plan.json"))
    assert hidden(release(at), "n_events", time_days=100)


def test_what_is_tried_under_a_plan_is_what_a_notebook_will_show_under_it(tmp_path, monkeypatch):
    cohort = followed(900, 1)
    results = [
        estimate_survival(cohort, event="death"),
        estimate_survival_at(cohort, event="death", times_days=[100, 200]),
        estimate_shares_by(cohort, column="end_reason", by="sex"),
        estimate_flows(cohort, states=["sex", "end_reason"]),
    ]
    monkeypatch.setenv(RESULTS_VARIABLE, str(tmp_path / "results"))
    alone = [shown_under(result, POLICIES["annual_report"], frozenset()) for result in results]
    plan = frozenset(audit(alone, THRESHOLD) & shown_keys(alone))
    (tmp_path / "plan.json").write_text(json.dumps(sorted(plan)), encoding="utf-8")
    monkeypatch.setenv(PLAN_VARIABLE, str(tmp_path / "plan.json"))
    monkeypatch.setenv(RECORD_VARIABLE, str(tmp_path / "cells.jsonl"))
    for result in results:
        release(result)
    under_plan = read_record(tmp_path / "cells.jsonl")
    again = kept(tmp_path / "results")
    assert [shown_under(each, POLICIES["annual_report"], plan) for each in again] == under_plan
    assert alone != under_plan


def test_flows_do_not_tell_how_many_an_attrition_leaves_out():
    states = pd.DataFrame({"first": ["a"] * 60 + ["b"] * 40, "last": ["a", "b"] * 50})
    steps = {"step": ["early", "late"], "n": [50, 3], "dimension": ["early", "late"]}
    fixed = {"early": ("no",), "late": ("no",)}
    cohort = replace(cohort_of(states, fixed=fixed), exclusions=pd.DataFrame(steps))
    flows, attrition = released_as_one(
        [estimate_flows(cohort, states=["first", "last"]), cohort.attrition]
    )
    assert flows.frame["n"].sum() == 100
    assert hidden(attrition, step="late")
    assert hidden(attrition, step="early") or hidden(attrition, step="all")


# --- a run ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Run two notebooks: by place, which hides two, and one of these two alone."""
    folder = tmp_path_factory.mktemp("audited")
    write_notebook(folder / "notebooks", "by_place", counts("place"))
    write_notebook(folder / "notebooks", "of_bergen", counts("side", only="bergen"))
    write_notebook(folder / "notebooks", "by_itself", counts("side", only="ous"))

    def plan(*ids, out="run"):
        return plan_runs(
            write_run_file(folder, f"languages: [en]\nanalyses: [{', '.join(ids)}]"),
            extract=folder / "store",
            out=folder / out,
            catalogue=rows("by_itself", "by_place", "of_bergen"),
            notebooks=folder / "notebooks",
        )[0]

    write_store(folder / "store")
    return plan


def released_table(plan, id):
    path = plan.out / "release" / "tables" / f"{id}_table.csv"
    return pd.read_csv(path, dtype=str, keep_default_na=False).set_index("level")["n"].to_dict()


@pytest.fixture(scope="module")
def first(run):
    began = []
    performed = perform(
        run("by_itself", "by_place", "of_bergen"),
        tell=lambda id, outcome: began.append(id) if outcome is None else None,
    )
    return performed, began


def test_a_notebook_whose_table_gives_a_hidden_cell_back_is_run_again_and_hides_it(run, first):
    performed, began = first
    plan = run("by_itself", "by_place", "of_bergen")
    assert performed.exit_code == 0
    assert released_table(plan, "by_place") == {
        "all": "42",
        "ous": "30",
        "bergen": "",
        "finnmark": "",
    }
    assert released_table(plan, "of_bergen")["all"] == ""
    assert released_table(plan, "by_itself")["all"] == "30"
    assert sorted(began) == ["by_itself", "by_place", "of_bergen", "of_bergen"]


def test_the_second_run_runs_nothing_and_writes_the_same(run, first):
    plan = run("by_itself", "by_place", "of_bergen")
    before = {path: path.read_bytes() for path in (plan.out / "release").rglob("*.csv")}
    began = []
    performed = perform(plan, tell=lambda id, outcome: began.append((id, outcome is None)))
    assert not any(new for _, new in began)
    assert all(outcome.unchanged for outcome in performed.outcomes)
    assert before == {path: path.read_bytes() for path in (plan.out / "release").rglob("*.csv")}


def test_a_run_into_its_own_folder_is_audited_alone(run, first):
    plan = run("of_bergen", out="alone")
    perform(plan)
    assert released_table(plan, "of_bergen")["all"] == "9"


def test_no_exact_number_of_the_audit_is_in_the_release(run, first):
    plan = run("by_itself", "by_place", "of_bergen")
    held = [path.name for path in (plan.out / "release").rglob("*")]
    assert "cells.jsonl" not in held
    assert "audits.json" not in held
    assert (plan.out / "restricted" / "audits.json").exists()
    manifest = (plan.out / "release" / "manifest.json").read_text(encoding="utf-8")
    tables = [table for each in json.loads(manifest)["analyses"] for table in each["tables"]]
    sizes = {table["id"]: table["n_persons"] for table in tables}
    assert sizes == {"by_place_table": None, "of_bergen_table": None, "by_itself_table": 30}
