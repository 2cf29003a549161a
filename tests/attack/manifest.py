"""What the manifest says its tables count, read as cells: population, dimensions, times."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from attack.cells import EVER, Box, Cell, Knowledge, Levels, Span, cell, narrowed
from attack.read import HIDDEN, NO_VALUE, Run, Table
from attack.rules import ALL, Rules

ELSE = "*"
"""Stands for all levels of a dimension that no file names."""
_MODELS = ("trend", "model", "ratio", "interruption")
"""Statistics without a row where a model cannot be fitted: their rows need not be everyone."""
_IN_SEVERAL = ("ripening",)
"""Statistics whose levels share persons, who are asked by several indicators in every week."""
_OTHER_PERIODS = "natalizumab_interruption"
"""Tables whose periods are not those of the same name in other tables: months, not quarters."""
YES_OR_NO = frozenset({"yes", "no"})


@dataclass
class Dictionary:
    """All levels that the files name by dimension, and which level decides which coarser one."""

    levels: dict[str, set[str]]
    coarser: dict[tuple[str, str], dict[str, str]]

    def read(self, dimension: str, said: Any) -> frozenset[str]:
        """Return levels as the manifest lists them; `except` is all others there can be."""
        if isinstance(said, dict):
            everything = self.levels[dimension] | {ELSE}
            everything = YES_OR_NO if set(said["except"]) <= YES_OR_NO else everything
            return frozenset(everything - set(said["except"]))
        return frozenset(said)

    def box(self, said: Mapping[str, Any]) -> dict[str, Levels]:
        return {name: self.read(name, levels) for name, levels in said.items()}

    def plain(self, box: Mapping[str, Levels]) -> dict[str, Levels]:
        """Return the box without what its finer dimensions say already."""
        follows = {
            coarse
            for fine, coarse in self.coarser
            if fine in box and coarse in box and self._decides(fine, box[fine], coarse, box[coarse])
        }
        return {name: levels for name, levels in box.items() if name not in follows}

    def _decides(self, fine: str, held: Levels, coarse: str, levels: Levels) -> bool:
        known = self.coarser[fine, coarse]
        return isinstance(held, frozenset) and all(known.get(each) in levels for each in held)


def dictionary(run: Run) -> Dictionary:
    """Collect levels and coarser levels over all tables of a run."""
    found = Dictionary(defaultdict(set), defaultdict(dict))
    for table in run.tables.values():
        boxes = [table.said.get("population", {}).get("fixed", {}), *table.said.get("rows", ())]
        boxes += [box for told in table.said.get("cells", {}).values() for _, box in told]
        boxes += [count.get("also", {}) for count in table.said.get("counts", {}).values()]
        for box in boxes:
            for name, levels in box.items():
                found.levels[name] |= set(levels["except"] if isinstance(levels, dict) else levels)
        for column, name in _columns(table):
            found.levels[name] |= set(table.column(column)) - {ALL}
        for fine, of in table.said.get("coarser", {}).items():
            for coarse, levels in of.items():
                found.coarser[fine, coarse] |= levels
    return found


def _columns(table: Table) -> Iterator[tuple[str, str]]:
    for column, name in table.said.get("dimensions", {}).items():
        by_row = name in table.columns and name != column
        if isinstance(name, str) and column in table.columns and not by_row:
            yield column, name


def learn_said(known: Knowledge, table: Table, words: Dictionary, rules: Rules) -> dict:
    """Add the cells of one table; return them by row and column of counts."""
    said, cells = table.said, {}
    compared = "base" in said.get("population", {}) and not table.id.startswith(_OTHER_PERIODS)
    for count, restricted in said.get("counts", {}).items() if compared else ():
        if "dimensions" in restricted and count in table.columns:
            reader = _Reader(table, words, count, restricted)
            cells |= {(row, count): each for row, each in reader.cells.items()}
            reader.learn_sums(known)
    for count in said.get("cells", {}) if compared else ():
        told = _told(table, words, count)
        cells |= {(row, count): each for row, each in enumerate(told)}
        _learn_units(known, table, words, told)
    for count in said.get("counts", {}):
        for row in range(len(table.rows)) if count in table.columns else ():
            # Of whom the files do not say whom it counts, it counts persons of its own.
            apart = cell(f"{table.id}.{count}", {"row": frozenset({str(row)})})
            rules.learn(known, cells.get((row, count), apart), table, table.rows[row], count)
    if compared and said.get("n_persons") is not None:
        size = {"n_persons": str(said["n_persons"])}
        rules.learn(known, _everyone(table, words), table, size, "n_persons")
    return cells


def _everyone(table: Table, words: Dictionary) -> Cell:
    """Return the cell of the population: in an attrition, of whom the last step leaves."""
    population, rows = table.said["population"], table.said.get("rows", ())
    steps = rows and table.rows[-1].get("step") == "included"
    return cell(
        population["base"], words.plain(words.box(rows[-1] if steps else population["fixed"]))
    )


def _told(table: Table, words: Dictionary, count: str) -> list[Cell]:
    """Return the cell of each row, where rows are of different populations."""
    fixed = words.box(table.said["population"]["fixed"])
    return [
        cell(base, words.plain(fixed | words.box(box))) for base, box in table.said["cells"][count]
    ]


def _learn_units(known: Knowledge, table: Table, words: Dictionary, told: list[Cell]) -> None:
    """The units, or strata, make up everyone, and the trusts of a region that region."""
    wholes: dict[tuple[Cell, str], set[Cell]] = defaultdict(set)
    for row, each in zip(table.rows, told, strict=True):
        level = frozenset({row.get("unit", row.get("stratum", ALL))})
        for name in [name for name, levels in each.box if levels == level]:
            box = {other: levels for other, levels in each.box if other != name}
            wholes[cell(each.base, box), name].add(each)
            for coarse, levels in table.said["coarser"].get(name, {}).items():
                within = box | {coarse: frozenset({levels[part] for part in level})}
                wholes[cell(each.base, words.plain(within)), name].add(each)
    for (whole, _), parts in wholes.items():
        known.whole(whole, parts)


class _Reader:
    """One column of counts: the cell of each row."""

    def __init__(self, table: Table, words: Dictionary, count: str, restricted: Mapping[str, Any]):
        self.table, self.words, self.count = table, words, count
        population = table.said["population"]
        self.base = population["base"]
        self.also = words.box(restricted.get("also", {}))
        self.fixed = words.box(population["fixed"])
        for name, levels in self.also.items():
            self.fixed = narrowed(self.fixed, name, levels)
        self.columns = [each for each in restricted["dimensions"] if each in table.columns]
        self.time = restricted.get("time")
        self.spans = self._spans() if self.time else {}
        self.cells = {
            number: self.at(number, self.columns)
            for number in range(len(table.rows))
            if not self.time or number in self.spans
        }

    def at(self, number: int, columns: list[str], *, timed: bool = True) -> Cell:
        """Return the cell of a row restricted by some columns only."""
        row, box = self.table.rows[number], dict(self.fixed)
        for name, levels in self._own(number).items():
            box = narrowed(box, name, levels)
        for column in columns:
            name = self._dimension(column, row)
            if name and row[column] != ALL:
                box = narrowed(box, name, frozenset({row[column]}))
        if timed and number in self.spans and self.spans[number] != Span(1, EVER):
            box[self.time["dimension"]] = self.spans[number]
        return cell(self.base, self.words.plain(box))

    def _own(self, number: int) -> dict[str, Levels]:
        rows = self.table.said.get("rows") or []
        return self.words.box(rows[number]) if rows else {}

    def _dimension(self, column: str, row: Mapping[str, str]) -> str:
        name = self.table.said["dimensions"].get(column, "")
        return row[name] if name in self.table.columns and name != column else name

    def _groups(self) -> Iterator[list[int]]:
        """Yield the rows, in order, of each stratum and cause."""
        groups: dict[tuple[str, ...], list[int]] = defaultdict(list)
        keys = [name for name in ("stratum", "cause") if name in self.table.columns]
        for number, row in enumerate(self.table.rows):
            groups[tuple(row[name] for name in keys)].append(number)
        yield from groups.values()

    def _spans(self) -> dict[int, Span]:
        """Return the days each row counts: until, from, during (since the last) or after."""
        spans = {}
        for numbers in self._groups():
            before, step_from = 0, 1
            for number in numbers:
                row = self.table.rows[number]
                if row[self.time["column"]] in (HIDDEN, NO_VALUE):
                    continue
                day = int(float(row[self.time["column"]]))
                spans[number] = {
                    "until": Span(1, day),
                    "from": Span(day, EVER),
                    "during": Span(step_from, day),
                    "after": Span(before + 1, EVER),
                }[self.time["how"]]
                # A row inside a step tells who is at risk there; its events stand at the end.
                if self.time["how"] == "during" and row[self.count] == HIDDEN:
                    del spans[number]
                else:
                    step_from = day + 1
                before = day
        return spans

    def learn_sums(self, known: Knowledge) -> None:
        """Note which cells make up which."""
        if self.table.said.get("rows"):
            self._learn_steps(known)
        if self.time:
            self._learn_times(known)
        elif not self.table.said["statistic"].endswith(_MODELS + _IN_SEVERAL):
            self._learn_levels(known)

    def _learn_steps(self, known: Knowledge) -> None:
        """Each exclusion divides those still in."""
        for number, each in self.cells.items():
            own = self._own(number)
            if own and self.table.said["shape"] == "table":
                *before, (name, levels) = own.items()
                others = self.words.read(name, {"except": [*levels]})
                kept = cell(self.base, self.words.plain(dict(before) | {name: others}))
                known.whole(cell(self.base, self.words.plain(dict(before))), [each, kept])

    def _learn_levels(self, known: Knowledge) -> None:
        """The levels of each column make up the whole, and those of a coarser level that one."""
        for dropped in self.columns:
            for kept in _subsets([each for each in self.columns if each != dropped]):
                wholes: dict[tuple[Cell, str], set[Cell]] = defaultdict(set)
                for number, row in enumerate(self.table.rows):
                    if ALL not in [row[each] for each in (*kept, dropped)]:
                        part = self.at(number, [*kept, dropped])
                        for whole in self._wholes(number, kept, dropped, row):
                            wholes[whole, self._dimension(dropped, row)].add(part)
                for (whole, _), parts in wholes.items():
                    known.whole(whole, parts)

    def _wholes(self, number: int, kept: list[str], dropped: str, row) -> Iterator[Cell]:
        whole = self.at(number, kept)
        yield whole
        fine = self._dimension(dropped, row)
        for coarse, levels in self.table.said.get("coarser", {}).get(fine, {}).items():
            if row[dropped] in levels:
                box = narrowed(dict(whole.box), coarse, frozenset({levels[row[dropped]]}))
                yield cell(self.base, self.words.plain(box))

    def _learn_times(self, known: Knowledge) -> None:
        day = self.time["dimension"]
        for numbers in self._groups():
            held = [number for number in numbers if number in self.spans]
            if not held:
                continue
            whole = self.at(held[0], self.columns, timed=False)
            box = dict(whole.box)
            steps = [self.cells[number] for number in held]
            if self.time["how"] == "during":
                last = self.spans[held[-1]].last
                known.whole(whole, [*steps, cell(self.base, box | {day: Span(last + 1, EVER)})])
            else:
                for number in held:
                    self._learn_both_sides(known, whole, self.spans[number])
            for number in held:
                self._learn_other_ends(known, box, self.spans[number])

    def _learn_both_sides(self, known: Knowledge, whole: Cell, span: Span) -> None:
        edge = span.last + 1 if self.time["how"] == "until" else span.first
        sides = [Span(1, edge - 1), Span(edge, EVER)]
        day, box = self.time["dimension"], dict(whole.box)
        if edge > 1:
            known.whole(whole, [cell(self.base, box | {day: each}) for each in sides])

    def _learn_other_ends(self, known: Knowledge, box: dict[str, Levels], span: Span) -> None:
        """Whoever leaves in a stretch of time does so for this end or for another."""
        timed = box | ({self.time["dimension"]: span} if span != Span(1, EVER) else {})
        ends = {*self.also, *(self.table.said["dimensions"].get("cause", ""),)} & set(box)
        for name in ends:
            others = self.words.read(name, {"except": [*box[name]]})
            parts = [timed, timed | {name: others}]
            whole = {each: levels for each, levels in timed.items() if each != name}
            known.whole(
                cell(self.base, self.words.plain(whole)),
                [cell(self.base, self.words.plain(each)) for each in parts],
            )


def _subsets(columns: list[str]) -> Iterator[list[str]]:
    for number in range(2 ** len(columns)):
        yield [each for place, each in enumerate(columns) if number >> place & 1]


__all__ = ["Box", "Dictionary", "dictionary", "learn_said"]
