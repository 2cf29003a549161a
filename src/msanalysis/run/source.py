"""The source of a notebook as a run publishes it: with its parameters, without any output."""

import ast
import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from msanalysis.release_check.words import (
    A_PATH,
    AN_ADDRESS,
    machine_paths,
    names_an_address,
    unescaped,
)
from msanalysis.run.parameters import PARAMETERS_TAG, read_cells, read_parameters

_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def published_source(path: Path, parameters: Mapping[str, Any]) -> str:
    """Return a notebook as its release holds it: with what a run gave it, no folder among it."""
    given = {
        each.name: without_folders(parameters.get(each.name, each.default))
        for each in read_parameters(path)
    }
    return source_with(path, given)


def unfit_line(text: str, release: Path) -> tuple[int, str] | None:
    """Return the first cell of a source that no release may hold, and which line is wrong and why.

    The look at the release would refuse all of it; this names the line before its notebook runs.
    """
    paths = machine_paths(release)
    for place, cell in enumerate(json.loads(text)["cells"], 1):
        for number, line in enumerate(cell["source"], 1):
            held = unescaped(json.dumps(line, ensure_ascii=False))
            if names_an_address(held):
                return place, f"line {number}: {AN_ADDRESS}"
            if any(path.search(held) for path in paths):
                return place, f"line {number}: {A_PATH}"
    return None


def source_with(path: Path, values: Mapping[str, Any]) -> str:
    """Return a notebook as a file holds it, its parameters' defaults replaced by `values`.

    It is made anew from the cells' sources, so that no output, attachment or metadata comes along.
    """
    cells = []
    for place, cell in enumerate(read_cells(path), 1):
        is_declaration = PARAMETERS_TAG in cell.tags
        source = _with_values(cell.source, values) if is_declaration else cell.source
        made = {
            "cell_type": cell.kind,
            "id": f"cell-{place}",
            "metadata": {"tags": [PARAMETERS_TAG]} if is_declaration else {},
            "source": source.splitlines(keepends=True),
        }
        code = {"execution_count": None, "outputs": []} if cell.kind == "code" else {}
        cells.append(made | code)
    notebook = {"cells": cells, "metadata": _METADATA, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _with_values(source: str, values: Mapping[str, Any]) -> str:
    """Replace the literals of the declarations that have another value, and nothing else."""
    lines = source.encode().splitlines(keepends=True)  # the parser counts bytes
    begins = [0]
    for line in lines:
        begins.append(begins[-1] + len(line))
    written = b"".join(lines)
    for statement in reversed(ast.parse(source).body):
        name, held = statement.target.id, statement.value
        if name in values and values[name] != ast.literal_eval(held):
            start = begins[held.lineno - 1] + held.col_offset
            end = begins[held.end_lineno - 1] + held.end_col_offset
            written = written[:start] + _literal(values[name]).encode() + written[end:]
    return written.decode()


def _literal(value: Any) -> str:
    is_plain = isinstance(value, str) and value.isprintable() and not {*value} & {'"', "\\"}
    return f'"{value}"' if is_plain else repr(value)


def without_folders(value: Any) -> Any:
    """Return a parameter, of a file elsewhere on this machine only the name."""
    if isinstance(value, list):
        return [without_folders(each) for each in value]
    if isinstance(value, dict):
        return {name: without_folders(each) for name, each in value.items()}
    if isinstance(value, str) and _is_elsewhere(value):
        return PureWindowsPath(value).name
    return value


def _is_elsewhere(path: str) -> bool:
    """Whether a path leads out of the checkout, in which a notebook or a run file lies."""
    is_absolute = any(kind(path).is_absolute() for kind in (PurePosixPath, PureWindowsPath))
    return is_absolute or path.startswith(("~", "../..", "..\\.."))
