"""The nouns that travel from an extract to a page: Cohort, Result, Released.

A `Cohort` says who is studied, a `Result` what was computed, a `Released` what may be shown. The
first two show no numbers; only the gate (`msanalysis.release`) makes a `Released`. This module
imports nothing of ours.
"""

import copyreg
import functools
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import pandas as pd

Shape = Literal["table", "curve", "flow", "points"]
MISSING = "missing"
"""The level of persons whose value is missing."""

KNOWN = " known"
"""Ends the name of a dimension with the levels yes and no: who has a value in a column."""

FOLLOW_UP = "follow_up_days"
Again = Callable[[pd.DataFrame, Mapping[str, Any]], pd.DataFrame]
ALL = "all"
"""The level of a dimension that is the sum of all its other levels."""

# What holds a read-only mapping (settings, boxes) is pickled with a plain one.
copyreg.pickle(MappingProxyType, lambda mapping: (dict, (dict(mapping),)))


@dataclass(frozen=True)
class Provenance:
    """Where the numbers come from: enough to repeat them, and to stamp what is invented."""

    source: Literal["registry", "project", "synthetic"]
    fingerprint: str
    status_date: date
    data_cutoff: date


@dataclass(frozen=True)
class Except:
    """All levels of a dimension but these."""

    levels: tuple[str, ...]


Levels = tuple[str, ...] | Except
_OPPOSITE = {("yes",): ("no",), ("no",): ("yes",)}
Box = Mapping[str, Levels]
"""The levels that some dimensions are held to; a dimension that is not named is not restricted."""

BaseBox = tuple[str, Box]
"""A base set of persons and what they are held to."""


def level_code(value: Any) -> str:
    """Return a value of a column as the code of a level (`2024`, `true`, `missing`)."""
    if pd.isna(value):
        return MISSING
    if isinstance(value, bool | np.bool_):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def all_but(levels: Levels) -> Levels:
    """Return the other levels of the dimension."""
    if isinstance(levels, Except):
        return levels.levels
    return _OPPOSITE.get(levels, Except(levels))


@dataclass(frozen=True)
class Restriction:
    """How one column of counts is cut out of its population.

    Attributes
    ----------
    columns
        The columns of the table whose level in a row restricts the count (`all`: not).
    also
        What holds in every row besides.
    time, time_column, time_dimension
        Where a column of days restricts it too, which, and how: `until` (left by that day),
        `from` (not left before it), `during` (left in the step that ends there), or `after` (not
        left before that step begins).
    """

    columns: tuple[str, ...] = ()
    also: Box = field(default_factory=dict)
    time: str = ""
    time_column: str = ""
    time_dimension: str = ""


@dataclass(frozen=True)
class Counted:
    """Whom the counts of a table count, so that tables of a run can be compared cell by cell.

    Attributes
    ----------
    base, fixed
        The population: a base set of persons, and the levels it is held to.
    coarser
        Dimension -> coarser dimension -> the coarser level of each level.
    columns
        Columns of the table that divide persons, and the dimension of each; one that is
        another column of the table names the dimension row by row; of flows, those of all steps.
    counts
        Columns of counts; one that is left out cannot be compared.
    rows
        What holds in each row besides, where rows differ in more than their levels.
    cells
        Column of counts -> base and box of each row, where rows are of different populations;
        `columns`, `counts` and `rows` then say nothing.
    printed
        Parts, each with its whole, both of which the registry prints: what the part leaves may
        be known where quotas are printed, though the part is held to the threshold.
    """

    base: str
    fixed: Box = field(default_factory=dict)
    coarser: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)
    columns: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    counts: Mapping[str, Restriction] = field(default_factory=dict)
    rows: tuple[Box, ...] = ()
    cells: Mapping[str, tuple[BaseBox, ...]] = field(default_factory=dict)
    printed: tuple[tuple[BaseBox, BaseBox], ...] = ()


