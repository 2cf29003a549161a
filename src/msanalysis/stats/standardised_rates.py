"""Rates per 100 000 as they would be in a standard population: direct standardisation for age."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import chi2

from msanalysis.core import statistic
from msanalysis.intervals import check_level
from msanalysis.stats.crude_rates import PER
from msanalysis.stats.means import read_numbers
from msanalysis.stats.strata import split_rows, stack

_RATE = ("rate_per_100k", "lower", "upper")
_RATES = {
    "stratum": "object",
    "n": "int64",
    "inhabitants": "int64",
    **dict.fromkeys(_RATE, "float64"),
}


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
    inhabitants: Mapping[str, Mapping[int, int]],
    standard: Mapping[int, float],
    level: float = 0.95,
) -> pd.DataFrame:
    """Estimate rates per 100 000 that differences in age between populations do not move.

    Parameters
    ----------
    by
        Column whose levels are the strata.
    age
        Column of ages in years; who has none is left out.
    inhabitants
        Inhabitants (or person-years) by level and first age of a band; the last band is open.
    standard
        Weights of the standard population by first age; every band above must begin at one.

    Returns
    -------
    Result
        A row a level of `inhabitants` that some person has: `stratum`, `n`, `inhabitants`,
        `rate_per_100k` = sum of w x with w = weight / inhabitants, `lower`, `upper`.

    Raises
    ------
    ValueError
        The cohort lacks a column, or `age` does not hold numbers; `level` is not between 0 and 1.

    Notes
    -----
    Interval by the gamma distribution (Fay and Feuer 1997): exact where all weights are equal,
    and on the safe side else.
    """
    check_level(level)
    ages = read_numbers(frame, age)
    rows = (
        {"stratum": stratum, **_standardised(ages[chosen], inhabitants[stratum], standard, level)}
        for stratum, chosen in split_rows(frame, by)
        if stratum in inhabitants
    )
    return stack(rows, _RATES)


def _standardised(
    ages: np.ndarray, inhabitants: Mapping[int, int], standard: Mapping[int, float], level: float
) -> dict[str, Any]:
    starts, lived = np.array([*inhabitants]), np.array([*inhabitants.values()])
    band = np.searchsorted(starts, ages[~np.isnan(ages)], side="right") - 1
    n = np.bincount(band[band >= 0], minlength=len(starts))
    of_standard = np.searchsorted(starts, [*standard], side="right") - 1
    weight = np.bincount(
        of_standard[of_standard >= 0],
        np.array([*standard.values()], dtype=float)[of_standard >= 0],
        len(starts),
    )
    rate, lower, upper = _gamma_limits(n, weight / weight.sum() / lived, level)
    return {
        "n": n.sum(),
        "inhabitants": lived.sum(),
        "rate_per_100k": PER * rate,
        "lower": PER * lower,
        "upper": PER * upper,
    }


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
