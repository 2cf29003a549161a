"""Means by year and a second division, such as sex."""

import pandas as pd

from msanalysis.core import statistic
from msanalysis.intervals import check_level
from msanalysis.stats.means import mean_with_limits, read_numbers
from msanalysis.stats.strata import split_rows, stack

_MEANS = {
    "year": "object",
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
    columns={"year": "year", "stratum": "by"},
    cells={"n": ("year", "stratum", "known column")},
)
def estimate_yearly_mean(
    frame: pd.DataFrame, *, column: str, year: str, by: str, level: float = 0.95
) -> pd.DataFrame:
    """Estimate the mean of a column in each year, for all and for each level of `by`.

    Parameters
    ----------
    column
        A column of numbers; who has no value is left out.
    year
        Column of years, or of spans of years.
    by
        Column whose levels are the strata.
    level
        Of the interval by Student's t.

    Returns
    -------
    Result
        For each year a row for `all`, then one a stratum: `year`, `stratum`, `n`, `mean`,
        `lower`, `upper`. Levels without anyone that year have no row.

    Raises
    ------
    ValueError
        The cohort lacks a column, or `column` does not hold numbers; `level` is not between 0
        and 1.
    """
    check_level(level)
    numbers = read_numbers(frame, column)
    rows = (
        {"year": in_year, "stratum": name, **mean_with_limits(numbers[here & chosen], level)}
        for in_year, here in split_rows(frame, year)
        for name, chosen in [*split_rows(frame, None), *split_rows(frame, by)]
        if (here & chosen).any()
    )
    return stack(rows, _MEANS)
