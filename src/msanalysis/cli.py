"""The commands: a thin layer over the package. Errors are one plain line and an exit code."""

import json
import signal
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

INTERRUPTED = 130
WRONG_USE = "2 wrong use"


def _epilog(*examples: str, exits: tuple[str, ...] = (WRONG_USE,)) -> str:
    """Return what stands below a command's help: how it is called, and how it can end."""
    called = "\n".join(f"  msanalysis {example}" for example in examples)
    return f"\b\nExample:\n{called}\n\n\b\nExit codes:\n  {', '.join(('0 well', *exits))}"


app = typer.Typer(
    help="The annual figures of the Norwegian MS Registry, from an extract, with one command.",
    epilog=_epilog(
        "run params/annual_report_2024.yaml",
        exits=("1 an analysis failed", WRONG_USE, "3 extract refused", "4 release refused"),
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
EXIT_CODES = {
    "ReportIncomplete": 1,
    "RunRefused": 2,
    "ComparisonRefused": 2,
    "OSError": 2,
    "ExtractRefused": 3,
    "ReleaseRefused": 4,
    "DeliveryRefused": 4,
}
"""By the name of the exception, so that a quick command need not load what raises it."""
StatusDate = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="Last day of the report year, as 2024-12-31."),
]
DataCutoff = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="Day the extract was taken, as 2025-05-15."),
]


RunFolder = Annotated[Path, typer.Argument(help="Folder of a run, as outputs/annual_report_2024.")]
Years = Annotated[list[int] | None, typer.Option("--year", help="Repeatable; the last when none.")]
ToFile = Annotated[Path | None, typer.Option("--to", help="The file; in restricted/ when none.")]


Quiet = Annotated[bool, typer.Option("--quiet", help="Show no progress.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer for a program.")]


def _ids(incomplete: str) -> list[str]:
    """Return the analyses a shell may complete a word to."""
    from msanalysis.catalogue import ANALYSES

    return [analysis.id for analysis in ANALYSES if analysis.id.startswith(incomplete)]


class Form(StrEnum):
    """How the invented registry is delivered."""

    PARQUET = "parquet"
    CSV = "csv"
    CSV_NORWEGIAN = "csv-norwegian"
    SAV = "sav"
    DTA = "dta"


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn an exception into one line and its exit code.

    Only messages written for it are shown: another exception's could hold a cell's content, so
    its class and place are all that is said.
    """
    try:
        yield
    except (typer.Exit, typer.Abort):
        raise
    except KeyboardInterrupt:
        typer.echo("msanalysis: interrupted; the last release is as it was", err=True)
        raise typer.Exit(INTERRUPTED) from None
    except Exception as error:
        names = [base.__name__ for base in type(error).__mro__]
        known = [EXIT_CODES[name] for name in names if name in EXIT_CODES]
        typer.echo(f"msanalysis: {_message(error, known=bool(known))}", err=True)
        raise typer.Exit(known[0] if known else 1) from None


@contextmanager
def at_work(what: str, *, quiet: bool) -> Iterator[None]:
    """Show on a terminal what takes its time, and how long it has taken."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    shown = console.is_terminal and not quiet
    with Progress(*columns, console=console, transient=True, disable=not shown) as progress:
        progress.add_task(what, total=None)
        yield


def _answer(answer: object) -> None:
    typer.echo(json.dumps(answer, indent=2, ensure_ascii=False))


def _message(error: Exception, *, known: bool) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'while writing'}: {error.strerror}"
    if known and Path(last.filename).is_relative_to(Path(__file__).parent):
        return str(error)
    return f"unexpected {type(error).__name__} in {Path(last.filename).name}, line {last.lineno}"


@app.command(epilog=_epilog("synth outputs/deliveries/small --persons 600 --as csv-norwegian"))
def synth(
    dest: Annotated[Path, typer.Argument(help="Folder for the delivered files.")],
    persons: Annotated[int, typer.Option(min=1, help="Persons in the registry.")] = 14780,
    seed: Annotated[int, typer.Option(help="The same seed gives the same registry.")] = 2024,
    form: Annotated[Form, typer.Option("--as", help="Format of the files.")] = Form.PARQUET,
    messy: Annotated[bool, typer.Option(help="With the faults deliveries have.")] = False,
    quiet: Quiet = False,
) -> None:
    """Write an invented registry as delivered files."""
    with plain_errors():
        from msanalysis.synthetic import synthesise
        from msanalysis.synthetic.delivery import write_delivery

        with at_work(f"inventing {persons} persons", quiet=quiet):
            write_delivery(synthesise(persons, seed), dest, form.value, messy)
        typer.echo(dest)


