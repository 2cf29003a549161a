"""Weighted cumulative incidence and hazard ratio of two arms, with errors clustered by person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from msanalysis.core import statistic
from msanalysis.intervals import normal_quantile
from msanalysis.stats.propensity import behind_weights, has_both_arms, propensity_weights
from msanalysis.stats.risk_set import require_column
from msanalysis.stats.strata import stack

_INCIDENCE = {
    "stratum": "object",
    "time_days": "float64",
    "n_at_risk": "int64",
    "n_events": "int64",
    "estimate": "float64",
    "lower": "float64",
    "upper": "float64",
    "n_smallest_level": "int64",
    "residual_degrees": "int64",
}
_RATIO = {
    "term": "object",
    "n": "int64",
    "n_events": "int64",
    "hazard_ratio": "float64",
    "lower": "float64",
    "upper": "float64",
    "p_value": "float64",
    "n_smallest_level": "int64",
    "residual_degrees": "int64",
}
_ESTIMATES = ("estimate", "lower", "upper")
_RATIOS = ("hazard_ratio", "lower", "upper", "p_value")
_BEHIND = ("n_smallest_level", "residual_degrees")
MOST_STEPS = 50


@statistic(
    shape="table",
    counts={"n_at_risk": _ESTIMATES, "n_events": _ESTIMATES},
    columns={"stratum": "persons_by_arm"},
    cells={
        "n_at_risk": ("stratum", "from time_days"),
        "n_events": ("stratum", "end_reason=event", "until time_days"),
    },
    behind=dict.fromkeys(("n_at_risk", *_BEHIND), _ESTIMATES),
)
def estimate_weighted_incidence(
    frame: pd.DataFrame,
    *,
    event: str,
    competing: Sequence[str],
    arm: str,
    treated: str,
    covariates: Sequence[str],
    times_days: Sequence[float],
    cluster: str = "person",
    level: float = 0.95,
) -> pd.DataFrame:
    """Estimate the probability of an event by fixed days in two arms made alike by weights.

    Parameters
    ----------
    event, competing
        Code of `end_reason`, and codes of events that rule it out; the rest is censoring.
    arm, treated, covariates
        As in `propensity_weights`.
    times_days
        Days from time zero.
    cluster
        Column that says which rows belong to one person.
    level
        Of the interval: normal, by the infinitesimal jackknife over persons, the weights taken as
        known.

    Returns
    -------
    Result
        Rows of each arm, then of their `difference` (treated less untreated): `stratum`,
        `time_days`, `n_at_risk` and `n_events` (persons, unweighted; of the smaller arm
        for the difference), `estimate`, `lower`, `upper`; for the gate, and where there is one
        arm only or no solution, as `estimate_balance`, in persons.

    Raises
    ------
    ValueError
        As `propensity_weights`.

    Notes
    -----
    Aalen-Johansen with weights; death is a competing event. Valid if nothing unmeasured moves
    both the arm and the outcome, and censoring says nothing about it.
    """
    if not has_both_arms(frame, arm, treated):
        return stack([], _INCIDENCE)
    z = normal_quantile(level)
    weights = propensity_weights(frame, arm=arm, treated=treated, covariates=covariates)
    cause = np.select(
        [frame["end_reason"] == event, frame["end_reason"].isin(competing)], [1, 2], 0
    )
    rows = Rows(
        end=require_column(frame, "follow_up_days", "the incidence").to_numpy(dtype=float),
        cause=cause,
        weight=weights,
        person=pd.factorize(require_column(frame, cluster, "the interval"))[0],
    )
    times = np.asarray(times_days, dtype=float)
    of_treated = (frame[arm] == treated).to_numpy()
    other = next(name for name in sorted(frame[arm].unique()) if name != treated)
    arms = {treated: rows.where(of_treated), other: rows.where(~of_treated)}
    n_persons = int(rows.person.max()) + 1
    first, second = (_incidence(each, times, n_persons) for each in arms.values())
    # The difference counts the smaller arm, so that it is hidden where that arm is.
    smaller = min(arms.values(), key=lambda each: each.n_persons(each.cause == 1))
    parts = [
        *zip(arms, arms.values(), (first, second), strict=True),
        ("difference", smaller, (first[0] - second[0], first[1] - second[1])),
    ]
    fit = behind_weights(frame, rows.person, arm=arm, treated=treated, covariates=covariates)
    told = (fit | _at(name, each, curve, times, z) for name, each, curve in parts)
    return stack(told, _INCIDENCE)


@dataclass(frozen=True)
class Rows:
    """Follow-up of n rows: day and cause of the end, weight, and number of the person."""

    end: np.ndarray
    cause: np.ndarray
    weight: np.ndarray
    person: np.ndarray

    def where(self, chosen: np.ndarray) -> "Rows":
        """Return the rows for which the boolean `chosen` is true."""
        return Rows(self.end[chosen], self.cause[chosen], self.weight[chosen], self.person[chosen])

    def n_persons(self, chosen: np.ndarray) -> int:
        """Return how many persons stand behind the chosen rows."""
        return len(np.unique(self.person[chosen]))


def _at(
    name: str, rows: Rows, curve: tuple[np.ndarray, np.ndarray], times: np.ndarray, z: float
) -> Mapping[str, Any]:
    estimate, influence = curve
    half = z * np.sqrt((influence**2).sum(axis=0))
    return {
        "stratum": name,
        "time_days": times,
        "n_at_risk": [rows.n_persons(rows.end >= time) for time in times],
        "n_events": [rows.n_persons((rows.end <= time) & (rows.cause == 1)) for time in times],
        "estimate": estimate,
        "lower": estimate - half,
        "upper": estimate + half,
    }


def _incidence(rows: Rows, times: np.ndarray, n_persons: int) -> tuple[np.ndarray, np.ndarray]:
    """Return F_1 at the times (T,), and what each person moves it by (persons, T).

    The derivative of F_1(t) with respect to the weight of a row is A - F_1(t) B, summed over the
    days the row was at risk, with the row's own event taken off on its day.
    """
    day, place = np.unique(rows.end, return_inverse=True)
    d1, d2, left = (
        np.bincount(place, rows.weight * chosen, len(day))
        for chosen in (rows.cause == 1, rows.cause == 2, np.ones(len(place)))
    )
    n = np.cumsum(left[::-1])[::-1]
    d = d1 + d2
    survival = np.cumprod(1 - d / n)
    before = np.append(1.0, survival[:-1])
    F = np.cumsum(before * d1 / n)
    per_survivor = np.divide(1.0, n - d, out=np.zeros(len(n)), where=n - d > 1e-9)
    A = np.cumsum(before * d1 / n**2 + F * d / n * per_survivor)
    B = np.cumsum(d / n * per_survivor)
    step = np.searchsorted(day, times, side="right") - 1
    moved = np.zeros((n_persons, len(times)))
    for column, last in enumerate(step):
        if last < 0:
            continue
        seen = np.minimum(place, last)
        own = place <= last
        x = A[seen] - own * (
            (rows.cause == 1) * before[seen] / n[seen]
            + (rows.cause > 0) * F[seen] * per_survivor[seen]
        )
        y = B[seen] - own * (rows.cause > 0) * per_survivor[seen]
        influence = rows.weight * (F[last] * y - x)
        moved[:, column] = np.bincount(rows.person, influence, n_persons)
    return np.where(step >= 0, F[step], 0.0), moved


@statistic(
    shape="table",
    counts={"n": ("n_events", *_RATIOS), "n_events": _RATIOS},
    behind=dict.fromkeys(_BEHIND, _RATIOS),
)
def estimate_weighted_hazard_ratio(
    frame: pd.DataFrame,
    *,
    event: str,
    arm: str,
    treated: str,
    covariates: Sequence[str],
    cluster: str = "person",
    level: float = 0.95,
) -> pd.DataFrame:
    """Estimate the marginal hazard ratio of two arms made alike by weights.

    Parameters
    ----------
    event
        Code of `end_reason`; the rest is censoring.
    arm, treated, covariates, cluster
        As in `estimate_weighted_incidence`.
    level
        Of the Wald interval with the robust error over persons, the weights taken as known.

    Returns
    -------
    Result
        One row: `term` (the treated arm), `n`, `n_events` (persons), `hazard_ratio`, `lower`,
        `upper`, `p_value`, and for the gate as the incidence. One ratio for all of follow-up, of
        which there may be none in truth.

    Raises
    ------
    ValueError
        As `propensity_weights`.

    Notes
    -----
    Weighted Cox model with Breslow's ties; variance of Lin and Wei (1989), clustered.
    """
    if not has_both_arms(frame, arm, treated):
        return stack([], _RATIO)
    weights = propensity_weights(frame, arm=arm, treated=treated, covariates=covariates)
    rows = Rows(
        end=require_column(frame, "follow_up_days", "the model").to_numpy(dtype=float),
        cause=(frame["end_reason"] == event).to_numpy(dtype=int),
        weight=weights,
        person=pd.factorize(require_column(frame, cluster, "the interval"))[0],
    )
    of_treated = (frame[arm] == treated).to_numpy(dtype=float)
    coefficient, error = weighted_log_hazard_ratio(rows, of_treated)
    half = normal_quantile(level) * error
    ratio = {
        "term": treated,
        "n": rows.n_persons(rows.cause >= 0),
        "n_events": rows.n_persons(rows.cause > 0),
        "hazard_ratio": np.exp(coefficient),
        "lower": np.exp(coefficient - half),
        "upper": np.exp(coefficient + half),
        "p_value": 2 * norm.sf(abs(coefficient / error)),
        **behind_weights(frame, rows.person, arm=arm, treated=treated, covariates=covariates),
    }
    return stack([ratio], _RATIO)


def weighted_log_hazard_ratio(rows: Rows, of_treated: np.ndarray) -> tuple[float, float]:
    """Return the log hazard ratio of a 0/1 column and its clustered robust error.

    Both are missing where an arm has no event.
    """
    happened = rows.cause > 0
    if len(np.unique(of_treated[happened])) < 2:
        return np.nan, np.nan
    day, place = np.unique(rows.end, return_inverse=True)
    events = rows.weight * happened
    d, d_treated = (np.bincount(place, each, len(day)) for each in (events, events * of_treated))
    in_arm = [
        np.cumsum(np.bincount(place, rows.weight * chosen, len(day))[::-1])[::-1]
        for chosen in (1 - of_treated, of_treated)
    ]
    coefficient = 0.0
    for _ in range(MOST_STEPS):
        share = in_arm[1] * np.exp(coefficient) / (in_arm[0] + in_arm[1] * np.exp(coefficient))
        information = (d * share * (1 - share)).sum()
        step = (d_treated - d * share).sum() / information
        coefficient += step
        if abs(step) < 1e-12:
            break
    hazard = d / (in_arm[0] + in_arm[1] * np.exp(coefficient))
    share = in_arm[1] * np.exp(coefficient) * hazard / np.where(d > 0, d, 1)
    expected = of_treated * np.cumsum(hazard)[place] - np.cumsum(share * hazard)[place]
    residual = happened * (of_treated - share[place]) - np.exp(coefficient * of_treated) * expected
    moved = np.bincount(rows.person, rows.weight * residual) / information
    return coefficient, float(np.sqrt((moved**2).sum()))
