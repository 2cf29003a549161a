"""The rules of the gate as its documentation prints them, policy by policy."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from attack.cells import Cell, Knowledge
from attack.read import HIDDEN, Table, number

ALL = "all"
QUOTAS = {
    "numerator": "denominator",
    "numerator_before": "denominator_before",
    "nation_numerator": "nation_denominator",
}
"""Numerators, which are printed with their denominator where the policy prints quotas."""
_INDICATORS = {"denominator": "n", **QUOTAS}
_OTHERS = {"n": "denominator", "n_events": "n", "n_with_event": "n"}


def whole_of(count: str, table: Table) -> str:
    """Return the count with which a count of the same row is hidden, be it 0."""
    return (_INDICATORS if "numerator" in table.columns else _OTHERS).get(count, "")


_PUBLISHED = Path(__file__).parents[2] / "src" / "msanalysis" / "published" / "2024.csv"
_PUBLIC = ("patients_by_trust", {"alive": "alive", "newly_diagnosed": "new_diagnosed"})
"""The table that the registry itself prints with its 1 and 2, and its counts as published."""


@cache
def _published() -> dict[str, float]:
    with _PUBLISHED.open(encoding="utf-8", newline="") as handle:
        return {row["id"]: float(row["value"]) for row in csv.DictReader(handle)}


@dataclass(frozen=True)
class Rules:
    """One policy: the threshold, the base counts are rounded to, and whether zeros are hidden.

    `quotas_printed`: small numerators are shown, so that what is worked out of shown numbers is
    no leak unless a cell is hidden somewhere.
    """

    threshold: int
    rounding_base: int = 1
    zeros_hidden: bool = False
    quotas_printed: bool = False

    def learn(self, known: Knowledge, each: Cell, table: Table, row: Mapping[str, str], count: str):
        """Add what one printed or hidden count tells."""
        value = number(row[count])
        where = f"{table.id}.{count}"
        if value is not None:
            known.bound(each, *self._around(value))
            if self.quotas_printed and _is_public(value, table, row, count):
                known.public.add(each)
            small = 1 <= value < self.threshold and not self._may_print(row, count)
            if small or self._is_none_or_all(value, table, row, count):
                known.printed.setdefault(each, set()).add(where)
        elif row[count] == HIDDEN:
            known.hide(each, where, self._least(table, row, count))

    def _may_print(self, row: Mapping[str, str], count: str) -> bool:
        """Whether a small count is a numerator of a printed quota."""
        whole = number(row.get(QUOTAS.get(count, ""), HIDDEN))
        is_part = whole is not None and whole >= self.threshold and row.get("level") != ALL
        return self.quotas_printed and is_part

    def _is_none_or_all(self, value: float, table: Table, row: Mapping[str, str], count: str):
        """Whether a part is nobody or everyone of its whole, where that is hidden."""
        whole = number(row.get(whole_of(count, table), HIDDEN))
        is_part = self.zeros_hidden and whole and ALL not in row.values()
        return bool(is_part and value in (0, whole))

    def _around(self, value: float) -> tuple[float, float]:
        """Return what a printed count can have been before it was rounded, halves upwards."""
        base = self.rounding_base
        if base == 1 or value == 0:
            return value, value
        return max(value - base // 2, self.threshold), value + (base - 1) // 2

    def _least(self, table: Table, row: Mapping[str, str], count: str) -> int:
        """Return the least a hidden count can be: 1 where zeros are shown."""
        whole = "" if row.get("level") == ALL else whole_of(count, table)
        timed = "time_days" in table.columns
        return 0 if self.zeros_hidden or timed or row.get(whole) == HIDDEN else 1


def _is_public(value: float, table: Table, row: Mapping[str, str], count: str) -> bool:
    """Whether the registry prints this very number of patients of a trust itself."""
    id, published = _PUBLIC
    return table.id == id and value == _published().get(
        f"{published.get(count)}_{row.get('trust')}"
    )


PLAIN = "plain"
"""A policy of no release: threshold 5, nothing rounded, so that what is implied counts too."""
RULES = {
    PLAIN: Rules(5),
    "annual_report": Rules(5, quotas_printed=True),
    "research": Rules(5, rounding_base=10),
    "strict": Rules(10, zeros_hidden=True),
}
