"""Whoever has the files of a release and knows the rules tries to get hidden numbers back."""

import ast
import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from attack import planted
from attack.attacker import Contradiction, find_leaks
from attack.curves import invert_survival
from attack.exact import exact_tables
from attack.in_process import invented, run_in_process, write_store
from attack.inverses import events_behind_rate, persons_behind_share
from attack.knowledge import learn
from attack.pictures import (
    Panel,
    as_number,
    heights_of_steps,
    read_plotly,
    read_svg,
    told_by,
    untold,
)
from attack.planted import table
from attack.read import DAYS_PER_YEAR, HIDDEN, NO_VALUE, Run, half_unit, number, read_run
from attack.subtract import between
from attack.whole_run import leaks

ATTACK = Path(planted.__file__).parent


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


def test_how_many_a_figure_is_of_gives_a_hidden_cell_back(tmp_path):
    rows, said = table(*by("sex", female=47, male=""), dimensions=BY_SEX)
    of = planted.release(tmp_path, parts=(rows, said | {"n_persons": 50}))
    assert values(of) == {(3, 3)}
    silent = planted.release(tmp_path / "silent", parts=(rows, said | {"n_persons": None}))
    assert values(silent) == set()


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


REGION = {"bergen": "vest", "fonna": "vest", "forde": "vest", "ous": "sor_ost"}


def indicator(*rows: tuple, **columns) -> tuple:
    """Return rows of (level, unit, numerator, denominator), each of its own population."""
    names = ("level", "unit", "numerator", "denominator")
    rows = [{"indicator": "mri", **dict(zip(names, row, strict=True)), **columns} for row in rows]
    dimension = {"region": "region", "trust": "residence_hf"}
    of = [{dimension[row["level"]]: [row["unit"]]} if row["level"] in dimension else {}
          for row in rows]  # fmt: skip
    return table(
        *rows,
        cells={
            "numerator": [["persons", {**box, "mri": ["met"]}] for box in of],
            "denominator": [["persons", box] for box in of],
        },
        coarser={"residence_hf": {"region": REGION}},
    )


def test_trusts_of_different_populations_make_up_their_region(tmp_path):
    shares = indicator(("region", "vest", 30, 60), ("trust", "bergen", 20, 40),
                       ("trust", "fonna", 10, 17), ("trust", "forde", "", ""))  # fmt: skip
    assert (3, 3) in values(planted.release(tmp_path, "annual_report", shares=shares))


def test_a_denominator_comes_back_of_a_table_of_its_persons(tmp_path):
    shares = indicator(("region", "vest", 30, ""))
    persons = table({"n": 60}, fixed={"region": ["vest"]})
    assert values(planted.release(tmp_path, shares=shares, persons=persons)) == {(60, 60)}


def test_the_share_of_the_nation_in_a_row_of_a_trust_gives_the_nation_back(tmp_path):
    shares = indicator(("nation", "norway", "", 60), ("trust", "bergen", 20, 40),
                       ("trust", "ous", "", 20), nation_share=0.5167)  # fmt: skip
    found = values(planted.release(tmp_path, "annual_report", shares=shares))
    assert found == {(31, 31), (11, 11)}


@pytest.mark.parametrize(
    ("policy", "numerator", "denominator", "found"),
    [
        ("annual_report", 2, 40, set()),
        ("plain", 2, 40, {(2, 2)}),
        ("annual_report", 1, 4, {(1, 1), (4, 4)}),
    ],
)
def test_a_small_numerator_is_printed_only_of_a_quota_and_beside_its_denominator(
    tmp_path, policy, numerator, denominator, found
):
    shares = indicator(("region", "vest", numerator, denominator))
    assert values(planted.release(tmp_path, policy, shares=shares)) == found


def test_a_small_level_of_a_breakdown_is_never_printed(tmp_path):
    counts = {"n": {"dimensions": ["level"]}, "denominator": {"dimensions": []}}
    level = table(
        {"level": "female", "n": 2, "denominator": 40},
        {"level": "male", "n": 38, "denominator": 40},
        dimensions=BY_SEX,
        counts=counts,
    )
    assert values(planted.release(tmp_path, "annual_report", level=level)) == {(2, 2)}


