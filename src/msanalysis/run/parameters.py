"""What a notebook takes: read from its own `parameters` cell, which is the only declaration.

    horizon_years: int = 5  # follow-up shown; [1, 20]

Name, type and default are the assignment's, the explanation is its comment (after it, or on lines
of its own above). A comment that ends with `[low, high]` bounds a number or a date, both included;
either side may be left empty; one that ends with `[one | another]` lists the only values of a text
or a whole number. A text whose default is a date, or whose bounds are, is a date. Where `ascending`
follows the range, a list is empty or holds two values or more, each above the one before it.
"""

import ast
import io
import json
import math
import re
import tokenize
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from msanalysis.run import RunRefused

FIRST = {"extract": "str", "lang": "list[str]", "out": "str"}
"""The parameters every notebook begins with, in this order."""
FILLED = (*FIRST, "report_year", "status_date", "data_cutoff")
"""Parameters the runner fills; a run file gives them at its top, never for one analysis."""
PARAMETERS_TAG = "parameters"
_BOUND = r"\s*(\d{4}-\d\d-\d\d|[-+]?\d+(?:\.\d+)?|)\s*"
_RANGE = re.compile(rf"\[{_BOUND},{_BOUND}\](\s+ascending)?\s*$")
_CHOICE = re.compile(r"\[([\w-]+(?:\s*\|\s*[\w-]+)+)\]\s*$")


@dataclass(frozen=True)
class Parameter:
    """One parameter of a notebook: `name: type = default  # comment`."""

    name: str
    type: str
    default: Any
    comment: str

    @property
    def bounds(self) -> tuple[Any, Any] | None:
        """Both inclusive bounds (None: open), or None where the comment gives no range."""
        found = _RANGE.search(self.comment)
        return (_bound(found[1]), _bound(found[2])) if found else None

    @property
    def ascending(self) -> bool:
        """Whether the values of a list must rise."""
        found = _RANGE.search(self.comment)
        return bool(found and found[3])

    @property
    def choices(self) -> tuple[str, ...]:
        """The only values, written out, that it may have; none where the comment lists none."""
        found = _CHOICE.search(self.comment)
        return tuple(each.strip() for each in found[1].split("|")) if found else ()

    @property
    def is_date(self) -> bool:
        """Whether a text must be a date: its default or one of its bounds is."""
        return any(_is_day(value) for value in (self.default, *(self.bounds or ())))


@dataclass(frozen=True)
class Cell:
    """A cell of a notebook's file."""

    kind: Literal["markdown", "code", "raw"]
    source: str
    tags: tuple[str, ...]


def read_cells(path: Path) -> list[Cell]:
    """Read a notebook's cells; RunRefused when there is no notebook or it is none."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        return [
            Cell(
                cell["cell_type"],
                "".join(cell["source"]),
                tuple(cell["metadata"].get("tags", ())),
            )
            for cell in cells
        ]
    except OSError:
        raise RunRefused(f"{path}: no such notebook") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise RunRefused(f"{path}: not a notebook; open and save it in JupyterLab") from None


def read_parameters(path: Path) -> tuple[Parameter, ...]:
    """Return the parameters a notebook declares, in order.

    Raises
    ------
    RunRefused
        When the cell tagged `parameters` is missing or is not the declarations it must be.
    """
    tagged = [cell for cell in read_cells(path) if PARAMETERS_TAG in cell.tags]
    if len(tagged) != 1:
        raise RunRefused(f"{path}: expected one cell tagged `parameters`, found {len(tagged)}")
    return declared_in(tagged[0].source, str(path))


def declared_in(source: str, notebook: str) -> tuple[Parameter, ...]:
    """Return the parameters that a cell declares; RunRefused names the notebook."""
    try:
        statements = ast.parse(source).body
        comments = _comments(source)
        parameters = tuple(_declared(statement, comments) for statement in statements)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", error.args[0])
        raise RunRefused(
            f"{notebook}, line {line} of the parameters cell: "
            "expected `name: type = literal  # comment`"
        ) from None
    _check_declarations(notebook, parameters)
    return parameters


def check_parameters(
    analysis: str,
    parameters: tuple[Parameter, ...],
    given: Mapping[str, Any],
    last_day: date | None = None,
) -> None:
    """Refuse given values that the notebook does not know, of another type, or out of range.

    No date may lie after `last_day`, the last the extract knows of.
    """
    known = {parameter.name: parameter for parameter in parameters}
    for name, value in given.items():
        if name in FILLED:
            raise RunRefused(f"{analysis}: {name} is filled by the runner; leave it out here")
        if name not in known:
            raise RunRefused(_unknown(analysis, name, [n for n in known if n not in FILLED]))
        problem = _problem(known[name], value) or _after(known[name], value, last_day)
        if problem:
            raise RunRefused(f"{analysis}: parameter {name}: {problem}")


def _unknown(analysis: str, name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    return f"{analysis}: no parameter {name}{hint}; known are {', '.join(known) or 'none'}"


# --- reading the cell -----------------------------------------------------------------------------


def _declared(statement: ast.stmt, comments: dict[int, tuple[str, bool]]) -> Parameter:
    match statement:
        case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=ast.expr()):
            _require_known_type(annotation)
            default = _literal(statement.value)
            comment = _comment_of(statement, comments)
            return Parameter(name, ast.unparse(annotation), default, comment)
    raise ValueError(statement.lineno)


def _literal(value: ast.expr) -> Any:
    try:
        return ast.literal_eval(value)
    except ValueError:
        raise ValueError(value.lineno) from None


def _comments(source: str) -> dict[int, tuple[str, bool]]:
    """Return line -> its comment, and whether the comment stands alone on it."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {
        token.start[0]: (token.string.lstrip("# ").rstrip(), token.line.lstrip().startswith("#"))
        for token in tokens
        if token.type == tokenize.COMMENT
    }


