"""Quality indicators by a column of the cohort, such as sex or age, and by year."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from msanalysis.core import ALL, statistic
from msanalysis.intervals import check_level
from msanalysis.stats.strata import read_levels
from msanalysis.stats.units import (
    QUOTAS,
    Definition,
    add_shares,
    as_table,
    cells_of_indicators,
    periods,
)

_SHARE = ("share", "lower", "upper")
_COLUMNS = {
    **dict.fromkeys(("indicator", "year", "stratum"), "object"),
    **dict.fromkeys(("numerator", "denominator"), "int64"),
    **dict.fromkeys(_SHARE, "float64"),
}


def _with_shares(table: pd.DataFrame, settings: Mapping[str, Any]) -> pd.DataFrame:
    """Return what follows from the counts."""
    return add_shares(table, settings["confidence"])[[*_SHARE]]


@statistic(
    shape="table",
    counts={"numerator": _SHARE, "denominator": ("numerator", *_SHARE)},
    cells=cells_of_indicators,
    quotas=QUOTAS,
    again=_with_shares,
)
def estimate_indicators_by(
    frame: pd.DataFrame,
    *,
    definitions: Sequence[Definition],
    by: str,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Estimate indicators in each level of a column, in every year that the cohort holds.

    Parameters
    ----------
    definitions
        Rows of `codes.indicators()`; one whose columns the cohort lacks has no rows.
    by
        Column whose levels are the strata.
    confidence
        Of the Wilson interval.

    Returns
    -------
    Result
        `indicator`, `year`, `stratum` (first `all`), `numerator`, `denominator`, `share`, `lower`,
        `upper`. Every level has a row; an empty denominator has no share.

    Raises
    ------
    ValueError
        The cohort lacks the column, or `confidence` is not between 0 and 1.
    """
    check_level(confidence)
    levels, number = read_levels(frame, by)
    strata = {ALL: slice(None)} | {name: number == place for place, name in enumerate(levels)}
    rows = [
        {"indicator": each["id"], "year": year, "stratum": name, **_counts(states[chosen])}
        for each in definitions
        for year in periods(frame, each["id"])
        for states in [frame[f"{each['id']} {year}"]]
        for name, chosen in strata.items()
    ]
    table = pd.DataFrame(rows, columns=[*_COLUMNS][:5])
    return as_table(table.assign(**_with_shares(table, {"confidence": confidence})), _COLUMNS)


def _counts(states: pd.Series) -> dict[str, int]:
    met = int(states.eq("met").sum())
    return {"numerator": met, "denominator": met + int(states.eq("not_met").sum())}
