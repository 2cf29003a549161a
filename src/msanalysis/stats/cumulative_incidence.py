"""Aalen-Johansen: the probability of each of several events that rule each other out."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from msanalysis.core import statistic
from msanalysis.stats.intervals import Interval, probability_limits
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
    errors = [
        _jackknife_error(persons, risk, before, F, cause)
        for cause, F in enumerate(incidence, start=1)
    ]
    return incidence, np.reshape(errors, incidence.shape)


def _jackknife_error(
    persons: Persons, risk: RiskSet, before: np.ndarray, F: np.ndarray, cause: int
) -> np.ndarray:
    """Return the standard error of one F after each day, without a loop over persons or days.

    The derivative of F(t) with respect to a person's weight is p + q F(t). While they are under
    observation p = A(entry) - A(t) and q = B(t) - B(entry), with the running sums A and B; from
    their exit on p and q stay as they are. So its square adds up over persons by running sums.
    """
    n, d = risk.n_at_risk, risk.n_events.sum(axis=0)
    # Where everyone at risk has an event F is flat ever after, and no weight can move it.
    per_survivor = np.divide(1.0, n - d, out=np.zeros(len(n)), where=n > d)
    A = np.append(0, np.cumsum(before * risk.n_events[cause - 1] / n**2 + F * d / n * per_survivor))
    B = np.append(0, np.cumsum(d / n * per_survivor))
    first = np.searchsorted(risk.time, persons.entry, side="right")
    last = np.searchsorted(risk.time, persons.exit)
    own, any_event = persons.cause == cause, persons.cause > 0
    p = A[first] - A[last + 1] + own * (before / n)[last] + any_event * (F * per_survivor)[last]
    q = B[last + 1] - B[first] - any_event * per_survivor[last]
    entered = _running_moments(first, A[first], B[first], len(A))[:, :-1]
    left = _running_moments(last + 1, A[first], B[first], len(A))[:, 1:]
    gone = _running_moments(last + 1, p, q, len(A))[:, 1:]
    present = _about(entered - left, A[1:], B[1:])
    return np.sqrt(np.maximum(_sum_of_squares(present, -F) + _sum_of_squares(gone, F), 0))


def _running_moments(day: np.ndarray, x: np.ndarray, y: np.ndarray, n_days: int) -> np.ndarray:
    """Return the sums of 1, x, y, xx, xy, yy over the persons with up to each day: (6, n_days)."""
    terms = (np.ones(len(x)), x, y, x * x, x * y, y * y)
    return np.cumsum([np.bincount(day, term, minlength=n_days) for term in terms], axis=1)


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


def _sum_of_squares(moments: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """Return the sum of (x + factor y)^2."""
    _, _, _, xx, xy, yy = moments
    return xx + 2 * factor * xy + factor**2 * yy


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
    counts={"n_at_risk": _ESTIMATES, "n_events": _ESTIMATES},
    dimension="stratum",
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