def _comment_of(statement: ast.stmt, comments: dict[int, tuple[str, bool]]) -> str:
    first = statement.lineno
    while comments.get(first - 1, ("", False))[1]:
        first -= 1
    lines = range(first, (statement.end_lineno or first) + 1)
    return " ".join(comments[line][0] for line in lines if line in comments)


def _check_declarations(notebook: str, parameters: tuple[Parameter, ...]) -> None:
    first = {parameter.name: parameter.type for parameter in parameters[: len(FIRST)]}
    if list(first.items()) != list(FIRST.items()):
        expected = ", ".join(f"{name}: {type}" for name, type in FIRST.items())
        raise RunRefused(f"{notebook}: expected the first parameters to be {expected}")
    for parameter in parameters:
        problem = _problem(parameter, parameter.default)
        if problem:
            raise RunRefused(f"{notebook}: default of parameter {parameter.name}: {problem}")


# --- types and ranges -----------------------------------------------------------------------------

_SCALARS = {"str": str, "int": int, "bool": bool, "float": (int, float)}


def _require_known_type(annotation: ast.expr) -> None:
    """Raise ValueError(line) unless made of str, int, float, bool, None, list, dict and `|`."""
    match annotation:
        case ast.Constant(value=None) | ast.Name(id="str" | "int" | "float" | "bool"):
            return
        case ast.Name(id="list" | "dict"):
            return
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            parts = (left, right)
        case ast.Subscript(value=ast.Name(id="list"), slice=item):
            parts = (item,)
        case ast.Subscript(
            value=ast.Name(id="dict"), slice=ast.Tuple(elts=[ast.Name(id="str"), item])
        ):
            parts = (item,)
        case _:
            raise ValueError(annotation.lineno)
    for part in parts:
        _require_known_type(part)


def _fits(value: Any, annotation: ast.expr) -> bool:
    match annotation:
        case ast.Constant(value=None):
            return value is None
        case ast.Name(id="list"):
            return isinstance(value, list)
        case ast.Name(id="dict"):
            return isinstance(value, dict) and all(isinstance(key, str) for key in value)
        case ast.Name(id=name):
            return isinstance(value, _SCALARS[name]) and (
                name == "bool" or not isinstance(value, bool)
            )
        case ast.BinOp(left=left, right=right):
            return _fits(value, left) or _fits(value, right)
        case ast.Subscript(slice=ast.Tuple(elts=[_, item])):
            return _fits(value, ast.Name("dict")) and all(_fits(v, item) for v in value.values())
        case ast.Subscript(slice=item):
            return isinstance(value, list) and all(_fits(each, item) for each in value)
    return False


def _problem(parameter: Parameter, value: Any) -> str:
    """Say what is wrong with a value, or nothing."""
    annotation = ast.parse(parameter.type, mode="eval").body
    if not _fits(value, annotation):
        return f"expected {parameter.type}, got {type(value).__name__}"
    leaves = [leaf for leaf in _leaves(value) if leaf is not None]
    if any(isinstance(leaf, float) and not math.isfinite(leaf) for leaf in leaves):
        return "expected a finite number"
    if not _is_plain(value):
        return "expected only texts, numbers, lists and named values, as JSON has them"
    texts = [leaf for leaf in leaves if isinstance(leaf, str)]
    if parameter.is_date and not all(_is_day(text) for text in texts):
        return 'expected a date such as "2024-12-31"'
    if parameter.choices and any(str(leaf) not in parameter.choices for leaf in leaves):
        return f"expected one of {', '.join(parameter.choices)}"
    return _out_of_range(parameter.bounds, leaves) or _out_of_order(parameter, leaves)


def _out_of_order(parameter: Parameter, values: list[Any]) -> str:
    rises = len(values) != 1 and all(later > value for value, later in pairwise(values))
    if rises or not parameter.ascending:
        return ""
    return f"expected two values or more in {_ends(parameter.bounds)}, each above the one before it"


def _ends(bounds: tuple[Any, Any] | None) -> str:
    return f"[{', '.join('' if end is None else str(end) for end in bounds or ())}]"


def _out_of_range(bounds: tuple[Any, Any] | None, leaves: list[Any]) -> str:
    low, high = bounds or (None, None)
    kind = str if isinstance(low if low is not None else high, str) else (int, float)
    for leaf in leaves:
        if bounds and not isinstance(leaf, kind):
            return "its range is of another type than its values"
        if (low is not None and leaf < low) or (high is not None and leaf > high):
            return f"out of its range {_ends(bounds)}"
    return ""


def _after(parameter: Parameter, value: Any, last_day: date | None) -> str:
    """Say that a date lies outside the extract, or nothing."""
    if last_day is None or not parameter.is_date:
        return ""
    low = (parameter.bounds or ("", None))[0] or ""
    late = any(leaf > str(last_day) for leaf in _leaves(value) if leaf is not None)
    return f"out of the extract's range [{low}, {last_day}]" if late else ""


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in _leaves(item)]
    if isinstance(value, list):
        return [leaf for item in value for leaf in _leaves(item)]
    return [value]


def _is_day(value: Any) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _is_plain(value: Any) -> bool:
    """Whether a value comes back from a file as it is; YAML knows bytes and half characters."""
    try:
        return json.loads(json.dumps(value, ensure_ascii=False).encode()) == value
    except (TypeError, ValueError):
        return False


def _bound(text: str) -> Any:
    if not text or "-" in text[1:]:
        return text or None
    return float(text) if "." in text else int(text)
