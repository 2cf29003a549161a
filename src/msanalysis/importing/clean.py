"""Delivered rows -> rows that keep every rule, each person once, each event once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from msanalysis import schema
from msanalysis.extract import ExtractRefused
from msanalysis.importing.checks import before_birth, broken_rules, orphans, refuse_above_bound
from msanalysis.importing.convert import ROW, Converted, Finding, convert_table
from msanalysis.importing.mapping import DeliveryMapping
from msanalysis.importing.merge import MergedPersons, drop_repeats, merge_persons
from msanalysis.importing.suspicious import suspicious_rows


@dataclass(frozen=True)
class Cleaned:
    """The tables that are kept, and what happened to the rows that are not."""

    tables: Mapping[str, pl.DataFrame]
    rows_read: Mapping[str, int]
    set_aside: tuple[Finding, ...]
    orphaned: tuple[Finding, ...]
    warnings: tuple[Finding, ...]
    merged: MergedPersons


def clean_delivery(
    raws: Mapping[str, pl.DataFrame], plan: DeliveryMapping, data_cutoff: date
) -> Cleaned:
    """Check and merge the rows of every table of the plan.

    Raises ExtractRefused where more rows break a rule than the plan's bound allows. Rows of a
    person that was set aside count apart, against no bound.
    """
    read = {name: convert_table(name, raws[t.file], plan) for name, t in plan.tables.items()}
    rows_read = {name: len(table.frame) for name, table in read.items()}
    if not rows_read["patients"]:
        raise ExtractRefused(
            f"{plan.tables['patients'].file}, table patients: no rows below the column names. "
            "Deliver the persons, or say in the mapping which rows are theirs"
        )
    broken = [f for name, table in read.items() for f in _row_findings(name, table, data_cutoff)]
    whole = {name: _without(name, table.frame, broken) for name, table in read.items()}
    merged = merge_persons(whole["patients"])
    delivered_persons = read["patients"].frame["patient_id"].drop_nulls()
    lost = _person_findings(whole, merged.frame, delivered_persons)
    set_aside = tuple(finding for finding in (*broken, *lost.broken) if finding.rows)
    files = {name: table.file for name, table in plan.tables.items()}
    refuse_above_bound(set_aside, rows_read, files, plan.set_aside_bound)
    kept = {
        name: drop_repeats(name, _without(name, frame, (*lost.broken, *lost.orphaned)))
        for name, frame in (whole | {"patients": merged.frame}).items()
    }
    return Cleaned(kept, rows_read, set_aside, lost.orphaned, suspicious_rows(kept), merged)


@dataclass(frozen=True)
class _PersonFindings:
    broken: tuple[Finding, ...]
    orphaned: tuple[Finding, ...]


def _row_findings(name: str, table: Converted, data_cutoff: date) -> tuple[Finding, ...]:
    readable = _without(name, table.frame, table.unreadable)
    return (*table.unreadable, *broken_rules(name, readable, data_cutoff))


def _person_findings(
    tables: Mapping[str, pl.DataFrame], patients: pl.DataFrame, delivered_persons: pl.Series
) -> _PersonFindings:
    """Return the rows that break a rule together with `patients`."""
    broken, orphaned = [], []
    for name, frame in tables.items():
        if name == "patients" or not schema.TABLES[name].about_persons:
            continue
        unknown, of_person_set_aside = orphans(
            name, frame, patients["patient_id"], delivered_persons
        )
        broken += [unknown, *before_birth(name, frame, patients)]
        orphaned.append(of_person_set_aside)
    return _PersonFindings(tuple(broken), tuple(orphaned))


def _without(name: str, frame: pl.DataFrame, findings: Iterable[Finding]) -> pl.DataFrame:
    rows = {row for finding in findings if finding.table == name for row in finding.rows}
    return frame.filter(~pl.col(ROW).is_in(list(rows))) if rows else frame
