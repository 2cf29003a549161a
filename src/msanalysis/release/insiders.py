"""Readers who know some of the persons: every hospital trust knows its own."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from msanalysis.release.cells import Cell
from msanalysis.release.protect import Known, cells_to_hide, hang_together

RESIDENCE = ("residence_hf", "trust")
"""The dimensions of the hospital trust where a person lives."""


def own_cells(cells: Iterable[Cell]) -> dict[str, set[str]]:
    """Return for each trust the keys of the cells of its own persons."""
    own: dict[str, set[str]] = {}
    for cell in cells:
        for dimension in RESIDENCE:
            levels = cell.box.get(dimension, ())
            if isinstance(levels, tuple) and len(levels) == 1:
                own.setdefault(levels[0], set()).add(cell.key)
    return own


def hidden_from_all(known: Known, hidden: Iterable[str], own: Mapping[str, set[str]]) -> set[str]:
    """Return what `cells_to_hide` does, and what must be hidden from each who knows `own` cells.

    Who has none of their own hidden knows no more than everyone, and neither does anyone of what
    does not hang together with theirs.
    """
    hidden = cells_to_hide(known, hidden)
    while True:
        more = set(hidden)
        for cells in own.values():
            if near := hang_together(known, more, cells & more):
                knows = replace(known, kept={*known.kept, *cells})
                more |= cells_to_hide(knows, more - cells, near)
        if more == hidden:
            return hidden
        hidden = more
