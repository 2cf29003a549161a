"""README and docs: every command runs as it stands, every link and path leads somewhere.

The commands run in a copy of this folder with a small invented registry. The fast tests read every
command, run those of README that are quick, and ask its runs what they would do; the slow one runs
all commands of all pages, page after page, but none twice and not every analysis of each run.
"""

import csv
import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pandas as pd
import pytest
import typer

from msanalysis.cli import app
from msanalysis.importing.delivery import read_stated
from msanalysis.importing.mapping import load_mapping
from msanalysis.release import release
from msanalysis.run.runfile import read_run_file
from msanalysis.stats import estimate_shares
from persons import make_cohort

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    str(path.relative_to(ROOT)) for path in (*ROOT.glob("docs/*.md"), *ROOT.glob("*.md"))
)[::-1]
WALKED_ELSEWHERE = "docs/add_an_analysis.md"
"""Between its commands stand the files a reader writes: a test of its own writes them too."""
PERSONS = 3000
"""Enough for local reports: of one new patient in five years a table looks like one a person."""
NOT_RUN = {
    "make test": "it would run itself",
    "msanalysis lab": "it waits for a browser; it has tests of its own",
    "python3 -m pip download": "it asks the package index",
    "python3 -m venv .venv": "the environment is there, and in use",
    ".venv/bin/python -m pip install": "the index again; see the test of the wheel",
}
NEEDS_A_RUN = (
    "make report",
    "msanalysis compare",
    "msanalysis check-release",
    "msanalysis diff",
    "msanalysis export",
)
MAY_END_WITH_1 = ("msanalysis compare",)
"""The numbers of so few persons are not the published ones."""
SH = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
YAML = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
POWERSHELL = re.compile(r"^```powershell\n(.*?)^```", re.MULTILINE | re.DOTALL)
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
PATH = re.compile(r"`((?:[\w.-]+/)+[\w.*-]*)`")
MADE = {
    *("outputs", "release", "restricted", "analyses", "figures", "site", "tables"),
    *("delivery", "worklists", ".venv"),
}
"""Folders that a run or an installation makes."""


def text_of(page):
    return (ROOT / page).read_text("utf-8")


def lines_of(blocks):
    """Return the commands of code blocks, without comments, each on one line."""
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    bare = (re.sub(r"(^|\s+)#\s.*", "", line).strip() for line in lines)
    return [line for line in bare if line]


def commands(page):
    """Return the commands of a page; a reader may have made the new analysis that it names."""
    lines = lines_of(SH.findall(text_of(page)))
    return [re.sub(r"\b(my_question|mitt_sporsmal)\b", r"tests_\1", line) for line in lines]


def is_among(command, beginnings):
    return command.removeprefix(".venv/bin/").startswith(
        tuple(each.removeprefix(".venv/bin/") for each in beginnings)
    )


# --- commands -------------------------------------------------------------------------------------


def small(command):
    """Return the command with few persons and, of the annual runs but the first, one analysis."""
    if "msanalysis synth" in command:
        return f"{re.sub(r' --persons [0-9]+', '', command)} --persons {PERSONS}"
    again = re.search(r"run params/annual_report_(2024.* --out|2023)", command)
    return f"{command} --only overall_survival" if again and "--only" not in command else command


def perform(command, folder):
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST")},
        "PATH": f"{folder / '.venv/bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(folder / "src"),
    }
    done = subprocess.run(
        ["bash", "-c", small(command)], cwd=folder, env=environment, capture_output=True, text=True
    )
    allowed = (0, 1) if is_among(command, MAY_END_WITH_1) else (0,)
    assert done.returncode in allowed, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"


