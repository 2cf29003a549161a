"""What a notebook has shown and hidden, exactly: for the audit of the run, never for a release."""

import json
import math
import os
import pickle
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from msanalysis.core import Result
from msanalysis.release.cells import Cell, cell_of, cells_of, plain_box, read_box, size_of
from msanalysis.release.policy import Policy
from msanalysis.release.table import printed_parts, printed_quotas, public_keys, tied

RECORD_VARIABLE = "MSANALYSIS_CELLS"
"""Names the file that receives the exact cells; nothing is recorded where it is not set."""
RESULTS_VARIABLE = "MSANALYSIS_RESULTS"
"""Names the file that receives the exact results, while the run lasts."""


@dataclass(frozen=True)
class Shown:
    """The cells of one released table.

    `hidden` holds the keys that it hides, `public` those that everyone knows, `quotas` pairs of a
    numerator and its denominator that are printed together, `printed` other parts and wholes,
    `tied` the keys that are hidden with a key; `coarser` is as in `Counted`. `totals` are the
    exact sums of a curve, shown or not.
    """

    population: str
    statistic: str
    shape: str
    cells: tuple[Cell, ...]
    hidden: frozenset[str]
    public: frozenset[str] = frozenset()
    quotas: frozenset[tuple[str, str]] = frozenset()
    printed: frozenset[tuple[str, str]] = frozenset()
    tied: Mapping[str, frozenset[str]] = field(default_factory=dict)
    coarser: Mapping[str, Any] = field(default_factory=dict)
    totals: Mapping[str, int] = field(default_factory=dict)


def tables_cells(
    result: Result, frame: pd.DataFrame, hidden: pd.DataFrame, policy: Policy, *, sized: bool
) -> Shown:
    """Return the cells of a table as it is released; `sized`: its number of persons is told."""
    cells = cells_of(result, frame)
    size = size_of(result) if sized else None
    tied_to = tied(result, cells)
    if result.shape == "flow" and size:
        # Flows are shown whole or not at all: they add up to everyone.
        tied_to = {cell.key: {size.key} for cell in cells}
        tied_to[size.key] = {cell.key for cell in cells}
    return Shown(
        population=result.population,
        statistic=result.statistic,
        shape=result.shape,
        cells=(*cells, *([size] if size else [])),
        hidden=frozenset(cell.key for cell in cells if hidden.loc[cell.row, cell.column]),
        public=frozenset(public_keys(result, frame, cells, policy)),
        quotas=frozenset(printed_quotas(result, cells, policy)),
        printed=frozenset(printed_parts(result, policy)),
        tied={key: frozenset(keys) for key, keys in tied_to.items() if keys},
        coarser=result.counted.coarser if result.counted else {},
        totals=_totals(result) if result.shape == "curve" else {},
    )


def _totals(result: Result) -> dict[str, int]:
    """Return how many of each part of the cohort left, over all days."""
    parts = [name for name in ("stratum", "cause") if name in result.frame]
    counts = [name for name in ("n_events", "n_censored") if name in result.frame]
    sums = result.frame.groupby(parts, sort=False)[counts].sum().reset_index()
    return {cell.key: cell.value for cell in cells_of(result, sums.assign(time_days=math.inf))}


def record(each: Shown) -> None:
    """Add the cells to the file that the environment names."""
    if RECORD_VARIABLE not in os.environ:
        return
    content = {
        "population": each.population,
        "statistic": each.statistic,
        "shape": each.shape,
        "cells": [[cell.base, plain_box(cell.box), *_place(cell)] for cell in each.cells],
        "hidden": sorted(each.hidden),
        "public": sorted(each.public),
        "quotas": sorted(each.quotas),
        "printed": sorted(each.printed),
        "tied": {key: sorted(keys) for key, keys in each.tied.items()},
        "coarser": each.coarser,
        "totals": each.totals,
    }
    with Path(os.environ[RECORD_VARIABLE]).open("a", encoding="utf-8") as handle:
        handle.write(json.dumps(content) + "\n")


def keep(result: Result) -> None:
    """Add an exact result to the file that the environment names, for `kept`."""
    if RESULTS_VARIABLE not in os.environ:
        return
    with suppress(*_NOT_WRITTEN), Path(os.environ[RESULTS_VARIABLE]).open("ab") as handle:
        handle.write(pickle.dumps(result))


def kept(path: Path) -> list[Result]:
    """Return what `keep` wrote in this run: nothing where there is no file, or not all."""
    results = []
    with suppress(FileNotFoundError, EOFError, *_NOT_WRITTEN), path.open("rb") as handle:
        while True:
            results.append(pickle.load(handle))
    return results


_NOT_WRITTEN = (pickle.PicklingError, TypeError, AttributeError, ImportError)
"""What is raised where a result holds a function that only its notebook knows."""


def _place(cell: Cell) -> Iterable[Any]:
    return cell.row, cell.column, cell.value, cell.total, cell.cost


def read_record(path: Path) -> list[Shown]:
    """Return what `record` wrote; nothing where there is no file."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    return [_read(json.loads(line)) for line in lines]


def _read(content: dict[str, Any]) -> Shown:
    cells = tuple(
        cell_of(base, read_box(box), *place) for base, box, *place in content.pop("cells")
    )
    tied_to = {key: frozenset(keys) for key, keys in content.pop("tied").items()}
    pairs = {name: frozenset(map(tuple, content.pop(name))) for name in ("quotas", "printed")}
    sets = {name: frozenset(content.pop(name)) for name in ("hidden", "public")}
    return Shown(**content, **sets, **pairs, cells=cells, tied=tied_to)
