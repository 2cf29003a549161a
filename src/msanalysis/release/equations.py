"""What a reader can add up: the equations between the cells of one base set of persons."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np

from msanalysis.core import Except
from msanalysis.release.cells import WHOLE, Cell, Days, Part, joined, key_of

Coarser = Mapping[str, Mapping[str, Mapping[str, str]]]
Sum = tuple[str, tuple[str, ...]]
"""The key of a whole, and the keys of its parts."""

_Box = dict[str, Part]
_Member = tuple[str, Part | None]
"""A cell and what it holds a dimension to; None: not restricted."""

_ANSWERS = frozenset(("yes", "no"))
"""The levels of a dimension that has no others."""

_REST = "..."
"""Stands among levels for all that no table names."""


def plainest(cells: Iterable[Cell], coarser: Coarser) -> dict[str, tuple[str, _Box]]:
    """Return base and box of each cell, without the coarser levels that follow from finer ones.

    Cells whose plainest boxes are equal are one cell.
    """
    cells = list(cells)
    somebody = _levels_of_somebody(cells, coarser)
    boxes = {}
    for cell in cells:
        if cell.key not in boxes:
            box = _without_nobody(cell.box, somebody)
            boxes[cell.key] = (cell.base, _without_coarser(box, coarser))
    return boxes


def _levels_of_somebody(cells: Sequence[Cell], coarser: Coarser) -> dict[str, set[str]]:
    """Return the levels that anyone has, of the dimensions whose levels are told."""
    found = {fine: {*chain(*of.values())} for fine, of in coarser.items()}
    for cell in cells:
        for name in found.keys() & cell.box.keys() if cell.value else ():
            part = cell.box[name]
            if isinstance(part, tuple) and len(part) == 1:
                found[name] |= {*part}
    return found


def _without_nobody(box: Mapping[str, Part], somebody: Mapping[str, set[str]]) -> _Box:
    """Return the box without levels that nobody has, so that equal sets of persons look alike."""
    return {
        name: _of_somebody(part, somebody[name]) if name in somebody else part
        for name, part in box.items()
    }


def _of_somebody(part: Part, somebody: set[str]) -> Part:
    """Return the same persons by levels that somebody has; a single level stays as it is."""
    if isinstance(part, Except) and len(part.levels) > 1:
        return Except(tuple(level for level in part.levels if level in somebody))
    if isinstance(part, tuple) and len(part) > 1:
        return tuple(level for level in part if level in somebody)
    return part


def _without_coarser(box: Mapping[str, Part], coarser: Coarser) -> _Box:
    """Return the box with its finer levels held to what its coarser ones leave of them."""
    plain = dict(box)
    for fine, of in coarser.items():
        for coarse, level_of in of.items():
            part = plain.get(fine)
            if isinstance(part, tuple) and coarse in plain:
                held = plain.pop(coarse)
                plain[fine] = tuple(
                    level for level in part if level in level_of and _holds(held, level_of[level])
                )
    return plain


def _holds(part: Part | None, level: str) -> bool:
    if part is None:
        return True
    return level not in part.levels if isinstance(part, Except) else level in part


def sums_of(
    boxes: Mapping[str, tuple[str, _Box]], values: Mapping[str, int | None], coarser: Coarser
) -> list[Sum]:
    """Return every sum between cells of one base that agree on all dimensions but one.

    Sets of levels that overlap are cut into the largest sets that lie within or without each of
    them; what no table shows of these is a cell too, and may be the whole of others. `boxes` and
    `values` are by key.
    """
    groups = _groups(boxes, coarser)
    by_rest: dict[str, list[_Group]] = defaultdict(list)
    for group in groups.values():
        by_rest[group.rest].append(group)
    wholes = {key_of(base, box): key for key, (base, box) in boxes.items()}
    values = {key: value for key, value in values.items() if value is not None}
    sums: dict[tuple[str, str], list[Sum]] = {}
    waiting = [group for group in groups.values() if group.rest in wholes or group.is_divided]
    while waiting:
        group = waiting.pop()
        members = [*group.members]
        if group.rest in wholes:
            members.append((wholes[group.rest], None))
        found = [*_parts(group, members, values)]
        sums[group.dimension, group.rest] = [
            each for each in found if each[1] and each[1] != (each[0],)
        ]
        new = {
            part for _, parts in found for part in parts if part not in wholes and part not in boxes
        }
        for key in sorted(new):
            wholes[key] = key
            _follow(key, found, values)
            waiting += by_rest[key]
    return [each for group in sums.values() for each in group]


def _follow(key: str, sums: Iterable[Sum], values: dict[str, int]) -> None:
    """Add the number of a cell where it follows from one of the sums."""
    for whole, parts in sums:
        others = [part for part in parts if part != key]
        if key in parts and all(each in values for each in (whole, *others)):
            values[key] = values[whole] - sum(values[each] for each in others)
            return


@dataclass(frozen=True)
class _Group:
    """Cells that differ in one dimension; `rest` is the key of what they have alike, `other`."""

    base: str
    dimension: str
    other: _Box
    rest: str
    members: list[_Member]

    @property
    def is_divided(self) -> bool:
        return len(self.members) > 1


def _groups(
    boxes: Mapping[str, tuple[str, _Box]], coarser: Coarser
) -> dict[tuple[str, str], _Group]:
    groups: dict[tuple[str, str], _Group] = {}
    for key, (base, box) in boxes.items():
        for dimension, part in _may_vary(box, coarser):
            held = {dimension} if dimension in box else {dimension, *coarser.get(dimension, ())}
            other = {name: each for name, each in box.items() if name not in held}
            rest = key_of(base, other)
            group = groups.setdefault((dimension, rest), _Group(base, dimension, other, rest, []))
            group.members.append((key, part))
    return groups


def _may_vary(box: _Box, coarser: Coarser) -> Iterator[tuple[str, Part]]:
    """Yield each dimension that the box restricts, itself or through a coarser one, and to what."""
    yield from box.items()
    for fine, of in coarser.items():
        held = {coarse: level_of for coarse, level_of in of.items() if coarse in box}
        if held and fine not in box:
            levels = set.intersection(*(set(level_of) for level_of in held.values()))
            yield (
                fine,
                tuple(
                    sorted(
                        level
                        for level in levels
                        if all(_holds(box[name], held[name][level]) for name in held)
                    )
                ),
            )


def _parts(group: _Group, members: Sequence[_Member], values: Mapping[str, int]) -> Iterator[Sum]:
    """Yield each member with its disjoint parts; a part that is a member has the member's key."""
    held = [part for _, part in members]
    keys = [key for key, _ in members]
    classes = _cut_days(held) if any(isinstance(part, Days) for part in held) else _cut_levels(held)
    rest = next((inside for inside, part in classes.items() if isinstance(part, Except)), None)
    if rest is not None and _nobody(rest, classes, keys, values):
        del classes[rest]
    for inside in _unlisted(classes, members, values):
        del classes[inside]
    owners = _owners(classes, keys)
    names = {
        inside: owners.get(inside)
        or key_of(group.base, joined(group.other, {group.dimension: part}))
        for inside, part in classes.items()
    }
    for number, key in enumerate(keys):
        yield key, tuple(name for inside, name in names.items() if inside[number])


