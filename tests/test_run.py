"""The runner: run files, parameters, notebooks side by side, outputs whole or not at all."""

import csv
import hashlib
import json
import os
import shutil
import stat
import sys
from dataclasses import replace

import psutil
import pytest
from jupyter_client.manager import AsyncKernelManager

from contents import text_of
from invented_notebooks import (
    PARAMETERS,
    SAVES,
    rows,
    save_outputs,
    write_notebook,
    write_run_file,
    write_store,
)
from msanalysis.run import PROJECT, RunRefused, cache, kernel
from msanalysis.run.outputs import Outcome, OutputRefused, check_output, opened
from msanalysis.run.parameters import read_parameters
from msanalysis.run.perform import Performed, perform
from msanalysis.run.plan import plan_runs
from msanalysis.run.progress import describe_outcome, preview

SECRET = "P-4711"


def plan(tmp_path, text, ids=("count",), needs=None, **options):
    """Plan the run file `text` over invented notebooks that the test has written."""
    store = tmp_path / "store"
    if not store.exists():
        write_store(store)
    return plan_runs(
        write_run_file(tmp_path, text),
        extract=store,
        out=tmp_path / "run",
        catalogue=rows(*ids, **(needs or {})),
        notebooks=tmp_path / "notebooks",
        **options,
    )


# --- run files ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("languages: [no]\nanalyses: [count]", r"line 1: YAML reads no without quotes as false"),
        ("policy: off\nanalyses: [count]", r'write "off" for the word'),
        (
            "status_date: 2024-12-31\nanalyses: [count]",
            r'line 1: YAML reads 2024-12-31 without quotes as a date: write "2024-12-31"',
        ),
        ("status_date: 20241231\nanalyses: [count]", "status_date: expected a date in quotes"),
        ("analyses: [count]\nlanguage: nb", "unknown key language; known are extract"),
        ("analyses: [count]\nanalyses: [count]", "analyses stands twice"),
        ("analyses: []", "analyses: List should have at least 1 item"),
        ("analyses: [count, count]", "stands twice"),
        ("analyses: [cuont]", "no analysis cuont in the catalogue; known are count"),
        ("analyses: [count]\npolicy: lax", "no policy lax; known are annual_report"),
        ("analyses: [count]\nlanguages: [nb, nb]", "the same value stands twice"),
        ("analyses: [count]\nlanguages: [sv]", "languages.0: Input should be 'nb' or 'en'"),
        ('analyses: [count]\nreport_year: "2024"', "report_year: Input should be a valid integer"),
        ("analyses: [count", "line 1: not YAML"),
        ("", "expected keys and values"),
        ("analyses: [count]\nfor_each: {parameter: size, values: [../x]}", "name a folder"),
        ("analyses: [count]\nfor_each: {parameter: size, values: [1, 1]}", "different values"),
        ("analyses: [count]\nfor_each: {parameter: seize, values: [1]}", "mean size"),
    ],
)
def test_a_run_file_that_cannot_be_meant_is_refused_with_what_to_write(tmp_path, text, said):
    write_notebook(tmp_path / "notebooks", "count", parameters="size: int = 3\n")
    with pytest.raises(RunRefused, match=said):
        plan(tmp_path, text)


