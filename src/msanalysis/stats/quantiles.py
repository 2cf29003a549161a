"""Quantiles of a measured column, and the single values they summarise."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from msanalysis.core import statistic
from msanalysis.stats.means import read_numbers
from msanalysis.stats.strata import split_rows, stack

QUANTILES = {"p10": 0.1, "p25": 0.25, "median": 0.5, "p75": 0.75, "p90": 0.9}
_BEYOND = {f"n_beyond_{name}": (name,) for name in QUANTILES}
_QUANTILES = {
    "stratum": "object",
    "n": "int64",
    **dict.fromkeys(QUANTILES, "float64"),
    **dict.fromkeys(_BEYOND, "int64"),
}


_WHO = {"columns": {"stratum": "by"}, "cells": {"n": ("stratum", "known column")}}


@statistic(
    shape="table", counts={"n": tuple(QUANTILES)}, dimension="stratum", behind=_BEYOND, **_WHO
)
def estimate_quantiles(frame: pd.DataFrame, *, column: str, by: str | None = None) -> pd.DataFrame:
    """Estimate the median, quartiles and deciles of a column among those who have a value.

    Parameters
    ----------
    column
        A column of numbers.
    by
        Column whose levels are the strata; None makes one stratum, `all`.

    Returns
    -------
    Result
        A row a stratum, before them everyone (`all`): `stratum`, `n` (with a value), `p10`,
        `p25`, `median`, `p75`, `p90`. The gate reads `n_beyond_<quantile>`, those at or beyond
        it on its outer side (the smaller side of the median): where they are fewer than its
        threshold the quantile is hidden, unless the policy shows single values. There is no
        minimum or maximum.

    Raises
    ------
    ValueError
        The cohort has no such column, or it does not hold numbers.

    Notes
    -----
    Linear between order statistics (type 7 of Hyndman and Fan 1996, the default of R).
    """
    numbers = read_numbers(frame, column)
    strata = [*split_rows(frame, None), *(split_rows(frame, by) if by else ())]
    rows = ({"stratum": name, **_quantiles(numbers[chosen])} for name, chosen in strata)
    return stack(rows, _QUANTILES)


def _quantiles(numbers: np.ndarray) -> Mapping[str, Any]:
    known = numbers[~np.isnan(numbers)]
    values = np.quantile(known, [*QUANTILES.values()]) if len(known) else np.full(5, np.nan)
    below, above = (
        (side(known[:, np.newaxis], values)).sum(axis=0)
        for side in (np.less_equal, np.greater_equal)
    )
    shares = np.array([*QUANTILES.values()])
    beyond = np.select([shares < 0.5, shares > 0.5], [below, above], np.minimum(below, above))
    return {
        "n": len(known),
        **dict(zip(QUANTILES, values, strict=True)),
        **dict(zip(_BEYOND, beyond, strict=True)),
    }


@statistic(shape="points", counts={}, dimension="stratum", **_WHO)
def estimate_points(frame: pd.DataFrame, *, column: str, by: str) -> pd.DataFrame:
    """List the single values of a column, for the points of a box plot.

    Parameters
    ----------
    column
        A column of numbers; who has no value has no point.
    by
        Column whose levels are the units.

    Returns
    -------
    Result
        A row a person with a value: `stratum`, `value`. The gate puts them in ascending order,
        and shows those of a unit only where the policy allows points and nothing of the unit is
        hidden.

    Raises
    ------
    ValueError
        As `estimate_quantiles`.
    """
    numbers = read_numbers(frame, column)
    rows = (
        {"stratum": name, "value": numbers[chosen & ~np.isnan(numbers)]}
        for name, chosen in split_rows(frame, by)
    )
    return stack(rows, {"stratum": "object", "value": "float64"})
