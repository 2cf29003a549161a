"""From the files of a release to what the attacker knows of its cells."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import combinations

from attack.cells import EVER, Cell, Knowledge, Levels, Span, as_levels, cell, narrowed
from attack.codebook import COARSE, ORDERED, SAME, Codebook, Entry, codebook
from attack.curves import learn_times
from attack.read import HIDDEN, Run, Table, number

ALL = "all"
SHARE_UNIT = 0.5e-4
"""Shares are rounded to four decimals, whatever trailing zeros are printed."""


def learn(run: Run, book: Codebook | None = None) -> Knowledge:
    """Return what all tables of a run say together."""
    known = Knowledge()
    year = int(run.manifest["report_year"])
    book = book or codebook(year)
    for id, table in run.tables.items():
        if id in book.entries:
            for entry in book.entries[id]:
                learn_table(known, table, entry)
        elif id in book.attritions:
            learn_attrition(known, table, *book.attritions[id], year)
        if id in book.times:
            learn_times(known, table, book.times[id])
    return known


def learn_table(known: Knowledge, table: Table, entry: Entry) -> None:
    """Add the counts of one table, how they add up, and what shares and rates tell of them."""
    for count, (columns, also) in entry.counts.items():
        if count not in table.columns:
            continue
        fixed = entry.fixed
        for dimension, levels in also.items():
            fixed = narrowed(fixed, dimension, levels)
        columns = [column for column in columns if column in table.columns]
        for row in table.rows:
            each = _cell_of(row, entry, columns, fixed)
            total = not columns or row[columns[-1]] == ALL
            _learn_count(known, each, row, count, f"{table.id}.{count}", total)
        _learn_sums(known, table, entry, columns, fixed)
    _learn_shares(known, table, entry)


def _learn_count(known, each: Cell, row, count: str, where: str, total: bool) -> None:
    value = number(row[count])
    if value is not None:
        known.bound(each, value, value)
    elif row[count] == HIDDEN:
        # Where all persons of a row are hidden, so is what is counted of them, zeros too.
        of = "denominator" if count == "n" and not total else "n" if count != "n" else ""
        unknown = row.get(of) == HIDDEN
        known.hide(each, where, at_least=0 if unknown else 1)


def _cell_of(row: Mapping[str, str], entry: Entry, columns: Iterable[str], fixed) -> Cell:
    box = dict(fixed)
    for column in columns:
        if column in row and row[column] != ALL:
            dimension, levels = level_of(entry.columns[column], row[column])
            box = narrowed(box, dimension, levels)
    return cell(entry.base, box)


def level_of(dimension: str, level: str) -> tuple[str, Levels]:
    """Return the dimension a column is a view of, and the levels of it that one word stands for."""
    coarse = COARSE.get(dimension, {})
    dimension = SAME.get(dimension, dimension)
    return dimension, coarse.get(level) or as_levels(level, dimension in ORDERED)


def _learn_sums(known: Knowledge, table: Table, entry: Entry, columns, fixed) -> None:
    """Note that the levels of a column make up the whole, for each level of the others."""
    for size in range(1, len(columns) + 1):
        for chosen in combinations(columns, size):
            for dropped in set(chosen) - set(entry.apart):
                _learn_whole(known, table, entry, chosen, dropped, fixed)


def _learn_whole(known, table, entry, columns, dropped: str, fixed) -> None:
    others = [column for column in columns if column != dropped]
    parts: dict[Cell, set[Cell]] = defaultdict(set)
    for row in table.rows:
        if ALL not in [row[column] for column in columns]:
            whole = _cell_of(row, entry, others, fixed)
            parts[whole].add(_cell_of(row, entry, columns, fixed))
    for whole, cells in parts.items():
        known.whole(whole, cells)


def _learn_shares(known: Knowledge, table: Table, entry: Entry) -> None:
    if not {"n", "denominator", "share"} <= set(table.columns):
        return
    for row in table.rows:
        share = number(row["share"])
        if share is None or not known_from_file(row):
            continue
        parts = [
            _cell_of(row, entry, entry.counts[name][0], entry.fixed)
            for name in ("n", "denominator")
        ]
        learn_share(known, *parts, share)


def known_from_file(row: Mapping[str, str]) -> bool:
    """Whether a row's share tells more than its counts, one of which is hidden."""
    return HIDDEN in (row["n"], row["denominator"])


def learn_share(known: Knowledge, part: Cell, whole: Cell, share: float) -> None:
    known.form({part: 1.0, whole: -(share + SHARE_UNIT)}, -float("inf"), 1e-9)
    known.form({part: 1.0, whole: -(share - SHARE_UNIT)}, -1e-9, float("inf"))


# --- who is excluded ------------------------------------------------------------------------------

_IN_AND_OUT = {
    "consented_without_data": ("data", "yes", "no"),
    "not_diagnosed_by": ("diagnosed", "by_status_date", "later"),
    "other_diagnosis": ("diagnosis", "ms", "other"),
    "no_onset_date": ("onset_known", "yes", "no"),
    "never_treated": ("treated", "yes", "no"),
}
_DATED = ("dead_by", "emigrated_by")


def learn_attrition(
    known: Knowledge, table: Table, base: str, fixed: Mapping[str, Levels], year: int
) -> None:
    """Add who is excluded step by step: each step divides those still in."""
    box = dict(fixed)
    for row in table.rows:
        step = row["step"]
        here = cell(base, box)
        if step not in (ALL, "included"):
            whole, (dimension, kept, out) = here, _step(step, table.id, year)
            here = cell(base, narrowed(box, dimension, out))
            box = narrowed(box, dimension, kept)
            known.whole(whole, [here, cell(base, box)])
        _learn_count(known, here, row, "n", f"{table.id}.n", True)


def _step(step: str, table: str, year: int) -> tuple[str, Levels, Levels]:
    """Return the dimension of a step, the levels that stay and those that go."""
    name, _, parameter = step.partition(" ")
    if name in _IN_AND_OUT:
        dimension, kept, out = _IN_AND_OUT[name]
        return dimension, frozenset({kept}), frozenset({out})
    if name in ("diagnosed_before", "onset_before"):
        first = int(parameter[:4])
        dimension = "diagnosis_year" if name == "diagnosed_before" else "onset_year"
        return dimension, Span(first, year), Span(-EVER, first - 1)
    if name == "diagnosed_from":
        first = int(parameter[:4])
        return "diagnosis_year", Span(-EVER, first - 1), Span(first, year)
    if name in _DATED and parameter.endswith("12-31"):
        return "alive", frozenset({"yes"}), frozenset({"no"})
    lines = "_lines" if table.startswith("treatment_lines") and name == "no_follow_up" else ""
    dated = f" {parameter}" if name in _DATED else ""
    return name + lines + dated, frozenset({"no"}), frozenset({"yes"})
