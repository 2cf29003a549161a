"""Propensity weights, and how alike they make two arms."""

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.api as sm
from statsmodels.tools.sm_exceptions import PerfectSeparationError

from msanalysis.core import ALL, statistic
from msanalysis.stats.risk_set import require_column
from msanalysis.stats.strata import has_levels, smallest_level, split_rows, stack

_BALANCE = {
    "term": "object",
    "level": "object",
    "n_treated": "int64",
    "n_untreated": "int64",
    "mean_treated": "float64",
    "mean_untreated": "float64",
    "mean_weighted": "float64",
    "difference_before": "float64",
    "difference_after": "float64",
    "n_smallest_level": "int64",
    "residual_degrees": "int64",
}
_MEANS = tuple(_BALANCE)[4:9]
_WEIGHTED = ("mean_weighted", "difference_after")
SMALLEST_REST = 1e-3
LEVELS_TO_BEND = 8
"""A number with fewer values enters the model as it is; with more, with its square too."""


@statistic(
    shape="table",
    counts={"n_treated": _MEANS, "n_untreated": _MEANS},
    dimension="level",
    columns={"level": "term"},
    cells={"n_treated": ("level", "arm=treated"), "n_untreated": ("level", "arm!treated")},
    behind={"n_smallest_level": _WEIGHTED, "residual_degrees": _WEIGHTED},
)
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
        A row a covariate for everyone (`all`), which holds the means of a number, then a row a
        level of what is none: `term`, `level`, `n_treated` and `n_untreated` (rows),
        `mean_treated`, `mean_untreated`, `mean_weighted` (of the untreated), `difference_before`
        and `difference_after`: differences of means divided by the standard deviation of the
        treated (0.1 is commonly called small). The gate reads what stands behind the weights:
        `n_smallest_level` (of an arm or a covariate) and `residual_degrees` (the smaller arm less
        the terms).

    Raises
    ------
    ValueError
        As `propensity_weights`.

    Notes
    -----
    With one arm only there is no row; where the weights have no solution, what they make is
    missing. Weights make the untreated resemble the treated in what was measured, in nothing else.
    """
    if not has_both_arms(frame, arm, treated):
        return stack([], _BALANCE)
    weights = propensity_weights(frame, arm=arm, treated=treated, covariates=covariates)
    of_treated = (frame[arm] == treated).to_numpy()
    fit = behind_weights(frame, frame.index, arm=arm, treated=treated, covariates=covariates)
    rows = (
        {**fit, "term": name, "level": level, **_balance(values, counted, of_treated, weights)}
        for name in covariates
        if name in frame
        for level, values, counted in _rows(frame, name)
    )
    return stack(rows, _BALANCE)


def has_both_arms(frame: pd.DataFrame, arm: str, treated: str) -> bool:
    """Return whether there is somebody to weigh, and somebody to be like."""
    of_treated = require_column(frame, arm, "the weights") == treated
    return bool(of_treated.any() and not of_treated.all())


def propensity_weights(
    frame: pd.DataFrame, *, arm: str, treated: str, covariates: Sequence[str]
) -> np.ndarray:
    """Return 1 for the treated and p / (1 - p) for the others, p from a logistic model: (n,).

    The effect estimated with them is that on the treated. Numbers with many values enter with
    their square.

    All are missing where the model has no solution, as when a covariate tells the arms apart.

    Raises
    ------
    ValueError
        A covariate is missing for someone.
    """
    of_treated = (frame[arm] == treated).to_numpy()
    design = _design(frame, covariates)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # said by `converged`
            fit = sm.Logit(of_treated.astype(float), design).fit(disp=0, maxiter=100)
    except (np.linalg.LinAlgError, PerfectSeparationError):
        return np.full(len(frame), np.nan)
    if not fit.mle_retvals["converged"]:
        return np.full(len(frame), np.nan)
    return np.where(of_treated, 1.0, np.exp(fit.fittedvalues))


def behind_weights(
    frame: pd.DataFrame,
    person: Sequence[object],
    *,
    arm: str,
    treated: str,
    covariates: Sequence[str],
) -> dict[str, int]:
    """Return how many of `person` the smallest level has, and the residual degrees of freedom."""
    columns = [name for name in covariates if name in frame]
    persons = frame.assign(person=person, treated=frame[arm] == treated)
    smallest = [
        smallest_level(persons.drop_duplicates(["person", name]), [name])
        for name in ("treated", *columns)
    ]
    n_terms = _design(frame, covariates).shape[1]
    return {"n_smallest_level": min(smallest), "residual_degrees": smallest[0] - n_terms}


def _design(frame: pd.DataFrame, covariates: Sequence[str]) -> np.ndarray:
    columns = [np.ones(len(frame))]
    for values, is_number in _terms(frame, covariates):
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


def _terms(frame: pd.DataFrame, covariates: Sequence[str]) -> Iterator[tuple[np.ndarray, bool]]:
    """Yield the values of each term: a number as it is, or who is in each level but the first."""
    for covariate in covariates:
        if covariate not in frame:
            continue
        if frame[covariate].isna().any():
            raise ValueError(f"{covariate} is missing for some: the cohort must exclude them")
        if not has_levels(frame[covariate]):
            yield frame[covariate].to_numpy(dtype=float), True
        else:
            for _, member in list(split_rows(frame, covariate))[1:]:
                yield member.astype(float), False


def _rows(frame: pd.DataFrame, covariate: str) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Yield level, values and who is counted, for everyone and for each level."""
    everyone = np.full(len(frame), True)
    if not has_levels(frame[covariate]):
        yield ALL, frame[covariate].to_numpy(dtype=float), everyone
        return
    yield ALL, np.full(len(frame), np.nan), everyone
    for level, member in split_rows(frame, covariate):
        yield level, member.astype(float), member


def _balance(
    values: np.ndarray, counted: np.ndarray, of_treated: np.ndarray, weights: np.ndarray
) -> Mapping[str, Any]:
    means = {
        "mean_treated": values[of_treated].mean(),
        "mean_untreated": values[~of_treated].mean(),
        "mean_weighted": np.average(values[~of_treated], weights=weights[~of_treated]),
    }
    spread = values[of_treated].std()
    differences = {
        after: (means["mean_treated"] - means[mean]) / spread if spread > 0 else np.nan
        for after, mean in (
            ("difference_before", "mean_untreated"),
            ("difference_after", "mean_weighted"),
        )
    }
    return {
        "n_treated": (counted & of_treated).sum(),
        "n_untreated": (counted & ~of_treated).sum(),
        **means,
        **differences,
    }
