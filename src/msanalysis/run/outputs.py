"""The folder of a run, and what notebooks left to go into its release.

<out>/release/      index.html  analyses/  site/  numbers.csv  manifest.json  tables/  figures/
                    notebooks/
<out>/restricted/   notebooks/  logs/  delivery/  cache/     mode 0700
"""

import csv
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from msanalysis.folders import clear, locked, put_back
from msanalysis.release_check import LIBRARY
from msanalysis.run import RunRefused
from msanalysis.run.plan import Job

NUMBERS_HEADER = "id,population,measure,value,unit,n,lower,upper,hidden"
CELLS = "cells.jsonl"
"""The exact cells of an analysis, for the audit; never part of a release."""

NEW, OLD = ".release-new", ".release-old"


@dataclass(frozen=True)
class Outcome:
    """How one analysis ended; `folder` holds its outputs when it is ok."""

    job: Job
    status: Literal["ok", "failed", "missing_columns", "not_run"]
    folder: Path | None = None
    failure: str = ""
    seconds: float = 0.0
    unchanged: bool = False


class OutputRefused(Exception):
    """A notebook left something other than the outputs it declares."""


# --- the folder of a run --------------------------------------------------------------------------


@contextmanager
def opened(out: Path) -> Iterator[Path]:
    """Make the folder of a run ready and yield its `restricted/`, ours alone for the while.

    A release that an earlier run was interrupted in replacing is put back. Raises RunRefused when
    another run is at work in the folder.
    """
    restricted = out / "restricted"
    restricted.mkdir(mode=0o700, parents=True, exist_ok=True)
    restricted.chmod(0o700)
    for name in ("notebooks", "logs", "delivery", "cache"):
        (restricted / name).mkdir(exist_ok=True)
    busy = RunRefused(f"another run is writing to {out}: wait for it, or give another --out")
    with locked(restricted / "lock", busy):
        put_back(out / "release", out / OLD)
        clear(out / NEW, restricted / "work")
        (restricted / "work").mkdir()
        yield restricted
        clear(restricted / "work")


# --- what a notebook left -------------------------------------------------------------------------


def check_output(folder: Path, analysis: str, languages: tuple[str, ...]) -> dict[str, Any]:
    """Return the content of `analysis.json`, after holding the folder to what it declares.

    Raises
    ------
    OutputRefused
        When a declared table or figure is missing in a language, a text is missing, `numbers.csv`
        has other columns, or a file is there that nothing declares.
    """
    try:
        saved = json.loads((folder / "analysis.json").read_text(encoding="utf-8"))
        declared = {"analysis": saved["analysis"], "text": sorted(saved["text"])}
        figures, tables = list(saved["figures"]), list(saved["tables"])
        twins = [id for id in figures if id in saved.get("interactive", ())]
    except (OSError, ValueError, KeyError, TypeError):
        raise OutputRefused("no analysis.json as `save` writes it") from None
    if declared != {"analysis": analysis, "text": sorted(languages)}:
        raise OutputRefused("analysis.json is of another analysis or in other languages")
    drawn = [f"figures/{id}.{lang}" for id in figures for lang in languages]
    required = {"analysis.json", *(f"tables/{id}.csv" for id in tables)} | {
        f"{name}.svg" for name in drawn
    }
    if twins:
        required |= {f"figures/{id}.{lang}.js" for id in twins for lang in languages}
        required.add(LIBRARY)
    allowed = required | {"numbers.csv", CELLS, *(f"{name}.png" for name in drawn)}
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    if not required <= found:
        raise OutputRefused(f"missing output {', '.join(sorted(required - found))}")
    if not found <= allowed:
        # a file's name may tell of whom it is
        raise OutputRefused(f"analysis.json does not declare {len(found - allowed)} of its files")
    number_lines(folder)
    return saved


def number_lines(folder: Path) -> list[str]:
    """Return the lines of numbers.csv below its header."""
    path = folder / "numbers.csv"
    if not path.exists():
        return []
    header, *lines = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    if header != NUMBERS_HEADER:
        raise OutputRefused(f"numbers.csv: expected the columns {NUMBERS_HEADER}")
    return lines


def clash(folder: Path, others: list[Path]) -> str:
    """Return what an analysis would write a second time: an id of a number, table or figure."""
    taken = {id for other in others for id in _ids(other)}
    return ", ".join(sorted(taken & _ids(folder)))


def _ids(folder: Path) -> set[str]:
    saved = json.loads((folder / "analysis.json").read_text(encoding="utf-8"))
    numbers = {f"number {row[0]}" for row in csv.reader(number_lines(folder)) if row}
    return (
        numbers
        | {f"figure {id}" for id in saved["figures"]}
        | {f"table {id}" for id in saved["tables"]}
    )
