"""Means of a measured column."""

import numpy as np
import pandas as pd
from scipy.stats import t as t_distribution

from msanalysis.core import statistic
from msanalysis.intervals import check_level
from msanalysis.stats.risk_set import require_column
from msanalysis.stats.strata import split_rows, stack

_MEANS = {
    "stratum": "object",
    "n": "int64",
    "mean": "float64",
    "lower": "float64",
    "upper": "float64",
}


@statistic(
    shape="table",
    counts={"n": ("mean", "lower", "upper")},
    dimension="stratum",
    columns={"stratum": "by"},
    cells={"n": ("stratum", "known column")},
)
def estimate_mean(
    frame: pd.DataFrame, *, column: str, by: str | None = None, level: float = 0.95
) -> pd.DataFrame:
    """Estimate the mean of a column among the persons who have a value.

    Parameters
    ----------
    column
        A column of numbers.
    by
        Column whose levels are the strata; None makes one stratum, `all`.
    level
        Of the interval by Student's t.

    Returns
    -------
    Result
        A row a stratum: `stratum`, `n` (with a value), `mean`, `lower`, `upper`; missing where too
        few have a value.

    Raises
    ------
    ValueError
        The cohort has no such column, or it does not hold numbers; `level` is not between 0 and 1.
    """
    check_level(level)
    numbers = read_numbers(frame, column)
    strata = split_rows(frame, by)
    return stack(
        ({"stratum": name, **mean_with_limits(numbers[rows], level)} for name, rows in strata),
        _MEANS,
    )


def read_numbers(frame: pd.DataFrame, column: str) -> np.ndarray:
    """Return a column as floats, a missing value as nan; ValueError where it holds words."""
    values = require_column(frame, column, "the mean")
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    if np.isnan(numbers[values.notna().to_numpy()]).any():
        raise ValueError(f"column {column!r} does not hold numbers: choose one that does")
    return numbers


def mean_with_limits(numbers: np.ndarray, level: float) -> dict[str, float]:
    """Return `n`, `mean`, `lower`, `upper` of those that are known, by Student's t."""
    known = numbers[~np.isnan(numbers)]
    n = len(known)
    mean = known.mean() if n else np.nan
    half = np.nan
    if n > 1:
        half = t_distribution.ppf((1 + level) / 2, n - 1) * known.std(ddof=1) / np.sqrt(n)
    return {"n": n, "mean": mean, "lower": mean - half, "upper": mean + half}
