"""A canary sings at every stage: where a stage fails on a person's row, nothing tells of it.

The marks stand in identifiers, days and free codes. They may be in the extract and in
`restricted/`, which only its owner can enter, and nowhere else.
"""

import csv
import json
import os
import stat
import subprocess
import sys
import tempfile
import threading
import time
from datetime import date
from pathlib import Path

import polars as pl
import psutil
import pytest
from typer.testing import CliRunner

from contents import text_of
from deliveries import DATES, deliver_csv, plain_tables
from invented_notebooks import (
    SAVES,
    rows,
    save_outputs,
    write_notebook,
    write_run_file,
    write_store,
)
from msanalysis.cli import app
from msanalysis.importing import import_extract
from msanalysis.run import PROJECT, cache
from msanalysis.run.plan import plan_runs

DAY = date(1961, 3, 17)
MARKS = (
    "kanari",
    "1961-03-17",
    "17.03.1961",
    "1961, 3, 17",
    f"{(DAY - date(1970, 1, 1)).days}",
)
"""Parts of identifiers and codes; one day as it may be written, the last in days since 1970."""


def marks_in(text):
    lowered = text.lower()
    return [mark for mark in MARKS if mark in lowered]


def marked_files(folder):
    """Return the files below a folder whose name or content holds a mark."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return [
        path.relative_to(folder).as_posix()
        for path in paths
        if marks_in(path.name) or marks_in(text_of(path))
    ]


def modes(folder):
    """Return the modes of a folder and of all folders below it."""
    below = [path for path in folder.rglob("*") if path.is_dir()]
    return {stat.S_IMODE(path.stat().st_mode) for path in (folder, *below)}


@pytest.fixture
def temporary():
    """Return a folder of our own for whatever is temporary; its path is short enough for sockets.

    Nothing is kept from others by the user's mask: what is closed was made so.
    """
    mask = os.umask(0)
    with (
        tempfile.TemporaryDirectory(prefix="k", dir="/tmp") as folder,
        pytest.MonkeyPatch.context() as machine,
    ):
        machine.setenv("TMPDIR", folder)
        machine.setattr("tempfile.tempdir", None)
        yield Path(folder)
    os.umask(mask)


# --- import ---------------------------------------------------------------------------------------


def marked_tables():
    """Return sound rows of forty persons with marks in all that is theirs."""
    tables = plain_tables()
    persons = [f"KANARI-{number:05d}" for number in range(40)]
    tables = {
        name: rows.with_columns(patient_id=pl.Series(persons)) for name, rows in tables.items()
    }
    tables["patients"] = tables["patients"].with_columns(birth_date=pl.lit(str(DAY)))
    tables["treatments"] = tables["treatments"].with_columns(brand=pl.lit("Kanarimab"))
    return tables


def _with(table, **columns):
    def spoil(tables):
        return tables | {table: tables[table].with_columns(**columns)}

    return spoil


SPOILED = {
    "unknown codes": _with("treatments", substance=pl.lit("kanarimab")),
    "no dates": _with("patients", birth_date=pl.lit("17.03.1961 kanari")),
    "dates before birth": _with("patients", onset_date=pl.lit("1899-03-17")),
    "no numbers": _with("edss", score=pl.lit("kanari")),
    "repeated persons": lambda tables: {
        **tables,
        "patients": pl.concat([tables["patients"]] * 2).with_columns(
            birth_date=pl.int_range(pl.len()).map_elements(
                lambda row: str(date(1961, 3, 17 + row % 9)), return_dtype=pl.String
            )
        ),
    },
    "orphans": _with("visits", patient_id=pl.lit("KANARI-99999")),
    "no persons": _with("patients", patient_id=pl.lit("")),
}


def ragged(source):
    path = source / "visits.csv"
    path.write_text(path.read_text() + "KANARI-00001,1961-03-17,kanari,kanari,kanari\n")


def unclosed_quote(source):
    path = source / "visits.csv"
    path.write_text(path.read_text() + '"KANARI-00001,1961-03-17\n')


def headerless(source):
    path = source / "patients.csv"
    path.write_text(path.read_text().split("\n", 1)[1])


def no_parquet(source):
    (source / "edss.csv").unlink()
    (source / "edss.parquet").write_bytes(b"PAR1KANARI-00001 1961-03-17PAR1")


def nested_parquet(source):
    (source / "edss.csv").unlink()
    cells = {"patient_id": ["KANARI-00001"], "measured_date": [[DAY]], "score": [{"kanari": DAY}]}
    pl.DataFrame(cells).write_parquet(source / "edss.parquet")


def no_spreadsheet(source):
    (source / "edss.csv").unlink()
    (source / "edss.xlsx").write_bytes(b"PK\x03\x04KANARI-00001 1961-03-17")


def stated_otherwise(source):
    (source / "extract.yaml").write_text("status_date: KANARI-00001\nkanari: 1961-03-17\n")


BROKEN = (
    ragged,
    unclosed_quote,
    headerless,
    no_parquet,
    nested_parquet,
    no_spreadsheet,
    stated_otherwise,
)
FLAGS = ("--status-date", "2024-12-31", "--data-cutoff", "2025-05-15", "--source", "project")


def import_marked(capfd, folder, tables, break_=lambda source: None):
    """Import through the command; return its exit code and all that could be read."""
    source = deliver_csv(folder / "delivery", tables)
    break_(source)
    done = CliRunner().invoke(
        app, ["import", str(source), str(folder / "stores" / "store"), *FLAGS]
    )
    out, err = capfd.readouterr()
    return done.exit_code, done.output + out + err


@pytest.mark.parametrize("fault", SPOILED)
def test_an_import_of_spoiled_rows_shows_no_cell(tmp_path, capfd, temporary, fault):
    code, shown = import_marked(capfd, tmp_path, SPOILED[fault](marked_tables()))
    assert code in (0, 3)
    assert shown
    assert marks_in(shown) == []
    assert not list(temporary.iterdir())
    if code:
        assert not list((tmp_path / "stores").rglob("*"))
    else:
        held = tmp_path / "stores" / "store"
        assert {path.split(".")[1] for path in marked_files(held)} == {"parquet"}
        assert modes(held) == {0o700}


@pytest.mark.parametrize("break_", BROKEN)
def test_an_import_of_broken_files_shows_no_cell(tmp_path, capfd, temporary, break_):
    code, shown = import_marked(capfd, tmp_path, marked_tables(), break_)
    assert code == 3
    assert shown.startswith("msanalysis: ")
    assert marks_in(shown) == []
    assert not list(temporary.iterdir())
    assert not list((tmp_path / "stores").rglob("*"))


def test_an_import_that_fails_halfway_was_never_open_to_others_and_leaves_nothing(
    tmp_path, temporary, monkeypatch
):
    seen = set()

    def fails(report, folder):
        seen.update(modes(folder), modes(folder.parent))
        assert marked_files(folder)
        raise ValueError(MARKS[0])

    monkeypatch.setattr("msanalysis.importing.write_report", fails)
    source = deliver_csv(tmp_path / "delivery", marked_tables())
    with pytest.raises(Exception, match="failed with ValueError") as failed:
        import_extract(source, tmp_path / "stores" / "store", **DATES)
    assert marks_in(f"{failed.value!r} {failed.value.__cause__!r}") == []
    assert failed.value.__suppress_context__
    assert seen == {0o700}
    assert not list((tmp_path / "stores").iterdir())


# --- run ------------------------------------------------------------------------------------------

OPENS = """\
import narwhals as nw
from msanalysis.extract import open_extract
patients = open_extract(extract).table("patients")
"""
FAILS = {
    "cohort": OPENS + 'patients.with_columns(nw.col("patient_id").cast(nw.Int64)).collect()\n',
    "statistic": OPENS
    + "import pandas as pd\n"
    + "from msanalysis.core import Cohort, Provenance, statistic\n"
    + "@statistic(shape='table', counts={})\n"
    + "def estimate_ages(frame):\n"
    + "    return frame.astype(float)\n"
    + "held = open_extract(extract).provenance\n"
    + "estimate_ages(Cohort('all', patients.collect().to_pandas(), pd.DataFrame(), held))\n",
    "figure": OPENS
    + "from msanalysis.labels import word\n"
    + "word(patients.collect()['patient_id'][0], 'nb')\n",
    "cell": OPENS
    + "import logging, os, sys, warnings\n"
    + "rows = str(patients.collect().to_native().rows())\n"
    + "print(rows)\nprint(rows, file=sys.stderr)\nlogging.error(rows)\nwarnings.warn(rows)\n"
    + "os.write(1, rows.encode())\nos.write(2, rows.encode())\n"
    + "import subprocess, tempfile\n"
    + "subprocess.run([sys.executable, '-c', 'import sys; print(sys.stdin.read())'],"
    + " input=rows.encode())\n"
    + "try:\n    raise KeyError(rows)\nexcept KeyError as error:\n"
    + "    raise ValueError(rows) from error\n",
    "files": OPENS + SAVES + "(folder / patients.collect()['patient_id'][0]).write_text('x')\n",
    "dies": OPENS
    + "import os, signal\n"
    + "os.write(2, str(patients.collect().to_native().rows()).encode())\n"
    + "os.kill(os.getpid(), signal.SIGKILL)\n",
}


def write_marked_store(folder):
    write_store(folder)
    cells = {"patient_id": [f"KANARI-{n:05d}" for n in range(9)], "birth_date": [DAY] * 9}
    pl.DataFrame(cells).write_parquet(folder / "patients.parquet")
    return folder


def plan_of(folder, bodies, **options):
    for id, body in bodies.items():
        write_notebook(folder / "notebooks", id, *([body] if body else []))
    return plan_runs(
        write_run_file(folder, f"analyses: [{', '.join(bodies)}]"),
        extract=write_marked_store(folder / "store"),
        out=folder / "run",
        catalogue=rows(*bodies),
        notebooks=folder / "notebooks",
        **options,
    )


def command_lines(stop, seen):
    """Record how every process below this one was called, with what is in its surroundings."""
    while not stop.is_set():
        for process in psutil.Process().children(recursive=True):
            try:
                seen.add((" ".join(process.cmdline()), str(process.environ())))
            except psutil.Error:
                continue
        time.sleep(0.3)


def run_of(runs, monkeypatch, capfd, *flags):
    """Run planned runs through the command; return its exit code and all that could be read."""
    monkeypatch.setattr("msanalysis.run.plan.plan_runs", lambda path, **options: runs)
    done = CliRunner().invoke(app, ["run", "any.yaml", *flags])
    out, err = capfd.readouterr()
    return done.exit_code, done.output + out + err


SAID = {
    "cohort": "cell 3, InvalidOperationError",
    "statistic": "cell 3, ValueError",
    "figure": "cell 3, MissingWord",
    "cell": "cell 3, ValueError",
    "files": "analysis.json does not declare 1 of its files",
    "dies": "its kernel died: a cell ended it, or the memory was full",
}


@pytest.mark.parametrize(
    "stages",
    [("statistic", "cell", "dies"), pytest.param(tuple(FAILS), marks=pytest.mark.slow)],
    ids=["three stages", "all stages"],
)
def test_a_run_in_which_every_notebook_fails_on_a_person_tells_of_none(
    tmp_path, temporary, monkeypatch, capfd, stages
):
    monkeypatch.setenv("HOME", str(temporary / "home"))
    runs = plan_of(tmp_path, {stage: FAILS[stage] for stage in stages})
    stop, seen = threading.Event(), set()
    watching = threading.Thread(target=command_lines, args=(stop, seen))
    watching.start()
    try:
        code, shown = run_of(runs, monkeypatch, capfd)
    finally:
        stop.set()
        watching.join()
    assert code == 1
    for stage in stages:
        (line,) = (line for line in shown.splitlines() if line.startswith(f"{stage}: FAILED"))
        assert SAID[stage] in line
        assert line.endswith(f"see restricted/logs/{stage}.log")
    assert marks_in(shown) == []
    assert any("msanalysis.run.kernel" in command for command, _ in seen)
    assert marks_in(str(seen)) == []
    out = tmp_path / "run"
    assert {path.name for path in out.iterdir()} == {"release", "restricted"}
    assert marked_files(out / "release") == []
    # it did sing: what failed is told where only the owner reads
    sung = marked_files(out / "restricted")
    assert {f"logs/{stage}.log" for stage in stages if stage != "files"} <= set(sung)
    assert stat.S_IMODE((out / "restricted").stat().st_mode) == 0o700
    assert marked_files(temporary) == []
    assert not [path for path in temporary.iterdir() if path.name != "home"]


def test_restricted_and_the_folder_of_a_kernel_are_made_closed(tmp_path, temporary, monkeypatch):
    made = {}
    mkdir = os.mkdir

    def watched(path, mode=0o777, **where):
        mkdir(path, mode, **where)
        made[Path(path).name] = stat.S_IMODE(os.stat(path).st_mode)

    monkeypatch.setattr("os.mkdir", watched)
    monkeypatch.setattr(
        "msanalysis.run.workers.subprocess.Popen", lambda *args, **options: pytest.fail("enough")
    )
    from msanalysis.run.perform import perform

    (run,) = plan_of(tmp_path, {"count": ""})
    with pytest.raises(pytest.fail.Exception, match="enough"):
        perform(run)
    (private,) = (name for name in made if name.startswith("msanalysis-run-"))
    assert (made["restricted"], made[private]) == (0o700, 0o700)


def saved(folder, edit):
    """Plan a run whose outputs are there already, edited."""
    runs = plan_of(folder, {"count": ""})
    place = cache.entry(runs[0], runs[0].jobs[0])
    save_outputs(place, "count")
    edit(place)
    return runs


def with_row(*cells):
    def edit(place):
        with (place / "tables" / "count_table.csv").open("a", newline="") as handle:
            csv.writer(handle).writerow(cells)

    return edit


def with_text(place):
    held = json.loads((place / "analysis.json").read_text())
    held["text"]["nb"] = "KANARI-00001 ble født 17.03.1961"
    (place / "analysis.json").write_text(json.dumps(held))


@pytest.mark.parametrize(
    ("edit", "expected", "said"),
    [
        (with_row("kanarimab", 7), 1, "tables/count_table.csv"),
        (with_row("all", "kanari"), 1, "unexpected ValueError"),
        (with_row("not_diagnosed_by 1961-03-17", 7), 4, "tables/count_table.csv: a day"),
        (with_row("not_diagnosed_by KANARI-00001", 7), 4, "tables/count_table.csv: a value"),
        (with_text, 4, "analyses/count.nb.html: a day"),
    ],
)
def test_a_report_that_fails_or_is_refused_on_a_person_tells_of_none(
    tmp_path, temporary, monkeypatch, capfd, edit, expected, said
):
    code, shown = run_of(saved(tmp_path, edit), monkeypatch, capfd)
    assert (code, said in shown) == (expected, True), shown
    assert marks_in(shown) == []
    assert not (tmp_path / "run" / "release").exists()
    assert marked_files(temporary) == []
    code, shown = run_of(saved(tmp_path / "again", edit), monkeypatch, capfd, "--json", "--quiet")
    assert marks_in(shown) == []


# --- the whole way --------------------------------------------------------------------------------


def command(*arguments):
    call = [sys.executable, "-c", "from msanalysis.cli import app; app()"]
    return subprocess.run(
        [*call, *map(str, arguments)], capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_the_annual_report_of_a_marked_extract_holds_no_mark(tmp_path, temporary):
    store, out = tmp_path / "store", tmp_path / "out"
    assert command("synth", tmp_path / "delivery", "--persons", 600).returncode == 0
    births = mark(tmp_path / "delivery")
    assert command("import", tmp_path / "delivery", store).returncode == 0
    run_file = PROJECT / "params" / "annual_report_2024.yaml"
    done = command("run", run_file, "--extract", store, "--out", out)
    assert done.returncode == 0, done.stderr
    texts = [path for path in (out / "release").rglob("*.*") if path.suffix not in (".png", ".js")]
    text = done.stdout + done.stderr + "".join(map(text_of, texts))
    assert marks_in(text) == []
    assert [day for day in births if day in text] == []
    assert marked_files(temporary) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("unknown", "expected", "said"),
    [((), 1, "FAILED"), (("onset_course", "residence_hf"), 4, "do not add up")],
    ids=["two rows a person", "and codes nobody knows"],
)
def test_the_annual_report_of_an_extract_that_breaks_it_tells_of_nobody(
    tmp_path, temporary, unknown, expected, said
):
    store, out = tmp_path / "store", tmp_path / "out"
    assert command("synth", tmp_path / "delivery", "--persons", 600).returncode == 0
    mark(tmp_path / "delivery")
    assert command("import", tmp_path / "delivery", store).returncode == 0
    # what no import lets through: codes nobody knows, and two rows a person
    path = store / "treatments.parquet"
    pl.read_parquet(path).with_columns(substance=pl.lit("kanarimab")).write_parquet(path)
    path = store / "patients.parquet"
    persons = pl.read_parquet(path).with_columns(**dict.fromkeys(unknown, pl.lit("kanari")))
    pl.concat([persons, persons]).write_parquet(path)
    run_file = PROJECT / "params" / "annual_report_2024.yaml"
    done = command("run", run_file, "--extract", store, "--out", out)
    assert (done.returncode, said in done.stderr) == (expected, True)
    assert marks_in(done.stdout + done.stderr) == []
    assert "FAILED" in done.stderr
    assert (out / "release").exists() == (expected == 1)
    assert marked_files(out / "release") == []
    assert marked_files(temporary) == []


def mark(delivery):
    """Mark identifiers and brands in the tables of a delivery; return the days of birth."""
    for path in delivery.glob("*.parquet"):
        frame = pl.read_parquet(path)
        marked = {
            name: "kanari-" + pl.col(name)
            for name in ("patient_id", "brand")
            if name in frame.columns
        }
        frame.with_columns(**marked).write_parquet(path)
    days = pl.read_parquet(delivery / "patients.parquet")["birth_date"].drop_nulls().unique()
    return [str(day) for day in days if (day.month, day.day) not in ((1, 1), (12, 31))]
