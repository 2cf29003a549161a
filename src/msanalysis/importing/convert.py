"""What stands in a delivered file -> our columns, codes and types."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import polars as pl

from msanalysis import schema
from msanalysis.extract import POLARS_TYPES, ExtractRefused
from msanalysis.importing.mapping import (
    DeliveredColumn,
    DeliveryMapping,
    importable_columns,
    understood_spellings,
)
from msanalysis.importing.msis29 import NOT_OF_VERSION, score_items

ROW = "__row__"
"""The row's number in the delivered file; the first below the column names is 1."""

_MISSING = ("", "NA", "NaN")
_TIME_OF_DAY = r"[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?Z?$"
_CALENDAR = (date.min, date.max)
"""What Python, and with it every later step, can hold; Parquet can go six million years on."""
_NOT_OF_KIND = {
    "date": "not a date",
    "integer": "not a whole number",
    "number": "not a number, or another decimal mark",
    "boolean": "neither true nor false",
}


@dataclass(frozen=True)
class Finding:
    """Rows of a delivered table that a rule concerns: by number, never by content."""

    table: str
    column: str
    rule: str
    rows: tuple[int, ...]


@dataclass(frozen=True)
class Converted:
    """A delivered table in our names and types.

    `frame` holds `ROW`, the delivered columns, and the precision of dates of which some are known
    by month or year only; `unreadable` the rows with a cell that is not of its column's kind.
    """

    frame: pl.DataFrame
    unreadable: tuple[Finding, ...]


def convert_table(name: str, raw: pl.DataFrame, mapping: DeliveryMapping) -> Converted:
    """Return a delivered table in the schema's names and types.

    Raises ExtractRefused where a required column is not in the file, or is of a type that cannot
    hold what it should.
    """
    rows = _rows_of_table(raw.with_row_index(ROW, offset=1), name, mapping)
    columns = {ROW: rows[ROW].cast(pl.Int64)}
    precisions = {}
    unreadable = []
    for column, delivered in held_columns(name, raw, mapping).items():
        if delivered.items:
            columns[column.name], failed = _score(rows, delivered)
            unreadable += _found(name, column, NOT_OF_VERSION, columns[ROW].filter(failed))
            continue
        cells = _cells(rows, delivered)
        values, precision = _read_cells(name, cells, column, delivered, mapping)
        failed = _is_filled(cells) & values.is_null()
        rule = _NOT_OF_KIND.get(column.kind, "")
        unreadable += _found(name, column, rule, columns[ROW].filter(failed))
        if delivered.year or (precision != "day").any():
            precisions[precision_column(name, column.name)] = precision
        columns[column.name] = values
    frame = _with_precisions(pl.DataFrame(columns), precisions)
    return Converted(_distinct_rows(frame, name, mapping), tuple(unreadable))


def _score(rows: pl.DataFrame, delivered: DeliveredColumn) -> tuple[pl.Series, pl.Series]:
    """Return a score made of its items, and whether one of them is not of the version."""
    items = pl.DataFrame([_as_text(rows[name]).alias(name) for name in delivered.items])
    return score_items(items, delivered.version, delivered.least_answered)


def _found(table: str, column: schema.Column, rule: str, rows: pl.Series) -> list[Finding]:
    """Return the finding where there is a row of it."""
    return [Finding(table, column.name, rule, tuple(rows))] if len(rows) else []


def held_columns(
    name: str, raw: pl.DataFrame, mapping: DeliveryMapping
) -> dict[schema.Column, DeliveredColumn]:
    """Return those of a table's columns that its file holds, and how; names fold case."""
    table = mapping.tables[name]
    in_file = {held.lower(): held for held in raw.columns}
    held = {}
    for column in importable_columns(name):
        delivered = table.columns.get(column.name)
        if delivered and any(name.lower() in in_file for name in delivered.telling):
            _require_items(table.file, column, delivered, in_file)
            held[column] = delivered.renamed(in_file)
        elif column.required:
            expected = delivered.names[0] if delivered else column.name
            raise ExtractRefused(
                f"{table.file}, table {name}: expected a column {expected} ({column.name}: "
                f"{column.meaning}). Deliver it, or name it in a mapping file"
            )
    return held


