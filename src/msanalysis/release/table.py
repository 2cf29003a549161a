"""Tables: small counts are hidden, and more where a total would give them back."""

from collections.abc import Iterator

import pandas as pd

from msanalysis.core import ALL, Result
from msanalysis.release.policy import Policy


def protect_table(result: Result, policy: Policy) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the table and which of its cells to hide."""
    frame = result.frame.reset_index(drop=True)
    hidden = pd.DataFrame(False, index=frame.index, columns=frame.columns)
    for count, dependent in result.counts.items():
        small = frame[count].between(1, policy.threshold - 1)
        if result.dimension:
            small = _with_complements(frame, result.dimension, count, small, policy.threshold)
        if count == "n_events" and "time_days" in frame:
            small |= _small_increments(frame, policy.threshold)
        hidden.loc[small, [count, *dependent]] = True
    return frame, hidden


def _small_increments(frame: pd.DataFrame, threshold: int) -> pd.Series:
    """Mark values at fixed times between which few events lie: their difference is a count too."""
    small = pd.Series(False, index=frame.index)
    for rows in _groups(frame, without="time_days", count="n_events"):
        shown = 0
        for row in frame.loc[rows].sort_values("time_days", kind="stable").index:
            if 0 < frame.loc[row, "n_events"] - shown < threshold:
                small[row] = True
            else:
                shown = frame.loc[row, "n_events"]
    return small


def _with_complements(
    frame: pd.DataFrame, dimension: str, count: str, small: pd.Series, threshold: int
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
        parts = parts[(parts[dimension] != ALL) & (parts[count] > 0)].sort_values(
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