def test_a_run_file_that_is_not_there_or_not_text_is_refused(tmp_path):
    with pytest.raises(RunRefused, match="no such run file"):
        plan_runs(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes("analyses: [årsrapport]".encode("latin-1"))
    with pytest.raises(RunRefused, match="not UTF-8"):
        plan_runs(tmp_path / "latin.yaml")


@pytest.mark.parametrize(
    ("dates", "said"),
    [
        ("report_year: 2025", "outside the extract"),
        ('report_year: 2025\nstatus_date: "2025-12-31"', "outside the extract"),
        ('data_cutoff: "2025-05-16"', "outside the extract"),
        ("report_year: 2023", r'give status_date \("2023-12-31"\) and data_cutoff'),
        ('status_date: "2023-12-31"', "to redo 2023"),
        (
            'report_year: 2024\nstatus_date: "2023-12-31"\ndata_cutoff: "2024-05-15"',
            "a status_date in 2024",
        ),
        (
            'report_year: 2023\nstatus_date: "2023-12-31"\ndata_cutoff: "2023-05-15"',
            "not before it",
        ),
    ],
)
def test_a_year_outside_the_extract_is_refused(tmp_path, dates, said):
    write_notebook(tmp_path / "notebooks", "count", parameters="data_cutoff: str | None = None")
    with pytest.raises(RunRefused, match=said):
        plan(tmp_path, f"analyses: [count]\n{dates}")


EARLIER = 'analyses: [count]\nstatus_date: "2023-12-31"\ndata_cutoff: "2024-05-15"'


def test_an_earlier_year_reaches_a_notebook_that_takes_its_dates(tmp_path):
    dates = "report_year: int = 0\nstatus_date: str | None = None\ndata_cutoff: str | None = None\n"
    write_notebook(tmp_path / "notebooks", "count", parameters=dates)
    (run,) = plan(tmp_path, EARLIER)
    assert run.jobs[0].parameters == {
        "report_year": 2023,
        "status_date": "2023-12-31",
        "data_cutoff": "2024-05-15",
    }


def test_an_earlier_year_is_refused_for_a_notebook_that_would_not_heed_it(tmp_path):
    write_notebook(tmp_path / "notebooks", "count")
    with pytest.raises(RunRefused, match="count: cannot be redone with another status_date"):
        plan(tmp_path, EARLIER)


def test_for_each_value_there_is_a_run_in_a_folder_of_its_own(tmp_path):
    write_notebook(tmp_path / "notebooks", "count", parameters='hf: str = "ous"\n')
    runs = plan(tmp_path, "analyses: [count]\nfor_each: {parameter: hf, values: [bergen, ahus]}")
    assert [(run.out.name, run.jobs[0].parameters) for run in runs] == [
        ("bergen", {"hf": "bergen"}),
        ("ahus", {"hf": "ahus"}),
    ]


def test_what_would_run_is_told_with_its_parameters_and_gaps(tmp_path):
    for id in ("count", "gap"):
        write_notebook(tmp_path / "notebooks", id, parameters="size: int = 3\n")
    needs = {"gap": ("visits.visit_date",)}
    runs = plan(
        tmp_path,
        "analyses: [gap, {id: count, parameters: {size: 4}}]",
        ("gap", "count"),
        needs=needs,
    )
    assert "count: runs into" in preview(runs, as_json=False)
    assert "gap: cannot run, the extract lacks visits.visit_date" in preview(runs, as_json=False)
    assert [each["parameters"] for each in json.loads(preview(runs, as_json=True))] == [
        {"size": 3},
        {"size": 4},
    ]


# --- parameters -----------------------------------------------------------------------------------


def test_parameters_are_read_with_type_default_and_comment(tmp_path):
    path = write_notebook(
        tmp_path,
        "count",
        parameters=(
            "# years of follow-up\n# that are shown; [1, 20]\nhorizon_years: float = 5\n"
            'strata: list[str] = [\n    "sex",  # first\n    "course",  # second\n]\n'
            'since: str | None = "2020-01-01"  # from this day on [2001-01-01, ]\n'
            "weights: dict[str, float] = {'a # no comment': -1.5}\n"
        ),
    )
    extract, _, _, horizon, strata, since, weights = read_parameters(path)
    assert (extract.name, extract.type, extract.default) == ("extract", "str", "store")
    assert (horizon.type, horizon.default, horizon.bounds) == ("float", 5, (1, 20))
    assert horizon.comment == "years of follow-up that are shown; [1, 20]"
    assert (strata.default, strata.comment) == (["sex", "course"], "first second")
    assert (since.bounds, since.is_date) == (("2001-01-01", None), True)
    assert (weights.default, weights.comment) == ({"a # no comment": -1.5}, "")


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ("horizon = 5\n", "line 4 of the parameters cell: expected `name: type = literal"),
        ("horizon: int = 2 + 3\n", "line 4"),
        ("horizon: int\n", "line 4"),
        ("import os\n", "line 4"),
        ("horizon: Decimal = 5\n", "line 4"),
        ("horizon: int =\n", "line 4"),
        ("horizon: dict[int, str] = {}\n", "line 4"),
        ("horizon: int = 'a'\n", "default of parameter horizon: expected int, got str"),
        ("horizon: int = 0  # [1, 5]\n", "default of parameter horizon: out of its range"),
        ("horizon: str = 'a'  # [1, 5]\n", "its range is of another type"),
    ],
)
def test_a_parameters_cell_that_is_not_declarations_is_refused(tmp_path, parameters, said):
    path = write_notebook(tmp_path, "count", parameters=parameters)
    with pytest.raises(RunRefused, match=said):
        read_parameters(path)


