"""Aalen-Johansen: the probability of each of several events that rule each other out."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from msanalysis.core import statistic
from msanalysis.intervals import Interval, probability_limits
from msanalysis.stats.risk_set import Persons, RiskSet, count_at_risk, count_risk_set, event_codes
from msanalysis.stats.strata import split_persons, stack
from msanalysis.stats.survival import is_observed, kaplan_meier, last_step

_CURVE = {
    "stratum": "object",
    "cause": "object",
    "time_days": "int64",
    "n_at_risk": "int64",
    "n_events": "int64",
    "n_events_any": "int64",
    "n_censored": "int64",
    "n_entered": "int64",
    "estimate": "float64",
    "lower": "float64",
    "upper": "float64",
}
_AT = {
    "stratum": "object",
    "cause": "object",
    "time_days": "float64",
    "n_at_risk": "int64",
    "n_events": "int64",
    "estimate": "float64",
    "lower": "float64",
    "upper": "float64",
}
_ESTIMATES = ("estimate", "lower", "upper")


def aalen_johansen(persons: Persons, risk: RiskSet) -> tuple[np.ndarray, np.ndarray]:
    """Return F_k just after each day of the risk set, and its standard error, each (K, T).

    F_k(t) = sum over s <= t of S(s-) d_k(s) / n(s). The variance is the infinitesimal jackknife,
    the sum over persons of the squared derivative of F_k with respect to their weight.
    """
    survival, _ = kaplan_meier(risk)
    before = np.append(1.0, survival)[:-1]
    incidence = np.cumsum(before * risk.n_events / risk.n_at_risk, axis=1)
    first = np.searchsorted(risk.time, persons.entry, side="right")
    last = np.searchsorted(risk.time, persons.exit)
    placed = Persons(first, last, persons.cause, persons.n_causes)
    errors = [
        _jackknife_error(placed, risk, before, F, cause)
        for cause, F in enumerate(incidence, start=1)
    ]
    return incidence, np.reshape(errors, incidence.shape)


def _jackknife_error(
    placed: Persons, risk: RiskSet, before: np.ndarray, F: np.ndarray, cause: int
) -> np.ndarray:
    """Return the standard error of one F after each day, without a loop over persons or days.

    The derivative of F(t) with respect to a person's weight is (x - x0) - F(t) (y - y0), where
    x = A(entry) and y = B(entry) are running sums. While they are under observation x0 = A(t) and
    y0 = B(t); from their exit on x0 and y0 depend on the day and the cause of the exit. So its
    square adds up over persons from sums of 1, x, y, xx, xy, yy. `placed` are the persons with
    the number of days before their risk starts as entry, and the number of their day as exit.
    """
    n, d = risk.n_at_risk, risk.n_events.sum(axis=0)
    # Where everyone at risk has an event F is flat ever after, and no weight can move it.
    per_survivor = np.divide(1.0, n - d, out=np.zeros(len(n)), where=n > d)
    A = np.append(0, np.cumsum(before * risk.n_events[cause - 1] / n**2 + F * d / n * per_survivor))
    B = np.append(0, np.cumsum(d / n * per_survivor))
    x, y = A[placed.entry], B[placed.entry]
    entered = np.cumsum(_moments(x, y, placed.entry, (len(A),)), axis=-1)[:, :-1]
    left = _moments(x, y, placed.cause * len(n) + placed.exit, (placed.n_causes + 1, len(n)))
    present = _about(entered - np.cumsum(left.sum(axis=1), axis=-1), A[1:], B[1:])
    ended_by = np.arange(placed.n_causes + 1)[:, np.newaxis]
    x0 = A[1:] - (ended_by == cause) * before / n - (ended_by > 0) * F * per_survivor
    y0 = B[1:] - (ended_by > 0) * per_survivor
    gone = np.cumsum(_about(left, x0, y0).sum(axis=1), axis=-1)
    _, _, _, xx, xy, yy = present + gone
    return np.sqrt(np.maximum(xx - 2 * F * xy + F**2 * yy, 0))


def _moments(x: np.ndarray, y: np.ndarray, cell: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return the sums of 1, x, y, xx, xy, yy over the persons in each cell: (6, *shape)."""
    terms = (np.ones(len(x)), x, y, x * x, x * y, y * y)
    size = int(np.prod(shape))
    return np.array([np.bincount(cell, term, size).reshape(shape) for term in terms])


def _about(moments: np.ndarray, x0: np.ndarray, y0: np.ndarray) -> np.ndarray:
    """Return the moments of x - x0 and y - y0."""
    n, x, y, xx, xy, yy = moments
    return np.array(
        [
            n,
            x - n * x0,
            y - n * y0,
            xx - 2 * x * x0 + n * x0**2,
            xy - x * y0 - y * x0 + n * x0 * y0,
            yy - 2 * y * y0 + n * y0**2,
        ]
    )


