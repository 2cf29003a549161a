"""The attack on many invented registries, on two runs at once, and by a trust on its neighbours."""

import numpy as np
import polars as pl
import pytest

from attack.attacker import find_leaks
from attack.cells import Cell, Knowledge
from attack.exact import exact_tables
from attack.in_process import LONELY_TRUST, invented, run_in_process, write_store
from attack.knowledge import learn
from attack.pictures import Panel, ends_of_marks, read_svg, told_by, untold
from attack.read import DAYS_PER_YEAR, read_run
from attack.rules import RULES
from attack.subtract import between
from attack.whole_run import leaks

pytestmark = pytest.mark.slow
SIZES = np.geomspace(50, 3000, 200).round().astype(int).tolist()
FEW = [SIZES[place] for place in (0, 60, 100, 140, 199)]
LAST_MONTH = "2025-04-15"
OWN = "bergen"


def attacked(persons: int, seed: int, policy: str, folder):
    store = write_store(invented(persons, seed), folder / "store")
    made = run_in_process(store, folder, policy=policy)
    assert not made.failures
    return leaks(read_run(made.release))


@pytest.mark.parametrize(("seed", "persons"), [*enumerate(SIZES, start=1)])
def test_nothing_hidden_comes_back_of_200_invented_registries(persons, seed, tmp_path):
    found = attacked(persons, seed, "annual_report", tmp_path)
    assert not found, "\n".join(map(str, found))


@pytest.mark.parametrize("policy", ["research", "strict"])
@pytest.mark.parametrize("persons", FEW)
def test_nothing_hidden_comes_back_under_stricter_policies(persons, policy, tmp_path):
    found = attacked(persons, persons, policy, tmp_path)
    assert not found, "\n".join(map(str, found))


@pytest.mark.parametrize("persons", [300, 1500])
def test_this_month_less_the_last_tells_of_nobody_under_research(persons, tmp_path):
    store = write_store(invented(persons, seed=persons), tmp_path / "store")
    now = run_in_process(store, tmp_path / "now", policy="research")
    cutoff = {"data_cutoff": LAST_MONTH}
    before = run_in_process(store, tmp_path / "before", policy="research", parameters=cutoff)
    found = between(*(learn(read_run(made.release)) for made in (now, before)), 5)
    assert not found, "\n".join(map(str, found))


@pytest.mark.parametrize("persons", [300, 1500])
def test_the_nation_less_18_of_19_trusts_tells_of_nobody_under_research(persons, tmp_path):
    registry = invented(persons, seed=persons)
    everyone = write_store(registry, tmp_path / "everyone")
    patients = registry.tables["patients"]
    elsewhere = patients.filter(pl.col("residence_hf").fill_null("") != LONELY_TRUST)
    for name, rows in registry.tables.items():
        if "patient_id" in rows.columns:
            registry.tables[name] = rows.join(
                elsewhere.select("patient_id"), on="patient_id", how="semi"
            )
    others = write_store(registry, tmp_path / "others")
    runs = [run_in_process(store, tmp_path / f"{store.name}_run", policy="research")
            for store in (everyone, others)]  # fmt: skip
    found = between(*(learn(read_run(made.release)) for made in runs), 5)
    assert not found, "\n".join(map(str, found))


def is_own(cell: Cell) -> bool:
    return any(levels == {OWN} for _, levels in cell.box)


def own_part(cell: Cell, exact: Knowledge) -> int | None:
    """Return how many of a region or the nation are the trust's own, where a table counts them.

    What a part leaves of its whole no table counts: of it they are its own of the whole, less
    its own of the part.
    """
    rests = frozenset(item for item in cell.box if item[0].startswith("not "))
    if rests:
        parts = [each for each in exact.low if f"not {each}" in dict(rests)]
        held = [own_part(each, exact) for each in (Cell(cell.base, cell.box - rests), *parts)]
        return held[0] - held[1] if len(held) == 2 and None not in held else None
    others = frozenset(item for item in cell.box if item[0] != "region")
    for dimension in ("residence_hf", "trust"):
        own = Cell(cell.base, others | {(dimension, frozenset({OWN}))})
        if own in exact.shown:
            return exact.low[own]
    return None