@pytest.mark.parametrize(
    "first",
    ["", PARAMETERS.replace("list[str]", "str"), "size: int = 1\n" + PARAMETERS],
)
def test_a_notebook_that_does_not_begin_with_extract_lang_out_is_refused(tmp_path, first):
    path = write_notebook(tmp_path, "count", first=first)
    with pytest.raises(RunRefused, match="first parameters to be extract: str, lang: list"):
        read_parameters(path)


def test_what_is_not_a_notebook_is_refused(tmp_path):
    (tmp_path / "count.ipynb").write_text("[]")
    with pytest.raises(RunRefused, match="not a notebook"):
        read_parameters(tmp_path / "count.ipynb")
    with pytest.raises(RunRefused, match="no such notebook"):
        read_parameters(tmp_path / "none.ipynb")


TAKES = """\
horizon_years: int = 5  # [1, 20]
share: float | None = None  # [0, 1]
by: list[str] = ["sex"]
since: str = "2020-01-01"  # [2001-01-01, 2024-12-31]
weights: dict[str, float] = {}
bare: dict = {}
exact: bool = False
unit: str = "years"  # of time [years | days]
months: int = 3  # in a point [1 | 3 | 12]
dates: list[str] = []  # compared [2001-01-01, ] ascending
"""


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("{horizn_years: 3}", r"no parameter horizn_years \(did you mean horizon_years\?\)"),
        (
            "{zzz: 3}",
            "known are horizon_years, share, by, since, weights, bare, exact, unit, months, dates",
        ),
        ("{horizon_years: 3.0}", "parameter horizon_years: expected int, got float"),
        ("{horizon_years: true}", "expected int, got bool"),
        ("{horizon_years: null}", "expected int, got NoneType"),
        ("{horizon_years: 21}", r"out of its range \[1, 20\]"),
        ("{share: -0.1}", r"out of its range \[0, 1\]"),
        ("{share: .nan}", "finite"),
        ("{by: sex}", r"expected list\[str\], got str"),
        ("{by: [1]}", r"expected list\[str\]"),
        ("{since: 2021}", "expected str, got int"),
        ('{since: "31.12.2021"}', "expected a date such as"),
        ('{since: "2025-01-01"}', "out of its range"),
        ("{unit: weeks}", "expected one of years, days"),
        ("{months: 5}", "parameter months: expected one of 1, 3, 12"),
        ("{months: '3'}", "parameter months: expected int, got str"),
        (
            '{dates: ["2024-12-31", "2020-01-01"]}',
            r"or more in \[2001-01-01, \], each above the one",
        ),
        ('{dates: ["2020-01-01", "2020-01-01"]}', "each above the one before it"),
        ('{dates: ["2020-01-01"]}', "expected two values or more"),
        ('{dates: ["1999-01-01", "2020-01-01"]}', r"out of its range \[2001-01-01, \]"),
        ('{dates: ["2020-01-01", "2031-01-01"]}', r"the extract's range \[2001-01-01, 2025-"),
        ("{weights: {a: b}}", r"expected dict\[str, float\]"),
        ("{bare: {1: 2}}", "expected dict"),
        ("{exact: 1}", "expected bool, got int"),
        ("{out: x}", "out is filled by the runner"),
        ("{report_year: 2023}", "report_year is filled by the runner"),
    ],
)
def test_a_parameter_that_does_not_fit_is_refused_before_a_kernel_starts(tmp_path, given, said):
    write_notebook(tmp_path / "notebooks", "count", parameters=TAKES)
    with pytest.raises(RunRefused, match=f"count: .*{said}"):
        plan(tmp_path, f"analyses: [{{id: count, parameters: {given}}}]")


def test_a_parameter_that_fits_replaces_the_default(tmp_path):
    write_notebook(tmp_path / "notebooks", "count", parameters=TAKES)
    given = '{share: 1, since: "2024-12-31", by: [], weights: {a: 1}, exact: true, months: 12, '
    given += 'dates: ["2020-01-01", "2022-01-01", "2024-12-31"]}'
    (run,) = plan(tmp_path, f"analyses: [{{id: count, parameters: {given}}}]")
    assert run.jobs[0].parameters == {
        "horizon_years": 5,
        "share": 1,
        "by": [],
        "since": "2024-12-31",
        "weights": {"a": 1},
        "bare": {},
        "exact": True,
        "unit": "years",
        "months": 12,
        "dates": ["2020-01-01", "2022-01-01", "2024-12-31"],
    }


