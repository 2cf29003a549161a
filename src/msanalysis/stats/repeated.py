"""Rates of events that a person can have more than once."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from msanalysis.core import statistic
from msanalysis.intervals import normal_quantile
from msanalysis.stats.risk_set import require_column
from msanalysis.stats.strata import split_rows, stack
from msanalysis.units import DAYS_PER_YEAR

_RATES = {
    "stratum": "object",
    "n": "int64",
    "n_with_event": "int64",
    "events": "int64",
    "person_years": "float64",
    "rate_per_100py": "float64",
    "lower": "float64",
    "upper": "float64",
}
_RATE = ("events", "rate_per_100py", "lower", "upper")


@statistic(
    shape="table",
    counts={"n": ("n_with_event", "person_years", *_RATE), "n_with_event": _RATE},
    columns={"stratum": "by"},
    cells={"n": ("stratum",), "n_with_event": ("stratum", "any_event=yes")},
)
def estimate_repeated_rates(
    frame: pd.DataFrame, *, count: str, by: str | None = None, level: float = 0.95
) -> pd.DataFrame:
    """Estimate the rate of a repeated event per 100 person-years.

    Parameters
    ----------
    count
        Column with the number of events of each person in their `follow_up_days`.
    by
        Column whose levels are the strata; None makes one stratum, `all`.
    level
        Of the interval: normal on the log rate, with the robust variance over persons
        sum (y - r t)^2 / (sum y)^2, which allows for persons who have many.

    Returns
    -------
    Result
        A row a stratum: `stratum`, `n` (rows), `n_with_event`, `events`, `person_years`,
        `rate_per_100py`, `lower`, `upper`; without an event the limits are missing.

    Raises
    ------
    ValueError
        The cohort lacks a column; or `level` is not between 0 and 1.
    """
    z = normal_quantile(level)
    if frame.empty:
        return stack([], _RATES)
    events = require_column(frame, count, "the rate").to_numpy(dtype=np.int64)
    years = require_column(frame, "follow_up_days", "the rate").to_numpy() / DAYS_PER_YEAR
    parts = (
        {"stratum": stratum, **_rate(events[rows], years[rows], z)}
        for stratum, rows in split_rows(frame, by)
    )
    return stack(parts, _RATES)


def _rate(events: np.ndarray, years: np.ndarray, z: float) -> Mapping[str, Any]:
    total, time = events.sum(), years.sum()
    rate = total / time if time > 0 else np.nan
    error = np.sqrt(((events - rate * years) ** 2).sum()) / total if total else np.nan
    return {
        "n": len(events),
        "n_with_event": (events > 0).sum(),
        "events": total,
        "person_years": time,
        "rate_per_100py": 100 * rate,
        "lower": 100 * rate * np.exp(-z * error),
        "upper": 100 * rate * np.exp(z * error),
    }
