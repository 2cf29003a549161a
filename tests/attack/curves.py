"""Curves and values at fixed times, turned back into who had the event, who left and who was there.

A day is a dimension like any other: a number at risk counts those whose follow-up ends on that day
or later, the events of a step those whose follow-up ends in it, with the event.
"""

import math
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from attack.cells import EVER, Cell, Knowledge, Levels, Span, cell, narrowed
from attack.codebook import DAYS, END, Timed
from attack.read import HIDDEN, Table, decimals, number
from attack.rules import Rules

Z = 1.959964
ALL = "all"


def learn_times(known: Knowledge, table: Table, timed: Timed, rules: Rules) -> None:
    """Add the cells of a curve or of a table at fixed times."""
    for (stratum, cause), rows in _parts(table):
        fixed = dict(timed.fixed)
        if stratum != ALL and timed.stratum:
            fixed = narrowed(fixed, timed.stratum, frozenset({stratum}))
        events = frozenset({cause} if cause else timed.events)
        others = frozenset({*timed.events, *timed.rest}) - events if timed.rest else frozenset()
        person = _Followed(timed.base, fixed, events, others)
        learn = _learn_curve if timed.curve else _learn_values
        learn(known, table, person, rows, rules)
    if timed.curve and timed.causes and rules.rounding_base == 1:
        _learn_incidences(known, table, timed)


@dataclass(frozen=True)
class _Followed:
    """The persons of one curve: base and box, which ends are the event, and which are not."""

    base: str
    fixed: Mapping[str, Levels]
    events: frozenset[str]
    rest: frozenset[str]

    def between(self, first: int, last: int = EVER, ends: frozenset[str] | None = None) -> Cell:
        """Return those whose follow-up ends from one day to another, for one of some reasons."""
        box = dict(self.fixed) | ({END: ends} if ends else {})
        return cell(
            self.base, box if (first, last) == (1, EVER) else box | {DAYS: Span(first, last)}
        )


def _parts(table: Table) -> Iterator[tuple[tuple[str, str], list[dict[str, str]]]]:
    groups = defaultdict(list)
    for row in table.rows:
        groups[row.get("stratum", ALL), row.get("cause", "")].append(row)
    yield from groups.items()


def _learn_curve(known, table: Table, person: _Followed, rows, rules: Rules) -> None:
    before, step_from, steps = 0, 1, []
    for row in rows:
        day = int(float(row["time_days"]))
        if "n_at_risk" in row:
            rules.learn(known, person.between(before + 1), table, row, "n_at_risk")
        # A row inside a step tells who is at risk there; its events stand at the end of the step.
        if row["n_events"] != HIDDEN:
            steps.append(person.between(step_from, day, person.events))
            rules.learn(known, steps[-1], table, row, "n_events")
            _learn_censored(known, table, person, row, step_from, day, rules)
            step_from = day + 1
        before = day
    if rows:
        steps.append(person.between(step_from, EVER, person.events))
        known.whole(person.between(1, EVER, person.events), steps)


def _learn_censored(known, table, person: _Followed, row, first: int, last: int, rules) -> None:
    if "n_censored" in row and person.rest:
        rules.learn(known, person.between(first, last, person.rest), table, row, "n_censored")
        _divided(known, person, first, last)


def _divided(known: Knowledge, person: _Followed, first: int, last: int) -> None:
    """Whoever leaves has the event or not."""
    ends = [person.between(first, last, each) for each in (person.events, person.rest) if each]
    known.whole(person.between(first, last), ends)


def _learn_values(known, table: Table, person: _Followed, rows, rules: Rules) -> None:
    for row in rows:
        day = int(float(row["time_days"]))
        rules.learn(known, person.between(1, day, person.events), table, row, "n_events")
        rules.learn(known, person.between(day), table, row, "n_at_risk")
        known.whole(person.between(1), [person.between(1, day - 1), person.between(day)])
        if person.rest:
            _divided(known, person, 1, day)


# --- incidences without numbers at risk -----------------------------------------------------------


