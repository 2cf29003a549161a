"""Registration activity: persons included and persons updated in each quarter."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from msanalysis.core import Cohort, statistic

_SEEN = "visit_registered "
_COLUMNS = {"period": "object", "n_included": "int64", "n_updated": "int64"}


def _cells(cohort: Cohort, table: pd.DataFrame, settings: Mapping[str, Any]) -> dict[str, Any]:
    boxes = {
        "n_included": [{"included_quarter": (quarter,)} for quarter in table["period"]],
        "n_updated": [{f"{_SEEN}{quarter}": ("yes",)} for quarter in table["period"]],
    }
    cells = {
        name: tuple((cohort.base, {**cohort.fixed, **box}) for box in each)
        for name, each in boxes.items()
    }
    return {"cells": cells}


@statistic(shape="table", counts={"n_included": (), "n_updated": ()}, cells=_cells)
def count_registrations(frame: pd.DataFrame) -> pd.DataFrame:
    """Count who was included in the registry, and who had a visit registered, by quarter.

    Returns
    -------
    Result
        `period` (a quarter), `n_included`, `n_updated`: a row a quarter of which the cohort holds
        a column. Whoever had several visits registered in a quarter counts once in it.

    Notes
    -----
    Quarters are those of the day of registration: a visit that is entered late counts when it is
    entered. Persons who have withdrawn since are gone from all quarters.
    """
    quarters = [name.removeprefix(_SEEN) for name in frame if name.startswith(_SEEN)]
    if "included_quarter" not in frame:
        return pd.DataFrame(columns=[*_COLUMNS]).astype(_COLUMNS)
    included = frame["included_quarter"].value_counts()
    rows = {
        "period": quarters,
        "n_included": [included.get(quarter, 0) for quarter in quarters],
        "n_updated": [frame[f"{_SEEN}{quarter}"].eq("yes").sum() for quarter in quarters],
    }
    return pd.DataFrame(rows).astype(_COLUMNS)
