"""Means of units, as they are and adjusted for who is in them, by year."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy.stats import t as t_distribution

from msanalysis.core import ALL, statistic
from msanalysis.intervals import check_level
from msanalysis.stats.boxes import read_scores
from msanalysis.stats.linear import can_be_fitted, read_design
from msanalysis.stats.strata import read_levels, smallest_level, split_rows, stack

_MEANS = ("mean", "adjusted", "lower", "upper")
_ADJUSTED = ("adjusted", "lower", "upper")
_BEHIND = {"n_smallest_level": "int64", "residual_degrees": "int64"}
_TABLE = {
    **dict.fromkeys(("score", "year", "stratum"), "object"),
    "n": "int64",
    **dict.fromkeys(_MEANS, "float64"),
    **_BEHIND,
}


@statistic(
    shape="table",
    counts={"n": _MEANS},
    dimension="stratum",
    columns={"year": "year", "stratum": "by"},
    cells={"n": ("year", "stratum")},
    behind=dict.fromkeys(_BEHIND, _ADJUSTED),
)
def estimate_adjusted_means(
    frame: pd.DataFrame,
    *,
    scores: Sequence[str],
    by: str,
    covariates: Sequence[str],
    year: str = "year",
    level: float = 0.95,
) -> pd.DataFrame:
    """Estimate the mean of each score in each unit if all units held the persons of the nation.

    Parameters
    ----------
    scores
        Columns of numbers that every row has.
    by
        Column of units.
    covariates
        What is adjusted for, as in `estimate_regression`.
    year
        Column of years; each has a model of its own.
    level
        Of the interval by Student's t.

    Returns
    -------
    Result
        For each score and year a row for `all`, whose adjusted mean is its mean, then one a unit:
        `score`, `year`, `stratum`, `n`, `mean` as it is, `adjusted` with `lower` and `upper`. The
        gate reads `n_smallest_level` (of the covariates) and `residual_degrees` of the model.

    Raises
    ------
    ValueError
        A column is not there, or a number is missing for some; `level` is not between 0 and 1.

    Notes
    -----
    Least squares on units and covariates; the adjusted mean is what the model says for the unit
    at the year's means of the covariates, which is the mean over everyone's covariates. Units
    differ in what was not adjusted for, and in who answers: the order is no ranking of care.
    """
    check_level(level)
    parts = (
        {"score": score, "year": in_year, **row}
        for in_year, chosen in split_rows(frame, year)
        for score, row in _rows(frame[chosen], scores, by, covariates, level)
    )
    table = stack(parts, _TABLE)
    return table.sort_values(
        "score", key=lambda names: names.map([*scores].index), kind="stable", ignore_index=True
    )


def _rows(
    frame: pd.DataFrame, scores: Sequence[str], by: str, covariates: Sequence[str], level: float
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield for each score everyone, then the units that hold someone."""
    units, number = read_levels(frame, by)
    held = np.unique(number)
    member = (number[:, np.newaxis] == held).astype(float)
    of_persons = read_design(frame, covariates).X[:, 1:]
    # With centred covariates the coefficient of a unit is its adjusted mean.
    X = np.column_stack([member, of_persons - of_persons.mean(axis=0)])
    degrees = len(frame) - X.shape[1]
    if not can_be_fitted(X):
        return
    alike = {
        "stratum": [ALL, *(units[each] for each in held)],
        "n": [len(frame), *member.sum(axis=0)],
        "n_smallest_level": smallest_level(frame, covariates),
        "residual_degrees": degrees,
    }
    for score, values in read_scores(frame, scores).items():
        yield score, {**alike, **_means(values, member, X, level)}


def _means(
    values: np.ndarray, member: np.ndarray, X: np.ndarray, level: float
) -> dict[str, np.ndarray]:
    """Return the means of everyone and each unit, as they are and adjusted, with limits."""
    fit = sm.OLS(values, X).fit()
    units, mean = slice(member.shape[1]), values.mean()
    adjusted = np.append(mean, fit.params[units])
    error = np.append(np.sqrt(fit.mse_resid / len(values)), fit.bse[units])
    half = t_distribution.ppf((1 + level) / 2, fit.df_resid) * error
    return {
        "mean": np.append(mean, member.T @ values / member.sum(axis=0)),
        "adjusted": adjusted,
        "lower": adjusted - half,
        "upper": adjusted + half,
    }
