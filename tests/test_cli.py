"""The commands: exit codes, plain errors, and the whole way from invented files to a report."""

import json
import os
import pty
import re
import shlex
import subprocess
import sys
from contextlib import suppress
from datetime import date
from types import SimpleNamespace

import polars as pl
import pytest
from typer.main import get_command
from typer.testing import CliRunner

from invented_notebooks import write_run_file, write_store
from msanalysis.catalogue import ANALYSES
from msanalysis.cli import EXIT_CODES, app
from msanalysis.run import PROJECT

SECRET = "P-4711"


def invoke(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_help_and_a_wrong_option_say_how_it_is_used():
    assert invoke("--help").exit_code == 0
    wrong = invoke("run", "x.yaml", "--fast")
    assert wrong.exit_code == 2
    assert "No such option: --fast" in wrong.stderr


def test_list_names_the_analyses():
    listed = {tuple(line.split()[:2]) for line in invoke("list").stdout.splitlines()}
    assert {("rituximab_time_to_switch", "2.1"), ("overall_survival", "2.3")} <= listed


def commands(group=None, words=()):
    """Return each command as the words it is called by."""
    group = group or get_command(app)
    for name, each in group.commands.items():
        if hasattr(each, "commands"):
            yield from commands(each, (*words, name))
        else:
            yield (*words, name)


def read_help(*words):
    return invoke(*words, "--help").stdout


@pytest.mark.parametrize("words", [(), *commands()], ids=" ".join)
def test_help_gives_an_example_that_the_command_takes_and_all_its_exit_codes(words, monkeypatch):
    shown = read_help(*words)
    _, _, below = shown.partition("Example:\n")
    examples, _, exits = below.partition("Exit codes:\n")
    assert re.match(r"\s+0 well(, \d+ \w[\w ]*)*\s*$", exits)
    assert examples.strip()
    for example in examples.strip().splitlines():
        program, *given = shlex.split(example)
        assert program == "msanalysis"
        assert tuple(given[: len(words)]) == words
        assert get_command(app).make_context("msanalysis", given)
    assert "..." not in re.sub(r"\[\w+\]\.\.\.", "", shown)


def test_the_codes_of_all_refusals_are_in_the_help():
    assert set(re.findall(r"\d", read_help().split("Exit codes:")[1])) >= {
        str(code) for code in EXIT_CODES.values()
    }


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("msanalysis check-r", ["check-release"]),
        ("msanalysis describe over", ["overall_survival"]),
        ("msanalysis new mine --from ritux", ["rituximab_time_to_switch"]),
        ("msanalysis run x.yaml --only loc", ["local_report"]),
        ("msanalysis synth there --per", ["--persons"]),
    ],
)
def test_a_shell_completes_commands_options_and_analyses(line, words):
    asked = {
        "_MSANALYSIS_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(line.count(" ")),
    }
    done = CliRunner().invoke(app, [], prog_name="msanalysis", env=asked)
    assert done.stdout.split() == words


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_completion_is_written_for_each_shell(shell):
    done = CliRunner().invoke(
        app, [], prog_name="msanalysis", env={"_MSANALYSIS_COMPLETE": f"source_{shell}"}
    )
    assert "msanalysis" in done.stdout


