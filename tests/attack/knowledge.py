"""From the files of a release to what the attacker knows of its cells."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import combinations

from attack.cells import EVER, Cell, Knowledge, Levels, Span, as_levels, cell, narrowed
from attack.codebook import COARSE, ORDERED, SAME, Codebook, Entry, codebook
from attack.curves import learn_times
from attack.inverses import learn_inverses
from attack.manifest import dictionary, learn_said
from attack.read import Run, Table
from attack.rules import ALL, RULES, Rules, whole_of


def learn(run: Run) -> Knowledge:
    """Return what all tables of a run say together, by the manifest and by the codebook alike."""
    known, rules = Knowledge(), RULES[run.policy]
    year = int(run.manifest["report_year"])
    book, words = codebook(year), dictionary(run)
    for table in run.tables.values():
        said = learn_said(known, table, words, rules)
        written = learn_written(known, table, book, year, rules)
        for cells in (said, written):
            learn_inverses(known, table, cells)
            learn_rests(known, table, cells, rules)
        for place in said.keys() & written.keys():
            known.whole(said[place], [written[place]])
    return known


def learn_written(
    known: Knowledge, table: Table, book: Codebook, year: int, rules: Rules
) -> dict[tuple[int, str], Cell]:
    """Add what the codebook knows of one table; return its cells by row and column of counts."""
    written = {}
    for entry in book.entries.get(table.id, ()):
        written |= learn_table(known, table, entry, rules)
    if table.id in book.attritions:
        written |= learn_attrition(known, table, *book.attritions[table.id], year, rules)
    if table.id in book.rows:
        learn_row(known, table, *book.rows[table.id], rules)
    if table.id in book.times:
        learn_times(known, table, book.times[table.id], rules)
    return written


def learn_row(known: Knowledge, table: Table, column: str, level: str, who: Cell, rules: Rules):
    """Add the row of a table whose persons other tables count too."""
    for row in table.rows:
        if row[column] == level:
            rules.learn(known, who, table, row, "n")


def learn_rests(known: Knowledge, table: Table, cells: Mapping, rules: Rules) -> None:
    """Name what parts leave of their wholes: no table counts them, but they are persons too."""
    for (row, count), part in cells.items():
        whole = cells.get((row, whole_of(count, table)))
        if whole and whole != part and not rules.quotas_printed:
            rest = Cell(whole.base, whole.box | {(f"not {part}", frozenset({"yes"}))})
            known.whole(whole, [part, rest])


def learn_table(known: Knowledge, table: Table, entry: Entry, rules: Rules) -> dict:
    """Add the counts of one table, how they add up, and what shares tell; return the cells."""
    cells = {}
    for count, (columns, also) in entry.counts.items():
        if count not in table.columns:
            continue
        fixed = entry.fixed
        for dimension, levels in also.items():
            fixed = narrowed(fixed, dimension, levels)
        columns = [column for column in columns if column in table.columns]
        for place, row in enumerate(table.rows):
            each = _cell_of(row, entry, columns, fixed)
            cells[place, count] = each
            rules.learn(known, each, table, row, count)
        _learn_sums(known, table, entry, columns, fixed)
    return cells


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
    known: Knowledge,
    table: Table,
    base: str,
    fixed: Mapping[str, Levels],
    year: int,
    rules: Rules,
) -> dict:
    """Add who is excluded step by step: each step divides those still in."""
    cells, box = {}, dict(fixed)
    for place, row in enumerate(table.rows):
        step = row["step"]
        here = cell(base, box)
        if step not in (ALL, "included"):
            whole, (dimension, kept, out) = here, _step(step, table.id, year)
            here = cell(base, narrowed(box, dimension, out))
            box = narrowed(box, dimension, kept)
            known.whole(whole, [here, cell(base, box)])
        cells[place, "n"] = here
        rules.learn(known, here, table, row, "n")
    return cells


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