@statistic(
    shape="curve",
    counts={
        "n_at_risk": (),
        "n_events": _ESTIMATES,
        "n_events_any": _ESTIMATES,
        "n_censored": (),
        "n_entered": (),
    },
    dimension="stratum",
    columns={"stratum": "by", "cause": "end_reason"},
    cells={"n_events": ("stratum", "cause", "during time_days")},
)
def estimate_cumulative_incidence(
    frame: pd.DataFrame,
    *,
    events: Sequence[str],
    by: str | None = None,
    delayed_entry: bool = False,
    interval: Interval = "log-log",
    level: float = 0.95,
    ticks_days: Sequence[float] = (),
) -> pd.DataFrame:
    """Estimate the probability of each of several competing events by each day, F_k(t).

    Parameters
    ----------
    events
        Codes of `end_reason` that compete; every other reason is censoring. An event that is left
        out is treated as if it could be prevented, which raises the others.
    by, delayed_entry, interval, level, ticks_days
        As in `estimate_survival`; the interval is for F_k.

    Returns
    -------
    Result
        A row a stratum, cause and distinct exit day: `stratum`, `cause`, `time_days`, `n_at_risk`
        (just before the day), `n_events` (of the cause), `n_events_any`, `n_censored`,
        `n_entered`, `estimate`, `lower`, `upper`. The F_k of all causes and S sum to 1.

    Raises
    ------
    ValueError
        As `estimate_survival`.

    Notes
    -----
    Aalen and Johansen (1978); variance by the infinitesimal jackknife over persons.
    """
    parts = (
        {"stratum": stratum, "cause": cause, **part}
        for stratum, persons in split_persons(frame, by, event_codes(events), delayed_entry)
        for cause, part in _curves(persons, event_codes(events), interval, level)
    )
    return stack(parts, _CURVE)


def _curves(
    persons: Persons, causes: Sequence[str], interval: Interval, level: float
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    risk = count_risk_set(persons)
    incidence, error = aalen_johansen(persons, risk)
    for position, cause in enumerate(causes):
        yield (
            cause,
            {
                "time_days": risk.time,
                "n_at_risk": risk.n_at_risk,
                "n_events": risk.n_events[position],
                "n_events_any": risk.n_events.sum(axis=0),
                "n_censored": risk.n_censored,
                "n_entered": risk.n_entered,
                **_with_limits(incidence[position], error[position], interval, level),
            },
        )


def _with_limits(
    incidence: np.ndarray, error: np.ndarray, interval: Interval, level: float
) -> Mapping[str, np.ndarray]:
    relative_error = np.divide(error, incidence, out=np.zeros(len(error)), where=error > 0)
    lower, upper = probability_limits(incidence, relative_error, interval, level)
    return {"estimate": incidence, "lower": lower, "upper": upper}


@statistic(
    shape="table",
    counts={"n_at_risk": _ESTIMATES, "n_events": ("n_at_risk", *_ESTIMATES)},
    dimension="stratum",
    columns={"stratum": "by", "cause": "end_reason"},
    cells={
        "n_at_risk": ("stratum", "from time_days"),
        "n_events": ("stratum", "cause", "until time_days"),
    },
    behind={"n_at_risk": _ESTIMATES},
)
def estimate_cumulative_incidence_at(
    frame: pd.DataFrame,
    *,
    events: Sequence[str],
    times_days: Sequence[float],
    by: str | None = None,
    delayed_entry: bool = False,
    interval: Interval = "log-log",
    level: float = 0.95,
) -> pd.DataFrame:
    """Estimate the probability of each of several competing events by fixed days.

    Parameters
    ----------
    times_days
        Days from time zero, such as 3 * 365.25.
    events, by, delayed_entry, interval, level
        As in `estimate_cumulative_incidence`.

    Returns
    -------
    Result
        A row a stratum, cause and time: `stratum`, `cause`, `time_days`, `n_at_risk` (still under
        observation on that day), `n_events` (of the cause, by that day), `estimate`, `lower`,
        `upper`; missing outside the time under observation, as in `estimate_survival_at`.

    Raises
    ------
    ValueError
        As `estimate_survival`.
    """
    times = np.asarray(times_days, dtype=float)
    parts = (
        {"stratum": stratum, "cause": cause, **part}
        for stratum, persons in split_persons(frame, by, event_codes(events), delayed_entry)
        for cause, part in _values_at(persons, event_codes(events), times, interval, level)
    )
    return stack(parts, _AT)


def _values_at(
    persons: Persons, causes: Sequence[str], times: np.ndarray, interval: Interval, level: float
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    risk = count_risk_set(persons)
    step = last_step(risk.time, times)
    outside = ~is_observed(persons, times)
    at_start = np.zeros((len(causes), 1))
    curves = [np.hstack([at_start, curve]) for curve in aalen_johansen(persons, risk)]
    incidence, error = (np.where(outside, np.nan, curve[:, step]) for curve in curves)
    n_events = np.hstack([at_start, np.cumsum(risk.n_events, axis=1)])[:, step]
    for position, cause in enumerate(causes):
        yield (
            cause,
            {
                "time_days": times,
                "n_at_risk": count_at_risk(persons, times),
                "n_events": n_events[position],
                **_with_limits(incidence[position], error[position], interval, level),
            },
        )
