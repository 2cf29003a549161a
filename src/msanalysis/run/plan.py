"""The plan of a run: run file, catalogue, notebooks and extract joined, before a kernel starts."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

from msanalysis import codes
from msanalysis.catalogue import ANALYSES, Analysis
from msanalysis.core import Provenance
from msanalysis.extract import Extract, open_extract
from msanalysis.release import POLICIES
from msanalysis.run import PROJECT, RunRefused
from msanalysis.run.listing import find_analysis
from msanalysis.run.parameters import FIRST, check_parameters, read_parameters
from msanalysis.run.runfile import Choice, NotebookLimits, RunFile, read_run_file

_FOLDER = re.compile(r"(?!\.|release$|restricted$)[\w.+-]+")


@dataclass(frozen=True)
class Job:
    """One analysis of a run.

    `parameters` are those given to the notebook besides `extract`, `lang` and `out`; `missing`
    the columns the extract lacks: with any, the notebook is not run. `earlier` is the fingerprint
    of the second extract, of a notebook that compares two (`EARLIER`).
    """

    analysis: Analysis
    notebook: Path
    parameters: Mapping[str, Any]
    missing: tuple[str, ...]
    earlier: str = ""


EARLIER = "earlier"
"""The parameter that names a second extract. A relative path in a run file is relative to the
repository, the notebook's own to the notebook."""


@dataclass(frozen=True)
class Run:
    """Everything one release is made from; limited to `only` of its jobs where it names any.

    `own_unit` is the hospital trust that the release is for alone (empty: for all), `hides` what
    the run beside which it stands hides; with `worklists` it lists whose records lack what.
    """

    name: str
    out: Path
    store: Path
    provenance: Provenance
    report_year: int
    status_date: date
    data_cutoff: date
    languages: tuple[str, ...]
    policy: str
    jobs: tuple[Job, ...]
    only: frozenset[str]
    limits: NotebookLimits
    own_unit: str = ""
    hides: frozenset[str] = frozenset()
    worklists: bool = False


def plan_runs(
    path: Path,
    *,
    extract: Path | None = None,
    only: tuple[str, ...] = (),
    out: Path | None = None,
    worklists: bool = False,
    parameters: Mapping[str, Any] = MappingProxyType({}),
    catalogue: tuple[Analysis, ...] = ANALYSES,
    notebooks: Path = PROJECT / "notebooks",
) -> tuple[Run, ...]:
    """Return the runs a run file asks for: one, or one for each value of its `for_each`.

    The extract named in the file, and the default output folder, are relative to the repository.

    `parameters` are given to every analysis, beside those of the file.

    Raises
    ------
    RunRefused
        When an analysis, a parameter, a policy or a year cannot be used.
    ExtractRefused
        When the store cannot be opened.
    """
    asked = read_run_file(path)
    if not _FOLDER.fullmatch(path.stem):
        raise RunRefused(f"{path}: a run is called after its file; rename it to letters and digits")
    if asked.policy not in POLICIES:
        raise RunRefused(f"{path}: no policy {asked.policy}; known are {', '.join(POLICIES)}")
    store = (extract or PROJECT / asked.extract).resolve()
    opened = open_extract(store)
    dates = _dates(path, asked, opened.provenance)
    _require_trusts(path, asked, worklists)
    hides = _hidden_by(path, asked, opened.provenance, dates)
    runs = []
    for folder, choices in _variants(path, asked):
        choices = [_with(choice, parameters) for choice in choices]
        jobs = _jobs(choices, dates, opened, catalogue, notebooks)
        _require_known(path, only, jobs)
        runs.append(
            Run(
                name=path.stem,
                out=(out or PROJECT / "outputs" / path.stem).resolve() / folder,
                store=store,
                provenance=opened.provenance,
                languages=tuple(asked.languages),
                policy=asked.policy,
                jobs=tuple(jobs),
                only=frozenset(only),
                limits=asked.limits,
                own_unit=folder if asked.own_unit else "",
                hides=hides,
                worklists=worklists,
                **dates,
            )
        )
    return tuple(runs)


def _require_known(path: Path, only: tuple[str, ...], jobs: list[Job]) -> None:
    unknown = sorted(set(only) - {job.analysis.id for job in jobs})
    if unknown:
        raise RunRefused(f"{path} has no analysis {', '.join(unknown)}; add it there")


def _require_trusts(path: Path, asked: RunFile, worklists: bool) -> None:
    """Refuse a local report of something else than a hospital trust, and worklists elsewhere."""
    if worklists and not asked.own_unit:
        raise RunRefused(f"{path}: only local reports (own_unit) have worklists")
    values = asked.for_each.values if asked.own_unit and asked.for_each else []
    unknown = [str(value) for value in values if value not in codes.trusts()]
    if unknown:
        raise RunRefused(
            f"{path}: for_each: no hospital trust {', '.join(unknown)}; "
            f"known are {', '.join(codes.trusts())}"
        )


