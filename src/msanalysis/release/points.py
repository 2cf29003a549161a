"""Individual points: single values, where the data owner prints them, of units shown whole."""

from dataclasses import replace

import pandas as pd

from msanalysis.core import ALL, Result
from msanalysis.release.policy import Policy
from msanalysis.release.table import protect_table


def protect_points(result: Result, policy: Policy) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the points of the units of which nothing is hidden: whole numbers, ascending.

    A unit is shown where its number of persons would be in a table of all units. Without the
    switch `points` nobody is.
    """
    frame = result.frame
    shown = _units_shown(result, policy) if policy.points else []
    kept = frame[frame["stratum"].isin(shown)].round({"value": 0})
    kept = kept.sort_values(["stratum", "value"], kind="stable").reset_index(drop=True)
    return kept, pd.DataFrame(False, index=kept.index, columns=kept.columns)


def _units_shown(result: Result, policy: Policy) -> list[str]:
    n = result.frame["stratum"].value_counts(sort=False).sort_index()
    units = pd.DataFrame({"stratum": [ALL, *n.index], "n": [n.sum(), *n]})
    table = replace(
        result, shape="table", frame=units, counts={"n": ()}, dimension="stratum", behind={}
    )
    counted, hidden = protect_table(table, policy)
    return list(counted["stratum"][~hidden["n"]])
