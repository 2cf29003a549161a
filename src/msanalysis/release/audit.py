"""All tables of a run as one: what must be hidden so that none gives back what another hides."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from msanalysis.release.cells import key_of
from msanalysis.release.equations import plainest, sums_of
from msanalysis.release.protect import Known, cells_to_hide
from msanalysis.release.record import Shown


def audit(tables: Sequence[Shown], threshold: int, dear: Collection[str] = ()) -> frozenset[str]:
    """Return the keys of cells that some table shows and that must be hidden.

    A cell that one table hides is hidden in all; those that are `dear` are hidden last.
    """
    tables = [each for each in tables if each.shape == "table"]
    coarser = _merged(each.coarser for each in tables)
    cells = [cell for each in tables for cell in each.cells]
    boxes = plainest(cells, coarser)
    same = _same(boxes)
    hidden = {same[key] for each in tables for key in each.hidden}
    values, cost = {}, {}
    for cell in cells:
        key = same[cell.key]
        values.setdefault(key, cell.value)
        price = (int(cell.total) + 2 * (cell.key in dear), cell.cost)
        cost[key] = max(price, cost.get(key, price))
    tied: dict[str, set[str]] = defaultdict(set)
    for each in tables:
        for key, keys in each.tied.items():
            tied[same[key]] |= {same[other] for other in keys}
    of = {same[key]: box for key, box in boxes.items()}
    kept = {same[key] for each in tables for key in each.public}
    quotas = {(same[part], same[whole]) for each in tables for part, whole in each.quotas}
    known = Known(values, sums_of(of, values, coarser), cost, tied, threshold, kept, quotas)
    chosen = cells_to_hide(known, hidden - kept)
    return frozenset(
        cell.key
        for each in tables
        for cell in each.cells
        if same[cell.key] in chosen and cell.key not in each.hidden
    )


def _same(boxes: Mapping[str, tuple]) -> dict[str, str]:
    """Return for each cell the first of those that are the same."""
    first: dict[str, str] = {}
    return {key: first.setdefault(key_of(*box), key) for key, box in boxes.items()}


def _merged(every: Iterable[Mapping]) -> dict[str, dict[str, dict[str, str]]]:
    """Return the coarser levels that any table tells."""
    merged: dict[str, dict[str, dict[str, str]]] = {}
    for coarser in every:
        for fine, of in coarser.items():
            for coarse, level_of in of.items():
                merged.setdefault(fine, {}).setdefault(coarse, {}).update(level_of)
    return merged
