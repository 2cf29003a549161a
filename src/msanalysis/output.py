"""From Released tables to files: numbers with an id, sentences that hold them, figures and tables.

A notebook ends with `save`; the runner assembles what the notebooks saved into `release/`.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import StrictUndefined, UndefinedError
from jinja2.sandbox import SandboxedEnvironment

from msanalysis import labels
from msanalysis.core import Box, Except, Released
from msanalysis.figures.picture import Picture
from msanalysis.release.cells import cells_of
from msanalysis.spreadsheets import inert
from msanalysis.tables import cells
from msanalysis.units import DAYS_PER_YEAR

_ID = re.compile(r"[a-z][a-z0-9_]*")
_N_COLUMNS = ("denominator", "n", "n_at_risk")


@dataclass(frozen=True)
class Number:
    """One released number under an id of its own: a row of `numbers.csv`.

    `hidden` is 1 where the gate hides the value; the row stays, empty. `absent` is the word that
    stands for a value that is not there: hidden, not reached (a median) or not available. `counts`
    are the cells behind it, by key; they are not written.
    """

    id: str
    population: str
    measure: str
    value: float | None
    unit: str
    n: int | None
    lower: float | None
    upper: float | None
    hidden: int
    absent: str = ""
    counts: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"{self.id} = {self.absent or self.value} {self.unit}"


def number(
    id: str, released: Released, column: str, *, unit: str = "persons", **where: object
) -> Number:
    """Return the cell of `released` in `column` of the one row where all of `where` hold.

    `unit` percent, and percentage_points for a difference of shares, multiply by 100; years divides
    a column of days by 365.25. The interval is the row's `lower` and `upper` (`lower_days`,
    `upper_days`) unless the cell is a count.

    Raises
    ------
    TypeError
        When `released` has not passed the gate.
    LookupError
        When several rows fit, or no level of a share. A table without the row (a stratum nobody
        is in, columns not delivered) gives no value.
    """
    if not isinstance(released, Released):
        raise TypeError(f"number({id!r}) takes a Released: call release() first")
    row, hidden = _row(id, released, where)
    measure = f"{released.statistic}:{column.removesuffix('_days')}"
    if row is None:
        absent = "not_available"
        return Number(id, released.population, measure, None, unit, None, None, None, 0, absent)
    is_count = column in released.counts
    lower, upper = ("", "") if is_count else _interval_columns(column, row, hidden)
    value = _value(row[column], column, unit)
    return Number(
        id=id,
        population=released.population,
        measure=measure,
        value=value,
        unit=unit,
        n=next((_whole(row[name]) for name in _N_COLUMNS if name in row and name != column), None),
        lower=_value(row[lower], lower, unit) if lower else None,
        upper=_value(row[upper], upper, unit) if upper else None,
        hidden=int(hidden[column]),
        absent=_absent(value, column, hidden[column]),
        counts=_counts_behind(released, row.name, column),
    )


def _counts_behind(released: Released, row: int, column: str) -> tuple[str, ...]:
    """Return the cells whose hiding would hide the value."""
    if released.counted is None:
        return ()
    behind = {name for name, others in released.counts.items() if column in (name, *others)}
    found = cells_of(released, released.frame.loc[[row]])
    return tuple(cell.key for cell in found if cell.column in behind)


def numbers_by(
    ids: Mapping[str, str],
    by: str,
    released: Released,
    column: str,
    *,
    unit: str = "persons",
    **where: object,
) -> list[Number]:
    """Return `number` under each id of `ids`, which says for which level of the column `by`.

    The level must be in one row only where all of `where` hold.
    """
    return [
        number(id, released, column, unit=unit, **{by: level}, **where) for level, id in ids.items()
    ]


def _absent(value: float | None, column: str, hidden: bool) -> str:
    if hidden:
        return "hidden_number"
    if value is not None:
        return ""
    return "not_reached" if column == "median_days" else "not_available"


def _row(id: str, released: Released, where: Mapping[str, object]):
    unknown = set(where) - set(released.frame.columns)
    if unknown:
        raise LookupError(f"number({id!r}): the table has no column {', '.join(sorted(unknown))}")
    if released.frame.empty:
        return None, None
    fits = pd.Series(True, index=released.frame.index)
    for name, value in where.items():
        fits &= released.frame[name] == value
    if fits.sum() > 1:
        raise LookupError(f"number({id!r}): {fits.sum()} rows fit {where}; name one")
    if not fits.any() and released.statistic == "shares":
        raise LookupError(f"number({id!r}): no level {where}; the table has every level there is")
    if not fits.any():
        return None, None
    return released.frame[fits].iloc[0], released.hidden[fits].iloc[0]


def _interval_columns(column: str, row: pd.Series, hidden: pd.Series) -> tuple[str, str]:
    """Return the columns of the limits; none where one is hidden: it is not an open end."""
    suffix = "_days" if column.endswith("_days") else ""
    names = (f"lower{suffix}", f"upper{suffix}")
    whole = all(name in row and not hidden[name] for name in names)
    return names if whole else ("", "")


def _value(cell: object, column: str, unit: str) -> float | None:
    if cell is None or cell is pd.NA or math.isnan(cell):
        return None
    if unit in ("persons", "days"):
        return round(cell)
    if unit == "years" and column.endswith("_days"):
        return round(float(cell) / DAYS_PER_YEAR, 2)
    is_share = unit in ("percent", "percentage_points")
    return round(100 * float(cell), 2) if is_share else round(float(cell), 4)


def _whole(cell: object) -> int | None:
    return None if cell is None or cell is pd.NA or math.isnan(cell) else int(cell)


# --- sentences ------------------------------------------------------------------------------------


class Sentences(dict[str, str]):
    """A text in every language of the run, as Markdown; a notebook shows the first."""

    def _repr_markdown_(self) -> str:
        return next(iter(self.values()))


def sentences(text: str, numbers: Iterable[Number], *, lang: list[str]) -> Sentences:
    """Fill `texts/<text>.<lang>.md` with `numbers`, in every language.

    In a text `{{ id }}` is the value with its unit, `{{ id.interval }}` its interval, `{{ id.n }}`
    the number of persons behind it. A hidden number reads "fewer than the threshold".

    Raises
    ------
    LookupError
        When a text is missing in a language, or asks for a number that is not there.
    """
    numbers = list(numbers)
    environment = SandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=True)
    filled = Sentences()
    for language in lang:
        spoken = {each.id: _Spoken(each, language) for each in numbers}
        try:
            template = environment.from_string(_template(text, language))
            filled[language] = template.render(spoken).strip() + "\n"
        except UndefinedError as error:
            raise LookupError(
                f"texts/{text}.{language}.md: {error.message}; make it with number() and pass it "
                "on, or take it out of the text"
            ) from None
    return filled


def _template(text: str, lang: str) -> str:
    path = files("msanalysis").joinpath(f"texts/{text}.{lang}.md")
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise LookupError(
            f"no text in {lang}: write src/msanalysis/texts/{text}.{lang}.md"
        ) from None


@dataclass(frozen=True)
class _Spoken:
    number: Number
    lang: str

    def __str__(self) -> str:
        if self.number.absent:
            return labels.word(self.number.absent, self.lang)
        return labels.quantity(self.number.value, self.number.unit, self.lang)

    @property
    def interval(self) -> str:
        """Both limits, the unit once."""
        lower, upper = self.number.lower, self.number.upper
        if self.number.absent or (lower is None and upper is None):
            return labels.word(self.number.absent or "not_available", self.lang)
        decimals = labels.UNIT_DECIMALS.get(self.number.unit, 2)
        open_end = labels.word("not_reached", self.lang)
        low = open_end if lower is None else labels.number(lower, decimals, self.lang)
        high = open_end if upper is None else labels.quantity(upper, self.number.unit, self.lang)
        return f"{low} {labels.word('to', self.lang)} {high}"

    @property
    def n(self) -> str:
        """The number of persons behind the value."""
        if self.number.n is None:
            return labels.word(self.number.absent or "hidden_number", self.lang)
        return labels.number(self.number.n, 0, self.lang)


# --- files ----------------------------------------------------------------------------------------


def save(
    analysis: str,
    out: str,
    *,
    numbers: Iterable[Number],
    figures: Mapping[str, Picture],
    tables: Mapping[str, Released],
    text: Sentences,
) -> None:
    """Write everything of one analysis into the folder `out`, in every language of the run.

    Figures and sentences are written per language; tables and numbers hold codes, once.

    Raises
    ------
    TypeError
        When something was not made from a Released: by `number`, `sentences` or a plot function.
    ValueError
        When the id of a figure or table is not letters, digits and underscores.
    """
    folder, numbers = Path(out), list(numbers)
    _require_released(numbers, figures, tables, text)
    _write_numbers(folder / "numbers.csv", numbers)
    for id, released in tables.items():
        _write_csv(folder / "tables" / f"{id}.csv", cells(released))
    for id, picture in figures.items():
        picture.save(folder / "figures", id)
    contents = {
        "analysis": analysis,
        "figures": list(figures),
        "interactive": [id for id, picture in figures.items() if picture.twin],
        "drawn_from": {id: _drawn_from(picture, tables) for id, picture in figures.items()},
        "tables": list(tables),
        "cells": {id: described(released) for id, released in tables.items()},
        "hidden": {id: _hidden(each) for id, each in tables.items() if each.shape == "table"},
        "text": dict(text),
        "quoted": sorted({key for each in numbers for key in each.counts}),
    }
    written = json.dumps(contents, ensure_ascii=False, indent=2) + "\n"
    (folder / "analysis.json").write_text(written, encoding="utf-8")


def _drawn_from(picture: Picture, tables: Mapping[str, Released]) -> list[str]:
    """Return the ids of the tables that a picture draws, or draws some rows of.

    Rows of a table keep its very settings; what else was made from it is another statistic.
    """
    drawn = {(each.statistic, id(each.settings)) for each in picture.drawn_from}
    return [
        name for name, table in tables.items() if (table.statistic, id(table.settings)) in drawn
    ]


def _hidden(released: Released) -> dict[str, int]:
    """Return how many counts are hidden for themselves and for another's sake, of how many."""
    counts = [name for name in released.counts if name in released.hidden]
    hidden = int(released.hidden[counts].to_numpy().sum())
    first = min(released.n_hidden_first, hidden)
    return {"counts": released.hidden[counts].size, "first": first, "second": hidden - first}


