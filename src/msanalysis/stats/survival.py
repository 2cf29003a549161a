"""Kaplan-Meier: the curve, its median, and its value at fixed times, also with delayed entry."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from msanalysis.core import statistic
from msanalysis.intervals import Interval, probability_limits
from msanalysis.stats.risk_set import Persons, RiskSet, count_at_risk, count_risk_set, event_codes
from msanalysis.stats.strata import split_persons, stack

SAME = np.finfo(float).eps ** 0.5
"""Probabilities closer than this are equal: 1 - 1/2 arrived at by many products is one half."""

_CURVE = {
    "stratum": "object",
    "time_days": "int64",
    "n_at_risk": "int64",
    "n_events": "int64",
    "n_censored": "int64",
    "n_entered": "int64",
    "estimate": "float64",
    "lower": "float64",
    "upper": "float64",
}
_MEDIAN = {
    "stratum": "object",
    "n": "int64",
    "n_events": "int64",
    "median_days": "float64",
    "lower_days": "float64",
    "upper_days": "float64",
    "n_at_risk": "float64",
    "n_at_risk_lower": "float64",
    "n_at_risk_upper": "float64",
}
_AT = {
    "stratum": "object",
    "time_days": "float64",
    "n_at_risk": "int64",
    "n_events": "int64",
    "estimate": "float64",
    "lower": "float64",
    "upper": "float64",
}
_ESTIMATES = ("estimate", "lower", "upper")
_DAYS = ("median_days", "lower_days", "upper_days")


def kaplan_meier(risk: RiskSet) -> tuple[np.ndarray, np.ndarray]:
    """Return S just after each day of the risk set, and its standard error divided by S.

    S(t) = prod (1 - d/n) and Greenwood's sum d / (n (n - d)), all causes taken together; once S
    is 0 it stays there, and its relative error is infinite.
    """
    n, d = risk.n_at_risk, risk.n_events.sum(axis=0)
    with np.errstate(divide="ignore"):
        greenwood = np.where(d > 0, d / (n * (n - d).astype(float)), 0.0)
    return np.cumprod(1 - d / n), np.sqrt(np.cumsum(greenwood))


@statistic(
    shape="curve",
    counts={"n_at_risk": (), "n_events": _ESTIMATES, "n_censored": (), "n_entered": ()},
    dimension="stratum",
    columns={"stratum": "by"},
    cells={
        "n_at_risk": ("stratum", "after time_days"),
        "n_events": ("stratum", "end_reason=event", "during time_days"),
        "n_censored": ("stratum", "end_reason!event", "during time_days"),
    },
)
def estimate_survival(
    frame: pd.DataFrame,
    *,
    event: str | Iterable[str],
    by: str | None = None,
    delayed_entry: bool = False,
    interval: Interval = "log-log",
    level: float = 0.95,
    ticks_days: Sequence[float] = (),
) -> pd.DataFrame:
    """Estimate the probability of no event by each day, S(t), by Kaplan and Meier.

    Parameters
    ----------
    event
        Code, or codes, of `end_reason` that are the event; every other reason is censoring.
    by
        Column whose levels are the strata; None makes one stratum, `all`.
    delayed_entry
        Persons are at risk from the day after `entry_days`: the curve is then conditional on
        survival to the first entry, and unstable while few are at risk.
    interval, level
        Pointwise interval with Greenwood's variance.
    ticks_days
        Days under which a figure prints the numbers at risk: they have a row of their own, and
        the gate puts its steps there.

    Returns
    -------
    Result
        A row a distinct exit day (or tick) and stratum: `stratum`, `time_days`, `n_at_risk` (just
        before the day), `n_events`, `n_censored`, `n_entered` (since the row before), `estimate`,
        `lower`, `upper`. The limits are missing where the estimate is 1 or 0.

    Raises
    ------
    ValueError
        A column is not there or holds no follow-up; `interval` or `level` is not known.

    Notes
    -----
    Censoring must not foretell the event. Where another event rules this one out, 1 - S is not
    the share that will have it: see `estimate_cumulative_incidence`.
    """
    strata = split_persons(frame, by, [event_codes(event)], delayed_entry)
    return stack(
        (
            {"stratum": stratum, **_curve(persons, interval, level, ticks_days)}
            for stratum, persons in strata
        ),
        _CURVE,
    )


def _curve(
    persons: Persons, interval: Interval, level: float, ticks_days: Sequence[float] = ()
) -> Mapping[str, Any]:
    risk = count_risk_set(persons, ticks_days)
    estimate, relative_error = kaplan_meier(risk)
    lower, upper = probability_limits(estimate, relative_error, interval, level)
    return {
        "time_days": risk.time,
        "n_at_risk": risk.n_at_risk,
        "n_events": risk.n_events[0],
        "n_censored": risk.n_censored,
        "n_entered": risk.n_entered,
        "estimate": estimate,
        "lower": lower,
        "upper": upper,
    }


@statistic(
    shape="table",
    counts={"n": ("n_events", *_DAYS, "n_at_risk"), "n_events": _DAYS, "n_at_risk": _DAYS},
    dimension="stratum",
    columns={"stratum": "by"},
    cells={
        "n": ("stratum",),
        "n_events": ("stratum", "end_reason=event"),
        "n_at_risk": ("stratum", "from median_days"),
    },
    behind={
        "n_at_risk": _DAYS,
        "n_at_risk_lower": ("lower_days",),
        "n_at_risk_upper": ("upper_days",),
    },
)
def estimate_median_survival(
    frame: pd.DataFrame,
    *,
    event: str | Iterable[str],
    by: str | None = None,
    delayed_entry: bool = False,
    interval: Interval = "log-log",
    level: float = 0.95,
    quantile: float = 0.5,
) -> pd.DataFrame:
    """Estimate the day by which half of the persons have had the event.

    Parameters
    ----------
    quantile
        Share with the event by the day, between 0 and 1; `median_days` is then that quantile.
    event, by, delayed_entry, interval, level
        As in `estimate_survival`.

    Returns
    -------
    Result
        A row a stratum: `stratum`, `n`, `n_events`, `median_days`, `lower_days`, `upper_days`,
        `n_at_risk` (on the day of the median). What the curve or its limits do not reach is
        missing. Where the curve is flat at 1 - `quantile`, the midpoint of the flat; the limits
        are the days on which the limits of the curve cross it (Brookmeyer and Crowley). The gate
        reads how many were at risk on those days too: `n_at_risk_lower`, `n_at_risk_upper`.

    Raises
    ------
    ValueError
        As `estimate_survival`; or `quantile` is not between 0 and 1.
    """
    if not 0 < quantile < 1:
        raise ValueError("quantile must lie between 0 and 1, such as 0.5: set another quantile")
    strata = split_persons(frame, by, [event_codes(event)], delayed_entry)
    rows = (
        {"stratum": stratum, **_median(persons, interval, level, quantile)}
        for stratum, persons in strata
    )
    return stack(rows, _MEDIAN)


def _median(
    persons: Persons, interval: Interval, level: float, quantile: float
) -> Mapping[str, Any]:
    curve = _curve(persons, interval, level)
    days = np.array(
        [_day_reached(curve["time_days"], curve[column], 1 - quantile) for column in _ESTIMATES]
    )
    reached = ~np.isnan(days)
    at_risk = np.full(3, np.nan)
    at_risk[reached] = count_at_risk(persons, days[reached])
    return {
        "n": len(persons),
        "n_events": curve["n_events"].sum(),
        **dict(zip(("median_days", "lower_days", "upper_days"), days, strict=True)),
        **dict(zip(("n_at_risk", "n_at_risk_lower", "n_at_risk_upper"), at_risk, strict=True)),
    }


def _day_reached(time: np.ndarray, curve: np.ndarray, height: float) -> float:
    """Return the day the curve comes down to `height`; halfway to the next step if it stays."""
    reached = _nearest_below(time, curve, height + SAME)
    passed = _nearest_below(time, curve, height - SAME)
    return (reached + (time[-1] if np.isnan(passed) else passed)) / 2


def _nearest_below(time: np.ndarray, curve: np.ndarray, height: float) -> float:
    # With delayed entry a confidence limit can rise again while few are at risk. R then takes the
    # day of its highest value at or below the height, and so does this.
    below = np.flatnonzero(curve <= height)
    return time[below[np.argmax(curve[below])]] if len(below) else np.nan


@statistic(
    shape="table",
    counts={"n_at_risk": _ESTIMATES, "n_events": _ESTIMATES},
    dimension="stratum",
    columns={"stratum": "by"},
    cells={
        "n_at_risk": ("stratum", "from time_days"),
        "n_events": ("stratum", "end_reason=event", "until time_days"),
    },
    behind={"n_at_risk": _ESTIMATES},
)
def estimate_survival_at(
    frame: pd.DataFrame,
    *,
    event: str | Iterable[str],
    times_days: Sequence[float],
    by: str | None = None,
    delayed_entry: bool = False,
    interval: Interval = "log-log",
    level: float = 0.95,
) -> pd.DataFrame:
    """Estimate the probability of no event by fixed days.

    Parameters
    ----------
    times_days
        Days from time zero, such as 3 * 365.25.
    event, by, delayed_entry, interval, level
        As in `estimate_survival`.

    Returns
    -------
    Result
        A row a stratum and time: `stratum`, `time_days`, `n_at_risk` (still under observation on
        that day), `n_events` (by that day), `estimate`, `lower`, `upper`. The value is that of
        the last step at or before the time; it is missing after the last exit and, with delayed
        entry, before the first entry: nothing is extrapolated.

    Raises
    ------
    ValueError
        As `estimate_survival`.
    """
    times = np.asarray(times_days, dtype=float)
    strata = split_persons(frame, by, [event_codes(event)], delayed_entry)
    rows = (
        {"stratum": stratum, **_values_at(persons, times, interval, level)}
        for stratum, persons in strata
    )
    return stack(rows, _AT)


def _values_at(
    persons: Persons, times: np.ndarray, interval: Interval, level: float
) -> Mapping[str, Any]:
    risk = count_risk_set(persons)
    estimate, relative_error = kaplan_meier(risk)
    step = last_step(risk.time, times)
    estimate = np.append(1.0, estimate)[step]
    estimate[~is_observed(persons, times)] = np.nan
    lower, upper = probability_limits(
        estimate, np.append(0.0, relative_error)[step], interval, level
    )
    return {
        "time_days": times,
        "n_at_risk": count_at_risk(persons, times),
        "n_events": np.append(0, np.cumsum(risk.n_events[0]))[step],
        "estimate": estimate,
        "lower": lower,
        "upper": upper,
    }


def last_step(time: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return how many of the ascending `time` are at or before each of `times`."""
    return np.searchsorted(time, times, side="right")


def is_observed(persons: Persons, times: np.ndarray) -> np.ndarray:
    """Return which times lie between the first entry and the last exit."""
    return (times >= persons.entry.min()) & (times <= persons.exit.max())
