"""Cells: the numbers of persons that tables show, so described that two of them can be compared.

A cell is a base set of persons and a box: the levels that some dimensions are held to. Cells of one
base and one box are one number, wherever they stand.
"""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import pandas as pd

from msanalysis.core import ALL, Counted, Except, Levels, Released, Restriction, Result

WHOLE = (-math.inf, math.inf)


@dataclass(frozen=True)
class Days:
    """The days after `after`, up to and with `until`."""

    after: float
    until: float


Part = Levels | Days
"""What a dimension is held to."""


@dataclass(frozen=True)
class Cell:
    """A number of persons, and where it stands in its table.

    Attributes
    ----------
    key
        Base and box in one order: equal where the cell is the same.
    row, column
        Its place in the table; `n_persons` has no row.
    value
        The exact count.
    total
        Whether it is the sum of others of its table.
    cost
        What goes first where one of several must be hidden: small numbers, and of those at fixed
        times and of exclusions the last.
    """

    key: str
    base: str
    box: Mapping[str, Part]
    row: int
    column: str
    value: int
    total: bool = False
    cost: int = 0


def cells_of(result: Result | Released, frame: pd.DataFrame) -> list[Cell]:
    """Return the cells of `frame`: the table of `result`, or what the gate has left of it.

    Counts of which a statistic does not say whom they count are not among them.
    """
    return _cells(result.counted, frame) if result.counted else []


def cells_of_its_own(result: Result, frame: pd.DataFrame) -> list[Cell]:
    """Return the cells of those counts of a table of which it does not say whom they count.

    They can be compared with each other alone: every column of text divides persons.
    """
    counted = result.counted
    said = {*counted.counts, *counted.cells} if counted else set()
    columns = (result.dimension,) if result.dimension in frame else ()
    text = [name for name in frame if not pd.api.types.is_numeric_dtype(frame[name])]
    others = [name for name in (*text, "time_days") if name in frame and name not in columns]
    divided = Counted(
        base=f"{result.statistic} of {result.population}",
        columns={name: name for name in columns},
        counts={
            name: Restriction(columns, {name: ("yes",)})
            for name in result.counts
            if name not in said
        },
        rows=tuple({name: (str(row[name]),) for name in others} for _, row in frame.iterrows()),
    )
    return _cells(divided, frame)


def _cells(counted: Counted, frame: pd.DataFrame) -> list[Cell]:
    if counted.cells:
        return _told(counted, frame)
    rows = list(zip(frame.index, frame.to_dict("records"), strict=True))
    found = []
    for column, restriction in counted.counts.items():
        if column not in frame:
            continue
        days = _days(frame, column, restriction)
        for (number, row), within in zip(rows, days, strict=True):
            if pd.isna(row[column]) or within is None:
                continue
            box = box_of(counted, restriction, row, number)
            box = joined(box, {restriction.time_dimension: within})
            total = any(row.get(name) == ALL for name in restriction.columns) or (
                row.get("step") in (ALL, "included")
            )
            value = int(row[column])
            in_order = restriction.time or "step" in row
            cost = -number if in_order else value
            found.append(cell_of(counted.base, box, number, column, value, total, cost))
    return found


def _told(counted: Counted, frame: pd.DataFrame) -> list[Cell]:
    """Return the cells of a table that says base and box of each row itself."""
    return [
        cell_of(*boxes[number], number, column, int(value), _sums_others(row), int(value))
        for column, boxes in counted.cells.items()
        if column in frame
        for number, row, value in zip(
            frame.index, frame.to_dict("records"), frame[column], strict=True
        )
        if pd.notna(value)
    ]


def _sums_others(row: Mapping[str, Any]) -> bool:
    return row.get("stratum") == ALL or row.get("level") in ("nation", "region")


def size_of(result: Result) -> Cell | None:
    """Return the cell of all persons of the cohort.

    None where a column was not delivered: such a table is of nobody, though its cohort is not.
    """
    counted = result.counted
    if counted is None or (counted.rows and result.shape != "flow") or not result.n_persons:
        return None
    return cell_of(
        counted.base, dict(counted.fixed), -1, "n_persons", result.n_persons, True, result.n_persons
    )


def box_of(
    counted: Counted, restriction: Restriction, row: Mapping[str, Any], number: int
) -> dict[str, Part]:
    """Return the box of one row of a count, without its days."""
    box: dict[str, Part] = dict(counted.rows[number] if counted.rows else counted.fixed)
    for column in restriction.columns:
        dimension = counted.columns.get(column)
        if dimension != column:
            dimension = row.get(dimension, dimension)
        if dimension is not None and row[column] != ALL:
            box = joined(box, {dimension: (str(row[column]),)})
    return joined(box, restriction.also)


