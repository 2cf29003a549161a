"""All tables of a run as one: what must be hidden so that none gives back what another hides."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from msanalysis.release.cells import Cell, cell_of, key_of
from msanalysis.release.days import days_to_hide
from msanalysis.release.equations import Coarser, plainest, sums_of
from msanalysis.release.insiders import hidden_from_all, own_cells
from msanalysis.release.policy import ReleaseRefused
from msanalysis.release.protect import CONTRADICTION, Known, Proven
from msanalysis.release.record import Shown


def audit(
    tables: Sequence[Shown],
    threshold: int,
    dear: Collection[str] = (),
    *,
    trusts_know_their_own: bool = False,
    proven: Proven | None = None,
) -> frozenset[str]:
    """Return the keys of cells, and of ends of steps, that must be hidden wherever they are shown.

    A cell that one table hides is hidden in all; those that are `dear` are hidden last. What is
    found safe is added to `proven`, and not asked again by an audit of much the same tables.

    Raises
    ------
    ReleaseRefused
        As `cells_to_hide`.
    """
    coarser = _merged(each.coarser for each in tables)
    days = days_to_hide(tables, coarser, threshold, dear)
    # What curves tell is settled by their days; no step of them is hidden for another table.
    tables = [each for each in tables if each.shape != "curve"]
    cells = [cell for each in tables for cell in each.cells]
    boxes = plainest([*cells, *_left_after_steps(tables)], coarser)
    same = _same(boxes)
    hidden = {key for each in tables for key in each.hidden} | (days & same.keys())
    known = _known(tables, cells, boxes, same, coarser, threshold, dear)
    known = replace(known, proven={} if proven is None else proven)
    own = own_cells(cells) if trusts_know_their_own else {}
    own = {trust: {same[key] for key in keys} for trust, keys in own.items()}
    chosen = hidden_from_all(known, {same[key] for key in hidden}, own)
    return frozenset(days | {key for key in same if same[key] in chosen})


def _left_after_steps(tables: Iterable[Shown]) -> Iterator[Cell]:
    """Yield who was left before each exclusion: no table counts them, but their parts add up."""
    for each in tables:
        if each.statistic == "attrition":
            *steps, included = each.cells
            n = included.value
            for step in reversed(steps[1:]):
                n += step.value
                kept = {
                    name: part for name, part in step.box.items() if included.box.get(name) == part
                }
                yield cell_of(step.base, kept, -1, "n", n)


def _known(
    tables: Sequence[Shown],
    cells: Sequence[Cell],
    boxes: Mapping[str, tuple],
    same: Mapping[str, str],
    coarser: Coarser,
    threshold: int,
    dear: Collection[str],
) -> Known:
    values = _agreed_values(tables, same)
    in_flows = {cell.key for each in tables if each.shape == "flow" for cell in each.cells}
    cost: dict[str, tuple] = {}
    for cell in cells:
        rank = 4 * (cell.key in in_flows) + 2 * (cell.key in dear) + cell.total
        price = (rank, cell.cost)
        cost[same[cell.key]] = max(price, cost.get(same[cell.key], price))
    tied: dict[str, set[str]] = defaultdict(set)
    for each in tables:
        for key, keys in each.tied.items():
            tied[same[key]] |= {same[other] for other in keys}
    return Known(
        values=values,
        sums=sums_of({same[key]: box for key, box in boxes.items()}, values, coarser),
        cost=cost,
        tied=tied,
        threshold=threshold,
        kept={same[key] for each in tables for key in each.public},
        quotas={(same[part], same[whole]) for each in tables for part, whole in each.quotas},
        printed={
            (same.get(part, part), same.get(whole, whole))
            for each in tables
            for part, whole in each.printed
        },
        alone={same[key] for each in tables for key in _alone(each)},
    )


def _alone(table: Shown) -> set[str]:
    """Return the cells that a table counts for themselves, and not as numerators only."""
    parts, wholes = ({pair[place] for pair in table.quotas} for place in (0, 1))
    return {cell.key for cell in table.cells} - (parts - wholes)


def _agreed_values(tables: Sequence[Shown], same: Mapping[str, str]) -> dict[str, int]:
    """Return the number of each cell, which is one number wherever it stands."""
    first: dict[str, tuple[int, str]] = {}
    for each in tables:
        name = f"{each.statistic} of {each.population}"
        for cell in each.cells:
            value, where = first.setdefault(same[cell.key], (cell.value, name))
            if value != cell.value:
                raise ReleaseRefused(f"{where}, {name} ({cell.column}): {CONTRADICTION}")
    return {key: value for key, (value, _) in first.items()}


def _same(boxes: Mapping[str, tuple]) -> dict[str, str]:
    """Return for each cell the first of those that are the same."""
    first: dict[str, str] = {}
    return {key: first.setdefault(key_of(*box), key) for key, box in boxes.items()}


def _merged(every: Iterable[Coarser]) -> dict[str, dict[str, dict[str, str]]]:
    """Return the coarser levels that any table tells."""
    merged: dict[str, dict[str, dict[str, str]]] = {}
    for coarser in every:
        for fine, of in coarser.items():
            for coarse, level_of in of.items():
                merged.setdefault(fine, {}).setdefault(coarse, {}).update(level_of)
    return merged
