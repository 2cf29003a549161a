"""A new analysis: a copy that changes nothing of the original, and that all tests find well."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from msanalysis.catalogue import ANALYSES
from msanalysis.new_analysis import copy_analysis
from msanalysis.run import PROJECT, RunRefused

CLI = ("-c", "from msanalysis.cli import app; app()")
COPIED = ("src", "notebooks", "params", "tests", "docs", "benchmarks")
FROM_LISTS = {
    "quality_indicators",
    "patient_reported_outcomes",
    "extract_changes",
    "local_report",
}
"""Analyses that take ids from a list, so that a copy would save under the same."""
SOURCES = [each.id for each in ANALYSES if each.id not in FROM_LISTS]


def copy_of_the_checkout(folder: Path) -> Path:
    for name in COPIED:
        without = shutil.ignore_patterns("__pycache__", ".*")
        shutil.copytree(PROJECT / name, folder / name, ignore=without)
    for name in ("pyproject.toml", ".pre-commit-config.yaml"):
        shutil.copy(PROJECT / name, folder)
    return folder


@pytest.fixture
def checkout(tmp_path):
    return copy_of_the_checkout(tmp_path / "checkout")


def in_checkout(checkout: Path, *command: str) -> subprocess.CompletedProcess:
    """Run Python with the checkout's own package."""
    environment = os.environ | {"PYTHONPATH": str(checkout / "src")}
    return subprocess.run(
        [sys.executable, *command], cwd=checkout, env=environment, capture_output=True, text=True
    )


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_the_command_leaves_the_tests_green_and_the_files_as_the_linters_want_them(checkout):
    made = in_checkout(
        checkout, *CLI, "new", "a_copy_for_tests", "--from", "rituximab_time_to_switch"
    )
    assert made.returncode == 0, made.stderr
    assert f"{checkout / 'notebooks' / 'a_copy_for_tests.ipynb'}\n" in made.stdout
    looks = ("tests/test_catalogue.py", "tests/test_notebooks.py", "tests/test_labels.py")
    tested = in_checkout(
        checkout, "-m", "pytest", "-p", "no:cacheprovider", "-k", "not hook", *looks
    )
    assert tested.returncode == 0, tested.stdout
    for check in (("check",), ("format", "--check")):
        linted = in_checkout(checkout, "-m", "ruff", *check, "--no-cache", "src", "tests")
        assert linted.returncode == 0, linted.stdout
    assert "a_copy_for_tests" in in_checkout(checkout, *CLI, "list").stdout
    assert (
        "a_copy_for_tests" in in_checkout(checkout, "-m", "pytest", "--collect-only", *looks).stdout
    )


def test_a_copy_has_none_of_what_the_original_showed(checkout):
    path = checkout / "notebooks" / "rituximab_time_to_switch.ipynb"
    held = json.loads(path.read_text(encoding="utf-8"))
    shown = {"output_type": "stream", "name": "stdout", "text": ["4711"]}
    held["cells"][-2] |= {"cell_type": "code", "execution_count": 7, "outputs": [shown]}
    path.write_text(json.dumps(held), encoding="utf-8")
    copied = copy_analysis("my_question", path.stem, project=checkout)[0]
    assert "4711" in path.read_text(encoding="utf-8")
    assert "4711" not in copied.read_text(encoding="utf-8")