def _require_items(
    file: str, column: schema.Column, delivered: DeliveredColumn, in_file: Iterable[str]
) -> None:
    missing = [name for name in delivered.items if name.lower() not in in_file]
    if missing:
        raise ExtractRefused(
            f"{file}: {column.name} is made of items, of which {', '.join(missing)} are no columns "
            "of the file. Deliver them, or leave the score out of the mapping"
        )


def unknown_columns(raw: pl.DataFrame, file: str, mapping: DeliveryMapping) -> tuple[str, ...]:
    """Return the names of a file's columns that no table of the mapping reads."""
    tables = [table for table in mapping.tables.values() if table.file == file]
    read = {name for t in tables for c in t.columns.values() for name in c.names}
    read |= {name for table in tables for name in table.rows}
    return tuple(c for c in raw.columns if c.lower() not in {name.lower() for name in read})


def precision_column(table: str, date: str) -> str:
    """Return the name of the column that says how exactly a date is known."""
    name = f"{date.removesuffix('_date')}_precision"
    return name if any(c.name == name for c in schema.TABLES[table].columns) else f"__{name}__"


def _cells(rows: pl.DataFrame, delivered: DeliveredColumn) -> pl.Series:
    """Return the column's cells; those of a date in parts joined as 2024-05-15, 2024-05 or 2024."""
    if delivered.column:
        return rows[delivered.column]
    parts = [_as_text(rows[name]) for name in delivered.names]
    if len(parts) == 3:
        parts[2] = parts[2].zip_with(parts[1].is_not_null(), pl.Series([None], dtype=pl.String))
    return pl.select(pl.concat_str(parts, separator="-", ignore_nulls=True)).to_series()


def _read_cells(
    table: str,
    cells: pl.Series,
    column: schema.Column,
    delivered: DeliveredColumn,
    mapping: DeliveryMapping,
) -> tuple[pl.Series, pl.Series]:
    """Return the values and, for a date, their precision (otherwise an empty series)."""
    try:
        if column.kind == "date":
            return _read_dates(cells, "" if delivered.year else mapping.date_format)
        return _read_values(cells, column, delivered), pl.Series(dtype=pl.String)
    except pl.exceptions.PolarsError:
        raise ExtractRefused(
            f"{mapping.tables[table].file}, table {table}, column {column.name}: expected a "
            f"{column.kind}, found a column of type {cells.dtype}. Deliver it as text"
        ) from None


def _read_values(cells: pl.Series, column: schema.Column, delivered: DeliveredColumn) -> pl.Series:
    if _is_of_kind(cells.dtype, column.kind):
        values = cells.cast(POLARS_TYPES[column.kind])
        return values.fill_nan(None) if column.kind == "number" else values
    text = _as_text(cells)
    if column.kind == "integer":
        return text.str.extract(r"^([+-]?\d+)([.,]0+)?$").cast(pl.Int64, strict=False)
    if column.kind == "number":
        return _read_numbers(text)
    if column.kind == "text":
        return text
    spelled = text.str.to_lowercase().replace(understood_spellings(column, delivered))
    if column.kind == "boolean":
        return spelled.replace_strict({"true": True, "false": False}, default=None)
    return spelled


def _is_of_kind(dtype: pl.DataType, kind: str) -> bool:
    return {
        "boolean": dtype == pl.Boolean,
        "integer": dtype.is_integer(),
        "number": dtype.is_numeric(),
    }.get(kind, False)


def _read_numbers(text: pl.Series) -> pl.Series:
    """Read numbers with the decimal mark most of the column has; the others are not numbers."""
    commas, points = (text.str.contains(mark, literal=True).sum() for mark in ",.")
    mark = "," if commas > points else "."
    number = text.str.extract(rf"^([+-]?(?:\d+(?:\{mark}\d+)?|\{mark}\d+)(?:[eE][+-]?\d+)?)$")
    return number.str.replace(mark, ".", literal=True).cast(pl.Float64, strict=False)