def described(released: Released) -> dict[str, Any]:
    """Return what a reader knows of the persons a table counts, for the manifest.

    The population as a base set and the levels it is held to; the dimension of each column; which
    of them restrict each column of counts, what else does, and what is hidden with it. Where rows
    are of different populations, `cells` gives base and levels of each, besides those of `fixed`.
    """
    counted = released.counted
    known = {
        "statistic": released.statistic,
        "shape": released.shape,
        "n_persons": released.n_persons,
        "population": {"name": released.population},
        "dimensions": {},
        "counts": {name: {"dependents": [*with_it]} for name, with_it in released.counts.items()},
    }
    if counted is None:
        return known
    known["population"] |= {"base": counted.base, "fixed": _plain(counted.fixed)}
    known["dimensions"] = dict(counted.columns)
    for name, restricted in counted.counts.items():
        time = {"how": restricted.time, "column": restricted.time_column}
        known["counts"][name] |= {
            "dimensions": [*restricted.columns],
            "also": _plain(restricted.also),
            **(
                {"time": {**time, "dimension": restricted.time_dimension}}
                if restricted.time
                else {}
            ),
        }
    shown = {*counted.columns.values()}
    if counted.cells:
        known["cells"] = {
            name: [[base, _plain(_beyond(box, counted.fixed))] for base, box in boxes]
            for name, boxes in counted.cells.items()
        }
        shown |= {name for boxes in counted.cells.values() for _, box in boxes for name in box}
    known["coarser"] = {name: each for name, each in counted.coarser.items() if name in shown}
    if counted.rows:
        known["rows"] = [_plain(box) for box in counted.rows]
    return known


