"""The same person registered by several trusts -> one row a person, and every event once."""

from dataclasses import dataclass

import polars as pl

from msanalysis.extract import event_dates
from msanalysis.importing.convert import ROW, precision_column
from msanalysis.importing.mapping import REGISTERING_HF


@dataclass(frozen=True)
class MergedPersons:
    """Patients with one row a person, and what it took.

    `contradictions` counts, for each column, the persons whose rows hold different values.
    """

    frame: pl.DataFrame
    n_persons: int
    contradictions: dict[str, int]


def merge_persons(patients: pl.DataFrame) -> MergedPersons:
    """Merge the rows of a person: the row of the trust of residence holds, others fill its gaps.

    Which row that is, the delivered column `hf` says (the trust that registered the row). Without
    it, or where no row is the trust of residence's, the first row in the file holds.
    """
    several = pl.col("patient_id").is_duplicated()
    repeated = _by_precedence(patients.filter(several))
    single = patients.filter(~several)
    columns = [c for c in patients.columns if c not in ("patient_id", REGISTERING_HF.name)]
    persons = repeated.group_by("patient_id", maintain_order=True)
    merged = persons.agg(_first_known(column, patients.columns) for column in columns)
    differ = persons.agg(pl.col(columns).drop_nulls().n_unique() > 1)
    return MergedPersons(
        frame=pl.concat([single, merged], how="diagonal").drop(REGISTERING_HF.name, strict=False),
        n_persons=len(merged),
        contradictions={
            column: n
            for column in columns
            if not column.startswith("__") and (n := differ[column].sum())
        },
    )


def drop_repeats(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Drop events and registrations that repeat another row of their table in every column.

    Tables whose rows have no day (biobank samples, areas) may hold equal rows that are two things.
    """
    if not event_dates(name) and name != "registrations":
        return frame
    cells = [column for column in frame.columns if column != ROW]
    return frame.unique(cells, keep="first", maintain_order=True)


def _by_precedence(rows: pl.DataFrame) -> pl.DataFrame:
    """Sort the rows of the trust of residence first, otherwise as in the file."""
    if not {REGISTERING_HF.name, "residence_hf"} <= set(rows.columns):
        return rows.sort(ROW)
    at_home = (pl.col(REGISTERING_HF.name) == pl.col("residence_hf")).fill_null(False)
    return rows.sort(~at_home, ROW)


def _first_known(column: str, held: list[str]) -> pl.Expr:
    """Return the first value; a precision comes from the row that its date comes from."""
    date = {precision_column("patients", d): d for d in held if d.endswith("_date")}.get(column)
    known = pl.col(date or column).is_not_null()
    return pl.col(column).filter(known).first()