@pytest.mark.parametrize("persons", [300, 1500])
def test_a_trust_that_knows_its_own_learns_no_others_under_strict(persons, tmp_path):
    store = write_store(invented(persons, seed=persons), tmp_path / "store")
    made = run_in_process(store, tmp_path, policy="strict")
    run = read_run(made.release)
    known, exact = learn(run), learn(exact_tables(run, made.exact))
    for each in filter(is_own, [*known.low]):
        if each in exact.shown:
            known.bound(each, exact.low[each], exact.low[each])
    found = [
        leak
        for leak in find_leaks(known, RULES["strict"].threshold)
        if not (is_own(leak.cell) or leak.low == leak.high == own_part(leak.cell, exact))
    ]
    assert not found, "\n".join(map(str, found))


# --- every picture --------------------------------------------------------------------------------

ACROSS = {
    "age_pyramid", "course_by_year", "edss_by_age", "findings_at_diagnosis", "prom_response",
    "relapses_before_diagnosis", "sex_by_year",
}  # fmt: skip
"""Figures whose numbers go across although years or ages stand beside them."""
CURVES = {
    "overall_survival_course": 1, "overall_survival_sex": 1, "rituximab_switch_incidence": 12,
    "rituximab_time_to_switch": 12, "time_to_second_line": 1, "time_to_third_line": 1,
}  # fmt: skip
"""Figures over time, and how many of their units are a year."""
LIMITS = {"indicator_funnels"}
"""Figures whose lines are a formula of the nation's numbers; the points are the trusts."""
NUMBERLESS = {
    "completeness", "completeness_by_year", "coverage_map", "edss_scale", "goals", "milestones",
    "second_line_by_rules", "treatment_lines", "treatment_switch_sankey",
}  # fmt: skip
"""Tiles, maps and flows, without an axis of numbers."""
INVENTED = {"overall_survival_estimates"}
"""Drawn beside the curve that the registry was invented from, which is nobody's."""
CONSTANTS = (-0.1, 0.1, 50.0)
"""Limits of balance, and the mean of a questionnaire's norm."""


def as_drawn(printed: np.ndarray) -> np.ndarray:
    """Return where printed numbers can stand: in days or years, to a side, as what is left."""
    days = [printed / each for each in (7, DAYS_PER_YEAR, DAYS_PER_YEAR / 12)]
    quarters, percent, rest = printed / 4, printed * 100, 1 - printed
    return np.unique([*printed, *-printed, *percent, *quarters, *rest, *np.ravel(days), *CONSTANTS])


def untold_by(
    figure: str, panels: list[Panel], printed: np.ndarray, told: np.ndarray
) -> tuple[int, list[float]]:
    """Return how many ends of marks a figure has, and which of them no table prints.

    `told` is where the `printed` numbers can stand.
    """
    n_read, more = 0, []
    for panel in panels:
        side = 0 if panel.up is None or figure in ACROSS else 1
        axis = (panel.across, panel.up)[side]
        ends = ends_of_marks(panel, side, lines=figure not in LIMITS) if axis else np.empty(0)
        n_read += len(ends)
        more += axis.untold(ends, told) if len(ends) else []
        if figure in CURVES and len(ends):
            days = panel.across(ends_of_marks(panel, 0)) / CURVES[figure] * DAYS_PER_YEAR
            more += untold(days, printed, precision=1.0)
    return n_read, more


@pytest.mark.parametrize("policy", ["annual_report", "research"])
def test_no_picture_tells_a_number_that_no_table_prints(policy, tmp_path):
    store = write_store(invented(1500, seed=5), tmp_path / "store")
    made = run_in_process(store, tmp_path, policy=policy, drawn=None)
    assert not made.failures
    run, read, found = read_run(made.release), set(), {}
    for said in run.manifest["analyses"]:
        printed = told_by(run.tables[each["id"]] for each in said["tables"])
        told = as_drawn(printed)
        for figure in {each["id"] for each in said["figures"]} - INVENTED:
            panels = read_svg(run.folder / "figures" / f"{figure}.en.svg")
            n_read, more = untold_by(figure, panels, printed, told)
            read |= {figure} if n_read else set()
            found |= {figure: more} if more else {}
    assert not found
    assert len(read) > 70
    assert not read & NUMBERLESS
