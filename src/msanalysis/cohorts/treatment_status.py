"""Persons by the treatment they have on given days."""

from collections.abc import Callable, Sequence
from datetime import date
from itertools import pairwise

import narwhals as nw
import pandas as pd

from msanalysis import codes
from msanalysis.cohorts.selection import PATIENTS, cohort, collected, not_registered
from msanalysis.core import KNOWN, Cohort, Except
from msanalysis.extract import Extract

TREATMENT_GROUPS = (
    "anti_cd20", "natalizumab", "cladribine", "alemtuzumab", "hsct", "s1pr_modulators",
    "fumarates", "teriflunomide", "glatiramer_acetate", "interferons", "other", "none", "unknown",
)  # fmt: skip
"""The 13 groups of the annual report, in the order of its figures here."""
STATES = (*TREATMENT_GROUPS, "dead", "emigrated")
_PATIENTS = (
    "patient_id", "diagnosis_code", "included_date", "diagnosis_date", "death_date",
    "emigration_date",
)  # fmt: skip


# --- on several days ------------------------------------------------------------------------------


def treatment_groups_on(extract: Extract, *, dates: Sequence[str | date]) -> Cohort:
    """Return everyone with the diagnosis before the first day, by treatment group on each day.

    Parameters
    ----------
    dates
        Two or more days, in order. Who was diagnosed on the first day or later is left out: on
        the first and the last day of a year, the newly diagnosed of the year.

    Returns
    -------
    Cohort
        One column a day, named by it (`2024-12-31`): one of `STATES`. Who has died stays `dead`,
        who has emigrated `emigrated` until death.

    Raises
    ------
    ValueError
        When fewer than two days are given, or they are not in order.

    Notes
    -----
    The treatment on a day is the one running then (begun by then; not stopped, or later); of
    several, the one begun last. A treatment given once lasts until the next treatment or period
    without. Without a treatment a running period without makes `none`, nothing at all `unknown`.
    Misleads where a stop was never reported: the treatment then seems to run still.
    """
    days = days_in_order(dates)
    persons = collected(_with_status(extract, days))
    for day in days:
        persons[str(day)] = _states(persons, day)
    first = pd.Timestamp(days[0])
    last_year = extract.provenance.status_date.year
    diagnosed, fixed = f"diagnosed_from {days[0]}", {}
    if (days[0].month, days[0].day) == (1, 1):
        later = tuple(str(year) for year in range(days[0].year, last_year + 1))
        diagnosed, fixed = "diagnosis_year", {"diagnosis_year": Except(later)}
    steps = [
        *not_registered(persons, extract),
        (f"diagnosed_from {days[0]}", ~(persons["diagnosis_date"] < first), diagnosed),
        (f"dead_by {days[0]}", persons["death_date"] <= first),
        (f"emigrated_by {days[0]}", persons["emigration_date"] <= first),
    ]
    name = "treatment_groups_on_" + "_".join(map(str, days))
    return cohort(
        name,
        persons,
        steps,
        {str(day): "" for day in days},
        extract,
        base=PATIENTS,
        fixed=fixed,
        dimensions={str(day): f"treatment_group {day}" for day in days},
    )


def treatments_on(extract: Extract, *, dates: Sequence[str | date]) -> Cohort:
    """Return everyone in the registry by substance on each day, the newly diagnosed too.

    Returns
    -------
    Cohort
        One column a day, named by it: a substance, or nothing. As in the overview of ongoing
        treatments the dead have none, and who has emigrated keeps the treatment last known.
    """
    days = days_in_order(dates)
    persons = collected(_with_status(extract, days))
    for day in days:
        alive = ~(persons["death_date"] <= pd.Timestamp(day))
        on = persons[f"substance {day}"].where(alive)
        persons[str(day)] = pd.Categorical(on, categories=codes.substances())
    steps = not_registered(persons, extract)
    name = "treatments_on_" + "_".join(map(str, days))
    # What the living have on the status date is what `persons_by_treatment` calls the treatment.
    today = extract.provenance.status_date
    names = {str(day): "treatment" if day == today else f"treatment {day}" for day in days}
    return cohort(
        name,
        persons,
        steps,
        {str(day): "" for day in days},
        extract,
        base=PATIENTS,
        dimensions=names,
        coarser=[(str(day), f"{day}{KNOWN}") for day in days],
    )


def _with_status(extract: Extract, days: Sequence[date]) -> nw.LazyFrame:
    """Everyone, in no order: with many days and persons, sorting would take longest."""
    persons = extract.table("patients").select(*_PATIENTS)
    for day in days:
        status = status_on(extract, day, f" {day}").drop(f"began {day}", f"reason {day}")
        persons = persons.join(status, on="patient_id", how="left")
    return persons.drop("patient_id")