@dataclass(frozen=True, repr=False)
class Cohort:
    """Who is studied: one row a person, and how they were chosen.

    Attributes
    ----------
    name
        Code of the population; what its counts count.
    frame
        One row a person. `follow_up_days` (whole days from time zero) and `end_reason` (code)
        are there in every cohort with follow-up; `entry_days` where persons come under
        observation after time zero.
    exclusions
        One row an exclusion, in order: `step` (a text with the parameter in it), `n`, and the
        `dimension` of `fixed` that is held to its levels by it.
    provenance
        The extract's.
    not_delivered
        Columns the cohort would have had, had the extract held them.
    base
        The set of persons it was chosen from (its own name where that is of no other cohort).
    fixed
        The levels its persons are held to.
    dimensions
        Columns whose dimension has another name, because cohorts of the base differ in it; and
        dimensions `column known` of those who have a value in another column just then.
    coarser
        As in `Counted`.
    asked
        Column of an indicator or a measure -> base and box of those who count in it.
    """

    name: str
    frame: pd.DataFrame
    exclusions: pd.DataFrame
    provenance: Provenance
    not_delivered: tuple[str, ...] = ()
    base: str = ""
    fixed: Box = field(default_factory=dict)
    dimensions: Mapping[str, str] = field(default_factory=dict)
    coarser: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)
    asked: Mapping[str, BaseBox] = field(default_factory=dict)

    @property
    def attrition(self) -> "Result":
        """One row an exclusion, between everyone (`all`) and who is `included`.

        Whoever a step excludes passed those before it; the last row is the cohort.
        """
        included = len(self.frame)
        excluded = self.exclusions[["step", "n"]]
        ends = pd.DataFrame(
            {"step": [ALL, "included"], "n": [excluded["n"].sum() + included, included]}
        )
        rows = pd.concat([ends[:1], excluded, ends[1:]], ignore_index=True)
        return Result(
            statistic="attrition",
            shape="table",
            frame=rows.astype({"n": "int64"}),
            counts={"n": ()},
            dimension="step",
            population=self.name,
            n_persons=included,
            settings={},
            provenance=self.provenance,
            counted=Counted(
                base=self.base or self.name,
                counts={"n": Restriction()},
                rows=tuple(self._boxes()),
            ),
        )

    def _boxes(self) -> Iterator[Box]:
        """Yield the box of everyone, of who is excluded by each step, and of who is left."""
        steps = self.exclusions.get("dimension", self.exclusions["step"])
        kept = {name: levels for name, levels in self.fixed.items() if name not in set(steps)}
        yield kept
        for name in steps:
            levels = self.fixed.get(name, ("no",))
            yield kept | {name: all_but(levels)}
            kept = kept | {name: levels}
        yield kept

    def __repr__(self) -> str:
        return f"Cohort({self.name!r}): release(cohort.attrition) shows who is in it"


@dataclass(frozen=True, repr=False, eq=False)
class Result:
    """What a statistic returns: a small tidy table that has not passed the gate.

    Attributes
    ----------
    counts
        Columns that count persons, each with the columns computed from it: where the count is
        hidden, they are hidden with it.
    dimension
        The column whose level `all` is the sum of its other levels; empty where there is none.
    n_persons
        Persons in the cohort it was computed from.
    settings
        The arguments of the call that made it, defaults included.
    counted
        Whom the counts count; None: a set of persons of its own, divided by the columns of text.
    quotas
        Numerators, each with its denominator: those of a quota, which the registry prints with
        its n (21 of 40), not those of a breakdown of persons by the levels of a column.
    behind
        Columns that tell how much stands behind estimates, each with these: persons beyond a
        quantile, in the smallest level of a model or at risk, or `residual_degrees`. The gate
        hides the estimates of too little; what is no count of `counts` does not leave.
    again
        Function of a table and the settings that computes anew the columns that follow from the
        counts alone, for a gate that rounds the counts; None where nothing does.
    """

    statistic: str
    shape: Shape
    frame: pd.DataFrame
    counts: Mapping[str, tuple[str, ...]]
    population: str
    n_persons: int
    settings: Mapping[str, Any]
    provenance: Provenance
    dimension: str = ""
    counted: Counted | None = None
    quotas: Mapping[str, str] = field(default_factory=dict)
    behind: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    again: Again | None = None

    def __repr__(self) -> str:
        return f"Result({self.statistic!r}, {self.population!r}): release(result) shows it"


@dataclass(frozen=True, repr=False)
class Released:
    """A Result that has passed the gate: the only thing that is shown, drawn or written.

    Attributes
    ----------
    frame
        The rounded table. A hidden cell is missing here and true in `hidden`; a cell that is
        missing here and false in `hidden` has no value (a median that is not reached).
    hidden
        Same shape as `frame`: which cells the gate hides.
    n_persons
        Persons in the cohort; None where they are too few to say.
    policy
        Name of the policy it passed under.
    counted
        Whom the counts count, row by row as they are shown.
    own_unit
        The trust whose numbers stand in full, for that trust alone; empty in all that is shown
        to others.
    n_hidden_first
        Counts hidden for themselves, the others being hidden for their sake: not to be shown.
    """

    statistic: str
    shape: Shape
    frame: pd.DataFrame
    hidden: pd.DataFrame
    counts: Mapping[str, tuple[str, ...]]
    population: str
    n_persons: int | None
    settings: Mapping[str, Any]
    provenance: Provenance
    policy: str
    counted: Counted | None = None
    own_unit: str = ""
    n_hidden_first: int = 0

    def __repr__(self) -> str:
        return self._marked().to_string(index=False)

    def _repr_html_(self) -> str:
        return self._marked().to_html(index=False, border=0, max_rows=40)

    def _marked(self) -> pd.DataFrame:
        return self.frame.astype(object).mask(self.hidden, "hidden")


CellsOf = Callable[[Cohort, pd.DataFrame, Mapping[str, Any]], Mapping[str, Any]]


