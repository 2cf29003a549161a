"""The rules every delivered row must keep: made from the schema, and from the tables below."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

import pandera.polars as pa
import polars as pl
from pandera.errors import SchemaErrors

from msanalysis import schema
from msanalysis.extract import POLARS_TYPES, ExtractRefused, event_dates
from msanalysis.importing.convert import ROW, Finding, precision_column
from msanalysis.importing.mapping import importable_columns

EARLIEST_DATE = date(1900, 1, 1)

NOT_BEFORE = {
    "patients": {
        name: "birth_date"
        for name in (
            "consent_date",
            "included_date",
            "onset_date",
            "spms_date",
            "referral_date",
            "diagnosis_date",
            "death_date",
            "emigration_date",
        )
    },
    "treatments": {"stop_date": "start_date", "last_dose_date": "start_date"},
    "untreated_periods": {"stop_date": "start_date"},
}
"""For each table: a date, and the date in the same row that it cannot lie before."""

_ROWS_IN_A_MESSAGE = 10


def broken_rules(name: str, frame: pl.DataFrame, data_cutoff: date) -> tuple[Finding, ...]:
    """Return the rows of a converted table that break a rule, by column and rule."""
    try:
        row_schema(name, frame.columns, data_cutoff).validate(frame, lazy=True)
    except SchemaErrors as broken:
        # `failure_case` and the message quote the cells: only the row's place goes on
        cases = broken.failure_cases.select("column", "check", "index")
    else:
        return ()
    if cases["index"].has_nulls():
        raise RuntimeError(f"a rule of table {name} could not be evaluated")
    rules = pl.col("check").replace("not_nullable", "no value")
    rows = pl.lit(frame[ROW]).gather(pl.col("index")).sort()
    found = cases.group_by("column", rules.alias("rule")).agg(rows.alias("rows")).sort(pl.all())
    return tuple(Finding(name, f["column"], f["rule"], tuple(f["rows"])) for f in found.to_dicts())


def row_schema(name: str, held: Iterable[str], data_cutoff: date) -> pa.DataFrameSchema:
    """Return the pandera schema of those columns of a table that a delivery holds."""
    held = frozenset(held)
    columns = [column for column in importable_columns(name) if column.name in held]
    return pa.DataFrameSchema(
        {
            column.name: pa.Column(
                POLARS_TYPES[column.kind],
                checks=[*_value_checks(column), *_date_checks(name, column, held, data_cutoff)],
                nullable=not column.required,
            )
            for column in columns
        }
    )


def orphans(
    name: str, frame: pl.DataFrame, persons: pl.Series, delivered_persons: pl.Series
) -> tuple[Finding, Finding]:
    """Return rows of persons never delivered, and rows of persons whose own row was set aside."""
    lost = frame.filter(~pl.col("patient_id").is_in(persons.implode()))
    known = pl.col("patient_id").is_in(delivered_persons.implode())
    return (
        Finding(name, "patient_id", "no such person", tuple(lost.filter(~known)[ROW])),
        Finding(name, "patient_id", "the person was set aside", tuple(lost.filter(known)[ROW])),
    )


def before_birth(name: str, frame: pl.DataFrame, patients: pl.DataFrame) -> tuple[Finding, ...]:
    """Return rows of a table that happened before their person was born."""
    if "birth_date" not in patients.columns:
        return ()
    held = frozenset(patients.columns)
    births = patients.select("patient_id", _first_day("patients", "birth_date", held).alias("born"))
    joined = frame.join(births, on="patient_id", how="left", maintain_order="left")
    return tuple(
        Finding(name, day, "before birth_date", tuple(early[ROW]))
        for day in event_dates(name)
        if len(early := joined.filter(_last_day(name, day, frame.columns) < pl.col("born")))
    )


def refuse_above_bound(
    findings: Iterable[Finding],
    rows_read: Mapping[str, int],
    files: Mapping[str, str],
    bound: float,
) -> None:
    """Raise ExtractRefused where a rule is broken by more than `bound` of a table's rows."""
    broken = [f for f in findings if len(f.rows) > bound * rows_read[f.table]]
    if broken:
        lines = (_refusal(f, files[f.table], rows_read[f.table], bound) for f in broken)
        raise ExtractRefused("\n".join(lines))


def _refusal(finding: Finding, file: str, n_read: int, bound: float) -> str:
    rows = ", ".join(str(row) for row in finding.rows[:_ROWS_IN_A_MESSAGE])
    more = " ..." if len(finding.rows) > _ROWS_IN_A_MESSAGE else ""
    return (
        f"{file}, table {finding.table}, column {finding.column}: {len(finding.rows)} of {n_read} "
        f"rows break the rule `{finding.rule}` (rows {rows}{more}); at most {bound:.0%} may. "
        "Mend the delivery, or say in a mapping file how it is written"
    )


def _value_checks(column: schema.Column) -> Iterator[pa.Check]:
    if column.codes:
        yield pa.Check.isin(column.codes, error="unknown code")
    if column.steps:
        yield pa.Check.isin(column.steps, error=f"no {column.unit} step")
    if column.low is not None:
        yield pa.Check.ge(column.low, error=f"below {column.low:g}")
    if column.high is not None:
        yield pa.Check.le(column.high, error=f"above {column.high:g}")
    if column.kind == "number":
        yield _check(pl.col(column.name).is_finite(), "not a number")


def _date_checks(
    name: str, column: schema.Column, held: frozenset[str], data_cutoff: date
) -> Iterator[pa.Check]:
    """A date known by month or year only breaks a rule when no day of it could keep it."""
    if column.kind != "date":
        return
    yield _check(pl.col(column.name) >= EARLIEST_DATE, f"before {EARLIEST_DATE.year}")
    yield _check(_first_day(name, column.name, held) <= data_cutoff, "after the data cutoff")
    other = NOT_BEFORE.get(name, {}).get(column.name)
    if other in held:
        in_order = _last_day(name, column.name, held) >= _first_day(name, other, held)
        yield _check(in_order, f"before {other}")


def _check(holds: pl.Expr, rule: str) -> pa.Check:
    return pa.Check(lambda data: data.lazyframe.select(holds.fill_null(True)), error=rule)


def _first_day(name: str, day: str, held: Iterable[str]) -> pl.Expr:
    """Return the first day a date can stand for, by its precision."""
    date, precision = pl.col(day), precision_column(name, day)
    if precision not in held:
        return date
    start_of = {"month": date.dt.month_start(), "year": date.dt.truncate("1y")}
    return _by_precision(pl.col(precision), start_of, date)


def _last_day(name: str, day: str, held: Iterable[str]) -> pl.Expr:
    """Return the last day a date can stand for, by its precision."""
    date, precision = pl.col(day), precision_column(name, day)
    if precision not in held:
        return date
    end_of = {
        "month": date.dt.month_end(),
        "year": date.dt.truncate("1y").dt.offset_by("12mo") - pl.duration(days=1),
    }
    return _by_precision(pl.col(precision), end_of, date)


def _by_precision(precision: pl.Expr, by: Mapping[str, pl.Expr], exact: pl.Expr) -> pl.Expr:
    month = pl.when(precision == "month").then(by["month"])
    return month.when(precision == "year").then(by["year"]).otherwise(exact)
