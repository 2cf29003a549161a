"""Linear regression of scores that persons answer again: a random level of each person.

With one random effect the likelihood has a closed form once the ratio of the two variances is
known, so that tens of thousands of answers take less than a second.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.stats import kurtosis, norm, skew

from msanalysis.core import statistic
from msanalysis.intervals import check_level, normal_quantile
from msanalysis.stats.boxes import read_scores
from msanalysis.stats.linear import can_be_fitted, read_design
from msanalysis.stats.regression import BEHIND, TERMS, by_term
from msanalysis.stats.risk_set import require_column
from msanalysis.stats.strata import smallest_level, stack

_FIT = ("coefficient", "lower", "upper", "p_value")
_QUALITY = ("person_sd", "answer_sd", "intraclass_correlation", "skewness", "excess_kurtosis")
_CHECK = {
    "score": "object",
    "n": "int64",
    "n_persons": "int64",
    **dict.fromkeys(_QUALITY, "float64"),
    **BEHIND,
}
_LOG_RATIOS = (-12.0, 12.0)
"""Of the variance between persons to that between their answers."""
_PRECISION = {"xatol": 1e-10}


@dataclass(frozen=True)
class MixedFit:
    """A fitted model.

    Attributes
    ----------
    coefficients, errors
        Of the columns of the design, and their standard errors.
    person_variance, answer_variance
        Of the levels of persons, and of the answers of a person.
    residuals
        Freed of the correlation within persons, one an answer, in units of their deviation.
    """

    coefficients: np.ndarray
    errors: np.ndarray
    person_variance: float
    answer_variance: float
    residuals: np.ndarray


@statistic(
    shape="table",
    counts={"n": _FIT},
    columns={"level": "covariate"},
    cells={"n": ("level",)},
    behind=dict.fromkeys(BEHIND, _FIT),
)
def estimate_mixed_regression(
    frame: pd.DataFrame,
    *,
    scores: Sequence[str],
    covariates: Sequence[str],
    person: str = "person",
    level: float = 0.95,
) -> pd.DataFrame:
    """Estimate `estimate_regression` of repeated answers, each person having a level of their own.

    Parameters
    ----------
    scores, covariates
        As in `estimate_regression`.
    person
        Column that is the same for all answers of a person.
    level
        Of the Wald interval.

    Returns
    -------
    Result
        The columns of `estimate_regression`, with the one `model` mixed; `n` counts answers. The
        gate reads `n_smallest_level` (answers) and `residual_degrees` (persons less terms).

    Raises
    ------
    ValueError
        As `estimate_regression`.

    Notes
    -----
    Normal levels of persons and normal answers around them, fitted by restricted maximum
    likelihood (Laird and Ware 1982). It takes an answer that is not there for missing at random
    given the answers and covariates that are: see `check_mixed_regression`.
    """
    check_level(level)
    half = normal_quantile(level)
    design = read_design(frame, covariates)
    parts = (
        {"score": score, "model": "mixed", **by_term(design, _told(fit, half)), **behind}
        for score, fit, behind in _fits(frame, scores, covariates, person)
    )
    return stack(parts, TERMS)


def _told(fit: MixedFit, half: float) -> np.ndarray:
    estimate, error = fit.coefficients, fit.errors
    p_values = 2 * norm.sf(np.abs(estimate / error))
    limits = (estimate - half * error, estimate + half * error)
    return np.column_stack([estimate, *limits, p_values])


@statistic(
    shape="table",
    counts={"n": _QUALITY, "n_persons": _QUALITY},
    cells={"n": ()},
    behind=dict.fromkeys(BEHIND, _QUALITY),
)
def check_mixed_regression(
    frame: pd.DataFrame,
    *,
    scores: Sequence[str],
    covariates: Sequence[str],
    person: str = "person",
) -> pd.DataFrame:
    """Check what `estimate_mixed_regression` takes for granted.

    Returns
    -------
    Result
        A row a score: `score`, `n` (answers), `n_persons`, `person_sd` between the levels of
        persons, `answer_sd` between the answers of a person, `intraclass_correlation` (the
        share of the variance that lies between persons), `skewness` and `excess_kurtosis` of the
        residuals (0 where they are normal), and for the gate what `estimate_mixed_regression`
        gives it.

    Raises
    ------
    ValueError
        As `estimate_mixed_regression`.
    """
    n_persons = require_column(frame, person, "repeated answers").nunique()
    rows = (
        {"score": score, "n": len(frame), "n_persons": n_persons, **_quality(fit), **behind}
        for score, fit, behind in _fits(frame, scores, covariates, person)
    )
    return stack(rows, _CHECK)


def _quality(fit: MixedFit) -> dict[str, float]:
    whole = fit.person_variance + fit.answer_variance
    return {
        "person_sd": np.sqrt(fit.person_variance),
        "answer_sd": np.sqrt(fit.answer_variance),
        "intraclass_correlation": fit.person_variance / whole,
        "skewness": skew(fit.residuals),
        "excess_kurtosis": kurtosis(fit.residuals),
    }


def _fits(
    frame: pd.DataFrame, scores: Sequence[str], covariates: Sequence[str], person: str
) -> Iterator[tuple[str, MixedFit, dict[str, Any]]]:
    """Yield each score with its model; nothing where that cannot be fitted."""
    X = read_design(frame, covariates).X
    _, groups = np.unique(require_column(frame, person, "repeated answers"), return_inverse=True)
    n_persons = len(np.unique(groups))
    behind = {
        "n_smallest_level": smallest_level(frame, covariates),
        "residual_degrees": n_persons - X.shape[1],
    }
    if not (X.shape[1] < n_persons < len(frame) and can_be_fitted(X)):
        return
    for score, values in read_scores(frame, scores).items():
        yield score, fit_mixed(values, X, groups), behind


def fit_mixed(values: np.ndarray, X: np.ndarray, groups: np.ndarray) -> MixedFit:
    """Fit a linear model with a random level of each group by restricted maximum likelihood.

    Parameters
    ----------
    values, groups
        (n,); groups are numbered from 0.
    X
        (n, p), of full rank.

    Notes
    -----
    For a known ratio of the variances the rows can be freed of their correlation; the likelihood
    is then a function of the ratio alone, whose logarithm is searched between +-12.
    """
    size = np.bincount(groups)
    rows = np.column_stack([X, values])
    sums = np.column_stack([np.bincount(groups, column) for column in rows.T])
    means = (sums / size[:, np.newaxis])[groups]
    degrees = len(values) - X.shape[1]

    def deviance(log_ratio: float) -> float:
        ratio = np.exp(log_ratio)
        _, crossed, left = _least_squares(_freed(rows, means, size[groups], ratio))
        of_groups = np.log1p(size * ratio).sum()
        return degrees * np.log(left) + of_groups + np.linalg.slogdet(crossed)[1]

    found = minimize_scalar(deviance, bounds=_LOG_RATIOS, method="bounded", options=_PRECISION)
    ratio = float(np.exp(found.x))
    freed = _freed(rows, means, size[groups], ratio)
    coefficients, crossed, left = _least_squares(freed)
    variance = left / degrees
    return MixedFit(
        coefficients=coefficients,
        errors=np.sqrt(variance * np.diag(np.linalg.inv(crossed))),
        person_variance=variance * ratio,
        answer_variance=variance,
        residuals=(freed[:, -1] - freed[:, :-1] @ coefficients) / np.sqrt(variance),
    )


def _freed(rows: np.ndarray, means: np.ndarray, size: np.ndarray, ratio: float) -> np.ndarray:
    """Return the rows less the part of their group's mean that correlates them.

    The part is 1 - 1 / sqrt(1 + size ratio) (Fuller and Battese 1973).
    """
    part = 1 - 1 / np.sqrt(1 + size * ratio)
    return rows - part[:, np.newaxis] * means


def _least_squares(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Return coefficients, X'X and what is left of the last column on the others."""
    crossed = rows.T @ rows
    coefficients = np.linalg.solve(crossed[:-1, :-1], crossed[:-1, -1])
    left = rows[:, -1] - rows[:, :-1] @ coefficients
    return coefficients, crossed[:-1, :-1], float(left @ left)
