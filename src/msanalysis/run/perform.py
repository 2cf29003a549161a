"""From planned runs to their releases."""

import json
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msanalysis.folders import PICTURES_VARIABLE, put_in_place
from msanalysis.release import POLICY_VARIABLE
from msanalysis.release.exits import OWN_UNIT_VARIABLE, RESTRICTED_VARIABLE, WORKLISTS_VARIABLE
from msanalysis.release.plan import PLAN_VARIABLE
from msanalysis.release.protect import Proven
from msanalysis.release.record import RECORD_VARIABLE, RESULTS_VARIABLE
from msanalysis.run import cache
from msanalysis.run.audit import (
    Plan,
    extended,
    remember,
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
    performed: dict[Path, Performed] = {}

    def ended(piece: _Piece, outcome: Outcome) -> list[_Piece]:
        state = states[piece.run.out]
        state.outcomes[piece.id] = outcome
        state.awaited.discard(piece.id)
        again = _again(state) if not state.awaited else []
        if not (state.awaited or again):
            performed[state.run.out] = _released(state, started)
        return again

    with ExitStack() as stack:
        states = {
            run.out: _State(run, stack.enter_context(opened(run.out)), tell(run), _first_plan(run))
            for run in runs
        }
        first = [piece for state in states.values() for piece in _pieces(state, state.run.jobs)]
        _perform_pieces(first, jobs=jobs, force=force, ended=ended)
    return [performed[run.out] for run in runs]


@dataclass
class _State:
    """A run on its way: how its analyses ended under its plan, and which are still to end."""

    run: Run
    restricted: Path
    tell: Tell
    plan: Plan
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    awaited: set[str] = field(default_factory=set)
    used: set[Path] = field(default_factory=set)
    audits: dict[str, Plan] = field(default_factory=dict)
    proven: Proven = field(default_factory=dict)

    @property
    def ordered(self) -> list[Outcome]:
        return _without_clashes([self.outcomes[job.analysis.id] for job in self.run.jobs])


def _first_plan(run: Run) -> Plan:
    """Return the plan a run begins with: what the run beside it hides."""
    return {job.analysis.id: run.hides for job in run.jobs if run.hides}


def _again(state: _State) -> list["_Piece"]:
    """Return what tells too much beside the others, to be performed again; none when it is over."""
    state.used |= {each.folder for each in state.outcomes.values() if each.folder}
    results = {job.analysis.id: _results(state.restricted, job) for job in state.run.jobs}
    audited, more = what_tells_too_much(state.run, state.ordered, state.plan, results, state.proven)
    state.audits[audited] = more
    longer = extended(state.plan, more)
    again = [
        job
        for job in state.run.jobs
        if longer.get(job.analysis.id) != state.plan.get(job.analysis.id)
    ]
    state.plan = longer
    return _pieces(state, again)


def _released(state: _State, started: datetime) -> Performed:
    """Write the release of a run whose last audit found nothing that can be hidden."""
    remember(state.restricted, state.audits)
    still_shown = list(state.audits.values())[-1]
    ordered = [
        _refused(each) if still_shown.get(each.job.analysis.id) else each for each in state.ordered
    ]
    report = write_release(state.run, ordered, started)
    cache.tidy(state.restricted / "cache", state.used)
    return Performed(report, tuple(ordered))


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


def _pieces(state: _State, some: Sequence[Job]) -> list[_Piece]:
    """Return some of a run's analyses to be performed under its plan, and await them."""
    state.awaited |= {job.analysis.id for job in some}
    return [
        _Piece(
            state.run,
            state.restricted,
            state.tell,
            job,
            state.plan.get(job.analysis.id, frozenset()),
        )
        for job in some
    ]


def _perform_pieces(
    pieces: Sequence[_Piece],
    *,
    jobs: int | None,
    force: bool,
    ended: Callable[[_Piece, Outcome], list[_Piece]],
) -> None:
    """Call `ended` with the outcome of each, those first that need no kernel.

    What it returns is performed too.
    """
    to_run: dict[Path, _Piece] = {}

    def tasks_of(some: Sequence[_Piece]) -> list[Task]:
        tasks, waiting = [], deque(some)
        while waiting:
            piece = waiting.popleft()
            known = _known(piece, force)
            if known is None:
                to_run[_executed(piece)] = piece
                tasks.append(_task(piece))
            else:
                piece.tell(piece.id, known)
                waiting.extend(ended(piece, known))
        return tasks

    def started_one(task: Task) -> None:
        piece = to_run[task.executed]
        piece.tell(piece.id, None)

    def ended_one(task: Task, failure: str, seconds: float) -> list[Task]:
        piece = to_run[task.executed]
        outcome = _collect(piece, failure, seconds)
        piece.tell(piece.id, outcome)
        return tasks_of(ended(piece, outcome))

    # Also with nothing to run: what a killed run has left on disk is removed there.
    tasks = tasks_of(pieces)
    at_once = max(1, min(jobs or processors(), len(tasks)))
    limits = pieces[0].run.limits
    run_side_by_side(
        tasks,
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


def _results(restricted: Path, job: Job) -> Path:
    """Return the file that holds the exact results of a notebook while the run lasts."""
    return restricted / "work" / f"{job.analysis.id}.results"


def _task(piece: _Piece) -> Task:
    run, out = piece.run, piece.out
    results = _results(piece.restricted, piece.job)
    results.unlink(missing_ok=True)
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
            RESULTS_VARIABLE: str(results),
            PICTURES_VARIABLE: str(piece.restricted / "work" / "pictures"),
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
