"""Estimates that too little stands behind: persons beyond a quantile, at risk, or in a model."""

import pandas as pd

from msanalysis.core import Result
from msanalysis.release.policy import Policy
from msanalysis.release.rounding import to_base

RESIDUAL_DEGREES = "residual_degrees"
AT_RISK = "n_at_risk"
BEYOND = "n_beyond"


def hide_unsupported(
    result: Result, frame: pd.DataFrame, hidden: pd.DataFrame, policy: Policy
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Hide estimates with too little behind them; what only the gate reads is dropped.

    Quantiles need `threshold` persons at or beyond them on the outer side. Where single values
    may be shown they do not: quantiles tell less than the values.
    """
    for column, estimates in result.behind.items():
        if not (column.startswith(BEYOND) and policy.points):
            # A count that is shown rounded is judged as rounded, or it would be told more closely.
            rounded = column in result.counts
            held = to_base(frame[column], policy.rounding_base) if rounded else frame[column]
            hidden.loc[held < _least(column, policy), list(estimates)] = True
    gates_own = [column for column in result.behind if column not in result.counts]
    return frame.drop(columns=gates_own), hidden.drop(columns=gates_own)


def _least(column: str, policy: Policy) -> int:
    if column == RESIDUAL_DEGREES:
        return policy.residual_degrees
    return policy.estimate_at_risk if column.startswith(AT_RISK) else policy.threshold
