"""Reading what a run delivered: exact counts of every indicator, unit and year."""

from collections.abc import Collection
from pathlib import Path

import pandas as pd

from msanalysis.export import DeliveryRefused

COLUMNS = ("indicator", "level", "unit", "year", "numerator", "denominator")
FILES = {"indicators": "denominator", "coverage": "expected"}
"""Delivered table -> its column of the denominator."""


def read_delivered(run: Path) -> pd.DataFrame:
    """Return `COLUMNS` of all that the run delivered, with whole numbers and years.

    The denominator of a coverage is the expected number of persons, rounded.

    Raises
    ------
    DeliveryRefused
        The run has delivered nothing, or the file is not of this form.
    """
    folder = run / "restricted" / "delivery"
    parts = [_read(folder / f"{name}.csv", denominator) for name, denominator in FILES.items()]
    return pd.concat(parts, ignore_index=True)


def _read(path: Path, denominator: str) -> pd.DataFrame:
    if not path.is_file():
        raise DeliveryRefused(
            f"{path} is not there: run the analysis quality_indicators with `msanalysis run` first"
        )
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    rows = rows.rename(columns={denominator: "denominator"})
    missing = [name for name in COLUMNS if name not in rows]
    if missing:
        raise DeliveryRefused(f"{path} has no column {', '.join(missing)}: run it again")
    rows = rows[[*COLUMNS]]
    for name in ("year", "numerator", "denominator"):
        numbers = pd.to_numeric(rows[name], errors="coerce")
        if numbers.isna().any():
            raise DeliveryRefused(f"{path}, column {name}: expected numbers; run it again")
        rows[name] = numbers.round().astype("int64")
    return rows


def of_years(rows: pd.DataFrame, years: Collection[int]) -> pd.DataFrame:
    """Return the rows of the years, the last year's where none is named."""
    wanted = set(years) or {rows["year"].max()}
    absent = wanted - set(rows["year"])
    if absent:
        raise DeliveryRefused(
            f"the run delivered nothing of {', '.join(map(str, sorted(absent)))}: it has "
            f"{', '.join(map(str, sorted(set(rows['year']))))}"
        )
    return rows[rows["year"].isin(wanted)]
