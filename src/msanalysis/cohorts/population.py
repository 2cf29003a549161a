"""The population the registered persons live among, and how many of it should be registered."""

from typing import Literal

import narwhals as nw

from msanalysis.extract import Extract


def inhabitants(
    extract: Extract, *, by: Literal["year", "hf"], first_year: int | None = None
) -> dict[str, int]:
    """Return inhabitants on 1 January, from `first_year` (the status year's when None) to it.

    By year they are those of all trusts, by trust those of all the years: person-years, behind
    the new cases of those years. Empty where the table `population` was not delivered.
    """
    return _sums(extract, "population", "inhabitants", by, first_year)


def expected_patients(extract: Extract) -> dict[str, float]:
    """Return the persons with multiple sclerosis expected in the status year, by trust.

    The numbers come from the patient registry NPR, adjusted. Empty where they were not delivered.
    """
    return _sums(extract, "expected_patients", "expected", "hf", None)


def _sums(extract: Extract, table: str, column: str, by: str, first_year: int | None) -> dict:
    last_year = extract.provenance.status_date.year
    rows = (
        extract.table(table)
        .filter(nw.col("year") >= (first_year or last_year), nw.col("year") <= last_year)
        .group_by(by)
        .agg(nw.col(column).sum())
        .sort(by)
        .collect()
    )
    return {str(code): value for code, value in zip(rows[by], rows[column], strict=True)}
