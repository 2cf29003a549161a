"""The nouns that travel from an extract to a page: Cohort, Result, Released.

A `Cohort` says who is studied, a `Result` what was computed, a `Released` what may be shown. The
first two show no numbers; only the gate (`msanalysis.release`) makes a `Released`. This module
imports nothing of ours.
"""

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, Literal

import pandas as pd

Shape = Literal["table", "curve", "flow", "points"]
ALL = "all"
"""The level of a dimension that is the sum of all its other levels."""


@dataclass(frozen=True)
class Provenance:
    """Where the numbers come from: enough to repeat them, and to stamp what is invented."""

    source: Literal["registry", "project", "synthetic"]
    fingerprint: str
    status_date: date
    data_cutoff: date


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
        One row an exclusion, in order: `step` (a text with the parameter in it) and `n`.
    provenance
        The extract's.
    not_delivered
        Columns the cohort would have had, had the extract held them.
    """

    name: str
    frame: pd.DataFrame
    exclusions: pd.DataFrame
    provenance: Provenance
    not_delivered: tuple[str, ...] = ()

    @property
    def attrition(self) -> "Result":
        """One row an exclusion, between everyone (`all`) and who is `included`."""
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
        )

    def __repr__(self) -> str:
        return f"Cohort({self.name!r}): release(cohort.attrition) shows who is in it"


@dataclass(frozen=True, repr=False)
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

    def __repr__(self) -> str:
        return self._marked().to_string(index=False)

    def _repr_html_(self) -> str:
        return self._marked().to_html(index=False, border=0, max_rows=40)

    def _marked(self) -> pd.DataFrame:
        return self.frame.astype(object).mask(self.hidden, "hidden")


def statistic(
    *,
    shape: Shape,
    counts: Mapping[str, tuple[str, ...]],
    dimension: str = "",
) -> Callable[[Callable[..., pd.DataFrame]], Callable[..., Result]]:
    """Turn a function (frame in, tidy table out) into one that takes a Cohort and gives a Result.

    The settings are recorded from the call itself. A column the extract does not hold (`by`,
    `column` or `entry_days` is one of the cohort's `not_delivered`) gives an empty table, not an
    error: the figure names the gap.
    """

    def decorate(function: Callable[..., pd.DataFrame]) -> Callable[..., Result]:
        signature = inspect.signature(function)

        @functools.wraps(function)
        def call(cohort: Cohort, **settings: Any) -> Result:
            if not isinstance(cohort, Cohort):
                raise TypeError(
                    f"{function.__name__} takes a Cohort, not a {type(cohort).__name__}: "
                    "build one with a function of msanalysis.cohorts"
                )
            bound = signature.bind(cohort.frame, **settings)
            bound.apply_defaults()
            recorded = dict(list(bound.arguments.items())[1:])
            frame = cohort.frame
            for column in _columns_asked_for(recorded) & set(cohort.not_delivered):
                frame = frame.iloc[:0].assign(**{column: pd.Series(dtype="float64")})
            return Result(
                statistic=function.__name__.split("_", 1)[1],
                shape=shape,
                frame=function(frame, **recorded),
                counts=MappingProxyType(dict(counts)),
                dimension=dimension,
                population=cohort.name,
                n_persons=len(frame),
                settings=MappingProxyType(recorded),
                provenance=cohort.provenance,
            )

        return call

    return decorate


def _columns_asked_for(settings: Mapping[str, Any]) -> set[str]:
    named = {settings[name] for name in ("by", "column") if settings.get(name)}
    return named | ({"entry_days"} if settings.get("delayed_entry") else set())
