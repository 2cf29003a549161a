"""Runs without kernels and pictures: the notebooks' own cells, executed here, into a folder.

The only module of the attack that knows the package: it makes what is attacked.
"""

import csv
import dataclasses
import json
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
import polars as pl
import yaml

import msanalysis.cohorts
import msanalysis.extract
import msanalysis.output
import msanalysis.release
import msanalysis.stats
from msanalysis.core import Released, Result
from msanalysis.figures.picture import Picture
from msanalysis.release import POLICIES, POLICY_VARIABLE, Policy
from msanalysis.release.days import shown_keys
from msanalysis.release.exits import RESTRICTED_VARIABLE
from msanalysis.release.plan import PLAN_VARIABLE
from msanalysis.release.protect import Proven
from msanalysis.release.record import Shown
from msanalysis.run import PROJECT
from msanalysis.run.audit import Plan, is_affected, settled
from msanalysis.synthetic import Registry, synthesise

NOTEBOOKS = PROJECT / "notebooks"
REPORT = PROJECT / "params" / "annual_report_2024.yaml"
LONELY_TRUST = "finnmark"


# --- an invented registry -------------------------------------------------------------------------


def invented(persons: int, seed: int, lonely: str = LONELY_TRUST) -> Registry:
    """Return an invented registry in which one person lives in the trust `lonely`."""
    registry = synthesise(persons, seed)
    patients = registry.tables["patients"]
    there = patients["residence_hf"] == lonely
    alive = patients["death_date"].is_null() & patients["included_date"].is_not_null()
    order = np.flatnonzero((there & alive).to_numpy())
    one = order[0] if len(order) else int(alive.arg_max())
    moved = np.flatnonzero(there.to_numpy())
    homes = patients["residence_hf"].to_list()
    others = sorted(set(filter(None, homes)) - {lonely})
    for number, person in enumerate(moved):
        homes[person] = others[number % len(others)]
    homes[one] = lonely
    registry.tables["patients"] = patients.with_columns(pl.Series("residence_hf", homes))
    return registry


def write_store(registry: Registry, folder: Path) -> Path:
    """Write a registry as the store that an import would make of it."""
    folder.mkdir(parents=True)
    for name, frame in registry.tables.items():
        frame.write_parquet(folder / f"{name}.parquet")
    stated = {
        "source": "synthetic",
        "fingerprint": "0" * 64,
        "status_date": registry.status_date,
        "data_cutoff": registry.data_cutoff,
        "truth": dict(registry.truth),
    }
    (folder / "extract.yaml").write_text(yaml.safe_dump(stated), encoding="utf-8")
    return folder


# --- executing notebooks --------------------------------------------------------------------------


@dataclass
class Made:
    """A folder as `release/`, and what only this side knows: the exact table behind each one."""

    release: Path
    exact: dict[str, pd.DataFrame] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    rounds: int = 0


def run_in_process(
    store: Path,
    out: Path,
    *,
    policy: str = "annual_report",
    parameters: Mapping[str, Any] | None = None,
    analyses: Collection[str] = (),
    drawn: Collection[str] | None = (),
    audited: bool = True,
) -> Made:
    """Execute the notebooks of the annual report on one store, and gather what they saved.

    Like the runner it audits all that was saved as one, settles what each must hide, and runs
    those again that tell too much, until none does (unless not `audited`); what was computed
    before the gate is not computed again, nor is a table protected again of which the plan hides
    nothing more. Of the notebooks
    only the `analyses` are executed (all, where none is named), of the figures only those `drawn`
    are written (all, where that is None).
    """
    made = Made(out / "release")
    asked = [id for id in _analyses() if not analyses or id in analyses]
    notebooks = [_Notebook(NOTEBOOKS / f"{id}.ipynb", out / "work" / id) for id in asked]
    again, proven = notebooks, {}
    while again:
        made.rounds += 1
        for each in again:
            given = {"extract": str(store), "lang": ["nb", "en"], "out": str(each.folder)}
            with _stood_in(made, each, policy, drawn):
                made.failures |= _execute(each.path, given | dict(parameters or {}))
        ended = [each for each in notebooks if each.path.stem not in made.failures]
        more = _told_too_much(ended, POLICIES[policy], proven) if audited else {}
        for each in notebooks:
            each.more = more.get(each.path.stem, frozenset()) - each.plan
            each.plan |= each.more
        again = [each for each in ended if each.more]
    for each in ended:
        if each.plan & shown_keys(each.shown.values()):
            made.failures[each.path.stem] = "shows what the plan of the run hides"
    _gather(out / "work", made, policy)
    return made


@dataclass
class _Notebook:
    """One notebook, and what is kept of it from round to round: by call, in the order of calls.

    `plan` holds the cells it hides besides its own, `more` those of the last round.
    """

    path: Path
    folder: Path
    plan: frozenset[str] = frozenset()
    more: frozenset[str] = frozenset()
    computed: list[Any] = field(default_factory=list)
    results: dict[int, Result] = field(default_factory=dict)
    released: dict[int, Released] = field(default_factory=dict)
    shown: dict[int, Shown] = field(default_factory=dict)

    def is_as_before(self, call: int) -> bool:
        """Return whether the plan hides nothing more of the table that a call released."""
        return call in self.shown and not is_affected(self.shown[call], self.more)


def _analyses() -> list[str]:
    asked = yaml.safe_load(REPORT.read_text(encoding="utf-8"))["analyses"]
    return [each if isinstance(each, str) else each["id"] for each in asked]


