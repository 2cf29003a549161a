"""Coverage year by year: how many of the expected persons were registered, as then known."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from msanalysis.core import Cohort, statistic
from msanalysis.stats.crude_rates import PER
from msanalysis.stats.strata import stack

_COLUMNS = {
    "indicator": "object",
    "year": "object",
    "update": "object",
    "n": "int64",
    "expected": "float64",
    "share": "float64",
    "expected_rate_per_100k": "float64",
}


def _cells(cohort: Cohort, table: pd.DataFrame, settings: Mapping[str, Any]) -> dict[str, Any]:
    names = table["indicator"] + " " + table["year"] + " " + table["update"]
    return {"cells": {"n": tuple(cohort.asked[name] for name in names)}}


def _again(table: pd.DataFrame, settings: Mapping[str, Any]) -> pd.DataFrame:
    return pd.DataFrame({"share": table["n"].astype("Float64") / table["expected"]})


@statistic(shape="table", counts={"n": ("share",)}, cells=_cells, again=_again)
def estimate_yearly_coverage(
    frame: pd.DataFrame,
    *,
    expected: Mapping[str, Mapping[str, float]],
    inhabitants: Mapping[str, int],
) -> pd.DataFrame:
    """Estimate how many of the expected persons were registered, year by year.

    Parameters
    ----------
    expected
        Coverage -> year -> expected persons in the nation.
    inhabitants
        Inhabitants of the nation by year.

    Returns
    -------
    Result
        `indicator` (a coverage), `year`, `update` (june or december of the year after, on which
        the registry is looked at), `n` registered, `expected`, their `share`, and the
        `expected_rate_per_100k` inhabitants; missing where nothing is expected. Empty for nobody.

    Notes
    -----
    No interval: the registered are no sample of the expected. Persons who have withdrawn since
    are missing from all years, so that an earlier year is a little lower than it was printed.
    """
    rows = []
    for name in frame if len(frame) else ():
        coverage, year, update = name.split()
        wanted = expected.get(coverage, {}).get(year, float("nan"))
        lived = inhabitants.get(year, float("nan"))
        rows.append((coverage, year, update, int(frame[name].sum()), wanted, PER * wanted / lived))
    names = ["indicator", "year", "update", "n", "expected", "expected_rate_per_100k"]
    table = pd.DataFrame(rows, columns=names)
    return stack([dict(table.assign(share=table["n"] / table["expected"]))], _COLUMNS)
