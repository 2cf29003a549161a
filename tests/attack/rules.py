"""The rules of the gate as its documentation prints them, policy by policy."""

from collections.abc import Mapping
from dataclasses import dataclass

from attack.cells import Cell, Knowledge
from attack.read import HIDDEN, Table, number

_QUOTAS = {
    "numerator": "denominator",
    "numerator_before": "denominator_before",
    "nation_numerator": "nation_denominator",
}
"""Numerators, which are printed with their denominator where the policy prints quotas."""
_INDICATORS = {"denominator": "n", **_QUOTAS}
_OTHERS = {"n": "denominator", "n_events": "n", "n_with_event": "n"}


def whole_of(count: str, table: Table) -> str:
    """Return the count with which a count of the same row is hidden, be it 0."""
    return (_INDICATORS if "numerator" in table.columns else _OTHERS).get(count, "")


TRUSTS = frozenset(
    "finnmark unn nordland helgeland nord_trondelag st_olav more_og_romsdal forde bergen fonna "  # noqa: SIM905
    "stavanger ostfold ahus ous innlandet vestre_viken vestfold telemark sorlandet".split()
)
"""Of each the registry itself prints how many patients live there, be it one."""


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
            if 1 <= value < self.threshold and not self._may_print(table, row, count):
                known.printed.setdefault(each, set()).add(where)
        elif row[count] == HIDDEN:
            known.hide(each, where, self._least(table, row, count))

    def _may_print(self, table: Table, row: Mapping[str, str], count: str) -> bool:
        """Whether a small count is a numerator of a printed quota, or public knowledge."""
        whole = number(row.get(_QUOTAS.get(count, ""), HIDDEN))
        is_part = whole is not None and whole >= self.threshold and row.get("level") != "all"
        by_trust = any(value in TRUSTS for value in row.values())
        return self.quotas_printed and (is_part or by_trust)

    def _around(self, value: float) -> tuple[float, float]:
        """Return what a printed count can have been before it was rounded, halves upwards."""
        base = self.rounding_base
        if base == 1 or value == 0:
            return value, value
        return max(value - base // 2, self.threshold), value + (base - 1) // 2

    def _least(self, table: Table, row: Mapping[str, str], count: str) -> int:
        """Return the least a hidden count can be: 1 where zeros are shown."""
        whole = "" if row.get("level") == "all" else whole_of(count, table)
        timed = "time_days" in table.columns
        return 0 if self.zeros_hidden or timed or row.get(whole) == HIDDEN else 1


PLAIN = "plain"
"""A policy of no release: threshold 5, nothing rounded, so that what is implied counts too."""
RULES = {
    PLAIN: Rules(5),
    "annual_report": Rules(5, quotas_printed=True),
    "research": Rules(5, rounding_base=10),
    "strict": Rules(10, zeros_hidden=True),
}
