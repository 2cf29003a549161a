"""How exactly numbers leave."""

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from msanalysis.core import Result
from msanalysis.release.policy import Policy

DECIMALS = 4
_PROBABILITIES = ("estimate", "share", "lower", "upper")
_LIMITS = {"lower": "upper", "lower_days": "upper_days", "shrunken_lower": "shrunken_upper"}
_BELOW = {"p25": "median", "p10": "p25", "whisker_low": "p25"}
_ABOVE = {"p75": "median", "p90": "p75", "whisker_high": "p75"}


def rounded(frame: pd.DataFrame) -> pd.DataFrame:
    """Round estimates to 4 decimals and days to whole days; counts become nullable integers."""
    shown = frame.reset_index(drop=True).copy()
    for name in shown.columns:
        column = shown[name]
        if name.endswith("_days"):
            shown[name] = column.round().astype("Int64")
        elif pd.api.types.is_float_dtype(column):
            shown[name] = column.round(DECIMALS)
        elif pd.api.types.is_integer_dtype(column):
            shown[name] = column.astype("Int64")
        else:
            shown[name] = column.astype(object)
    return shown


def to_base(n: pd.Series, base: int) -> pd.Series:
    """Return the nearest multiple of `base`, halves upwards: equal counts stay equal everywhere."""
    return (n + base // 2) // base * base


def coarsened(result: Result, frame: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """Return the table in counts of whole `rounding_base` persons, and no estimate finer than that.

    What follows from counts is computed again from the rounded ones. Another estimate is rounded
    to 1, 2 or 5 times a power of ten, at least as much as `rounding_base` of the persons behind
    it: of the most of them for probabilities and time, of the fewest for all else. Limits
    that come to lie on the other side of their estimate are moved to it.
    """
    base = policy.rounding_base
    counts = [name for name in result.counts if name in frame]
    if base == 1 or not counts:
        return frame
    coarse = frame.assign(**{name: to_base(frame[name], base) for name in counts})
    persons = coarse[counts].astype("Float64").astype(float).clip(lower=base)
    few, many = base / persons.min(axis=1), base / persons.max(axis=1)
    probabilities = {"estimate", "share"} & {*frame}
    for name in frame.columns:
        if pd.api.types.is_float_dtype(frame[name]) and name not in ("time_days", *counts):
            bounded = probabilities and name in _PROBABILITIES
            of_all = bounded or name.endswith("_days") or name.startswith("person_years")
            part = many if of_all else few
            coarse[name] = _to_step(frame[name], part * (1 if bounded else frame[name].abs()))
    coarse = _in_order(coarse)
    return coarse.assign(**_again(result, coarse, frame))


def _again(result: Result, coarse: pd.DataFrame, frame: pd.DataFrame) -> Mapping[str, pd.Series]:
    """Return the columns that follow from the rounded counts; what had no value gets none."""
    if result.again:
        again = dict(result.again(coarse, result.settings))
    else:
        again = _shares_again(result, coarse)
    return {name: column.where(frame[name].notna()) for name, column in again.items()}


def _in_order(coarse: pd.DataFrame) -> pd.DataFrame:
    """Return the table with limits moved outwards that were rounded to beyond their estimate.

    The estimate stands before its limits. Quantiles are in order likewise, from the median on.
    """
    columns = [*coarse]
    below, above = dict(_BELOW), dict(_ABOVE)
    for lower, upper in _LIMITS.items():
        if lower in columns:
            below[lower] = above[upper] = columns[columns.index(lower) - 1]
    for outwards, pairs in ((pd.DataFrame.min, below), (pd.DataFrame.max, above)):
        for outer, inner in pairs.items():
            if {outer, inner} <= {*columns}:
                moved = outwards(coarse[[outer, inner]], axis=1)
                coarse = coarse.assign(**{outer: moved.where(coarse[outer].notna())})
    return coarse


def _to_step(values: pd.Series, least: pd.Series) -> pd.Series:
    steps = least.map(_step).to_numpy()
    return (values / steps).round() * steps


def _step(least: float) -> float:
    """Return the smallest of 1, 2 and 5 times a power of ten that is not below `least`."""
    if not 0 < least < math.inf:
        return 1.0
    power = 10.0 ** math.floor(math.log10(least))
    return next((each * power for each in (1, 2, 5) if each * power >= least), 10 * power)


def _shares_again(result: Result, coarse: pd.DataFrame) -> Mapping[str, pd.Series]:
    """Return shares of the rounded counts, with Wilson's limits."""
    if "share_of_source" in coarse:
        of_source = coarse.groupby(["step", "source"])["n"].transform("sum")
        return {"share_of_source": coarse["n"] / of_source}
    from statsmodels.stats.proportion import proportion_confint  # slow to load, seldom needed

    numerator, denominator = next(iter(result.quotas.items()), ("n", "denominator"))
    if not {numerator, denominator, "share"} <= {*coarse}:
        return {}
    of = coarse[denominator].astype(float).where(coarse[denominator] > 0)
    n = np.minimum(coarse[numerator].astype(float), of)
    level = result.settings.get("level", 0.95)
    lower, upper = proportion_confint(n, of, alpha=1 - level, method="wilson")
    limits = {"lower": lower, "upper": upper} if {"lower", "upper"} <= {*coarse} else {}
    return {"share": n / of, **{name: pd.Series(each, n.index) for name, each in limits.items()}}
