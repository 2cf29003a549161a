"""Restricted mean survival time: the mean time without the event up to a horizon."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from msanalysis.core import statistic
from msanalysis.intervals import normal_quantile
from msanalysis.stats.risk_set import Persons, count_at_risk, count_risk_set, event_codes
from msanalysis.stats.strata import split_persons, stack
from msanalysis.stats.survival import kaplan_meier

_MEAN = {
    "stratum": "object",
    "n": "int64",
    "n_events": "int64",
    "n_at_risk": "int64",
    "restricted_mean_days": "float64",
    "standard_error_days": "float64",
    "lower_days": "float64",
    "upper_days": "float64",
}
_DIFFERENCE = {
    "stratum": "object",
    "reference": "object",
    "n": "int64",
    "n_events": "int64",
    "n_reference": "int64",
    "n_events_reference": "int64",
    "difference_days": "float64",
    "lower_days": "float64",
    "upper_days": "float64",
    "p_value": "float64",
}
_MEAN_DAYS = ("restricted_mean_days", "standard_error_days", "lower_days", "upper_days")
_DIFFERENCE_DAYS = ("difference_days", "lower_days", "upper_days", "p_value")


def restricted_mean(persons: Persons, horizon_days: float) -> tuple[float, float]:
    """Return the area under S from 0 to the horizon and its variance, in days and days squared.

    The variance is the sum over event days of (area to the right)^2 d / (n (n - d)). Both are
    missing where S is not known up to the horizon: it is above 0 when the last person leaves.
    """
    risk = count_risk_set(persons)
    survival, _ = kaplan_meier(risk)
    if horizon_days > risk.time[-1] and survival[-1] > 0:
        return np.nan, np.nan
    inside = risk.time < horizon_days
    n, d = risk.n_at_risk[inside], risk.n_events.sum(axis=0)[inside]
    widths = np.diff(np.concatenate([[0], risk.time[inside], [horizon_days]]))
    areas = widths * np.append(1.0, survival[inside])
    to_the_right = np.cumsum(areas[::-1])[::-1][1:]
    terms = np.divide(d, n * (n - d), out=np.zeros(len(n)), where=n > d)
    return float(areas.sum()), float(np.sum(to_the_right**2 * terms))


@statistic(
    shape="table",
    counts={
        "n": ("n_events", "n_at_risk", *_MEAN_DAYS),
        "n_events": _MEAN_DAYS,
        "n_at_risk": _MEAN_DAYS,
    },
    dimension="stratum",
    columns={"stratum": "by"},
    cells={
        "n": ("stratum",),
        "n_events": ("stratum", "end_reason=event", "until horizon_days"),
        "n_at_risk": ("stratum", "from horizon_days"),
    },
    behind={"n_at_risk": _MEAN_DAYS},
)
def estimate_restricted_mean(
    frame: pd.DataFrame,
    *,
    event: str | Iterable[str],
    horizon_days: float,
    by: str | None = None,
    delayed_entry: bool = False,
    level: float = 0.95,
) -> pd.DataFrame:
    """Estimate the mean time without the event within the first `horizon_days`.

    Parameters
    ----------
    horizon_days
        Days from time zero up to which time is counted.
    event, by, delayed_entry
        As in `estimate_survival`. With delayed entry S is taken as 1 up to the first entry.

    Returns
    -------
    Result
        A row a stratum: `stratum`, `n`, `n_events` (by the horizon), `n_at_risk` (on the horizon),
        `restricted_mean_days`, `standard_error_days`, `lower_days`, `upper_days` (normal interval
        of the mean, cut to 0 and the horizon). Missing where observation ends before the horizon
        and the curve is not at 0: nothing is extrapolated.

    Raises
    ------
    ValueError
        As `estimate_survival`; or `horizon_days` is not above 0.
    """
    _check_horizon(horizon_days)
    strata = split_persons(frame, by, [event_codes(event)], delayed_entry)
    z = normal_quantile(level)
    rows = ({"stratum": stratum, **_mean(persons, horizon_days, z)} for stratum, persons in strata)
    return stack(rows, _MEAN)


def _count_events(persons: Persons, horizon_days: float) -> int:
    return int(np.sum((persons.cause > 0) & (persons.exit <= horizon_days)))


def _check_horizon(horizon_days: float) -> None:
    if not 0 < horizon_days < np.inf:
        raise ValueError("horizon_days must be above 0: give the days up to which time is counted")


def _mean(persons: Persons, horizon_days: float, z: float) -> Mapping[str, Any]:
    mean, variance = restricted_mean(persons, horizon_days)
    error = np.sqrt(variance)
    return {
        "n": len(persons),
        "n_events": _count_events(persons, horizon_days),
        "n_at_risk": count_at_risk(persons, np.array([horizon_days]))[0],
        "restricted_mean_days": mean,
        "standard_error_days": error,
        "lower_days": np.maximum(mean - z * error, 0),
        "upper_days": np.minimum(mean + z * error, horizon_days),
    }


@statistic(
    shape="table",
    counts={
        "n": ("n_events", *_DIFFERENCE_DAYS),
        "n_events": _DIFFERENCE_DAYS,
        "n_reference": ("n_events_reference", *_DIFFERENCE_DAYS),
        "n_events_reference": _DIFFERENCE_DAYS,
    },
)
def compare_restricted_mean(
    frame: pd.DataFrame,
    *,
    event: str | Iterable[str],
    horizon_days: float,
    by: str,
    delayed_entry: bool = False,
    level: float = 0.95,
) -> pd.DataFrame:
    """Estimate by how much the restricted means of the strata differ from that of the first.

    Parameters
    ----------
    event, horizon_days, by, delayed_entry, level
        As in `estimate_restricted_mean`.

    Returns
    -------
    Result
        A row a stratum but the first, which is the `reference`: `stratum`, `reference`, `n`,
        `n_events` (by the horizon), `n_reference`, `n_events_reference`, `difference_days`
        (stratum less reference), `lower_days`, `upper_days`, `p_value` (normal, two-sided). The
        strata hold different persons, so variances add up.

    Raises
    ------
    ValueError
        As `estimate_restricted_mean`.
    """
    _check_horizon(horizon_days)
    z = normal_quantile(level)
    strata = list(split_persons(frame, by, [event_codes(event)], delayed_entry))
    rows = (
        {
            "stratum": stratum,
            "reference": strata[0][0],
            **_difference(persons, strata[0][1], horizon_days, z),
        }
        for stratum, persons in strata[1:]
    )
    return stack(rows, _DIFFERENCE)


def _difference(
    persons: Persons, reference: Persons, horizon_days: float, z: float
) -> Mapping[str, Any]:
    mean, variance = restricted_mean(persons, horizon_days)
    reference_mean, reference_variance = restricted_mean(reference, horizon_days)
    difference, error = mean - reference_mean, np.sqrt(variance + reference_variance)
    with np.errstate(divide="ignore", invalid="ignore"):
        p_value = 2 * norm.sf(np.abs(np.divide(difference, error)))
    return {
        "n": len(persons),
        "n_events": _count_events(persons, horizon_days),
        "n_reference": len(reference),
        "n_events_reference": _count_events(reference, horizon_days),
        "difference_days": difference,
        "lower_days": difference - z * error,
        "upper_days": difference + z * error,
        "p_value": p_value,
    }
