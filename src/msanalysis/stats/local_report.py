"""What a local report counts besides: patients by year, and what their records lack."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from msanalysis.core import MISSING, statistic
from msanalysis.intervals import check_level
from msanalysis.stats.risk_set import require_column
from msanalysis.stats.strata import stack
from msanalysis.stats.units import (
    QUOTAS,
    Definition,
    add_shares,
    as_table,
    cells_of_indicators,
    count_none,
    count_states,
    periods,
)

_SHARE = ("share", "lower", "upper")
_BY_YEAR = {
    **dict.fromkeys(("indicator", "level", "unit", "year"), "object"),
    "numerator": "int64",
    "denominator": "int64",
    **dict.fromkeys(_SHARE, "float64"),
}


def _shares(table: pd.DataFrame, settings: Mapping[str, Any]) -> pd.DataFrame:
    """Return what follows from the counts."""
    return add_shares(table, settings["confidence"])[[*_SHARE]]


@statistic(
    shape="table",
    counts={"numerator": _SHARE, "denominator": ("numerator", *_SHARE)},
    cells=cells_of_indicators,
    quotas=QUOTAS,
    again=_shares,
)
def estimate_indicator_years(
    frame: pd.DataFrame, *, definitions: Sequence[Definition], confidence: float = 0.95
) -> pd.DataFrame:
    """Estimate each quality indicator in every unit and year that the cohort holds.

    Parameters
    ----------
    definitions
        Rows of `codes.indicators()`; one whose columns the cohort lacks has no rows.
    confidence
        Of the Wilson interval.

    Returns
    -------
    Result
        `indicator`, `level` (nation, region, trust), `unit`, `year`, `numerator`, `denominator`,
        `share`, `lower`, `upper`. An empty denominator has no share.

    Raises
    ------
    ValueError
        The cohort lacks a column of residence, or `confidence` is not between 0 and 1.
    """
    check_level(confidence)
    ids = [each["id"] for each in definitions]
    parts = [count_states(frame, id, year) for id in ids for year in periods(frame, id)]
    table = pd.concat(parts or [count_none()], ignore_index=True)
    return as_table(add_shares(table, confidence), _BY_YEAR)


@statistic(
    shape="table",
    counts={"alive": (), "newly_diagnosed": (), "dead": ()},
    columns={"year": "in_year"},
    cells={
        "alive": ("year", "of_whom=alive"),
        "newly_diagnosed": ("year", "of_whom=newly_diagnosed"),
        "dead": ("year", "of_whom=dead"),
    },
)
def count_patients_by_year(frame: pd.DataFrame, *, n_years: int, last_year: int) -> pd.DataFrame:
    """Count the living at the end of each year, and who was diagnosed and who died in it.

    Returns
    -------
    Result
        `year`, `alive` (diagnosed by its end, and not dead), `newly_diagnosed`, `dead`.

    Raises
    ------
    ValueError
        The cohort has no year of diagnosis or of death.

    Notes
    -----
    Of the persons who live in the area and are registered now: who has moved counts elsewhere,
    and earlier years grow as patients are registered.
    """
    diagnosed, died = (
        require_column(frame, f"{event}_year", "counting by year").astype("Float64").astype(float)
        for event in ("diagnosis", "death")
    )
    rows = (
        {
            "year": str(year),
            "alive": int(((diagnosed <= year) & ~(died <= year)).sum()),
            "newly_diagnosed": int((diagnosed == year).sum()),
            "dead": int((died == year).sum()),
        }
        for year in range(last_year - n_years + 1, last_year + 1)
    )
    counts = dict.fromkeys(("alive", "newly_diagnosed", "dead"), "int64")
    return stack(rows, {"year": "object", **counts})


@statistic(
    shape="table",
    counts={"n": ("share",), "denominator": ("n", "share")},
    columns={"kind": "kind"},
    cells={"n": ("kind", "of_whom=missing"), "denominator": ("kind",)},
)
def count_missing(frame: pd.DataFrame) -> pd.DataFrame:
    """Count by kind of how many persons something is missing, of those of whom it is asked.

    Returns
    -------
    Result
        A row a column of the cohort but `patient_id`: `kind`, `n` (who has `missing` there),
        `denominator` (who has any value), `share`; most are missing first. A kind that is asked of
        nobody has no share.
    """
    kinds = frame.drop(columns="patient_id", errors="ignore")
    missing = kinds.eq(MISSING).sum().to_numpy()
    asked = kinds.notna().sum().to_numpy()
    table = pd.DataFrame({"kind": [*kinds], "n": missing, "denominator": asked})
    table["share"] = (table["n"] / table["denominator"].where(table["denominator"] > 0)).astype(
        float
    )
    table = table.sort_values(["share", "kind"], ascending=[False, True], ignore_index=True)
    return table.astype({"kind": "object", "n": "int64", "denominator": "int64"})
