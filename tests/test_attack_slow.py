"""The attack on many invented registries, on two runs at once, and by a trust on its neighbours."""

import numpy as np
import polars as pl
import pytest

from attack.attacker import find_leaks
from attack.cells import Cell, Knowledge
from attack.exact import exact_tables
from attack.in_process import LONELY_TRUST, invented, run_in_process, write_store
from attack.knowledge import learn
from attack.read import read_run
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
    """Return how many of a region or the nation are the trust's own, where a table counts them."""
    rest = frozenset(item for item in cell.box if item[0] != "region")
    for dimension in ("residence_hf", "trust"):
        own = Cell(cell.base, rest | {(dimension, frozenset({OWN}))})
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