def test_a_small_count_is_found_though_nothing_says_whom_it_counts(tmp_path):
    stopped = table({"stratum": "all", "n_stopped": 2}, counts={"n_stopped": {}})
    assert values(planted.release(tmp_path, stopped=stopped)) == {(2, 2)}


def test_the_last_year_of_the_prevalence_is_who_is_alive(tmp_path):
    boxes = [["persons", {f"alive at the end of {year}": ["yes"]}] for year in (2023, 2024)]
    years = table({"stratum": "2023", "n": 90}, {"stratum": "2024", "n": 100}, cells={"n": boxes})
    alive = table({"stratum": "all", "n": ""}, cells={"n": [["persons", {"alive": ["yes"]}]]})
    run = planted.release(tmp_path, prevalence_by_year=years, prevalence_by_trust=alive)
    assert values(run) == {(100, 100)}


@pytest.mark.parametrize(
    ("policy", "found"), [("annual_report", set()), ("plain", {(2, 2)}), ("strict", {(2, 2)})]
)
def test_what_a_numerator_leaves_may_be_small_only_where_quotas_are_printed(
    tmp_path, policy, found
):
    shares = indicator(("region", "vest", 38, 40))
    assert values(planted.release(tmp_path, policy, shares=shares)) == found


@pytest.mark.parametrize("numerator", [0, 40])
def test_none_and_all_of_a_group_are_never_printed_under_strict(tmp_path, numerator):
    shares = indicator(("region", "vest", numerator, 40))
    assert not leaks(planted.release(tmp_path / "research", "plain", shares=shares))
    assert leaks(planted.release(tmp_path / "strict", "strict", shares=shares))


def patients_by_trust(**newly_diagnosed: int | str) -> tuple:
    rows = [{"trust": trust, "newly_diagnosed": n} for trust, n in newly_diagnosed.items()]
    return table(*rows, dimensions={"trust": "residence_hf"},
                 counts={"newly_diagnosed": {"dimensions": ["trust"]}},
                 coarser={"residence_hf": {"region": REGION | {"finnmark": "nord"}}})  # fmt: skip


@pytest.mark.parametrize(
    ("policy", "newly_diagnosed", "found"),
    [
        ("annual_report", {"finnmark": 1}, set()),
        ("annual_report", {"finnmark": 2}, {(2, 2)}),
        ("annual_report", {"bergen": 1}, {(1, 1)}),
        ("plain", {"finnmark": 1}, {(1, 1)}),
    ],
)
def test_a_small_number_by_trust_is_printed_only_where_the_registry_prints_this_very_one(
    tmp_path, policy, newly_diagnosed, found
):
    printed = patients_by_trust(**newly_diagnosed)
    assert values(planted.release(tmp_path, policy, patients_by_trust=printed)) == found


def test_a_region_of_whom_everyone_knows_already_is_no_leak_but_a_part_of_them_is(tmp_path):
    printed = patients_by_trust(finnmark=1, bergen=0)
    by_region = table(*by("region", nord=""), dimensions={"level": "region"})
    by_sex = table(*by("sex", female=""), dimensions=BY_SEX, fixed={"residence_hf": ["finnmark"]})
    regions = planted.release(
        tmp_path / "regions", "annual_report", patients_by_trust=printed, by_region=by_region
    )
    sexes = planted.release(
        tmp_path / "sexes", "annual_report", patients_by_trust=printed, by_sex=by_sex
    )
    assert not values(regions)
    assert values(sexes) == {(1, 1)}


def test_a_numerator_that_is_hidden_with_its_denominator_may_be_0(tmp_path):
    hidden, shown = indicator(("region", "vest", "", "")), indicator(("region", "vest", 0, 9))
    assert values(planted.release(tmp_path, hidden=hidden, shown=shown)) == {(9, 9)}


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


@pytest.mark.parametrize(
    ("policy", "now", "before", "found"),
    [
        ("plain", 50, 47, {(3, 3)}),
        ("plain", 47, 50, {(-3, -3)}),
        ("plain", 50, 50, set()),
        ("plain", 50, 40, set()),
        ("research", 50, 40, set()),
        ("research", 50, 50, set()),
    ],
)
def test_what_lies_between_two_runs_is_found_unless_counts_are_rounded(
    tmp_path, policy, now, before, found
):
    runs = [
        planted.release(tmp_path / str(number), policy, persons=table({"n": n}))
        for number, n in enumerate((now, before))
    ]
    assert {(leak.low, leak.high) for leak in between(*map(learn, runs), 5)} == found


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


