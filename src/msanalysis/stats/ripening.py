"""How indicators ripen: what was known of a year so many weeks after its end."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from msanalysis.core import statistic
from msanalysis.intervals import check_level
from msanalysis.stats.units import (
    LEVELS,
    QUOTAS,
    Definition,
    add_shares,
    as_table,
    count_none,
    count_states,
    periods,
)

COLUMNS = {"indicator": "indicator", "weeks": "weeks"}

_SHARE = ("share", "lower", "upper", "known")
_LAST = "last_denominator"
_COLUMNS = {
    "indicator": "object",
    "weeks": "int64",
    "numerator": "int64",
    "denominator": "int64",
    **{name: "float64" for name in _SHARE},
    _LAST: "int64",
}


def _by_week(table: pd.DataFrame, settings: Mapping[str, Any]) -> pd.DataFrame:
    """Return what follows from the counts."""
    last = table.groupby("indicator", sort=False)["numerator"].transform("last")
    shares = add_shares(table, settings["confidence"])
    return shares.assign(known=table["numerator"] / last.clip(lower=1))[[*_SHARE]]


@statistic(
    shape="table",
    counts={"numerator": _SHARE, "denominator": ("numerator", *_SHARE)},
    columns=COLUMNS,
    cells={
        "denominator": ("indicator", "weeks", "asked=yes"),
        "numerator": ("indicator", "weeks", "asked=yes", "met=yes"),
    },
    quotas=QUOTAS,
    behind={_LAST: ("known",)},
    again=_by_week,
)
def estimate_ripening(
    frame: pd.DataFrame, *, definitions: Sequence[Definition], confidence: float = 0.95
) -> pd.DataFrame:
    """Estimate each indicator as it was known week by week, for the nation.

    Parameters
    ----------
    definitions
        Rows of `codes.indicators()`; one whose columns the cohort lacks has no rows.
    confidence
        Of the Wilson interval.

    Returns
    -------
    Result
        `indicator`, `weeks` (since the end of the year), `numerator`, `denominator`, `share`,
        `lower`, `upper`; `known`: the numerator relative to that of the last week, whose
        `last_denominator` only the gate reads.

    Raises
    ------
    ValueError
        `confidence` is not between 0 and 1.

    Notes
    -----
    `known` is of what is registered by the last week, not of all that will be. A share may fall
    while more becomes known, when the denominator grows faster.
    """
    check_level(confidence)
    parts = [
        count_states(frame, each["id"], week, LEVELS[:1]).assign(weeks=week)
        for each in definitions
        for week in sorted(map(int, periods(frame, each["id"])))
    ]
    table = pd.concat(parts or [count_none().assign(weeks=0)], ignore_index=True)
    last = table.groupby("indicator", sort=False)["denominator"].transform("last")
    table = table.assign(**{_LAST: last})
    return as_table(table.assign(**_by_week(table, {"confidence": confidence})), _COLUMNS)
