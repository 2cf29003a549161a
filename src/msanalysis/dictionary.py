"""`schema.TABLES` as a page: `python -m msanalysis.dictionary docs/data_dictionary.md`."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from msanalysis import codes, schema

_HEAD = """\
# Data dictionary

The tables and columns an extract can hold, in the names used inside. Made from
`src/msanalysis/schema.py` by `python -m msanalysis.dictionary docs/data_dictionary.md`.

- Of the tables only `patients` must be delivered, and of a table's columns only the **bold** ones.
- `patient_id` is a pseudonym and is never shown.
- A missing value is missing, never a code. Codes are lower-case words but for the diagnoses.
- Where only the month of a date is known, its 15th stands; where only the year, 1 July; the
  precision column says so.
- `registered_date` is the day the row was entered in the registry, not the day it happened.
- A delivered `patients` may hold a person several times, one row for each trust that registered
  the person, which a column `hf` then names. The import merges them: the row of the trust of
  residence holds (without `hf`, the first row), and the others fill its gaps.
"""


def data_dictionary() -> str:
    """Return the whole page as Markdown."""
    return "\n".join((_HEAD, *(_table_section(table) for table in schema.TABLES.values())))


def _table_section(table: schema.Table) -> str:
    columns = (_column_row(column) for column in table.columns)
    rows = (("Column", "Type", "Values", "Meaning", "Source"), ("---",) * 5, *columns)
    return "\n".join((f"## {table.name}\n", f"A row is {table.row}.\n", *_lines(rows), ""))


def _column_row(column: schema.Column) -> tuple[str, ...]:
    name = f"**{column.name}**" if column.required else column.name
    return name, column.kind, _values(column), column.meaning, column.source


def _values(column: schema.Column) -> str:
    if column.codes == codes.substances():
        return "a substance of `codes/drugs.csv`"
    if column.codes == codes.trusts():
        return "a trust of `codes/hospital_trusts.csv`"
    if column.codes:
        return ", ".join(column.codes)
    low = "" if column.low is None else f"{column.low:g}"
    bounds = f"{low} to {column.high:g}" if column.high is not None else low and f"{low} or more"
    return " ".join(part for part in (bounds, f"({column.unit})" if column.unit else "") if part)


def _lines(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    return (f"| {' | '.join(row)} |" for row in rows)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(data_dictionary(), encoding="utf-8")
