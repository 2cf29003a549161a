"""Goal attainment: points for each indicator and trust, and their sum."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from msanalysis.core import Released

SUM = "sum_of_points"
POINTS = {"less_good": 1, "good": 2, "very_good": 3}


def score_goals(
    *released: Released, definitions: Sequence[Mapping[str, Any]], year: int
) -> Released:
    """Give points for the attainment of each trust: 1 less good, 2 good, 3 very good.

    Parameters
    ----------
    released
        Released tables with `indicator`, `level`, `unit`, `year` and `attainment`.
    definitions
        Rows of `codes.indicators()` and `codes.coverages()`: what gets points, and whether it is
        `in_sum`.
    year
        The year to score.

    Returns
    -------
    Released
        `place`, `trust`, `sum_of_points`, and a column of points for each indicator. Trusts
        with more points stand before others; of equal ones the first by code has the better
        place. Points of a hidden attainment are hidden; one that is not judged has none.

    Notes
    -----
    Made of nothing but what has passed the gate: an attainment that is hidden, or not judged,
    gives no points, so the sum of a small trust may be too low.
    """
    rows = _of_trusts(released, year)
    in_sum = {each["id"]: each["in_sum"] == "true" for each in definitions}
    points = rows.assign(points=rows["attainment"].map(POINTS).astype("Int64"))
    points, hidden = (
        points.pivot(index="unit", columns="indicator", values=name)
        for name in ("points", "hidden")
    )
    points = points.reindex(columns=[id for id in in_sum if id in points])
    counted = [id for id in points if in_sum[id]]
    points.insert(0, SUM, points[counted].sum(axis=1).astype("Int64"))
    ordered = points.rename_axis(index="trust", columns=None).reset_index()
    ordered = ordered.sort_values([SUM, "trust"], ascending=[False, True], ignore_index=True)
    ordered.insert(0, "place", (ordered.index + 1).astype("int64"))
    hidden = hidden.eq(True).reindex(ordered["trust"]).reset_index(drop=True)
    hidden = hidden.reindex(columns=ordered.columns, fill_value=False)
    return replace(_made_of(released[0], "goals", ordered), hidden=hidden)


def count_attainments(*released: Released, year: int) -> Released:
    """Count the trusts with each attainment of each indicator.

    Parameters
    ----------
    released, year
        As in `score_goals`.

    Returns
    -------
    Released
        `indicator`, `attainment`, `trusts` (with this attainment), `trusts_or_worse` (with this
        or a worse one); hidden attainments are nobody's.
    """
    rows = _of_trusts(released, year)
    counts = {
        level: rows["attainment"].eq(level).groupby(rows["indicator"], sort=False).sum()
        for level in POINTS
    }
    trusts = pd.DataFrame(counts).rename_axis(columns="attainment")
    each = {"trusts": trusts.stack(), "trusts_or_worse": trusts.cumsum(axis=1).stack()}
    return _made_of(released[0], "attainments", pd.DataFrame(each).reset_index())


def _of_trusts(released: Sequence[Released], year: int) -> pd.DataFrame:
    """Return the rows of trusts in a year: `indicator`, `unit`, `attainment`, `hidden`."""
    rows = pd.concat(
        [each.frame.assign(hidden=each.hidden["attainment"]) for each in released],
        ignore_index=True,
    )
    chosen = (rows["level"] == "trust") & (rows["year"] == str(year))
    return rows.loc[chosen, ["indicator", "unit", "attainment", "hidden"]]


def _made_of(released: Released, statistic: str, frame: pd.DataFrame) -> Released:
    """Return a table made of released ones: nothing is hidden in it, and it counts nobody."""
    hidden = pd.DataFrame(False, index=frame.index, columns=frame.columns)
    return replace(
        released, statistic=statistic, frame=frame, hidden=hidden, counts={}, counted=None
    )
