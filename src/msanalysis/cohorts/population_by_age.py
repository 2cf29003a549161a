"""A population by sex and age, which no extract holds: a file of its own, given by path."""

import csv
from pathlib import Path
from typing import Literal

from msanalysis.codes import standard_population
from msanalysis.extract import Extract, ExtractRefused

COLUMNS = ("year", "sex", "age_from", "inhabitants")
_NUMBERS = ("year", "age_from", "inhabitants")
Ages = dict[int, int]
"""First age of each band -> inhabitants."""


def inhabitants_by_age(
    extract: Extract, path: str | None, *, by: Literal["sex", "year", "hf"], first_year: int
) -> dict[str, Ages]:
    """Return inhabitants by `by` and band of age, from `first_year` to the status year.

    Parameters
    ----------
    path
        A CSV file with the columns `year`, `sex` (female, male), `age_from` (first age of a band,
        the last one open) and `inhabitants`; with `hf` too there are rates by trust.

    Returns
    -------
    dict
        Level -> first age of the band -> inhabitants, summed over all else. Empty without a file,
        and by trust where it has no `hf`.

    Raises
    ------
    ExtractRefused
        There is no such file, a column is missing, a cell that must be a whole number is none, or
        a band begins at an age where no band of the European standard population does.
    """
    if path is None:
        return {}
    last_year = extract.provenance.status_date.year
    sums: dict[str, Ages] = {}
    for row in _rows(Path(path)):
        if by not in row:
            return {}
        year, age, number = (
            _whole(path, row, name) for name in ("year", "age_from", "inhabitants")
        )
        if age not in standard_population():
            raise ExtractRefused(
                f"{path}, column age_from: a band must begin at one of the ages "
                f"{', '.join(map(str, standard_population()))}"
            )
        if first_year <= year <= last_year:
            ages = sums.setdefault(row[by], {})
            ages[age] = ages.get(age, 0) + number
    return {level: dict(sorted(ages.items())) for level, ages in sorted(sums.items())}


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.DictReader(handle)
            rows = list(reader)
    except (OSError, UnicodeDecodeError):
        raise ExtractRefused(f"{path}: no readable CSV file of a population by age") from None
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise ExtractRefused(f"{path} lacks the columns {', '.join(missing)}")
    return rows


def _whole(path: str, row: dict[str, str], column: str) -> int:
    try:
        return int(row[column])
    except (TypeError, ValueError):
        raise ExtractRefused(f"{path}, column {column}: expected whole numbers") from None
