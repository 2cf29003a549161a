"""What the records of the living hold of each variable, now and year by year."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import narwhals as nw
import pandas as pd

from msanalysis.cohorts.indicator_persons import (
    RECENT_YEARS,
    RESIDENCE_DIMENSION,
    residence,
)
from msanalysis.cohorts.selection import PATIENTS, cohort, collected, not_registered
from msanalysis.core import BaseBox, Box, Cohort, Except
from msanalysis.extract import Extract

Definition = Mapping[str, Any]
"""A row of `codes.completeness_variables()`."""
GIVEN, LACKING = "given", "missing"
_WHO = (
    "patient_id", "residence_hf", "diagnosis_code", "included_date", "diagnosis_date",
    "death_date", "csf_examined",
)  # fmt: skip


def records_by_trust(extract: Extract, variables: Sequence[Definition]) -> Cohort:
    """Return everyone alive on the status date by what their records hold, where they live.

    Parameters
    ----------
    variables
        Rows of `codes.completeness_variables()`.

    Returns
    -------
    Cohort
        `nation` and `trust` of residence, and a column a variable and year: `given`, `missing`, or
        no value where it is not asked of the person. Variables of a person are those on the status
        date; those of events count in the year in which they happened, and are given when every
        event of the person in that year has the value. A code of `missing_codes` is no value. A
        variable that was not delivered has no column.
    """
    year = extract.provenance.status_date.year
    persons = _living(extract)
    boxes, given = _held(extract, persons, variables, range(year, year + 1))
    persons = persons.assign(**given, **residence(persons))
    return _cohort(persons, ["nation", "trust", *given], boxes, extract)


def records_by_year(
    extract: Extract, variables: Sequence[Definition], *, first_year: int
) -> Cohort:
    """Return everyone alive on the status date by what their records hold, year by year.

    Parameters
    ----------
    first_year
        First of the years, which end with the status year.

    Returns
    -------
    Cohort
        As `records_by_trust`, without `trust`, and for each of the years. A variable of a person
        stands under the year in which the person's first data were entered.
    """
    years = range(first_year, extract.provenance.status_date.year + 1)
    persons = _living(extract)
    boxes, given = _held(extract, persons, variables, years, by_inclusion=True)
    persons = persons.assign(**given, **residence(persons))
    return _cohort(persons, ["nation", *given], boxes, extract)


# --- who is looked at -----------------------------------------------------------------------------


def _living(extract: Extract) -> pd.DataFrame:
    return collected(extract.table("patients").select(*_WHO).sort("patient_id")).assign(
        status_date=pd.Timestamp(extract.provenance.status_date)
    )


def _cohort(
    persons: pd.DataFrame, columns: Sequence[str], asked: Mapping[str, Box], extract: Extract
) -> Cohort:
    dead = persons["death_date"] <= persons["status_date"]
    step = (f"dead_by {extract.provenance.status_date}", dead, "alive")
    found = cohort(
        "living",
        persons,
        [*not_registered(persons, extract), step],
        dict.fromkeys(columns, ""),
        extract,
        base=PATIENTS,
        fixed={"alive": ("yes",)},
        dimensions=RESIDENCE_DIMENSION,
    )
    boxes: dict[str, BaseBox] = {
        name: (found.base, {**found.fixed, **box}) for name, box in asked.items()
    }
    return replace(found, asked=boxes)


def _held(
    extract: Extract,
    persons: pd.DataFrame,
    variables: Sequence[Definition],
    years: range,
    *,
    by_inclusion: bool = False,
) -> tuple[dict[str, Box], dict[str, pd.Categorical]]:
    """Return for each variable and year whom the columns count, and the columns."""
    boxes, columns = {}, {}
    included = persons["included_date"].dt.year
    of_events = _of_events(extract, persons, variables, years)
    for each in _delivered(extract, variables):
        of_persons = None if each["day"] else _of_persons(extract, persons, each)
        for year in years:
            column, whom = f"{each['variable']} {year}", _asked_of(extract, each, year)
            state = of_events[each["variable"]][year] if each["day"] else of_persons
            if by_inclusion and not each["day"]:
                state = state.where(included == year)
                whom = {**whom, "included_year": (str(year),)}
            # A column of codes at once: mapping words person by person takes far longer.
            codes = state.fillna(-1).astype(int)
            columns[column] = pd.Categorical.from_codes(codes, (LACKING, GIVEN))
            boxes |= {column: whom, f"{column} {GIVEN}": {**whom, **_given(each, year)}}
    return boxes, columns


def _delivered(extract: Extract, variables: Sequence[Definition]) -> list[Definition]:
    return [
        each
        for each in variables
        if not extract.missing([each["variable"], *filter(None, [each["day"]])])
    ]


def _is_asked(persons: pd.DataFrame, definition: Definition) -> pd.Series:
    """Return of whom a variable of persons is asked."""
    if definition["asked"] == "csf=examined":
        return persons["csf_examined"].eq(True)
    if definition["asked"]:
        since = persons["status_date"] - pd.DateOffset(years=RECENT_YEARS)
        return persons["diagnosis_date"].between(since, persons["status_date"])
    return pd.Series(True, index=persons.index)


def _asked_of(extract: Extract, definition: Definition, year: int) -> Box:
    """Return the levels that hold of whom a variable is asked."""
    if definition["day"]:
        return seen_in(extract, definition["day"], year)
    return _box(definition["asked"])


def seen_in(extract: Extract, day: str, year: int) -> dict[str, tuple[str, ...]]:
    """Return the levels of the living with a row of a table whose date lies in a year."""
    if year == extract.provenance.status_date.year and day in _INDICATORS:
        name, level = _INDICATORS[day]
        return {name.format(year): (level,)}
    return {f"{day} in {year}": ("yes",)}


_INDICATORS = {
    "edss.measured_date": ("edss_measured {}", "met"),
    "visits.visit_date": ("edss_valid_at_visit {} known", "yes"),
}
"""Dates of which an indicator of the status year counts the same persons -> its levels."""


def _given(definition: Definition, year: int) -> Box:
    """Return the levels that hold who has the value."""
    own = f"{definition['variable']}" + (f" {year}" if definition["day"] else "")
    return _box(definition["levels"]) or {own: (GIVEN,)}


def _box(text: str) -> Box:
    """Read `dimension=level|level` or `dimension!level|level`; nothing of nothing."""
    if not text:
        return {}
    name, sign, levels = re.fullmatch(r"(\w+)([=!])(.+)", text).groups()
    several = tuple(levels.split("|"))
    return {name: several if sign == "=" else Except(several)}


# --- what is there --------------------------------------------------------------------------------


def _of_persons(extract: Extract, persons: pd.DataFrame, definition: Definition) -> pd.Series:
    """Return 1 for whom a variable is given, 0 for whom not, of those asked, as `persons` stand."""
    name = definition["variable"].partition(".")[2]
    rows = extract.table("patients").sort("patient_id")
    given = collected(rows.select(_has_value(name, definition).alias("given")))["given"]
    return given.astype(float).where(_is_asked(persons, definition))


def _of_events(
    extract: Extract, persons: pd.DataFrame, variables: Sequence[Definition], years: range
) -> dict[str, pd.DataFrame]:
    """Return for each variable 1 where all events of a person (row) and year (column) have it.

    0 where some event has not, missing where the person had none in the year.
    """
    by_day: dict[str, list[Definition]] = {}
    for each in _delivered(extract, variables):
        by_day.setdefault(each["day"], []).append(each)
    found = {}
    for day, several in by_day.items():
        rows = _complete_years(extract, day, several, years) if day else []
        for each in several if day else []:
            wide = rows[each["variable"]].unstack("year")
            found[each["variable"]] = wide.reindex(
                index=persons["patient_id"], columns=years
            ).set_axis(persons.index)
    return found


def _complete_years(
    extract: Extract, day: str, variables: Sequence[Definition], years: range
) -> pd.DataFrame:
    """Return a row a person and year with an event, a column a variable: do all have the value."""
    table, _, name = day.partition(".")
    columns = [
        _has_value(each["variable"].partition(".")[2], each).alias(each["variable"])
        for each in variables
    ]
    names = [each["variable"] for each in variables]
    rows = (
        extract.table(table)
        .with_columns(nw.col(name).dt.year().alias("year"), *columns)
        .filter(nw.col("year") >= years[0], nw.col("year") <= years[-1])
        .group_by("patient_id", "year")
        .agg(nw.col(*names).min())
    )
    return collected(rows).set_index(["patient_id", "year"]).astype(float)


def _has_value(name: str, definition: Definition) -> nw.Expr:
    known = ~nw.col(name).is_null()
    codes = definition["missing_codes"]
    return known & ~nw.col(name).is_in(codes).fill_null(False) if codes else known
