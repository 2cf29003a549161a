"""Counting an indicator in trusts, regions and the nation; how a share is judged."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from msanalysis.core import ALL, KNOWN, BaseBox, Box, Cohort
from msanalysis.stats.strata import read_levels, stack

LEVELS = ("nation", "region", "trust")
"""Columns of the cohort that say where a person lives, from the whole to its parts."""

ATTAINMENTS = ("less_good", "good", "very_good")
QUOTAS = {"numerator": "denominator"}
_ROUNDING = 1e-12
Definition = Mapping[str, Any]
"""A row of `codes.indicators()` or `codes.coverages()`."""


def cells_of_indicators(
    cohort: Cohort, table: pd.DataFrame, settings: Mapping[str, Any]
) -> dict[str, Any]:
    """Return base and box of numerator and denominator in each row; see `statistic`.

    A row names `indicator` and `year`, and where it has them `unit` or `stratum`, a level of the
    column that the setting `by` names. An indicator of which the cohort does not say who is asked
    (one that was published, or of another period) is of persons of its own.
    """
    asked = [_asked(cohort, row, settings) for row in table.to_dict("records")]
    columns = (table["indicator"] + " " + table["year"]).tolist()
    met = [
        (base, {**box, column: ("met",)})
        for (base, box), column in zip(asked, columns, strict=True)
    ]
    return {
        "cells": {"denominator": tuple(asked), "numerator": tuple(met)},
        "printed": tuple(_printed(asked, met, columns)),
    }


def _printed(
    asked: Sequence[BaseBox], met: Sequence[BaseBox], columns: Sequence[str]
) -> Iterator[tuple[BaseBox, BaseBox]]:
    """Yield who is asked and who meets it, of the population; and the course, of all courses."""
    for denominator, numerator, column in zip(asked, met, columns, strict=True):
        population = without(denominator, f"{column}{KNOWN}")
        every = without(population, "onset_course")
        yield from ((part, population) for part in (denominator, numerator) if part != population)
        if population != every:
            yield population, every


def without(whole: BaseBox, dimension: str) -> BaseBox:
    """Return base and box without one dimension."""
    base, box = whole
    return base, {name: levels for name, levels in box.items() if name != dimension}


def _asked(cohort: Cohort, row: Mapping[str, Any], settings: Mapping[str, Any]) -> BaseBox:
    column = f"{row['indicator']} {row['year']}"
    base, held = cohort.asked.get(column, (f"asked for {column}", {}))
    box = {**held, **_unit_box(cohort, row)}
    if row.get("stratum", ALL) != ALL:
        by = settings["by"]
        box[cohort.dimensions.get(by, by)] = (row["stratum"],)
    return base, box


def _unit_box(cohort: Cohort, row: Mapping[str, Any]) -> Box:
    """Return the level of residence; everyone lives in the nation."""
    level = row.get("level", LEVELS[0])
    return {} if level == LEVELS[0] else {cohort.dimensions.get(level, level): (row["unit"],)}


# --- counting -------------------------------------------------------------------------------------


def count_units(
    frame: pd.DataFrame, columns: pd.DataFrame, levels: Sequence[str] = LEVELS
) -> pd.DataFrame:
    """Sum boolean columns over every unit: `level`, `unit`, then each column as whole numbers.

    Every unit has a row, also one without anyone; who has no known residence is the unit
    `missing` of a level.
    """
    parts = []
    for level in levels:
        units, number = read_levels(frame, level)
        sums = (
            np.bincount(number, weights=columns[name], minlength=len(units)).astype("int64")
            for name in columns
        )
        parts.append({"level": level, "unit": units, **dict(zip(columns, sums, strict=True))})
    return stack(parts, {"level": "object", "unit": "object"} | dict.fromkeys(columns, "int64"))


def count_states(
    frame: pd.DataFrame, indicator: str, year: int | str, levels: Sequence[str] = LEVELS
) -> pd.DataFrame:
    """Return `n` (the population), `denominator` and `numerator` of an indicator by unit."""
    states = frame[f"{indicator} {year}"]
    met, not_met = states.eq("met"), states.eq("not_met")
    flags = {"n": states.notna(), "denominator": met | not_met, "numerator": met}
    counted = count_units(frame, pd.DataFrame(flags), levels)
    return counted.assign(indicator=indicator, year=str(year))


def count_held(frame: pd.DataFrame, definitions: Sequence[Definition], year: int) -> pd.DataFrame:
    """Return `count_states` for all indicators that the cohort holds."""
    counted = [
        count_states(frame, each["id"], year)
        for each in definitions
        if has(frame, each["id"], year)
    ]
    return pd.concat(counted or [count_none()], ignore_index=True)


def count_none() -> pd.DataFrame:
    """Return what `count_states` returns, without a row."""
    columns = dict.fromkeys(("level", "unit", "indicator", "year"), "object")
    counts = dict.fromkeys(("n", "denominator", "numerator"), "int64")
    return stack([], columns | counts)


def periods(frame: pd.DataFrame, indicator: str) -> list[str]:
    """Return the years, quarters or weeks of which the cohort holds the indicator."""
    names = [name.removeprefix(f"{indicator} ") for name in frame]
    return sorted(set(names) - set(frame))


def has(frame: pd.DataFrame, indicator: str, year: int) -> bool:
    """Whether the cohort holds the indicator of a year."""
    return f"{indicator} {year}" in frame


# --- shares ---------------------------------------------------------------------------------------


def quotient(table: pd.DataFrame, suffix: str = "") -> tuple[np.ndarray, np.ndarray]:
    """Return numerators and denominators; both are missing where the denominator is empty."""
    n = table[f"denominator{suffix}"].astype("Float64").astype(float).to_numpy()
    n = np.where(n > 0, n, np.nan)
    # Numbers that a gate has rounded may exceed their whole.
    return np.minimum(table[f"numerator{suffix}"].astype("Float64").astype(float), n), n


def add_shares(table: pd.DataFrame, confidence: float = 0.95) -> pd.DataFrame:
    """Add `share` and the Wilson interval; all are missing where the denominator is empty."""
    met, n = quotient(table)
    lower, upper = proportion_confint(met, n, alpha=1 - confidence, method="wilson")
    return table.assign(share=met / n, lower=lower, upper=upper)


def judge(table: pd.DataFrame, definitions: Sequence[Definition], judged: pd.Series) -> pd.Series:
    """Return the attainment of each share; missing where there is none or it is not `judged`."""
    rules = {each["id"]: each for each in definitions}
    sign = (
        table["indicator"]
        .map({id: {"higher": 1.0, "lower": -1.0}[rule["direction"]] for id, rule in rules.items()})
        .astype(float)
    )
    reached = [
        sign * table["share"].astype(float)
        >= sign * table["indicator"].map({id: rule[bound] for id, rule in rules.items()})
        - _ROUNDING
        for bound in ("good", "very_good")
    ]
    words = np.array(ATTAINMENTS, dtype=object)[sum(each.astype(int) for each in reached)]
    return pd.Series(words, table.index, dtype=object).where(judged & table["share"].notna(), None)


def as_table(table: pd.DataFrame, dtypes: Mapping[str, str]) -> pd.DataFrame:
    """Return the columns and types of `dtypes`."""
    return table[[*dtypes]].astype(dict(dtypes)).reset_index(drop=True)
