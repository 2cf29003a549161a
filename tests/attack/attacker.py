"""Bounds of every cell that a release leaves a reader: interval arithmetic, then linear programmes.

Given all bounds, sums and forms of `Knowledge`, each hidden cell is bounded from both sides. One
that has a single value left, or nothing but values from 1 to the threshold less one, has come back.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from attack.cells import EVER, Box, Cell, Knowledge, Levels, Span

Row = tuple[dict[Cell, float], float, float]
"""A linear form of cells, and its bounds."""
SLACK = 1e-6
OVERLAPPING = frozenset({"year", "quarter", "phase", "persons_by_arm", "month"})
"""Dimensions of which a person can have several levels."""
ROUNDS, BATCHES = 60, 8


@dataclass(frozen=True)
class Leak:
    """A number of persons that a reader can work out although it is hidden."""

    cell: Cell
    low: int
    high: int
    where: tuple[str, ...]

    def __str__(self) -> str:
        value = str(self.low) if self.low == self.high else f"{self.low}..{self.high}"
        return f"{self.cell} = {value} ({', '.join(self.where) or 'implied'})"


class Contradiction(Exception):
    """The files cannot all be true of any persons, as the attacker understands them."""


@dataclass
class System:
    """Cells as columns and constraints as rows: `floor <= matrix @ n <= ceiling`."""

    cells: list[Cell]
    matrix: csr_array
    floor: np.ndarray
    ceiling: np.ndarray
    low: np.ndarray
    high: np.ndarray


def find_leaks(known: Knowledge, threshold: int, *, implied: bool = True) -> list[Leak]:
    """Return the hidden cells that come back, and (`implied`) small ones printed nowhere."""
    system = as_system(known)
    tighten(system)
    shown = known.shown
    hidden = np.array([each in known.hidden for each in system.cells], dtype=bool)
    wanted = hidden | np.array([implied and each not in shown for each in system.cells], dtype=bool)
    bound_by_programmes(system, hidden, wanted, threshold)
    low, high = system.low.astype(int), system.high.astype(int)
    small = (low >= 1) & (high < threshold)
    single = hidden & (low == high) & (low > 0)
    printed = np.array([each in known.printed for each in system.cells], dtype=bool)
    return [
        Leak(system.cells[each], int(low[each]), int(high[each]), _where(known, system.cells[each]))
        for each in np.flatnonzero(wanted & (small | single) | printed)
    ]


def _where(known: Knowledge, each: Cell) -> tuple[str, ...]:
    printed = {f"{where} prints it" for where in known.printed.get(each, ())}
    return tuple(sorted(known.hidden.get(each, set()) | printed))


# --- from knowledge to rows -----------------------------------------------------------------------


def as_system(known: Knowledge) -> System:
    """Write all that is known as rows; differences between overlapping sets become cells."""
    rows = [
        ({whole: -1.0, **dict.fromkeys(parts, 1.0)}, 0.0, 0.0) for whole, parts in known.sums
    ] + known.rows
    rows += _along_dimensions({*known.low, *(each for terms, *_ in rows for each in terms)})
    cells = sorted({*known.low, *(each for terms, *_ in rows for each in terms)}, key=str)
    place = {each: number for number, each in enumerate(cells)}
    entries = [
        (row, place[each], factor)
        for row, (terms, *_) in enumerate(rows)
        for each, factor in terms.items()
    ]
    row, column, factor = map(np.array, zip(*entries, strict=True)) if entries else ([], [], [])
    return System(
        cells,
        csr_array(coo_array((factor, (row, column)), shape=(len(rows), len(cells)))),
        np.array([low for _, low, _ in rows]),
        np.array([high for *_, high in rows]),
        np.array([known.low.get(each, 0) for each in cells], dtype=float),
        np.array([known.high.get(each, EVER) for each in cells], dtype=float),
    )


def _along_dimensions(cells: Iterable[Cell]) -> list[Row]:
    """Relate the cells of one base that agree on all dimensions but one."""
    groups: dict[tuple[str, Box, str], set[Levels]] = defaultdict(set)
    cells = set(cells)
    for each in cells:
        for item in each.box:
            groups[each.base, each.box - {item}, item[0]].add(item[1])
    rows: list[Row] = []
    for (base, rest, dimension), levels in groups.items():
        whole = Cell(base, rest)

        def named(part: Levels, base=base, rest=rest, dimension=dimension) -> Cell:
            return Cell(base, rest | {(dimension, part)})

        if dimension in OVERLAPPING:
            continue
        for kind, relate in ((Span, _of_spans), (frozenset, _of_sets)):
            chosen = sorted((each for each in levels if isinstance(each, kind)), key=str)
            rows += relate(chosen, named, whole if whole in cells else None) if chosen else []
    return rows


Named = Callable[[Levels], Cell]


def _of_sets(sets: list[frozenset[str]], named: Named, whole: Cell | None) -> list[Row]:
    """Return how sets of levels are made of their finest common parts, and all fit in the whole."""
    alike = defaultdict(set)
    for level in frozenset().union(*sets):
        alike[tuple(level in each for each in sets)].add(level)
    parts = [frozenset(each) for each in alike.values()]
    rows = [_made_of(named(each), [named(part) for part in parts if part <= each]) for each in sets]
    return [row for row in rows if row[0]] + _inside(whole, [named(part) for part in parts])


def _of_spans(spans: list[Span], named: Named, whole: Cell | None) -> list[Row]:
    """Return the same of stretches of time, by the running sum over all their ends."""
    edges = sorted({each.first for each in spans} | {each.last + 1 for each in spans})
    pieces = [Span(first, after - 1) for first, after in pairwise(edges)]
    if set(spans) <= set(pieces):
        return _inside(whole, [named(each) for each in spans])

    def until(day: int) -> list[Cell]:
        return [named(Span(edges[0], day - 1))] if day > edges[0] else []

    rows = [
        _made_of(named(Span(*each)), until(each[1] + 1), until(each[0]))
        for each in {*spans, *pieces}
    ]
    return [row for row in rows if row[0]] + _inside(whole, until(edges[-1]))


def _made_of(whole: Cell, parts: list[Cell], less: list[Cell] = ()) -> Row:
    terms: dict[Cell, float] = defaultdict(float)
    for factor, cells in ((-1.0, [whole]), (1.0, parts), (-1.0, less)):
        for each in cells:
            terms[each] += factor
    return {each: factor for each, factor in terms.items() if factor}, 0.0, 0.0


def _inside(whole: Cell | None, parts: list[Cell]) -> list[Row]:
    return [({whole: -1.0, **dict.fromkeys(parts, 1.0)}, -np.inf, 0.0)] if whole else []


# --- bounds ---------------------------------------------------------------------------------------


def tighten(system: System) -> None:
    """Narrow all bounds row by row until nothing moves; persons are whole."""
    row = np.repeat(np.arange(len(system.floor)), np.diff(system.matrix.indptr))
    column, factor = system.matrix.indices, system.matrix.data
    if not len(row):
        return
    for _ in range(ROUNDS):
        least = np.where(factor > 0, factor * system.low[column], factor * system.high[column])
        most = np.where(factor > 0, factor * system.high[column], factor * system.low[column])
        sum_least = np.bincount(row, least, len(system.floor))
        sum_most = np.bincount(row, most, len(system.floor))
        up = (system.ceiling[row] - (sum_least[row] - least)) / factor
        down = (system.floor[row] - (sum_most[row] - most)) / factor
        high = np.where(factor > 0, up, down)
        low = np.where(factor > 0, down, up)
        before = system.low.sum(), system.high.sum()
        np.minimum.at(system.high, column, np.floor(high + SLACK))
        np.maximum.at(system.low, column, np.ceil(low - SLACK))
        _check(system)
        if (system.low.sum(), system.high.sum()) == before:
            return


def _check(system: System) -> None:
    crossed = np.flatnonzero(system.low > system.high + SLACK)
    if len(crossed):
        raise Contradiction(f"no number of persons fits {system.cells[crossed[0]]}")


def bound_by_programmes(system: System, hidden: np.ndarray, wanted: np.ndarray, threshold: int):
    """Bound the wanted cells by linear programmes, component by component.

    A hidden cell is safe where one solution puts it at the threshold or above and another
    elsewhere; one that is printed nowhere, also where a solution has nobody in it. Most are cleared
    by the same few solutions; each of the others has programmes of its own.
    """
    for columns, rows in _components(system, np.flatnonzero(system.low < system.high)):
        if wanted[columns].any():
            _bound_component(system, columns, rows, hidden, wanted, threshold)


def _components(system: System, open_cells: np.ndarray):
    """Yield columns and rows of the parts that have no open cell in common."""
    is_open = np.zeros(len(system.cells), bool)
    is_open[open_cells] = True
    entries = system.matrix.tocoo()
    live = is_open[entries.col]
    n_rows, n_cells = system.matrix.shape
    links = coo_array(
        (np.ones(live.sum()), (entries.row[live], n_rows + entries.col[live])),
        shape=(n_rows + n_cells,) * 2,
    )
    _, label = connected_components(links, directed=False)
    by_label: dict[int, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for column in open_cells:
        by_label[label[n_rows + column]][0].append(column)
    for row in np.unique(entries.row[live]):
        by_label[label[row]][1].append(row)
    yield from by_label.values()


def _bound_component(system, columns, rows, hidden, wanted, threshold) -> None:
    programme = _Programme(system, columns, rows)
    seen = _Seen(hidden[columns], wanted[columns], threshold, len(columns))
    seen.see(programme.extreme(np.ones(len(columns))))
    for _ in range(BATCHES):
        before = seen.suspect()
        if not before.any():
            return
        seen.see(programme.most_at(threshold, np.flatnonzero(before)))
        seen.see(programme.extreme(seen.suspect().astype(float)))
        if seen.suspect().sum() == before.sum():
            break
    for place in np.flatnonzero(seen.suspect()):
        one = (np.arange(len(columns)) == place).astype(float)
        if seen.suspect()[place]:
            seen.see(programme.extreme(-one))
            system.high[columns[place]] = np.floor(seen.most[place] + SLACK)
        if seen.suspect()[place]:
            seen.see(programme.extreme(one))
            system.low[columns[place]] = np.ceil(seen.least[place] - SLACK)


class _Seen:
    """The least and the most that each cell of a component was in any solution so far."""

    def __init__(self, hidden: np.ndarray, wanted: np.ndarray, threshold: int, n: int):
        self.hidden, self.wanted, self.threshold = hidden, wanted, threshold
        self.least, self.most = np.full(n, np.inf), np.full(n, -np.inf)

    def see(self, solution: np.ndarray) -> None:
        np.minimum(self.least, solution, out=self.least)
        np.maximum(self.most, solution, out=self.most)

    def suspect(self) -> np.ndarray:
        """Return which cells no solution has cleared yet."""
        small = self.most < self.threshold - SLACK
        single = self.most - self.least < 0.5
        return self.wanted & np.where(self.hidden, small | single, small & (self.least > 0.5))


class _Programme:
    """The rows of one component over its open cells, what is fixed moved to the bounds."""

    def __init__(self, system: System, columns: list[int], rows: list[int]):
        part = system.matrix[rows]
        fixed = np.where(system.low == system.high, system.low, 0.0)
        told = part @ fixed
        self.matrix = part[:, columns]
        self.floor, self.ceiling = system.floor[rows] - told, system.ceiling[rows] - told
        self.low, self.high = system.low[columns], system.high[columns]

    def extreme(self, cost: np.ndarray) -> np.ndarray:
        """Return a solution of least cost."""
        return self._solved(cost, self.matrix, self.low, self.high)

    def most_at(self, threshold: int, places: list[int]) -> np.ndarray:
        """Return a solution that puts as many of the cells as it can at the threshold."""
        n = len(self.low)
        short = coo_array(
            (
                np.concatenate([np.ones(len(places)), np.ones(len(places))]),
                (
                    np.tile(np.arange(len(places)), 2),
                    np.concatenate([places, n + np.arange(len(places))]),
                ),
            ),
            shape=(len(places), n + len(places)),
        )
        wide = coo_array(self.matrix)
        stacked = csr_array(
            coo_array(
                (
                    np.concatenate([wide.data, short.data]),
                    (
                        np.concatenate([wide.row, wide.shape[0] + short.row]),
                        np.concatenate([wide.col, short.col]),
                    ),
                ),
                shape=(wide.shape[0] + len(places), n + len(places)),
            )
        )
        cost = np.concatenate([np.zeros(n), np.ones(len(places))])
        return self._solved(
            cost,
            stacked,
            np.concatenate([self.low, np.zeros(len(places))]),
            np.concatenate([self.high, np.full(len(places), float(threshold))]),
            (
                np.concatenate([self.floor, np.full(len(places), float(threshold))]),
                np.concatenate([self.ceiling, np.full(len(places), np.inf)]),
            ),
        )[:n]

    def _solved(self, cost, matrix, low, high, sides=None) -> np.ndarray:
        floor, ceiling = sides or (self.floor, self.ceiling)
        equal = floor == ceiling
        above, below = np.isfinite(floor) & ~equal, np.isfinite(ceiling) & ~equal
        solved = linprog(
            cost,
            A_eq=matrix[equal] if equal.any() else None,
            b_eq=floor[equal] if equal.any() else None,
            A_ub=_stacked(matrix[below], -matrix[above]) if (above | below).any() else None,
            b_ub=np.concatenate([ceiling[below], -floor[above]]) if (above | below).any() else None,
            bounds=np.column_stack([low, high]),
            method="highs",
        )
        if solved.x is None:
            raise Contradiction(f"the linear programme has no solution ({solved.message})")
        return solved.x


def _stacked(upper: csr_array, lower: csr_array) -> csr_array:
    from scipy.sparse import vstack

    return csr_array(vstack([upper, lower]))
