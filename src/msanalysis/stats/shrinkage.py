"""Shares of trusts pulled towards each other by how little each one's own persons say."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from msanalysis.core import statistic
from msanalysis.intervals import from_arcsine, normal_quantile
from msanalysis.stats.units import (
    QUOTAS,
    Definition,
    add_shares,
    as_table,
    cells_of_indicators,
    count_held,
    quotient,
)

_RAW = ("share", "lower", "upper")
_SHRUNKEN = ("shrunken", "shrunken_lower", "shrunken_upper", "weight_of_own")
_COLUMNS = {
    "indicator": "object",
    "level": "object",
    "unit": "object",
    "year": "object",
    "numerator": "int64",
    "denominator": "int64",
    **{name: "float64" for name in (*_RAW, *_SHRUNKEN)},
}


def _with_prediction(trusts: pd.DataFrame, settings: Mapping[str, Any]) -> pd.DataFrame:
    """Return what follows from the counts, indicator by indicator."""
    shares = add_shares(trusts, settings["confidence"])
    z = normal_quantile(settings["confidence"])
    parts = [_shrunken(rows, z) for _, rows in shares.groupby("indicator", sort=False)]
    return pd.concat(parts or [shares.reindex(columns=[*_COLUMNS])])[[*_RAW, *_SHRUNKEN]]


@statistic(
    shape="table",
    counts={
        "numerator": (*_RAW, *_SHRUNKEN),
        "denominator": ("numerator", *_RAW, *_SHRUNKEN),
    },
    cells=cells_of_indicators,
    quotas=QUOTAS,
    again=_with_prediction,
)
def estimate_shrunken_shares(
    frame: pd.DataFrame,
    *,
    definitions: Sequence[Definition],
    year: int,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Estimate each trust's share in a random-effects model, beside the raw share.

    Parameters
    ----------
    definitions
        Rows of `codes.indicators()`; one whose column the cohort lacks has no rows.
    year
        The year.
    confidence
        Of the Wilson interval of the raw share and of the interval of the shrunken one.

    Returns
    -------
    Result
        `indicator`, `level`, `unit`, `year`, `numerator`, `denominator`, `share`, `lower`, `upper`;
        `shrunken` with its limits; `weight_of_own`, between 0 (only the mean of all trusts speaks)
        and 1 (only the trust's). Missing for regions and the nation, for a trust
        with an empty denominator, and for all where fewer than two trusts have one.

    Raises
    ------
    ValueError
        `confidence` is not between 0 and 1.

    Notes
    -----
    y = asin(sqrt(share)), v = 1 / (4 n); tau^2 of Paule and Mandel (1982); the best linear
    unbiased prediction w y + (1 - w) mu with w = tau^2 / (tau^2 + v) and variance
    w v + (1 - w)^2 var(mu), turned back by sin^2. It takes trusts to be alike but for chance and
    a normal spread: a trust that truly stands out is pulled in as well.
    """
    units = count_held(frame, definitions, year)
    predicted = _with_prediction(units, {"confidence": confidence})
    return as_table(units.assign(**predicted), _COLUMNS)


def _shrunken(units: pd.DataFrame, z: float) -> pd.DataFrame:
    met, n = quotient(units)
    known = ~np.isnan(n) & (units["level"] == "trust").to_numpy()
    predicted = dict.fromkeys(_SHRUNKEN, np.nan)
    if known.sum() > 1:
        y, v = np.arcsin(np.sqrt(met[known] / n[known])), 1 / (4 * n[known])
        own, prediction, error = _predict(y, v)
        limits = (from_arcsine(prediction + side * z * error) for side in (0, -1, 1))
        columns = zip(_SHRUNKEN, (*limits, own), strict=True)
        predicted = {name: pd.Series(values, units.index[known]) for name, values in columns}
    return units.assign(**predicted)


def _predict(y: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the weight of each own value, the prediction and its standard error."""
    spread = _spread(y, v)
    precision = 1 / (v + spread)
    mean, variance = np.average(y, weights=precision), 1 / precision.sum()
    own = spread * precision
    return own, own * y + (1 - own) * mean, np.sqrt(own * v + (1 - own) ** 2 * variance)


def _spread(y: np.ndarray, v: np.ndarray) -> float:
    """Return tau^2, at which the weighted squares sum to their degrees of freedom.

    statsmodels has this estimator too, but returns 0 where its iteration overshoots.
    """

    def excess(spread: float) -> float:
        weight = 1 / (v + spread)
        residuals = y - np.average(y, weights=weight)
        return float((weight * residuals**2).sum()) - (len(y) - 1)

    if excess(0.0) <= 0:
        return 0.0
    # Unweighted squares over tau^2 are never below the weighted ones: the root lies under this.
    return brentq(excess, 0.0, 1.001 * np.var(y, ddof=1), xtol=1e-16, rtol=1e-14)
