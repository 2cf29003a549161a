"""How many of those with onset in a year are diagnosed by now: the delay, right-truncated."""

from typing import Any

import numpy as np
import pandas as pd

from msanalysis.core import statistic
from msanalysis.stats.means import read_numbers
from msanalysis.stats.strata import split_rows, stack

_SHARES = {"year": "object", "n": "int64", "diagnosed_share": "float64"}


@statistic(
    shape="table",
    counts={"n": ("diagnosed_share",)},
    columns={"year": "year"},
    cells={"n": ("year", "known delay")},
)
def estimate_diagnosed_share(
    frame: pd.DataFrame, *, year: str, delay: str, longest_delay: str
) -> pd.DataFrame:
    """Estimate, by year of onset, the share of all to be diagnosed who are diagnosed by now.

    Parameters
    ----------
    year
        Column of the year of onset.
    delay
        Column of days from onset to diagnosis.
    longest_delay
        Column of days from onset to the status date: a longer delay cannot be seen.

    Returns
    -------
    Result
        A row a year: `year`, `n` (diagnosed by now), `diagnosed_share`, the mean over the persons'
        year of F(time since onset), where F is the distribution of the delay.

    Raises
    ------
    ValueError
        The cohort lacks a column, or one does not hold numbers.

    Notes
    -----
    Product-limit estimate in reversed time (Lagakos, Barraj and De Gruttola 1988):
    F(t) = prod over delays s > t of 1 - d(s) / r(s), r(s) being those with delay <= s <= longest
    delay. It is relative to the longest delay that the earliest onset leaves room for, and takes
    the delay to be distributed alike in all years: where it has become shorter, recent years are
    more complete than it says.
    """
    delays, longest = read_numbers(frame, delay), read_numbers(frame, longest_delay)
    known = ~np.isnan(delays) & (delays <= longest)
    days, distribution = delay_distribution(delays[known], longest[known])
    rows = (
        _row(in_year, longest[chosen & known], days, distribution)
        for in_year, chosen in split_rows(frame, year)
        if (chosen & known).any()
    )
    return stack(rows, _SHARES)


def delay_distribution(delays: np.ndarray, longest: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the distinct delays, ascending, and F at and after each; F of the last is 1."""
    days, n = np.unique(delays, return_counts=True)
    within = np.searchsorted(np.sort(delays), days, side="right")
    at_risk = within - np.searchsorted(np.sort(longest), days, side="left")
    kept = np.cumprod((1 - n / at_risk)[::-1])[::-1]
    return days, np.append(kept[1:], 1.0)


def _row(in_year: str, longest: np.ndarray, days, distribution) -> dict[str, Any]:
    # All days of the year count alike: those of whom few are diagnosed yet are few among the seen.
    since = np.arange(longest.min(), longest.max() + 1)
    reached = np.searchsorted(days, since, side="right")
    share = np.append(0.0, distribution)[reached].mean()
    return {"year": in_year, "n": len(longest), "diagnosed_share": share}
