"""Shares: how the persons of a cohort divide into the levels of a column."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from msanalysis.core import ALL, Cohort, statistic
from msanalysis.intervals import check_level
from msanalysis.stats.risk_set import require_column
from msanalysis.stats.strata import read_levels, split_rows, stack

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
    columns={"level": "column"},
    cells={"n": ("level",), "denominator": ()},
)
def estimate_shares(frame: pd.DataFrame, *, column: str, level: float = 0.95) -> pd.DataFrame:
    """Estimate the share of each level of a column among all persons.

    Parameters
    ----------
    column
        Column whose levels divide the persons; who has no value has the level `missing`. The
        levels of a categorical column are all there, also those nobody has.
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
    return stack(_rows(frame, column, level), _SHARES)


@statistic(
    shape="table",
    counts={"n": _SHARE, "denominator": ("n", *_SHARE)},
    dimension="level",
    columns={"stratum": "by", "level": "column"},
    cells={"n": ("stratum", "level"), "denominator": ("stratum",)},
)
def estimate_shares_by(
    frame: pd.DataFrame, *, column: str, by: str, level: float = 0.95
) -> pd.DataFrame:
    """Estimate the share of each level of a column among the persons of each stratum.

    Parameters
    ----------
    column, level
        As in `estimate_shares`.
    by
        Column whose levels are the strata, such as a year.

    Returns
    -------
    Result
        The rows of `estimate_shares` for each stratum, which stands first: `stratum`, `level`,
        `n`, `denominator`, `share`, `lower`, `upper`.

    Raises
    ------
    ValueError
        As `estimate_shares`; or the cohort has no column `by`.
    """
    check_level(level)
    rows = (
        {"stratum": stratum, **row}
        for stratum, chosen in split_rows(frame, by)
        for row in _rows(frame[chosen], column, level)
    )
    return stack(rows, {"stratum": "object", **_SHARES})


@statistic(
    shape="table",
    counts={"n": _SHARE, "denominator": ("n", *_SHARE)},
    columns={"level": "covariate"},
    cells={"n": ("level", "column=event"), "denominator": ("level",)},
)
def estimate_share_by_each(
    frame: pd.DataFrame, *, column: str, event: str, columns: Sequence[str], level: float = 0.95
) -> pd.DataFrame:
    """Estimate the share of one level of a column in each level of several others, one by one.

    Parameters
    ----------
    column, event
        Column whose levels divide the persons, and the level whose share is estimated.
    columns
        Columns of levels; each divides all persons.
    level
        Of the Wilson interval.

    Returns
    -------
    Result
        First everyone, then a row a level: `covariate` (the column), `level` (`all` of everyone),
        `n` with the event, `denominator`, `share`, `lower`, `upper`.

    Raises
    ------
    ValueError
        The cohort lacks a column, or `level` is not between 0 and 1.
    """
    check_level(level)
    had = (require_column(frame, column, "the share") == event).to_numpy()
    strata = [(name, *each) for name in columns for each in split_rows(frame, name)]
    strata = [("everyone", ALL, np.full(len(frame), True)), *strata] if len(frame) else []
    parts = (
        {"covariate": name, "level": stratum, **_share(had[rows], level)}
        for name, stratum, rows in strata
    )
    return stack(parts, {"covariate": "object", **_SHARES})


def _cells_of_each(
    cohort: Cohort, table: pd.DataFrame, settings: Mapping[str, Any]
) -> dict[str, Any]:
    """Return whom each row counts: of those whom the cohort says a column is asked of."""
    rows = [*zip(table["stratum"], table["level"], strict=True)]
    whole = [cohort.asked[column] for column, _ in rows]
    parts = [
        (base, box if level == ALL else {**box, cohort.dimensions.get(column, column): (level,)})
        for (column, level), (base, box) in zip(rows, whole, strict=True)
    ]
    population = (cohort.base, cohort.fixed)
    printed = tuple((each, population) for each in whole if each != population)
    return {"cells": {"n": tuple(parts), "denominator": tuple(whole)}, "printed": printed}


@statistic(
    shape="table",
    counts={"n": _SHARE, "denominator": ("n", *_SHARE)},
    dimension="level",
    cells=_cells_of_each,
)
def estimate_shares_in_each(
    frame: pd.DataFrame, *, columns: Sequence[str], level: float = 0.95
) -> pd.DataFrame:
    """Estimate the share of each level of several columns, each among those who have a value.

    Parameters
    ----------
    columns
        Columns of levels, of which the cohort says who is asked; one of columns that were not
        delivered gives an empty table.
    level
        Of the Wilson interval.

    Returns
    -------
    Result
        The rows of `estimate_shares` for each column, which stands first as `stratum`.

    Raises
    ------
    ValueError
        As `estimate_shares`.
    """
    check_level(level)
    rows = (
        {"stratum": column, **row}
        for column in columns
        for row in _rows(frame[require_column(frame, column, "the share").notna()], column, level)
    )
    return stack(rows, {"stratum": "object", **_SHARES})


def _share(had: np.ndarray, level: float) -> dict[str, Any]:
    n, denominator = int(had.sum()), len(had)
    lower, upper = proportion_confint(n, denominator, alpha=1 - level, method="wilson")
    share = {"share": n / denominator, "lower": lower, "upper": upper}
    return {"n": n, "denominator": denominator, **share}


def _rows(frame: pd.DataFrame, column: str, level: float) -> Iterator[dict[str, Any]]:
    """Yield everyone, then all levels; nothing where there is nobody."""
    names, number = read_levels(frame, column)
    n, denominator = np.bincount(number, minlength=len(names)), len(frame)
    if not denominator:
        return
    lower, upper = proportion_confint(n, denominator, alpha=1 - level, method="wilson")
    everyone = {"level": ALL, "n": denominator, "denominator": denominator, "share": 1.0}
    levels = {"level": names, "n": n, "denominator": denominator, "share": n / denominator}
    yield everyone | {"lower": np.nan, "upper": np.nan}
    yield levels | {"lower": lower, "upper": upper}
