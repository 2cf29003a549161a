"""The extract: the registry's tables, lazy, with the dates that make a run repeatable."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

import narwhals as nw
import polars as pl
import yaml

from msanalysis import schema
from msanalysis.core import Provenance

STORE_FILE = "extract.yaml"
POLARS_TYPES: Mapping[schema.Kind, Any] = MappingProxyType(
    {
        "text": pl.String,
        "code": pl.String,
        "date": pl.Date,
        "integer": pl.Int64,
        "number": pl.Float64,
        "boolean": pl.Boolean,
    }
)
_NARWHALS_TYPES = {
    "text": nw.String,
    "code": nw.String,
    "date": nw.Date,
    "integer": nw.Int64,
    "number": nw.Float64,
    "boolean": nw.Boolean,
}
_FROM_POPULATION_REGISTER = (
    "patient_id",
    "sex",
    "birth_date",
    "residence_hf",
    "consent_date",
    "included_date",
    "death_date",
    "emigration_date",
)
_STAND_INS = ("onset_date", "birth_date")
"""Dates that may stand for a whole month or year: they can lie after a day they were known on."""

_STOP = ("stop_date", "last_dose_date", "stop_reason", "stop_registered_date")


class ExtractRefused(Exception):
    """The delivery or store cannot be used. The message holds no cell and no patient_id."""


@dataclass(frozen=True, eq=False, repr=False)
class Extract:
    """The tables of one delivery.

    Attributes
    ----------
    provenance
        Source, fingerprint, status date, data cutoff.
    truth
        What the generator of an invented registry states of itself; empty for real data.
    frames
        The delivered tables with their delivered columns, lazy. Read them through `table`.
    """

    provenance: Provenance
    truth: Mapping[str, Any]
    frames: Mapping[str, nw.LazyFrame]

    def table(self, name: str) -> nw.LazyFrame:
        """Return a table with all columns of the schema, those not delivered as typed nulls.

        A table that was not delivered is empty. Raises KeyError for a name the schema lacks.
        """
        columns = _table(name).columns
        if name not in self.frames:
            return nw.from_native(pl.LazyFrame(schema=polars_schema(name)))
        held = set(self._columns(name))
        return self.frames[name].select(
            nw.col(column.name)
            if column.name in held
            else nw.lit(None, dtype=_NARWHALS_TYPES[column.kind]).alias(column.name)
            for column in columns
        )

    def delivered(self, column: str) -> bool:
        """Whether the extract holds a `table` or a `table.column` (which may have no values)."""
        table, _, name = column.partition(".")
        known = {known.name for known in _table(table).columns}
        if name and name not in known:
            raise KeyError(f"table {table} has no column {name}: see docs/data_dictionary.md")
        return table in self.frames and (not name or name in self._columns(table))

    def missing(self, needs: Iterable[str]) -> tuple[str, ...]:
        """Return those of `needs` ("table" or "table.column") that were not delivered."""
        return tuple(need for need in needs if not self.delivered(need))

    def as_known_on(self, day: date) -> "Extract":
        """Return the extract as the registry knew it at the end of `day`.

        Rows are kept that had happened and were registered by then; a row without
        `registered_date`, or of a table without it, counts as registered the day it happened.
        A stop registered later (or later than `day`, where its registration is unknown) is
        emptied with its reason and last dose. Persons who consented later are absent with all
        their rows; of those included later only what the population register says is kept.
        Death, emigration, diagnosis and transition are known on their day.

        The data cutoff becomes `day`, and a status date after it the last year's end before it.
        Misleads where an entry was corrected later: the registry keeps no earlier values.
        """
        persons = self._patients_on(day)
        frames = {
            name: persons if name == "patients" else self._rows_on(name, day, persons)
            for name in self.frames
        }
        return replace(self, provenance=_provenance_on(self.provenance, day), frames=frames)

    def _columns(self, name: str) -> list[str]:
        return self.frames[name].collect_schema().names()

    def _patients_on(self, day: date) -> nw.LazyFrame:
        patients, held = self.frames["patients"], self._columns("patients")
        if "consent_date" in held:
            consented = nw.col("consent_date")
            patients = patients.filter(consented.is_null() | (consented <= day))
        if "included_date" in held:
            included = nw.col("included_date")
            clinical = [name for name in held if name not in _FROM_POPULATION_REGISTER]
            patients = _only_where(clinical, included.is_null() | (included <= day), patients)
        for name in _dates("patients", held):
            if name not in _STAND_INS:
                patients = _only_where([name], nw.col(name) <= day, patients)
        return patients

    def _rows_on(self, name: str, day: date, persons: nw.LazyFrame) -> nw.LazyFrame:
        rows, held = self.frames[name], self._columns(name)
        if not schema.TABLES[name].about_persons:
            return rows
        rows = rows.join(persons.select("patient_id"), on="patient_id", how="semi")
        for column in event_dates(name):
            rows = rows.filter(nw.col(column) <= day)
        if "registered_date" in held:
            registered = nw.col("registered_date")
            rows = rows.filter(registered.is_null() | (registered <= day))
        return _stops_on(rows, held, day)

    def __repr__(self) -> str:
        known = self.provenance
        return f"Extract({known.source}, status {known.status_date}, cutoff {known.data_cutoff})"


def open_extract(
    store: str | Path,
    *,
    status_date: str | date | None = None,
    data_cutoff: str | date | None = None,
) -> Extract:
    """Open a store that `msanalysis import` wrote; raise ExtractRefused for anything else.

    With a `data_cutoff` before the extract's own it is opened as it was known on that day; a
    `status_date` (of an earlier report year) must not lie after the cutoff.
    """
    extract = _open_store(Path(store))
    cutoff = _day("data_cutoff", data_cutoff) or extract.provenance.data_cutoff
    if cutoff > extract.provenance.data_cutoff:
        raise ExtractRefused(
            f"data_cutoff {cutoff} lies after the extract's, {extract.provenance.data_cutoff}"
        )
    if cutoff < extract.provenance.data_cutoff:
        extract = extract.as_known_on(cutoff)
    status = _day("status_date", status_date) or extract.provenance.status_date
    if status > cutoff:
        raise ExtractRefused(f"status_date {status} lies after the data cutoff, {cutoff}")
    return replace(extract, provenance=replace(extract.provenance, status_date=status))


def _day(parameter: str, value: str | date | None) -> date | None:
    if value is None or isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ExtractRefused(f"{parameter} must be a day written as 2024-12-31") from None


def _open_store(store: Path) -> Extract:
    stated = _read_store_file(store)
    try:
        provenance = Provenance(
            **{key: stated[key] for key in ("source", "fingerprint", "status_date", "data_cutoff")}
        )
    except KeyError as error:
        raise ExtractRefused(
            f"{store / STORE_FILE} states no {error}: it is a delivery, not a store, or damaged. "
            f"Import it: `msanalysis import {store} STORE`"
        ) from None
    frames = {
        name: _scan(store / f"{name}.parquet", name)
        for name in schema.TABLES
        if (store / f"{name}.parquet").is_file()
    }
    if "patients" not in frames:
        raise ExtractRefused(f"{store} holds no patients.parquet: import the delivery again")
    return Extract(provenance, MappingProxyType(stated.get("truth") or {}), frames)


def polars_schema(name: str) -> dict[str, Any]:
    """Return column -> polars type for a table of the schema."""
    return {column.name: POLARS_TYPES[column.kind] for column in _table(name).columns}


def event_dates(name: str) -> tuple[str, ...]:
    """Return the column (none or one) that says on which day a row of the table happened."""
    columns = schema.TABLES[name].columns
    return tuple(c.name for c in columns if c.kind == "date" and c.required)


def _table(name: str) -> schema.Table:
    if name not in schema.TABLES:
        raise KeyError(f"no table {name}: the schema has {', '.join(schema.TABLES)}")
    return schema.TABLES[name]


def _dates(name: str, held: Iterable[str]) -> list[str]:
    return [held_name for held_name in held if _table(name).column(held_name).kind == "date"]


def _only_where(names: list[str], known: nw.Expr, rows: nw.LazyFrame) -> nw.LazyFrame:
    """Empty the columns where they were not known."""
    if not names:
        return rows
    return rows.with_columns(nw.when(known).then(nw.col(name)).alias(name) for name in names)


def _stops_on(rows: nw.LazyFrame, held: list[str], day: date) -> nw.LazyFrame:
    """Empty a stop, its reason and its last dose where they were not known on the day."""
    known = nw.lit(True)
    for name in ("stop_date", "stop_registered_date"):
        if name in held:
            known = known & (nw.col(name).is_null() | (nw.col(name) <= day))
    stop = [name for name in held if name in _STOP]
    rows = _only_where(stop, known, rows)
    dose = [name for name in stop if name == "last_dose_date"]
    return _only_where(dose, nw.col("last_dose_date") <= day, rows)


def _provenance_on(provenance: Provenance, day: date) -> Provenance:
    status = provenance.status_date
    if status > day:
        status = date(day.year - 1, 12, 31)
    return replace(provenance, status_date=status, data_cutoff=day)


def _read_store_file(store: Path) -> dict[str, Any]:
    path = store / STORE_FILE
    if not path.is_file():
        raise ExtractRefused(
            f"{store} is no store: it holds no {STORE_FILE}. "
            f"Make one with `msanalysis import SOURCE {store}`; "
            "`make report` makes that of the invented registry"
        )
    try:
        stated = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError):
        stated = None
    if not isinstance(stated, dict):
        raise ExtractRefused(f"{path} is not readable as YAML: import the delivery again")
    return stated


def _scan(path: Path, name: str) -> nw.LazyFrame:
    """Scan one stored table, whose columns must be of the schema's names and types."""
    try:
        frame = pl.scan_parquet(path)
        stored = frame.collect_schema()
    except (OSError, pl.exceptions.PolarsError):
        raise ExtractRefused(f"{path} is not a readable Parquet file: import again") from None
    expected = polars_schema(name)
    for column, dtype in stored.items():
        if expected.get(column) != dtype:
            raise ExtractRefused(f"{path}, column {column}: not as the schema says; import again")
    return nw.from_native(frame)
