"""The rules for notebooks: thin, without stored output, nothing shown that is not released."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from invented_notebooks import write_notebook
from msanalysis.run import PROJECT, RunRefused
from msanalysis.run.parameters import PARAMETERS_TAG, read_cells, read_parameters

NOTEBOOKS = sorted((PROJECT / "notebooks").glob("*.ipynb"))
FORBIDDEN = {
    ast.FunctionDef: "def",
    ast.AsyncFunctionDef: "def",
    ast.Lambda: "lambda",
    ast.ClassDef: "class",
    ast.If: "if",
    ast.IfExp: "if",
    ast.For: "for",
    ast.comprehension: "for",
    ast.While: "while",
    ast.Try: "try",
    ast.With: "with",
}
FORBIDDEN_NAMES = {"print", "display", "pandas", "pd", "eval", "exec", "getattr", "__import__"}
FORBIDDEN_ATTRIBUTES = {"frame", "hidden", "exclusions"}
ABSOLUTE_PATH = re.compile(r"""["'](/|~|[A-Za-z]:\\+|file:)[\w./\\]""")
RANDOM_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){0,3}")


def problems(path: Path) -> set[str]:
    """Return the rules a notebook breaks."""
    content = json.loads(path.read_text(encoding="utf-8"))
    cells = content["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    return (
        _stored(content, code)
        | _ids(cells)
        | _question(cells)
        | _parameters(path)
        | {problem for cell in code for problem in _wiring("".join(cell["source"]))}
        | ({"absolute path"} if ABSOLUTE_PATH.search(json.dumps(content)) else set())
    )


def _stored(content: dict, code: list[dict]) -> set[str]:
    found = {"stored output" for cell in code if cell["outputs"]}
    found |= {"execution count" for cell in code if cell["execution_count"] is not None}
    found |= {"metadata of a tool" for cell in code if set(cell["metadata"]) - {"tags"}}
    if set(content["metadata"]) - {"kernelspec", "language_info"}:
        found.add("metadata of a tool")
    if set(content["metadata"].get("language_info", ())) - {"name"}:
        found.add("metadata of a tool")
    return found


def _ids(cells: list[dict]) -> set[str]:
    ids = [cell.get("id", "") for cell in cells]
    stable = all(id and not RANDOM_ID.fullmatch(id) for id in ids) and len(set(ids)) == len(ids)
    return set() if stable else {"cell ids that do not last"}


def _question(cells: list[dict]) -> set[str]:
    first = "".join(cells[0]["source"]).lstrip()
    asks = cells[0]["cell_type"] == "markdown" and "?" in first.partition("\n")[0]
    return set() if asks else {"no question first"}


def _parameters(path: Path) -> set[str]:
    try:
        declared = read_parameters(path)
    except RunRefused:
        return {"parameters"}
    return {"parameter without a comment" for parameter in declared if not parameter.comment}


def _wiring(source: str) -> set[str]:
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except SyntaxError:
        return {"not plain Python"}
    return (
        {FORBIDDEN[type(node)] for node in nodes if type(node) in FORBIDDEN}
        | {node.id for node in nodes if isinstance(node, ast.Name) and node.id in FORBIDDEN_NAMES}
        | {
            f".{node.attr}"
            for node in nodes
            if isinstance(node, ast.Attribute)
            and (node.attr in FORBIDDEN_ATTRIBUTES or node.attr.startswith("_"))
        }
        | {"import from elsewhere" for node in nodes if _imports_from_elsewhere(node)}
    )


