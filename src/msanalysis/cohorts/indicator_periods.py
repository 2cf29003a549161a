"""Everyone in the registry by one indicator over time: by quarter, and by what was known when."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pandas as pd

from msanalysis.cohorts import selection
from msanalysis.cohorts.indicator_persons import (
    PATIENTS,
    RESIDENCE,
    Update,
    asked_of,
    at,
    indicator_states,
    residence,
)
from msanalysis.cohorts.selection import cohort, collected, not_registered
from msanalysis.core import Cohort
from msanalysis.extract import Extract

Definition = Mapping[str, Any]
"""A row of `codes.indicators()`."""


def indicator_quarters(
    extract: Extract, definitions: Sequence[Definition], *, n_years: int
) -> Cohort:
    """Return everyone in the registry by where each indicator puts them in each quarter.

    A quarter is taken as a year is: those diagnosed in it, or alive at its end, and the events in
    it. Everything known by the data cutoff counts.

    Parameters
    ----------
    n_years
        Years of four quarters, back from the status date.

    Returns
    -------
    Cohort
        One column an indicator and quarter (`edss_measured 2024-Q4`), as in `indicator_persons`;
        `nation`, `region` and `trust` of residence.

    Notes
    -----
    The last quarters are not complete: more will be registered.
    """
    last = pd.Period(extract.provenance.status_date, freq="Q")
    quarters = [last - back for back in reversed(range(4 * n_years))]
    periods = {
        f"{each.year}-Q{each.quarter}": (each.start_time.date(), each.end_time.date())
        for each in quarters
    }
    held = [each for each in definitions if not extract.missing(each["needs"])]
    states = [
        indicator_states(
            at(extract, last_day), held, update="december", first_day=first_day
        ).add_suffix(f" {name}")
        for name, (first_day, last_day) in periods.items()
    ]
    return _joined("indicators_by_quarter", states, extract)


def indicator_years(
    extract: Extract, definitions: Sequence[Definition], *, first_year: int
) -> Cohort:
    """Return everyone in the registry by where each indicator puts them in each year.

    Everything known by the data cutoff counts, for earlier years too.

    Parameters
    ----------
    definitions
        Rows of `codes.indicators()` whose population are the newly diagnosed.
    first_year
        First of the years that end with the status year.

    Returns
    -------
    Cohort
        One column an indicator and year (`onset_to_diagnosis_24m 2024`), as in
        `indicator_persons`; `sex`.

    Notes
    -----
    Who was diagnosed before the registry began is here only if they lived until they could
    consent, and the last years lack those who are not registered yet.
    """
    last_year = extract.provenance.status_date.year
    held = [each for each in definitions if not extract.missing(each["needs"])]
    persons = collected(extract.table("patients").select(*PATIENTS))
    columns = {"sex": "patients.sex"}
    for year in range(first_year, last_year + 1):
        states = indicator_states(at(extract, date(year, 12, 31)), held, update="december")
        persons = persons.join(states.add_suffix(f" {year}"), on="patient_id")
        columns |= dict.fromkeys((f"{each['id']} {year}" for each in held), "")
    steps = not_registered(persons, extract)
    name = f"diagnosed_since_{first_year}"
    found = cohort(name, persons, steps, columns, extract, base=selection.PATIENTS)
    asked = {
        f"{each['id']} {year}": asked_of(found, each, year)
        for each in held
        for year in range(first_year, last_year + 1)
    }
    return replace(found, asked=asked)


def indicator_as_known(
    extract: Extract,
    definitions: Sequence[Definition],
    *,
    year: int,
    weeks: Sequence[int],
    update: Update = "june",
) -> Cohort:
    """Return everyone in the registry by where the indicators of a year put them, week by week.

    Parameters
    ----------
    year
        The year of the indicators.
    weeks
        Weeks since the last day of the year on which the registry is looked at; those after the
        data cutoff are left out.
    update
        As in `indicator_persons`.

    Returns
    -------
    Cohort
        One column an indicator and week (`edss_measured 20`); `nation`, `region`, `trust`.

    Notes
    -----
    Persons who have withdrawn since are gone from all weeks.
    """
    held = [each for each in definitions if not extract.missing(each["needs"])]
    last_day = date(year, 12, 31)
    days = {week: last_day + timedelta(weeks=week) for week in weeks}
    states = [
        indicator_states(at(extract.as_known_on(day), last_day), held, update=update).add_suffix(
            f" {week}"
        )
        for week, day in days.items()
        if day <= extract.provenance.data_cutoff
    ]
    return _joined(f"indicators_as_known_{year}", states, extract)


def _joined(name: str, states: Sequence[pd.DataFrame], extract: Extract) -> Cohort:
    persons = collected(extract.table("patients").select(*PATIENTS))
    joined = persons[["patient_id"]].set_index("patient_id").join(states)
    persons = persons.join(joined, on="patient_id").assign(**residence(persons))
    columns = dict.fromkeys(("nation", "region", "trust", *joined), "")
    steps = not_registered(persons, extract)
    return cohort(name, persons, steps, columns, extract, base=name, coarser=RESIDENCE)
