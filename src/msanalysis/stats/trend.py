"""Trends over calendar years: of a mean, of a share and of a rate (fitted by statsmodels)."""

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy.stats import norm
from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

from msanalysis.core import ALL, statistic
from msanalysis.intervals import check_level, normal_quantile
from msanalysis.stats.crude_rates import PER, count_by
from msanalysis.stats.means import read_numbers
from msanalysis.stats.risk_set import require_column
from msanalysis.stats.strata import split_rows, stack

YEARS = 10
"""A change is told per decade."""
_FIT = {"lower": "float64", "upper": "float64", "p_value": "float64"}
_ENDS = {"fitted_first": "float64", "fitted_last": "float64"}
_BEHIND = {"n_smallest_level": "int64", "residual_degrees": "int64"}
_WHO = {"year": "object", "stratum": "object", "n": "int64"}
_OF_MEAN = {"change_per_decade": "float64", **_FIT, **_ENDS}
_OF_SHARE = {"odds_ratio_per_decade": "float64", **_FIT, **_ENDS}
_OF_RATE = {"rate_ratio_per_decade": "float64", **_FIT, "dispersion": "float64", **_ENDS}
_MEAN = {**_WHO, **_OF_MEAN, **_BEHIND}
_SHARE = {**_WHO, "n_events": "int64", **_OF_SHARE, **_BEHIND}
_RATE = {**_WHO, **_OF_RATE, **_BEHIND}


@statistic(
    shape="table",
    counts={"n": tuple(_OF_MEAN)},
    dimension="stratum",
    columns={"stratum": "by"},
    cells={"n": ("stratum", "known column", "known year")},
    behind=dict.fromkeys(_BEHIND, tuple(_OF_MEAN)),
)
def estimate_mean_trend(
    frame: pd.DataFrame, *, column: str, year: str, by: str | None = None, level: float = 0.95
) -> pd.DataFrame:
    """Estimate how the mean of a column changes with the year, by linear regression.

    Parameters
    ----------
    column, year
        Columns of numbers; who lacks either is left out.
    by
        Column whose levels are the strata, each with a fit of its own; None makes one, `all`.
    level
        Of the interval by Student's t.

    Returns
    -------
    Result
        A row a stratum: `year` (first and last), `stratum`, `n`, `change_per_decade`, `lower`,
        `upper`, `p_value`, and the fitted mean in the first and the last year. No row where
        fewer than three persons or one year only would carry the fit. The gate reads
        `n_smallest_level` (here persons) and `residual_degrees` (persons less terms).

    Raises
    ------
    ValueError
        The cohort lacks a column, or one does not hold numbers; `level` is not between 0 and 1.

    Notes
    -----
    Least squares over persons, the variance the same in all years. One straight line says nothing
    about when a change came.
    """
    check_level(level)
    values, years = read_numbers(frame, column), read_numbers(frame, year)
    return _fits(frame, by, _MEAN, lambda rows: _mean_trend(values[rows], years[rows], level))


def _mean_trend(values: np.ndarray, years: np.ndarray, level: float) -> dict[str, Any] | None:
    known = ~np.isnan(values) & ~np.isnan(years)
    values, years = values[known], years[known]
    if len(years) < 3 or years.min() == years.max():
        return None
    fit = sm.OLS(values, _design(years)).fit()
    behind = {"n_smallest_level": len(years), "residual_degrees": fit.df_resid}
    told = _told(fit, years, level)
    return {"n": len(years), "change_per_decade": fit.params[1], **told, **behind}


