"""Everyone who consented by the years in which they count for the coverage, as then known."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pandas as pd

from msanalysis.cohorts.indicator_persons import AS_KNOWN, Update, at
from msanalysis.cohorts.selection import (
    PATIENTS,
    cohort,
    collected,
    in_registry,
    not_registered,
)
from msanalysis.core import BaseBox, Cohort
from msanalysis.extract import Extract

_PATIENTS = ("patient_id", "diagnosis_code", "included_date", "diagnosis_date", "death_date")
_DATA = "consented_without_data"


def coverage_years(extract: Extract, *, first_year: int, update: Update = "june") -> Cohort:
    """Return everyone who consented by the years in which they count as living, or as new.

    A year is taken as the registry knew it on the day of its June and its December update; the
    report year as it is known now.

    Parameters
    ----------
    first_year
        First of the years that end with the status year.
    update
        Which update of the status year this is.

    Returns
    -------
    Cohort
        Booleans, a column a coverage, year and update: `coverage_total 2017 june` (in the registry
        and alive at the end of the year), `coverage_new 2017 june` (diagnosed in it), and
        `coverage_with_consented` of the status year, which counts those who consented but have no
        data yet too.

    Notes
    -----
    Who has withdrawn since is gone from all years.
    """
    status = extract.provenance.status_date
    persons = collected(extract.table("patients").select(*_PATIENTS))
    columns = {}
    for year, when, known in _known(extract, first_year, update):
        counted = counted_for_coverage(known, persons["patient_id"])
        columns |= {f"{name} {year} {when}": who for name, who in counted.items()}
    steps = [
        (code, outside & persons["included_date"].notna(), code)
        for code, outside, _ in not_registered(persons, extract)
        if code != _DATA
    ]
    living = ~(persons["death_date"] <= pd.Timestamp(status))
    has_data = extract.delivered("patients.included_date")
    if has_data:
        columns[f"coverage_with_consented {status.year} {update}"] = living
    persons = persons.assign(**columns)
    found = cohort("consented", persons, steps, dict.fromkeys(columns, ""), extract, base=PATIENTS)
    asked = {name: _asked(name, found, has_data, status.year) for name in columns}
    return replace(found, asked=asked)


def _known(
    extract: Extract, first_year: int, update: Update
) -> Iterator[tuple[int, Update, Extract]]:
    """Yield each year and update with the extract as it was known then."""
    status, cutoff = extract.provenance.status_date, extract.provenance.data_cutoff
    for year in range(first_year, status.year):
        for when, month_and_day in AS_KNOWN.items():
            day = date(year + 1, *month_and_day)
            if day <= cutoff:
                yield year, when, at(extract.as_known_on(day), date(year, 12, 31))
    yield status.year, update, extract


def counted_for_coverage(known: Extract, everyone: pd.Series) -> dict[str, pd.Series]:
    """Return who of everyone was known to live on the status date, and to be new in its year."""
    last = pd.Timestamp(known.provenance.status_date)
    persons = collected(known.table("patients").select(*_PATIENTS))
    persons = persons[in_registry(persons, known)]
    living = persons[~(persons["death_date"] <= last)]
    new = persons[persons["diagnosis_date"].dt.year == last.year]
    counted = {"coverage_total": living, "coverage_new": new}
    return {name: everyone.isin(of["patient_id"]) for name, of in counted.items()}


def _asked(name: str, found: Cohort, has_data: bool, status_year: int) -> BaseBox:
    """Return base and box of who counts; those known in June are known in December too."""
    coverage, year, update = name.split()
    box = dict(found.fixed)
    if has_data and coverage != "coverage_with_consented":
        box[_DATA] = ("no",)
    box |= {"diagnosis_year": (year,)} if coverage == "coverage_new" else {}
    if int(year) == status_year:
        return found.base, box | ({} if coverage == "coverage_new" else {"alive": ("yes",)})
    known_by = [*AS_KNOWN][: [*AS_KNOWN].index(update) + 1]
    return found.base, box | {f"{coverage} {year} known by": tuple(known_by)}