def _beyond(box: Box, fixed: Box) -> Box:
    """Return what a box says besides what the population is held to."""
    return {name: levels for name, levels in box.items() if fixed.get(name) != levels}


def _plain(box: Box) -> dict[str, Any]:
    """Return a box for JSON: levels as a list, all but some as {"except": [...]}."""
    return {
        name: {"except": [*levels.levels]} if isinstance(levels, Except) else [*levels]
        for name, levels in box.items()
    }


def _require_released(
    numbers: list[Number],
    figures: Mapping[str, Picture],
    tables: Mapping[str, Released],
    text: Sentences,
) -> None:
    for id in (*figures, *tables):
        if not _ID.fullmatch(id):
            raise ValueError("the id of a figure or table must be a-z, 0-9 and _, from a letter on")
    given = {Number: numbers, Picture: figures.values(), Released: tables.values()}
    for kind, several in {**given, Sentences: [text]}.items():
        if not all(isinstance(each, kind) for each in several):
            raise TypeError(
                f"save: expected a {kind.__name__}; this is something else, that "
                "has not passed the gate: call release() first"
            )


def _write_numbers(path: Path, numbers: Iterable[Number]) -> None:
    columns = [field.name for field in fields(Number) if field.name not in ("absent", "counts")]
    frame = pd.DataFrame([asdict(each) for each in numbers], columns=columns, dtype=object)
    _write_csv(path, frame)


def _write_csv(path: Path, frame: pd.DataFrame) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # As objects: pandas would otherwise take whole numbers beside an empty cell for decimals.
    safe = {
        name: pd.Series(map(inert, column), index=frame.index, dtype=object)
        for name, column in frame.items()
    }
    pd.DataFrame(safe, index=frame.index).to_csv(
        path, index=False, lineterminator="\n", encoding="utf-8"
    )