def _read_dates(cells: pl.Series, date_format: str) -> tuple[pl.Series, pl.Series]:
    """Read whole dates, and months as their 15th and years as their 1 July, with the precision."""
    if cells.dtype in (pl.Date, pl.Datetime):
        days = cells.cast(pl.Date)
        days = days.set(~days.is_between(*_CALENDAR), None)
        return days, pl.select(pl.when(days.is_not_null()).then(pl.lit("day"))).to_series()
    bare = pl.col("cell").str.replace(_TIME_OF_DAY, "")
    month = bare.str.replace(r"^(\d{1,2})\.(\d{4})$", "$2-$1") + "-15"
    whole = [bare.str.to_date(f, strict=False) for f in ("%Y-%m-%d", date_format or "%d.%m.%Y")]
    read = (
        _as_text(cells)
        .to_frame("cell")
        .select(
            day=pl.coalesce(whole),
            month=month.str.to_date("%Y-%m-%d", strict=False),
            year=(bare + "-07-01").str.to_date("%Y-%m-%d", strict=False),
        )
    )
    known = [pl.when(pl.col(name).is_not_null()).then(pl.lit(name)) for name in read.columns]
    return read.select(pl.coalesce("day", "month", "year")).to_series(), read.select(
        pl.coalesce(known)
    ).to_series()


def _as_text(cells: pl.Series) -> pl.Series:
    """Return cells as stripped text: whole numbers without decimals, missing ones as null."""
    if cells.dtype.is_float() or cells.dtype.is_decimal():
        cell = pl.col("cell")
        whole = cell.cast(pl.Int64, strict=False)
        text = pl.when(whole == cell).then(whole.cast(pl.String)).otherwise(cell.cast(pl.String))
        cells = cells.to_frame("cell").select(text).to_series()
    text = cells.cast(pl.String).str.strip_chars()
    return text.set(text.is_in(_MISSING), None)


def _is_filled(cells: pl.Series) -> pl.Series:
    """Tell the cells that hold something; a day beyond the calendar cannot be made a text."""
    return cells.is_not_null() if cells.dtype.is_temporal() else _as_text(cells).is_not_null()


def _with_precisions(frame: pl.DataFrame, precisions: dict[str, pl.Series]) -> pl.DataFrame:
    """Add how exactly dates are known, where the delivery does not say so itself."""
    for name, precision in precisions.items():
        stated = [frame[name]] if name in frame.columns else []
        frame = frame.with_columns(pl.coalesce(*stated, precision).alias(name))
    return frame


def _rows_of_table(raw: pl.DataFrame, name: str, mapping: DeliveryMapping) -> pl.DataFrame:
    """Keep the rows of a file that belong to the table, as the mapping says."""
    table = mapping.tables[name]
    in_file = {held.lower(): held for held in raw.columns}
    for column, value in table.rows.items():
        if column.lower() not in in_file:
            raise ExtractRefused(
                f"{table.file}, table {name}: expected a column {column}, which the mapping's "
                "`rows` names"
            )
        raw = raw.filter(_as_text(raw[in_file[column.lower()]]) == value)
    return raw


def _distinct_rows(frame: pl.DataFrame, name: str, mapping: DeliveryMapping) -> pl.DataFrame:
    """In a file that several tables share, drop a table's empty and repeated rows."""
    file = mapping.tables[name].file
    if sum(table.file == file for table in mapping.tables.values()) == 1:
        return frame
    cells = [column for column in frame.columns if column != ROW]
    own = cells if name == "patients" else [c for c in cells if c != "patient_id"]
    filled = frame.filter(pl.any_horizontal(pl.col(own).is_not_null()))
    return filled.unique(cells, keep="first", maintain_order=True)
