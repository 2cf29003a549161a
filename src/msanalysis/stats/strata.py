"""Strata of a cohort: its persons by the levels of a column, and their tables in one."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from msanalysis.core import ALL, MISSING, level_code
from msanalysis.stats.risk_set import Persons, read_persons, require_column


def read_levels(frame: pd.DataFrame, column: str) -> tuple[list[str], np.ndarray]:
    """Return the levels of a column as codes, and for each person the number of theirs.

    Levels keep the order of a categorical column and are sorted otherwise. Whole numbers and
    truth values are codes too (`2024`, `true`); a missing value is the level `missing`.
    """
    values = require_column(frame, column, "the division into levels").astype("category")
    levels = [level_code(value) for value in values.cat.categories]
    if ALL in levels:
        raise ValueError(f"column {column!r} has a level {ALL!r}, which is the word for everyone")
    number = values.cat.codes.to_numpy(dtype=np.int64)
    if (number < 0).any():
        levels = levels if MISSING in levels else [*levels, MISSING]
        number = np.where(number < 0, levels.index(MISSING), number)
    return levels, number


def split_rows(frame: pd.DataFrame, by: str | None) -> Iterator[tuple[str, np.ndarray]]:
    """Yield each level that someone has, with a boolean a row; `all` where `by` is None."""
    levels, number = ([ALL], np.zeros(len(frame), int)) if by is None else read_levels(frame, by)
    for position, level in enumerate(levels):
        chosen = number == position
        if chosen.any():
            yield level, chosen


def smallest_level(frame: pd.DataFrame, columns: Iterable[str]) -> int:
    """Return how many rows the smallest level of any of these columns has; all where none has."""
    levels = (split_rows(frame, column) for column in columns if has_levels(frame[column]))
    return min((int(rows.sum()) for each in levels for _, rows in each), default=len(frame))


def has_levels(values: pd.Series) -> bool:
    """Return whether a model takes a column as levels, not as a number."""
    return is_bool_dtype(values) or not is_numeric_dtype(values)


def split_persons(
    frame: pd.DataFrame,
    by: str | None,
    causes: Sequence[str | Iterable[str]],
    delayed_entry: bool,
) -> Iterator[tuple[str, Persons]]:
    """Yield each stratum with the follow-up of its persons."""
    persons = read_persons(frame, causes, delayed_entry)
    for stratum, chosen in split_rows(frame, by):
        yield stratum, persons.where(chosen)


def stack(parts: Iterable[Mapping[str, Any]], dtypes: Mapping[str, str]) -> pd.DataFrame:
    """Return the parts one below the other, in the columns and types of `dtypes`.

    Within a part, single values are repeated along its arrays. No part gives an empty table.
    """
    stacked: dict[str, list[np.ndarray]] = {name: [] for name in dtypes}
    for part in parts:
        columns = np.broadcast_arrays(*(np.atleast_1d(part[name]) for name in dtypes))
        for name, column in zip(dtypes, columns, strict=True):
            stacked[name].append(column)
    return pd.DataFrame(
        {name: np.concatenate(columns) if columns else [] for name, columns in stacked.items()}
    ).astype(dict(dtypes))
