"""Two extracts of one registry: what changed, and what moved each number."""

from collections.abc import Collection, Iterator, Mapping
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from msanalysis.core import Cohort, statistic
from msanalysis.stats.strata import stack

KINDS = ("filled_in", "changed_value", "emptied")
STATES = ("outside", "counted", "met")
OF = " of "
CAME = ("new", "late_registration", "changed_value")
LEFT = ("gone", "late_registration", "changed_value")
_OF_KIND = tuple(f"n_{kind}" for kind in KINDS)
_MOVES = (
    "n_then",
    *(f"n_came_{why}" for why in CAME),
    *(f"n_left_{why}" for why in LEFT),
    "n_now",
)
_TIMES = ("then", "now")
_SHARES = {
    f"{name}_{time}": dtype
    for time in _TIMES
    for name, dtype in {"numerator": "int64", "denominator": "int64", "share": "float64"}.items()
}


# --- values ---------------------------------------------------------------------------------------


def _cells_of_changes(
    cohort: Cohort, table: pd.DataFrame, settings: Mapping[str, Any]
) -> dict[str, Any]:
    cells = {
        f"n_{kind}": tuple(
            (cohort.base, {"presence": ("changed",), f"{variable} {kind}": ("yes",)})
            for variable in table["changed_variable"]
        )
        for kind in KINDS
    }
    return {"cells": cells}


@statistic(shape="table", counts=dict.fromkeys(_OF_KIND, ()), cells=_cells_of_changes)
def count_changes(frame: pd.DataFrame) -> pd.DataFrame:
    """Count for each variable of how many persons in both extracts it changed.

    Returns
    -------
    Result
        `changed_variable` (a column of `patients`, `patients_sex`, or another table, `table_edss`),
        `n_filled_in` (a missing value, or a new row), `n_changed_value` (another value),
        `n_emptied` (a value or row that is gone). A person can count in several rows, and of a
        table in several columns. Variables in which nothing changed have no row.
    """
    suffix = f" {KINDS[0]}"
    variables = [name.removesuffix(suffix) for name in frame if name.endswith(suffix)]
    counts = {
        f"n_{kind}": np.array([int(frame[f"{each} {kind}"].sum()) for each in variables])
        for kind in KINDS
    }
    table = stack(
        [{"changed_variable": variables, **counts}] if variables else [],
        {"changed_variable": "object", **dict.fromkeys(_OF_KIND, "int64")},
    )
    return table[(table[[*_OF_KIND]] > 0).any(axis=1)].reset_index(drop=True)


# --- numbers --------------------------------------------------------------------------------------


def _possible() -> Iterator[tuple[str, str, str]]:
    """Yield state then, state now and why, of which nothing else can be."""
    for then, now in product(STATES, STATES):
        if then == now:
            yield then, now, "same"
        else:
            yield from ((then, now, why) for why in CAME[1:])
    yield from ((STATES[0], now, CAME[0]) for now in STATES[1:])
    yield from ((then, STATES[0], LEFT[0]) for then in STATES[1:])


def _levels(then: Collection[str], now: Collection[str], why: str = "") -> tuple[str, ...]:
    return tuple(
        " ".join(each)
        for each in _possible()
        if each[0] in then and each[1] in now and why in ("", each[2])
    )


