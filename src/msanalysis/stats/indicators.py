"""Quality indicators: the share who meet each one, by trust, region and nation."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from msanalysis.core import ALL, KNOWN, Cohort, statistic
from msanalysis.intervals import check_level
from msanalysis.stats.strata import read_levels, stack
from msanalysis.stats.units import (
    QUOTAS,
    Definition,
    add_shares,
    as_table,
    cells_of_indicators,
    count_held,
    count_none,
    count_states,
    count_units,
    has,
    judge,
    without,
)

_SHARE = ("share", "lower", "upper", "attainment")
_ROWS = dict.fromkeys(("indicator", "level", "unit", "year"), "object")
_INDICATORS = {
    **_ROWS,
    "numerator": "int64",
    "denominator": "int64",
    "share": "float64",
    "lower": "float64",
    "upper": "float64",
    "attainment": "object",
}
_COVERAGE = {
    **_ROWS,
    "numerator": "int64",
    "expected": "float64",
    "share": "float64",
    "attainment": "object",
}
Published = Mapping[tuple[str, str], tuple[int, int]]
"""(indicator, unit) -> (numerator, denominator)."""


# --- shares ---------------------------------------------------------------------------------------


def _judged(table: pd.DataFrame, settings: Mapping[str, Any]) -> pd.DataFrame:
    """Return what follows from the counts."""
    definitions = settings["definitions"]
    shares = add_shares(table, settings["confidence"])
    least = table["indicator"].map({each["id"]: each["minimum_n"] for each in definitions})
    enough = table["denominator"] >= least.fillna(0)
    return shares.assign(attainment=judge(shares, definitions, enough))[[*_SHARE]]


@statistic(
    shape="table",
    counts={"numerator": _SHARE, "denominator": ("numerator", *_SHARE)},
    cells=cells_of_indicators,
    quotas=QUOTAS,
    again=_judged,
)
def estimate_indicators(
    frame: pd.DataFrame,
    *,
    definitions: Sequence[Definition],
    year: int,
    published: Published = MappingProxyType({}),
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Estimate each quality indicator in every unit, in a year and the year before.

    Parameters
    ----------
    definitions
        Rows of `codes.indicators()`; one whose column the cohort lacks has no rows.
    year
        The report year.
    published
        Published results of the year before; otherwise it is taken from the cohort where it
        holds that year.
    confidence
        Of the Wilson interval.

    Returns
    -------
    Result
        `indicator`, `level` (nation, region, trust), `unit`, `year`, `numerator`, `denominator`,
        `share`, `lower`, `upper`, and `attainment`: `less_good`, `good` or `very_good` by the
        bounds of the definition, missing where the denominator is smaller than its `minimum_n`.
        An empty denominator has no share.

    Raises
    ------
    ValueError
        The cohort lacks a column of residence, or `confidence` is not between 0 and 1.

    Notes
    -----
    Trusts with few persons differ by chance: read the interval, not the order.
    """
    check_level(confidence)
    parts = [
        counted
        for each in definitions
        for _, counted in two_years(frame, each["id"], year, published)
    ]
    table = pd.concat(parts or [count_none()], ignore_index=True)
    settings = {"definitions": definitions, "confidence": confidence}
    return as_table(table.assign(**_judged(table, settings)), _INDICATORS)


def two_years(
    frame: pd.DataFrame, id: str, year: int, published: Published
) -> Iterator[tuple[int, pd.DataFrame]]:
    """Yield the year and the year before, of those there are, each with the counts by unit."""
    if not has(frame, id, year):
        return
    yield year, count_states(frame, id, year)
    if has(frame, id, year - 1):
        yield year - 1, count_states(frame, id, year - 1)
    else:
        units = count_units(frame, frame[[]]).assign(indicator=id, year=str(year - 1))
        yield year - 1, _as_published(units, published)


def _as_published(units: pd.DataFrame, published: Published) -> pd.DataFrame:
    """Return the published counts of the units that have any."""
    keys = zip(units["indicator"], units["unit"], strict=True)
    units = units.assign(counts=[published.get(key) for key in keys]).dropna(subset="counts")
    numerator, denominator = ([pair[place] for pair in units["counts"]] for place in (0, 1))
    counts = {"numerator": numerator, "denominator": denominator}
    return units.drop(columns="counts").assign(**counts).astype(dict.fromkeys(counts, "int64"))


@statistic(
    shape="table",
    counts={"numerator": (), "denominator": ("numerator",)},
    columns={"indicator": "indicator", "year": "of_year"},
    quotas=QUOTAS,
)
def list_results(
    frame: pd.DataFrame, *, definitions: Sequence[Definition], year: int, update: str
) -> pd.DataFrame:
    """List the results of a year as the next report reads them: the table `earlier_results`.

    Parameters
    ----------
    definitions, year
        As in `estimate_indicators`.
    update
        Which update of the year this is: june or december.

    Returns
    -------
    Result
        `release` (`june-2025`: in the year after the report year), `year`, `indicator`, `unit`,
        `numerator`, `denominator`.
    """
    held = [each["id"] for each in definitions if has(frame, each["id"], year)]
    table = pd.concat([count_none(), *(count_states(frame, id, year) for id in held)])
    table = table.assign(release=f"{update}-{year + 1}", year=year)
    return as_table(table, _EARLIER)


