"""Curves: drawn from counts of persons that are each none or enough, and from nothing else.

A survival curve is computed again from the counts of its merged steps, as a life table, so that it
tells no more than they do: exact estimates at the ends of steps would tell in which order persons
left. Exact values are for tables at fixed times.
"""

import math

import numpy as np
import pandas as pd

from msanalysis.core import Restriction, Result
from msanalysis.intervals import probability_limits
from msanalysis.release.cells import box_of, hidden_days, key_of
from msanalysis.release.plan import planned
from msanalysis.release.policy import Policy


def protect_curve(result: Result, policy: Policy) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the curve in steps that each hold enough persons, and which cells are hidden."""
    competing = "cause" in result.frame.columns
    merged = _merged_cause if competing else _merged_survival
    ticks = sorted(math.ceil(tick) for tick in result.settings.get("ticks_days", ()))
    keys = ["stratum", "cause"] if competing else ["stratum"]
    parts = []
    for _, rows in result.frame.groupby(keys, sort=False):
        shown = rows.iloc[:0] if _is_planned(result, rows) else rows
        if policy.rounding_base > 1:
            shown = _on_fixed_days(shown, ticks)
        shown, days = _many_at_risk(shown, policy), _planned_days(result, rows)
        parts.append(merged(shown, ticks, policy.threshold, result.settings, days))
    frame = pd.concat(parts, ignore_index=True) if parts else result.frame
    frame = frame.drop(columns=_LEFT_OUT[competing], errors="ignore")
    hidden = frame.isna()
    for limit in ("lower", "upper"):
        hidden[limit] = hidden["estimate"]
    return frame, hidden


# A cause keeps neither at-risk nor censor counts: two causes on different steps would give the
# small counts between them back by subtraction.
_LEFT_OUT = {
    False: ["n_entered"],
    True: ["n_entered", "n_at_risk", "n_censored", "n_events_any"],
}


QUARTER_DAYS = 365.25 / 4
_LAST = ("estimate", "lower", "upper")
_SUMMED = ("n_events", "n_censored", "n_events_any")


def _on_fixed_days(rows: pd.DataFrame, ticks: list[int]) -> pd.DataFrame:
    """Return the rows as one for each quarter of a year, and for each part of one that a tick cuts.

    A step that ended on another day would tell that somebody left on it, and move where a later
    extract holds one person more.
    """
    if rows.empty:
        return rows
    n_quarters = rows["time_days"].iloc[-1] / QUARTER_DAYS + 2
    quarters = np.ceil(np.arange(1, n_quarters) * QUARTER_DAYS) - 1
    ends = np.union1d(quarters, np.array(ticks, dtype=float) - 1)
    end = ends[np.searchsorted(ends, rows["time_days"])].astype("int64")
    how = {
        name: "last" if name in _LAST else "sum" if name in _SUMMED else "first"
        for name in rows.columns.drop("time_days")
    }
    grouped = rows.assign(
        time_days=end, n_entered=rows["n_entered"].shift(-1, fill_value=0)
    ).groupby("time_days")
    fixed = grouped.agg(how | {"n_entered": "sum"}).reset_index()
    entered = fixed["n_entered"].shift(fill_value=rows["n_entered"].iloc[0])
    return fixed.assign(n_entered=entered)[rows.columns]


def _many_at_risk(rows: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """Return the rows from the first with many at risk to the last before there are few again."""
    many = (rows["n_at_risk"] >= policy.curve_at_risk).to_numpy()
    started = np.maximum.accumulate(many) if len(many) else many
    ended = np.maximum.accumulate(started & ~many) if len(many) else many
    return rows[started & ~ended].reset_index(drop=True)


def _is_planned(result: Result, rows: pd.DataFrame) -> bool:
    """Return whether the run's plan hides how many these rows begin with, and so all of them."""
    keys = planned() if result.counted else ()
    if not keys:
        return False
    box = box_of(result.counted, Restriction(("stratum",)), rows.iloc[0].to_dict(), 0)
    return key_of(result.counted.base, box) in keys


def _planned_days(result: Result, rows: pd.DataFrame) -> set[float]:
    """Return the days on which, by the run's plan, no step of these rows may end."""
    days: set[float] = set()
    keys = planned() if result.counted else ()
    for restriction in result.counted.counts.values() if keys else ():
        box = box_of(result.counted, restriction, rows.iloc[0].to_dict(), 0)
        days |= hidden_days(keys, result.counted.base, box, restriction.time_dimension)
    return days


def _merged_survival(rows, ticks, threshold, settings, planned_days) -> pd.DataFrame:
    """Merge the steps of one stratum.

    A step that runs over a tick has a row that ends the day before it, so that who is at risk
    there is known; the events, those censored and the estimate stand where the step ends.
    """
    times, n_at_risk = rows["time_days"].to_numpy(), rows["n_at_risk"].to_numpy()
    # Who enters before the next row's time is what a reader can work out from two numbers at risk.
    enters = rows["n_entered"].shift(-1, fill_value=0).to_numpy()
    counts = np.column_stack([rows["n_events"], rows["n_censored"], enters])
    first, last, day = _without_ends(planned_days, *_merge(times, counts, ticks, threshold))
    ticks = [tick for tick in ticks if tick - 1 not in planned_days]
    steps = _life_table(
        n_at_risk[first],
        _sums(counts[:, 0], first, last),
        _sums(counts[:, 1], first, last),
        _sums(enters, first, last),
        settings,
    )
    leaving = np.column_stack([counts[:, 0] + counts[:, 1], enters])
    start, closing, step = _split_at_ticks(first, last, day, times, leaving, ticks, threshold)
    shown = steps.reindex(step).reset_index(drop=True)
    shown = shown.assign(n_at_risk=n_at_risk[start]).astype(dict.fromkeys(_COUNTS, "Int64"))
    shown.insert(0, "time_days", closing)
    shown.insert(0, "stratum", rows["stratum"].to_numpy()[start])
    return shown


