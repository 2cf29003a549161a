"""Which cells to hide so that none that is hidden can be worked out from those that are shown.

A reader knows every sum between cells, what is shown, that a hidden number is at least 1 and that
none is below 0. What that leaves open of a hidden number is found by integer programming over the
cells that hang together with it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy.sparse import block_array, coo_array, csc_array, eye_array, hstack
from scipy.sparse.csgraph import connected_components

from msanalysis.release.equations import Sum
from msanalysis.release.policy import ReleaseRefused
from msanalysis.release.programme import SOME, Room, are_whole, solve, solve_whole

MANY = 1e6
"""More persons than any table holds."""

CONTRADICTION = (
    "the numbers of persons do not add up, so that nothing can be said of what they tell: two "
    "cohorts of one `base` with equal `fixed`, or two columns of one dimension, differ"
)
NOTHING_LEFT = "a hidden number follows from others, of which none is left to hide"

RANK = 100.0
"""How many times dearer than a person of one rank is a person of the next."""


Proven = dict[str, Mapping[str, float]]
"""For cells that are safe, numbers of all that hangs together with one which show it."""


@dataclass(frozen=True)
class Known:
    """What is to be protected.

    Attributes
    ----------
    values
        The exact number of each cell that a table shows or hides.
    sums
        Wholes and their parts; a part may be a cell that no table has.
    cost
        What it costs to hide a cell; what costs least goes first.
    tied
        The cells that are hidden with a cell.
    threshold
        Numbers from 1 to below it are hidden.
    kept
        Cells that everyone knows.
    quotas
        A numerator and its denominator: what the one leaves of the other may be known.
    printed
        Other parts and wholes of which that holds.
    alone
        Cells that are counted for themselves, and not as numerators only.
    proven
        What is tried first, as much of it stays possible from audit to audit; more is added.
    """

    values: Mapping[str, int]
    sums: Sequence[Sum]
    cost: Mapping[str, tuple]
    tied: Mapping[str, Iterable[str]]
    threshold: int
    kept: Collection[str] = ()
    quotas: Collection[tuple[str, str]] = ()
    printed: Collection[tuple[str, str]] = ()
    alone: Collection[str] = ()
    proven: Proven = field(default_factory=dict)

    @cached_property
    def small_anyway(self) -> set[str]:
        """Numerators of nothing but small wholes: that they are small says nothing more."""
        small = {whole for _, whole in self.quotas if self.values[whole] < self.threshold}
        others = {part for part, whole in self.quotas if whole not in small}
        return {part for part, _ in self.quotas} - others - {*self.alone}

    @cached_property
    def touching(self) -> Mapping[str, list[int]]:
        """The places of the sums that each cell stands in."""
        return _touching(self.sums)

    @cached_property
    def system(self) -> "_System":
        """All cells and sums at once, for who must choose what to hide more."""
        return _system(self)


def cells_to_hide(
    known: Known, hidden: Iterable[str], near: Collection[str] | None = None
) -> set[str]:
    """Return `hidden`, and all that must be hidden with it; what is not `near` is safe already.

    A hidden number must not be certain, nor certain to be below the threshold. Neither may a number
    that no table has but which follows from what they show. Where everyone knows some numbers
    anyway, what follows from these cannot be helped.

    Raises
    ------
    ReleaseRefused
        When the numbers contradict each other, or nothing is left to hide.
    """
    hidden = _with_tied(known, hidden)
    values = _followed(known)
    told = {*hidden, *_implied(known, values)}
    waiting = sorted(told if near is None else told & {*near}, reverse=True)
    parts = _Parts(known)
    safe = _safe_together(waiting, known, values, hidden, parts)
    while waiting:
        key = waiting[-1]
        if key in safe or key not in values or _is_safe(key, known, values, hidden, parts, safe):
            waiting.pop()
            continue
        possible = _cheapest_change(key, known, values, hidden)
        chosen = {
            each
            for each in possible.keys() & known.values.keys() - hidden
            if abs(possible[each] - known.values[each]) > SOME
        } or _next_to_hide(key, known, hidden, parts)
        if not chosen:
            if not known.kept:
                raise ReleaseRefused(NOTHING_LEFT)
            waiting.pop()
            continue
        more = _with_tied(known, chosen) - hidden
        hidden |= more
        parts.forget(more)
        safe |= _cleared(possible, known, values, hidden)
        waiting += sorted(more, reverse=True)
    return hidden


def hang_together(known: Known, hidden: set[str], keys: Iterable[str]) -> set[str]:
    """Return all cells that a reader does not know and that sums connect with some of these."""
    parts = _Parts(known)
    return {each for key in keys for each in parts.around(key, hidden).place}


def _implied(known: Known, values: Mapping[str, int]) -> set[str]:
    """Return the cells that no table has and that must not turn out to be small."""
    pairs = {*known.quotas, *known.printed}
    left = {
        part
        for whole, parts in known.sums
        if any((other, whole) in pairs for other in parts)
        for part in parts
    }
    return {
        key
        for key, value in values.items()
        if 0 < value < known.threshold and key not in known.values and key not in left
    }


def _with_tied(known: Known, keys: Iterable[str]) -> set[str]:
    """Return the cells and all that are hidden with them.

    A 0 that is hidden with its denominator is taken as known: another table may show it.
    """
    found, waiting = set(), list(keys)
    while waiting:
        key = waiting.pop()
        if key not in found and known.values[key] > 0:
            found.add(key)
            waiting += known.tied.get(key, ())
    return found - {*known.kept}


def _touching(sums: Sequence[Sum]) -> dict[str, list[int]]:
    touching: dict[str, list[int]] = defaultdict(list)
    for number, (whole, parts) in enumerate(sums):
        for key in (whole, *parts):
            touching[key].append(number)
    return touching


def _followed(known: Known) -> dict[str, int]:
    """Return the exact numbers, also of cells that no table has as far as they follow."""
    values = dict(known.values)
    waiting = list(range(len(known.sums)))
    while waiting:
        whole, parts = known.sums[waiting.pop()]
        unknown = [key for key in (whole, *parts) if key not in values]
        if len(unknown) == 1:
            rest = sum(values[part] for part in parts if part in values)
            values[unknown[0]] = rest if unknown[0] == whole else values[whole] - rest
            waiting += known.touching[unknown[0]]
    return values


# --- what a reader can work out -------------------------------------------------------------------


def _is_safe(key, known, values, hidden, parts: "_Parts", safe: set[str]) -> bool:
    """Return whether the number could be another; adds to `safe` all that is found safe with it."""
    part = parts.around(key, hidden)
    if not part.sums.nnz:
        safe.add(key)
        return True
    _, below = _goals(key, known, values, hidden)
    for sign in (-1,) if below < 0 else (-1, 1):
        safe |= _cleared(part.extreme(key, sign), known, values, hidden)
        if key in safe:
            return True
    return False


def _cleared(possible: Mapping[str, float], known: Known, values, hidden) -> set[str]:
    """Return the cells that numbers which are all possible together, if whole, show to be safe."""
    if not are_whole(np.array([*possible.values()])):
        return set()
    unknown = {each for each in possible if each in hidden or each not in known.values}
    goals = {each: _goals(each, known, values, hidden) for each in unknown & values.keys()}
    safe = {
        each for each, (above, below) in goals.items() if not below < round(possible[each]) < above
    }
    known.proven.update(dict.fromkeys(safe, possible))
    return safe


def _goals(key: str, known: Known, values, hidden) -> tuple[int, int]:
    """Return from where on upwards, and from where on downwards, a number is safe to be possible.

    A small hidden cell is known not to be 0; one that no table has may be nobody.
    """
    value = values[key]
    if value >= known.threshold or key in known.small_anyway:
        return value + 1, value - 1
    return known.threshold, -1 if key in hidden else 0


@dataclass(frozen=True)
class _Part:
    """The unknown cells that hang together, the sums between them, and what these add up to."""

    place: Mapping[str, int]
    sums: csc_array
    rest: np.ndarray
    least: np.ndarray

    @property
    def most(self) -> np.ndarray:
        """The most that a reader knows each cell to be, by itself."""
        return np.full(len(self.place), MANY)

    @cached_property
    def _room(self) -> Room:
        return Room(self.sums, (self.rest, self.rest), (self.least, self.most))

    def allows(self, numbers: Mapping[str, float]) -> bool:
        """Return whether these numbers of all cells, in their order, add up to what is shown."""
        n = np.array([*numbers.values()], dtype=float)
        return bool((n >= self.least).all() and (self.sums @ n == self.rest).all())

    def extreme(self, key: str, sign: int) -> dict[str, int]:
        """Return possible numbers with the largest (-1) or the smallest (1) of one cell."""
        numbers = self._room.extreme(self.place[key], sign)
        if numbers is None:
            raise ReleaseRefused(CONTRADICTION)
        return dict(zip(self.place, numbers.tolist(), strict=True))

    def nearest(self, aims: Mapping[str, int], sign: int) -> dict[str, int]:
        """Return possible numbers that lack (1: exceed) as little of their aims as can be."""
        n, m = len(self.place), len(aims)
        signs, columns = np.full(m, float(sign)), [self.place[key] for key in aims]
        aimed = coo_array((signs, (np.arange(m), columns)), shape=(m, n))
        enough = signs * [*aims.values()]
        numbers = solve_whole(
            np.append(np.zeros(n), np.ones(m)),
            block_array([[self.sums, None], [aimed, eye_array(m)]], format="csc"),
            (np.append(self.rest, enough), np.append(self.rest, np.full(m, np.inf))),
            (np.append(self.least, np.zeros(m)), np.append(self.most, np.full(m, MANY))),
        )
        return {} if numbers is None else dict(zip(self.place, numbers[:n].tolist(), strict=True))


def _part(key: str, known: Known, hidden: set[str]) -> _Part:
    """Return the unknown cells that hang together with one."""
    place = {key: 0}
    terms: list[tuple[int, int, float]] = []
    rests: dict[int, int] = {}
    waiting = [key]
    while waiting:
        for number in known.touching.get(waiting.pop(), ()):
            if number in rests:
                continue
            row, rests[number] = len(rests), 0
            whole, parts = known.sums[number]
            for each, sign in ((whole, 1), *((part, -1) for part in parts)):
                if _is_shown(each, known, hidden):
                    rests[number] -= sign * known.values[each]
                    continue
                if each not in place:
                    place[each] = len(place)
                    waiting.append(each)
                terms.append((row, place[each], float(sign)))
    rows, columns, signs = zip(*terms, strict=True) if terms else ((), (), ())
    return _Part(
        place,
        coo_array((signs, (rows, columns)), shape=(len(rests), len(place))).tocsc(),
        np.array([*rests.values()], dtype=float),
        np.array([each in hidden for each in place], dtype=float),
    )


class _Parts:
    """What hangs together, worked out when it is first asked for."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._of: dict[str, _Part] = {}

    def around(self, key: str, hidden: set[str]) -> _Part:
        """Return all unknown cells that hang together with one."""
        if key not in self._of:
            part = _part(key, self._known, hidden)
            self._of |= dict.fromkeys(part.place, part)
        return self._of[key]

    def forget(self, keys: Iterable[str]) -> None:
        """Forget what more unknown cells join together."""
        for key in keys:
            for number in self._known.touching.get(key, ()):
                whole, members = self._known.sums[number]
                for each in (whole, *members):
                    if part := self._of.get(each):
                        for other in part.place:
                            del self._of[other]


