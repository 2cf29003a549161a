"""From a planned run to its release."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from msanalysis.folders import put_in_place
from msanalysis.release import POLICY_VARIABLE
from msanalysis.release.exits import RESTRICTED_VARIABLE
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
        once = partial(_perform_once, run, restricted, jobs=jobs, force=force, tell=tell)
        ordered, used = _audited(run, restricted, once)
        report = write_release(run, ordered, started)
        cache.tidy(restricted / "cache", used)
    return Performed(report, tuple(ordered))


def _audited(
    run: Run, restricted: Path, once: Callable[[Sequence[Job], Plan], dict[str, Outcome]]
) -> tuple[list[Outcome], set[Path]]:
    """Perform all jobs, then again those that tell too much beside the others, until none does.

    Returns the outcomes, and every folder they came from.
    """
    plan: Plan = {}
    outcomes = once(run.jobs, plan)
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


def _perform_once(
    run: Run,
    restricted: Path,
    some: Sequence[Job],
    plan: Plan,
    *,
    jobs: int | None,
    force: bool,
    tell: Tell,
) -> dict[str, Outcome]:
    """Return the outcomes of some jobs under a plan, from the cache or newly run."""
    hidden_too = {job.analysis.id: plan.get(job.analysis.id, frozenset()) for job in some}
    places = {job.analysis.id: cache.entry(run, job, hidden_too[job.analysis.id]) for job in some}
    outcomes = _known(run, some, places, force)
    for id, outcome in outcomes.items():
        tell(id, outcome)
    to_run = {job.analysis.id: job for job in some if job.analysis.id not in outcomes}

    def ended(id: str, failure: str, seconds: float) -> None:
        out = restricted / "work" / id
        outcomes[id] = _collect(run, to_run[id], out, places[id], failure, seconds)
        tell(id, outcomes[id])

    at_once = min(jobs or processors(), max(1, len(to_run)))
    run_side_by_side(
        [_task(run, job, restricted, hidden_too[id]) for id, job in to_run.items()],
        jobs=at_once,
        limits=Limits.of(run.limits.seconds, run.limits.memory_gb, at_once),
        started=lambda id: tell(id, None),
        ended=ended,
    )
    return outcomes


def _known(
    run: Run, some: Sequence[Job], places: dict[str, Path], force: bool
) -> dict[str, Outcome]:
    """Return the outcomes that need no kernel."""
    known = {}
    for job in some:
        id = job.analysis.id
        asked = not run.only or id in run.only
        if job.missing:
            known[id] = Outcome(job, "missing_columns")
        elif places[id].exists() and not (force and asked):
            known[id] = Outcome(job, "ok", places[id], unchanged=True)
        elif not asked:
            known[id] = Outcome(job, "not_run")
    return known


def _task(run: Run, job: Job, restricted: Path, hidden_too: frozenset[str]) -> Task:
    id = job.analysis.id
    out = restricted / "work" / id
    clear(out)
    out.mkdir()
    plan = restricted / "work" / f"{id}.plan.json"
    plan.write_text(json.dumps(sorted(hidden_too)), encoding="utf-8")
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
        environment={
            POLICY_VARIABLE: run.policy,
            RESTRICTED_VARIABLE: str(restricted),
            PLAN_VARIABLE: str(plan),
            RECORD_VARIABLE: str(out / CELLS),
        },
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
