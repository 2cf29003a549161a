"""Cox regression (fitted by lifelines), and the score test of its proportional hazards."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from lifelines import CoxPHFitter
from lifelines.exceptions import ConvergenceError
from scipy.stats import chi2 as chi2_distribution
from scipy.stats import norm

from msanalysis.core import ALL, statistic
from msanalysis.intervals import normal_quantile
from msanalysis.stats.risk_set import (
    FROM_TIME_ZERO,
    Persons,
    count_risk_set,
    event_codes,
    read_persons,
    require_column,
)
from msanalysis.stats.strata import has_levels, smallest_level, split_rows, stack
from msanalysis.stats.survival import kaplan_meier

Transform = Literal["km", "identity"]

_FIT = {"n_smallest_level": "int64", "residual_degrees": "int64"}
_RATIOS = {
    "term": "object",
    "n": "int64",
    "n_events": "int64",
    "hazard_ratio": "float64",
    "lower": "float64",
    "upper": "float64",
    "p_value": "float64",
    **_FIT,
}
_TEST = {
    "term": "object",
    "n": "int64",
    "n_events": "int64",
    "chi2": "float64",
    "degrees_of_freedom": "int64",
    "p_value": "float64",
    **_FIT,
}
_RATIO = ("hazard_ratio", "lower", "upper", "p_value")
_PRECISION = {"precision": 1e-18, "r_precision": 0.0}


@statistic(
    shape="table",
    counts={"n": ("n_events", *_RATIO), "n_events": _RATIO},
    behind=dict.fromkeys(_FIT, _RATIO),
)
def estimate_hazard_ratios(
    frame: pd.DataFrame,
    *,
    event: str | Iterable[str],
    covariates: Sequence[str],
    delayed_entry: bool = False,
    level: float = 0.95,
) -> pd.DataFrame:
    """Estimate hazard ratios by Cox regression, with Efron's treatment of ties.

    Parameters
    ----------
    event, delayed_entry
        As in `estimate_survival`.
    covariates
        Columns; a number is one term (ratio per unit), any other column a term for each level but
        the first, which is the reference.

    Returns
    -------
    Result
        A row a term: `term` (column, or column:level), `n` and `n_events` (of the persons in the
        level, or of all for a number), `hazard_ratio`, `lower`, `upper`, `p_value` (Wald). The
        gate reads `n_smallest_level` (persons, the reference included) and `residual_degrees`
        (events less terms).

    Raises
    ------
    ValueError
        As `estimate_survival`; a covariate is missing for someone; or the model has no solution,
        as when a level holds no event.

    Notes
    -----
    A ratio is one number for all of follow-up: see `check_proportional_hazards`.
    """
    persons = read_persons(frame, [event_codes(event)], delayed_entry)
    columns = _columns(_design(frame, covariates))
    if not columns:
        return stack([], _RATIOS)
    coefficient, error = _fit(persons, columns)
    half = normal_quantile(level) * error
    member = np.array([_members(column) for column in columns.values()])
    ratios = {
        "term": list(columns),
        "n": member.sum(axis=1),
        "n_events": member[:, persons.cause > 0].sum(axis=1),
        "hazard_ratio": np.exp(coefficient),
        "lower": np.exp(coefficient - half),
        "upper": np.exp(coefficient + half),
        "p_value": 2 * norm.sf(np.abs(coefficient / error)),
        **_behind(frame, covariates, persons, len(columns)),
    }
    return stack([ratios], _RATIOS)


def _behind(
    frame: pd.DataFrame, covariates: Sequence[str], persons: Persons, n_terms: int
) -> dict[str, int]:
    return {
        "n_smallest_level": smallest_level(frame, covariates),
        "residual_degrees": int(np.sum(persons.cause > 0)) - n_terms,
    }


def _design(frame: pd.DataFrame, covariates: Sequence[str]) -> dict[str, dict[str, np.ndarray]]:
    """Return for each covariate its terms: numbers as they are, or who is in each level."""
    return {covariate: _terms(frame, covariate) for covariate in covariates}


def _terms(frame: pd.DataFrame, covariate: str) -> dict[str, np.ndarray]:
    values = require_column(frame, covariate, "the model")
    if values.isna().any():
        raise ValueError(
            f"{covariate} is missing for some persons: the cohort must exclude them and count them"
        )
    if not has_levels(values):
        return {covariate: values.to_numpy(dtype=float)}
    levels = list(split_rows(frame, covariate))
    return {f"{covariate}:{level}": member for level, member in levels[1:]}


def _columns(design: dict[str, dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    return {term: column for terms in design.values() for term, column in terms.items()}


def _members(column: np.ndarray) -> np.ndarray:
    """Return who stands behind a term: those in the level, or everyone for a number."""
    return column if column.dtype == bool else np.ones(len(column), dtype=bool)


def _fit(persons: Persons, columns: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return coefficients and their standard errors, each (terms,); missing without events."""
    if not (persons.cause > 0).any():
        return (np.full(len(columns), np.nan),) * 2
    data = pd.DataFrame({term: column.astype(float) for term, column in columns.items()})
    # A day later changes nothing, and makes room for those who left on day 0.
    data = data.assign(entry=persons.entry + 1, exit=persons.exit + 1, event=persons.cause)
    late = {"entry_col": "entry"} if persons.entry.max() > FROM_TIME_ZERO else {}
    if not late:
        data = data.drop(columns="entry")
    try:
        fit = CoxPHFitter().fit(data, "exit", "event", **late, fit_options=_PRECISION)
    except ConvergenceError:
        raise ValueError(
            f"the model of {', '.join(columns)} has no solution: look for a level without events, "
            "or a term that follows from the others"
        ) from None
    return fit.params_.to_numpy(), fit.standard_errors_.to_numpy()


