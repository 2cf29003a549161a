"""What released tables say, as cells: numbers of persons with a base and a box, and their bounds.

A cell is (base, box): a base set of persons, and dimensions restricted to sets of levels. Two
cells that are equal by base and box are one, wherever they are printed.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

EVER = 10**6
_SPAN = re.compile(r"(\d{4})(?:-(\d{4}))?")


class Span(NamedTuple):
    """A stretch of whole days or years, both ends inside."""

    first: int
    last: int


Levels = frozenset[str] | Span
Box = frozenset[tuple[str, Levels]]


class Cell(NamedTuple):
    base: str
    box: Box

    def __str__(self) -> str:
        parts = sorted(f"{name}={_said(levels)}" for name, levels in self.box)
        return f"{self.base}[{', '.join(parts)}]"


def _said(levels: Levels) -> str:
    if isinstance(levels, Span):
        return f"{levels.first}..{levels.last}"
    return "+".join(sorted(levels))


def cell(base: str, restricted: Mapping[str, Levels]) -> Cell:
    return Cell(base, frozenset(restricted.items()))


def narrowed(box: Mapping[str, Levels], dimension: str, levels: Levels) -> dict[str, Levels]:
    """Return the box restricted further; where it is already, to what is in both."""
    held = box.get(dimension)
    if isinstance(held, Span) and isinstance(levels, Span):
        levels = Span(max(held.first, levels.first), min(held.last, levels.last))
    elif isinstance(held, frozenset) and isinstance(levels, frozenset) and held & levels:
        levels = held & levels
    return {**box, dimension: levels}


def as_levels(level: str | Iterable[str], ordered: bool) -> Levels:
    """Read a level: of an ordered dimension `2013` and `2013-2014` are spans of years."""
    if isinstance(level, Span | frozenset):
        return level
    if not isinstance(level, str):
        several = [as_levels(each, ordered) for each in level]
        if all(isinstance(each, Span) for each in several):
            return Span(min(each.first for each in several), max(each.last for each in several))
        return frozenset().union(*several)
    found = _SPAN.fullmatch(level) if ordered else None
    if found:
        return Span(int(found[1]), int(found[2] or found[1]))
    return frozenset({level})


@dataclass
class Knowledge:
    """Everything the attacker can write down: bounds of cells, and how cells hang together."""

    low: dict[Cell, float] = field(default_factory=dict)
    high: dict[Cell, float] = field(default_factory=dict)
    hidden: dict[Cell, set[str]] = field(default_factory=dict)
    """Cells the gate hides somewhere, and where."""
    printed: dict[Cell, set[str]] = field(default_factory=dict)
    """Small cells that are printed although no rule lets them, and where."""
    public: set[Cell] = field(default_factory=set)
    """Cells that everyone knows, be they small."""
    sums: set[tuple[Cell, tuple[Cell, ...]]] = field(default_factory=set)
    """A whole and parts that make it up."""
    rows: list[tuple[dict[Cell, float], float, float]] = field(default_factory=list)
    """Further linear forms of cells, with their bounds."""

    def bound(self, which: Cell, low: float = 0, high: float = EVER) -> None:
        self.low[which] = max(self.low.get(which, 0), low)
        self.high[which] = min(self.high.get(which, EVER), high)

    def hide(self, which: Cell, where: str, at_least: int) -> None:
        self.bound(which, low=at_least)
        self.hidden.setdefault(which, set()).add(where)

    def whole(self, whole: Cell, parts: Iterable[Cell]) -> None:
        parts = tuple(sorted(set(parts), key=str))
        if parts != (whole,):
            self.bound(whole)
            for part in parts:
                self.bound(part)
            self.sums.add((whole, parts))

    def form(self, terms: Mapping[Cell, float], low: float, high: float) -> None:
        terms = {each: factor for each, factor in terms.items() if factor}
        for each in terms:
            self.bound(each)
        if terms:
            self.rows.append((terms, low, high))

    @property
    def shown(self) -> set[Cell]:
        return {each for each in self.low if self.low[each] == self.high[each]}
