"""What a run shows: one bar on a terminal, plain lines elsewhere, a summary for a program."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from msanalysis.run.outputs import Outcome
from msanalysis.run.perform import Performed, Tell, perform
from msanalysis.run.plan import Run


def perform_shown(run: Run, *, jobs: int | None, force: bool, quiet: bool) -> Performed:
    """Perform a run with progress on standard error; `quiet` shows only what did not run well."""
    console = Console(file=sys.stderr)
    if not quiet:
        with _progress(run, console) as tell:
            return perform(run, jobs=jobs, force=force, tell=tell)
    performed = perform(run, jobs=jobs, force=force)
    for outcome in performed.outcomes:
        if outcome.status != "ok":
            _say(console, describe_outcome(outcome))
    return performed


def describe_outcome(outcome: Outcome) -> str:
    """Return one line on how an analysis ended: never what an exception said."""
    details = {
        "ok": "unchanged" if outcome.unchanged else f"done in {outcome.seconds:.0f} s",
        "failed": f"FAILED: {outcome.failure}; see restricted/logs/{outcome.job.analysis.id}.log",
        "missing_columns": f"cannot run, the extract lacks {', '.join(outcome.job.missing)}",
        "not_run": "not asked for, and changed since it last ran: left out",
    }
    return f"{outcome.job.analysis.id}: {details[outcome.status]}"


@contextmanager
def _progress(run: Run, console: Console) -> Iterator[Tell]:
    running: list[str] = []
    columns = (
        TextColumn("{task.description}"),
        BarColumn(20),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("", total=len(run.jobs))

        def tell(id: str, outcome: Outcome | None) -> None:
            if outcome is None:
                running.append(id)
            else:
                running[:] = [other for other in running if other != id]
                bar.advance(task)
                _say(console, describe_outcome(outcome))
            if outcome is None and not console.is_terminal:
                _say(console, f"{id}: started")
            bar.update(task, description=f"running {', '.join(running)}" if running else "")

        yield tell


def _say(console: Console, line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)


def preview(runs: tuple[Run, ...], *, as_json: bool) -> str:
    """Return what would run, with its parameters."""
    plans = [
        {
            "analysis": job.analysis.id,
            "out": str(run.out),
            "missing": list(job.missing),
            "parameters": dict(job.parameters),
        }
        for run in runs
        for job in run.jobs
        if not run.only or job.analysis.id in run.only
    ]
    return json.dumps(plans, indent=2) if as_json else "\n".join(map(_planned, plans))


def _planned(plan: dict) -> str:
    missing = ", ".join(plan["missing"])
    heading = f"cannot run, the extract lacks {missing}" if missing else f"runs into {plan['out']}"
    parameters = "".join(f"\n  {name} = {value!r}" for name, value in plan["parameters"].items())
    return f"{plan['analysis']}: {heading}{parameters}"
