"""A small invented registry in every table and column, and deliveries written from it."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from msanalysis import schema
from msanalysis.extract import event_dates, polars_schema

STATUS_DATE, DATA_CUTOFF = date(2024, 12, 31), date(2025, 5, 1)
DATES = {"status_date": STATUS_DATE, "data_cutoff": DATA_CUTOFF, "source_name": "project"}
SECRET = "hemmelig-4711"


@dataclass
class SmallRegistry:
    tables: dict[str, pl.DataFrame]
    truth: dict[str, Any] = field(default_factory=lambda: {"median_years": {"all": 48.9}})
    status_date: date = STATUS_DATE
    data_cutoff: date = DATA_CUTOFF


def small_registry(n_persons: int = 120, seed: int = 1) -> SmallRegistry:
    rng = np.random.default_rng(seed)
    persons = np.array([f"p{number:05d}" for number in range(n_persons)])
    tables = {
        name: _rows(name, _persons_of(name, persons, rng), rng)
        for name in schema.TABLES
        if name not in ("patients", "registrations")
    }
    patients = _patients(persons, rng)
    tables = {"patients": patients, **tables, "registrations": _registrations(patients)}
    return SmallRegistry({name: tables[name] for name in schema.TABLES})


def plain_tables(n_persons: int = 40) -> dict[str, pl.DataFrame]:
    """Return sound rows as texts, one a person and table, that hold nothing but secrets."""
    persons = [f"{SECRET}-{number}" for number in range(1, n_persons + 1)]
    rows = {
        "patients": {
            "sex": "female",
            "birth_date": "1980-01-01",
            "residence_hf": "ous",
            "onset_date": "2010-03-15",
            "diagnosis_date": "2011-01-01",
            "relapses_before_diagnosis": "2",
        },
        "treatments": {
            "substance": "rituximab",
            "start_date": "2012-01-01",
            "stop_date": "2014-01-01",
            "in_trial": "false",
        },
        "visits": {"visit_date": "2020-01-01", "registered_date": "2020-02-01"},
        "edss": {"measured_date": "2020-01-01", "score": "2.5"},
        "relapses": {"relapse_date": "2015-01-01"},
        "mri": {"mri_date": "2015-01-01", "gd_lesions": "1"},
    }
    return {
        name: pl.DataFrame({"patient_id": persons}).with_columns(
            **{column: pl.lit(value) for column, value in cells.items()}
        )
        for name, cells in rows.items()
    }


def with_cells(
    tables: dict[str, pl.DataFrame], table: str, column: str, value: str | None, rows: range
) -> dict[str, pl.DataFrame]:
    """Return the tables with the cells of some rows (the first is 1) replaced."""
    row = pl.int_range(1, pl.len() + 1)
    cell = pl.when(row.is_in(list(rows))).then(pl.lit(value)).otherwise(column).alias(column)
    return tables | {table: tables[table].with_columns(cell)}


def deliver_csv(folder: Path, tables: dict[str, pl.DataFrame]) -> Path:
    """Write the tables as CSV files in the schema's names."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in tables.items():
        frame.write_csv(folder / f"{name}.csv")
    return folder


def _persons_of(name, persons, rng):
    if name == "prom_mailings" or not schema.TABLES[name].about_persons:
        return persons
    return rng.choice(persons, 3 * len(persons))


def _rows(name: str, persons: np.ndarray, rng: np.random.Generator) -> pl.DataFrame:
    n = len(persons)
    columns = {c.name: _cells(c, n, rng) for c in schema.TABLES[name].columns}
    if schema.TABLES[name].about_persons:
        columns["patient_id"] = persons
    frame = pl.DataFrame(columns, schema_overrides=polars_schema(name))
    for day in event_dates(name):
        later = [c for c in frame.columns if c.endswith("_date") and c != day]
        frame = frame.with_columns(
            pl.when(pl.col(c).is_not_null())
            .then(pl.col(day) + timedelta(days=30 * (k + 1)))
            .alias(c)
            for k, c in enumerate(later)
        )
    # an invented row stands once: what repeats in every column would be dropped as a repeat
    return frame.unique(maintain_order=True) if event_dates(name) else frame


def _cells(column: schema.Column, n: int, rng: np.random.Generator) -> list:
    cells = {
        "text": lambda: rng.choice(["alfa", "beta; og", 'gamma "x"'], n).tolist(),
        "code": lambda: rng.choice(column.codes, n).tolist(),
        "boolean": lambda: rng.choice([True, False], n).tolist(),
        "steps": lambda: rng.choice(column.steps, n).tolist(),
        "integer": lambda: rng.integers(0, 2000, n).tolist(),
        "number": lambda: rng.uniform(0, column.high or 5, n).round(3).tolist(),
        "date": lambda: _days(date(2010, 1, 1), 5000, n, rng),
    }["steps" if column.steps else column.kind]()
    if column.required:
        return cells
    return [cell if keep else None for cell, keep in zip(cells, rng.random(n) > 0.2, strict=True)]


def _days(first: date, range_days: int, n: int, rng: np.random.Generator) -> list[date]:
    return [first + timedelta(days=int(day)) for day in rng.integers(0, range_days, n)]


def _patients(persons: np.ndarray, rng: np.random.Generator) -> pl.DataFrame:
    n = len(persons)
    patients = _rows("patients", persons, rng)
    onset = pl.Series(_days(date(1995, 1, 1), 5000, n, rng))
    precision = pl.Series(rng.choice(["day", "month", "year"], n))
    return patients.with_columns(
        birth_date=pl.Series(_days(date(1950, 1, 1), 9000, n, rng)),
        onset_date=pl.when(precision == "day")
        .then(onset)
        .when(precision == "month")
        .then(onset.dt.month_start() + timedelta(days=14))
        .otherwise(pl.date(onset.dt.year(), 7, 1)),
        onset_precision=precision,
    ).select(*polars_schema("patients"))


def _registrations(patients: pl.DataFrame) -> pl.DataFrame:
    """Every person stands under the trust of residence, every tenth under another one before it."""
    home = patients.select("patient_id", hf=pl.col("residence_hf").fill_null("ous"))
    other = patients.gather_every(10).select("patient_id", hf=pl.lit("finnmark"))
    return pl.concat([other, home]).unique(maintain_order=True)
