"""The source of a notebook as a run publishes it: with its parameters, without any output."""

import ast
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msanalysis.run.parameters import PARAMETERS_TAG, read_cells

_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


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