def _hidden_by(
    path: Path, asked: RunFile, held: Provenance, dates: Mapping[str, Any]
) -> frozenset[str]:
    """Return what the run `plan_of` hides, which must be of the same extract, dates and policy."""
    if asked.plan_of is None:
        return frozenset()
    folder = PROJECT / "outputs" / asked.plan_of
    again = f"run it first: msanalysis run params/{asked.plan_of}.yaml"
    try:
        plan = json.loads((folder / "restricted" / HIDES).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise RunRefused(f"{path}: plan_of: {folder} holds no finished run; {again}") from None
    expected = plan_of(held, dates["status_date"], dates["data_cutoff"], asked.policy)
    different = [name for name, value in expected.items() if plan.get(name) != value]
    if different:
        raise RunRefused(
            f"{path}: plan_of: {folder} is of another {', '.join(different)}; run it again, or "
            "name the run that is of this one"
        )
    return frozenset(plan["hides"])


HIDES = "hides.json"
"""What a finished run hides, in its restricted folder: the plan of those that stand beside it."""


def plan_of(held: Provenance, status: date, cutoff: date, policy: str) -> dict[str, str]:
    """Return what two runs must have in common for one to hide what the other does."""
    return {
        "extract": held.fingerprint,
        "status_date": str(status),
        "data_cutoff": str(cutoff),
        "policy": policy,
    }


def _dates(path: Path, asked: RunFile, held: Provenance) -> dict[str, Any]:
    """Return year, status date and cutoff of the run; refuse a year outside the extract."""
    year = asked.report_year or (asked.status_date or held.status_date).year
    status = asked.status_date or held.status_date
    cutoff = asked.data_cutoff or held.data_cutoff
    if year < held.status_date.year and not (asked.status_date and asked.data_cutoff):
        raise RunRefused(
            f"{path}: the extract is for {held.status_date.year}; to redo {year} from it, give "
            f'status_date ("{year}-12-31") and data_cutoff, as they were that year'
        )
    if status > held.status_date or cutoff > held.data_cutoff or year > held.status_date.year:
        raise RunRefused(
            f"{path}: outside the extract, whose status date is {held.status_date} and whose "
            f"data cutoff is {held.data_cutoff}; import a later extract, or give an earlier year"
        )
    if status.year != year or cutoff < status:
        raise RunRefused(
            f"{path}: expected a status_date in {year}, the report_year, "
            "and a data_cutoff that is not before it"
        )
    return {"report_year": year, "status_date": status, "data_cutoff": cutoff}


def _variants(path: Path, asked: RunFile) -> list[tuple[str, list[Choice]]]:
    """Return (folder, analyses with their parameters) for each run the file asks for."""
    if asked.for_each is None:
        return [("", asked.analyses)]
    name, values = asked.for_each.parameter, asked.for_each.values
    folders = [str(value) for value in values]
    if len(set(folders)) < len(folders) or not all(map(_FOLDER.fullmatch, folders)):
        raise RunRefused(f"{path}: for_each: expected different values, each fit to name a folder")
    return [
        (str(value), [_with(choice, {name: value}) for choice in asked.analyses])
        for value in values
    ]


def _with(choice: Choice, parameters: Mapping[str, Any]) -> Choice:
    return choice.model_copy(update={"parameters": {**choice.parameters, **parameters}})


def _jobs(
    choices: list[Choice],
    dates: Mapping[str, Any],
    extract: Extract,
    catalogue: tuple[Analysis, ...],
    notebooks: Path,
) -> list[Job]:
    """Return the jobs in the catalogue's order, every parameter checked."""
    given = {choice.id: choice.parameters for choice in choices}
    if len(given) < len(choices):
        raise RunRefused("an analysis stands twice; for_each runs one with several values")
    for id in given:
        find_analysis(id, catalogue)
    return [
        _job(analysis, given[analysis.id], dates, extract, notebooks / f"{analysis.id}.ipynb")
        for analysis in catalogue
        if analysis.id in given
    ]


def _job(
    analysis: Analysis,
    given: Mapping[str, Any],
    dates: Mapping[str, Any],
    extract: Extract,
    notebook: Path,
) -> Job:
    filled = _filled(notebook, given, dates, extract.provenance)
    earlier = ""
    if EARLIER in filled:
        relative_to = PROJECT if EARLIER in given else notebook.parent
        store = (relative_to / filled[EARLIER]).resolve()
        held = open_extract(store).provenance
        if held.data_cutoff > extract.provenance.data_cutoff:
            raise RunRefused(f"{store} is the later of the two extracts; give it as the second")
        filled[EARLIER], earlier = str(store), held.fingerprint
    return Job(analysis, notebook, filled, extract.missing(analysis.needs), earlier)


def _filled(
    notebook: Path, given: Mapping[str, Any], dates: Mapping[str, Any], held: Provenance
) -> dict[str, Any]:
    """Return all parameters but the first three: the run's dates, what is given, the default."""
    declared = read_parameters(notebook)
    check_parameters(notebook.stem, declared, given, last_day=dates["data_cutoff"])
    _require_dates(notebook.stem, {parameter.name for parameter in declared}, dates, held)
    defaults = {parameter.name: parameter.default for parameter in declared}
    texts = {name: value if name == "report_year" else str(value) for name, value in dates.items()}
    filled = {**defaults, **texts, **given}
    return {name: filled[name] for name in defaults if name not in FIRST}


def _require_dates(
    analysis: str, declared: set[str], dates: Mapping[str, Any], held: Provenance
) -> None:
    """Refuse an earlier date for a notebook that would not heed it."""
    heeds = {"status_date": {"status_date", "data_cutoff"}, "data_cutoff": {"data_cutoff"}}
    for name, parameters in heeds.items():
        if dates[name] != getattr(held, name) and not declared & parameters:
            raise RunRefused(
                f"{analysis}: cannot be redone with another {name} than the extract's, "
                f"because its notebook has no parameter {name}"
            )