def _learn_incidences(known: Knowledge, table: Table, timed: Timed) -> None:
    """Bound the numbers at risk by the rise of an incidence: the sum of S(t-) d(t) / n(t)."""
    by_stratum: dict[str, dict[str, list[dict[str, str]]]] = defaultdict(dict)
    for (stratum, cause), rows in _parts(table):
        by_stratum[stratum][cause] = rows
    for stratum, curves in by_stratum.items():
        fixed = dict(timed.fixed)
        if stratum != ALL and timed.stratum:
            fixed = narrowed(fixed, timed.stratum, frozenset({stratum}))
        drawn = {cause: _drawn(rows) for cause, rows in curves.items()}
        for cause, rows in curves.items():
            person = _Followed(timed.base, fixed, frozenset({cause}), frozenset())
            unit = 0.5 * 10.0 ** -max((decimals(row["estimate"]) for row in rows), default=0)
            _learn_rises(known, person, rows, unit, drawn)


def _learn_rises(known, person: _Followed, rows, unit: float, curves) -> None:
    start, before = 1, 0.0
    for row in rows:
        day, events, after = (number(row[name]) for name in ("time_days", "n_events", "estimate"))
        if events is None or after is None:
            continue
        most, least = after - before + 2 * unit, max(after - before - 2 * unit, 0.0)
        lived, lives = _alive(curves, start - 1, unit)[1], _alive(curves, int(day), unit)[0]
        known.form({person.between(start): most}, lives * events - 1e-9, math.inf)
        known.form({person.between(int(day)): least}, -math.inf, lived * events + 1e-9)
        start, before = int(day) + 1, after


def _alive(curves, day: int, unit: float) -> tuple[float, float]:
    """Return bounds of the share without any event after a day."""
    low = high = 1.0
    for days, shares in curves.values():
        past, later = bisect_right(days, day), bisect_left(days, day)
        high -= (shares[past - 1] if past else 0.0) - unit
        low -= (shares[later] if later < len(days) else 1.0) + unit
    return max(low, 0.0), min(high, 1.0)


def _drawn(rows) -> tuple[list[float], list[float]]:
    told = [row for row in rows if number(row["estimate"]) is not None]
    return [number(row["time_days"]) for row in told], [number(row["estimate"]) for row in told]


# --- survival curves, from estimate and limits alone ----------------------------------------------


@dataclass(frozen=True)
class Step:
    """What the drawn curve tells of one step: bounds of its events and of the number at risk."""

    day: int
    events: tuple[float, float]
    at_risk: tuple[float, float]


def invert_survival(rows: list[Mapping[str, str]], unit: float = 0.5e-4) -> list[Step]:
    """Return events and numbers at risk of each step of a survival curve with log-log limits.

    From the fall of S comes d / n, from the widening of the limits d / (n (n - d)). Steps whose
    printed digits leave everything possible have open bounds.
    """
    known = [row for row in rows if number(row["estimate"]) is not None]
    places = [(0, (1.0, 1.0), (0.0, 0.0))]
    for row in known:
        share = number(row["estimate"])
        around = max(share - unit, 1e-9), min(share + unit, 1.0)
        places.append((int(float(row["time_days"])), around, _variance(row, share, unit)))
    return [_step(before, after) for before, after in pairwise(places)]


def _variance(row: Mapping[str, str], share: float, unit: float) -> tuple[float, float]:
    """Return bounds of the sum of d / (n (n - d)), from whichever limit is told."""
    limits = [number(row[name]) for name in ("lower", "upper")]
    if None in limits or not unit < share < 1 - unit:
        return 0.0, math.inf
    low, high = 0.0, math.inf
    for limit in limits:
        spread = [
            _variance_of(share + one, limit + other)
            for one in (-unit, unit)
            for other in (-unit, unit)
        ]
        low, high = max(low, min(spread)), min(high, max(spread))
    return low, high


def _variance_of(share: float, limit: float) -> float:
    if not 0 < limit < 1 or not 0 < share < 1:
        return math.inf if limit <= 0 else 0.0
    width = math.log(-math.log(limit)) - math.log(-math.log(share))
    return (width * math.log(share) / Z) ** 2


def _step(before, after) -> Step:
    (_, (low_0, high_0), (least_0, most_0)), (day, (low_1, high_1), (least_1, most_1)) = (
        before,
        after,
    )
    q = max(1 - high_1 / low_0, 0.0), max(1 - low_1 / high_0, 0.0)
    v = max(least_1 - most_0, 0.0), max(most_1 - least_0, 0.0)
    # q = d / n and v = d / (n (n - d)) give n = q / (v (1 - q)) and d = q n.
    fewest = q[0] / (v[1] * (1 - q[0])) if v[1] and q[0] < 1 else 0.0
    most = q[1] / (v[0] * (1 - q[1])) if v[0] and q[1] < 1 else math.inf
    return Step(day, (q[0] * fewest, q[1] * most), (fewest, most))