SEEDS = {50: 1, 75: 17, 200: 12, 700: 13, 3000: 11}
"""The seed by number of persons. In the trust `finnmark` lives one of them."""
EVERY: tuple[str, ...] = ()
SOME = {
    50: EVERY,
    75: ("demographic_trends", "quality_indicators"),
    200: ("demographic_trends", "patient_reported_outcomes", "treatment_switch_sankey"),
    700: ("demographic_trends", "diagnostic_workup", "overall_survival"),
    3000: (
        "demographic_trends",
        "natalizumab_discontinuation",
        "overall_survival",
        "rituximab_time_to_switch",
        "treatment_switch_sankey",
    ),
}
"""What is attacked of each registry; the slow tests attack every analysis of 200 others."""


def of_registry(persons: int) -> pytest.MarkDecorator:
    """Return the mark of tests that share a registry: one process makes it, once."""
    return pytest.mark.xdist_group(f"registry_{persons}")


REGISTRIES = [pytest.param(persons, marks=of_registry(persons)) for persons in SEEDS]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return the run over a registry, made when it is first asked for."""

    @cache
    def make(persons: int):
        folder = tmp_path_factory.mktemp(f"registry_of_{persons}")
        store = write_store(invented(persons, SEEDS[persons]), folder / "store")
        drawn = DRAWN if persons == 3000 else ()
        return run_in_process(store, folder, analyses=SOME[persons], drawn=drawn)

    return make


@pytest.mark.parametrize("persons", REGISTRIES)
def test_nothing_that_is_hidden_comes_back_of_a_run(made, persons):
    found = made(persons)
    assert not found.failures
    run = read_run(found.release)
    assert len(learn(run).hidden) > 20
    returned = leaks(run)
    assert not returned, "\n".join(map(str, returned))


@pytest.mark.parametrize("persons", REGISTRIES)
def test_nothing_computed_of_a_hidden_count_is_shown(made, persons):
    """An estimate does not tell who is at risk where it is made."""
    hidden, shown = 0, []
    for each in read_run(made(persons).release).tables.values():
        for count, said in each.said.get("counts", {}).items():
            rows = [row for row in each.rows if row.get(count) == HIDDEN]
            hidden += len(rows)
            shown += [
                (each.id, count, name)
                for name in said["dependents"] if count != "n_at_risk"
                for row in rows if row.get(name, HIDDEN) not in (HIDDEN, NO_VALUE)
            ]  # fmt: skip
    assert hidden > 20
    assert not shown


@pytest.mark.parametrize("persons", REGISTRIES)
def test_what_the_attacker_takes_for_true_is_true_of_the_exact_tables(made, persons):
    found = made(persons)
    run = read_run(found.release)
    known, exact = learn(run), learn(exact_tables(run, found.exact))
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
    assert len(single) > 400
    find_leaks(exact, 5)


APART = {
    "cumulative_incidence": {"n_at_risk", "n_censored", "n_entered", "n_events_any"},
    "median_survival": {"n_at_risk"},
    "mixed_regression": {"n_persons"},
    "run_charts": {"least_denominator"},
    "survival": {"n_at_risk", "n_entered"},
    "turnover": {"n_stopped"},
    "weighted_hazard_ratio": {"n", "n_events"},
}
"""Counts that no other table has: who is at risk once some enter late, or who gave any answer."""


@pytest.mark.parametrize("persons", REGISTRIES)
def test_every_count_says_whom_it_counts_so_that_the_run_can_be_audited(made, persons):
    for each in read_run(made(persons).release).tables.values():
        said = {*each.said.get("cells", ())}
        said |= {count for count, of in each.said.get("counts", {}).items() if "dimensions" in of}
        unsaid = {*each.said.get("counts", ())} - said
        assert unsaid <= APART.get(each.said.get("statistic"), set()), each.id


INVENTED = "invented_lives"
"""The lives that an invented registry was drawn from are nobody's: no table is saved of them."""


def said_of(cell: str, unit: str, column: str) -> float | None:
    """Return a printed cell in the unit that a sentence gives it."""
    value = number(cell)
    if value is None or unit not in ("percent", "percentage_points", "years"):
        return value
    days = DAYS_PER_YEAR if column.endswith("_days") else 1
    return value / days if unit == "years" else 100 * value


