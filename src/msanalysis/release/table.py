"""Tables: small counts are hidden, and more where a total would give them back."""

from collections.abc import Iterator

import pandas as pd

from msanalysis.core import ALL, Result
from msanalysis.release.policy import Policy
from msanalysis.release.threshold import publicly_known, too_small


def protect_table(result: Result, policy: Policy) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the table and which of its cells to hide."""
    frame = result.frame.reset_index(drop=True)
    hidden = pd.DataFrame(False, index=frame.index, columns=frame.columns)
    for count, dependent in result.counts.items():
        small = too_small(result, frame, count, policy)
        hidden.loc[small, [*dependent]] = True
        known = publicly_known(result, frame, count, policy)
        small &= ~known
        if result.dimension:
            small = _with_complements(
                frame, result.dimension, count, small, known, policy.threshold
            )
        hidden.loc[small, [count, *dependent]] = True
    if result.dimension and "denominator" in frame:
        _hide_denominators(frame, hidden, result.dimension)
    if {"time_days", "n_at_risk", "n_events"} <= set(frame):
        _hide_between_times(result, frame, hidden, policy.threshold)
    for count in result.counts:
        hidden.loc[publicly_known(result, frame, count, policy), count] = False
    return frame, hidden


def _hide_denominators(frame: pd.DataFrame, hidden: pd.DataFrame, dimension: str) -> None:
    """Where a total is hidden, the denominator of its parts is the same number."""
    for rows in _groups(frame, without=dimension, count="n"):
        if hidden.loc[rows, "n"][frame.loc[rows, dimension] == ALL].any():
            hidden.loc[rows, "denominator"] = True


def _hide_between_times(
    result: Result, frame: pd.DataFrame, hidden: pd.DataFrame, threshold: int
) -> None:
    """Hide values at fixed times between which few persons left: their difference is a count."""
    everyone = result.settings.get("by") is None and not result.settings.get("delayed_entry")
    for rows in _groups(frame, without="time_days", count="n_events"):
        in_time = frame.loc[rows].sort_values("time_days", kind="stable")
        small = _few_left(
            in_time,
            result.n_persons if everyone else None,
            threshold,
            alone="cause" not in frame and not result.settings.get("delayed_entry"),
        )
        for row, columns in small.items():
            hidden.loc[row, [*columns, *result.counts["n_events"]]] = True
    if "cause" in frame:
        # Who is still at risk, less the causes shown, would give the hidden one back.
        at_risk = hidden.groupby([frame["stratum"], frame["time_days"]])["n_events"]
        hidden["n_at_risk"] |= at_risk.transform("any")


def _few_left(
    in_time: pd.DataFrame, n_persons: int | None, threshold: int, *, alone: bool
) -> dict[int, tuple[str, ...]]:
    """Return the counts to hide by row: events, or (`alone`: one event, no late entry) all."""
    small: dict[int, tuple[str, ...]] = {}
    at_risk_shown, at_risk_before, events_before = n_persons, n_persons, 0
    for row, at_risk, events in in_time[["n_at_risk", "n_events"]].itertuples():
        known = alone and at_risk_before is not None
        if known and 0 < at_risk_shown - at_risk < threshold:
            small[row] = ("n_at_risk", "n_events")
            continue
        at_risk_shown = at_risk
        left = [events - events_before]
        if known:
            left.append(at_risk_before - at_risk - left[0])
        if any(0 < each < threshold for each in left):
            small[row] = ("n_events",)
        else:
            at_risk_before, events_before = at_risk, events
    return small


def _with_complements(
    frame: pd.DataFrame,
    dimension: str,
    count: str,
    small: pd.Series,
    known: pd.Series,
    threshold: int,
) -> pd.Series:
    """Hide more parts where the row `all` less the parts shown would give a hidden one back.

    The hidden parts sum to a known number; each of k of them can be as large as that sum less
    (k - 1), so parts are added until that reaches the threshold.
    """
    hidden = small.copy()
    for rows in _groups(frame, without=dimension, count=count):
        if not (frame.loc[rows, dimension] == ALL).any():
            continue
        parts = frame.loc[rows]
        parts = parts[(parts[dimension] != ALL) & (parts[count] > 0) & ~known[rows]].sort_values(
            count, kind="stable"
        )
        candidates = iter(parts.index[~hidden[parts.index]])
        while hidden[parts.index].any() and not _safe(parts[count][hidden[parts.index]], threshold):
            following = next(candidates, None)
            if following is None:
                # Nothing is left to hide among the parts: the total goes too.
                hidden[rows] |= (frame.loc[rows, dimension] == ALL) & (frame.loc[rows, count] > 0)
                break
            hidden[following] = True
    return hidden


def _safe(hidden_counts: pd.Series, threshold: int) -> bool:
    k = len(hidden_counts)
    return k >= 2 and hidden_counts.sum() - (k - 1) >= threshold


def _groups(frame: pd.DataFrame, without: str, count: str) -> Iterator[pd.Index]:
    """Yield the rows that share every other dimension (the text columns)."""
    keys = [
        name
        for name in frame.columns
        if name not in (without, count) and not pd.api.types.is_numeric_dtype(frame[name])
    ]
    if not keys:
        yield frame.index
        return
    yield from frame.groupby(keys, sort=False, dropna=False).groups.values()
