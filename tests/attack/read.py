"""The files of a release, as somebody reads them who has nothing else."""

import csv
import json
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

HIDDEN = ""
NO_VALUE = "NA"
DAYS_PER_YEAR = 365.25
FLOWS = {"step", "source", "target", "n"}


@dataclass(frozen=True)
class Table:
    """One table: its columns, and a row as the texts of its cells."""

    id: str
    columns: tuple[str, ...]
    rows: tuple[dict[str, str], ...]
    said: dict[str, Any] = field(default_factory=dict)
    """What the manifest says of it: population, dimensions, counts, coarser."""

    def column(self, name: str) -> list[str]:
        return [row[name] for row in self.rows]


@dataclass(frozen=True)
class Run:
    """One release: tables by id, the rows of numbers.csv, the manifest, and all files by path."""

    folder: Path
    tables: dict[str, Table]
    numbers: tuple[dict[str, str], ...]
    manifest: dict[str, Any]

    def figures(self, ending: str) -> dict[str, Path]:
        """Return the drawn files by `<id>.<lang>`."""
        paths = sorted((self.folder / "figures").glob(f"*{ending}"))
        return {path.name.removesuffix(ending): path for path in paths}

    @property
    def policy(self) -> str:
        return self.manifest["policy"]

    @property
    def texts(self) -> list[str]:
        return [
            text
            for analysis in self.manifest["analyses"]
            for text in analysis.get("text", {}).values()
        ]


def read_run(folder: Path) -> Run:
    """Read a folder as `release/`."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    said = {
        entry["id"]: entry
        for analysis in manifest["analyses"]
        for entry in analysis.get("tables", [])
    }
    tables = {
        path.stem: read_table(path, said.get(path.stem, {}))
        for path in sorted((folder / "tables").glob("*.csv"))
    }
    return Run(folder, tables, tuple(_rows(folder / "numbers.csv")), manifest)


def without(run: Run, counts: Collection[str]) -> Run:
    """Return the run as somebody reads it who looks at none of these counts, nor what they give."""
    return replace(run, tables={id: _without(each, counts) for id, each in run.tables.items()})


def _without(table: Table, counts: Collection[str]) -> Table:
    said = {name: each for name, each in table.said.get("counts", {}).items() if name in counts}
    unread = {*said}.union(*(each.get("dependents", ()) for each in said.values()))
    rows = tuple(
        {name: NO_VALUE if name in unread else text for name, text in row.items()}
        for row in table.rows
    )
    return replace(table, rows=rows)


def read_table(path: Path, said: dict[str, Any] | None = None) -> Table:
    """Read one table."""
    with path.open(encoding="utf-8", newline="") as handle:
        columns = tuple(next(csv.reader(handle)))
    return Table(path.stem, columns, tuple(_rows(path)), said or {})


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def number(text: str) -> float | None:
    """Return what a cell tells, None where it is hidden or has no value."""
    return None if text in (HIDDEN, NO_VALUE) else float(text)


def decimals(text: str) -> int:
    """Return how many decimals stand in a printed number."""
    return len(text.partition(".")[2])


def half_unit(text: str) -> float:
    """Return half a unit of the last printed digit: how far rounding can have moved it."""
    return 0.5 * 10.0 ** -decimals(text)