def days_in_order(dates: Sequence[str | date]) -> list[date]:
    """Return two or more days, each later than the one before; ValueError otherwise."""
    days = [day if isinstance(day, date) else date.fromisoformat(day) for day in dates]
    if len(days) < 2 or any(later <= day for day, later in pairwise(days)):
        raise ValueError("dates: expected two or more days, each later than the one before")
    return days


def first_and_last_day(year: int) -> list[str]:
    """Return 1 January and 31 December of a year."""
    return [f"{year}-01-01", f"{year}-12-31"]


def _states(persons: pd.DataFrame, day: date) -> pd.Categorical:
    groups = persons[f"substance {day}"].map(codes.treatment_groups())
    untreated = persons[f"untreated_since {day}"].notna()
    states = groups.fillna(untreated.map({True: "none", False: "unknown"}))
    states = states.mask(persons["emigration_date"] <= pd.Timestamp(day), "emigrated")
    states = states.mask(persons["death_date"] <= pd.Timestamp(day), "dead")
    return pd.Categorical(states, categories=STATES)


# --- the status on one day ------------------------------------------------------------------------

_PERSON_DAY = ["patient_id", "day"]


def status_on(extract: Extract, day: date, suffix: str = "") -> nw.LazyFrame:
    """Return a row a person with a running treatment or period without it on `day`.

    `substance` and when it `began`; `untreated_since` and the `reason`; `suffix` ends the names.
    """
    status = _status(extract, _on(day)).drop("day")
    names = ("substance", "began", "untreated_since", "reason")
    return status.select("patient_id", *(nw.col(name).alias(name + suffix) for name in names))


def status_on_days(extract: Extract, days: nw.LazyFrame) -> nw.LazyFrame:
    """Return `status_on` for each row of `days`: `patient_id` and `day`, no row twice."""
    return _status(extract, lambda rows: rows.join(days, on="patient_id"))


def running_treatments(extract: Extract, day: date) -> nw.LazyFrame:
    """Return for each person with a treatment on `day` its `substance` and when it `began`."""
    return _running_treatments(extract, _on(day)).drop("day")


_AddDays = Callable[[nw.LazyFrame], nw.LazyFrame]
"""Adds to rows of persons the `day` (or, by more rows, days) that the status is asked for."""


def _on(day: date) -> _AddDays:
    return lambda rows: rows.with_columns(nw.lit(day).alias("day"))


def _status(extract: Extract, add_days: _AddDays) -> nw.LazyFrame:
    treated = _running_treatments(extract, add_days)
    untreated = _running_period(extract, add_days)
    both = treated.join(untreated, on=_PERSON_DAY, how="full")
    return both.with_columns(
        nw.coalesce(name, f"{name}_right").alias(name) for name in _PERSON_DAY
    ).select(*_PERSON_DAY, "substance", "began", "untreated_since", "reason")


def _running_treatments(extract: Extract, add_days: _AddDays) -> nw.LazyFrame:
    begun = add_days(
        extract.table("treatments").select("patient_id", "substance", "start_date", "stop_date")
    ).filter(nw.col("start_date") <= nw.col("day"))
    starts = [
        each.select(*_PERSON_DAY, "start_date") for each in (begun, _periods(extract, add_days))
    ]
    latest = nw.concat(starts).group_by(*_PERSON_DAY).agg(nw.col("start_date").max().alias("last"))
    # A treatment given once has no stop of its own: whatever begins after it ends it.
    lasts = (
        nw.when(nw.col("substance").is_in(codes.one_off_substances()))
        .then(nw.col("start_date") == nw.col("last"))
        .otherwise(_not_stopped())
    )
    running = begun.join(latest, on=_PERSON_DAY).filter(lasts)
    began = running.group_by(*_PERSON_DAY).agg(nw.col("start_date").max().alias("began"))
    return (
        running.join(began, on=_PERSON_DAY)
        .filter(nw.col("start_date") == nw.col("began"))
        .group_by(*_PERSON_DAY, "began")
        .agg(nw.col("substance").min())
    )


def _not_stopped() -> nw.Expr:
    return nw.col("stop_date").is_null() | (nw.col("stop_date") > nw.col("day"))


def _periods(extract: Extract, add_days: _AddDays) -> nw.LazyFrame:
    periods = extract.table("untreated_periods").select(
        "patient_id", "start_date", "stop_date", "reason"
    )
    return add_days(periods).filter(nw.col("start_date") <= nw.col("day"))


def _running_period(extract: Extract, add_days: _AddDays) -> nw.LazyFrame:
    running = _periods(extract, add_days).filter(_not_stopped())
    since = running.group_by(*_PERSON_DAY).agg(nw.col("start_date").max().alias("untreated_since"))
    return (
        running.join(since, on=_PERSON_DAY)
        .filter(nw.col("start_date") == nw.col("untreated_since"))
        .group_by(*_PERSON_DAY, "untreated_since")
        .agg(nw.col("reason").min())
    )
