"""Who has a value, of those of whom it is asked; and whose data break a rule."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from msanalysis.core import BaseBox, Cohort, statistic
from msanalysis.stats.strata import read_levels, stack
from msanalysis.stats.units import LEVELS, QUOTAS, Definition, quotient, without

_GIVEN = "given"
_COMPLETENESS = {
    **dict.fromkeys(("variable", "level", "unit", "year"), "object"),
    **dict.fromkeys(("numerator", "denominator"), "int64"),
    "share": "float64",
}
_RULES = {
    **dict.fromkeys(("rule", "severity", "category"), "object"),
    **dict.fromkeys(("n", "denominator"), "int64"),
    "share": "float64",
    "applies": "object",
}
APPLIES, NOBODY, NOT_DELIVERED = "applies", "nobody_to_judge", "columns_not_delivered"


def _share(table: pd.DataFrame, settings: Mapping[str, Any]) -> pd.DataFrame:
    """Return what follows from the counts; no share of nobody."""
    return pd.DataFrame({"share": np.divide(*quotient(table))}, index=table.index)


def _cells_of_variables(
    cohort: Cohort, table: pd.DataFrame, settings: Mapping[str, Any]
) -> dict[str, Any]:
    rows = table.to_dict("records")
    columns = [f"{row['variable']} {row['year']}" for row in rows]
    asked, given = (
        [_in_unit(cohort, cohort.asked[name], row) for name, row in zip(names, rows, strict=True)]
        for names in (columns, [f"{column} {_GIVEN}" for column in columns])
    )
    return {
        "cells": {"denominator": tuple(asked), "numerator": tuple(given)},
        "printed": tuple(_printed(cohort, [*asked, *given])),
    }


def _in_unit(cohort: Cohort, whole: BaseBox, row: Mapping[str, Any]) -> BaseBox:
    base, box = whole
    if row["level"] == LEVELS[0]:
        return whole
    return base, {**box, cohort.dimensions.get(row["level"], row["level"]): (row["unit"],)}


def _printed(cohort: Cohort, parts: Sequence[BaseBox]) -> Iterator[tuple[BaseBox, BaseBox]]:
    """Yield each part of the population with the whole that it leaves the rest of."""
    for part in parts:
        for name in set(part[1]) - set(cohort.fixed):
            yield part, without(part, name)


@statistic(
    shape="table",
    counts={"numerator": ("share",), "denominator": ("numerator", "share")},
    cells=_cells_of_variables,
    quotas=QUOTAS,
    again=_share,
)
def estimate_completeness(frame: pd.DataFrame) -> pd.DataFrame:
    """Estimate of how many of those asked each variable is given, by year and residence.

    Returns
    -------
    Result
        A row a variable and year of which the cohort holds a column, in each unit of the columns
        of residence it holds: `variable`, `level` (nation, trust), `unit`, `year`, `numerator`
        (has the value), `denominator` (is asked), `share`, missing where nobody is asked. A
        variable that was not delivered has no row.

    Raises
    ------
    ValueError
        The cohort has no column `nation`.

    Notes
    -----
    Shares are of persons, not of events. A value that is there may be wrong: see the agreement
    with the patient record.
    """
    units = [
        (level, unit, rows)
        for level in LEVELS
        if level in frame or level == LEVELS[0]
        for unit, rows in _units(frame, level)
    ]
    parts = [
        {
            "variable": variable,
            "year": year,
            "level": [level for level, *_ in units],
            "unit": [unit for _, unit, _ in units],
            "numerator": [int(given[rows].sum()) for *_, rows in units],
            "denominator": [int(asked[rows].sum()) for *_, rows in units],
        }
        for variable, year, given, asked in _columns(frame)
    ]
    table = stack(parts, {name: _COMPLETENESS[name] for name in _COMPLETENESS if name != "share"})
    return table.join(_share(table, {}))[[*_COMPLETENESS]]


def _units(frame: pd.DataFrame, level: str) -> list[tuple[str, np.ndarray]]:
    units, number = read_levels(frame, level)
    return [(unit, number == place) for place, unit in enumerate(units)]


def _columns(frame: pd.DataFrame) -> Iterator[tuple[str, str, np.ndarray, np.ndarray]]:
    for column in frame.columns.difference(LEVELS, sort=False):
        variable, _, year = column.rpartition(" ")
        yield variable, year, frame[column].eq(_GIVEN).to_numpy(), frame[column].notna().to_numpy()


# --- rules ----------------------------------------------------------------------------------------


def _share_of_judged(table: pd.DataFrame, settings: Mapping[str, Any]) -> pd.DataFrame:
    return _share(table.rename(columns={"n": "numerator"}), settings)


def _cells_of_rules(
    cohort: Cohort, table: pd.DataFrame, settings: Mapping[str, Any]
) -> dict[str, Any]:
    nobody = {rule: (f"asked for {rule}", {}) for rule in table["rule"]}
    asked = [{**nobody, **cohort.asked}[rule] for rule in table["rule"]]
    broken = [
        (base, {**box, rule: ("broken",)})
        for rule, (base, box) in zip(table["rule"], asked, strict=True)
    ]
    judged = [each for each in asked if each[1]]
    return {
        "cells": {"denominator": tuple(asked), "n": tuple(broken)},
        "printed": tuple(_printed(cohort, judged)),
    }


@statistic(
    shape="table",
    counts={"n": ("share",), "denominator": ("n", "share")},
    cells=_cells_of_rules,
    again=_share_of_judged,
)
def count_broken_rules(frame: pd.DataFrame, *, rules: Sequence[Definition]) -> pd.DataFrame:
    """Count by rule whose data break it, of those whose data can be judged.

    Parameters
    ----------
    rules
        Rows of `codes.quality_rules()`.

    Returns
    -------
    Result
        A row a rule: `rule`, `severity`, `category`, `n`, `denominator`, `share`, `applies`
        (`applies`; `nobody_to_judge`; `columns_not_delivered`). A rule that does not apply has no
        share.

    Notes
    -----
    That data keep a rule does not make them true. Of 1 to 4 persons the gate tells only that
    there are some.
    """
    rows = [
        {**{name: each[name] for name in ("rule", "severity", "category")}, **_judged(frame, each)}
        for each in rules
    ]
    table = stack(rows, {name: _RULES[name] for name in _RULES if name != "share"})
    return table.join(_share_of_judged(table, {}))[[*_RULES]]


def _judged(frame: pd.DataFrame, rule: Definition) -> dict[str, Any]:
    if rule["rule"] not in frame:
        return {"n": 0, "denominator": 0, "applies": NOT_DELIVERED}
    states = frame[rule["rule"]]
    judged = int(states.notna().sum())
    applies = APPLIES if judged else NOBODY
    return {"n": int(states.eq("broken").sum()), "denominator": judged, "applies": applies}