def statistic(
    *,
    shape: Shape,
    counts: Mapping[str, tuple[str, ...]],
    dimension: str = "",
    columns: Mapping[str, str] = MappingProxyType({}),
    cells: Mapping[str, tuple[str, ...]] | CellsOf = MappingProxyType({}),
    quotas: Mapping[str, str] = MappingProxyType({}),
    behind: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
    again: Again | None = None,
) -> Callable[[Callable[..., pd.DataFrame]], Callable[..., Result]]:
    """Turn a function (frame in, tidy table out) into one that takes a Cohort and gives a Result.

    `columns` gives for columns of the table the dimension they show, `cells` for each count what
    restricts it: a column of the table; `dimension=level` (or `dimension!level`) for what holds in
    every row; `known name` for who has a value; `until`, `from`, `during` or `after` and a column
    of days. A word that is a setting's name stands for the setting's value, any other for itself.
    Where rows are of different populations `cells` is a function of cohort, table and settings
    that returns `cells` and `printed` of `Counted`.

    The settings are recorded from the call itself. A column the extract does not hold (`by`,
    `column`, `entry_days` or one of `columns` is one of the cohort's `not_delivered`) gives an
    empty table, not an error: the figure names the gap.
    """

    def decorate(function: Callable[..., pd.DataFrame]) -> Callable[..., Result]:
        @functools.wraps(function)
        def call(cohort: Cohort, **settings: Any) -> Result:
            if not isinstance(cohort, Cohort):
                raise TypeError(
                    f"{function.__name__} takes a Cohort, not a {type(cohort).__name__}: "
                    "build one with a function of msanalysis.cohorts"
                )
            bound = bind(function, cohort.frame, **settings)
            bound.apply_defaults()
            recorded = dict(list(bound.arguments.items())[1:])
            frame = cohort.frame
            for column in _columns_asked_for(recorded) & set(cohort.not_delivered):
                frame = frame.iloc[:0].assign(**{column: pd.Series(dtype="float64")})
            table = function(frame, **recorded)
            words = {} if callable(cells) else cells
            counted = _counted(cohort, recorded, columns, words)
            if callable(cells):
                counted = replace(counted, **cells(cohort, table, recorded))
            return Result(
                statistic=function.__name__.split("_", 1)[1],
                shape=shape,
                frame=table,
                counts=MappingProxyType(dict(counts)),
                dimension=dimension,
                population=cohort.name,
                n_persons=len(frame),
                settings=MappingProxyType(recorded),
                provenance=cohort.provenance,
                counted=counted,
                quotas=quotas,
                behind=behind,
                again=again,
            )

        return call

    return decorate


def bind(function: Callable, *given: Any, **settings: Any) -> inspect.BoundArguments:
    """Return what a call would give to each parameter; TypeError that names those there are."""
    signature = inspect.signature(function)
    try:
        return signature.bind(*given, **settings)
    except TypeError as error:
        known = ", ".join(list(signature.parameters)[1:])
        raise TypeError(f"{function.__name__}(): {error}; it takes {known}") from None


def _counted(
    cohort: Cohort,
    settings: Mapping[str, Any],
    columns: Mapping[str, str],
    cells: Mapping[str, tuple[str, ...]],
) -> Counted:
    def dimension(word: str) -> str | tuple[str, ...] | None:
        name = settings.get(word, word)
        if name is None or isinstance(name, str):
            return cohort.dimensions.get(name, name)
        return tuple(cohort.dimensions.get(each, each) for each in name)

    def known(word: str) -> str | None:
        own = f"{settings.get(word, word)}{KNOWN}"
        return cohort.dimensions.get(own, f"{dimension(word)}{KNOWN}") if dimension(word) else None

    named = {column: dimension(word) for column, word in columns.items()}
    counts = {
        name: _restriction(words, settings, dimension, known) for name, words in cells.items()
    }
    if settings.get("delayed_entry"):
        # Who is at risk has entered too, which no dimension tells.
        counts = {name: each for name, each in counts.items() if each.time not in _AT_RISK}
    return Counted(
        base=cohort.base or cohort.name,
        fixed=cohort.fixed,
        coarser=cohort.coarser,
        columns={column: name for column, name in named.items() if name is not None},
        counts=counts,
    )


_AT_RISK = ("from", "after")
_TIMES = ("until", "during", *_AT_RISK)


def _restriction(
    words: tuple[str, ...],
    settings: Mapping[str, Any],
    dimension: Callable[[str], str | None],
    known: Callable[[str], str | None],
) -> Restriction:
    """Read what restricts a count; see `statistic`."""
    columns, also, time = [], {}, {}
    for word in words:
        first, _, last = word.partition(" ")
        name, equal, level = re.fullmatch(r"(\w*)([=!]?)(.*)", word).groups()
        if first in _TIMES and last:
            time = {"time": first, "time_column": last, "time_dimension": dimension(FOLLOW_UP)}
        elif first == "known":
            also |= {known(last): ("yes",)} if known(last) else {}
        elif equal:
            levels = settings.get(level, level)
            levels = (levels,) if isinstance(levels, str) else tuple(map(str, levels))
            also[dimension(name)] = levels if equal == "=" else Except(levels)
        else:
            columns.append(word)
    return Restriction(tuple(columns), also, **time)


def _columns_asked_for(settings: Mapping[str, Any]) -> set[str]:
    named = {settings[name] for name in ("by", "column") if settings.get(name)}
    named |= {*settings.get("columns", ())}
    return named | ({"entry_days"} if settings.get("delayed_entry") else set())
