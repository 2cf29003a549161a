"""Small folders as `release/`, written by hand: what the attacker is tried on."""

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from attack.read import Run, read_run
from attack.rules import PLAIN


def table(
    *rows: Mapping[str, Any],
    fixed: Mapping[str, list[str]] | None = None,
    dimensions: Mapping[str, str] | None = None,
    counts: Mapping[str, Mapping[str, Any]] | None = None,
    coarser: Mapping[str, Any] | None = None,
    cells: Mapping[str, Sequence] | None = None,
    statistic: str = "shares",
) -> tuple[Sequence[Mapping[str, Any]], dict[str, Any]]:
    """Return rows and what the manifest says of them; `n` is by all dimensions unless told.

    `cells` are base and box of each row by count, where rows are of different populations.
    """
    dimensions = dimensions or {}
    counts = counts or {name: {} for name in cells or ()} or {"n": {"dimensions": [*dimensions]}}
    said = {
        "statistic": statistic,
        "shape": "table",
        "population": {"name": "invented", "base": "persons", "fixed": dict(fixed or {})},
        "dimensions": dict(dimensions),
        "counts": {name: {"also": {}, **each} for name, each in counts.items()},
        "coarser": dict(coarser or {}),
        **({"cells": dict(cells)} if cells else {}),
    }
    return rows, said


def release(folder: Path, policy: str = PLAIN, **tables: tuple) -> Run:
    """Write the tables as a release and read it back."""
    (folder / "tables").mkdir(parents=True)
    entries = []
    for id, (rows, said) in tables.items():
        with (folder / "tables" / f"{id}.csv").open("w", encoding="utf-8", newline="") as handle:
            writer = csv.DictWriter(handle, [*rows[0]], lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        entries.append({"id": id, **said})
    manifest = {
        "report_year": 2024,
        "policy": policy,
        "analyses": [{"id": "planted", "text": {}, "tables": entries}],
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return read_run(folder)
