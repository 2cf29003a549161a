"""Which counts are too small in themselves, and which of these everyone knows already."""

import csv
from functools import cache
from importlib.resources import files

import pandas as pd

from msanalysis.core import ALL, Result
from msanalysis.release.policy import Policy

_WHOLES = {
    "n": "denominator",
    "n_events": "n",
    "n_with_event": "n",
    "n_events_reference": "n_reference",
}
"""Counts that are a part of another in the same row."""
_PRINTED_COUNTS = {"alive": "alive", "newly_diagnosed": "new_diagnosed"}


def too_small(result: Result, frame: pd.DataFrame, count: str, policy: Policy) -> pd.Series:
    """Return which counts are of 1 to threshold - 1 persons, or are hidden for what they leave.

    Where quotas are printed, a numerator stands and falls with its denominator. Otherwise what
    the numerator leaves of its whole is held to the threshold too.
    """
    if count in result.quotas and policy.quotas_printed:
        return pd.Series(False, index=frame.index)
    small = _few(frame[count], policy)
    whole = result.quotas.get(count, _WHOLES.get(count))
    if whole in frame and not policy.quotas_printed:
        small |= _few(frame[whole] - frame[count], policy)
    if whole in frame and policy.none_and_all_hidden:
        part = frame[result.dimension] != ALL if result.dimension else True
        small |= part & (frame[whole] > 0) & ((frame[count] == 0) | (frame[count] == frame[whole]))
    return small.astype(bool)


def _few(n: pd.Series, policy: Policy) -> pd.Series:
    return n.between(1, policy.threshold - 1)


def publicly_known(result: Result, frame: pd.DataFrame, count: str, policy: Policy) -> pd.Series:
    """Return which counts the registry prints for its report year, with this very number.

    The table of patients by hospital trust: alive at the status date, and diagnosed in the year.
    Another year, another division or another number is not known, nor is what is computed from a
    known count.
    """
    trust = trust_column(result, frame)
    measure = _PRINTED_COUNTS.get(count, _printed_population(result))
    if not (policy.public_knowledge and trust and measure):
        return pd.Series(False, index=frame.index)
    printed = _printed(result.provenance.status_date.year)
    of_all = [result.dimension] if count == "denominator" else []
    others = [
        name
        for name in frame.columns
        if name not in (trust, *of_all) and not pd.api.types.is_numeric_dtype(frame[name])
    ]
    known = frame[trust].map(lambda code: printed.get(f"{measure}_{code}", -1))
    return (frame[others] == ALL).all(axis=1) & (frame[count] == known)


def trust_column(result: Result, frame: pd.DataFrame) -> str | None:
    """Return the column of hospital trusts of residence, if the table has one."""
    if "trust" in frame:
        return "trust"
    settings = {"stratum": result.settings.get("by"), "level": result.settings.get("column")}
    return next((name for name, by in settings.items() if by == "residence_hf"), None)


def _printed_population(result: Result) -> str | None:
    year = result.provenance.status_date.year
    populations = {
        "living": "alive",
        "alive": "alive",
        f"diagnosed_{year}_{year}": "new_diagnosed",
    }
    return populations.get(result.population)


@cache
def _printed(year: int) -> dict[str, int]:
    """Return the printed counts of a report year by id; none where the year is not kept."""
    path = files("msanalysis").joinpath(f"published/{year}.csv")
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as handle:
        rows = [row for row in csv.DictReader(handle) if row["measure"] == "count"]
    return {row["id"]: int(row["value"]) for row in rows if row["where"] == "4.1.1"}