def _imports_from_elsewhere(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.level > 0 or (node.module or "").split(".")[0] != "msanalysis"
    return isinstance(node, ast.Import)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_are_wiring_and_nothing_else(path):
    assert problems(path) == set()


def test_there_are_notebooks_to_hold_to_the_rules():
    assert len(NOTEBOOKS) >= 2


GOOD = "from msanalysis.release import release\nresult = release(3)\nresult"


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (GOOD, set()),
        ("def count(rows):\n    return rows", {"def"}),
        ("count = lambda rows: rows", {"lambda"}),
        ("if True:\n    3", {"if"}),
        ("3 if lang else 4", {"if"}),
        ("for each in lang:\n    each", {"for"}),
        ("[each for each in lang]", {"for"}),
        ("while False:\n    3", {"while"}),
        ("import pandas as pd", {"import from elsewhere"}),
        ("from pandas import DataFrame", {"import from elsewhere"}),
        ("from msanalysis_more import x", {"import from elsewhere"}),
        ("from .neighbour import x", {"import from elsewhere"}),
        ("pd.DataFrame()", {"pd"}),
        ("print(3)", {"print"}),
        ("open('/home/anna/extract')", {"absolute path"}),
        ("open('C:\\\\Users\\\\anna')", {"absolute path"}),
        ("open('~/extract')", {"absolute path"}),
        ("open('../outputs/extracts/mine')", set()),
        ("cohort.frame", {".frame"}),
        ("getattr(cohort, 'frame')", {"getattr"}),
        ("cohort.__dict__", {".__dict__"}),
        ("%matplotlib inline", {"not plain Python"}),
    ],
)
def test_a_notebook_that_does_more_than_wiring_is_caught(tmp_path, body, found):
    assert problems(write_notebook(tmp_path, "bad", body)) == found


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda cells: cells[2].update(outputs=[{"output_type": "stream"}]), "stored output"),
        (lambda cells: cells[2].update(execution_count=3), "execution count"),
        (lambda cells: cells[2].update(metadata={"papermill": {}}), "metadata of a tool"),
        (lambda cells: cells[2].update(id="8f2a11bc"), "cell ids that do not last"),
        (lambda cells: cells[2].update(id="question"), "cell ids that do not last"),
        (lambda cells: cells[2].pop("id"), "cell ids that do not last"),
        (lambda cells: cells[0].update(source="# Survival"), "no question first"),
        (lambda cells: cells[1].update(metadata={}), "parameters"),
        (lambda cells: cells[1]["source"].append("size: int = 3"), "parameter without a comment"),
    ],
)
def test_a_notebook_that_is_not_kept_clean_is_caught(tmp_path, change, found):
    path = write_notebook(tmp_path, "bad", GOOD)
    content = json.loads(path.read_text())
    change(content["cells"])
    path.write_text(json.dumps(content))
    assert problems(path) == {found}


OPENED_IN_JUPYTERLAB = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
        "version": "3.11.7",
    },
}
OUTPUT = {"output_type": "stream", "name": "stdout", "text": ["P-4711\n"]}


def test_the_hook_before_a_commit_takes_out_what_jupyterlab_adds_and_leaves_the_ids(tmp_path):
    path = write_notebook(tmp_path / "notebooks", "count", GOOD)
    cells, content = read_cells(path), json.loads(path.read_text())
    content["metadata"] = OPENED_IN_JUPYTERLAB
    content["cells"][2] |= {"outputs": [OUTPUT], "execution_count": 3}
    content["cells"][2]["metadata"] = {"editable": True, "jupyter": {"source_hidden": True}}
    path.write_text(json.dumps(content))
    assert problems(path) == {"stored output", "execution count", "metadata of a tool"}
    shutil.copy(PROJECT / ".pre-commit-config.yaml", tmp_path)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    environment = os.environ | {"PRE_COMMIT_HOME": str(tmp_path / "home")}
    git = ["git", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "notebooks", ".pre-commit-config.yaml"], check=True)
    hook = [sys.executable, "-m", "pre_commit", "run", "--all-files"]
    for code in (1, 0):  # changed, and then as it should be
        done = subprocess.run(hook, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == code, done.stdout
    assert problems(path) == set()
    assert read_cells(path) == cells
    kept = [cell["id"] for cell in json.loads(path.read_text())["cells"]]
    assert kept == [cell["id"] for cell in content["cells"]]
    assert "4711" not in path.read_text()


def test_the_parameters_cell_is_tagged_as_papermill_and_the_runner_expect():
    assert PARAMETERS_TAG == "parameters"