def on_a_terminal(*command, code):
    """Return what a command that ends with a code writes to a terminal."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", "from msanalysis.cli import app; app()", *map(str, command)],
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        env=os.environ | {"TERM": "xterm"},
    ) as process:
        os.close(theirs)
        written = b""
        with suppress(OSError):  # the end of a terminal
            while part := os.read(ours, 4096):
                written += part
    os.close(ours)
    assert process.returncode == code
    return written.decode()


def test_what_takes_its_time_says_so_on_a_terminal_unless_quiet(tmp_path):
    asked = ("check-release", tmp_path)
    assert f"looking through {tmp_path}"[:40] in on_a_terminal(*asked, code=4)
    assert "looking through" not in on_a_terminal(*asked, "--quiet", code=4)


def answer(*arguments, code=0):
    """Return the answer for a program, and nothing else may stand beside it."""
    done = invoke(*arguments, "--json")
    assert (done.exit_code, done.stderr) == (code, "")
    return json.loads(done.stdout)


def test_list_and_describe_answer_a_program():
    listed = answer("list")
    assert [each["id"] for each in listed] == [each.id for each in ANALYSES]
    (one,) = [each for each in listed if each["id"] == "overall_survival"]
    assert one["figures"] == ["2.3.3"]
    described = answer("describe", "overall_survival")
    assert one.items() <= described.items()
    taken = {each["name"]: each["default"] for each in described["parameters"]}
    assert taken["time_unit"] == "years"


def test_import_answers_a_program(tmp_path):
    delivery, store = tmp_path / "delivery", tmp_path / "store"
    assert invoke("synth", delivery, "--persons", 50).exit_code == 0
    told = answer("import", delivery, store)
    assert told["store"] == str(store)
    assert told["report"] == str(store / "import_report.html")
    held = len(pl.read_parquet(store / "patients.parquet"))
    assert (told["persons"], told["rows_set_aside"]) == (held, 0)


def test_check_release_answers_a_program(tmp_path):
    (finding,) = answer("check-release", tmp_path, code=4)
    assert finding == {"file": "manifest.json", "rule": "missing, or not as a run writes it"}


def test_compare_answers_a_program(tmp_path):
    for name, value in (("this", 7), ("other", 900)):
        folder = tmp_path / name / "release"
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text(json.dumps({"run": name}))
        columns = "id,population,measure,value,unit,n,lower,upper,hidden"
        rows = f"same,p,m,5,persons,,,,0\nmoved,p,m,{value},persons,,,,0\n"
        (folder / "numbers.csv").write_text(f"{columns}\n{rows}")
    told = answer("compare", tmp_path / "this", "--with", tmp_path / "other", code=1)
    assert (told["shown"], told["agree"], told["share"]) == (2, 1, 0.5)
    assert {each["id"]: each["verdict"] for each in told["lines"]} == {
        "same": "equal",
        "moved": "apart",
    }


def test_list_is_quick_because_it_loads_no_data_library():
    loads = "import sys; from msanalysis import cli; from msanalysis.run.listing import lines; "
    heavy = "lines(); print(sorted({'pandas', 'polars', 'pydantic'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", loads + heavy], capture_output=True, text=True)
    assert done.stdout == "[]\n"


def test_describe_shows_parameters_and_needs():
    shown = invoke("describe", "overall_survival")
    assert shown.exit_code == 0
    assert "time_unit: str = 'years'" in shown.stdout
    assert "needs: patients.onset_date" in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["describe", "survival"], 2, "no analysis survival"),
        (["run", "none.yaml"], 2, "no such run file"),
        (["run", "RUN", "--extract", "nowhere"], 3, "is no store"),
        (["run", "RUN", "--extract", "STORE", "--only", "survival"], 2, "has no analysis surv"),
        (["import", "nowhere", "OUT"], 3, "nowhere"),
        (["new", "mine", "--from", "survival"], 2, "no analysis survival in the catalogue; known"),
        (["lab", "--own-unit", "oslo"], 2, "no hospital trust oslo; known are"),
    ],
)
def test_a_refusal_is_one_plain_line_with_its_exit_code(tmp_path, arguments, code, said):
    known = {
        "RUN": write_run_file(tmp_path, "analyses: [overall_survival]"),
        "STORE": write_store(tmp_path / "store"),
        "OUT": tmp_path / "out",
    }
    done = invoke(*(known.get(argument, argument) for argument in arguments))
    assert done.exit_code == code
    assert done.stderr.startswith("msanalysis: ")
    assert said in done.stderr
    assert "Traceback" not in done.output


@pytest.mark.parametrize("error", [ValueError, KeyError, OSError, RuntimeError])
def test_an_unforeseen_error_is_named_without_what_it_says(tmp_path, monkeypatch, error):
    def fails(path, **options):
        return int(SECRET) if error is ValueError else _raise(error(SECRET))

    monkeypatch.setattr("msanalysis.run.plan.plan_runs", fails)
    done = invoke("run", "any.yaml")
    assert done.exit_code in (1, 2)
    assert f"unexpected {error.__name__} in " in done.stderr
    assert SECRET not in done.output


def _raise(error):
    raise error


def test_an_interrupted_run_says_so_and_exits_with_130(monkeypatch):
    monkeypatch.setattr(
        "msanalysis.run.plan.plan_runs", lambda path, **options: _raise(KeyboardInterrupt())
    )
    done = invoke("run", "any.yaml")
    assert (done.exit_code, "interrupted" in done.stderr) == (130, True)


def test_dates_of_an_import_are_passed_on_as_dates(tmp_path, monkeypatch):
    passed = {}

    def imported(source, dest, **given):
        passed.update(given)
        return SimpleNamespace(summary="3 persons")

    monkeypatch.setattr("msanalysis.importing.import_extract", imported)
    flags = ["--status-date", "2024-12-31", "--data-cutoff", "2025-05-15", "--source", "project"]
    assert invoke("import", tmp_path, tmp_path / "x", *flags).exit_code == 0
    assert passed == {
        "mapping": None,
        "status_date": date(2024, 12, 31),
        "data_cutoff": date(2025, 5, 15),
        "source_name": "project",
    }
    assert invoke("import", "a", "b", "--status-date", "31.12.2024").exit_code == 2


def test_a_dry_run_writes_nothing(tmp_path):
    run_file = write_run_file(tmp_path, "analyses: [overall_survival]")
    store, out = write_store(tmp_path / "store"), tmp_path / "out"
    done = invoke("run", run_file, "--extract", store, "--out", out, "--dry-run")
    assert done.exit_code == 0
    assert "cannot run, the extract lacks patients.death_date" in done.stdout
    assert "status_date = '2024-12-31'" in done.stdout
    assert not out.exists()


def test_what_cannot_run_is_told_and_the_last_line_is_the_report(tmp_path):
    run_file = write_run_file(tmp_path, "analyses: [overall_survival]")
    store, out = write_store(tmp_path / "store"), tmp_path / "out"
    done = invoke("run", run_file, "--extract", store, "--out", out)
    assert done.exit_code == 0
    assert "overall_survival: cannot run, the extract lacks patients.death_date" in done.stderr
    assert done.stdout == f"{out / 'release' / 'index.html'}\n"


def test_json_gives_a_summary_and_nothing_else_on_stdout(tmp_path):
    run_file = write_run_file(tmp_path, "analyses: [overall_survival]")
    store, out = write_store(tmp_path / "store"), tmp_path / "out"
    done = invoke("run", run_file, "--extract", store, "--out", out, "--json")
    (summary,) = json.loads(done.stdout)
    assert summary["exit_code"] == 0
    assert summary["analyses"][0]["status"] == "missing_columns"


# --- the whole way --------------------------------------------------------------------------------


def test_files_in_norwegian_become_a_report_of_all_analyses(tmp_path):
    delivery, store, out = (tmp_path / name for name in ("delivery", "store", "out"))
    mapping = PROJECT / "params" / "mappings" / "norwegian.yaml"
    run_file = PROJECT / "params" / "annual_report_2024.yaml"
    for command in (
        ("synth", delivery, "--persons", 600, "--as", "csv-norwegian"),
        ("import", delivery, store, "--mapping", mapping),
        ("run", run_file, "--extract", store, "--out", out),
    ):
        done = invoke(*command)
        assert (done.exit_code, command[0]) == (0, command[0]), done.output
    manifest = json.loads((out / "release" / "manifest.json").read_text(encoding="utf-8"))
    assert {each["status"] for each in manifest["analyses"]} == {"ok"}
    assert all(each["id"] not in each["caption"].values() for each in _shown(manifest))
    numbers = (out / "release" / "numbers.csv").read_text(encoding="utf-8")
    assert {"rituximab_starters", "survival_median"} <= {
        line.split(",")[0] for line in numbers.splitlines()
    }
    assert "SYNTETISK" in (out / "release" / "index.html").read_text(encoding="utf-8")


def _shown(manifest):
    return [each for part in manifest["analyses"] for each in (*part["figures"], *part["tables"])]
