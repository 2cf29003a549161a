"""What is unchanged is not run again: saved outputs under a key of all they depend on."""

import hashlib
import importlib.metadata
import json
import platform
import re
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from msanalysis.folders import clear
from msanalysis.run.parameters import read_cells
from msanalysis.run.plan import Job, Run


def entry(run: Run, job: Job, hidden_too: frozenset[str] = frozenset()) -> Path:
    """Return the folder that holds (or will hold) the outputs of a job.

    `hidden_too` are the cells that the run's plan hides in it.

    Its name ends with a hash of the notebook's cells, its parameters, the package's files, the
    versions of Python and of the packages it stands on, the extract, the policy and the languages.
    """
    cells = [(cell.kind, cell.source) for cell in read_cells(job.notebook)]
    depends_on = [
        cells,
        dict(job.parameters),
        package_hash(),
        versions(),
        [run.provenance.fingerprint, job.earlier],
        [run.provenance.source, str(run.provenance.status_date), str(run.provenance.data_cutoff)],
        run.policy,
        run.languages,
        sorted(hidden_too),
    ]
    return run.out / "restricted" / "cache" / f"{job.analysis.id}-{_hash(depends_on)[:16]}"


def tidy(folder: Path, kept: set[Path]) -> None:
    """Drop every entry but those the release is made from; each is gone whole, or is whole."""
    aside = folder.parent / "work" / ".dropped"
    for entry in folder.iterdir():
        if entry not in kept:
            entry.rename(aside)
            clear(aside)


@cache
def package_hash() -> str:
    """Return one hash of every file of this package: code, data, texts."""
    digest = hashlib.sha256()
    for path in sorted(_files(Path(str(files("msanalysis"))))):
        digest.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _files(folder: Path) -> list[Path]:
    return [
        path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts
    ]


@cache
def versions() -> dict[str, str]:
    """Return the version of Python and of every package this one requires."""
    required = importlib.metadata.requires("msanalysis") or []
    names = [re.match(r"[\w.-]+", line)[0] for line in required if "extra ==" not in line]
    installed = {name: importlib.metadata.version(name) for name in sorted(names)}
    return {"python": platform.python_version(), **installed}


def _hash(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
