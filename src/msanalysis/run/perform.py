"""From a planned run to its release."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msanalysis.folders import put_in_place
from msanalysis.run import cache
from msanalysis.run.outputs import (
    Outcome,
    OutputRefused,
    check_output,
    clash,
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
    """Run what has changed, and write the release of all.

    Parameters
    ----------
    jobs
        How many notebooks run at once; as many as there are processors when None.
    force
        Run the unchanged too.

    Raises
    ------
    RunRefused
        When another run is at work in the folder.
    """
    started = datetime.now(UTC)
    with opened(run.out) as restricted:
        places = {job.analysis.id: cache.entry(run, job) for job in run.jobs}
        outcomes = _known(run, places, force)
        for id, outcome in outcomes.items():
            tell(id, outcome)
        to_run = [job for job in run.jobs if job.analysis.id not in outcomes]

        def ended(id: str, failure: str, seconds: float) -> None:
            job = next(job for job in to_run if job.analysis.id == id)
            outcomes[id] = _collect(
                run, job, restricted / "work" / id, places[id], failure, seconds
            )
            tell(id, outcomes[id])

        at_once = min(jobs or processors(), max(1, len(to_run)))
        run_side_by_side(
            [_task(run, job, restricted) for job in to_run],
            jobs=at_once,
            limits=Limits.of(run.limits.seconds, run.limits.memory_gb, at_once),
            started=lambda id: tell(id, None),
            ended=ended,
        )
        ordered = _without_clashes([outcomes[job.analysis.id] for job in run.jobs])
        report = write_release(run, ordered, started)
        cache.tidy(restricted / "cache", {each.folder for each in ordered if each.folder})
    return Performed(report, tuple(ordered))


def _known(run: Run, places: dict[str, Path], force: bool) -> dict[str, Outcome]:
    """Return the outcomes that need no kernel."""
    known = {}
    for job in run.jobs:
        id = job.analysis.id
        asked = not run.only or id in run.only
        if job.missing:
            known[id] = Outcome(job, "missing_columns")
        elif places[id].exists() and not (force and asked):
            known[id] = Outcome(job, "ok", places[id], unchanged=True)
        elif not asked:
            known[id] = Outcome(job, "not_run")
    return known


def _task(run: Run, job: Job, restricted: Path) -> Task:
    id = job.analysis.id
    out = restricted / "work" / id
    out.mkdir()
    return Task(
        id=id,
        notebook=job.notebook,
        parameters={
            "extract": str(run.store),
            "lang": list(run.languages),
            "out": str(out),
            **job.parameters,
        },
        executed=restricted / "notebooks" / f"{id}.ipynb",
        log=restricted / "logs" / f"{id}.log",
        policy=run.policy,
    )


def _collect(run: Run, job: Job, out: Path, place: Path, failure: str, seconds: float) -> Outcome:
    """Return how a notebook ended, its outputs moved to their place when they are whole."""
    try:
        if not failure:
            check_output(out, job.analysis.id, run.languages)
    except OutputRefused as refused:
        failure = str(refused)
    if failure:
        return Outcome(job, "failed", failure=failure, seconds=seconds)
    put_in_place(out, place, out.with_name(f".{out.name}"))
    return Outcome(job, "ok", place, seconds=seconds)


def _without_clashes(outcomes: list[Outcome]) -> list[Outcome]:
    """Fail every analysis that would write an id which one before it has written."""
    kept: list[Outcome] = []
    for outcome in outcomes:
        others = [each.folder for each in kept if each.folder]
        twice = clash(outcome.folder, others) if outcome.folder else ""
        failure = f"another analysis has the same {twice}"
        kept.append(Outcome(outcome.job, "failed", failure=failure) if twice else outcome)
    return kept