@pytest.mark.parametrize("persons", REGISTRIES)
def test_a_number_in_a_sentence_is_one_that_a_table_prints(made, persons):
    """So whoever has read all tables has read all numbers."""
    run = read_run(made(persons).release)
    beside = ("denominator", "n", "n_at_risk")
    said = [each for each in run.numbers if each["population"] != INVENTED]
    for each in said:
        statistic, _, column = each["measure"].partition(":")
        values = [
            said_of(row[name], each["unit"], name)
            for table in run.tables.values()
            if table.said["statistic"] == statistic
            and table.said["population"]["name"] == each["population"]
            for name in (column, f"{column}_days") if name in table.columns
            for row in table.rows
            if not each["n"] or each["n"] in [row.get(other) for other in beside]
        ]  # fmt: skip
        printed = each["value"]
        assert not printed or any(
            value is not None and abs(value - float(printed)) <= half_unit(printed) + 1e-9
            for value in values
        ), each["id"]
    assert len(said) > 40


# --- pictures -------------------------------------------------------------------------------------

DRAWN = {
    "overall_survival_sex": ["overall_survival_sex"],
    "rituximab_switched_to": ["rituximab_switched_to"],
    "untreated_reasons": ["untreated_reasons"],
    "treatment_status_by_trust": ["treatment_status_by_trust"],
    "untreated_reasons_by_trust": ["untreated_reasons_by_trust"],
    "ongoing_by_drug": ["ongoing_by_drug"],
    "natalizumab_balance": ["natalizumab_balance"],
    "natalizumab_jcv_positive": ["natalizumab_jcv_stratify", "natalizumab_jcv_immunowell"],
    "prevalence_by_trust": ["prevalence_by_trust", "prevalence_expected"],
    "treatment_switch_sankey": ["treatment_switch_sankey"],
}
"""Figures, and the tables they may draw."""
SHARES = ("rituximab_switched_to", "untreated_reasons")
BARS = (*SHARES, "treatment_status_by_trust", "untreated_reasons_by_trust", "ongoing_by_drug")


@pytest.fixture(scope="module")
def drawn(made):
    return read_run(made(3000).release)


def told(run: Run, figure: str):
    return told_by(run.tables[id] for id in DRAWN[figure])


def panel_of(run: Run, figure: str) -> Panel:
    return read_svg(run.folder / "figures" / f"{figure}.en.svg")[0]


@of_registry(3000)
@pytest.mark.parametrize("figure", BARS)
def test_no_bar_is_longer_or_shorter_than_a_released_number(drawn, figure):
    panel = panel_of(drawn, figure)
    ends = [end for left, _, right, _ in panel.bars for end in (left, right)]
    assert len(ends) > 4
    known = np.append(told(drawn, figure), whole_bars(drawn, figure))
    assert untold(panel.across(np.array(ends)), np.sort(known), panel.across.precision) == []


def whole_bars(run: Run, figure: str) -> list[float]:
    """Where a stratum ends in persons: what is hidden of it is one hatched rest."""
    return [float(row["n"]) for id in DRAWN[figure] for row in run.tables[id].rows
            if row["level"] == "all" and row["n"]]  # fmt: skip


@of_registry(3000)
@pytest.mark.parametrize("figure", SHARES)
def test_a_hidden_level_has_no_bar(drawn, figure):
    panel = panel_of(drawn, figure)
    lengths = panel.across(np.array([right for *_, right, _ in panel.bars]))
    shown = [row for row in drawn.tables[DRAWN[figure][0]].rows if row["share"] not in ("", "0.0")]
    assert (lengths > panel.across.precision).sum() == len(
        [r for r in shown if r["level"] != "all"]
    )


@of_registry(3000)
@pytest.mark.parametrize("figure", ["natalizumab_balance", "prevalence_by_trust"])
def test_no_mark_stands_beside_the_released_numbers(drawn, figure):
    panel = panel_of(drawn, figure)
    places = np.concatenate([points[:, 0] for points in panel.lines])
    assert untold(panel.across(places), told(drawn, figure), panel.across.precision) == []


