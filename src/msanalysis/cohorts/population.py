"""The population the registered persons live among, and how many of it should be registered."""

from collections.abc import Iterable
from typing import Literal

import narwhals as nw

from msanalysis import codes
from msanalysis.extract import Extract

Ages = dict[int, int]
"""First age of each band -> inhabitants."""

NEW_PER_100K = 9
"""New cases expected in a year per 100 000 inhabitants."""


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


def inhabitants_by_age(
    extract: Extract, *, by: Literal["sex", "hf"], first_year: int | None = None
) -> dict[str, Ages]:
    """Return inhabitants by `by` and band of age, summed over the years as `inhabitants` does.

    Returns
    -------
    dict
        Level -> first age of the band -> inhabitants. Empty where the population was not
        delivered by sex and age, or some row of these years lacks either.
    """
    return _nested(_by_age(extract, (by,), first_year))


def yearly_inhabitants_by_age(
    extract: Extract, *, by: Literal["sex", "hf"], first_year: int
) -> dict[str, dict[str, Ages]]:
    """Return `inhabitants_by_age` of each year: year -> level -> first age -> inhabitants."""
    rows = list(_by_age(extract, ("year", by), first_year))
    years = dict.fromkeys(year for year, *_ in rows)
    return {str(year): _nested(rest for each, *rest in rows if each == year) for year in years}


def expected_by_coverage(extract: Extract) -> dict[str, dict[str, float]]:
    """Return coverage -> trust, region or nation -> persons expected in the status year.

    All living with the disease are expected from the patient registry NPR, the newly diagnosed
    from the inhabitants. A coverage whose table was not delivered has no units.
    """
    by_trust = {
        "coverage_total": expected_patients(extract),
        "coverage_new": {
            trust: NEW_PER_100K * lived / 100_000
            for trust, lived in inhabitants(extract, by="hf").items()
        },
    }
    return {coverage: codes.summed_over_units(by) for coverage, by in by_trust.items()}


def expected_by_year(extract: Extract, *, first_year: int) -> dict[str, dict[str, float]]:
    """Return coverage -> year -> persons expected in the nation; as `expected_by_coverage`."""
    lived = inhabitants(extract, by="year", first_year=first_year)
    living = _sums(extract, "expected_patients", "expected", "year", first_year)
    new = {year: NEW_PER_100K * number / 100_000 for year, number in lived.items()}
    return {
        "coverage_total": living,
        "coverage_new": new,
        "coverage_with_consented": living,
    }


def _sums(extract: Extract, table: str, column: str, by: str, first_year: int | None) -> dict:
    rows = (
        _since(extract, table, first_year).group_by(by).agg(nw.col(column).sum()).sort(by).collect()
    )
    return {str(code): value for code, value in zip(rows[by], rows[column], strict=True)}


def _since(extract: Extract, table: str, first_year: int | None) -> nw.LazyFrame:
    last_year = extract.provenance.status_date.year
    first_year = last_year if first_year is None else first_year
    return extract.table(table).filter(nw.col("year") >= first_year, nw.col("year") <= last_year)


def _by_age(extract: Extract, by: tuple[str, ...], first_year: int | None) -> Iterable[tuple]:
    """Return a row a level and band: the level (or levels), the first age, the inhabitants."""
    rows = (
        _since(extract, "population", first_year)
        .group_by("sex", "age_from", *(name for name in by if name != "sex"))
        .agg(nw.col("inhabitants").sum())
        .collect()
    )
    if rows["sex"].is_null().any() or rows["age_from"].is_null().any():
        return []
    keys = [*by, "age_from"]
    summed = rows.group_by(keys).agg(nw.col("inhabitants").sum()).sort(keys)
    return summed.rows()


def _nested(rows: Iterable[tuple]) -> dict[str, Ages]:
    levels: dict[str, Ages] = {}
    for level, age, number in rows:
        levels.setdefault(level, {})[age] = number
    return levels
