"""Interrupted time series: a Poisson model of monthly counts before and after a change."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy.stats import norm
from statsmodels.stats.diagnostic import acorr_ljungbox
from statsmodels.tsa.stattools import acf

from msanalysis.core import ALL, statistic
from msanalysis.intervals import normal_quantile
from msanalysis.stats.risk_set import require_column
from msanalysis.stats.strata import split_rows, stack
from msanalysis.units import DAYS_PER_YEAR

LJUNG_BOX_LAGS = 12
TERMS = ("trend_before", "level_change", "trend_change")
SEGMENTS = ("before", "window", "after", "left_out")
_WINDOW, _AFTER, _LEFT_OUT = 1, 2, 3

_SERIES = {
    "stratum": "object",
    "segment": "object",
    "period": "object",
    "n_events": "int64",
    "person_years": "float64",
    "rate_per_100py": "float64",
    "fitted_per_100py": "float64",
    "counterfactual_per_100py": "float64",
    "n_smallest_level": "int64",
    "residual_degrees": "int64",
}
_TERMS = {
    "stratum": "object",
    "term": "object",
    "n_events": "int64",
    "months": "int64",
    "rate_ratio": "float64",
    "lower": "float64",
    "upper": "float64",
    "p_value": "float64",
    "n_smallest_level": "int64",
    "residual_degrees": "int64",
}
_CHECKS = {
    "stratum": "object",
    "n_events": "int64",
    "months": "int64",
    "dispersion": "float64",
    "autocorrelation": "float64",
    "ljung_box_p": "float64",
    "n_smallest_level": "int64",
    "residual_degrees": "int64",
}
_RATIO = ("rate_ratio", "lower", "upper", "p_value")
_CHECK = ("dispersion", "autocorrelation", "ljung_box_p")
_BEHIND = ("n_smallest_level", "residual_degrees")


@dataclass(frozen=True)
class Months:
    """Monthly counts of one series, each array of length T (`design` (T, 4)).

    `segment` is the position in `SEGMENTS`; the model is fitted to before and after.
    """

    start: pd.DatetimeIndex
    n_events: np.ndarray
    person_years: np.ndarray
    segment: np.ndarray
    design: np.ndarray


@statistic(
    shape="table",
    counts={"n_events": ("rate_per_100py",)},
    dimension="period",
    columns={"stratum": "by", "segment": "segment", "period": "period"},
    cells={"n_events": ("stratum", "segment", "period", "end_reason=event")},
    behind=dict.fromkeys(_BEHIND, ("fitted_per_100py", "counterfactual_per_100py")),
)
def estimate_interrupted_series(
    frame: pd.DataFrame,
    *,
    event: str,
    since: str,
    change_from: str,
    change_to: str,
    by: str | None = None,
    left_out_months: int = 0,
    period_months: int = 3,
) -> pd.DataFrame:
    """Estimate the rate by period, what the model fits, and what it expects without the change.

    Parameters
    ----------
    event
        Code of `end_reason`; rows are under observation in (`entry_days`, `follow_up_days`].
    since
        Time zero of the cohort: the first day of a month.
    change_from, change_to
        First and last day of the window in which the change came about; its months are fitted by
        neither line.
    by
        Column of the series, each fitted by itself.
    left_out_months
        Months at the end of the series, the last one counted however short, that are not fitted
        since what happened in them is still being reported.
    period_months
        Months in a period of the table: 1, 2, 3, 4, 6 or 12. The model always has months.

    Returns
    -------
    Result
        A row a period: `stratum`, `segment` (before, window, after, left_out; window and left_out
        where some month of the period is), `period` (its first month, as `month 2024-01`; `all` a
        segment, but for left_out), `n_events`, `person_years`, and per 100 person-years
        `rate_per_100py`, `fitted_per_100py` (missing where nothing is fitted) and
        `counterfactual_per_100py` (the line of before, from the window on); for the gate as
        `estimate_interruption`.

    Raises
    ------
    ValueError
        The window is reversed, it and the months left out leave fewer than 3 months before or
        after it, `period_months` divides no year, or the cohort lacks a column.

    Notes
    -----
    See `estimate_interruption` for the model. The line is smooth: where a period is hidden, what
    is fitted there says little about its count.
    """
    if period_months not in (1, 2, 3, 4, 6, 12):
        raise ValueError("period_months must be 1, 2, 3, 4, 6 or 12")
    parts = (
        {**_fitted_counts(months), "stratum": stratum, **part}
        for stratum, months in _series(
            frame, event, since, (change_from, change_to), by, left_out_months
        )
        for part in _periods(months, _fitted(months), period_months)
    )
    return stack(parts, _SERIES)


@statistic(
    shape="table",
    counts={"n_events": _RATIO},
    columns={"stratum": "by"},
    cells={"n_events": ("stratum", "month=fitted", "end_reason=event")},
    behind=dict.fromkeys(_BEHIND, _RATIO),
)
def estimate_interruption(
    frame: pd.DataFrame,
    *,
    event: str,
    since: str,
    change_from: str,
    change_to: str,
    by: str | None = None,
    left_out_months: int = 0,
    level: float = 0.95,
) -> pd.DataFrame:
    """Estimate how the level and the trend of a monthly rate changed.

    log E(events) = log(person-years) + b0 + b1 years + b2 after + b3 years after, by maximum
    likelihood, without the months of the window and those left out. Errors are those of the
    Poisson model times the root of the Pearson dispersion where that exceeds 1.

    Parameters
    ----------
    event, since, change_from, change_to, by, left_out_months
        As in `estimate_interrupted_series`.
    level
        Of the Wald interval.

    Returns
    -------
    Result
        A row a series and term: `stratum`, `term` (trend_before and trend_change: rate ratio per
        year; level_change: rate ratio at the end of the window), `n_events`, `months` (fitted),
        `rate_ratio`, `lower`, `upper`, `p_value`; missing where a side of the window holds no
        event. The gate reads `n_smallest_level` (events on the side with fewer) and
        `residual_degrees` (months less terms). See `check_interrupted_series` for what the
        intervals rest on.

    Raises
    ------
    ValueError
        As `estimate_interrupted_series`.
    """
    z = normal_quantile(level)
    parts = (
        {"stratum": stratum, **_terms(months, z)}
        for stratum, months in _series(
            frame, event, since, (change_from, change_to), by, left_out_months
        )
    )
    return stack(parts, _TERMS)


@statistic(
    shape="table",
    counts={"n_events": _CHECK},
    columns={"stratum": "by"},
    cells={"n_events": ("stratum", "month=fitted", "end_reason=event")},
    behind=dict.fromkeys(_BEHIND, _CHECK),
)
def check_interrupted_series(
    frame: pd.DataFrame,
    *,
    event: str,
    since: str,
    change_from: str,
    change_to: str,
    by: str | None = None,
    left_out_months: int = 0,
) -> pd.DataFrame:
    """Check the model of `estimate_interruption` for over-dispersion and autocorrelation.

    Returns
    -------
    Result
        A row a series: `stratum`, `n_events`, `months`, `dispersion` (Pearson; 1 when Poisson),
        `autocorrelation` (of the Pearson residuals of neighbouring months) and `ljung_box_p`
        (12 lags), and for the gate as `estimate_interruption`. Autocorrelated residuals make the
        intervals too narrow.

    Raises
    ------
    ValueError
        As `estimate_interrupted_series`.
    """
    parts = (
        {"stratum": stratum, **_checks(months)}
        for stratum, months in _series(
            frame, event, since, (change_from, change_to), by, left_out_months
        )
    )
    return stack(parts, _CHECKS)


def _series(
    frame: pd.DataFrame,
    event: str,
    since: str,
    window: tuple[str, str],
    by: str | None,
    left_out_months: int,
) -> Iterator[tuple[str, Months]]:
    entry, end = (
        require_column(frame, name, "the series").to_numpy(dtype=np.int64)
        for name in ("entry_days", "follow_up_days")
    )
    happened = (frame["end_reason"] == event).to_numpy(dtype=bool)
    if not len(frame):
        return
    bounds = _month_bounds(since, int(end.max()))
    for stratum, rows in split_rows(frame, by):
        n_events = np.histogram(end[rows & happened], bounds)[0]
        days = _days_observed(entry[rows], end[rows], bounds)
        segment = _segments(since, len(n_events), window, left_out_months)
        yield stratum, _months(since, n_events, days / DAYS_PER_YEAR, segment)


def _month_bounds(since: str, last_day: int) -> np.ndarray:
    """Return the day numbers on which months begin, from 0 to after the last day."""
    first = pd.Timestamp(since)
    starts = pd.date_range(first, first + pd.Timedelta(days=last_day), freq="MS")
    return (starts.append(starts[-1:] + pd.offsets.MonthBegin()) - first).days.to_numpy()


def _days_observed(entry: np.ndarray, end: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """Return the person-days of each month; a row has the days in (entry, end]."""
    last_days = bounds - 1
    up_to = np.array(
        [(np.minimum(end, last) - np.minimum(entry, last)).sum() for last in last_days]
    )
    return np.diff(up_to)


def _segments(since: str, n: int, window: tuple[str, str], left_out_months: int) -> np.ndarray:
    """Return the position in `SEGMENTS` of each of the `n` months."""
    if left_out_months < 0:
        raise ValueError("left_out_months: expected 0 or more")
    start = pd.date_range(since, periods=n, freq="MS")
    opens, closes = _window(window)
    segment = (start > closes).astype(int) + (start + pd.offsets.MonthEnd() >= opens)
    segment = np.where(np.arange(n) >= n - left_out_months, _LEFT_OUT, segment)
    if min((segment == 0).sum(), (segment == _AFTER).sum()) < 3:
        raise ValueError(
            "change_from, change_to and left_out_months must leave 3 months of the series before "
            "and after the change"
        )
    return segment


def _months(
    since: str, n_events: np.ndarray, person_years: np.ndarray, segment: np.ndarray
) -> Months:
    start = pd.date_range(since, periods=len(n_events), freq="MS")
    years = np.arange(len(start)) / 12
    after = (segment >= _AFTER).astype(float)
    since_change = (years - years[segment == _AFTER][0]) * after
    design = np.column_stack([np.ones(len(start)), years, after, since_change])
    return Months(start, n_events, person_years, segment, design)


def _window(window: tuple[str, str]) -> tuple[pd.Timestamp, pd.Timestamp]:
    opens, closes = (pd.Timestamp(date.fromisoformat(day)) for day in window)
    if closes < opens:
        raise ValueError("change_to lies before change_from: exchange them")
    return opens, closes


def _fitted(months: Months) -> Any:
    """Return the fitted model, or None where a segment holds no event to fit a line to."""
    used = _is_fitted(months) & (months.person_years > 0)
    if not all(months.n_events[used & (months.segment == part)].sum() for part in (0, _AFTER)):
        return None
    return sm.GLM(
        months.n_events[used],
        months.design[used],
        family=sm.families.Poisson(),
        exposure=months.person_years[used],
    ).fit(tol=1e-12, maxiter=200)


def _is_fitted(months: Months) -> np.ndarray:
    return (months.segment == 0) | (months.segment == _AFTER)


def _periods(months: Months, model: Any, period_months: int) -> Iterator[Mapping[str, Any]]:
    coefficients = np.full(4, np.nan) if model is None else model.params
    number = np.arange(len(months.start)) // period_months
    first = np.flatnonzero(np.diff(number, prepend=-1))
    segment = months.segment[first]
    for part in (_LEFT_OUT, _WINDOW):
        segment = np.where(np.maximum.reduceat(months.segment == part, first), part, segment)
    sums = {
        "n_events": np.add.reduceat(months.n_events, first),
        "person_years": np.add.reduceat(months.person_years, first),
        "fitted": np.add.reduceat(_expected(months, coefficients), first),
        "counterfactual": np.add.reduceat(_expected(months, coefficients * [1, 1, 0, 0]), first),
    }
    names = ("month " + months.start[first].strftime("%Y-%m")).to_numpy(dtype=object)
    for place, name in enumerate(SEGMENTS):
        chosen = segment == place
        if chosen.any():
            # A sum over the few periods left out would give back the one that must be hidden.
            if place != _LEFT_OUT:
                total = {key: values[chosen].sum(keepdims=True) for key, values in sums.items()}
                yield _rates(name, np.array([ALL], dtype=object), total)
            yield _rates(name, names[chosen], {key: each[chosen] for key, each in sums.items()})


def _expected(months: Months, coefficients: np.ndarray) -> np.ndarray:
    return months.person_years * np.exp(months.design @ coefficients)


def _rates(segment: str, period: np.ndarray, sums: Mapping[str, np.ndarray]) -> Mapping[str, Any]:
    with np.errstate(divide="ignore", invalid="ignore"):
        rate, fitted, expected = (
            100 * sums[name] / sums["person_years"]
            for name in ("n_events", "fitted", "counterfactual")
        )
    return {
        "segment": segment,
        "period": period,
        "n_events": sums["n_events"],
        "person_years": sums["person_years"],
        "rate_per_100py": rate,
        "fitted_per_100py": fitted if segment in ("before", "after") else np.nan,
        "counterfactual_per_100py": np.nan if segment == "before" else expected,
    }


def _fitted_counts(months: Months) -> Mapping[str, int]:
    used = _is_fitted(months)
    sides = [months.n_events[months.segment == side].sum() for side in (0, 2)]
    return {
        "n_events": months.n_events[used].sum(),
        "months": used.sum(),
        "n_smallest_level": min(sides),
        "residual_degrees": (used & (months.person_years > 0)).sum() - months.design.shape[1],
    }


def _terms(months: Months, z: float) -> Mapping[str, Any]:
    model, counts = _fitted(months), _fitted_counts(months)
    if model is None:
        return {"term": list(TERMS), **counts, **dict.fromkeys(_RATIO, np.nan)}
    change = model.params[1:]
    error = model.bse[1:] * np.sqrt(max(1.0, model.pearson_chi2 / model.df_resid))
    return {
        "term": list(TERMS),
        **counts,
        "rate_ratio": np.exp(change),
        "lower": np.exp(change - z * error),
        "upper": np.exp(change + z * error),
        "p_value": 2 * norm.sf(np.abs(change / error)),
    }


def _checks(months: Months) -> Mapping[str, Any]:
    model, counts = _fitted(months), _fitted_counts(months)
    if model is None:
        return {**counts, **dict.fromkeys(_CHECK, np.nan)}
    residuals = model.resid_pearson
    lags = min(LJUNG_BOX_LAGS, len(residuals) - 1)
    return {
        **counts,
        "dispersion": model.pearson_chi2 / model.df_resid,
        "autocorrelation": acf(residuals, nlags=1)[1],
        "ljung_box_p": acorr_ljungbox(residuals, lags=[lags])["lb_pvalue"].item(),
    }
