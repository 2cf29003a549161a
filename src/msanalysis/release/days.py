"""Days on which curves, tables at fixed times and totals tell how many had left by then.

Between two such days none or enough must have left, of every part of a cohort of which one of them
tells, or of which it follows from what several tell.
"""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from msanalysis.release.cells import Cell, Days, Part, by_day_keys, key_of
from msanalysis.release.equations import Coarser, Sum, sums_of
from msanalysis.release.record import Shown

Point = tuple[str, float]
"""A part of a cohort (by key, without days) and a day: how many of it had left by its end."""

_Source = tuple
"""What tells points: a cell of a table, a row of a curve, a total. All its points go at once."""

_TOTAL = ("total",)
_Box = dict[str, Part]


@dataclass
class _Told:
    """Numbers by point, and who tells them, of one base and one dimension of days.

    `parts` holds base and box of each part, `steps` the sum of the steps of a curve so far.
    """

    dimension: str
    numbers: dict[Point, int] = field(default_factory=dict)
    told_by: dict[Point, set[_Source]] = field(default_factory=lambda: defaultdict(set))
    tells: dict[_Source, set[Point]] = field(default_factory=lambda: defaultdict(set))
    parts: dict[str, tuple[str, _Box]] = field(default_factory=dict)
    steps: dict[tuple[int, str], int] = field(default_factory=dict)

    def add(self, source: _Source, part: str, day: float, number: int) -> None:
        self.numbers[part, day] = number
        self.told_by[part, day].add(source)
        self.tells[source].add((part, day))

    def forget(self, point: Point) -> None:
        """Let nothing tell the point; what told it tells nothing more."""
        for source in [*self.told_by[point]]:
            for other in self.tells.pop(source):
                self.told_by[other].discard(source)


def days_to_hide(
    tables: Sequence[Shown], coarser: Coarser, threshold: int, dear: Collection[str]
) -> set[str]:
    """Return the keys of numbers by a day, and from then on, that must not be told.

    A curve loses the end of a step, by which two become one, before a table at fixed times loses a
    row, and that before one that is `dear`; a total is kept.
    """
    chosen: set[str] = set()
    exact = {key: total for table in tables for key, total in table.totals.items()}
    for told in _told(tables):
        totals = {part: told.numbers.get((part, math.inf), exact.get(part)) for part in told.parts}
        sums = sums_of(told.parts, totals, coarser)
        before = None
        while before != (before := len(chosen)):
            for points in _few_between(told, sums, threshold):
                free = [each for each in points if _TOTAL not in told.told_by[each]]
                if free and all(told.told_by[each] for each in points):
                    first = min(free, key=lambda each: _cost(told, each, dear))
                    told.forget(first)
                    chosen |= _keys(told, first)
    return chosen


def shown_keys(tables: Iterable[Shown]) -> set[str]:
    """Return the keys of all that is shown, the ends of steps among them."""
    return {
        key
        for table in tables
        for cell in table.cells
        if cell.key not in table.hidden
        for key in (cell.key, *(_ends(cell) if table.shape == "curve" else ()))
    }


def _ends(cell: Cell) -> Iterator[str]:
    for name, part in cell.box.items():
        if isinstance(part, Days):
            other = {each: held for each, held in cell.box.items() if each != name}
            for day in (part.after, part.until):
                yield from by_day_keys(cell.base, other, name, day)


def _keys(told: _Told, point: Point) -> set[str]:
    part, day = point
    return by_day_keys(*told.parts[part], told.dimension, day)


def _cost(told: _Told, point: Point, dear: Collection[str]) -> tuple:
    in_tables = any(source[0] == "cell" for source in told.told_by[point])
    part, day = point
    return in_tables, bool(_keys(told, point) & {*dear}), -day, part


# --- who tells what -------------------------------------------------------------------------------


def _told(tables: Sequence[Shown]) -> list[_Told]:
    every: dict[tuple[str, str], _Told] = {}
    shown = [
        (number, cell)
        for number, table in enumerate(tables)
        for cell in table.cells
        if cell.key not in table.hidden
    ]
    whole = {cell.key: cell.value for _, cell in shown if not _dimension(cell)}
    for number, cell in shown:
        name = _dimension(cell)
        if name:
            told = every.setdefault((cell.base, name), _Told(name))
            _add(told, cell, number, tables[number].shape == "curve", whole)
    for told in every.values():
        for part in told.parts.keys() & whole.keys():
            told.add(_TOTAL, part, math.inf, whole[part])
    return list(every.values())


def _dimension(cell: Cell) -> str:
    """Return the dimension of days that restricts a cell, if one does."""
    return next((name for name, part in cell.box.items() if isinstance(part, Days)), "")


def _add(told: _Told, cell: Cell, table: int, in_curve: bool, whole: Mapping[str, int]) -> None:
    """Add the point that a cell tells; the steps of a curve come in order, and are added up."""
    other = {name: part for name, part in cell.box.items() if name != told.dimension}
    part, days = key_of(cell.base, other), cell.box[told.dimension]
    told.parts[part] = (cell.base, other)
    if days.until == math.inf:
        # Who is at risk at the start of a step tells how many had left by the end of the last.
        source = ("row", table, cell.row - 1) if in_curve else ("cell", cell.key)
        if part in whole:
            told.add(source, part, days.after, whole[part] - cell.value)
        return
    source = ("row", table, cell.row) if in_curve else ("cell", cell.key)
    before = told.steps.get((table, part), 0) if in_curve else 0
    told.steps[table, part] = before + cell.value
    told.add(source, part, days.until, before + cell.value)


# --- what follows ---------------------------------------------------------------------------------

_Known = dict[float, tuple[int, frozenset[Point]]]
"""By day how many had left, and the points it follows from."""


def _few_between(told: _Told, sums: Sequence[Sum], threshold: int) -> Iterator[set[Point]]:
    """Yield the points from which it follows that few left between two days."""
    known: dict[str, _Known] = defaultdict(dict)
    for (part, day), number in told.numbers.items():
        if told.told_by[part, day]:
            known[part][day] = (number, frozenset([(part, day)]))
    _add_what_follows(known, sums)
    for part in sorted(known):
        number, points = 0, frozenset()
        for day in sorted(known[part]):
            following, others = known[part][day]
            if 0 < following - number < threshold:
                yield {*points, *others}
            number, points = following, others


def _add_what_follows(known: dict[str, _Known], sums: Sequence[Sum]) -> None:
    """Add the part of a sum that the others leave, on the days on which all others are known."""
    found = True
    while found:
        found = False
        for whole, parts in sums:
            members = (whole, *parts)
            for member in members:
                others = [known[each] for each in members if each != member]
                days = set.intersection(*(set(each) for each in others)) - known[member].keys()
                for day in days:
                    found = True
                    numbers = [each[day][0] for each in others]
                    number = sum(numbers) if member == whole else 2 * numbers[0] - sum(numbers)
                    points = frozenset().union(*(each[day][1] for each in others))
                    known[member][day] = (number, points)
