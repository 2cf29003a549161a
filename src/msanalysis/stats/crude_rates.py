"""Persons per 100 000 inhabitants: new cases, and those living with the disease."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import chi2

from msanalysis.core import ALL, Cohort, statistic
from msanalysis.intervals import check_level
from msanalysis.stats.means import read_numbers
from msanalysis.stats.strata import MISSING, read_levels, stack

PER = 100_000
_RATES = {
    "stratum": "object",
    "n": "int64",
    "inhabitants": "Int64",
    "rate_per_100k": "float64",
    "lower": "float64",
    "upper": "float64",
}
_EXPECTED = {
    "stratum": "object",
    "expected": "float64",
    "inhabitants": "int64",
    "rate_per_100k": "float64",
}
_RATE = ("rate_per_100k", "lower", "upper")


def _again(table: pd.DataFrame, settings: Mapping[str, Any]) -> pd.DataFrame:
    inhabitants = table["inhabitants"].astype("Float64").to_numpy(float, na_value=np.nan)
    rates = _with_rates(table["stratum"], table["n"], inhabitants, settings["level"])
    return pd.DataFrame({name: rates[name] for name in _RATE}).set_axis(table.index)


@statistic(
    shape="table",
    counts={"n": _RATE},
    dimension="stratum",
    columns={"stratum": "by"},
    cells={"n": ("stratum",)},
    again=_again,
)
def estimate_crude_rates(
    frame: pd.DataFrame, *, by: str, inhabitants: Mapping[str, int], level: float = 0.95
) -> pd.DataFrame:
    """Estimate the crude number of persons per 100 000 inhabitants.

    Parameters
    ----------
    by
        Column whose levels divide the persons as `inhabitants` does: a year, a hospital trust.
    inhabitants
        Inhabitants of each level; summed over years they are person-years.
    level
        Of the exact Poisson interval (Garwood).

    Returns
    -------
    Result
        First `all`, then a row a level of `inhabitants`, then `missing` where some persons have
        no value: `stratum`, `n`, `inhabitants`, `rate_per_100k`, `lower`, `upper`. Empty without
        inhabitants, and for nobody.

    Raises
    ------
    ValueError
        The cohort has no column `by`; some persons have a level that `inhabitants` lacks; or
        `level` is not between 0 and 1.

    Notes
    -----
    Crude: areas and years with more persons of the ages in which the disease begins show more.
    Persons whom the registry has not got are not counted.
    """
    check_level(level)
    if not inhabitants or frame.empty:
        return stack([], _RATES)
    counts = count_by(frame, by, inhabitants)
    parts = [
        _with_rates([ALL], [len(frame)], [sum(inhabitants.values())], level),
        _with_rates([*inhabitants], counts, [*inhabitants.values()], level),
    ]
    if counts.sum() < len(frame):
        parts.append(_with_rates([MISSING], [len(frame) - counts.sum()], [np.nan], level))
    return stack(parts, _RATES)


def _cells_of_years(
    cohort: Cohort, table: pd.DataFrame, settings: Mapping[str, Any]
) -> dict[str, Any]:
    """Who lives at the end of the status year is who other tables count as alive."""
    status_date = cohort.provenance.status_date
    ends = (status_date.month, status_date.day) == (12, 31)
    last = str(status_date.year) if ends else ""
    alive = [
        {"alive" if year == last else f"alive at the end of {year}": ("yes",)}
        for year in table["stratum"]
    ]
    base = cohort.base or cohort.name
    return {"cells": {"n": tuple((base, {**cohort.fixed, **box}) for box in alive)}}


@statistic(shape="table", counts={"n": _RATE}, cells=_cells_of_years, again=_again)
def estimate_yearly_prevalence(
    frame: pd.DataFrame,
    *,
    diagnosis_year: str,
    death_year: str,
    inhabitants: Mapping[str, int],
    least_deaths: int = 10,
    level: float = 0.95,
) -> pd.DataFrame:
    """Estimate the crude number living with the disease at the end of each year, per 100 000.

    Parameters
    ----------
    diagnosis_year, death_year
        Columns of years; without a death the person lives.
    inhabitants
        Inhabitants by year.
    least_deaths
        Years are left out until none or so many died between two rows: their difference, less
        the new cases, tells how many did.
    level
        As in `estimate_crude_rates`.

    Returns
    -------
    Result
        The columns of `estimate_crude_rates`, a row a year that is kept: who had been
        diagnosed by its end and had not died.

    Raises
    ------
    ValueError
        A column is not there or does not hold numbers; or `level` is not between 0 and 1.

    Notes
    -----
    Too low in early years: who died before they could be registered is nobody's count.
    """
    check_level(level)
    if not inhabitants or frame.empty:
        return stack([], _RATES)
    years = np.array([int(year) for year in inhabitants])
    diagnosed, died = (
        np.searchsorted(np.sort(read_numbers(frame, column)), years, side="right")
        for column in (diagnosis_year, death_year)
    )
    kept = _far_apart(died, least_deaths)
    codes, lived = (np.array(each)[kept] for each in zip(*inhabitants.items(), strict=True))
    return stack([_with_rates(codes, (diagnosed - died)[kept], lived, level)], _RATES)


def _far_apart(died: np.ndarray, least: int) -> list[int]:
    """Return the rows, the last first chosen, between which none or at least `least` died."""
    kept: list[int] = []
    for row in reversed(range(len(died))):
        since = died[kept[0]] - died[row] if kept else 0
        if since == 0 or since >= least:
            kept.insert(0, row)
    while kept and 0 < died[kept[0]] < least:
        kept.pop(0)
    return kept


@statistic(shape="table", counts={}, dimension="stratum")
def estimate_expected_prevalence(
    frame: pd.DataFrame, *, inhabitants: Mapping[str, int], expected: Mapping[str, float]
) -> pd.DataFrame:
    """Compute the prevalence per 100 000 of persons expected by another source.

    Parameters
    ----------
    inhabitants
        Inhabitants of each trust.
    expected
        Persons with the disease in each, whether or not the registry has them.

    Returns
    -------
    Result
        First `all`, then a row a trust: `stratum`, `expected`, `inhabitants`, `rate_per_100k`.
        Empty without inhabitants or expected persons, and for nobody.

    Raises
    ------
    ValueError
        A trust has expected persons but no inhabitants.

    Notes
    -----
    No person of the cohort is counted; the interval of the other source is not known.
    """
    if not inhabitants or not expected or frame.empty:
        return stack([], _EXPECTED)
    if not set(expected) <= set(inhabitants):
        raise ValueError("inhabitants lacks levels that have expected persons: give those of each")
    lived = np.array([inhabitants[level] for level in expected])
    number = np.array([*expected.values()])
    parts = (
        {"stratum": ALL, "expected": number.sum(), "inhabitants": sum(inhabitants.values())},
        {"stratum": [*expected], "expected": number, "inhabitants": lived},
    )
    rates = ({"rate_per_100k": PER * part["expected"] / part["inhabitants"]} for part in parts)
    return stack(({**part, **rate} for part, rate in zip(parts, rates, strict=True)), _EXPECTED)


def count_by(frame: pd.DataFrame, by: str, inhabitants: Mapping[str, int]) -> np.ndarray:
    """Return how many persons have each level of `inhabitants`; ValueError for a further one."""
    levels, number = read_levels(frame, by)
    counts = dict(zip(levels, np.bincount(number, minlength=len(levels)), strict=True))
    further = [each for each in counts if counts[each] and each not in {*inhabitants, MISSING}]
    if further:
        raise ValueError(
            f"inhabitants lacks levels of {by!r} that some persons have: give those of every level"
        )
    return np.array([counts.get(level, 0) for level in inhabitants])


def _with_rates(strata, n, inhabitants, level: float) -> dict[str, object]:
    """Return the rows, with Garwood's limits: quantiles of chi-squared over twice the exposure."""
    n, exposure = np.asarray(n, dtype=float), np.asarray(inhabitants, dtype=float)
    tail = (1 - level) / 2
    lower = np.where(n > 0, chi2.ppf(tail, 2 * np.maximum(n, 1)) / 2, 0.0)
    upper = chi2.ppf(1 - tail, 2 * (n + 1)) / 2
    per = PER / exposure
    return {
        "stratum": strata,
        "n": n,
        "inhabitants": exposure,
        "rate_per_100k": n * per,
        "lower": lower * per,
        "upper": upper * per,
    }