def _moved(inside: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Return for each count of `count_moves` the levels that it counts."""
    outside = [state for state in STATES if state not in inside]
    return {
        "n_then": _levels(inside, STATES),
        **{f"n_came_{why}": _levels(outside, inside, why) for why in CAME},
        **{f"n_left_{why}": _levels(inside, outside, why) for why in LEFT},
        "n_now": _levels(STATES, inside),
    }


_OF_POPULATION, _OF_INDICATOR = _moved(STATES[1:]), _moved(STATES[2:])


def _columns(frame: pd.DataFrame) -> dict[str, str]:
    """Return code -> column: populations by their name, indicators by theirs."""
    suffixes = tuple(f" {kind}" for kind in KINDS)
    names = [name for name in frame if name != "presence" and not name.endswith(suffixes)]
    return {name.split(OF)[0] if OF in name else name: name for name in names}


def _cells_of_moves(
    cohort: Cohort, table: pd.DataFrame, settings: Mapping[str, Any]
) -> dict[str, Any]:
    columns = _columns(cohort.frame)
    rows = [columns[id] for id in table["indicator"]]
    return {
        "cells": {
            count: tuple(
                (cohort.base, {name: (_OF_INDICATOR if OF in name else _OF_POPULATION)[count]})
                for name in rows
            )
            for count in _MOVES
        }
    }


@statistic(shape="table", counts=dict.fromkeys(_MOVES, ()), cells=_cells_of_moves)
def count_moves(frame: pd.DataFrame) -> pd.DataFrame:
    """Count what moved each number between two extracts, on one status date.

    Returns
    -------
    Result
        A row an `indicator`: a population (`alive`, `denominator_of early_high_efficacy`) or the
        numerator of a share: `n_then`; who came, by why (`n_came_new`,
        `n_came_late_registration`, `n_came_changed_value`); who left (`n_left_gone`, ...);
        `n_now`, which is `n_then` plus who came, less who left.

    Notes
    -----
    A death entered late is a late registration, too: whoever leaves the living by it was not
    corrected.
    """
    rows = []
    for id, name in _columns(frame).items():
        n_of = frame[name].value_counts()
        levels_of = _OF_INDICATOR if OF in name else _OF_POPULATION
        counts = {count: int(n_of.reindex(of).sum()) for count, of in levels_of.items()}
        rows.append({"indicator": id, **counts})
    return stack(rows, {"indicator": "object", **dict.fromkeys(_MOVES, "int64")})


def _share(table: pd.DataFrame, time: str) -> pd.Series:
    whole = table[f"denominator_{time}"].astype("Float64")
    return (table[f"numerator_{time}"] / whole.where(whole > 0)).astype("float64")


def _shares(table: pd.DataFrame, settings: Mapping[str, Any]) -> pd.DataFrame:
    then, now = (_share(table, time) for time in _TIMES)
    return pd.DataFrame({"share_then": then, "share_now": now, "change": now - then})


def _cells_of_shares(
    cohort: Cohort, table: pd.DataFrame, settings: Mapping[str, Any]
) -> dict[str, Any]:
    columns = _columns(cohort.frame)
    names = [columns[id] for id in table["indicator"]]
    cells = {
        f"{part}_{time}": tuple((cohort.base, {name: of[f"n_{time}"]}) for name in asked)
        for time in _TIMES
        for part, of, asked in (
            ("numerator", _OF_INDICATOR, names),
            ("denominator", _OF_POPULATION, [name.split(OF)[1] for name in names]),
        )
    }
    printed = tuple(
        pair
        for time in _TIMES
        for pair in zip(cells[f"numerator_{time}"], cells[f"denominator_{time}"], strict=True)
    )
    return {"cells": cells, "printed": printed}


@statistic(
    shape="table",
    counts={
        **{f"numerator_{time}": (f"share_{time}", "change") for time in _TIMES},
        **{
            f"denominator_{time}": (f"numerator_{time}", f"share_{time}", "change")
            for time in _TIMES
        },
    },
    cells=_cells_of_shares,
    quotas={f"numerator_{time}": f"denominator_{time}" for time in _TIMES},
    again=_shares,
)
def estimate_then_and_now(frame: pd.DataFrame) -> pd.DataFrame:
    """Estimate each indicator from two extracts, on one status date.

    Returns
    -------
    Result
        A row an `indicator`: `numerator`, `denominator` and `share`, each `_then` and `_now`, and
        `change` of the share. An empty denominator has no share.

    Notes
    -----
    No interval: both are nearly the same persons, and the difference is what became known.
    """
    n_of = count_moves.__wrapped__(frame).set_index("indicator")
    names = [name.split(OF) for name in _columns(frame).values() if OF in name]
    ids, populations = zip(*names, strict=True) if names else ((), ())
    counts = {
        f"{part}_{time}": n_of.loc[[*numbers], f"n_{time}"].to_numpy()
        for time in _TIMES
        for part, numbers in (("numerator", ids), ("denominator", populations))
    }
    table = pd.DataFrame({"indicator": ids, **counts})
    table = table.assign(**_shares(table, {}))
    dtypes = {"indicator": "object", **_SHARES, "change": "float64"}
    return table[[*dtypes]].astype(dtypes)