def make_copy(folder):
    """Copy what is in git, with this environment as its own."""
    left_out = (".git", ".venv", "outputs", "wheels", "__pycache__", "*.egg-info", ".*_cache")
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*left_out))
    (folder / ".venv").mkdir()
    for name in ("bin", "lib", "pyvenv.cfg"):
        (folder / ".venv" / name).symlink_to(Path(sys.prefix) / name)
    (folder / ".venv" / ".installed").touch()
    return folder


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A copy in which the first half of `make report` has been done."""
    folder = make_copy(tmp_path_factory.mktemp("docs") / "msanalysis")
    delivery, store = "outputs/deliveries/synthetic", "outputs/extracts/synthetic"
    perform(f"msanalysis synth {delivery} --as csv-norwegian", folder)
    mapping = "--mapping params/mappings/norwegian.yaml"
    perform(f"msanalysis import {delivery} {store} {mapping}", folder)
    return folder


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_ours_is_understood(page):
    for command in commands(page):
        if is_among(command, ["msanalysis "]):
            understand(typer.main.get_command(app), shlex.split(command)[1:])


def understand(command, words):
    """Read the words as the command line does, without doing anything."""
    if hasattr(command, "resolve_command"):
        group = command.make_context("msanalysis", list(words))
        _, command, words = command.resolve_command(group, words)
        understand(command, words)
    else:
        command.make_context(command.name, list(words))


@pytest.mark.xdist_group("docs")
@pytest.mark.parametrize("page", ["README.md", "README.nb.md"])
def test_every_quick_command_of_readme_runs_and_its_runs_can_be_planned(page, checkout, tmp_path):
    folder = shutil.copytree(checkout, tmp_path / "msanalysis", symlinks=True)
    for command in commands(page):
        if not is_among(command, (*NOT_RUN, *NEEDS_A_RUN)):
            is_run = is_among(command, ["msanalysis run"])
            perform(f"{command} --dry-run" if is_run else command, folder)


@pytest.mark.slow
def test_every_command_of_every_page_runs(checkout):
    pages = [page for page in PAGES if page != WALKED_ELSEWHERE]
    for command in dict.fromkeys(command for page in pages for command in commands(page)):
        if not is_among(command, NOT_RUN):
            perform(command, checkout)


def test_every_command_that_is_not_run_stands_somewhere():
    everywhere = [command for page in PAGES for command in commands(page)]
    beginnings = (*NOT_RUN, *NEEDS_A_RUN)
    assert [each for each in beginnings if not any(is_among(c, [each]) for c in everywhere)] == []


def test_the_commands_for_windows_are_those_for_linux():
    page = text_of("docs/bring_an_extract.md")
    here = page[page.index("## A closed machine") :]
    linux, windows = lines_of(SH.findall(here)), lines_of(POWERSHELL.findall(here))
    assert [as_on_windows(command) for command in linux] == windows


def as_on_windows(command):
    words = command.replace("python3 ", "py ").replace(".venv/bin/", ".venv/Scripts/").split()
    same = " ".join(word if word.startswith("'") else word.replace("/", "\\") for word in words)
    return same.replace("touch ", "New-Item ")


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_is_shown_can_be_read(page, tmp_path):
    for content in YAML.findall(text_of(page)):
        file = tmp_path / "extract.yaml"
        file.write_text(content, encoding="utf-8")
        if "tables:" in content:
            load_mapping(file)
        elif "source:" in content:
            read_stated(tmp_path, {})
        else:
            read_run_file(file)


@pytest.mark.slow
def test_the_wheel_installs_without_an_index_and_holds_every_file_of_the_package(tmp_path):
    wheels, fresh = tmp_path / "wheels", tmp_path / "fresh"
    source = make_copy(tmp_path / "msanalysis")
    pip = [sys.executable, "-m", "pip"]
    build = ["wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    subprocess.run([*pip, *build, "--wheel-dir", wheels, source], check=True)
    subprocess.run([sys.executable, "-m", "venv", fresh], check=True)
    install = [
        "install",
        "--quiet",
        "--no-index",
        "--find-links",
        wheels,
        "--no-deps",
        "msanalysis",
    ]
    subprocess.run([fresh / "bin/python", "-m", "pip", *install], check=True)
    (installed,) = fresh.glob("lib/python*/site-packages/msanalysis")
    assert held(installed) == held(source / "src/msanalysis")


def held(folder):
    return {
        path.relative_to(folder)
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


# --- links, paths, words --------------------------------------------------------------------------


def anchors(page):
    """Return the anchors of a page: its headings as GitHub writes them."""
    bare = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in HEADING.findall(page))
    return {words.strip().replace(" ", "-") for words in bare}


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page):
    for target in LINK.findall(FENCED.sub("", text_of(page))):
        name, _, anchor = target.partition("#")
        there = (ROOT / page).parent / name if name else ROOT / page
        assert there.exists(), target
        assert not anchor or anchor in anchors(there.read_text("utf-8")), target


@pytest.mark.parametrize("page", PAGES)
def test_every_path_that_is_named_exists(page):
    text = text_of(page)
    for path in PATH.findall(FENCED.sub("", text)):
        written_by_reader = f"file={path}\n" in text
        if not written_by_reader and path.split("/")[0] not in MADE:
            places = (ROOT, ROOT / "src/msanalysis")
            assert any(list(place.glob(path.rstrip("/"))) for place in places), path


def test_the_glossary_has_the_words_of_the_figures():
    with files("msanalysis").joinpath("labels.csv").open(encoding="utf-8") as handle:
        words = {row["key"]: (row["nb"], row["en"]) for row in csv.DictReader(handle)}
    rows = re.findall(r"^\| (.+) \| (.+) \| .+ \| `(\w+)` \|$", text_of("docs/glossary.md"), re.M)
    assert len(rows) > 30
    assert {key: (nb, en) for nb, en, key in rows} == {key: words.get(key) for _, _, key in rows}


def test_the_example_of_the_disclosure_page_is_what_the_gate_does():
    example = text_of("docs/disclosure.md").partition("## What is promised")[0]
    row = re.compile(r"^\| ([a-z ]+) \| (\d+) \| (\d+|hidden) \|", re.MULTILINE)
    rows = {name.replace(" ", "_"): said for name, *said in row.findall(example)}
    total, shown_total = rows.pop("all")
    stopped = [reason for reason, (n, _) in rows.items() for _ in range(int(n))]
    result = estimate_shares(make_cohort(pd.DataFrame({"reason": stopped})), column="reason")
    released = release(result).frame.set_index("level")["n"]
    assert total == shown_total == str(len(stopped)) == str(released.pop("all"))
    shown = {level: "hidden" if pd.isna(n) else str(n) for level, n in released.items()}
    assert shown == {reason: said for reason, (_, said) in rows.items()}
