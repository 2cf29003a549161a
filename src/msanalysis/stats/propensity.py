"""Propensity weights, and how alike they make two arms."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.api as sm
from pandas.api.types import is_bool_dtype, is_numeric_dtype
from statsmodels.tools.sm_exceptions import PerfectSeparationError

from msanalysis.core import statistic
from msanalysis.stats.risk_set import require_column
from msanalysis.stats.strata import split_rows, stack

_BALANCE = {
    "term": "object",
    "n_treated": "int64",
    "n_untreated": "int64",
    "mean_treated": "float64",
    "mean_untreated": "float64",
    "mean_weighted": "float64",
    "difference_before": "float64",
    "difference_after": "float64",
}
_MEANS = tuple(_BALANCE)[3:]
SMALLEST_REST = 1e-3
LEVELS_TO_BEND = 8
"""A number with fewer values enters the model as it is; with more, with its square too."""


@statistic(shape="table", counts={"n_treated": _MEANS, "n_untreated": _MEANS})
def estimate_balance(
    frame: pd.DataFrame, *, arm: str, treated: str, covariates: Sequence[str]
) -> pd.DataFrame:
    """Estimate how alike the arms are before and after weighting. To be read before any outcome.

    Parameters
    ----------
    arm, treated
        Column of the arms, and the level whose persons everyone else is weighted to resemble.
    covariates
        Columns; those the cohort does not have are left out. A number is one term, any other
        column a term for each level.

    Returns
    -------
    Result
        A row a term: `term` (column, or `column:level`), `n_treated` and `n_untreated` (rows in
        the level, or all for a number), `mean_treated`, `mean_untreated`, `mean_weighted` (of the
        untreated), `difference_before` and `difference_after`: differences of means divided by
        the standard deviation of the treated (0.1 is commonly called small).

    Raises
    ------
    ValueError
        As `propensity_weights`.

    Notes
    -----
    Weights make the untreated resemble the treated in what was measured, in nothing else.
    """
    weights = propensity_weights(frame, arm=arm, treated=treated, covariates=covariates)
    of_treated = (frame[arm] == treated).to_numpy()
    terms = _all_levels(frame, covariates)
    return stack((_balance(*term, of_treated, weights) for term in terms), _BALANCE)


def propensity_weights(
    frame: pd.DataFrame, *, arm: str, treated: str, covariates: Sequence[str]
) -> np.ndarray:
    """Return 1 for the treated and p / (1 - p) for the others, p from a logistic model: (n,).

    The effect estimated with them is that on the treated. Numbers with many values enter with
    their square.

    Raises
    ------
    ValueError
        An arm is empty, a covariate is missing for someone, or the model has no solution.
    """
    of_treated = (require_column(frame, arm, "the weights") == treated).to_numpy()
    if of_treated.all() or not of_treated.any():
        raise ValueError(f"{arm} has one arm only: there is nothing to weigh against {treated}")
    try:
        fit = sm.Logit(of_treated.astype(float), _design(frame, covariates)).fit(
            disp=0, maxiter=100
        )
    except (np.linalg.LinAlgError, PerfectSeparationError):
        raise ValueError("the model of the arms has no solution: leave out a covariate") from None
    odds = np.exp(fit.fittedvalues)
    return np.where(of_treated, 1.0, odds)


def _design(frame: pd.DataFrame, covariates: Sequence[str]) -> np.ndarray:
    columns = [np.ones(len(frame))]
    for _, values, is_number in _terms(frame, covariates):
        spread = values.std()
        if spread > 0:
            scaled = (values - values.mean()) / spread
            columns.append(scaled)
            if is_number and len(np.unique(values)) >= LEVELS_TO_BEND:
                columns.append(scaled**2)
    return np.column_stack(list(_independent(columns)))


def _independent(columns: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Yield the columns that do not follow from those before them."""
    basis: list[np.ndarray] = []
    for column in columns:
        rest = column - sum((each * (each @ column) for each in basis), np.zeros(len(column)))
        if np.linalg.norm(rest) > SMALLEST_REST * np.linalg.norm(column):
            basis.append(rest / np.linalg.norm(rest))
            yield column


def _terms(
    frame: pd.DataFrame, covariates: Sequence[str], first_level: int = 1
) -> Iterator[tuple[str, np.ndarray, bool]]:
    """Yield each term with its values: numbers, or who is in each level but the first."""
    for covariate in covariates:
        if covariate not in frame:
            continue
        values = frame[covariate]
        if values.isna().any():
            raise ValueError(f"{covariate} is missing for some: the cohort must exclude them")
        if is_numeric_dtype(values) and not is_bool_dtype(values):
            yield covariate, values.to_numpy(dtype=float), True
        else:
            levels = list(split_rows(frame, covariate))
            for level, member in levels[first_level:]:
                yield f"{covariate}:{level}", member.astype(float), False


def _all_levels(
    frame: pd.DataFrame, covariates: Iterable[str]
) -> Iterator[tuple[str, np.ndarray, bool]]:
    return _terms(frame, list(covariates), first_level=0)


def _balance(
    term: str, values: np.ndarray, is_number: bool, of_treated: np.ndarray, weights: np.ndarray
) -> Mapping[str, Any]:
    counted = np.ones(len(values), bool) if is_number else values > 0
    means = {
        "mean_treated": values[of_treated].mean(),
        "mean_untreated": values[~of_treated].mean(),
        "mean_weighted": np.average(values[~of_treated], weights=weights[~of_treated]),
    }
    spread = values[of_treated].std()
    with np.errstate(divide="ignore", invalid="ignore"):
        before, after = (
            np.divide(means["mean_treated"] - means[other], spread)
            for other in ("mean_untreated", "mean_weighted")
        )
    return {
        "term": term,
        "n_treated": (counted & of_treated).sum(),
        "n_untreated": (counted & ~of_treated).sum(),
        **means,
        "difference_before": before if spread > 0 else np.nan,
        "difference_after": after if spread > 0 else np.nan,
    }
