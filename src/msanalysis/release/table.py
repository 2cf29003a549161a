"""Tables: small counts are hidden, and more where what is shown would give them back."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import pandas as pd

from msanalysis.core import Result
from msanalysis.release.cells import Cell, cells_of, cells_of_its_own, key_of
from msanalysis.release.equations import plainest, sums_of
from msanalysis.release.insiders import hidden_from_all, own_cells
from msanalysis.release.plan import planned
from msanalysis.release.policy import Policy
from msanalysis.release.protect import Known
from msanalysis.release.threshold import publicly_known, too_small


@dataclass(frozen=True)
class _Table:
    """What of a table is the same under every plan: its cells, what is small, who knows what."""

    frame: pd.DataFrame
    small: pd.DataFrame
    first: Collection[str]
    cells: Sequence[Cell]
    of_reader: Collection[str]
    known: Known


_READ: WeakKeyDictionary[Result, dict[Policy, _Table]] = WeakKeyDictionary()
"""Tables that are held to one plan after the other."""


def protect_table(
    result: Result, policy: Policy, own: pd.Series | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the table and which of its cells to hide, those of the run's plan among them.

    `own` are rows that the reader knows: they are shown, and no other may follow from them.
    """
    if own is not None:
        table = _read(result, policy, own)
    elif not (table := _READ.setdefault(result, {}).get(policy)):
        table = _READ[result][policy] = _read(result, policy, None)
    in_plan = ({cell.key for cell in table.cells} & planned()) - table.of_reader
    with_plan = {other for key in in_plan for other in table.known.tied[key]}
    insiders = {} if table.of_reader or not policy.trusts_know_their_own else own_cells(table.cells)
    # What the plan hides is hidden even where it is 0: a day, not a number, tells too much there.
    chosen = in_plan | hidden_from_all(
        table.known, (table.first | in_plan | with_plan) - {*table.known.kept}, insiders
    )
    return table.frame, _marked(result, table, chosen, policy)


def _read(result: Result, policy: Policy, own: pd.Series | None) -> _Table:
    frame = result.frame.reset_index(drop=True)
    small = _small(result, frame, policy)
    if own is not None:
        small.loc[own.to_numpy()] = False
    cells = [*cells_of(result, frame), *cells_of_its_own(result, frame)]
    of_reader = {cell.key for cell in cells if own is not None and own.iloc[cell.row]}
    marked = {name: small[name].to_numpy() for name in small}
    first = {cell.key for cell in cells if marked[cell.column][cell.row]}
    return _Table(
        frame, small, first, cells, of_reader, _known(result, frame, cells, policy, of_reader)
    )


def _marked(result: Result, table: _Table, chosen: Collection[str], policy: Policy) -> pd.DataFrame:
    """Return which cells of the table to hide: the small and the chosen, with what follows."""
    marks, place = table.small.to_numpy(copy=True), {name: i for i, name in enumerate(table.small)}
    for cell in table.cells:
        if cell.key in chosen:
            names = (cell.column, *_hidden_with(result, cell))
            marks[cell.row, [place[name] for name in names]] = True
    hidden = pd.DataFrame(marks, index=table.small.index, columns=table.small.columns)
    for count in result.counts:
        hidden.loc[publicly_known(result, table.frame, count, policy), count] = False
    return hidden


def _small(result: Result, frame: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    hidden = pd.DataFrame(False, index=frame.index, columns=frame.columns)
    for count, dependent in result.counts.items():
        small = too_small(result, frame, count, policy)
        for name in dependent:
            hidden[name] |= small
        hidden[count] |= small & ~publicly_known(result, frame, count, policy)
    return hidden


def _known(
    result: Result, frame: pd.DataFrame, cells: Sequence[Cell], policy: Policy, own: set[str]
) -> Known:
    coarser = result.counted.coarser if result.counted else {}
    values = {cell.key: cell.value for cell in cells}
    quotas = printed_quotas(result, cells, policy)
    return Known(
        values=values,
        sums=sums_of(plainest(cells, coarser), values, coarser),
        cost={cell.key: (cell.total, cell.cost) for cell in reversed(cells)},
        tied=tied(result, cells),
        threshold=policy.threshold,
        kept=public_keys(result, frame, cells, policy) | own,
        quotas=quotas,
        printed=printed_parts(result, policy),
        alone={whole for _, whole in quotas},
    )


def public_keys(
    result: Result, frame: pd.DataFrame, cells: Iterable[Cell], policy: Policy
) -> set[str]:
    """Return the cells that everyone knows: they are never hidden, and known to every reader."""
    known = {count: publicly_known(result, frame, count, policy) for count in result.counts}
    return {cell.key for cell in cells if cell.row in frame.index and known[cell.column][cell.row]}


def printed_quotas(result: Result, cells: Iterable[Cell], policy: Policy) -> set[tuple[str, str]]:
    """Return numerators with their denominators, where the policy prints what one leaves."""
    if not policy.quotas_printed:
        return set()
    place = _by_place(cells)
    return {
        (place[row, part], place[row, whole])
        for part, whole in result.quotas.items()
        for row, column in place
        if column == part and (row, whole) in place
    }


def printed_parts(result: Result, policy: Policy) -> set[tuple[str, str]]:
    """Return other parts with their wholes, where the policy prints what one leaves."""
    pairs = result.counted.printed if result.counted and policy.quotas_printed else ()
    return {(key_of(*part), key_of(*whole)) for part, whole in pairs}


def tied(result: Result, cells: Iterable[Cell]) -> dict[str, set[str]]:
    """Return for each cell those of its row that are hidden with it."""
    cells = list(cells)
    place = _by_place(cells)
    found: dict[str, set[str]] = {}
    for cell in cells:
        others = {(cell.row, column) for column in _hidden_with(result, cell)} & place.keys()
        found.setdefault(cell.key, set()).update(place[other] for other in others)
    return found


def _by_place(cells: Iterable[Cell]) -> dict[tuple[int, str], str]:
    return {(cell.row, cell.column): cell.key for cell in cells}


def _hidden_with(result: Result, cell: Cell) -> tuple[str, ...]:
    """Return the columns that would give a count back; an estimate does not tell who is at risk."""
    restricted = result.counted.counts.get(cell.column) if result.counted else None
    at_risk = restricted is not None and restricted.time == "from"
    return () if at_risk else result.counts[cell.column]
