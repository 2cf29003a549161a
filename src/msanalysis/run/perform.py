"""From planned runs to their releases."""

import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from msanalysis.folders import put_in_place
from msanalysis.release import POLICY_VARIABLE
from msanalysis.release.exits import OWN_UNIT_VARIABLE, RESTRICTED_VARIABLE, WORKLISTS_VARIABLE
from msanalysis.release.plan import PLAN_VARIABLE
from msanalysis.release.record import RECORD_VARIABLE
from msanalysis.run import cache
from msanalysis.run.audit import (
    Plan,
    extended,
    remember,
    remembered,
    what_tells_too_much,
)
from msanalysis.run.outputs import (
    CELLS,
    Outcome,
    OutputRefused,
    check_output,
    clash,
    clear,
    opened,
)
from msanalysis.run.plan import Job, Run
from msanalysis.run.publish import write_release
from msanalysis.run.workers import Limits, Task, processors, run_side_by_side

Tell = Callable[[str, Outcome | None], None]
"""Called with an analysis when its notebook starts (None) and when it has ended."""


@dataclass(frozen=True)
class Performed:
    """A run that has ended: the path of its report, and how each analysis ended."""

    report: Path
    outcomes: tuple[Outcome, ...]

    @property
    def exit_code(self) -> int:
        """0 well, 1 an analysis failed, 4 the gate refused one."""
        failures = [outcome.failure for outcome in self.outcomes if outcome.status == "failed"]
        if any(failure.endswith("ReleaseRefused") for failure in failures):
            return 4
        return int(bool(failures))

    def summary(self) -> dict[str, Any]:
        """Return the same for a program to read."""
        return {
            "report": str(self.report),
            "exit_code": self.exit_code,
            "analyses": [
                {
                    "id": outcome.job.analysis.id,
                    "status": outcome.status,
                    "unchanged": outcome.unchanged,
                    "failure": outcome.failure,
                    "missing": list(outcome.job.missing),
                    "seconds": round(outcome.seconds, 1),
                }
                for outcome in self.outcomes
            ],
        }


def perform(
    run: Run,
    *,
    jobs: int | None = None,
    force: bool = False,
    tell: Tell = lambda id, outcome: None,
) -> Performed:
    """Run what has changed, and write the release of all; see `perform_all`."""
    (performed,) = perform_all([run], jobs=jobs, force=force, tell=lambda run: tell)
    return performed


def perform_all(
    runs: Sequence[Run],
    *,
    jobs: int | None = None,
    force: bool = False,
    tell: Callable[[Run], Tell] = lambda run: lambda id, outcome: None,
) -> list[Performed]:
    """Run what has changed, and write the release of each run when its last notebook has ended.

    Parameters
    ----------
    jobs
        How many notebooks run at once, of all runs together; as many as there are processors when
        None.
    force
        Run the unchanged too.
    tell
        Gives for a run what is called with its analyses.

    Raises
    ------
    RunRefused
        When another run is at work in one of the folders.
    """
    started = datetime.now(UTC)
    outcomes: dict[Path, dict[str, Outcome]] = {run.out: {} for run in runs}
    performed: dict[Path, Performed] = {}

    def ended(piece: _Piece, outcome: Outcome) -> None:
        run, held = piece.run, outcomes[piece.run.out]
        held[piece.id] = outcome
        if len(held) == len(run.jobs):
            again = partial(_performed_once, run, piece.restricted, piece.tell, jobs)
            ordered, used = _audited(run, piece.restricted, held, again)
            report = write_release(run, ordered, started)
            cache.tidy(piece.restricted / "cache", used)
            performed[run.out] = Performed(report, tuple(ordered))

    with ExitStack() as stack:
        folders = {run.out: stack.enter_context(opened(run.out)) for run in runs}
        pieces = [
            piece
            for run in runs
            for piece in _pieces(run, folders[run.out], tell(run), run.jobs, _first_plan(run))
        ]
        _perform_pieces(pieces, jobs=jobs, force=force, ended=ended)
    return [performed[run.out] for run in runs]


def _first_plan(run: Run) -> Plan:
    """Return the plan a run begins with: what the run beside it hides."""
    return {job.analysis.id: run.hides for job in run.jobs if run.hides}


def _audited(
    run: Run,
    restricted: Path,
    outcomes: dict[str, Outcome],
    once: Callable[[Sequence[Job], Plan], dict[str, Outcome]],
) -> tuple[list[Outcome], set[Path]]:
    """Perform again those jobs that tell too much beside the others, until none does.

    Returns the outcomes, and every folder they came from.
    """
    plan = _first_plan(run)
    used = {each.folder for each in outcomes.values() if each.folder}
    before, audits = remembered(restricted), {}
    while True:
        ordered = _without_clashes([outcomes[job.analysis.id] for job in run.jobs])
        audited, more = what_tells_too_much(run, ordered, before)
        audits[audited] = more
        longer = extended(plan, more)
        again = [
            job for job in run.jobs if longer.get(job.analysis.id) != plan.get(job.analysis.id)
        ]
        if not again:
            remember(restricted, audits)
            return [
                _refused(each) if more.get(each.job.analysis.id) else each for each in ordered
            ], used
        plan = longer
        outcomes |= once(again, plan)
        used |= {each.folder for each in outcomes.values() if each.folder}