def _days(frame: pd.DataFrame, column: str, restriction: Restriction) -> list[Days | None]:
    """Return the days each row of a count is about."""
    if not restriction.time or restriction.time_column not in frame:
        return [Days(*WHOLE)] * len(frame)
    times = frame[restriction.time_column].astype("float64").to_list()
    if restriction.time == "until":
        return [None if math.isnan(day) else Days(-math.inf, math.floor(day)) for day in times]
    if restriction.time == "from":
        return [None if math.isnan(day) else Days(math.ceil(day) - 1, math.inf) for day in times]
    keys = [name for name in ("stratum", "cause") if name in frame]
    begins = _step_begins(frame, column, keys, restriction)
    if restriction.time == "after":
        return [Days(begin, math.inf) for begin in begins]
    return [Days(begin, day) for begin, day in zip(begins, times, strict=True)]


def _step_begins(
    frame: pd.DataFrame, column: str, keys: list[str], restriction: Restriction
) -> list[float]:
    """Return the day before each step begins: where the row before that has the count ends."""
    days = frame[restriction.time_column].astype("float64").where(frame[column].notna())
    groups = [frame[name] for name in keys]
    last = days.groupby(groups).ffill() if keys else days.ffill()
    before = last.groupby(groups).shift() if keys else last.shift()
    return before.fillna(-math.inf).to_list()


# --- boxes ----------------------------------------------------------------------------------------


def joined(first: Mapping[str, Part], second: Mapping[str, Part]) -> dict[str, Part]:
    """Return the box of who is in both."""
    box = dict(first)
    for name, part in second.items():
        box[name] = _both(box[name], part) if name in box else part
    return {name: part for name, part in box.items() if part not in (Days(*WHOLE), Except(()))}


def _both(first: Part, second: Part) -> Part:
    if isinstance(first, Days):
        return Days(max(first.after, second.after), min(first.until, second.until))
    if isinstance(first, Except) and isinstance(second, Except):
        return Except(tuple({*first.levels, *second.levels}))
    if isinstance(first, Except):
        first, second = second, first
    if isinstance(second, Except):
        return tuple(level for level in first if level not in second.levels)
    return tuple(level for level in first if level in second)


def cell_of(base: str, box: Mapping[str, Part], *place: Any) -> Cell:
    """Return a cell; `place` is row, column, value, total and cost."""
    return Cell(key_of(base, box), base, dict(box), *place)


def key_of(base: str, box: Mapping[str, Part]) -> str:
    """Return base and box as one text: JSON, put together from what was written before."""
    held = ", ".join([_text(name, box[name]) for name in sorted(box)])
    return f"[{_quoted(base)}, {{{held}}}]"


_quoted = cache(json.dumps)


def _text(name: str, part: Part) -> str:
    """Return the part of a key that holds one dimension."""
    # a day is written as the number it is: 1 and 1.0 are equal, and would share what is kept
    return _written(name, part) if isinstance(part, Days) else _kept_text(name, part)


def _written(name: str, part: Part) -> str:
    return json.dumps({name: _plain(part)})[1:-1]


_kept_text = cache(_written)


def by_day_keys(base: str, other: Mapping[str, Part], dimension: str, day: float) -> set[str]:
    """Return the keys of who had left by the end of a day, and of who had not."""
    if math.isinf(day):
        return set()
    halves = (Days(-math.inf, day), Days(day, math.inf))
    return {key_of(base, {**other, dimension: half}) for half in halves}


def hidden_days(
    keys: Iterable[str], base: str, other: Mapping[str, Part], dimension: str
) -> set[float]:
    """Return the days of which one of the keys tells as `by_day_keys` does."""
    days = set()
    for key in keys:
        of, box = json.loads(key)
        part = box.pop(dimension, None)
        if isinstance(part, dict) and "days" in part and [of, box] == [base, plain_box(other)]:
            days |= {day for day in part["days"] if day is not None}
    return days


def plain_box(box: Mapping[str, Part]) -> dict[str, Any]:
    """Return a box for JSON."""
    return {name: _plain(part) for name, part in sorted(box.items())}


def _plain(part: Part) -> Any:
    if isinstance(part, Days):
        ends = (part.after, part.until)
        return {"days": [None if math.isinf(day) else day for day in ends]}
    if isinstance(part, Except):
        return {"except": sorted(part.levels)}
    return sorted(part)


def read_box(plain: Mapping[str, Any]) -> dict[str, Part]:
    """Return the box that `plain_box` wrote."""
    return {name: _read(part) for name, part in plain.items()}


def _read(part: Any) -> Part:
    if isinstance(part, list):
        return tuple(part)
    if "except" in part:
        return Except(tuple(part["except"]))
    after, until = part["days"]
    return Days(-math.inf if after is None else after, math.inf if until is None else until)
