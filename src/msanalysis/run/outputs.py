"""Outputs whole or not at all: `release/` is built beside the old one and takes its place.

<out>/release/      index.html  numbers.csv  manifest.json  tables/  figures/
<out>/restricted/   notebooks/  logs/  delivery/  cache/     mode 0700
"""

import csv
import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from msanalysis.report import write_report
from msanalysis.run import PROJECT, RunRefused
from msanalysis.run.cache import versions
from msanalysis.run.plan import Job, Run

NUMBERS_HEADER = "id,population,measure,value,unit,n,lower,upper,hidden"
_NEW, _OLD = ".release-new", ".release-old"


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
    restricted.mkdir(parents=True, exist_ok=True)
    restricted.chmod(0o700)
    for name in ("notebooks", "logs", "delivery", "cache"):
        (restricted / name).mkdir(exist_ok=True)
    with _locked(restricted / "lock"):
        if (out / _OLD).exists() and not (out / "release").exists():
            (out / _OLD).rename(out / "release")
        _clear(out / _OLD, out / _NEW, restricted / "work")
        (restricted / "work").mkdir()
        yield restricted
        _clear(restricted / "work")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as handle:
        try:
            _lock(handle.fileno())
        except (BlockingIOError, PermissionError):
            raise RunRefused(
                f"another run is writing to {path.parents[1]}: wait for it, or give another --out"
            ) from None
        yield


def _lock(descriptor: int) -> None:
    """Lock an open file until it is closed or its process ends, however that comes about."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _clear(*folders: Path) -> None:
    for folder in folders:
        if folder.exists():
            shutil.rmtree(folder)


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
    except (OSError, ValueError, KeyError, TypeError):
        raise OutputRefused("no analysis.json as `save` writes it") from None
    if declared != {"analysis": analysis, "text": sorted(languages)}:
        raise OutputRefused("analysis.json is of another analysis or in other languages")
    drawn = [f"figures/{id}.{lang}" for id in figures for lang in languages]
    required = {"analysis.json", *(f"tables/{id}.csv" for id in tables)} | {
        f"{name}.svg" for name in drawn
    }
    allowed = required | {"numbers.csv", *(f"{name}.png" for name in drawn)}
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    if not required <= found <= allowed:
        unfit = sorted((required - found) | (found - allowed))
        raise OutputRefused(f"missing or undeclared output {', '.join(unfit)}")
    _numbers(folder)
    return saved


def _numbers(folder: Path) -> list[str]:
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
    numbers = {f"number {row[0]}" for row in csv.reader(_numbers(folder)) if row}
    return (
        numbers
        | {f"figure {id}" for id in saved["figures"]}
        | {f"table {id}" for id in saved["tables"]}
    )


# --- the release ----------------------------------------------------------------------------------


def write_release(run: Run, outcomes: list[Outcome], started: datetime) -> Path:
    """Build the release, put it in the old one's place, and return the path of its report."""
    new = run.out / _NEW
    (new / "tables").mkdir(parents=True)
    (new / "figures").mkdir()
    done = [outcome for outcome in outcomes if outcome.folder]
    lines = [NUMBERS_HEADER]
    for outcome in done:
        for part in ("tables", "figures"):
            if (outcome.folder / part).exists():
                shutil.copytree(outcome.folder / part, new / part, dirs_exist_ok=True)
        lines += _numbers(outcome.folder)
    (new / "numbers.csv").write_bytes("".join(f"{line}\n" for line in lines).encode())
    manifest = _manifest(run, outcomes)
    _write_manifest(new, manifest)
    write_report(new)
    manifest["files"] = _hashes(new)
    manifest["times"] = _times(outcomes, started)
    _write_manifest(new, manifest)
    _replace(run.out)
    return run.out / "release" / "index.html"


def _replace(out: Path) -> None:
    """Two renames; between them a crash leaves both, and the next run puts the old one back."""
    if (out / "release").exists():
        (out / "release").rename(out / _OLD)
    (out / _NEW).rename(out / "release")
    _clear(out / _OLD)


def _manifest(run: Run, outcomes: list[Outcome]) -> dict[str, Any]:
    held = run.provenance
    return {
        "run": run.name,
        "report_year": run.report_year,
        "status_date": str(run.status_date),
        "data_cutoff": str(run.data_cutoff),
        "languages": list(run.languages),
        "policy": run.policy,
        "extract": {
            "source": held.source,
            "fingerprint": held.fingerprint,
            "status_date": str(held.status_date),
            "data_cutoff": str(held.data_cutoff),
        },
        "package": {"version": version("msanalysis"), **_commit(), "dependencies": versions()},
        "analyses": [_described(outcome, run.languages) for outcome in outcomes],
    }


def _described(outcome: Outcome, languages: tuple[str, ...]) -> dict[str, Any]:
    analysis = outcome.job.analysis
    about = {
        "id": analysis.id,
        "chapter": analysis.chapter,
        "title": dict(analysis.title),
        "status": outcome.status,
        "failure": outcome.failure,
        "missing": list(outcome.job.missing),
        "parameters": dict(outcome.job.parameters),
    }
    if not outcome.folder:
        return {**about, "text": {}, "figures": [], "tables": []}
    saved = check_output(outcome.folder, analysis.id, languages)
    figures = [
        {
            "id": id,
            "number": analysis.figures.get(id, ""),
            "caption": _caption(analysis.captions, id, languages),
            "files": {lang: f"figures/{id}.{lang}.svg" for lang in languages},
        }
        for id in saved["figures"]
    ]
    tables = [
        {
            "id": id,
            "caption": _caption(analysis.captions, id, languages),
            "file": f"tables/{id}.csv",
        }
        for id in saved["tables"]
    ]
    return {**about, "text": saved["text"], "figures": figures, "tables": tables}


def _caption(captions: Mapping, id: str, languages: tuple[str, ...]) -> dict[str, str]:
    """Return the catalogue's caption; the id itself where it has none yet."""
    return dict(captions.get(id) or dict.fromkeys(languages, id))


def _times(outcomes: list[Outcome], started: datetime) -> dict[str, Any]:
    return {
        "started": started.isoformat(timespec="seconds"),
        "ended": datetime.now(started.tzinfo).isoformat(timespec="seconds"),
        "seconds": {each.job.analysis.id: round(each.seconds, 1) for each in outcomes},
    }


def _commit() -> dict[str, Any]:
    """Return the commit the package is at, where it runs from a git work tree."""
    if not (PROJECT / ".git").exists():
        return {"commit": None, "changed_since_commit": None}
    try:
        return {
            "commit": _git("rev-parse", "HEAD"),
            "changed_since_commit": bool(_git("status", "--porcelain")),
        }
    except (OSError, subprocess.CalledProcessError):
        return {"commit": None, "changed_since_commit": None}


def _git(*command: str) -> str:
    output = subprocess.run(
        ["git", "-C", str(PROJECT), *command], check=True, capture_output=True, text=True
    )
    return output.stdout.strip()


def _hashes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "manifest.json"
    }


def _write_manifest(folder: Path, content: dict[str, Any]) -> None:
    text = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
    (folder / "manifest.json").write_text(text, encoding="utf-8")