_Classes = dict[tuple[bool, ...], Part]
"""What lies within the same members, by which these are."""


def _cut_levels(held: Sequence[Part | None]) -> _Classes:
    named = {
        level
        for part in held
        if part is not None
        for level in (part.levels if isinstance(part, Except) else part)
    }
    if named <= _ANSWERS:
        named = _ANSWERS
    of: dict[tuple[bool, ...], list[str]] = {}
    for level in sorted(named):
        of.setdefault(tuple(_holds(part, level) for part in held), []).append(level)
    rest = tuple(_holds(part, _REST) for part in held)
    unnamed = named - {*of.get(rest, ())}
    classes: _Classes = {inside: tuple(levels) for inside, levels in of.items() if any(inside)}
    unheard_of = any(rest) and named != _ANSWERS
    return classes | ({rest: Except(tuple(sorted(unnamed)))} if unheard_of else {})


def _cut_days(held: Sequence[Part | None]) -> _Classes:
    whole = [part or Days(*WHOLE) for part in held]
    ends = sorted({day for part in whole for day in (part.after, part.until)})
    classes: _Classes = {}
    for after, until in pairwise(ends):
        inside = tuple(part.after <= after and until <= part.until for part in whole)
        classes[inside] = Days(classes[inside].after if inside in classes else after, until)
    return {inside: part for inside, part in classes.items() if any(inside)}


def _owners(classes: _Classes, keys: Sequence[str]) -> dict[tuple[bool, ...], str]:
    """Return the member that is one class and no more, for the classes that have one."""
    owners: dict[tuple[bool, ...], str] = {}
    for number, key in enumerate(keys):
        inside = [each for each in classes if each[number]]
        if len(inside) == 1:
            owners.setdefault(inside[0], key)
    return owners


def _nobody(
    rest: tuple[bool, ...], classes: _Classes, keys: Sequence[str], values: Mapping[str, int]
) -> bool:
    """Return whether the levels that are named make up some whole: nobody has another.

    Each of them may be a member, or all of them together.
    """
    owners = _owners(classes, keys)
    held: dict[frozenset, str] = {}
    for number, key in enumerate(keys):
        held.setdefault(frozenset(each for each in classes if each[number]), key)
    for number in np.flatnonzero(rest):
        named = frozenset(each for each in classes if each[number] and each != rest)
        for parts in ([owners.get(each) for each in named], [held.get(named)]):
            numbers = [values.get(key) for key in (keys[number], *parts)]
            if None not in numbers:
                return numbers[0] == sum(numbers[1:])
    return False


def _unlisted(
    classes: _Classes, members: Sequence[_Member], values: Mapping[str, int]
) -> set[tuple[bool, ...]]:
    """Return the levels that no member lists where several that are listed make up a whole.

    Nobody has them. One level that is all of its whole does not tell that: it may be so by chance.
    """
    keys = [key for key, _ in members]
    owners = _owners(classes, keys)
    if len(owners) == len(classes):
        return set()
    excepted = {level for _, part in members if isinstance(part, Except) for level in part.levels}
    listed = {inside: values.get(key, 0) for inside, key in owners.items()}
    gone: set[tuple[bool, ...]] = set()
    for number, key in enumerate(keys):
        parts = [inside for inside in classes if inside[number]]
        numbers = [n for inside in parts if (n := listed.get(inside, 0)) > 0]
        if len(numbers) > 1 and values.get(key) == sum(numbers):
            gone |= {
                inside
                for inside in parts
                if inside not in owners and excepted.isdisjoint(_named(classes[inside]))
            }
    return gone


def _named(part: Part) -> tuple[str, ...]:
    return part if isinstance(part, tuple) else ()