_EARLIER = {
    "release": "object",
    "year": "int64",
    "indicator": "object",
    "unit": "object",
    "numerator": "int64",
    "denominator": "int64",
}


# --- persons --------------------------------------------------------------------------------------


def _cells_of_populations(
    cohort: Cohort, table: pd.DataFrame, settings: Mapping[str, Any]
) -> dict[str, Any]:
    told = cells_of_indicators(cohort, table, settings)
    columns = table["indicator"] + " " + table["year"]
    denominators = told["cells"]["denominator"]
    whole = tuple(
        without(each, f"{column}{KNOWN}")
        for each, column in zip(denominators, columns, strict=True)
    )
    return told | {"cells": told["cells"] | {"n": whole}}


@statistic(
    shape="table",
    counts={"n": ("denominator", "numerator"), "denominator": ("numerator",), "numerator": ()},
    cells=_cells_of_populations,
    quotas=QUOTAS,
)
def count_indicator_populations(
    frame: pd.DataFrame, *, definitions: Sequence[Definition], year: int
) -> pd.DataFrame:
    """Count the population of each indicator, who of it is asked, and who of these meets it.

    Returns
    -------
    Result
        `indicator`, `level`, `unit`, `year`, `n` (population), `denominator`, `numerator`; an
        indicator that the cohort lacks has no rows.
    """
    counted = count_held(frame, definitions, year)
    return as_table(counted, {**_ROWS, **dict.fromkeys(("n", "denominator", "numerator"), "int64")})


@statistic(
    shape="table",
    counts={"alive": (), "newly_diagnosed": ()},
    dimension="trust",
    columns={"trust": "residence_hf"},
    cells={"alive": ("trust", "alive=yes"), "newly_diagnosed": ("trust", "diagnosis_year=year")},
)
def count_patients_by_trust(frame: pd.DataFrame, *, year: str) -> pd.DataFrame:
    """Count the living and the newly diagnosed of a year by trust of residence.

    Parameters
    ----------
    year
        The year at whose end the living live.

    Returns
    -------
    Result
        `trust`, `alive`, `newly_diagnosed`: first `all`, then every trust, then `missing` where
        some have no known residence. Empty for nobody.

    Raises
    ------
    ValueError
        The cohort has no `residence_hf`.
    """
    trusts, number = read_levels(frame, "residence_hf")
    died, diagnosed = (frame[name].astype("Int64") for name in ("death_year", "diagnosis_year"))
    flags = {
        "alive": ~(died <= int(year)).fillna(False),
        "newly_diagnosed": (diagnosed == int(year)).fillna(False),
    }
    counts = {
        name: np.bincount(number, weights=flag.astype(bool), minlength=len(trusts))
        for name, flag in flags.items()
    }
    sums = {name: count.sum() for name, count in counts.items()}
    dtypes = {"trust": "object", "alive": "int64", "newly_diagnosed": "int64"}
    parts = [{"trust": ALL, **sums}, {"trust": trusts, **counts}]
    return stack(parts if len(frame) else [], dtypes)


# --- coverage -------------------------------------------------------------------------------------


def _covered(table: pd.DataFrame, settings: Mapping[str, Any]) -> pd.DataFrame:
    """Return what follows from the registered and the expected."""
    shares = table.assign(share=table["numerator"] / table["expected"])
    known = shares["share"].notna()
    return shares.assign(attainment=judge(shares, settings["definitions"], known))[
        ["share", "attainment"]
    ]


def _cells_of_covered(
    cohort: Cohort, table: pd.DataFrame, settings: Mapping[str, Any]
) -> dict[str, Any]:
    populations = {each["id"]: each["population"] for each in settings["definitions"]}
    named = table.assign(indicator=table["indicator"].map(populations))
    cells = cells_of_indicators(cohort, named, settings)["cells"]
    return {"cells": {"numerator": cells["denominator"]}}


@statistic(
    shape="table",
    counts={"numerator": ("share", "attainment")},
    cells=_cells_of_covered,
    again=_covered,
)
def estimate_coverage(
    frame: pd.DataFrame,
    *,
    definitions: Sequence[Definition],
    expected: Mapping[str, Mapping[str, float]],
    year: int,
) -> pd.DataFrame:
    """Estimate how many of the expected persons are registered, in every unit.

    Parameters
    ----------
    definitions
        Rows of `codes.coverages()`; their `population` is a boolean column of the cohort.
    expected
        Coverage -> unit -> expected persons; a coverage without any has no rows.
    year
        The report year.

    Returns
    -------
    Result
        `indicator`, `level`, `unit`, `year`, `numerator` (registered), `expected`, `share`,
        `attainment`.

    Notes
    -----
    No interval: the registered are not a sample of the expected, whose number is an estimate of
    its own. A share may exceed 1.
    """
    parts = []
    for definition in definitions:
        by_unit = expected.get(definition["id"], {})
        if by_unit:
            registered = frame[[definition["population"]]].set_axis(["numerator"], axis=1)
            counted = count_units(frame, registered)
            wanted = counted["unit"].map(by_unit).astype("float64")
            parts.append(counted.assign(indicator=definition["id"], expected=wanted))
    empty = count_none().assign(expected=pd.Series(dtype="float64"))
    table = pd.concat(parts or [empty], ignore_index=True).assign(year=str(year))
    table = table.assign(**_covered(table, {"definitions": definitions}))
    return as_table(table, _COVERAGE)