_COUNTS = ("n_at_risk", "n_events", "n_censored")


def _life_table(n_at_risk, n_events, n_censored, n_entered, settings) -> pd.DataFrame:
    """Return survival after each step, S = prod (1 - d / (n - c/2 + e/2)), with its interval.

    Greenwood's variance takes all who are censored as gone before the events, and half of those
    who enter as come by then, so that the interval is hardly ever narrower than the exact one.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        exposed = n_at_risk - n_censored / 2 + n_entered / 2
        estimate = np.cumprod(np.clip(1 - n_events / exposed, 0, 1))
        fewest = n_at_risk - n_censored + n_entered / 2
        terms = np.where(n_events > 0, n_events / (fewest * (fewest - n_events)), 0.0)
        error = np.sqrt(
            np.cumsum(np.where(fewest > n_events, terms, np.where(n_events, np.inf, 0)))
        )
        lower, upper = probability_limits(estimate, error, settings["interval"], settings["level"])
    return pd.DataFrame(
        {
            "n_at_risk": n_at_risk,
            "n_events": n_events,
            "n_censored": n_censored,
            "estimate": estimate,
            "lower": lower,
            "upper": upper,
        }
    )


def _merged_cause(rows, ticks, threshold, settings, planned_days) -> pd.DataFrame:
    """Merge the steps of one cause, and write its incidence no finer than persons can be told.

    To a decimal more, the incidence at two steps would tell how many were censored between them.
    """
    counts = rows[["n_events"]].to_numpy()
    steps = _merge(rows["time_days"].to_numpy(), counts, ticks, threshold)
    first, last, day = _without_ends(planned_days, *steps)
    merged = rows.iloc[last].reset_index(drop=True)
    decimals = math.floor(math.log10(rows["n_at_risk"].max())) if len(rows) else 0
    estimates = merged[["estimate", "lower", "upper"]].round(decimals)
    return merged.assign(time_days=day, n_events=_sums(counts[:, 0], first, last), **estimates)


def _sums(values: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    total = np.concatenate([[0], np.cumsum(values)])
    return (total[last + 1] - total[first]).astype("int64")


def _enough(held: np.ndarray, threshold: int) -> bool:
    return bool(((held == 0) | (held >= threshold)).all())


def _without_ends(days: set[float], first, last, day) -> tuple[np.ndarray, ...]:
    """Join steps that end on one of these days with the next; the last such is not shown."""
    ends = ~np.isin(day, [*days])
    starts = np.append(True, ends[:-1]) if len(ends) else ends
    return first[starts][: ends.sum()], last[ends], day[ends]


def _split_at_ticks(first, last, day, times, leaving, ticks, threshold):
    """Return first row, closing day and step (-1: none ends here) of each row to show.

    A step is split at a tick where those who leave, and those who enter, before and after it are
    none or enough. So is the time after the last step, whose events are not shown.
    """
    after = last[-1] + 1 if len(last) else 0
    segments = [*zip(first, last + 1, day, strict=True), (after, len(times), None)]
    pieces = []
    for step, (start, end, closing) in enumerate(segments):
        for tick in ticks:
            row = int(np.searchsorted(times, tick))
            if start < row < end and all(
                _enough(part.sum(axis=0), threshold)
                for part in (leaving[start:row], leaving[row:end])
            ):
                pieces.append((start, tick - 1, -1))
                start = row
        if closing is None and start < end:
            pieces.append((start, times[-1], -1))
        elif closing is not None:
            pieces.append((start, closing, step))
    return np.array(pieces, dtype="int64").reshape(-1, 3).T


def _merge(
    times: np.ndarray, counts: np.ndarray, ticks: list[int], threshold: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return first row, last row and closing day of each merged step.

    A step closes as soon as it holds an event and each of its counts is 0 or at least the
    threshold. It also closes the day before a tick, so that the number at risk there is exact,
    unless what is left over is small and cannot be joined to the steps since the last tick. What
    is left open at the end is not shown.
    """
    steps: list[tuple[int, int, int]] = []
    total = np.vstack([np.zeros(counts.shape[1]), np.cumsum(counts, axis=0)])

    def closable(start: int, end: int) -> bool:
        return _enough(total[end] - total[start], threshold)

    start = segment = 0
    last_day = int(times[-1]) if len(times) else 0
    bounds = [
        (int(np.searchsorted(times, tick)), tick - 1) for tick in ticks if 0 < tick <= last_day
    ]
    for end, day in [*bounds, (len(times), last_day)]:
        for row in range(segment, end):
            if total[row + 1, 0] > total[start, 0] and closable(start, row + 1):
                steps.append((start, row, int(times[row])))
                start = row + 1
        start = _close_at(day, start, end, segment, steps, closable)
        segment = end
    first, last, day = np.array(steps, dtype="int64").reshape(-1, 3).T
    return first, last, day


def _close_at(day, start, end, segment, steps, closable) -> int:
    """Close what is open before a tick, joined with earlier steps since the last one if need be."""
    if start >= end:
        if steps and start == end and steps[-1][0] >= segment:
            steps[-1] = (*steps[-1][:2], day)
        return start
    back = len(steps)
    while not closable(start if back == len(steps) else steps[back][0], end):
        back -= 1
        if back < 0 or steps[back][0] < segment:
            return start
    start = start if back == len(steps) else steps[back][0]
    steps[back:] = [(start, end - 1, day)]
    return end
