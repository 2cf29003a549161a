"""Counting an indicator in trusts, regions and the nation; how a share is judged."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from msanalysis.stats.strata import read_levels, stack

LEVELS = ("nation", "region", "trust")
"""Columns of the cohort that say where a person lives, from the whole to its parts."""

ATTAINMENTS = ("less_good", "good", "very_good")
QUOTAS = {"numerator": "denominator"}
_ROUNDING = 1e-12
Definition = Mapping[str, Any]
"""A row of `codes.indicators()` or `codes.coverages()`."""


def cells_by(*columns: str, suffix: str = "") -> dict[str, tuple[str, ...]]:
    """Return what restricts numerator and denominator in a table divided by `columns`."""
    return {
        f"denominator{suffix}": (*columns, "asked=yes"),
        f"numerator{suffix}": (*columns, "asked=yes", "met=yes"),
    }


# --- counting -------------------------------------------------------------------------------------


def count_units(frame: pd.DataFrame, columns: pd.DataFrame) -> pd.DataFrame:
    """Sum boolean columns over every unit: `level`, `unit`, then each column as whole numbers.

    Every unit has a row, also one without anyone; who has no known residence is the unit
    `missing` of a level.
    """
    parts = []
    for level in LEVELS:
        units, number = read_levels(frame, level)
        sums = (
            np.bincount(number, weights=columns[name], minlength=len(units)).astype("int64")
            for name in columns
        )
        parts.append({"level": level, "unit": units, **dict(zip(columns, sums, strict=True))})
    return stack(parts, {"level": "object", "unit": "object"} | dict.fromkeys(columns, "int64"))


def count_states(frame: pd.DataFrame, indicator: str, year: int | str) -> pd.DataFrame:
    """Return `n` (the population), `denominator` and `numerator` of an indicator by unit."""
    states = frame[f"{indicator} {year}"]
    met, not_met = states.eq("met"), states.eq("not_met")
    flags = {"n": states.notna(), "denominator": met | not_met, "numerator": met}
    counted = count_units(frame, pd.DataFrame(flags))
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