def _refused(outcome: Outcome) -> Outcome:
    """Return as failed an analysis that shows what the plan of the run hides in it."""
    return Outcome(outcome.job, "failed", failure="shows what other tables hide, ReleaseRefused")


@dataclass(frozen=True)
class _Piece:
    """One analysis of a run, and the cells that the plan hides in it."""

    run: Run
    restricted: Path
    tell: Tell
    job: Job
    hidden_too: frozenset[str]

    @property
    def id(self) -> str:
        return self.job.analysis.id

    @property
    def out(self) -> Path:
        return self.restricted / "work" / self.id

    @property
    def place(self) -> Path:
        return cache.entry(self.run, self.job, self.hidden_too)


def _pieces(
    run: Run, restricted: Path, tell: Tell, some: Sequence[Job], plan: Plan
) -> list[_Piece]:
    return [
        _Piece(run, restricted, tell, job, plan.get(job.analysis.id, frozenset())) for job in some
    ]


def _performed_once(
    run: Run, restricted: Path, tell: Tell, jobs: int | None, some: Sequence[Job], plan: Plan
) -> dict[str, Outcome]:
    """Return the outcomes of some jobs under a plan, from the cache or newly run."""
    outcomes: dict[str, Outcome] = {}
    _perform_pieces(
        _pieces(run, restricted, tell, some, plan),
        jobs=jobs,
        force=False,
        ended=lambda piece, outcome: outcomes.update({piece.id: outcome}),
    )
    return outcomes


def _perform_pieces(
    pieces: Sequence[_Piece],
    *,
    jobs: int | None,
    force: bool,
    ended: Callable[[_Piece, Outcome], None],
) -> None:
    """Call `ended` with the outcome of each, those first that need no kernel."""
    to_run: dict[Path, _Piece] = {}
    for piece in pieces:
        known = _known(piece, force)
        if known is None:
            to_run[_executed(piece)] = piece
        else:
            piece.tell(piece.id, known)
            ended(piece, known)

    def started_one(task: Task) -> None:
        piece = to_run[task.executed]
        piece.tell(piece.id, None)

    def ended_one(task: Task, failure: str, seconds: float) -> None:
        piece = to_run[task.executed]
        outcome = _collect(piece, failure, seconds)
        piece.tell(piece.id, outcome)
        ended(piece, outcome)

    # Also with nothing to run: what a killed run has left on disk is removed there.
    at_once = max(1, min(jobs or processors(), len(to_run)))
    limits = pieces[0].run.limits
    run_side_by_side(
        [_task(piece) for piece in to_run.values()],
        jobs=at_once,
        limits=Limits.of(limits.seconds, limits.memory_gb, at_once),
        started=started_one,
        ended=ended_one,
    )


def _known(piece: _Piece, force: bool) -> Outcome | None:
    """Return the outcome where it needs no kernel."""
    run, job = piece.run, piece.job
    asked = not run.only or piece.id in run.only
    if job.missing:
        return Outcome(job, "missing_columns")
    if piece.place.exists() and not (force and asked):
        return Outcome(job, "ok", piece.place, unchanged=True)
    return None if asked else Outcome(job, "not_run")


def _executed(piece: _Piece) -> Path:
    return piece.restricted / "notebooks" / f"{piece.id}.ipynb"


def _task(piece: _Piece) -> Task:
    run, out = piece.run, piece.out
    clear(out)
    out.mkdir()
    plan = piece.restricted / "work" / f"{piece.id}.plan.json"
    plan.write_text(json.dumps(sorted(piece.hidden_too)), encoding="utf-8")
    return Task(
        notebook=piece.job.notebook,
        parameters={
            "extract": str(run.store),
            "lang": list(run.languages),
            "out": str(out),
            **piece.job.parameters,
        },
        executed=_executed(piece),
        log=piece.restricted / "logs" / f"{piece.id}.log",
        environment={
            POLICY_VARIABLE: run.policy,
            RESTRICTED_VARIABLE: str(piece.restricted),
            PLAN_VARIABLE: str(plan),
            RECORD_VARIABLE: str(out / CELLS),
            OWN_UNIT_VARIABLE: run.own_unit,
            WORKLISTS_VARIABLE: "1" if run.worklists else "",
        },
    )


def _collect(piece: _Piece, failure: str, seconds: float) -> Outcome:
    """Return how a notebook ended, its outputs moved to their place when they are whole."""
    job, out = piece.job, piece.out
    try:
        if not failure:
            check_output(out, piece.id, piece.run.languages)
    except OutputRefused as refused:
        failure = str(refused)
    if failure:
        return Outcome(job, "failed", failure=failure, seconds=seconds)
    put_in_place(out, piece.place, out.with_name(f".{out.name}"))
    return Outcome(job, "ok", piece.place, seconds=seconds)


def _without_clashes(outcomes: list[Outcome]) -> list[Outcome]:
    """Fail every analysis that would write an id which one before it has written."""
    kept: list[Outcome] = []
    for outcome in outcomes:
        others = [each.folder for each in kept if each.folder]
        twice = clash(outcome.folder, others) if outcome.folder else ""
        failure = f"another analysis has the same {twice}"
        kept.append(Outcome(outcome.job, "failed", failure=failure) if twice else outcome)
    return kept
