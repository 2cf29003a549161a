"""The commands: a thin layer over the package. Errors are one plain line and an exit code."""

import json
import signal
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="The annual figures of the Norwegian MS Registry, from an extract, with one command.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
INTERRUPTED = 130
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


def _message(error: Exception, *, known: bool) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'while writing'}: {error.strerror}"
    if known and Path(last.filename).is_relative_to(Path(__file__).parent):
        return str(error)
    return f"unexpected {type(error).__name__} in {Path(last.filename).name}, line {last.lineno}"


@app.command()
def synth(
    dest: Annotated[Path, typer.Argument(help="Folder for the delivered files.")],
    persons: Annotated[int, typer.Option(min=1, help="Persons in the registry.")] = 14780,
    seed: Annotated[int, typer.Option(help="The same seed gives the same registry.")] = 2024,
    form: Annotated[Form, typer.Option("--as", help="Format of the files.")] = Form.PARQUET,
    messy: Annotated[bool, typer.Option(help="With the faults deliveries have.")] = False,
) -> None:
    """Write an invented registry as delivered files."""
    with plain_errors():
        from msanalysis.synthetic import synthesise
        from msanalysis.synthetic.delivery import write_delivery

        write_delivery(synthesise(persons, seed), dest, form.value, messy)
        typer.echo(dest)


@app.command(name="import")
def import_(
    source: Annotated[Path, typer.Argument(help="Folder of delivered files.")],
    dest: Annotated[Path, typer.Argument(help="The store to make.")],
    mapping: Annotated[Path | None, typer.Option(help="Delivered names and codes.")] = None,
    status_date: StatusDate = None,
    data_cutoff: DataCutoff = None,
    source_name: Annotated[
        str | None, typer.Option("--source", help="registry, project or synthetic.")
    ] = None,
) -> None:
    """Check a folder of delivered files and make it a store."""
    with plain_errors():
        from msanalysis.importing import import_extract

        report = import_extract(
            source,
            dest,
            mapping=mapping,
            status_date=status_date and status_date.date(),
            data_cutoff=data_cutoff and data_cutoff.date(),
            source_name=source_name,
        )
        typer.echo(report.summary)
        typer.echo(dest / "import_report.html")


