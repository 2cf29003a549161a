"""Looking up what happened to a person before or after a day: arrays of whole days, no loops."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

_SPAN = 1_000_000
NO_DAY = np.iinfo(np.int64).max // 2
"""Stands for a day that never comes."""


@dataclass(frozen=True)
class Events:
    """Events of numbered persons: for each, the number of the person and the day, sorted."""

    key: np.ndarray
    row: np.ndarray

    def after(self, person: np.ndarray, day: np.ndarray) -> np.ndarray:
        """Return the day of each person's first event later than `day`, or NO_DAY."""
        place = np.searchsorted(self.key, person * _SPAN + day, side="right")
        key = np.append(self.key, -1)[place]
        return np.where(key // _SPAN == person, key % _SPAN, NO_DAY)

    def within(self, person: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
        """Return how many events each person had from the day `first` to the day `last`."""
        begin = np.searchsorted(self.key, person * _SPAN + first, side="left")
        return np.searchsorted(self.key, person * _SPAN + last, side="right") - begin

    def last_row(self, person: np.ndarray, day: np.ndarray) -> np.ndarray:
        """Return the row of each person's last event up to `day`, or -1."""
        place = np.searchsorted(self.key, person * _SPAN + day, side="right") - 1
        found = (place >= 0) & (self.key[place] // _SPAN == person) if len(self.key) else place >= 0
        return np.where(found, np.append(self.row, -1)[place], -1)


def events(rows: pd.DataFrame, persons: pd.Index, day: str) -> Events:
    """Return the rows of a table as events of the persons, numbered as in `persons`."""
    person = persons.get_indexer(rows["patient_id"])
    key = person * _SPAN + days(rows[day])
    kept = np.flatnonzero((person >= 0) & rows[day].notna().to_numpy())
    order = kept[np.argsort(key[kept], kind="stable")]
    return Events(key[order], order)


def days(dates: pd.Series) -> np.ndarray:
    """Return dates as days since 1900, NO_DAY where they are missing."""
    since = (dates - pd.Timestamp(1900, 1, 1)).dt.days
    return since.fillna(NO_DAY).to_numpy(dtype=np.int64)