@statistic(
    shape="table",
    counts={"n": ("n_events", "chi2", "p_value"), "n_events": ("chi2", "p_value")},
    behind=dict.fromkeys(_FIT, ("chi2", "p_value")),
)
def check_proportional_hazards(
    frame: pd.DataFrame,
    *,
    event: str | Iterable[str],
    covariates: Sequence[str],
    delayed_entry: bool = False,
    transform: Transform = "km",
) -> pd.DataFrame:
    """Test whether the hazard ratios of a Cox model stay the same over follow-up.

    Parameters
    ----------
    event, covariates, delayed_entry
        As in `estimate_hazard_ratios`.
    transform
        Of time: a log hazard ratio that changes in proportion to 1 - S (`km`), or to the days
        (`identity`), is what the test finds best.

    Returns
    -------
    Result
        A row a covariate, then `all` for the whole model: `term`, `n`, `n_events`, `chi2`,
        `degrees_of_freedom`, `p_value`, and for the gate the columns of
        `estimate_hazard_ratios`. A small p value speaks against one ratio for all time; in
        a large cohort it may be small where the change does not matter.

    Raises
    ------
    ValueError
        As `estimate_hazard_ratios`; or `transform` is not known.

    Notes
    -----
    Score test of adding covariate times transformed time to the model, as `cox.zph` of R's
    survival 3 and later (Grambsch and Therneau 1994 approximates it).
    """
    if transform not in get_args(Transform):
        raise ValueError(f"transform must be one of {', '.join(get_args(Transform))}")
    persons = read_persons(frame, [event_codes(event)], delayed_entry)
    design = _design(frame, covariates)
    columns = _columns(design)
    if not columns or not (persons.cause > 0).any():
        return stack([], _TEST)
    coefficient, _ = _fit(persons, columns)
    X = np.column_stack([*columns.values()]).astype(float)
    score, information = _score_of_change(persons, X - X.mean(axis=0), coefficient, transform)
    of_term = np.repeat(np.arange(len(design)), [len(terms) for terms in design.values()])
    chosen = {name: of_term == number for number, name in enumerate(design)}
    chosen = {name: terms for name, terms in chosen.items() if terms.any()}
    chosen[ALL] = np.full(len(of_term), True)
    counts = {"n": len(persons), "n_events": np.sum(persons.cause > 0)}
    counts |= _behind(frame, covariates, persons, len(columns))
    rows = (
        {"term": name, **counts, **_score_test(score, information, terms)}
        for name, terms in chosen.items()
    )
    return stack(rows, _TEST)


