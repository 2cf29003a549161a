"""Shares: how the persons of a cohort divide into the levels of a column."""

import numpy as np
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from msanalysis.core import ALL, statistic
from msanalysis.intervals import check_level
from msanalysis.stats.strata import split_rows, stack

_SHARES = {
    "level": "object",
    "n": "int64",
    "denominator": "int64",
    "share": "float64",
    "lower": "float64",
    "upper": "float64",
}
_SHARE = ("share", "lower", "upper")


@statistic(
    shape="table",
    counts={"n": _SHARE, "denominator": ("n", *_SHARE)},
    dimension="level",
)
def estimate_shares(frame: pd.DataFrame, *, column: str, level: float = 0.95) -> pd.DataFrame:
    """Estimate the share of each level of a column among all persons.

    Parameters
    ----------
    column
        Column whose levels divide the persons; who has no value has the level `missing`.
    level
        Of the Wilson interval.

    Returns
    -------
    Result
        First everyone (`all`, without an interval), then a row a level: `level`, `n`,
        `denominator`, `share`, `lower`, `upper`.

    Raises
    ------
    ValueError
        The cohort has no such column; or `level` is not between 0 and 1.
    """
    check_level(level)
    counts = {name: np.sum(chosen) for name, chosen in split_rows(frame, column)}
    n, denominator = np.array([*counts.values()]), len(frame)
    if not counts:
        return stack([], _SHARES)
    lower, upper = proportion_confint(n, denominator, alpha=1 - level, method="wilson")
    everyone = {"level": ALL, "n": denominator, "denominator": denominator, "share": 1.0}
    levels = {"level": [*counts], "n": n, "denominator": denominator, "share": n / denominator}
    return stack(
        [
            everyone | {"lower": np.nan, "upper": np.nan},
            levels | {"lower": lower, "upper": upper},
        ],
        _SHARES,
    )