# --- many at once ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class _System:
    """All cells, the sums between them (whole less parts is 0), and the price of changing a cell.

    `part` holds for each cell the number of what hangs together through any sums.
    """

    place: Mapping[str, int]
    sums: csc_array
    part: np.ndarray
    prices: Mapping[str, float]

    def around(self, key: str) -> tuple[dict[str, int], csc_array]:
        """Return all cells that hang together with one, by column of the sums between them."""
        inside = self.part == self.part[self.place[key]]
        near = [key for key, is_one in zip(self.place, inside, strict=True) if is_one]
        sums = self.sums[:, inside]
        return {key: at for at, key in enumerate(near)}, sums[np.unique(sums.indices)]


def _system(known: Known) -> _System:
    place: dict[str, int] = {}
    rows, columns, signs = [], [], []
    for number, (whole, parts) in enumerate(known.sums):
        for each, sign in ((whole, 1.0), *((part, -1.0) for part in parts)):
            rows.append(number)
            columns.append(place.setdefault(each, len(place)))
            signs.append(sign)
    shape = (len(known.sums), len(place))
    sums = csc_array((signs, (rows, columns)), shape=shape)
    links = coo_array(
        (signs, (columns, [len(place) + row for row in rows])), shape=(sum(shape),) * 2
    )
    part = connected_components(links, directed=False)[1][: len(place)]
    return _System(place, sums, part, _prices(known))


