"""The gate: a Result goes in, a Released comes out; nothing is shown, drawn or written otherwise.

A Result says how its shape can be made safe, this module how strict. The policy is the data
owner's: a run file may name a stricter one, a notebook cannot touch it.
"""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import pandas as pd

from msanalysis.core import Counted, Released, Restriction, Result
from msanalysis.release.cells import size_of
from msanalysis.release.curve import protect_curve
from msanalysis.release.exits import (
    deliver,
    list_for_follow_up,
    rows_beside,
    rows_of_own_unit,
)
from msanalysis.release.flow import flow_boxes, protect_flow
from msanalysis.release.plan import planned, tried
from msanalysis.release.points import protect_points
from msanalysis.release.policy import (
    DEFAULT_POLICY,
    POLICIES,
    POLICY_VARIABLE,
    Policy,
    ReleaseRefused,
    policy_in_force,
)
from msanalysis.release.record import Shown, keep, record, tables_cells
from msanalysis.release.rounding import coarsened, rounded, to_base
from msanalysis.release.support import hide_unsupported
from msanalysis.release.table import protect_table
from msanalysis.release.threshold import publicly_known, too_small

__all__ = [
    "DEFAULT_POLICY",
    "POLICIES",
    "POLICY_VARIABLE",
    "Policy",
    "ReleaseRefused",
    "deliver",
    "list_for_follow_up",
    "release",
    "shown_under",
]


_WAYS = {
    "table": protect_table,
    "curve": protect_curve,
    "flow": protect_flow,
    "points": protect_points,
}


def _counted(result: Result, frame: pd.DataFrame) -> Counted | None:
    """Return whom the counts of the released table count."""
    if result.shape == "points" and result.counted:
        return replace(result.counted, counts={})
    if result.shape != "flow" or result.counted is None:
        return result.counted
    counts = {"n": Restriction()}
    return replace(
        result.counted, columns={}, counts=counts, rows=flow_boxes(frame, result.counted)
    )


def release(
    result: Result, *, own_unit: str | None = None, beside: Collection[str] | None = None
) -> Released:
    """Return `result` as it may be shown under the policy in force.

    Tables: counts below the threshold are hidden together with all that is computed from them,
    and further cells wherever a total would give them back. Curves: steps are merged until each
    holds no event or at least the threshold, likewise for those censored and those who enter
    late; they end where few are at risk; the interval is recomputed from the merged steps.
    Flows: who is in a small flow is put in the state `pooled`. Points: of units of which nothing
    is hidden, and only where the policy allows points. Estimates with too little behind them are
    hidden: persons at risk, beyond a quantile, in the levels of a model, or degrees of freedom.
    Every number leaves rounded.

    Parameters
    ----------
    own_unit
        Hospital trust whose rows stand in full, in the local report for that trust alone. All
        others are held to the gate as seen by a reader who knows these.
    beside
        Levels (region, nation) of those that the trust is a part of, whose rows stand beside its
        own; the others are dropped. None: every row.

    Raises
    ------
    TypeError
        When `result` is not a Result.
    ReleaseRefused
        When the policy is unknown, no way is known to make the shape safe, or `own_unit` is
        given outside the local report of that trust.
    """
    if not isinstance(result, Result):
        raise TypeError(
            f"release() takes a Result, not a {type(result).__name__}: "
            "pass what a function of msanalysis.stats returned, or cohort.attrition"
        )
    if result.shape not in _WAYS:
        raise ReleaseRefused(f"{result.statistic}: the gate has no way yet for a {result.shape}")
    policy = policy_in_force()
    if own_unit is not None:
        return _for_own_unit(result, policy, own_unit, beside)
    keep(result)
    result, exact, hidden, n_persons = _protected(result, policy)
    record(tables_cells(result, exact, hidden, policy, sized=n_persons is not None))
    return _released(
        result,
        coarsened(result, exact, policy),
        hidden,
        policy=policy.name,
        n_persons=n_persons,
        n_hidden_first=_hidden_first(result, exact, policy),
    )


def shown_under(result: Result, policy: Policy, plan: frozenset[str]) -> Shown:
    """Return the cells of a result as `release` would record them under a policy and a plan."""
    with tried(plan):
        result, exact, hidden, n_persons = _protected(result, policy)
        return tables_cells(result, exact, hidden, policy, sized=n_persons is not None)


def _protected(
    result: Result, policy: Policy
) -> tuple[Result, pd.DataFrame, pd.DataFrame, int | None]:
    """Return the result as it is counted in what is shown, its table, what is hidden of it, n."""
    exact, hidden = hide_unsupported(result, *_WAYS[result.shape](result, policy), policy)
    result = replace(result, counted=_counted(result, exact))
    return result, exact, hidden, _persons_to_show(result, exact, hidden, policy)


def _released(result: Result, shown: pd.DataFrame, hidden: pd.DataFrame, **held: Any) -> Released:
    copied = ("statistic", "shape", "counts", "population", "settings", "provenance", "counted")
    return Released(
        frame=rounded(shown).mask(hidden),
        hidden=hidden,
        **{name: getattr(result, name) for name in copied},
        **held,
    )


def _for_own_unit(
    result: Result, policy: Policy, own_unit: str, beside: Collection[str] | None
) -> Released:
    """Return the table with the trust's own rows in full."""
    own = rows_of_own_unit(result, own_unit).reset_index(drop=True)
    exact, hidden = hide_unsupported(result, *protect_table(result, policy, own), policy)
    shown, hidden = coarsened(result, exact, policy).mask(own, exact), hidden.mask(own, False)
    kept = own | True
    if beside is not None:
        kept = own | rows_beside(result, own_unit, beside).reset_index(drop=True)
    return _released(
        replace(result, counted=_counted_of(result.counted, kept)),
        shown[kept].reset_index(drop=True),
        hidden[kept].reset_index(drop=True),
        policy=policy.name,
        n_persons=result.n_persons if own.all() else None,
        own_unit=own_unit,
    )


def _counted_of(counted: Counted | None, kept: pd.Series) -> Counted | None:
    """Return whom the counts of the kept rows count."""
    if counted is None or kept.all():
        return counted

    def chosen(boxes: tuple) -> tuple:
        return tuple(box for box, stays in zip(boxes, kept, strict=True) if stays)

    cells = {name: chosen(boxes) for name, boxes in counted.cells.items()}
    rows = chosen(counted.rows) if counted.rows else ()
    return replace(counted, cells=cells, rows=rows, printed=())


def _persons_to_show(
    result: Result, frame: pd.DataFrame, hidden: pd.DataFrame, policy: Policy
) -> int | None:
    """Return the size of the cohort, unless it would give a hidden or absent group back."""
    parts = [name for name in ("stratum", "level") if name in frame]
    absent = any(set(result.frame[name]) - set(frame[name]) for name in parts)
    counts = [name for name in result.counts if name in hidden and result.shape != "curve"]
    size = size_of(result)
    in_plan = size is not None and size.key in planned()
    if absent or in_plan or hidden[counts].any(axis=None):
        return None
    return int(to_base(result.n_persons, policy.rounding_base))


def _hidden_first(result: Result, frame: pd.DataFrame, policy: Policy) -> int:
    """Return how many counts of a table are hidden for themselves, not for another's sake."""
    if result.shape != "table":
        return 0
    first = [
        too_small(result, frame, count, policy) & ~publicly_known(result, frame, count, policy)
        for count in result.counts
    ]
    return int(sum(small.sum() for small in first))