@of_registry(3000)
def test_no_point_of_a_series_is_finer_than_the_released_share(drawn):
    panel = panel_of(drawn, "natalizumab_jcv_positive")
    places = np.concatenate([points[:, 1] for points in panel.lines])
    known = told(drawn, "natalizumab_jcv_positive")
    assert untold(panel.up(places), known, panel.up.precision) == []


@of_registry(3000)
def test_a_drawn_curve_has_no_step_that_its_table_has_not(drawn):
    panel = panel_of(drawn, "overall_survival_sex")
    rows = [row for row in drawn.tables["overall_survival_sex"].rows if row["estimate"]]
    steps = [step for curve in heights_of_steps(panel) for step in curve]
    assert 2 < len(steps) <= len(rows)
    days = np.sort([float(row["time_days"]) / DAYS_PER_YEAR for row in rows])
    heights = np.sort([float(row["estimate"]) for row in rows])
    assert untold([day for day, _ in steps], days, 10 * panel.across.precision) == []
    assert untold([height for _, height in steps], heights, panel.up.precision) == []


@of_registry(3000)
def test_numbers_at_risk_under_a_curve_are_those_of_its_table(drawn):
    panels = read_svg(drawn.folder / "figures" / "overall_survival_sex.en.svg")
    numbers = [as_number(text) for text in panels[1].texts]
    numbers = [each for each in numbers if each is not None]
    table = drawn.tables["overall_survival_sex"]
    released = {float(each) for each in table.column("n_at_risk") if each not in ("", "NA")}
    assert len(numbers) > 3
    assert set(numbers) <= released


@of_registry(3000)
def test_flows_of_the_interactive_twin_are_those_of_its_table(drawn):
    data, layout = read_plotly(drawn.folder / "figures" / "treatment_switch_sankey.en.js")
    table = drawn.tables["treatment_switch_sankey"]
    values = sorted(data[0]["link"]["value"])
    assert values == sorted(int(row["n"]) for row in table.rows)
    assert set(data[0]) | set(layout) <= {
        "type", "arrangement", "node", "link", "height", "annotations", "title", "textfont",
    }  # fmt: skip
    hovers = " ".join([*data[0]["link"]["customdata"], *data[0]["node"]["customdata"]])
    sums = {int(row["n"]) for row in table.rows} | node_sizes(table)
    assert {int(n.replace("\u00a0", "").replace(" ", "")) for n in COUNTS.findall(hovers)} <= sums


COUNTS = re.compile(r"n = (\d[\d\u00a0 ]*\d|\d)")


def node_sizes(table) -> set[int]:
    sums: dict[tuple[str, ...], int] = {}
    for row in table.rows:
        for side in ("source", "target"):
            key = (row["step"], side, row[side])
            sums[key] = sums.get(key, 0) + int(row["n"])
    return set(sums.values())


SVG = """<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">
<g id="axes_1"><g id="patch_2"><path d="M 0 100 L 200 100 L 200 0 L 0 0 z"/></g>
<g id="matplotlib.axis_1">
<g id="xtick_1"><g><use x="0" y="100"/></g><g><!-- 0 % --></g></g>
<g id="xtick_2"><g><use x="200" y="100"/></g><g><!-- 100 % --></g></g></g>
<g id="patch_3"><path d="M 0 10 L 99.36 10 L 99.36 20 L 0 20 z"/></g>
<g id="patch_4"><path d="M 0 30 L {length} 30 L {length} 40 L 0 40 z"/></g>
</g></svg>"""


@pytest.mark.parametrize(
    ("length", "found"), [("0", []), ("9.6774", [0.048387]), ("99.361", [0.496805])]
)
def test_a_bar_of_a_hidden_number_or_with_more_digits_is_found(tmp_path, length, found):
    """Shown: 49.68 %. Planted: nothing, the bar of the hidden 3 of 62, a finer 49.68 %."""
    (tmp_path / "x.svg").write_text(SVG.replace("{length}", length), encoding="utf-8")
    (panel,) = read_svg(tmp_path / "x.svg")
    (rows, said) = table({"level": "a", "n": 31, "denominator": 62, "share": 0.4968},
                         {"level": "b", "n": "", "denominator": 62, "share": ""})  # fmt: skip
    known = told_by(planted.release(tmp_path / "run", shares=(rows, said)).tables.values())
    ends = panel.across(np.array([right for *_, right, _ in panel.bars]))
    assert [round(each, 6) for each in untold(ends, known, panel.across.precision)] == found
