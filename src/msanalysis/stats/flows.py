"""Flows: how the persons of a cohort go from state to state."""

from collections.abc import Sequence

import pandas as pd

from msanalysis.core import statistic
from msanalysis.stats.risk_set import require_column
from msanalysis.stats.strata import MISSING


@statistic(
    shape="flow",
    counts={"n": ("share_of_source",)},
    columns={"source": "states", "target": "states"},
    cells={"n": ("source", "target")},
)
def estimate_flows(frame: pd.DataFrame, *, states: Sequence[str]) -> pd.DataFrame:
    """Count the persons who go from one state to the next, over any number of states.

    Everyone is in one state in each column; what ends a history (death) is a state too, so that
    whoever enters a column leaves it.

    Parameters
    ----------
    states
        Two or more columns, in the order persons pass through them. The order of categories is
        the order of the table; who has no value is `missing`.

    Returns
    -------
    Result
        How many persons took each way through all columns: a column a state, and `n`. The gate
        needs the whole ways to make the flows safe, and releases only these: `step` (1 for the
        first two columns), `source`, `target`, `n` and `share_of_source`.

    Raises
    ------
    ValueError
        The cohort has no such column, or fewer than two are named.
    """
    if len(states) < 2:
        raise ValueError("states: name two columns or more, in order")
    ways = {name: _states(require_column(frame, name, "the flows")) for name in states}
    counted = pd.DataFrame(ways).groupby(list(states), observed=True, sort=True).size()
    return counted.rename("n").reset_index().astype({"n": "int64"})


def _states(values: pd.Series) -> pd.Series:
    values = values.astype("category")
    if not values.isna().any():
        return values
    return values.cat.add_categories(MISSING).fillna(MISSING)
