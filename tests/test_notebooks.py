"""The rules for notebooks: thin, without stored output, nothing shown that is not released."""

import ast
import json
import re
from pathlib import Path

import pytest

from invented_notebooks import write_notebook
from msanalysis.run import PROJECT, RunRefused
from msanalysis.run.parameters import PARAMETERS_TAG, read_parameters

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
    )


def _stored(content: dict, code: list[dict]) -> set[str]:
    found = {"stored output" for cell in code if cell["outputs"]}
    found |= {"execution count" for cell in code if cell["execution_count"] is not None}
    found |= {"metadata of a tool" for cell in code if set(cell["metadata"]) - {"tags"}}
    if set(content["metadata"]) - {"kernelspec", "language_info"}:
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


def test_the_parameters_cell_is_tagged_as_papermill_and_the_runner_expect():
    assert PARAMETERS_TAG == "parameters"
