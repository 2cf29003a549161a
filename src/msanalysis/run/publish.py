"""The release: built beside the old one, described by its manifest, then put in its place."""

import hashlib
import json
import shutil
import subprocess
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from msanalysis.catalogue import Analysis
from msanalysis.folders import clear, put_in_place
from msanalysis.release import ReleaseRefused
from msanalysis.release.record import read_record
from msanalysis.release_check import check_release
from msanalysis.report import write_report
from msanalysis.report.document import write_documents
from msanalysis.run import PROJECT
from msanalysis.run.cache import package_hash, versions
from msanalysis.run.outputs import (
    CELLS,
    NEW,
    NUMBERS_HEADER,
    OLD,
    Outcome,
    check_output,
    number_lines,
)
from msanalysis.run.plan import HIDES, Job, Run, plan_of
from msanalysis.run.source import published_source, without_folders


def write_release(run: Run, outcomes: list[Outcome], started: datetime) -> Path:
    """Build the release, put it in the old one's place, and return the path of its report.

    A release that holds just this already, untouched, is left as it is.

    Raises
    ------
    ReleaseRefused
        When the release, as it lies on disk, holds what must not leave.
    """
    manifest, release = _manifest(run, outcomes), run.out / "release"
    if _stands(release, outcomes, manifest):
        return release / "index.html"
    new = run.out / NEW
    new.mkdir()
    mode = new.stat().st_mode
    new.chmod(0o700)  # nobody reads it before it has been looked through
    _gather(outcomes, new)
    _write_manifest(new, manifest)
    write_report(new)
    write_documents(new)
    manifest["files"] = _hashes(new)
    manifest["times"] = _times(outcomes, started)
    _write_manifest(new, manifest)
    _refuse_unsafe(new)
    _write_hidden(run, outcomes)
    _write_hides(run, outcomes)
    new.chmod(mode)
    put_in_place(new, release, run.out / OLD)
    return release / "index.html"


def _stands(release: Path, outcomes: list[Outcome], manifest: dict[str, Any]) -> bool:
    """Return whether the last release was made of the same, and nobody has changed a file of it."""
    if not all(each.unchanged or each.folder is None for each in outcomes):
        return False
    try:
        last = json.loads((release / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    files = last.pop("files", None)
    last.pop("times", None)
    return last == json.loads(json.dumps(manifest)) and files == _hashes(release)


def _gather(outcomes: list[Outcome], new: Path) -> None:
    """Copy tables and figures of all analyses, write their notebooks, and their numbers as one."""
    lines = [NUMBERS_HEADER]
    for part in ("tables", "figures", "notebooks"):
        (new / part).mkdir()
    for outcome in (each for each in outcomes if each.folder):
        _write_notebook(new, outcome.job)
        folder = outcome.folder
        for part in ("tables", "figures"):
            for file in sorted((folder / part).glob("*")):
                shutil.copy(file, new / part)
        lines += number_lines(folder)
    (new / "numbers.csv").write_bytes("".join(f"{line}\n" for line in lines).encode())


def _write_notebook(new: Path, job: Job) -> None:
    """Write the source of a notebook with this run's parameters: no output, nothing attached."""
    text = published_source(job.notebook, job.parameters)
    (new / "notebooks" / f"{job.analysis.id}.ipynb").write_text(text, encoding="utf-8")


def _refuse_unsafe(new: Path) -> None:
    """Look at the release as it lies on disk; what must not leave is not left lying about."""
    findings = check_release(new)
    if findings:
        clear(new)
        raise ReleaseRefused(
            "the release was not put in place, the last one is as it was:\n"
            + "\n".join(map(str, findings))
        )


def _write_hidden(run: Run, outcomes: list[Outcome]) -> None:
    """Write how many counts of each table are hidden, first for themselves and then for another.

    Into `restricted/`: who knows how many were hidden for another's sake knows more of the rest.
    """
    hidden = {
        outcome.job.analysis.id: check_output(
            outcome.folder, outcome.job.analysis.id, run.languages
        ).get("hidden", {})
        for outcome in outcomes
        if outcome.folder
    }
    text = json.dumps(hidden, indent=2) + "\n"
    (run.out / "restricted" / "hidden.json").write_text(text, encoding="utf-8")


def _write_hides(run: Run, outcomes: list[Outcome]) -> None:
    """Write which cells are hidden, for the runs that stand beside this one."""
    folders = [outcome.folder for outcome in outcomes if outcome.folder]
    hidden = {key for at in folders for each in read_record(at / CELLS) for key in each.hidden}
    made_from = plan_of(run.provenance, run.status_date, run.data_cutoff, run.policy)
    text = json.dumps(made_from | {"hides": sorted(hidden)}, indent=2) + "\n"
    (run.out / "restricted" / HIDES).write_text(text, encoding="utf-8")


def _manifest(run: Run, outcomes: list[Outcome]) -> dict[str, Any]:
    held = run.provenance
    return {
        "run": run.name,
        "report_year": run.report_year,
        "status_date": str(run.status_date),
        "data_cutoff": str(run.data_cutoff),
        "languages": list(run.languages),
        "policy": run.policy,
        "own_unit": run.own_unit,
        "extract": {
            "source": held.source,
            "fingerprint": held.fingerprint,
            "status_date": str(held.status_date),
            "data_cutoff": str(held.data_cutoff),
        },
        "package": {
            "version": version("msanalysis"),
            "files": package_hash(),
            **_commit(),
            "dependencies": versions(),
        },
        "analyses": [_described(outcome, run.languages) for outcome in outcomes],
    }


def _described(outcome: Outcome, languages: tuple[str, ...]) -> dict[str, Any]:
    analysis = outcome.job.analysis
    shown: dict[str, Any] = {"parameters": {}, "text": {}, "figures": [], "tables": []}
    if outcome.folder:
        # what nothing was made with may also be what its notebook failed for
        shown["parameters"] = {
            name: without_folders(value) for name, value in outcome.job.parameters.items()
        }
        shown |= _shown(check_output(outcome.folder, analysis.id, languages), analysis, languages)
    return {
        "id": analysis.id,
        "chapter": analysis.chapter,
        "title": dict(analysis.title),
        "status": outcome.status,
        "failure": outcome.failure,
        "missing": list(outcome.job.missing),
        "notebook": f"notebooks/{analysis.id}.ipynb" if outcome.folder else "",
        **shown,
    }


def _shown(saved: dict[str, Any], analysis: Analysis, languages: tuple[str, ...]) -> dict[str, Any]:
    """Return texts, figures and tables; a caption is the id where the catalogue has none yet."""

    def captioned(id: str) -> dict[str, Any]:
        return {"id": id, "caption": dict(analysis.captions.get(id, dict.fromkeys(languages, id)))}

    return {
        "text": saved["text"],
        "figures": [
            {
                **captioned(id),
                "number": analysis.figures.get(id, ""),
                "files": {language: f"figures/{id}.{language}.svg" for language in languages},
                "interactive": {
                    language: f"figures/{id}.{language}.js"
                    for language in languages
                    if id in saved.get("interactive", ())
                },
                "tables": saved.get("drawn_from", {}).get(id, []),
            }
            for id in saved["figures"]
        ],
        "tables": [
            {**captioned(id), "file": f"tables/{id}.csv", **saved.get("cells", {}).get(id, {})}
            for id in saved["tables"]
        ],
    }


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
