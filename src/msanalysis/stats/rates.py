"""Rates of an event per 100 person-years, and their ratios, with exact intervals."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import beta, binomtest, chi2

from msanalysis.core import ALL, statistic
from msanalysis.intervals import check_level
from msanalysis.stats.risk_set import require_column
from msanalysis.stats.strata import read_levels, split_rows, stack
from msanalysis.units import DAYS_PER_YEAR

_RATES = {
    "stratum": "object",
    "n": "int64",
    "n_events": "int64",
    "person_years": "float64",
    "rate_per_100py": "float64",
    "lower": "float64",
    "upper": "float64",
}
_RATIOS = {
    "cause": "object",
    "n_events": "int64",
    "n_events_reference": "int64",
    "person_years": "float64",
    "person_years_reference": "float64",
    "rate_ratio": "float64",
    "lower": "float64",
    "upper": "float64",
    "p_value": "float64",
}
_E_VALUES = {
    "cause": "object",
    "n_events": "int64",
    "n_events_reference": "int64",
    "e_value": "float64",
    "e_value_of_limit": "float64",
}
_EVENTS = {
    "n_events": ("cause", "end_reason=event", "by=compared"),
    "n_events_reference": ("cause", "end_reason=event", "by=reference"),
}
_RATE = ("rate_per_100py", "lower", "upper")
_RATIO = ("rate_ratio", "lower", "upper", "p_value")
_E_VALUE = ("e_value", "e_value_of_limit")


def _rates_again(table: pd.DataFrame, settings: Mapping[str, Any]) -> pd.DataFrame:
    told = zip(table["n_events"], table["person_years"], strict=True)
    rows = [_rate(n_events, years, settings["level"]) for n_events, years in told]
    return pd.DataFrame(rows, table.index, columns=_RATE)


@statistic(
    shape="table",
    counts={"n": ("n_events", "person_years", *_RATE), "n_events": _RATE},
    columns={"stratum": "by"},
    cells={"n": ("stratum",), "n_events": ("stratum", "end_reason=event")},
    again=_rates_again,
)
def estimate_rates(
    frame: pd.DataFrame, *, event: str, by: str | None = None, level: float = 0.95
) -> pd.DataFrame:
    """Estimate the rate of an event per 100 person-years.

    Parameters
    ----------
    event
        Code of `end_reason`; a person has it at most once.
    by
        Column whose levels are the strata; None makes one stratum, `all`.
    level
        Of the exact Poisson interval (Garwood 1936).

    Returns
    -------
    Result
        A row a stratum: `stratum`, `n` (rows), `n_events`, `person_years` (of 365.25 days),
        `rate_per_100py`, `lower`, `upper`; missing without person-time.

    Raises
    ------
    ValueError
        The cohort lacks a column; or `level` is not between 0 and 1.
    """
    check_level(level)
    happened, years = _followed(frame, event)
    parts = (
        {
            "stratum": stratum,
            "n": rows.sum(),
            **_rate(happened[rows].sum(), years[rows].sum(), level),
        }
        for stratum, rows in split_rows(frame, by)
    )
    return stack(parts, _RATES)


def _ratios_again(table: pd.DataFrame, settings: Mapping[str, Any]) -> pd.DataFrame:
    told = table[["n_events", "n_events_reference", "person_years", "person_years_reference"]]
    rows = [
        _ratio([x1, x2], [t1, t2], settings["level"]) for x1, x2, t1, t2 in told.to_numpy(float)
    ]
    return pd.DataFrame(rows, table.index, columns=_RATIO)


@statistic(
    shape="table",
    counts={"n_events": _RATIO, "n_events_reference": _RATIO},
    dimension="cause",
    columns={"cause": "cause"},
    cells=_EVENTS,
    again=_ratios_again,
)
def compare_rates(
    frame: pd.DataFrame,
    *,
    event: str,
    by: str,
    reference: str,
    compared: str,
    cause: str | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Compare the rate of an event between two strata: the rate ratio, `compared` to `reference`.

    Parameters
    ----------
    by, reference, compared
        Column of the strata, and two of its levels.
    cause
        Column whose levels divide the events (a reason, what followed); each is compared by
        itself over the whole person-time. None compares all events only.
    level
        Of the exact conditional interval: given x1 + x2 events, x1 is binomial, so that the
        limits follow from those of Clopper and Pearson for x1 / (x1 + x2).

    Returns
    -------
    Result
        First all events (`all`), then a row a cause: `cause`, `n_events`, `n_events_reference`,
        `person_years`, `person_years_reference`, `rate_ratio`, `lower`, `upper`, `p_value`
        (exact binomial).

    Raises
    ------
    ValueError
        The cohort lacks a column; or `level` is not between 0 and 1.

    Notes
    -----
    A person in both strata counts in both; their rows are taken as independent.
    """
    return stack(_compared(frame, event, by, (compared, reference), cause, level), _RATIOS)


