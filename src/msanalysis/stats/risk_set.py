"""The risk set: who is under observation when, and what happens to them. One core for all methods.

A person is at risk on day t when entry < t <= exit. Everything is counted at the distinct exit
days, so that a method works on arrays as long as the days, however many the persons: O(n log n).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

FROM_TIME_ZERO = -1
"""Entry of who is under observation from time zero, day 0 included."""
MOST_DAYS = 2**53
"""Above this a float no longer counts whole days."""


@dataclass(frozen=True)
class Persons:
    """Follow-up of n persons, each array of length n.

    Attributes
    ----------
    entry, exit
        Whole days from time zero; a person is under observation in (entry, exit].
    cause
        0 for censored, k for the k-th of the causes asked for.
    n_causes
        Number of causes asked for, whether or not anyone had them.
    """

    entry: np.ndarray
    exit: np.ndarray
    cause: np.ndarray
    n_causes: int

    def __len__(self) -> int:
        return len(self.exit)

    def where(self, chosen: np.ndarray) -> "Persons":
        """Return the persons for whom the boolean `chosen` is true."""
        return Persons(self.entry[chosen], self.exit[chosen], self.cause[chosen], self.n_causes)


@dataclass(frozen=True)
class RiskSet:
    """Counts of persons at the T distinct exit days, ascending.

    `n_at_risk` is just before the day; `n_events` has a row a cause (K, T); `n_entered` are those
    who came under observation since the day before in `time` (0 on the first: they are at risk).
    Hence n_at_risk[j+1] = n_at_risk[j] - events[j] - n_censored[j] + n_entered[j+1].
    """

    time: np.ndarray
    n_at_risk: np.ndarray
    n_events: np.ndarray
    n_censored: np.ndarray
    n_entered: np.ndarray


def event_codes(event: str | Iterable[str]) -> tuple[str, ...]:
    """Return one code, or several, as a tuple of codes."""
    return (event,) if isinstance(event, str) else tuple(event)


def require_column(frame: pd.DataFrame, column: str, needed_for: str) -> pd.Series:
    """Return the column, or raise ValueError that names it and what needs it."""
    if column not in frame.columns:
        raise ValueError(
            f"the cohort has no column {column!r}, which {needed_for} needs: "
            f"choose one of {', '.join(frame)}, or a cohort that has it"
        )
    return frame[column]


def read_persons(
    frame: pd.DataFrame, causes: Sequence[str | Iterable[str]], delayed_entry: bool = False
) -> Persons:
    """Read `follow_up_days`, `end_reason` and, with delayed entry, `entry_days` of a cohort.

    Parameters
    ----------
    causes
        Code, or codes, of `end_reason` that make up each cause; any other reason is censoring.

    Raises
    ------
    ValueError
        A column is not there, or a value makes no follow-up: missing, negative, not whole days,
        no time under observation. Excluding and counting such persons is the cohort's work.
    """
    exit_days = _read_days(frame, "follow_up_days")
    entry_days = np.full_like(exit_days, FROM_TIME_ZERO)
    if delayed_entry:
        entry_days = _read_days(frame, "entry_days")
        _refuse(entry_days >= exit_days, "entry_days", "not before follow_up_days")
    reason = require_column(frame, "end_reason", "follow-up")
    _refuse(reason.isna().to_numpy(), "end_reason", "missing")
    named = [code for codes in causes for code in event_codes(codes)]
    if len(named) > len(set(named)):
        raise ValueError("an event code is named twice: name each code of end_reason once")
    cause = np.zeros(len(frame), dtype=np.int64)
    for number, codes in enumerate(causes, start=1):
        cause[reason.isin(event_codes(codes)).to_numpy()] = number
    return Persons(entry_days, exit_days, cause, len(causes))


def _read_days(frame: pd.DataFrame, column: str) -> np.ndarray:
    values = require_column(frame, column, "follow-up")
    days = pd.to_numeric(values, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    _refuse(~(np.abs(days) < MOST_DAYS), column, "missing or no number of days")
    _refuse(days < 0, column, "negative")
    _refuse(days != np.floor(days), column, "not whole days")
    return days.astype(np.int64)


def _refuse(bad: np.ndarray, column: str, fault: str) -> None:
    if bad.any():
        raise ValueError(
            f"{column} is {fault} for some persons: the cohort must exclude them and count them"
        )


def count_risk_set(persons: Persons, also_days: Iterable[float] = ()) -> RiskSet:
    """Count who is at risk, has the event, is censored and enters, at each distinct exit day.

    Those of `also_days` after time zero on which someone is at risk are counted at too, a part of
    a day as the next whole one.
    """
    also = np.ceil(np.asarray([*also_days], dtype=float)).astype(persons.exit.dtype)
    also = also[(also > 0) & (count_at_risk(persons, also) > 0)]
    time = np.union1d(persons.exit, also)
    day = np.searchsorted(time, persons.exit)
    by_cause = np.bincount(
        persons.cause * len(time) + day, minlength=(persons.n_causes + 1) * len(time)
    ).reshape(persons.n_causes + 1, len(time))
    entered = np.searchsorted(np.sort(persons.entry), time, side="left")
    left = np.cumsum(by_cause.sum(axis=0))
    return RiskSet(
        time=time,
        n_at_risk=entered - np.append(0, left)[:-1],
        n_events=by_cause[1:],
        n_censored=by_cause[0],
        n_entered=np.diff(entered, prepend=entered[:1]),
    )


def count_at_risk(persons: Persons, days: np.ndarray) -> np.ndarray:
    """Count the persons with entry < day <= exit, for each of `days` (which need not be sorted)."""
    entered = np.searchsorted(np.sort(persons.entry), days, side="left")
    return entered - np.searchsorted(np.sort(persons.exit), days, side="left")
