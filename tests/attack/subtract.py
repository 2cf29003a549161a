"""Two releases, one taken from the other: what lies between them."""

from attack.attacker import Leak, as_system, tighten
from attack.cells import Cell, Knowledge


def bounds(known: Knowledge) -> dict[Cell, tuple[float, float]]:
    """Return the bounds of every cell that sums and shares leave."""
    system = as_system(known)
    tighten(system)
    return {
        each: (low, high)
        for cells, low, high in zip(system.cells, system.low, system.high, strict=True)
        for each in cells
    }


def between(first: Knowledge, second: Knowledge, threshold: int) -> list[Leak]:
    """Return the cells whose number in one run, less that in the other, is known to be small.

    A number of 1 to the threshold less one in either direction is of persons who are in one run
    and not in the other. Equal numbers tell of nobody. Days on which only one run has a step of a
    curve bound what the other tells too.
    """
    for one, other in ((first, second), (second, first)):
        for each in one.low.keys() - other.low.keys():
            other.bound(each)
    ours, theirs = bounds(first), bounds(second)
    leaks = []
    for each in ours.keys() & theirs.keys():
        (low, high), (less_low, less_high) = ours[each], theirs[each]
        least, most = low - less_high, high - less_low
        if (least >= 1 and most < threshold) or (most <= -1 and least > -threshold):
            leaks.append(Leak(each, int(least), int(most), ("difference",)))
    return leaks