def _told_too_much(notebooks: list[_Notebook], policy: Policy, proven: Proven) -> Plan:
    """Return for each notebook the cells that the audit of the run wants hidden."""
    quoted: set[str] = set()
    for each in notebooks:
        saved = json.loads((each.folder / "analysis.json").read_text(encoding="utf-8"))
        quoted |= set(saved.get("quoted", ()))
    return settled(
        {each.path.stem: [*each.shown.values()] for each in notebooks},
        {each.path.stem: [each.results[call] for call in each.shown] for each in notebooks},
        {each.path.stem: each.plan for each in notebooks},
        policy,
        quoted,
        proven,
    )


def _execute(path: Path, given: Mapping[str, Any]) -> dict[str, str]:
    """Run the code cells of a notebook; return under its name what it failed of."""
    names: dict[str, Any] = {}
    try:
        for each in _code(path):
            exec(compile("".join(each["source"]), f"{path.stem}:{each['id']}", "exec"), names)
            if "parameters" in each["metadata"].get("tags", ()):
                names |= {name: value for name, value in given.items() if name in names}
    except Exception as error:
        return {path.stem: f"{type(error).__name__}: {error}"}
    return {}


def _code(path: Path) -> list[dict[str, Any]]:
    content = json.loads(path.read_text(encoding="utf-8"))
    return [each for each in content["cells"] if each["cell_type"] == "code"]


@contextmanager
def _stood_in(
    made: Made, notebook: _Notebook, policy: str, drawn: Collection[str] | None
) -> Iterator[None]:
    """Note which exact table each released one came from, and give what was made before."""
    shutil.rmtree(notebook.folder, ignore_errors=True)
    notebook.folder.mkdir(parents=True)
    plan = notebook.folder.with_suffix(".plan.json")
    plan.write_text(json.dumps(sorted(notebook.plan)), encoding="utf-8")
    exact: dict[int, pd.DataFrame] = {}
    calls = count()
    call = -1

    def release(result: Result, **own: Any) -> Released:
        nonlocal call
        call = next(calls)
        if not notebook.is_as_before(call):
            notebook.released[call] = gate(result, **own)
            notebook.results[call] = result
        exact[id(notebook.released[call])] = result.frame
        return notebook.released[call]

    def record(shown: Shown) -> None:
        notebook.shown[call] = shown

    def save(analysis: str, out: str, *, tables: Mapping[str, Released], **rest: Any) -> None:
        # What is computed from released tables alone, as points are, has no exact table.
        made.exact |= {name: exact[id(each)] for name, each in tables.items() if id(each) in exact}
        written(analysis, out, tables=tables, **rest)

    def draw(picture: Picture, figures: Path, id: str) -> None:
        if drawn is None or id in drawn:
            saved(dataclasses.replace(picture, lang=picture.lang[-1:]), figures, id)

    gate, written, saved = msanalysis.release.release, msanalysis.output.save, Picture.save
    with ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        environment = {
            POLICY_VARIABLE: policy,
            PLAN_VARIABLE: str(plan),
            # Where exact deliveries go: beside the release, out of the attacker's sight.
            RESTRICTED_VARIABLE: tempfile.mkdtemp(dir=notebook.folder.parent.parent),
        }
        stack.enter_context(patch.dict(os.environ, environment))
        for owner, name, function in (
            (msanalysis.release, "release", release),
            (msanalysis.release, "record", record),
            (msanalysis.output, "save", save),
            (Picture, "save", draw),
            *_taped(notebook.computed),
        ):
            stack.enter_context(patch.object(owner, name, function))
        yield
    plan.unlink()


def _taped(tape: list[Any]) -> Iterator[tuple[ModuleType, str, Callable]]:
    """Yield stand-ins that record what functions return, or play it back in the same order."""
    played = iter(list(tape))

    def of(function: Callable) -> Callable:
        def call(*args: Any, **settings: Any) -> Any:
            if tape and (held := next(played, played)) is not played:
                return held
            result = function(*args, **settings)
            tape.append(result)
            return result

        return call

    yield msanalysis.extract, "open_extract", of(msanalysis.extract.open_extract)
    for module in (msanalysis.cohorts, msanalysis.stats):
        for name in module.__all__:
            if callable(getattr(module, name)):
                yield module, name, of(getattr(module, name))


def _gather(work: Path, made: Made, policy: str) -> None:
    """Write tables, numbers and manifest as `release/` holds them."""
    (made.release / "tables").mkdir(parents=True)
    rows, analyses = [], []
    for folder in sorted(work.iterdir()):
        if folder.name in made.failures or not (folder / "analysis.json").exists():
            continue
        for part in ("tables", "figures"):
            if (folder / part).exists():
                shutil.copytree(folder / part, made.release / part, dirs_exist_ok=True)
        with (folder / "numbers.csv").open(encoding="utf-8", newline="") as handle:
            rows += csv.reader(handle) if not rows else list(csv.reader(handle))[1:]
        saved = json.loads((folder / "analysis.json").read_text(encoding="utf-8"))
        tables = [{"id": id, **saved["cells"][id]} for id in saved["tables"]]
        figures = [{"id": id} for id in saved["figures"]]
        analyses.append(
            {"id": folder.name, "text": saved["text"], "tables": tables, "figures": figures}
        )
    with (made.release / "numbers.csv").open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle, lineterminator="\n").writerows(rows)
    manifest = {"report_year": 2024, "policy": policy, "analyses": analyses}
    (made.release / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    shutil.rmtree(work)
