"""The gate: a Result goes in, a Released comes out; nothing is shown, drawn or written otherwise.

A Result says how its shape can be made safe, this module how strict. The policy is the data
owner's: a run file may name a stricter one, a notebook cannot touch it.
"""

from dataclasses import replace

import pandas as pd

from msanalysis.core import Counted, Released, Restriction, Result
from msanalysis.release.curve import protect_curve
from msanalysis.release.flow import flow_boxes, protect_flow
from msanalysis.release.policy import (
    DEFAULT_POLICY,
    POLICIES,
    POLICY_VARIABLE,
    Policy,
    ReleaseRefused,
    policy_in_force,
)
from msanalysis.release.rounding import rounded
from msanalysis.release.table import protect_table

__all__ = [
    "DEFAULT_POLICY",
    "POLICIES",
    "POLICY_VARIABLE",
    "Policy",
    "ReleaseRefused",
    "release",
]


def _persons_to_show(result: Result, frame: pd.DataFrame, hidden: pd.DataFrame) -> int | None:
    """Return the size of the cohort, unless it would give a hidden or absent group back."""
    parts = [name for name in ("stratum", "level") if name in frame]
    absent = any(set(result.frame[name]) - set(frame[name]) for name in parts)
    counts = [name for name in result.counts if name in hidden and result.shape != "curve"]
    return None if absent or hidden[counts].any(axis=None) else result.n_persons


def _counted(result: Result, frame: pd.DataFrame) -> Counted | None:
    """Return whom the counts of the released table count."""
    if result.shape != "flow" or result.counted is None:
        return result.counted
    counts = {"n": Restriction()}
    return replace(
        result.counted, columns={}, counts=counts, rows=flow_boxes(frame, result.counted)
    )


def release(result: Result) -> Released:
    """Return `result` as it may be shown under the policy in force.

    Tables: counts below the threshold are hidden together with all that is computed from them,
    and further cells wherever a total would give them back. Curves: steps are merged until each
    holds no event or at least the threshold, likewise for those censored and those who enter
    late; they end where few are at risk; the interval is recomputed from the merged steps.
    Flows: who is in a small flow is put in the state `pooled`. Every number leaves rounded.

    Raises
    ------
    TypeError
        When `result` is not a Result.
    ReleaseRefused
        When the policy is unknown, or no way is known to make the shape safe.
    """
    if not isinstance(result, Result):
        raise TypeError(
            f"release() takes a Result, not a {type(result).__name__}: "
            "pass what a function of msanalysis.stats returned, or cohort.attrition"
        )
    ways = {"table": protect_table, "curve": protect_curve, "flow": protect_flow}
    if result.shape not in ways:
        raise ReleaseRefused(f"{result.statistic}: the gate has no way yet for a {result.shape}")
    policy = policy_in_force()
    frame, hidden = ways[result.shape](result, policy)
    return Released(
        statistic=result.statistic,
        shape=result.shape,
        frame=rounded(frame).mask(hidden),
        hidden=hidden,
        counts=result.counts,
        population=result.population,
        n_persons=_persons_to_show(result, frame, hidden),
        settings=result.settings,
        provenance=result.provenance,
        policy=policy.name,
        counted=_counted(result, frame),
    )
