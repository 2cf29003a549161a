"""What a run shows: one bar on a terminal, plain lines elsewhere, a summary for a program."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from msanalysis.run.outputs import Outcome
from msanalysis.run.perform import Performed, Tell, perform_all
from msanalysis.run.plan import Run


def perform_shown(
    runs: Sequence[Run], *, jobs: int | None, force: bool, quiet: bool
) -> list[Performed]:
    """Perform runs with progress on standard error; `quiet` shows only what did not run well."""
    console = Console(file=sys.stderr)
    if not quiet:
        with _progress(runs, console) as tell:
            return perform_all(runs, jobs=jobs, force=force, tell=tell)
    performed = perform_all(runs, jobs=jobs, force=force)
    for run, each in zip(runs, performed, strict=True):
        for outcome in each.outcomes:
            if outcome.status != "ok":
                _say(console, _prefix(run, runs) + describe_outcome(outcome))
    return performed


def _prefix(run: Run, runs: Sequence[Run]) -> str:
    """Return the folder of a run where there are several."""
    return f"{run.out.name}: " if len(runs) > 1 else ""


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
def _progress(runs: Sequence[Run], console: Console) -> Iterator[Callable[[Run], Tell]]:
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
        task = bar.add_task("", total=sum(len(run.jobs) for run in runs))

        def tell(run: Run, id: str, outcome: Outcome | None) -> None:
            name = _prefix(run, runs) + id
            if outcome is None:
                running.append(name)
            else:
                running[:] = [other for other in running if other != name]
                bar.advance(task)
                _say(console, _prefix(run, runs) + describe_outcome(outcome))
            if outcome is None and not console.is_terminal:
                _say(console, f"{name}: started")
            bar.update(task, description=f"running {', '.join(running)}" if running else "")

        yield lambda run: partial(tell, run)


def _say(console: Console, line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)


def preview(runs: Sequence[Run], *, as_json: bool) -> str:
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
