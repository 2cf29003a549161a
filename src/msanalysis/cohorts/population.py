"""The population the registered persons live among, and how many of it should be registered."""

from collections.abc import Iterable
from typing import Literal

import narwhals as nw

from msanalysis.extract import Extract


def inhabitants(
    extract: Extract, *, years: Iterable[int], by: Literal["year", "hf"]
) -> dict[str, int]:
    """Return inhabitants on 1 January by year (of all trusts) or by trust (summed over `years`).

    A sum over years is the person-years behind the new cases of those years. Empty where the
    table `population` was not delivered.
    """
    return _sums(extract, "population", "inhabitants", years, by)


def expected_patients(extract: Extract, *, year: int) -> dict[str, float]:
    """Return the persons with multiple sclerosis expected in `year` by trust; may be empty.

    The numbers come from the patient registry NPR, adjusted.
    """
    return _sums(extract, "expected_patients", "expected", [year], "hf")


def _sums(extract: Extract, table: str, column: str, years: Iterable[int], by: str) -> dict:
    rows = (
        extract.table(table)
        .filter(nw.col("year").is_in([*years]))
        .group_by(by)
        .agg(nw.col(column).sum())
        .sort(by)
        .collect()
    )
    return {str(code): value for code, value in zip(rows[by], rows[column], strict=True)}
