"""The document that leads to a new analysis, word for word: its edits made, its commands run."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from attack.in_process import write_store
from msanalysis.run import PROJECT
from msanalysis.synthetic import synthesise
from test_new_analysis import copy_of_the_checkout

DOCUMENT = PROJECT / "docs" / "add_an_analysis.md"
WRITTEN, ID = "rituximab_by_sex", "walked_by_a_test"
"""The analysis of the document, and the name it has here: a reader may have made the other."""
BLOCK = re.compile(
    r"^```(\w+)(?: (cell|file)=(\S+))?\n(.*?)^```$|<!-- delete: (.*?) -->", re.M | re.S
)
SHOWN = {"output_type": "stream", "name": "stdout", "text": ["shown\n"]}
MADE_BEFORE = "make report"
"""The environment and the invented registry of these tests stand in for what it makes."""


def said():
    return DOCUMENT.read_text(encoding="utf-8").replace(WRITTEN, ID)


def blocks():
    """Yield what the document says to do, in its order: kind, where, and what."""
    for language, kind, name, text, deleted in BLOCK.findall(said()):
        yield (kind or ("delete" if deleted else language)), name or deleted, text


def change_cell(checkout: Path, id: str, source: str | None) -> None:
    """Give a cell of the notebook a source, and an output as JupyterLab saves it; or delete it."""
    path = checkout / "notebooks" / f"{ID}.ipynb"
    content = json.loads(path.read_text(encoding="utf-8"))
    (cell,) = [each for each in content["cells"] if each["id"] == id]
    if source is None:
        content["cells"].remove(cell)
    else:
        cell["source"] = source.splitlines(keepends=True)
        if cell["cell_type"] == "code":
            cell |= {"outputs": [SHOWN], "execution_count": 7}
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def change_file(checkout: Path, name: str, text: str) -> None:
    """Replace a file, or the row of the analysis in the catalogue."""
    path = checkout / name
    if path.name == "catalogue.py":
        source = path.read_text(encoding="utf-8")
        lines = source.splitlines(keepends=True)
        table = ast.parse(source).body[-1].value
        first = table.elts[-1].lineno - 1
        text = "".join([*lines[:first], text, *lines[table.end_lineno - 1 :]])
    path.write_text(text, encoding="utf-8")


def delete_word(checkout: Path) -> None:
    """Delete the row of labels that the document names."""
    (named,) = re.findall(r"Delete the line that begins with `(\w+)`", said())
    path = checkout / "src" / "msanalysis" / "labels.csv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith(f"{named},")]
    assert len(kept) == len(lines) - 1
    path.write_text("".join(kept), encoding="utf-8")


def shell(checkout: Path, script: str) -> str:
    """Run commands as they stand, one after the other until one fails."""
    environment = os.environ | {
        "PYTHONPATH": str(checkout / "src"),
        "PRE_COMMIT_HOME": str(checkout.parent / "pre-commit"),
    }
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=checkout,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def checkout(tmp_path):
    """Return a clone as `make report` leaves it, with few persons."""
    folder = copy_of_the_checkout(tmp_path / "clone")
    (folder / ".venv").symlink_to(sys.prefix)
    write_store(synthesise(800), folder / "outputs" / "extracts" / "synthetic")
    for name in (".gitignore", "Makefile", "README.md", "constraints.txt"):
        shutil.copy(PROJECT / name, folder)
    shell(folder, "git init -q && git add --all && git -c user.name=A -c user.email=a commit -qm A")
    return folder


def test_each_step_of_the_document_is_one_this_test_knows():
    kinds = {kind for kind, _, _ in blocks()}
    assert kinds == {"sh", "cell", "file", "delete"}
    assert MADE_BEFORE in next(text for kind, _, text in blocks() if kind == "sh")


@pytest.mark.slow
def test_the_document_leads_to_a_tested_analysis_in_two_languages(checkout):
    for kind, name, text in blocks():
        if kind == "sh":
            shell(checkout, text.replace(MADE_BEFORE, ":"))
        elif kind == "file":
            change_file(checkout, name, text)
        else:
            for id in name.split():
                change_cell(checkout, id, text.rstrip("\n") if kind == "cell" else None)
        if name == "src/msanalysis/catalogue.py":
            delete_word(checkout)
    release = checkout / "outputs" / ID / "release"
    manifest = json.loads((release / "manifest.json").read_text(encoding="utf-8"))
    (made,) = manifest["analyses"]
    assert (made["id"], made["status"]) == (ID, "ok")
    assert {each["id"] for each in made["tables"]} == {
        f"{ID}{end}" for end in ("", "_at", "_difference", "_age", "_attrition")
    }
    assert all(each["caption"]["nb"] != each["caption"]["en"] for each in made["figures"])
    assert {path.name for path in (release / "figures").glob("*.svg")} == {
        f"{ID}.nb.svg",
        f"{ID}.en.svg",
    }
    shell(checkout, ".venv/bin/ruff check . && .venv/bin/ruff format --check . && git diff --quiet")
