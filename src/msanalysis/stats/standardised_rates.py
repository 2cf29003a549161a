"""Rates per 100 000 as they would be in a standard population: direct standardisation for age."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import chi2

from msanalysis.core import ALL, MISSING, statistic
from msanalysis.intervals import check_level
from msanalysis.stats.crude_rates import PER, count_by
from msanalysis.stats.means import read_numbers
from msanalysis.stats.strata import read_levels, split_rows, stack

ADJUSTMENTS = ("crude", "age_standardised")
_RATE = ("rate_per_100k", "lower", "upper")
_RATES = {
    "stratum": "object",
    "adjustment": "object",
    "n": "int64",
    "inhabitants": "Int64",
    **dict.fromkeys(_RATE, "float64"),
}
Ages = Mapping[int, int]
"""First age of each band -> inhabitants."""


@statistic(
    shape="table",
    counts={"n": _RATE},
    dimension="stratum",
    columns={"stratum": "by"},
    cells={"n": ("stratum", "known age")},
)
def estimate_standardised_rates(
    frame: pd.DataFrame,
    *,
    by: str,
    age: str,
    inhabitants: Mapping[str, Ages],
    standard: Mapping[int, float],
    level: float = 0.95,
) -> pd.DataFrame:
    """Estimate rates per 100 000 that differences in age between populations do not move.

    Parameters
    ----------
    by
        Column whose levels divide the persons as `inhabitants` does: a sex, a hospital trust.
    age
        Column of ages in years; who has none is left out.
    inhabitants
        Inhabitants (or person-years) by level and first age of a band; the last band is open, and
        a band without inhabitants is one with that below it.
    standard
        Weights of the standard population by first age; every band above must begin at one.

    Returns
    -------
    Result
        For `all`, each level and, where some persons have no value, `missing`, two rows,
        `adjustment` crude and age_standardised: `stratum`, `n`, `inhabitants`, `rate_per_100k` =
        sum of w x with w = weight / inhabitants, `lower`, `upper`. Empty without inhabitants, and
        for nobody.

    Raises
    ------
    ValueError
        The cohort lacks a column, or `age` does not hold numbers; some persons have a level that
        `inhabitants` lacks; or `level` is not between 0 and 1.

    Notes
    -----
    Interval by the gamma distribution (Fay and Feuer 1997): exact where all weights are equal,
    as in the crude rate, and on the safe side else.
    """
    check_level(level)
    return stack(_strata(frame, by, age, inhabitants, standard, level), _RATES)


@statistic(
    shape="table",
    counts={"n": _RATE},
    dimension="stratum",
    columns={"year": "year", "stratum": "by"},
    cells={"n": ("year", "stratum", "known age")},
)
def estimate_yearly_standardised_rates(
    frame: pd.DataFrame,
    *,
    year: str,
    by: str,
    age: str,
    inhabitants: Mapping[str, Mapping[str, Ages]],
    standard: Mapping[int, float],
    level: float = 0.95,
) -> pd.DataFrame:
    """Estimate `estimate_standardised_rates` in each year.

    Parameters
    ----------
    year
        Column of years; a year without anyone or without `inhabitants` has no row.
    inhabitants
        As there, by year.

    Returns
    -------
    Result
        Its columns after `year`.

    Raises
    ------
    ValueError
        As there.
    """
    check_level(level)
    parts = (
        {"year": code, **part}
        for code, chosen in split_rows(frame, year)
        if code in inhabitants
        for part in _strata(frame[chosen], by, age, inhabitants[code], standard, level)
    )
    return stack(parts, {"year": "object", **_RATES})


def _strata(
    frame: pd.DataFrame,
    by: str,
    age: str,
    inhabitants: Mapping[str, Ages],
    standard: Mapping[int, float],
    level: float,
) -> Iterator[dict[str, Any]]:
    if not any(sum(bands.values()) for bands in inhabitants.values()) or frame.empty:
        return
    count_by(frame, by, inhabitants)
    ages = read_numbers(frame, age)
    levels, number = read_levels(frame, by)
    found = np.array(levels, dtype=object)[number]
    lived = pd.DataFrame(inhabitants).sort_index()
    yield {"stratum": ALL, **_rates(ages, lived.sum(axis=1), standard, level)}
    for stratum in inhabitants:
        yield {
            "stratum": stratum,
            **_rates(ages[found == stratum], lived[stratum], standard, level),
        }
    if MISSING in levels:
        yield {"stratum": MISSING, **_without_rates(ages[found == MISSING])}


def _without_rates(ages: np.ndarray) -> dict[str, Any]:
    nothing = dict.fromkeys(("inhabitants", *_RATE), np.nan)
    return {"adjustment": ADJUSTMENTS, "n": (~np.isnan(ages)).sum(), **nothing}


def _rates(
    ages: np.ndarray, inhabitants: pd.Series, standard: Mapping[int, float], level: float
) -> dict[str, Any]:
    """Return the crude and the standardised rate: the crude has the population as its standard."""
    inhabitants = inhabitants[inhabitants > 0]
    if inhabitants.empty:
        return _without_rates(ages)
    starts, lived = inhabitants.index.to_numpy(), inhabitants.to_numpy(dtype=float)
    n = _in_bands(starts, ages[~np.isnan(ages)])
    weights = [lived, _in_bands(starts, np.array([*standard]), [*standard.values()])]
    limits = [_gamma_limits(n, weight / weight.sum() / lived, level) for weight in weights]
    columns = dict(zip(_RATE, PER * np.array(limits).T, strict=True))
    return {"adjustment": ADJUSTMENTS, "n": n.sum(), "inhabitants": lived.sum(), **columns}


def _in_bands(starts: np.ndarray, ages: np.ndarray, weights: list | None = None) -> np.ndarray:
    """Return how many of the ages, or how much weight, lies in each band; below the first, none."""
    band = np.searchsorted(starts, ages, side="right") - 1
    within = band >= 0
    weights = None if weights is None else np.asarray(weights, dtype=float)[within]
    return np.bincount(band[within], weights, minlength=len(starts))


def _gamma_limits(n: np.ndarray, weight: np.ndarray, level: float) -> tuple[float, float, float]:
    """Return the weighted sum of Poisson counts and its limits."""
    rate, variance, largest = weight @ n, weight**2 @ n, weight.max()
    tail = (1 - level) / 2
    lower = 0.0
    if rate > 0:
        lower = variance / (2 * rate) * chi2.ppf(tail, 2 * rate**2 / variance)
    variance, rate_above = variance + largest**2, rate + largest
    upper = variance / (2 * rate_above) * chi2.ppf(1 - tail, 2 * rate_above**2 / variance)
    return rate, lower, upper
