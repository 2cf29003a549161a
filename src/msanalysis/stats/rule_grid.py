"""How a share moves with the rules that define it."""

from collections.abc import Sequence

import pandas as pd

from msanalysis.core import statistic
from msanalysis.stats.risk_set import require_column

STEP_PERSONS = 10
"""Numerators stand in steps of so many persons, or two would tell how few lie between them."""


@statistic(shape="table", counts={"denominator": ("share",)}, cells={"denominator": ()})
def estimate_rule_grid(
    frame: pd.DataFrame, *, column: str, gaps_days: Sequence[int], overlaps_days: Sequence[int]
) -> pd.DataFrame:
    """Estimate the share of persons with an outcome under each pair of rules.

    Parameters
    ----------
    column
        What the outcome is called: the cohort holds a column of truth values
        `<column> <gap_days> <overlap_days>` for each pair.

    Returns
    -------
    Result
        A row a pair: `gap_days`, `overlap_days`, `denominator`, `share`, whose numerator is the
        nearest ten persons.

    Raises
    ------
    ValueError
        The cohort lacks a pair.
    """
    rows = [
        {
            "gap_days": gap,
            "overlap_days": overlap,
            "denominator": len(frame),
            "share": _share(require_column(frame, f"{column} {gap} {overlap}", "the grid")),
        }
        for gap in gaps_days
        for overlap in overlaps_days
    ]
    return pd.DataFrame(rows, columns=["gap_days", "overlap_days", "denominator", "share"])


def _share(outcome: pd.Series) -> float:
    persons = len(outcome)
    return min(_nearest_ten(outcome.sum()), persons) / persons if persons else float("nan")


def _nearest_ten(n: int) -> int:
    return int(n + STEP_PERSONS // 2) // STEP_PERSONS * STEP_PERSONS