@app.command()
def run(
    run_file: Annotated[Path, typer.Argument(help="One of params/, or your own.")],
    extract: Annotated[Path | None, typer.Option(help="A store, instead of the file's.")] = None,
    only: Annotated[list[str] | None, typer.Option(help="Run this analysis; repeatable.")] = None,
    out: Annotated[Path | None, typer.Option(help="Gets release/ and restricted/.")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Notebooks at once.")] = None,
    force: Annotated[bool, typer.Option(help="Run the unchanged too.")] = False,
    worklists: Annotated[
        bool, typer.Option("--worklists", help="List whose records lack what, in restricted/.")
    ] = False,
    dry_run: Annotated[bool, typer.Option(help="Say what would run.")] = False,
    quiet: Annotated[bool, typer.Option(help="Show no progress.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Summary for a program.")] = False,
) -> None:
    """Run the analyses of a run file; the last line is the report's path."""
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
            typer.echo(json.dumps([each.summary() for each in performed], indent=2))
        else:
            typer.echo("\n".join(str(each.report) for each in performed))
        raise typer.Exit(max(each.exit_code for each in performed))


@app.command()
def compare(
    run: RunFolder,
    other: Annotated[
        Path | None,
        typer.Option("--with", help="Another run, or a file of published numbers."),
    ] = None,
    least: Annotated[float, typer.Option(min=0, max=1, help="Share that must agree.")] = 0.9,
    to: Annotated[Path | None, typer.Option(help="Write it as a page, too.")] = None,
) -> None:
    """Hold a run's numbers against the published ones; exit code 1 where too few agree."""
    with plain_errors():
        from msanalysis.compare import ComparisonRefused, compare_published, compare_runs
        from msanalysis.report.comparison import page_of, summary

        release = run / "release"
        if other and other.is_dir():
            found = compare_runs(release, other / "release")
        else:
            found = compare_published(release, other)
        if found is None:
            raise ComparisonRefused("no published numbers are kept of its year; give --with FILE")
        if to:
            to.write_bytes(page_of(release, found).encode())
        typer.echo("\n".join(summary(found)))
        raise typer.Exit(int(found.share < least))


@app.command()
def diff(
    old: Annotated[Path, typer.Argument(help="The earlier store.")],
    new: Annotated[Path, typer.Argument(help="The later store, of the same registry.")],
    known_on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Show OLD as known on this day."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Gets release/ and restricted/.")] = None,
    quiet: Annotated[bool, typer.Option(help="Show no progress.")] = False,
) -> None:
    """Hold two extracts against each other; the last line is the report's path."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with plain_errors():
        from msanalysis.run import PROJECT
        from msanalysis.run.plan import plan_runs
        from msanalysis.run.progress import perform_shown

        given = {"earlier": str(old.resolve())}
        given["earlier_known_on"] = known_on and str(known_on.date())
        run_file = PROJECT / "params" / "extract_changes.yaml"
        runs = plan_runs(run_file, extract=new, out=out, parameters=given)
        (performed,) = perform_shown(runs, jobs=None, force=False, quiet=quiet)
        typer.echo(performed.report)
        raise typer.Exit(performed.exit_code)


@app.command(name="check-release")
def check_release_(
    folder: Annotated[Path, typer.Argument(help="A release/, as it lies on disk.")],
) -> None:
    """Look through a release for what must not leave; name each file and rule."""
    with plain_errors():
        from msanalysis.release_check import check_release

        findings = check_release(folder)
        for finding in findings:
            typer.echo(finding)
        typer.echo(f"{folder}: {len(findings)} findings", err=True)
        raise typer.Exit(EXIT_CODES["ReleaseRefused"] if findings else 0)


@app.command(name="list")
def list_() -> None:
    """List the analyses."""
    from msanalysis.run.listing import lines

    typer.echo("\n".join(lines()))


@app.command()
def describe(id: str) -> None:
    """Show an analysis: its parameters and the columns it needs."""
    with plain_errors():
        from msanalysis.run.listing import description

        typer.echo("\n".join(description(id)))


@app.command()
def new(
    id: Annotated[str, typer.Argument(help="Name of the new analysis, as my_question.")],
    source: Annotated[str, typer.Option("--from", help="The analysis to begin with.")],
) -> None:
    """Make a new analysis as a copy of one: notebook, row of the catalogue, words and texts.

    Example: msanalysis new my_question --from rituximab_time_to_switch
    """
    with plain_errors():
        from msanalysis.new_analysis import copy_analysis

        typer.echo("\n".join(map(str, copy_analysis(id, source))))


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def lab(
    context: typer.Context,
    own_unit: Annotated[
        str, typer.Option(help="Trust whose numbers stand in full in the notebook local_report.")
    ] = "forde",
) -> None:
    """Open JupyterLab on the notebooks, with this environment's kernel.

    Further options are JupyterLab's own: msanalysis lab --no-browser --port 8899
    """
    with plain_errors():
        from msanalysis.lab import open_lab

        open_lab(context.args, own_unit=own_unit)


export = typer.Typer(
    help="Write the indicators for those who receive exact counts.", no_args_is_help=True
)
app.add_typer(export, name="export")


@export.command()
def skde(run: RunFolder, year: Years = None, to: ToFile = None) -> None:
    """Write the file for SKDE Behandlingskvalitet, by hospital trust."""
    with plain_errors():
        from msanalysis.export.skde import export_skde

        path, left_out = export_skde(run, years=year or (), to=to)
        for line in left_out:
            typer.echo(f"left out: {line}", err=True)
        typer.echo(path)


@export.command()
def national(run: RunFolder, year: Years = None, to: ToFile = None) -> None:
    """Write the two national indicators."""
    with plain_errors():
        from msanalysis.export.national import export_national

        typer.echo(export_national(run, years=year or (), to=to))
