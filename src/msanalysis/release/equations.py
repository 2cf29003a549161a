"""What a reader can add up: the equations between the cells of one base set of persons."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np

from msanalysis.core import Except
from msanalysis.release.cells import WHOLE, Cell, Days, Part, joined, key_of

Coarser = Mapping[str, Mapping[str, Mapping[str, str]]]
Sum = tuple[str, tuple[str, ...]]
"""The key of a whole, and the keys of its parts."""

_Box = dict[str, Part]
_Member = tuple[str, Part | None]
"""A cell and what it holds a dimension to; None: not restricted."""

_REST = "..."
"""Stands among levels for all that no table names."""


def plainest(cells: Iterable[Cell], coarser: Coarser) -> dict[str, tuple[str, _Box]]:
    """Return base and box of each cell, without the coarser levels that follow from finer ones.

    Cells whose plainest boxes are equal are one cell.
    """
    boxes = {}
    for cell in cells:
        if cell.key not in boxes:
            boxes[cell.key] = (cell.base, _without_implied(cell.box, coarser))
    return boxes


def _without_implied(box: Mapping[str, Part], coarser: Coarser) -> _Box:
    implied = {
        coarse
        for fine, of in coarser.items()
        for coarse, level_of in of.items()
        if coarse in box and isinstance(box.get(fine), tuple)
        if all(level in level_of and _holds(box[coarse], level_of[level]) for level in box[fine])
    }
    return {name: part for name, part in box.items() if name not in implied}


def _holds(part: Part | None, level: str) -> bool:
    if part is None:
        return True
    return level not in part.levels if isinstance(part, Except) else level in part


def sums_of(
    boxes: Mapping[str, tuple[str, _Box]], values: Mapping[str, int | None], coarser: Coarser
) -> list[Sum]:
    """Return every sum between cells of one base that agree on all dimensions but one.

    Sets of levels that overlap are cut into the largest sets that lie within or without each of
    them; what no table shows of these is a cell too. `boxes` and `values` are by key.
    """
    sums: list[Sum] = []
    for base, dimension, other, members in _groups(boxes, coarser):
        every = _parts(base, dimension, other, members, values)
        sums += [(key, parts) for key, parts in every if parts and parts != (key,)]
    return sums


def _groups(
    boxes: Mapping[str, tuple[str, _Box]], coarser: Coarser
) -> Iterator[tuple[str, str, _Box, list[_Member]]]:
    """Yield base, dimension, what is held alike, and the cells that differ in the dimension."""
    groups: dict[tuple[str, str], tuple[str, _Box, list[_Member]]] = {}
    for key, (base, box) in boxes.items():
        for dimension, part in _may_vary(box, coarser):
            held = {name for name in box if name == dimension or name in coarser.get(dimension, ())}
            other = {name: each for name, each in box.items() if name not in held}
            if part is box.get(dimension):
                other = {name: each for name, each in box.items() if name != dimension}
            place = (dimension, key_of(base, other))
            groups.setdefault(place, (base, other, []))[2].append((key, part))
    by_box = {key_of(base, box): key for key, (base, box) in boxes.items()}
    for (dimension, rest), (base, other, members) in groups.items():
        if rest in by_box:
            members.append((by_box[rest], None))
        if len(members) > 1:
            yield base, dimension, other, members


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


def _parts(
    base: str, dimension: str, other: _Box, members: Sequence[_Member], values: Mapping[str, int]
) -> Iterator[Sum]:
    """Yield each member with its disjoint parts; a part that is a member has the member's key."""
    held = [part for _, part in members]
    keys = [key for key, _ in members]
    classes = _cut_days(held) if any(isinstance(part, Days) for part in held) else _cut_levels(held)
    rest = next((inside for inside, part in classes.items() if isinstance(part, Except)), None)
    if rest is not None and _nobody(rest, classes, keys, values):
        del classes[rest]
    owners = _owners(classes, keys)
    names = {
        inside: owners.get(inside) or key_of(base, joined(other, {dimension: part}))
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
    of: dict[tuple[bool, ...], list[str]] = {}
    for level in sorted(named):
        of.setdefault(tuple(_holds(part, level) for part in held), []).append(level)
    rest = tuple(_holds(part, _REST) for part in held)
    unnamed = named - {*of.get(rest, ())}
    classes: _Classes = {inside: tuple(levels) for inside, levels in of.items() if any(inside)}
    return classes | ({rest: Except(tuple(sorted(unnamed)))} if any(rest) else {})


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
    """Return whether the levels that are named make up some whole: nobody has another."""
    owners = _owners(classes, keys)
    for number in np.flatnonzero(rest):
        parts = [owners.get(each) for each in classes if each[number] and each != rest]
        numbers = [values.get(key) for key in (keys[number], *parts)]
        if None not in numbers:
            return numbers[0] == sum(numbers[1:])
    return False
