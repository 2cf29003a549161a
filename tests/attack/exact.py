"""Releases with the exact tables in place of the protected ones: what must not be learnt."""

import dataclasses
from collections.abc import Mapping

import pandas as pd

from attack.read import NO_VALUE, Run


def exact_tables(run: Run, exact: Mapping[str, pd.DataFrame]) -> Run:
    """Return the run as it was before the gate hid anything, where the rows are the same.

    A table that was made of released ones has no other numbers than these. How many persons a
    table is of stays out: of that the gate has no exact number.
    """
    tables = dict(run.tables)
    for id, frame in exact.items():
        each = tables[id]
        if set(each.columns) <= set(frame.columns) and len(frame) == len(each.rows):
            rows = frame[list(each.columns)].astype(object).to_dict("records")
            written = tuple({name: _text(value) for name, value in row.items()} for row in rows)
            said = {**each.said, "n_persons": None}
            tables[id] = dataclasses.replace(each, rows=written, said=said)
    plain = {**run.manifest, "policy": "annual_report"}
    return dataclasses.replace(run, tables=tables, manifest=plain)


def _text(value: object) -> str:
    if pd.isna(value):
        return NO_VALUE
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