@app.command(
    name="import",
    epilog=_epilog(
        "import outputs/deliveries/small outputs/extracts/small "
        "--mapping params/mappings/norwegian.yaml",
        exits=(WRONG_USE, "3 extract refused"),
    ),
)
def import_(
    source: Annotated[Path, typer.Argument(help="Folder of delivered files.")],
    dest: Annotated[Path, typer.Argument(help="The store to make.")],
    mapping: Annotated[Path | None, typer.Option(help="Delivered names and codes.")] = None,
    status_date: StatusDate = None,
    data_cutoff: DataCutoff = None,
    source_name: Annotated[
        str | None, typer.Option("--source", help="registry, project or synthetic.")
    ] = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Check a folder of delivered files and make it a store."""
    with plain_errors():
        from msanalysis.importing import import_extract

        with at_work(f"importing {source}", quiet=quiet):
            report = import_extract(
                source,
                dest,
                mapping=mapping,
                status_date=status_date and status_date.date(),
                data_cutoff=data_cutoff and data_cutoff.date(),
                source_name=source_name,
            )
        page = dest / "import_report.html"
        if as_json:
            _answer({"store": str(dest), "report": str(page), **report.counts})
        else:
            typer.echo(f"{report.summary}\n{page}")


@app.command(
    epilog=_epilog(
        "run params/annual_report_2024.yaml --only overall_survival --out outputs/one",
        exits=("1 an analysis failed", WRONG_USE, "3 extract refused", "4 release refused"),
    )
)
def run(
    run_file: Annotated[Path, typer.Argument(help="One of params/, or your own.")],
    extract: Annotated[Path | None, typer.Option(help="A store, instead of the file's.")] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(help="Run this analysis; repeatable.", autocompletion=_ids),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Gets release/ and restricted/.")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Notebooks at once.")] = None,
    force: Annotated[bool, typer.Option(help="Run the unchanged too.")] = False,
    worklists: Annotated[
        bool, typer.Option("--worklists", help="List whose records lack what, in restricted/.")
    ] = False,
    dry_run: Annotated[bool, typer.Option(help="Say what would run.")] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Run the analyses of a run file. The last line is the report's path."""
    # being ended (a logout, a scheduler) must end the kernels too, as Ctrl-C does
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with plain_errors():
        from msanalysis.run.plan import plan_runs
        from msanalysis.run.progress import perform_shown, preview

        runs = plan_runs(
            run_file, extract=extract, only=tuple(only or ()), out=out, worklists=worklists
        )
        if dry_run:
            typer.echo(preview(runs, as_json=as_json))
            return
        # a worklist is written by a notebook that runs
        performed = perform_shown(runs, jobs=jobs, force=force or worklists, quiet=quiet or as_json)
        if as_json:
            _answer([each.summary() for each in performed])
        else:
            typer.echo("\n".join(str(each.report) for each in performed))
        raise typer.Exit(max(each.exit_code for each in performed))


@app.command(
    epilog=_epilog(
        "compare outputs/annual_report_2024",
        exits=("1 too few numbers agree", WRONG_USE),
    )
)
def compare(
    run: RunFolder,
    other: Annotated[
        Path | None,
        typer.Option("--with", help="Another run, or a file of published numbers."),
    ] = None,
    least: Annotated[float, typer.Option(min=0, max=1, help="Share that must agree.")] = 0.9,
    to: Annotated[Path | None, typer.Option(help="Write it as a page, too.")] = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Hold a run against the published numbers."""
    with plain_errors():
        from msanalysis.compare import ComparisonRefused, compare_published, compare_runs
        from msanalysis.report.comparison import summary, write_apart

        release = run / "release"
        with at_work(f"comparing {run}", quiet=quiet):
            if other and other.is_dir():
                found = compare_runs(release, other / "release")
            else:
                found = compare_published(release, other)
        if found is None:
            raise ComparisonRefused("no published numbers are kept of its year; give --with FILE")
        if to:
            write_apart(release, found, to)
        if as_json:
            _answer(found.as_data())
        else:
            typer.echo("\n".join(summary(found)))
        raise typer.Exit(int(found.share < least))


@app.command(
    epilog=_epilog(
        "diff outputs/extracts/synthetic outputs/extracts/synthetic --known-on 2024-11-15",
        exits=("1 the comparison failed", WRONG_USE, "3 extract refused", "4 release refused"),
    )
)
def diff(
    old: Annotated[Path, typer.Argument(help="The earlier store.")],
    new: Annotated[Path, typer.Argument(help="The later store, of the same registry.")],
    known_on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Show OLD as known on this day."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Gets release/ and restricted/.")] = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Hold two extracts against each other. The last line is the report's path."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with plain_errors():
        from msanalysis.run import PROJECT
        from msanalysis.run.plan import plan_runs
        from msanalysis.run.progress import perform_shown

        given = {"earlier": str(old.resolve())}
        given["earlier_known_on"] = known_on and str(known_on.date())
        run_file = PROJECT / "params" / "extract_changes.yaml"
        runs = plan_runs(run_file, extract=new, out=out, parameters=given)
        (performed,) = perform_shown(runs, jobs=None, force=False, quiet=quiet or as_json)
        if as_json:
            _answer(performed.summary())
        else:
            typer.echo(performed.report)
        raise typer.Exit(performed.exit_code)


@app.command(
    name="check-release",
    epilog=_epilog(
        "check-release outputs/annual_report_2024/release",
        exits=(WRONG_USE, "4 something was found"),
    ),
)
def check_release_(
    folder: Annotated[Path, typer.Argument(help="A release/, as it lies on disk.")],
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Find in a release what must not leave. Each file and rule is named."""
    with plain_errors():
        from msanalysis.release_check import check_release

        with at_work(f"looking through {folder}", quiet=quiet):
            findings = check_release(folder)
        if as_json:
            _answer([asdict(finding) for finding in findings])
        else:
            typer.echo("".join(f"{finding}\n" for finding in findings), nl=False)
            typer.echo(f"{folder}: {len(findings)} findings", err=True)
        raise typer.Exit(EXIT_CODES["ReleaseRefused"] if findings else 0)


@app.command(name="list", epilog=_epilog("list", exits=()))
def list_(as_json: AsJson = False) -> None:
    """List the analyses."""
    from msanalysis.run.listing import entries, lines

    if as_json:
        _answer(entries())
    else:
        typer.echo("\n".join(lines()))


@app.command(epilog=_epilog("describe overall_survival"))
def describe(
    id: Annotated[str, typer.Argument(help="One of the list.", autocompletion=_ids)],
    as_json: AsJson = False,
) -> None:
    """Show the parameters and needs of an analysis."""
    with plain_errors():
        from msanalysis.run.listing import described, description

        if as_json:
            _answer(described(id))
        else:
            typer.echo("\n".join(description(id)))


@app.command(epilog=_epilog("new my_question --from rituximab_time_to_switch"))
def new(
    id: Annotated[str, typer.Argument(help="Name of the new analysis, as my_question.")],
    source: Annotated[
        str, typer.Option("--from", help="The analysis to begin with.", autocompletion=_ids)
    ],
) -> None:
    """Make a new analysis as a copy of one. The lines are the files written."""
    with plain_errors():
        from msanalysis.new_analysis import copy_analysis

        typer.echo("\n".join(map(str, copy_analysis(id, source))))


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    epilog=_epilog("lab", "lab --no-browser --port 8899"),
)
def lab(
    context: typer.Context,
    own_unit: Annotated[
        str | None,
        typer.Option(help="Trust whose numbers stand in full in the notebook local_report."),
    ] = None,
) -> None:
    """Open JupyterLab on the notebooks. Further options are JupyterLab's own."""
    with plain_errors():
        from msanalysis.lab import open_lab

        open_lab(context.args, own_unit=own_unit)


export = typer.Typer(help="Write indicators for who may have exact counts.", no_args_is_help=True)
app.add_typer(export, name="export")


@export.command(
    epilog=_epilog(
        "export skde outputs/annual_report_2024 --year 2024",
        exits=(WRONG_USE, "4 delivery refused"),
    )
)
def skde(run: RunFolder, year: Years = None, to: ToFile = None) -> None:
    """Write the file for SKDE, by hospital trust."""
    with plain_errors():
        from msanalysis.export.skde import export_skde

        path, left_out = export_skde(run, years=year or (), to=to)
        for line in left_out:
            typer.echo(f"left out: {line}", err=True)
        typer.echo(path)


@export.command(
    epilog=_epilog(
        "export national outputs/annual_report_2024",
        exits=(WRONG_USE, "4 delivery refused"),
    )
)
def national(run: RunFolder, year: Years = None, to: ToFile = None) -> None:
    """Write the two national indicators."""
    with plain_errors():
        from msanalysis.export.national import export_national

        typer.echo(export_national(run, years=year or (), to=to))
