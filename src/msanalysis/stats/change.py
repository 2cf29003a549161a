"""How indicators changed since the year before."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import pandas as pd
from statsmodels.stats.proportion import confint_proportions_2indep

from msanalysis.core import Cohort, statistic
from msanalysis.intervals import check_level
from msanalysis.stats.indicators import Published, two_years
from msanalysis.stats.units import (
    QUOTAS,
    Definition,
    as_table,
    cells_of_indicators,
    count_none,
    quotient,
)

_CHANGE = ("change", "lower", "upper")
_COLUMNS = {
    **dict.fromkeys(("indicator", "level", "unit", "year"), "object"),
    **dict.fromkeys(("numerator", "denominator"), "int64"),
    **dict.fromkeys(("numerator_before", "denominator_before"), "int64"),
    **dict.fromkeys(_CHANGE, "float64"),
}


def _changes(both: pd.DataFrame, settings: Mapping[str, Any]) -> pd.DataFrame:
    """Return what follows from the counts."""
    met, n = quotient(both)
    met_before, n_before = quotient(both, "_before")
    lower, upper = confint_proportions_2indep(
        met, n, met_before, n_before, method="newcomb", compare="diff",
        alpha=1 - settings["confidence"],
    )  # fmt: skip
    change = met / n - met_before / n_before
    return both.assign(change=change, lower=lower, upper=upper)[[*_CHANGE]]


def _cells_of_both(
    cohort: Cohort, table: pd.DataFrame, settings: Mapping[str, Any]
) -> dict[str, Any]:
    earlier = table.assign(year=str(settings["year"] - 1))
    of_year, before = (cells_of_indicators(cohort, rows, settings) for rows in (table, earlier))
    both = {f"{count}_before": boxes for count, boxes in before["cells"].items()}
    return {
        "cells": of_year["cells"] | both,
        "printed": of_year["printed"] + before["printed"],
    }


@statistic(
    shape="table",
    counts={
        "numerator": _CHANGE,
        "denominator": ("numerator", *_CHANGE),
        "numerator_before": _CHANGE,
        "denominator_before": ("numerator_before", *_CHANGE),
    },
    cells=_cells_of_both,
    quotas=QUOTAS | {"numerator_before": "denominator_before"},
    again=_changes,
)
def estimate_change(
    frame: pd.DataFrame,
    *,
    definitions: Sequence[Definition],
    year: int,
    published: Published = MappingProxyType({}),
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Estimate how much each indicator changed from the year before, in every unit.

    Parameters
    ----------
    definitions, year, published
        As in `estimate_indicators`.
    confidence
        Of the interval.

    Returns
    -------
    Result
        `indicator`, `level`, `unit`, `year`, the counts of both years, `change` (share of the
        year less that of the year before), `lower`, `upper`. Missing where a denominator is
        empty; a unit without a year before has no row.

    Raises
    ------
    ValueError
        `confidence` is not between 0 and 1.

    Notes
    -----
    Newcombe's hybrid score interval (1998, method 10), which takes the two years to hold
    different persons. They do for the newly diagnosed; where the living are counted most persons
    are in both years, and the interval is then wider than it need be.
    """
    check_level(confidence)
    none = count_none()
    parts = [none.merge(none, on=["level", "unit"], suffixes=("", "_before"))]
    for definition in definitions:
        years = dict(two_years(frame, definition["id"], year, published))
        if len(years) == 2:
            before = years[year - 1].drop(columns=["indicator", "year"])
            parts.append(years[year].merge(before, on=["level", "unit"], suffixes=("", "_before")))
    both = pd.concat(parts[1:] or parts, ignore_index=True)
    return as_table(both.assign(**_changes(both, {"confidence": confidence})), _COLUMNS)
