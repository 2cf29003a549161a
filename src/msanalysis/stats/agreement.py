"""Agreement: of registered values with the patient record, and of raters with each other."""

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from msanalysis.core import Cohort, Except, statistic
from msanalysis.intervals import check_level
from msanalysis.stats.risk_set import require_column
from msanalysis.stats.strata import stack
from msanalysis.stats.units import QUOTAS, add_shares

_SHARE = ("share", "lower", "upper")
_AGREEMENT = {
    **dict.fromkeys(("variable", "among"), "object"),
    **dict.fromkeys(("numerator", "denominator"), "int64"),
    **dict.fromkeys(_SHARE, "float64"),
}
_RELIABILITY = {
    **dict.fromkeys(("variable", "scale", "measure"), "object"),
    **dict.fromkeys(("cases", "raters"), "int64"),
    **dict.fromkeys(("estimate", "lower", "upper"), "float64"),
}
ALL_COMPARED, VALUE_KNOWN = "all_compared", "value_known"
_AMONG = {ALL_COMPARED: {}, VALUE_KNOWN: {"result": Except(("missing",))}}
_NO_INTERVAL = (np.nan, np.nan)
_ROUNDING = 1e-12


# --- with the patient record ----------------------------------------------------------------------


def _cells(cohort: Cohort, table: pd.DataFrame, settings: Mapping[str, Any]) -> dict[str, Any]:
    bases = [f"records compared on {variable}" for variable in table["variable"]]
    compared = [(base, _AMONG[among]) for base, among in zip(bases, table["among"], strict=True)]
    known = [(each, (each[0], {})) for each in compared if each[1]]
    agreeing = tuple((base, {"result": ("agrees",)}) for base in bases)
    cells = {"denominator": tuple(compared), "numerator": agreeing}
    return {"cells": cells, "printed": tuple(known)}


def _shares(table: pd.DataFrame, settings: Mapping[str, Any]) -> pd.DataFrame:
    """Return what follows from the counts."""
    return add_shares(table, settings["confidence"])[[*_SHARE]]