@pytest.mark.parametrize("source", SOURCES)
def test_a_copy_shares_no_id_with_any_analysis_and_the_row_is_as_the_formatter_wants_it(
    checkout, source
):
    copy_analysis("a_copy_for_tests", source, project=checkout)
    catalogue = checkout / "src" / "msanalysis" / "catalogue.py"
    linted = in_checkout(checkout, "-m", "ruff", "format", "--no-cache", "--check", str(catalogue))
    assert linted.returncode == 0, linted.stdout
    names: dict = {}
    exec(compile(catalogue.read_text(encoding="utf-8"), "catalogue", "exec"), names)
    *others, copy = names["ANALYSES"]
    original = next(each for each in ANALYSES if each.id == source)
    assert (copy.id, copy.title, copy.needs) == ("a_copy_for_tests", original.title, original.needs)
    assert [*copy.captions.values()] == [*original.captions.values()]
    assert set(copy.figures.values()) == {""}
    taken = {id for each in others for id in (*each.figures, *each.captions)}
    assert not taken & {*copy.figures, *copy.captions}
    notebook = (checkout / "notebooks" / "a_copy_for_tests.ipynb").read_text(encoding="utf-8")
    assert all(f'\\"{id}\\"' in notebook for id in {*copy.figures, *copy.captions})
    assert f'\\"{source}' not in notebook


def test_only_new_files_and_new_rows_are_written(checkout):
    before = contents(checkout)
    written = copy_analysis("a_copy_for_tests", "overall_survival", project=checkout)
    after = contents(checkout)
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {path.relative_to(checkout).as_posix() for path in written}
    assert {name for name in changed if name in before} == {
        "src/msanalysis/catalogue.py",
        "src/msanalysis/labels.csv",
    }
    for name in changed & set(before):
        kept = after[name].decode().splitlines()
        assert [line for line in before[name].decode().splitlines() if line not in kept] == []


@pytest.mark.parametrize(
    ("id", "source", "said"),
    [
        ("overall_survival", "diagnostic_workup", "is there already"),
        ("annual_report_2024", "diagnostic_workup", r"\(params/annual_report_2024.yaml\)"),
        ("overall", "diagnostic_workup", "begin with overall already; choose another id"),
        ("My question", "diagnostic_workup", "such as my_question"),
        ("../escape", "diagnostic_workup", "such as my_question"),
        ("q", "diagnostic_workup", "such as my_question"),
        (
            "a_copy_for_tests",
            "survival",
            "no analysis survival in the catalogue; known are rituximab",
        ),
        *(("a_copy_for_tests", source, "copy another, such as") for source in sorted(FROM_LISTS)),
    ],
)
def test_what_cannot_be_copied_is_refused_with_the_next_step_and_writes_nothing(
    checkout, id, source, said
):
    before = contents(checkout)
    with pytest.raises(RunRefused, match=said):
        copy_analysis(id, source, project=checkout)
    assert contents(checkout) == before


def test_outside_a_checkout_it_says_where_it_works(tmp_path):
    with pytest.raises(RunRefused, match="clone the repository"):
        copy_analysis("a_copy_for_tests", "overall_survival", project=tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("step", ["write_text", "replace"])
@pytest.mark.parametrize("files_before", [0, 3, 5])
def test_when_writing_fails_half_way_every_file_is_as_it_was(
    checkout, monkeypatch, step, files_before
):
    before, done, works = contents(checkout), [], getattr(Path, step)

    def fails(path, *given, **options):
        if len(done) == files_before:
            raise OSError("no space left")
        done.append(path)
        return works(path, *given, **options)

    monkeypatch.setattr(Path, step, fails)
    with pytest.raises(OSError, match="no space"):
        copy_analysis("a_copy_for_tests", "overall_survival", project=checkout)
    assert contents(checkout) == before


def test_the_texts_of_the_copy_ask_for_the_numbers_of_its_notebook(checkout):
    copy_analysis("a_copy_for_tests", "rituximab_time_to_switch", project=checkout)
    cells = json.loads((checkout / "notebooks" / "a_copy_for_tests.ipynb").read_text())["cells"]
    source = "".join("".join(cell["source"]) for cell in cells)
    for lang in ("nb", "en"):
        text = (checkout / "src/msanalysis/texts" / f"a_copy_for_tests.{lang}.md").read_text()
        asked = {part.split("}}")[0].strip().split(".")[0] for part in text.split("{{")[1:]}
        assert asked
        assert all(f'"{id}"' in source for id in asked)
        assert all(id.startswith("a_copy_for_tests_") for id in asked)