def _score_test(score: np.ndarray, information: np.ndarray, terms: np.ndarray) -> dict[str, Any]:
    """Test the change of the chosen terms, the coefficients of all terms being estimated."""
    kept = np.concatenate([np.full(len(terms), True), terms])
    u = np.concatenate([np.zeros(len(terms)), score[terms]])
    chi2 = u @ np.linalg.solve(information[np.ix_(kept, kept)], u)
    degrees = int(terms.sum())
    return {
        "chi2": chi2,
        "degrees_of_freedom": degrees,
        "p_value": chi2_distribution.sf(chi2, degrees),
    }


def _score_of_change(
    persons: Persons, X: np.ndarray, coefficient: np.ndarray, transform: Transform
) -> tuple[np.ndarray, np.ndarray]:
    """Return the score (p,) of X g(t) at no change, and the information (2p, 2p) with that of X.

    Ties as Efron: the events of a day happen one after another, each earlier one weighing less
    in the risk set. A row below is one event.
    """
    had_event = persons.cause > 0
    time, day, ties = np.unique(persons.exit[had_event], return_inverse=True, return_counts=True)
    g = _transformed(persons, time, transform)
    g = g - np.average(g, weights=ties)
    weight = np.exp(X @ coefficient)
    terms = _upper_moments(X) * weight[:, np.newaxis]
    first = np.searchsorted(time, persons.entry, side="right")
    last = np.searchsorted(time, persons.exit, side="right")
    at_risk = _sums_by(first, terms, len(time) + 1) - _sums_by(last, terms, len(time) + 1)
    at_risk = np.cumsum(at_risk, axis=0)[:-1]
    tied = _sums_by(day, terms[had_event], len(time))
    row = np.repeat(np.arange(len(time)), ties)
    rank = np.arange(len(row)) - np.repeat(np.cumsum(ties) - ties, ties)
    sums = at_risk[row] - (rank / ties[row])[:, np.newaxis] * tied[row]
    mean, variance = _mean_and_variance(sums, X.shape[1])
    score = (X[had_event] * g[day][:, np.newaxis]).sum(axis=0) - g[row] @ mean
    blocks = [np.tensordot(g[row] ** power, variance, 1) for power in range(3)]
    return score, np.block([[blocks[0], blocks[1]], [blocks[1], blocks[2]]])


def _transformed(persons: Persons, time: np.ndarray, transform: Transform) -> np.ndarray:
    if transform == "identity":
        return time.astype(float)
    risk = count_risk_set(persons)
    survival, _ = kaplan_meier(risk)
    return 1 - np.append(1.0, survival)[np.searchsorted(risk.time, time, side="left")]


def _upper_moments(X: np.ndarray) -> np.ndarray:
    """Return 1, x and the products x_i x_j with i <= j of each row: (n, 1 + p + p (p + 1) / 2)."""
    i, j = np.triu_indices(X.shape[1])
    return np.column_stack([np.ones(len(X)), X, X[:, i] * X[:, j]])


def _sums_by(cell: np.ndarray, terms: np.ndarray, n_cells: int) -> np.ndarray:
    return np.column_stack([np.bincount(cell, term, n_cells) for term in terms.T])


def _mean_and_variance(sums: np.ndarray, p: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the weighted mean (m, p) and covariance (m, p, p) from m rows of moment sums."""
    mean = sums[:, 1 : p + 1] / sums[:, :1]
    products = np.empty((len(sums), p, p))
    i, j = np.triu_indices(p)
    products[:, i, j] = products[:, j, i] = sums[:, p + 1 :] / sums[:, :1]
    return mean, products - mean[:, :, np.newaxis] * mean[:, np.newaxis, :]