@statistic(
    shape="table",
    counts={"n": ("n_events", *_OF_SHARE), "n_events": tuple(_OF_SHARE)},
    dimension="stratum",
    columns={"stratum": "by"},
    cells={
        "n": ("stratum", "known column", "known year"),
        "n_events": ("stratum", "column=event", "known year"),
    },
    behind=dict.fromkeys(_BEHIND, tuple(_OF_SHARE)),
)
def estimate_share_trend(
    frame: pd.DataFrame,
    *,
    column: str,
    event: str,
    year: str,
    by: str | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Estimate how the share of a level changes with the year, by logistic regression.

    Parameters
    ----------
    column, event
        Column of codes, and the one whose share is followed; who has no code is left out.
    year, by, level
        As in `estimate_mean_trend`; the interval is Wald's.

    Returns
    -------
    Result
        A row a stratum: `year`, `stratum`, `n`, `n_events`, `odds_ratio_per_decade`, `lower`,
        `upper`, `p_value`, and the fitted share in the first and the last year. No row where
        all or none have the event, there is one year only, or a year parts those with the event
        from those without. The gate reads `n_smallest_level` (the fewer of those with and without
        the event) and `residual_degrees` (the same less terms).

    Raises
    ------
    ValueError
        As `estimate_mean_trend`.
    """
    check_level(level)
    codes = require_column(frame, column, "the trend")
    years = read_numbers(frame, year)
    had = np.where(codes.isna(), np.nan, (codes == event).to_numpy(dtype=float))
    return _fits(frame, by, _SHARE, lambda rows: _share_trend(had[rows], years[rows], level))


def _share_trend(had: np.ndarray, years: np.ndarray, level: float) -> dict[str, Any] | None:
    known = ~np.isnan(had) & ~np.isnan(years)
    had, years = had[known], years[known]
    if not 0 < had.sum() < len(had) or years.min() == years.max():
        return None
    model = sm.GLM(had, _design(years), family=sm.families.Binomial())
    with warnings.catch_warnings():
        warnings.simplefilter("error", PerfectSeparationWarning)
        try:
            fit = model.fit(tol=1e-12)
        except PerfectSeparationWarning:
            return None
    told = _told(fit, years, level)
    limits = {name: np.exp(told[name]) for name in ("lower", "upper")}
    counts = {"n": len(had), "n_events": had.sum()}
    fewer = min(had.sum(), len(had) - had.sum())
    behind = {"n_smallest_level": fewer, "residual_degrees": fewer - len(fit.params)}
    change = {"odds_ratio_per_decade": np.exp(fit.params[1])}
    return {**told, **limits, **counts, **behind, **change}


@statistic(
    shape="table",
    counts={"n": tuple(_OF_RATE)},
    dimension="stratum",
    cells={"n": ("year=inhabitants",)},
    behind=dict.fromkeys(_BEHIND, tuple(_OF_RATE)),
)
def estimate_rate_trend(
    frame: pd.DataFrame, *, year: str, inhabitants: Mapping[str, int], level: float = 0.95
) -> pd.DataFrame:
    """Estimate how the yearly number per inhabitant changes, by Poisson regression.

    Parameters
    ----------
    year
        Column of years, one row a new case.
    inhabitants
        Inhabitants by year; the years of the fit are these.

    Returns
    -------
    Result
        One row, `all`: `year` (first and last), `stratum`, `n`, `rate_ratio_per_decade`, `lower`,
        `upper`, `p_value`, `dispersion` (Pearson's chi-squared over its degrees of freedom, by
        which the variance is multiplied), and the fitted rate per 100 000 in the first and last
        year. No row for fewer than three years. For the gate, `residual_degrees` is years less
        terms.

    Raises
    ------
    ValueError
        As `estimate_mean_trend`.
    """
    check_level(level)
    if len(inhabitants) < 3 or frame.empty:
        return stack([], _RATE)
    counts = count_by(frame, year, inhabitants)
    years = np.array([float(each) for each in inhabitants])
    exposure = np.array([*inhabitants.values()], dtype=float)
    model = sm.GLM(counts, _design(years), family=sm.families.Poisson(), exposure=exposure)
    with warnings.catch_warnings():
        # Counts that lie on the curve are no separation.
        warnings.simplefilter("ignore", PerfectSeparationWarning)
        fit = model.fit(tol=1e-12)
    dispersion = fit.pearson_chi2 / fit.df_resid
    change, error = fit.params[1], np.sqrt(dispersion) * fit.bse[1]
    half = normal_quantile(level) * error
    row = {
        **_told(fit, years, level),
        "stratum": ALL,
        "n": counts.sum(),
        "rate_ratio_per_decade": np.exp(change),
        "lower": np.exp(change - half),
        "upper": np.exp(change + half),
        "p_value": 2 * norm.sf(abs(change) / error) if error else np.nan,
        "dispersion": dispersion,
        "n_smallest_level": counts.sum(),
        "residual_degrees": fit.df_resid,
    }
    return stack([row | {name: PER * row[name] for name in _ENDS}], _RATE)


def _fits(frame: pd.DataFrame, by: str | None, dtypes: Mapping[str, str], fit) -> pd.DataFrame:
    rows = ({"stratum": name, "fit": fit(chosen)} for name, chosen in split_rows(frame, by))
    fitted = [{**row["fit"], "stratum": row["stratum"]} for row in rows if row["fit"]]
    return stack(fitted, dtypes)


def _design(years: np.ndarray) -> np.ndarray:
    """Return columns of ones and of decades since the first year: (n, 2)."""
    return np.column_stack([np.ones(len(years)), (years - years.min()) / YEARS])


def _told(fit: Any, years: np.ndarray, level: float) -> dict[str, Any]:
    """Return limits of the change, its p value, and what is fitted at both ends."""
    lower, upper = fit.conf_int(alpha=1 - level)[1]
    first, last = int(years.min()), int(years.max())
    at_ends = fit.predict(_design(np.array([first, last], dtype=float)))
    return {
        "year": f"{first}-{last}",
        "lower": lower,
        "upper": upper,
        "p_value": fit.pvalues[1],
        "fitted_first": at_ends[0],
        "fitted_last": at_ends[1],
    }
