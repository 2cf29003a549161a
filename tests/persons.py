"""Invented persons for tests: a cohort from a frame, an extract from rows."""

from datetime import date
from types import MappingProxyType

import narwhals as nw
import pandas as pd
import polars as pl

from msanalysis.core import Cohort, Provenance
from msanalysis.extract import Extract, polars_schema

PROVENANCE = Provenance("synthetic", "0" * 64, date(2024, 12, 31), date(2025, 5, 15))


def make_cohort(frame: pd.DataFrame, not_delivered: tuple[str, ...] = ()) -> Cohort:
    """Return `frame` as a cohort that excluded nobody."""
    nobody = pd.DataFrame({"step": pd.Series(dtype="object"), "n": pd.Series(dtype="int64")})
    return Cohort("invented", frame, nobody, PROVENANCE, not_delivered)


def make_extract(provenance: Provenance = PROVENANCE, **tables: list[dict]) -> Extract:
    """Return an extract whose tables hold the given rows and only the columns they name.

    Days are written as "2024-12-31".
    """
    frames = {name: nw.from_native(_lazy(name, rows)) for name, rows in tables.items()}
    return Extract(provenance, MappingProxyType({}), frames)


def _lazy(name: str, rows: list[dict]) -> pl.LazyFrame:
    types = polars_schema(name)
    held = list(dict.fromkeys(column for row in rows for column in row))
    columns = {
        column: pl.Series(column, [_value(types[column], row.get(column)) for row in rows])
        for column in held
    }
    return pl.LazyFrame(
        {name: values.cast(types[name]) for name, values in columns.items()},
    )


def _value(dtype, value):
    return date.fromisoformat(value) if dtype == pl.Date and value is not None else value


def extract_of(registry) -> Extract:
    """Return an invented registry as an extract, as the import would open it."""
    provenance = Provenance("synthetic", "0" * 64, registry.status_date, registry.data_cutoff)
    frames = {name: nw.from_native(table.lazy()) for name, table in registry.tables.items()}
    return Extract(provenance, registry.truth, frames)
