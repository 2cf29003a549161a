"""Funnel plots: which trusts differ from the nation by more than trusts usually do."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from msanalysis.core import Cohort, statistic
from msanalysis.intervals import funnel_limits
from msanalysis.stats.units import (
    QUOTAS,
    Definition,
    add_shares,
    as_table,
    cells_of_indicators,
    count_held,
    quotient,
)

LIMITS = {"95": 0.95, "998": 0.998}
WINSORISED = 0.1
_LIMITS = ("lower_95", "upper_95", "lower_998", "upper_998", "position")
_POINT = ("share", *_LIMITS)
_OF_ALL = ("nation_share", "dispersion")
_COUNTS = ("numerator", "denominator")
_FUNNEL = {
    "indicator": "object",
    "level": "object",
    "unit": "object",
    "year": "object",
    "numerator": "int64",
    "denominator": "int64",
    "share": "float64",
    **{f"nation_{count}": "int64" for count in _COUNTS},
    **dict.fromkeys((*_OF_ALL, *_LIMITS[:-1]), "float64"),
    "position": "object",
}


def _with_limits(trusts: pd.DataFrame, settings: Mapping[str, Any]) -> pd.DataFrame:
    """Return what follows from the counts, indicator by indicator."""
    parts = [_limits(rows) for _, rows in add_shares(trusts).groupby("indicator", sort=False)]
    return pd.concat(parts or [trusts.reindex(columns=[*_FUNNEL])])[[*_POINT, *_OF_ALL]]


def _cells_with_nation(
    cohort: Cohort, table: pd.DataFrame, settings: Mapping[str, Any]
) -> dict[str, Any]:
    own = cells_of_indicators(cohort, table, settings)
    nation = cells_of_indicators(cohort, table.assign(level="nation"), settings)["cells"]
    return own | {
        "cells": own["cells"] | {f"nation_{count}": boxes for count, boxes in nation.items()}
    }


@statistic(
    shape="table",
    counts={
        "numerator": _POINT,
        "denominator": ("numerator", *_POINT),
        "nation_numerator": (*_OF_ALL, *_LIMITS),
        "nation_denominator": ("nation_numerator", *_OF_ALL, *_LIMITS),
    },
    cells=_cells_with_nation,
    quotas=QUOTAS | {"nation_numerator": "nation_denominator"},
    again=_with_limits,
)
def estimate_funnel(
    frame: pd.DataFrame, *, definitions: Sequence[Definition], year: int
) -> pd.DataFrame:
    """Set the share of each unit against limits around the share of the nation.

    Parameters
    ----------
    definitions
        Rows of `codes.indicators()`; one whose column the cohort lacks has no rows.
    year
        The year.

    Returns
    -------
    Result
        `indicator`, `level`, `unit`, `year`, `numerator`, `denominator`, `share`; in every row
        `nation_numerator`, `nation_denominator`, `nation_share` and `dispersion` (hidden with the
        nation's counts); limits of 95 % and 99.8 %; `position` (`within_limits`, `outside_95`,
        `outside_998`). A unit with an empty denominator has no share and no limits.

    Notes
    -----
    The dispersion is the mean squared z-score on the arcsine scale after the tenth most extreme
    at each end have been pulled in (winsorised); where it is above 1 it widens the limits by its
    root (Spiegelhalter 2005, Stat Med 24:1185). Limits so widened ask whether a trust stands out
    among trusts, not whether it reaches the goal; with few trusts the dispersion is uncertain,
    and at fewer than five persons the arcsine scale is rough.
    """
    units = count_held(frame, definitions, year)
    nation = units[units["level"] == "nation"].set_index("indicator")
    units = units.assign(
        **{f"nation_{count}": units["indicator"].map(nation[count]) for count in _COUNTS}
    )
    return as_table(units.assign(**_with_limits(units, {})), _FUNNEL)


def _limits(units: pd.DataFrame) -> pd.DataFrame:
    _, n = quotient(units)
    is_trust = (units["level"] == "trust").to_numpy()
    nation = units.iloc[0]
    target = nation["nation_numerator"] / max(nation["nation_denominator"], 1)
    share = units["share"].to_numpy()
    dispersion = winsorised_dispersion(share[is_trust], n[is_trust], target)
    limits = {}
    for name, level in LIMITS.items():
        lower, upper = funnel_limits(target, n, max(dispersion, 1.0), level)
        limits |= {f"lower_{name}": lower, f"upper_{name}": upper}
    units = units.assign(nation_share=target, dispersion=dispersion, **limits)
    return units.assign(position=_positions(units))


def winsorised_dispersion(share: np.ndarray, n: np.ndarray, target: float) -> float:
    """Return the mean of the squared winsorised z-scores; missing where no trust has a share."""
    z = 2 * np.sqrt(n) * (np.arcsin(np.sqrt(share)) - np.arcsin(np.sqrt(target)))
    z = z[~np.isnan(z)]
    if not len(z):
        return np.nan
    return float(np.mean(np.clip(z, *np.quantile(z, [WINSORISED, 1 - WINSORISED])) ** 2))


def _positions(trusts: pd.DataFrame) -> pd.Series:
    position = pd.Series("within_limits", index=trusts.index, dtype=object)
    for name in LIMITS:
        outside = (trusts["share"] < trusts[f"lower_{name}"]) | (
            trusts["share"] > trusts[f"upper_{name}"]
        )
        position = position.mask(outside, f"outside_{name}")
    return position.where(trusts["share"].notna(), None)