@statistic(
    shape="table",
    counts={"numerator": _SHARE, "denominator": ("numerator", *_SHARE)},
    cells=_cells,
    quotas=QUOTAS,
    again=_shares,
)
def estimate_agreement(frame: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Estimate the share of registered values that agree with the patient record.

    Parameters
    ----------
    confidence
        Of the Wilson interval.

    Returns
    -------
    Result
        Two rows a variable: `variable`, `among` (`all_compared`: a missing value does not agree;
        `value_known`: it is left out), `numerator` (agree), `denominator`, `share`, `lower`,
        `upper`.

    Raises
    ------
    ValueError
        The cohort lacks `variable` or `result`, or `confidence` is not between 0 and 1.

    Notes
    -----
    The record is taken for the truth, which it is not always. Persons of one hospital are alike:
    the interval, of persons drawn one by one, is then too short.
    """
    check_level(confidence)
    if "variable" not in frame or frame.empty:
        return stack([], _AGREEMENT)
    result = require_column(frame, "result", "the agreement")
    counts = pd.crosstab(frame["variable"], result.astype(object)).sort_index()
    counts = counts.reindex(columns=["agrees", "differs", "missing"], fill_value=0)
    among = {
        ALL_COMPARED: counts.sum(axis=1),
        VALUE_KNOWN: counts[["agrees", "differs"]].sum(axis=1),
    }
    rows = (
        {
            "variable": counts.index,
            "among": name,
            "numerator": counts["agrees"],
            "denominator": whole,
        }
        for name, whole in among.items()
    )
    table = stack(rows, {name: _AGREEMENT[name] for name in _AGREEMENT if name not in _SHARE})
    table = table.sort_values(["variable", "among"], ignore_index=True)
    return table.join(_shares(table, {"confidence": confidence}))


# --- among raters ---------------------------------------------------------------------------------


@statistic(shape="table", counts={})
def estimate_reliability(frame: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Estimate how well raters of the same case histories agree, by variable.

    Nominal variables: Fleiss' kappa (1971) with the interval of Gwet (2021), t with n - 1 degrees
    of freedom over the n cases; and the mean of Cohen's kappa over all pairs of raters (Light
    1971). Ordinal: that mean with weights (1 - squared difference of the ratings), and the
    intraclass correlation ICC(A,1). Continuous: ICC(A,1), absolute agreement, and ICC(C,1),
    consistency, of single ratings in a two-way model, with the F intervals of McGraw and Wong
    (1996).

    Parameters
    ----------
    confidence
        Of the intervals.

    Returns
    -------
    Result
        `variable`, `scale`, `measure` (`fleiss_kappa`, `light_kappa`, `weighted_kappa`,
        `icc_agreement`, `icc_consistency`), `cases` and `raters` behind it, `estimate`, `lower`,
        `upper`. Means over pairs have no interval.

    Raises
    ------
    ValueError
        `confidence` is not between 0 and 1.

    Notes
    -----
    Fleiss' kappa takes cases with two ratings or more; the others those that all have rated. Where
    all ratings are equal nothing can be said of agreement beyond chance: there is no estimate;
    where all raters agree on each case there is no interval.
    Kappa is low, however well raters agree, where nearly all cases are of one level. Cases and
    raters are no persons of the registry.
    """
    check_level(confidence)
    if "variable" not in frame:
        return stack([], _RELIABILITY)
    rows = (
        {"variable": variable, "scale": scale, **row}
        for (variable, scale), ratings in frame.groupby(["variable", "scale"], observed=True)
        for row in _coefficients(ratings, scale, confidence)
    )
    return stack(rows, _RELIABILITY)


def _coefficients(ratings: pd.DataFrame, scale: str, confidence: float) -> Iterator[dict[str, Any]]:
    """Yield a row a coefficient that suits the scale of the variable."""
    value = "value" if scale == "nominal" else "rating"
    wide = ratings.pivot_table(index="case_id", columns="rater", values=value, aggfunc="first")
    whole = wide.dropna()
    numbers = whole.to_numpy() if scale == "nominal" else whole.to_numpy(dtype=float)
    if scale == "nominal":
        yield _row("fleiss_kappa", wide, *fleiss_kappa(wide.to_numpy(object), confidence))
        yield _row("light_kappa", whole, _mean_kappa(numbers, _unequal), *_NO_INTERVAL)
    if scale == "ordinal":
        yield _row("weighted_kappa", whole, _mean_kappa(numbers, _squared), *_NO_INTERVAL)
    if scale != "nominal":
        agreement, consistency = intraclass_correlations(numbers, confidence)
        yield _row("icc_agreement", whole, *agreement)
        if scale == "continuous":
            yield _row("icc_consistency", whole, *consistency)


def _row(
    measure: str, rated: pd.DataFrame, estimate: float, lower: float, upper: float
) -> dict[str, Any]:
    cases, raters = rated.shape
    limits = {"estimate": estimate, "lower": lower, "upper": upper}
    return {"measure": measure, "cases": cases, "raters": raters, **limits}


def fleiss_kappa(ratings: np.ndarray, confidence: float) -> tuple[float, float, float]:
    """Return Fleiss' kappa of cases by raters (None: not rated), and its limits.

    kappa = (a - e) / (1 - e): a is the mean over cases of the share of pairs of raters that agree,
    e the sum of the squared mean shares of the levels. Its variance is that of the mean of
    k_i - 2 (1 - kappa) (e_i - e) / (1 - e), with k_i = (a_i - e) / (1 - e) and e_i the mean share
    of the levels that case i was given.
    """
    counts = _levels_by_case(ratings)
    raters = counts.sum(axis=1, keepdims=True)
    if len(counts) < 2 or (counts.sum(axis=0) > 0).sum() < 2:
        return np.nan, *_NO_INTERVAL
    shares = (counts / raters).mean(axis=0)
    agreeing = (counts * (counts - 1)).sum(axis=1) / (raters * (raters - 1))[:, 0]
    chance = (shares**2).sum()
    of_case = (agreeing - chance) / (1 - chance)
    kappa = of_case.mean()
    expected = (counts / raters) @ shares
    spread = of_case - 2 * (1 - kappa) * (expected - chance) / (1 - chance)
    error = spread.std(ddof=1) / np.sqrt(len(spread))
    if error < _ROUNDING:
        return kappa, *_NO_INTERVAL
    half = stats.t.ppf((1 + confidence) / 2, len(spread) - 1) * error
    return kappa, max(kappa - half, -1.0), min(kappa + half, 1.0)


def _levels_by_case(ratings: np.ndarray) -> np.ndarray:
    """Return how many raters gave each level to each case that two or more have rated."""
    rated = ~pd.isna(ratings)
    levels, number = np.unique(ratings[rated].astype(str), return_inverse=True)
    counts = np.zeros((len(ratings), len(levels)))
    np.add.at(counts, (np.nonzero(rated)[0], number), 1)
    return counts[counts.sum(axis=1) >= 2]


def _unequal(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return (one != other).astype(float)


def _squared(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return (one - other) ** 2


def _mean_kappa(ratings: np.ndarray, distance: Any) -> float:
    """Return the mean over pairs of raters of 1 - observed / expected distance.

    Not defined where a pair gave one and the same rating throughout.
    """
    columns = ratings.T
    kappas = [
        1 - distance(one, other).mean() / expected if expected else np.nan
        for one, other in combinations(columns, 2)
        for expected in [distance(one[:, np.newaxis], other).mean() if len(one) else 0]
    ]
    return float(np.mean(kappas)) if kappas else np.nan


Coefficient = tuple[float, float, float]


def intraclass_correlations(
    ratings: np.ndarray, confidence: float
) -> tuple[Coefficient, Coefficient]:
    """Return ICC(A,1) and ICC(C,1) of cases by raters, each with its limits.

    With the mean squares of cases (b), raters (r) and residuals (e) of the two-way model without
    interaction, for n cases and k raters: ICC(A,1) = (b - e) / (b + (k - 1) e + k (r - e) / n),
    ICC(C,1) = (b - e) / (b + (k - 1) e). Not defined with fewer than 2 cases or raters, or where
    all ratings are equal; no limits where cases do
    not differ, or nothing is left as residual.
    """
    n, k = ratings.shape
    if min(n, k) < 2 or np.ptp(ratings) == 0:
        return (np.nan, *_NO_INTERVAL), (np.nan, *_NO_INTERVAL)
    b, r, e = _mean_squares(ratings)
    with np.errstate(divide="ignore", invalid="ignore"):
        agreement = (b - e) / (b + (k - 1) * e + k * (r - e) / n)
        consistency = (b - e) / (b + (k - 1) * e)
        if min(b, e) == 0:
            return (agreement, *_NO_INTERVAL), (consistency, *_NO_INTERVAL)
        return (
            (agreement, *_agreement_limits(b, r, e, n, k, agreement, confidence)),
            (consistency, *_consistency_limits(b / e, n, k, confidence)),
        )


def _mean_squares(ratings: np.ndarray) -> np.ndarray:
    """Return the mean squares of cases, raters and residuals."""
    n, k = ratings.shape
    mean, of_cases, of_raters = ratings.mean(), ratings.mean(axis=1), ratings.mean(axis=0)
    cases, raters = k * ((of_cases - mean) ** 2).sum(), n * ((of_raters - mean) ** 2).sum()
    rest = ((ratings - of_cases[:, np.newaxis] - of_raters + mean) ** 2).sum()
    squares = np.array([cases / (n - 1), raters / (k - 1), rest / ((n - 1) * (k - 1))])
    # What rounding leaves of a 0 is 0.
    return np.where(squares < _ROUNDING * squares.max(), 0.0, squares)


def _agreement_limits(
    b: float, r: float, e: float, n: int, k: int, icc: float, confidence: float
) -> tuple[float, float]:
    """Return the limits of ICC(A,1), with Satterthwaite's degrees of freedom."""
    of_raters, of_cases = k * icc * r / e, n * (1 + (k - 1) * icc) - k * icc
    degrees = (n - 1) * (k - 1) * (of_raters + of_cases) ** 2
    degrees /= (n - 1) * of_raters**2 + of_cases**2
    p = (1 + confidence) / 2
    high, low = stats.f.ppf(p, n - 1, degrees), stats.f.ppf(p, degrees, n - 1)
    rest = k * r + (k * n - k - n) * e
    return n * (b - high * e) / (high * rest + n * b), n * (low * b - e) / (rest + n * low * b)


def _consistency_limits(ratio: float, n: int, k: int, confidence: float) -> tuple[float, float]:
    degrees, p = (n - 1) * (k - 1), (1 + confidence) / 2
    low = ratio / stats.f.ppf(p, n - 1, degrees)
    high = ratio * stats.f.ppf(p, degrees, n - 1)
    return (low - 1) / (low + k - 1), (high - 1) / (high + k - 1)