@statistic(
    shape="table",
    counts={"n_events": _E_VALUE, "n_events_reference": _E_VALUE},
    dimension="cause",
    columns={"cause": "cause"},
    cells=_EVENTS,
)
def estimate_e_values(
    frame: pd.DataFrame,
    *,
    event: str,
    by: str,
    reference: str,
    compared: str,
    cause: str | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Estimate how strong an unmeasured confounder must be to explain a rate ratio.

    Parameters
    ----------
    event, by, reference, compared, cause, level
        As in `compare_rates`.

    Returns
    -------
    Result
        The rows of `compare_rates`: `cause`, `n_events`, `n_events_reference`, `e_value`,
        `e_value_of_limit` (of the limit nearer 1; 1 where the interval holds 1). The confounder
        would need a risk ratio of at least so much with both strata and event.

    Raises
    ------
    ValueError
        As `compare_rates`.

    Notes
    -----
    VanderWeele and Ding (2017): RR + sqrt(RR (RR - 1)), of 1 / RR where RR < 1.
    """
    rows = (
        {**row, "e_value": e_value(row["rate_ratio"]), "e_value_of_limit": _of_limit(row)}
        for row in _compared(frame, event, by, (compared, reference), cause, level)
    )
    return stack(rows, _E_VALUES)


def _compared(
    frame: pd.DataFrame,
    event: str,
    by: str,
    strata: tuple[str, str],
    cause: str | None,
    level: float,
) -> Iterator[Mapping[str, Any]]:
    check_level(level)
    happened, years = _followed(frame, event)
    levels, number = read_levels(frame, by)
    sides = [number == (levels.index(side) if side in levels else -1) for side in strata]
    person_years = [years[side].sum() for side in sides]
    if frame.empty:
        return
    for name, chosen in _causes(frame, happened, cause):
        events = [(chosen & side).sum() for side in sides]
        yield {"cause": name, **_ratio(events, person_years, level)}


def _of_limit(row: Mapping[str, Any]) -> float:
    if row["lower"] <= 1 <= row["upper"]:
        return 1.0
    return e_value(row["lower"] if row["lower"] > 1 else row["upper"])


def exact_rate_ratio(
    events: tuple[int, int], person_years: tuple[float, float], level: float = 0.95
) -> tuple[float, float, float]:
    """Return the rate ratio of the first to the second and its exact conditional limits."""
    check_level(level)
    (x1, x2), (t1, t2), tail = events, person_years, (1 - level) / 2
    if x1 + x2 == 0 or t1 <= 0 or t2 <= 0:
        return np.nan, np.nan, np.nan
    low = beta.ppf(tail, x1, x2 + 1) if x1 else 0.0
    high = beta.ppf(1 - tail, x1 + 1, x2) if x2 else 1.0
    estimate, lower, upper = (_odds(share) * t2 / t1 for share in (x1 / (x1 + x2), low, high))
    return estimate, lower, upper


def _odds(share: float) -> float:
    return share / (1 - share) if share < 1 else np.inf


def e_value(ratio: float) -> float:
    """Return the E-value of a rate ratio: how strong a hidden confounder must be to explain it."""
    above = 1 / ratio if 0 < ratio < 1 else ratio
    if not above >= 1:
        return np.nan
    return above + np.sqrt(above * (above - 1))


def _followed(frame: pd.DataFrame, event: str) -> tuple[np.ndarray, np.ndarray]:
    """Return who had the event, and the person-years of each row."""
    happened = (require_column(frame, "end_reason", "the rate") == event).to_numpy(dtype=bool)
    days = require_column(frame, "follow_up_days", "the rate").to_numpy(dtype=float)
    return happened, days / DAYS_PER_YEAR


def _causes(
    frame: pd.DataFrame, happened: np.ndarray, cause: str | None
) -> Iterator[tuple[str, np.ndarray]]:
    yield ALL, happened
    if cause is not None:
        had_it = np.flatnonzero(happened)
        for name, chosen in split_rows(frame[happened], cause):
            rows = np.full(len(frame), False)
            rows[had_it[chosen]] = True
            yield name, rows


def _rate(n_events: int, person_years: float, level: float) -> Mapping[str, Any]:
    tail, per_100 = (1 - level) / 2, 100 / person_years if person_years > 0 else np.nan
    lower = chi2.ppf(tail, 2 * n_events) / 2 if n_events else 0.0
    return {
        "n_events": n_events,
        "person_years": person_years,
        "rate_per_100py": n_events * per_100,
        "lower": lower * per_100,
        "upper": chi2.ppf(1 - tail, 2 * (n_events + 1)) / 2 * per_100,
    }


def _ratio(events: list[int], person_years: list[float], level: float) -> Mapping[str, Any]:
    ratio, lower, upper = exact_rate_ratio(tuple(events), tuple(person_years), level)
    total = sum(person_years)
    expected = person_years[0] / total if total > 0 else np.nan
    tested = sum(events) > 0 and 0 < expected < 1
    return {
        "n_events": events[0],
        "n_events_reference": events[1],
        "person_years": person_years[0],
        "person_years_reference": person_years[1],
        "rate_ratio": ratio,
        "lower": lower,
        "upper": upper,
        "p_value": binomtest(int(events[0]), int(sum(events)), expected).pvalue
        if tested
        else np.nan,
    }