# --- runs -----------------------------------------------------------------------------------------

ODD = ["a 'quote' \"too\"", "back\\slash", "new\nline", "æøå \u202f", "{braces}", "%magic", ""]
FAILS = f'"{SECRET}"\nprint("{SECRET}")\nraise ValueError("{SECRET}")'
ECHOES = SAVES.replace('"all,12\\\\n"', '"all,12\\\\n"') + (
    "import os, sys\n"
    "seen = [words, nested, nothing, lang, os.environ['MSANALYSIS_POLICY'], sys.executable]\n"
    "assert seen[:4] == expected_values, 'parameters changed on their way'\n"
    "assert seen[4] == 'strict'\n"
    "assert os.environ['MSANALYSIS_OWN_UNIT'] == ''\n"
    "assert os.path.samefile(os.environ['MSANALYSIS_RESTRICTED'], os.path.join(out, '..', '..'))\n"
    "assert os.path.samefile(sys.prefix, prefix)\n"
    "assert os.path.exists('pyproject.toml')\n"
)
HOSTILE_STARTUP = "raise SystemExit('a profile of the user')"


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """One run of six notebooks on a machine that is as unhelpful as they come."""
    tmp_path = tmp_path_factory.mktemp("a folder {with} ø")
    notebooks = tmp_path / "notebooks"
    nested = {"a": [1, -2.5, None, True], "b": {}}
    parameters = (
        f"words: list[str] = {ODD!r}\nnested: dict = {{}}\nnothing: str | None = 'x'\n"
        f"prefix: str = {sys.prefix!r}\n"
    )
    expected = f"expected_values = {[ODD, nested, None, ['nb', 'en']]!r}\n"
    write_notebook(notebooks, "count", expected + ECHOES, parameters)
    write_notebook(notebooks, "fails", FAILS)
    write_notebook(notebooks, "gap")
    write_notebook(notebooks, "leaks", SAVES + f'(folder / "rows.csv").write_text("{SECRET}")')
    write_notebook(notebooks, "dies", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    text = (
        "policy: strict\n"
        "analyses:\n- gap\n- fails\n- leaks\n- dies\n"
        f"- {{id: count, parameters: {{nested: {json.dumps(nested)}, nothing: null}}}}\n"
    )
    ids = ("count", "fails", "leaks", "dies", "gap")
    with pytest.MonkeyPatch.context() as machine:
        _spoil(machine, tmp_path)
        (run,) = plan(tmp_path, text, ids, needs={"gap": ("visits.visit_date", "edss")})
        return run, perform(run, jobs=2)


def _spoil(machine, tmp_path):
    """A user's broken `python3` kernel, a startup file, and a folder too long for sockets."""
    spec = tmp_path / "jupyter" / "kernels" / "python3"
    startup = tmp_path / "ipython" / "profile_default" / "startup"
    long = tmp_path / ("x" * 100)
    machine.setenv("MSANALYSIS_OWN_UNIT", "ous")
    for folder in (spec, startup, long):
        folder.mkdir(parents=True)
    argv = ["/nowhere/python", "-f", "{connection_file}"]
    content = {"argv": argv, "display_name": "mine", "language": "python"}
    (spec / "kernel.json").write_text(json.dumps(content))
    (startup / "00.py").write_text(HOSTILE_STARTUP)
    machine.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    machine.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    machine.setattr("tempfile.tempdir", str(long))


def manifest_of(performed):
    return json.loads((performed.report.parent / "manifest.json").read_text(encoding="utf-8"))


def files_of(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_one_failing_analysis_does_not_stop_the_others(ran):
    _, performed = ran
    said = {each.job.analysis.id: (each.status, each.failure) for each in performed.outcomes}
    assert said == {
        "count": ("ok", ""),
        "fails": ("failed", "cell 3, ValueError"),
        "leaks": ("failed", "analysis.json does not declare 1 of its files"),
        "dies": ("failed", "its kernel died: a cell ended it, or the memory was full"),
        "gap": ("missing_columns", ""),
    }
    assert performed.exit_code == 1


def test_a_failure_says_cell_and_class_and_its_message_stays_restricted(ran):
    run, performed = ran
    shown = [describe_outcome(each) for each in performed.outcomes]
    release = run.out / "release"
    released = "".join(text_of(path) for path in release.rglob("*") if path.is_file())
    assert SECRET not in "".join(shown) + json.dumps(performed.summary()) + released
    assert SECRET in (run.out / "restricted" / "logs" / "fails.log").read_text()
    assert SECRET in (run.out / "restricted" / "notebooks" / "fails.ipynb").read_text()


def test_a_source_that_may_not_be_published_fails_its_analysis_alone_and_names_the_line(tmp_path):
    notebooks = tmp_path / "notebooks"
    write_notebook(notebooks, "good")
    write_notebook(notebooks, "linked", "# one\n# two: see https://example.org/a\n" + SAVES)
    write_notebook(notebooks, "placed", SAVES + 'rows = open("/home/someone/rows.csv")')
    write_notebook(notebooks, "given", parameters='words: str = "none"\n')
    ids = ("good", "linked", "placed", "given")
    asked = "[good, linked, placed, {id: given, parameters: {words: see ftp://a.b}}]"
    (run,) = plan(tmp_path, f"analyses: {asked}", ids)
    performed = perform(run)
    failed = {each.job.analysis.id: each.failure for each in performed.outcomes if each.failure}
    assert {id: failure.split("; ")[0] for id, failure in failed.items()} == {
        "linked": "cell 3, line 2: an address on the internet or of another machine",
        "placed": f"cell 3, line {len(SAVES.splitlines()) + 1}: a path of the machine",
        "given": "cell 2, line 4: an address on the internet or of another machine",
    }
    assert performed.exit_code == 1
    assert (run.out / "release" / "tables" / "good_table.csv").exists()
    assert "someone" not in describe_outcome(performed.outcomes[2])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_only_the_user_can_open_restricted(ran):
    run, _ = ran
    assert stat.S_IMODE((run.out / "restricted").stat().st_mode) == 0o700


def test_the_release_holds_what_was_declared_and_nothing_else(ran):
    run, _ = ran
    assert set(files_of(run.out / "release")) == {
        "analyses/count.en.html",
        "analyses/count.nb.html",
        "index.html",
        "manifest.json",
        "notebooks/count.ipynb",
        "numbers.csv",
        "site/comparison.en.html",
        "site/comparison.nb.html",
        "site/disclosure.en.html",
        "site/disclosure.nb.html",
        "site/index.en.html",
        "site/methods.en.html",
        "site/methods.nb.html",
        "site/provenance.en.html",
        "site/provenance.nb.html",
        "site/script.js",
        "site/search.en.js",
        "site/search.nb.js",
        "site/style.css",
        "report.en.docx",
        "report.nb.docx",
        "tables/count_table.csv",
        "figures/count.nb.svg",
        "figures/count.en.svg",
    }
    assert {path.name for path in run.out.iterdir()} == {"release", "restricted"}
    with (run.out / "release" / "numbers.csv").open() as handle:
        assert [row["id"] for row in csv.DictReader(handle)] == ["count_n"]


def test_the_manifest_says_how_every_file_was_made(ran):
    run, performed = ran
    manifest = manifest_of(performed)
    files = files_of(run.out / "release")
    del files["manifest.json"]
    assert manifest["files"] == {
        name: hashlib.sha256(content).hexdigest() for name, content in files.items()
    }
    assert manifest["policy"] == "strict"
    assert manifest["extract"]["fingerprint"] == "f" * 64
    assert manifest["package"]["dependencies"]["polars"]
    count = manifest["analyses"][0]
    assert count["parameters"]["words"] == ODD
    assert not {"extract", "lang", "out"} & set(count["parameters"])
    assert count["figures"][0]["number"] == "9.9.9"
    assert str(run.out) not in json.dumps(manifest)


@pytest.mark.parametrize(
    ("lang", "first", "stamp"),
    [("nb", "index.html", "SYNTETISK"), ("en", "site/index.en.html", "SYNTHETIC")],
)
def test_the_pages_name_gaps_are_stamped_and_load_nothing_from_elsewhere(ran, lang, first, stamp):
    _, performed = ran
    release = performed.report.parent
    overview = (release / first).read_text(encoding="utf-8")
    assert "visits.visit_date, edss" in overview
    assert "(<code>fails</code>)" in overview
    page = (release / "analyses" / f"count.{lang}.html").read_text(encoding="utf-8")
    assert f'src="../figures/count.{lang}.svg"' in page
    for each in (overview, page):
        assert stamp in each
        assert "//" not in each


def test_a_notebook_is_released_with_the_values_of_the_run_and_nothing_that_it_printed(ran):
    run, performed = ran
    source = (performed.report.parent / "notebooks" / "count.ipynb").read_text(encoding="utf-8")
    cells = json.loads(source)["cells"]
    assert [cell["cell_type"] for cell in cells] == ["markdown", "code", "code"]
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in cells)
    assert str(run.out) not in source


@pytest.fixture
def copied(ran, tmp_path):
    """The analysis of that run that went well, in a folder of its own, as it was left."""
    run, _ = ran
    shutil.copytree(run.out, tmp_path / "run")
    jobs = tuple(job for job in run.jobs if job.analysis.id == "count")
    return replace(run, out=tmp_path / "run", jobs=jobs)


def test_what_is_unchanged_is_not_run_again_and_forcing_it_gives_equal_bytes(copied):
    known = perform(copied)
    assert [(each.status, each.unchanged) for each in known.outcomes] == [("ok", True)]
    before, first = files_of(copied.out / "release"), manifest_of(known)
    forced = perform(copied, force=True)
    assert [(each.status, each.unchanged) for each in forced.outcomes] == [("ok", False)]
    after, second = files_of(copied.out / "release"), manifest_of(forced)
    del before["manifest.json"], after["manifest.json"], first["times"], second["times"]
    assert (after, second) == (before, first)


def test_a_release_of_the_same_is_left_as_it_is_and_one_that_was_touched_is_made_anew(copied):
    release = perform(copied).report.parent
    before = files_of(release)
    perform(copied)
    assert files_of(release) == before
    for change in (lambda: (release / "numbers.csv").write_text("changed"), extra_file(release)):
        change()
        perform(copied)
        after = files_of(release)
        del after["manifest.json"]
        assert after == {name: held for name, held in before.items() if name != "manifest.json"}


def extra_file(release):
    return lambda: (release / "added.txt").write_text("added")


def test_a_notebook_that_takes_too_long_is_ended_with_its_kernel(tmp_path, monkeypatch):
    pid = tmp_path / "pid"
    monkeypatch.setenv("PROCESS", str(pid))
    waits = (
        "import os, time\nopen(os.environ['PROCESS'], 'w').write(str(os.getpid()))\ntime.sleep(600)"
    )
    write_notebook(tmp_path / "notebooks", "count", waits)
    (run,) = plan(tmp_path, "analyses: [count]\nlimits: {seconds: 8}")
    performed = perform(run)
    assert performed.outcomes[0].failure == "took longer than 8 seconds"
    assert performed.exit_code == 1
    assert not pid.exists() or not alive(int(pid.read_text()))


def alive(pid):
    """Whether a process runs: one that was ended may still await its burial."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_interrupting_a_run_ends_its_processes_and_leaves_the_release_alone(copied):
    before = files_of(copied.out / "release")

    def interrupt(id, outcome):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        perform(copied, force=True, tell=interrupt)
    assert not psutil.Process().children(recursive=True)
    assert files_of(copied.out / "release") == before


def test_no_notebook_sees_what_another_has_changed(tmp_path):
    changes = SAVES + "import math\nassert math.pi > 3\nmath.pi = 3"
    write_notebook(tmp_path / "notebooks", "one", changes)
    write_notebook(tmp_path / "notebooks", "two", changes)
    (run,) = plan(tmp_path, "analyses: [one, two]", ("one", "two"))
    assert [each.status for each in perform(run, jobs=1).outcomes] == ["ok", "ok"]


PROCESS = "from msanalysis.release.record import os\nos.getpid()"


def test_notebooks_that_keep_to_themselves_follow_each_other_in_one_kernel(tmp_path):
    sources = {"one": PROCESS, "two": PROCESS, "three": f"import math\n{PROCESS}", "four": PROCESS}
    for id, source in sources.items():
        write_notebook(tmp_path / "notebooks", id, source)
    (run,) = plan(tmp_path, f"analyses: [{', '.join(sources)}]", tuple(sources))
    perform(run, jobs=1)
    one, two, three, four = (process_of(run, id) for id in sources)
    assert one == two == four != three


def process_of(run, id):
    path = run.out / "restricted" / "notebooks" / f"{id}.ipynb"
    (shown,) = json.loads(path.read_text(encoding="utf-8"))["cells"][-1]["outputs"]
    return shown["data"]["text/plain"]


@pytest.mark.parametrize(
    "path", sorted((PROJECT / "notebooks").glob("*.ipynb")), ids=lambda p: p.stem
)
def test_the_notebooks_of_the_catalogue_keep_to_themselves(path):
    assert kernel.keeps_to_itself(path)


@pytest.mark.parametrize(
    "source",
    [
        "import math",
        "import msanalysis",
        "from os import environ",
        "from . import stats",
        "from msanalysis import stats\nstats.survival = 1",
        "from msanalysis import codes\ncodes.indicators()[0] = 1",
        "from msanalysis import codes\ncodes.indicators().append(1)",
        "from msanalysis import codes\ndel codes.named",
        "from msanalysis import codes\nheld = codes.indicators()\nheld += [1]",
        "from msanalysis import codes\n(codes.named, b) = 1, 2",
        "from msanalysis import codes\n[codes.named for codes.named in [1]]",
        "setattr(1, 'a', 2)",
        "open('a', 'w')",
        "exec('1')",
        "(lambda: 1)()",
        "%matplotlib inline",
        "!ls",
    ],
)
def test_a_notebook_that_could_change_what_others_see_does_not_keep_to_itself(tmp_path, source):
    assert not kernel.keeps_to_itself(write_notebook(tmp_path, "one", source))


def test_a_kernel_that_does_not_start_is_tried_once_more(monkeypatch):
    tries = []

    def execute(*paths, **settings):
        tries.append(paths)
        raise RuntimeError("Kernel died before replying to kernel_info")

    monkeypatch.setattr("papermill.execute_notebook", execute)
    monkeypatch.setattr("os.environ", dict(os.environ))
    task = {"notebook": "a", "executed": "b", "parameters": {}, "environment": {}}
    assert kernel.run_notebook(task, AsyncKernelManager()) == {"exception": "RuntimeError"}
    assert len(tries) == 2


# --- releases (outputs are put in the cache by hand: no kernel starts) ----------------------------


def planned(tmp_path, *ids, **options):
    """Plan a run of notebooks whose outputs are there already."""
    for id in ids:
        write_notebook(tmp_path / "notebooks", id)
    (run,) = plan(tmp_path, f"analyses: [{', '.join(ids)}]", ids, **options)
    for job in run.jobs:
        save_outputs(cache.entry(run, job), job.analysis.id)
    return run


def test_numbers_stand_in_the_order_of_the_catalogue(tmp_path):
    for id in ("a", "b"):
        write_notebook(tmp_path / "notebooks", id)
    (run,) = plan(tmp_path, "analyses: [b, a]", ("a", "b"))
    for job in run.jobs:
        save_outputs(cache.entry(run, job), job.analysis.id)
    numbers = perform(run).report.parent / "numbers.csv"
    assert [line.split(",")[0] for line in numbers.read_text().splitlines()] == ["id", "a_n", "b_n"]


def test_an_id_that_another_analysis_has_written_fails_the_second(tmp_path):
    run = planned(tmp_path, "a", "b")
    numbers = cache.entry(run, run.jobs[1]) / "numbers.csv"
    numbers.write_text(numbers.read_text().replace("b_n", "a_n"))
    performed = perform(run)
    assert [each.status for each in performed.outcomes] == ["ok", "failed"]
    assert performed.outcomes[1].failure == "another analysis has the same number a_n"


def test_missing_columns_leave_a_named_gap_and_exit_code_0(tmp_path):
    write_notebook(tmp_path / "notebooks", "gap")
    (run,) = plan(tmp_path, "analyses: [gap]", ("gap",), needs={"gap": ("prom",)})
    performed = perform(run)
    assert performed.exit_code == 0
    assert manifest_of(performed)["analyses"][0]["missing"] == ["prom"]
    assert describe_outcome(performed.outcomes[0]) == "gap: cannot run, the extract lacks prom"


def test_only_leaves_out_what_has_changed_and_keeps_the_rest(tmp_path):
    run = planned(tmp_path, "a", "b", "c", only=("a",))
    shutil.rmtree(cache.entry(run, run.jobs[2]))
    performed = perform(run)
    assert [each.status for each in performed.outcomes] == ["ok", "ok", "not_run"]
    assert "ikke med i denne kjøringen" in performed.report.read_text(encoding="utf-8")


def test_only_takes_analyses_of_the_run_file(tmp_path):
    write_notebook(tmp_path / "notebooks", "a")
    with pytest.raises(RunRefused, match="has no analysis b"):
        plan(tmp_path, "analyses: [a]", ("a", "b"), only=("b",))


def test_a_release_that_cannot_be_built_leaves_the_old_one(tmp_path, monkeypatch):
    run = planned(tmp_path, "a")
    before = files_of(perform(run).report.parent)

    def full(folder):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("msanalysis.run.publish.write_report", full)
    with pytest.raises(OSError, match="No space"):
        perform(run, force=True)
    assert files_of(run.out / "release") == before


def test_a_release_lost_between_two_renames_is_put_back(tmp_path):
    run = planned(tmp_path, "a")
    before = files_of(perform(run).report.parent)
    (run.out / "release").rename(run.out / ".release-old")
    (run.out / ".release-new").mkdir()
    with opened(run.out):
        assert files_of(run.out / "release") == before
    assert {path.name for path in run.out.iterdir()} == {"release", "restricted"}


def test_two_runs_in_one_folder_at_once_are_refused(tmp_path):
    run = planned(tmp_path, "a")
    with opened(run.out), pytest.raises(RunRefused, match="another run is writing to"):
        perform(run)
    assert perform(run).exit_code == 0


def test_old_outputs_are_dropped_from_the_cache(tmp_path):
    run = planned(tmp_path, "a")
    old = run.out / "restricted" / "cache" / "a-0000000000000000"
    old.mkdir()
    perform(run)
    assert not old.exists()


def test_an_analysis_runs_again_when_anything_it_depends_on_changes(tmp_path):
    run = planned(tmp_path, "a")
    (job,) = run.jobs
    held = replace(run.provenance, fingerprint="e" * 64)
    changed = [
        cache.entry(replace(run, policy="strict"), job),
        cache.entry(replace(run, languages=("nb",)), job),
        cache.entry(replace(run, provenance=held), job),
        cache.entry(run, replace(job, parameters={"size": 4})),
    ]
    before = cache.entry(run, job)
    write_notebook(tmp_path / "notebooks", "a", SAVES + "# one comment more")
    assert len({before, cache.entry(run, job), *changed}) == 6


def test_stored_output_of_a_notebook_is_no_change_of_it(tmp_path):
    run = planned(tmp_path, "a")
    before = cache.entry(run, run.jobs[0])
    path = run.jobs[0].notebook
    content = json.loads(path.read_text())
    content["cells"][2] |= {"execution_count": 7, "outputs": [{"output_type": "stream"}]}
    path.write_text(json.dumps(content))
    assert cache.entry(run, run.jobs[0]) == before


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda folder: (folder / "analysis.json").unlink(), "no analysis.json"),
        (lambda folder: (folder / "analysis.json").write_text("[]"), "no analysis.json"),
        (lambda folder: (folder / "figures" / "a.en.svg").unlink(), "a.en.svg"),
        (lambda folder: (folder / "tables" / "a_table.csv").unlink(), "a_table.csv"),
        (lambda folder: (folder / "tables" / "rows.csv").write_text(""), "not declare 1 of its"),
        (lambda folder: (folder / "numbers.csv").write_text("id,value\n"), "expected the columns"),
    ],
)
def test_outputs_other_than_those_declared_are_refused(tmp_path, damage, said):
    save_outputs(tmp_path / "a", "a")
    check_output(tmp_path / "a", "a", ("nb", "en"))
    damage(tmp_path / "a")
    with pytest.raises(OutputRefused, match=said):
        check_output(tmp_path / "a", "a", ("nb", "en"))


def test_outputs_of_another_analysis_or_language_are_refused(tmp_path):
    save_outputs(tmp_path / "a", "a")
    for analysis, languages in (("b", ("nb", "en")), ("a", ("nb",))):
        with pytest.raises(OutputRefused, match="another analysis or in other languages"):
            check_output(tmp_path / "a", analysis, languages)


def test_a_refusal_of_the_gate_has_an_exit_code_of_its_own(tmp_path):
    run = planned(tmp_path, "a")
    refused = Outcome(run.jobs[0], "failed", failure="cell 6, ReleaseRefused")
    assert Performed(tmp_path, (refused,)).exit_code == 4
