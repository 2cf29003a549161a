"""Bounds of every cell that a release leaves a reader: interval arithmetic, then linear programmes.

Given all bounds, sums and forms of `Knowledge`, each hidden cell is bounded from both sides. One
that has a single value left, or nothing but values from 1 to the threshold less one, has come back.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise

import highspy
import numpy as np
from scipy.sparse import block_array, coo_array, csr_array
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
    """Numbers of persons as columns, constraints as rows: `floor <= matrix @ n <= ceiling`.

    `cells` holds for each column the cells that are this number under different names.
    """

    cells: list[list[Cell]]
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
    hidden = np.array([any(each in known.hidden for each in cells) for cells in system.cells])
    nowhere = np.array([not any(each in shown for each in cells) for cells in system.cells])
    wanted = hidden | (nowhere & implied)
    bound_by_programmes(system, hidden, wanted, threshold)
    low, high = system.low.astype(int), system.high.astype(int)
    small = (low >= 1) & (high < threshold)
    single = hidden & (low == high) & (low > 0)
    printed = np.array([any(each in known.printed for each in cells) for cells in system.cells])
    leaks = (wanted & (small | single) | printed) & ~_known_anyway(system, known)
    return [
        Leak(system.cells[each][0], int(low[each]), int(high[each]), _where(known, system, each))
        for each in np.flatnonzero(leaks)
    ]


def _known_anyway(system: System, known: Knowledge) -> np.ndarray:
    """Return which numbers count none but persons of public cells, and tell no more of them.

    These are public cells themselves and their wholes; a part tells more of the same persons.
    """
    anyway = np.array([any(each in known.public for each in cells) for cells in system.cells], bool)
    anyway |= system.high == 0
    sums = csr_array(system.matrix[(system.floor == 0) & (system.ceiling == 0)])
    row = np.repeat(np.arange(sums.shape[0]), np.diff(sums.indptr))
    others = np.bincount(row, ~np.isin(sums.data, (-1, 1)), sums.shape[0])
    wholes, parts = (sums < 0).astype(int), (sums > 0).astype(int)
    of_persons = (wholes.sum(axis=1) == 1) & (others == 0)
    before = 0
    while before < anyway.sum():
        before = anyway.sum()
        anyway |= wholes.T @ (of_persons & (parts @ ~anyway == 0)) > 0
    told = {each.base: {"region"} for each in known.public}
    for each in known.public:
        told[each.base] |= {name for name, _ in each.box}
    tells_more = [
        any(
            {name for name, _ in each.box} - told.get(each.base, set())
            for each in cells
            if each in known.hidden or each in known.printed
        )
        for cells in system.cells
    ]
    return anyway & ~np.array(tells_more, bool)


def _where(known: Knowledge, system: System, column: int) -> tuple[str, ...]:
    found: set[str] = set()
    for each in system.cells[column]:
        found |= known.hidden.get(each, set())
        found |= {f"{where} prints it" for where in known.printed.get(each, ())}
    return tuple(sorted(found))


# --- from knowledge to rows -----------------------------------------------------------------------


def as_system(known: Knowledge) -> System:
    """Write all that is known as rows; differences between overlapping sets become cells."""
    rows = [
        ({whole: -1.0, **dict.fromkeys(parts, 1.0)}, 0.0, 0.0) for whole, parts in known.sums
    ] + known.rows
    rows += _along_dimensions({*known.low, *(each for terms, *_ in rows for each in terms)})
    cells = sorted({*known.low, *(each for terms, *_ in rows for each in terms)}, key=str)
    place = _numbers(cells, rows)
    n = max(place.values(), default=-1) + 1
    entries = [
        (row, place[each], factor)
        for row, (terms, *_) in enumerate(rows)
        for each, factor in terms.items()
    ]
    row, column, factor = map(np.array, zip(*entries, strict=True)) if entries else ([], [], [])
    system = System(
        [[] for _ in range(n)],
        csr_array(coo_array((factor, (row, column)), shape=(len(rows), n))),
        np.array([low for _, low, _ in rows]),
        np.array([high for *_, high in rows]),
        np.zeros(n),
        np.full(n, float(EVER)),
    )
    system.matrix.eliminate_zeros()
    for each in cells:
        column = place[each]
        system.cells[column].append(each)
        system.low[column] = max(system.low[column], known.low.get(each, 0))
        system.high[column] = min(system.high[column], known.high.get(each, EVER))
    return system


def _numbers(cells: list[Cell], rows: list[Row]) -> dict[Cell, int]:
    """Return the column of each cell: cells that a row holds equal have one."""
    index = {each: number for number, each in enumerate(cells)}
    equal = [
        [index[each] for each in terms]
        for terms, low, high in rows
        if sorted(terms.values()) == [-1, 1] and low == high == 0
    ]
    one, other = np.array(equal, dtype=int).reshape(-1, 2).T
    links = coo_array((np.ones(len(one)), (one, other)), shape=(len(cells),) * 2)
    _, column = connected_components(links, directed=False)
    return dict(zip(cells, column.tolist(), strict=True))


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
    _check(system)
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
        raise Contradiction(f"no number of persons fits {system.cells[crossed[0]][0]}")


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
    seen = _Seen(hidden[columns], wanted[columns], threshold, len(columns))
    programme = _Programme(system, columns, rows, np.flatnonzero(seen.wanted), threshold)
    seen.see(programme.least(np.arange(len(columns))))
    for _ in range(BATCHES):
        before = seen.suspect()
        if not before.any():
            return
        seen.see(programme.most_at_threshold(np.flatnonzero(before)))
        seen.see(programme.least(np.flatnonzero(seen.suspect())))
        if seen.suspect().sum() == before.sum():
            break
    for place in np.flatnonzero(seen.suspect()):
        for bounds, extreme in ((system.high, programme.most), (system.low, programme.least)):
            if seen.suspect()[place]:
                solution = extreme([place])
                seen.see(solution)
                bounds[columns[place]] = round(solution[place], 6)


class _Seen:
    """The least and the most that each cell of a component was in any solution so far."""

    def __init__(self, hidden: np.ndarray, wanted: np.ndarray, threshold: int, n: int):
        self.hidden, self.wanted, self.threshold = hidden, wanted, threshold
        self.least_seen, self.most_seen = np.full(n, np.inf), np.full(n, -np.inf)

    def see(self, solution: np.ndarray) -> None:
        np.minimum(self.least_seen, solution, out=self.least_seen)
        np.maximum(self.most_seen, solution, out=self.most_seen)

    def suspect(self) -> np.ndarray:
        """Return which cells no solution has cleared yet."""
        small = self.most_seen < self.threshold - SLACK
        single = self.most_seen - self.least_seen < 0.5
        above_0 = self.least_seen > 0.5
        return self.wanted & np.where(self.hidden, small | single, small & above_0)


class _Programme:
    """The rows of one component over its open cells, what is fixed moved to the bounds.

    Each `suspect` cell has a second column: what it lacks of the threshold. One solver keeps the
    last solution and begins the next objective with it.
    """

    def __init__(self, system: System, columns, rows, suspects: np.ndarray, threshold: int):
        self.n, self.suspects = len(columns), suspects
        part = system.matrix[rows]
        told = part @ np.where(system.low == system.high, system.low, 0.0)
        cells = part[:, columns]
        lacks = _at(range(len(suspects)), suspects, (len(suspects), self.n))
        slack = _at(range(len(suspects)), range(len(suspects)), (len(suspects),) * 2)
        matrix = csr_array(block_array([[cells, None], [lacks, slack]]))
        programme = highspy.HighsLp()
        programme.num_row_, programme.num_col_ = matrix.shape
        programme.col_cost_ = np.zeros(matrix.shape[1])
        programme.col_lower_ = np.append(system.low[columns], np.zeros(len(suspects)))
        programme.col_upper_ = np.append(system.high[columns], np.full(len(suspects), threshold))
        programme.row_lower_ = np.append(system.floor[rows] - told, [threshold] * len(suspects))
        programme.row_upper_ = np.append(system.ceiling[rows] - told, [np.inf] * len(suspects))
        programme.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        programme.a_matrix_.start_ = matrix.indptr
        programme.a_matrix_.index_ = matrix.indices
        programme.a_matrix_.value_ = matrix.data
        self.solver = highspy.Highs()
        self.solver.silent()
        # Primal: with another objective the last solution stays possible.
        self.solver.setOptionValue("simplex_strategy", 4)
        self.solver.passModel(programme)

    def least(self, places) -> np.ndarray:
        """Return a solution with the least sum of some cells."""
        return self._solved(places, 1.0)

    def most(self, places) -> np.ndarray:
        """Return a solution with the largest sum of some cells."""
        return self._solved(places, -1.0)

    def most_at_threshold(self, places) -> np.ndarray:
        """Return a solution in which some cells lack as little as can be of the threshold."""
        return self._solved(self.n + np.searchsorted(self.suspects, places), 1.0)

    def _solved(self, places, cost: float) -> np.ndarray:
        costs = np.zeros(self.n + len(self.suspects))
        costs[places] = cost
        self.solver.changeColsCost(len(costs), np.arange(len(costs), dtype=np.int32), costs)
        self.solver.run()
        if self.solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise Contradiction("no numbers of persons fit all of the files")
        return np.array(self.solver.getSolution().col_value)[: self.n]


def _at(rows, columns, shape: tuple[int, int]) -> coo_array:
    return coo_array((np.ones(len(rows)), (rows, columns)), shape=shape)