def _limits(keys: Iterable[str], known: Known, hidden: set[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the least and the most that a reader knows each cell to be, by itself."""
    shown = [known.values[key] if _is_shown(key, known, hidden) else None for key in keys]
    least = [float(key in hidden) if n is None else n for key, n in zip(keys, shown, strict=True)]
    return np.array(least, dtype=float), np.array([MANY if n is None else n for n in shown])


def _is_shown(key: str, known: Known, hidden: set[str]) -> bool:
    return key in known.values and key not in hidden


def _safe_together(
    keys: Iterable[str], known: Known, values: Mapping[str, int], hidden: set[str], parts: "_Parts"
) -> set[str]:
    """Return those of the cells that a few programmes clear: most of them.

    Each brings all of a part that are not cleared yet as near to their goals as can be, upwards
    and downwards in turn, until two in a row clear nothing.
    """
    together: dict[int, list[str]] = {}
    for key in keys:
        if key in values:
            together.setdefault(id(parts.around(key, hidden)), []).append(key)
    safe: set[str] = set()
    for near in together.values():
        part = parts.around(near[0], hidden)
        safe |= _proven(near, part, known, values, hidden)
        goals = {key: _goals(key, known, values, hidden) for key in near}
        idle, upwards = 0, True
        while idle < 2:
            aims = {
                key: above if upwards else below
                for key, (above, below) in goals.items()
                if key not in safe and (upwards or below >= 0)
            }
            possible = part.nearest(aims, 1 if upwards else -1) if aims else {}
            more = _cleared(possible, known, values, hidden) - safe
            safe |= more
            idle, upwards = 0 if more else idle + 1, not upwards
    return safe


def _proven(
    keys: Iterable[str], part: _Part, known: Known, values: Mapping[str, int], hidden: set[str]
) -> set[str]:
    """Return those of the cells that numbers of an audit before show to be safe here too.

    A cell that was shown then, or that no table had, has its exact number.
    """
    safe: set[str] = set()
    for before in {id(each): each for key in keys if (each := known.proven.get(key))}.values():
        numbers = {key: before.get(key, values.get(key, np.nan)) for key in part.place}
        if part.allows(numbers):
            safe |= _cleared(numbers, known, values, hidden)
    return safe


# --- what to hide more ----------------------------------------------------------------------------


def _cheapest_change(
    key: str, known: Known, values: Mapping[str, int], hidden: set[str]
) -> dict[str, float]:
    """Return numbers of which a cell's is safe, with the fewest persons moved in shown cells.

    One linear programme (as for the suppression of cells: Fischetti and Salazar 2001): shown
    numbers may change at a price, all else is free, and the number itself must be another. Empty
    where nothing does. Parts of persons may move.
    """
    system = known.system
    if key not in system.place:
        return {}
    place, sums = system.around(key)
    is_shown = np.array([_is_shown(each, known, hidden) for each in place])
    shown = [each for each, is_one in zip(place, is_shown, strict=True) if is_one]
    movable = np.array([_may_be_hidden(each, known) for each in shown], dtype=bool)
    price = np.array([system.prices[each] for each in shown])
    least, most = _limits(place, known, hidden)
    now, fixed, add_up = least[is_shown], np.zeros(len(shown)), np.zeros(sums.shape[0])
    up, down = np.where(movable, MANY, 0), np.where(movable, now - 1, 0)
    columns = hstack([sums, sums[:, is_shown], -sums[:, is_shown]], format="csc")
    for low, high in _others(values[key], known.threshold):
        least[place[key]], most[place[key]] = max(low, float(key in hidden)), high
        numbers = solve(
            np.concatenate([np.zeros(len(place)), price, price]),
            columns,
            (add_up, add_up),
            (np.concatenate([least, fixed, fixed]), np.concatenate([most, up, down])),
        )
        if numbers is not None:
            possible, (more, less) = numbers[: len(place)], numbers[len(place) :].reshape(2, -1)
            possible[is_shown] += more - less
            return dict(zip(place, possible.tolist(), strict=True))
    return {}


def _may_be_hidden(key: str, known: Known) -> bool:
    return known.values[key] > 0 and key not in known.kept


def _prices(known: Known) -> dict[str, float]:
    """Return the price of moving a person in or out of each cell, in the order of their costs."""
    order = sorted(known.cost, key=lambda key: (known.cost[key], key))
    return {
        key: RANK ** known.cost[key][0] * (1 + place / len(order))
        for place, key in enumerate(order)
    }


def _others(value: int, threshold: int) -> list[tuple[float, float]]:
    """Return where a number must be able to lie for `value` to be safe: one of these."""
    if value < threshold:
        return [(threshold, MANY)]
    return [(value + 1, MANY), (0, value - 1)]


def _next_to_hide(key: str, known: Known, hidden: set[str], parts: _Parts) -> set[str]:
    """Return the cell that costs least of those that share a sum with what hangs together."""
    unknown = parts.around(key, hidden).place
    shown = _within((number for each in unknown for number in known.touching[each]), known)
    free = [each for each in shown - hidden if each in known.values and _may_be_hidden(each, known)]
    near = _within(known.touching[key], known)
    order = [(known.cost[each][0], each not in near, known.cost[each], each) for each in free]
    return {min(order)[-1]} if order else set()


def _within(numbers: Iterable[int], known: Known) -> set[str]:
    return {key for number in numbers for key in (known.sums[number][0], *known.sums[number][1])}
