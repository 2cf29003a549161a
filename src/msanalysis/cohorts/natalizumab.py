"""Users of natalizumab in a year, and who of them stopped."""

from datetime import date

import narwhals as nw
import numpy as np
import pandas as pd

from msanalysis.codes import treatment_groups
from msanalysis.cohorts.courses import ONGOING, courses, episodes_of
from msanalysis.cohorts.selection import (
    Step,
    cohort,
    collected,
    days_between,
    first_end,
    not_registered,
    whole_days,
)
from msanalysis.core import Cohort
from msanalysis.extract import Extract
from msanalysis.units import DAYS_PER_YEAR

NEXT_WITHIN_DAYS = 365
GAP_DAYS = 90
_PATIENTS = (
    "patient_id", "sex", "birth_date", "residence_hf", "diagnosis_code", "included_date",
    "diagnosis_date", "death_date", "emigration_date",
)  # fmt: skip
_COLUMNS = {
    "follow_up_days": "",
    "end_reason": "",
    "use_began": "",
    "stop_reason": "treatments.stop_reason",
    "next_group": "",
    "days_to_next": "",
    "age_years": "patients.birth_date",
    "years_on_natalizumab": "",
    "sex": "patients.sex",
    "residence_hf": "patients.residence_hf",
}


def natalizumab_users(
    extract: Extract, *, year: int | None = None, gap_days: int = GAP_DAYS
) -> Cohort:
    """Return who used natalizumab in a year, from 1 January or their start to their first stop.

    Tysabri and Tyruko are one drug. A pause of at most `gap_days` is no stop. The attrition
    begins with everyone who ever used the drug.

    Parameters
    ----------
    year
        A calendar year; the report year of the extract when None.

    Returns
    -------
    Cohort
        `follow_up_days` in the year; `end_reason` (stopped, death, emigration, year_end or
        cutoff: a stop on the day of death or emigration is none); `use_began` (before_year,
        in_year); of those who stopped `stop_reason`, `next_group` (treatment group of the first
        start within 12 months of the stop, a treatment begun during natalizumab that goes on
        included; `no_next_treatment`) and `days_to_next`; `age_years`, `years_on_natalizumab`
        at the start of follow-up; `sex`, `residence_hf`.

    Raises
    ------
    ValueError
        The year lies outside the extract, or `gap_days` is negative.
    """
    year = _checked(year, extract)
    persons, steps = _used(extract, year, gap_days)
    fixed = {"year": (_as_known(year, extract),)}
    return cohort(
        f"natalizumab_users_{year}",
        persons,
        steps,
        _COLUMNS,
        extract,
        base=_base(gap_days),
        fixed=fixed,
    )


def natalizumab_stopped(
    extract: Extract, *, year: int | None = None, gap_days: int = GAP_DAYS
) -> Cohort:
    """Return those of `natalizumab_users` who stopped in the year."""
    year = _checked(year, extract)
    persons, steps = _used(extract, year, gap_days)
    steps.append(("not_stopped", persons["end_reason"] != "stopped", "end_reason"))
    fixed = {"year": (_as_known(year, extract),), "end_reason": ("stopped",)}
    return cohort(
        f"natalizumab_stopped_{year}",
        persons,
        steps,
        _COLUMNS,
        extract,
        base=_base(gap_days),
        fixed=fixed,
    )


def natalizumab_two_years(extract: Extract, *, gap_days: int = GAP_DAYS) -> Cohort:
    """Return the users of the report year and of the year before, one row a person and year.

    Both years are seen with the same delay of reporting: the year before as the registry knew it
    one year before the data cutoff. `year` (text) tells them apart; columns as in
    `natalizumab_users`. Who used the drug in both years stands in both, and so
    in the attrition.
    """
    after = natalizumab_users(extract, gap_days=gap_days)
    before = natalizumab_users(a_year_earlier(extract), gap_days=gap_days)
    years = {str(each.provenance.status_date.year): each for each in (before, after)}
    rows = [each.frame.assign(year=year) for year, each in years.items()]
    excluded = pd.concat([before.exclusions, after.exclusions])
    return Cohort(
        name="natalizumab_users_two_years",
        frame=pd.concat(rows, ignore_index=True),
        exclusions=excluded.groupby(["step", "dimension"], sort=False, as_index=False)["n"].sum(),
        provenance=extract.provenance,
        not_delivered=after.not_delivered,
        base=_base(gap_days),
        fixed={name: levels for name, levels in after.fixed.items() if name != "year"},
    )


def a_year_earlier(extract: Extract) -> Extract:
    """Return the extract as it was known one year before its data cutoff."""
    cutoff = extract.provenance.data_cutoff
    leap_day = (cutoff.month, cutoff.day) == (2, 29)
    return extract.as_known_on(
        cutoff.replace(year=cutoff.year - 1, day=28 if leap_day else cutoff.day)
    )


def _base(gap_days: int) -> str:
    return f"natalizumab_users gap {gap_days}"


def _as_known(year: int, extract: Extract) -> str:
    """Return the year, with the day it is known on where that is not in the year after it."""
    cutoff = extract.provenance.data_cutoff
    return str(year) if cutoff.year == year + 1 else f"{year} known on {cutoff}"


def _checked(year: int | None, extract: Extract) -> int:
    last = extract.provenance.data_cutoff.year
    year = extract.provenance.status_date.year if year is None else year
    if not 2001 <= year <= last:
        raise ValueError(f"year must lie from 2001 to {last}, the year of the data cutoff")
    return year


def _used(extract: Extract, year: int, gap_days: int) -> tuple[pd.DataFrame, list[Step]]:
    """Everyone who ever used the drug, with the end of follow-up in the year."""
    persons = collected(_users(extract, year, gap_days))
    cutoff, last_day = extract.provenance.data_cutoff, date(year, 12, 31)
    censoring = "year_end" if last_day <= cutoff else "cutoff"
    censored = pd.Series(pd.Timestamp(min(last_day, cutoff)), persons.index)
    stop = persons["end_date"].where(persons["end_date"] < pd.Timestamp(ONGOING))
    ends = {
        "death": persons["death_date"],
        "emigration": persons["emigration_date"],
        "stopped": stop,
        censoring: censored,
    }
    persons = persons.drop(columns="end_date").join(first_end(ends))
    zero = persons["start_date"].clip(lower=pd.Timestamp(year - 1, 12, 31))
    persons["follow_up_days"] = whole_days(zero, persons["end_date"])
    persons["age_years"] = days_between(persons["birth_date"], zero) / DAYS_PER_YEAR
    persons["years_on_natalizumab"] = days_between(persons["start_date"], zero) / DAYS_PER_YEAR
    in_year = persons["start_date"] >= pd.Timestamp(year, 1, 1)
    persons["use_began"] = np.where(in_year, "in_year", "before_year")
    steps = [*not_registered(persons, extract), _no_users(persons, year)]
    return _with_next(persons), steps


def _no_users(persons: pd.DataFrame, year: int) -> Step:
    """Return who ended before the year, began after it, or had died or emigrated by then.

    One step: few began after the year or left before it, so that rows of their own would be hidden
    and take the row of who is included with them.
    """
    no_course = persons["start_date"].isna()
    return f"no_use_in {year}", no_course | (persons["follow_up_days"] < 0), "no_use_in_year"


def _with_next(persons: pd.DataFrame) -> pd.DataFrame:
    stopped = persons["end_reason"] == "stopped"
    group = persons["next_substance"].map(treatment_groups()).fillna("no_next_treatment")
    days = days_between(persons["end_date"], persons["next_start"]).clip(lower=0)
    return persons.assign(
        stop_reason=persons["stop_reason"].where(stopped),
        next_group=group.where(stopped),
        days_to_next=days.where(stopped),
    )


def _users(extract: Extract, year: int, gap_days: int) -> nw.LazyFrame:
    """One row a person who ever used the drug: the first course in the year, and what followed."""
    own = courses(extract, gap_days, of="natalizumab")
    used = own.filter(
        (nw.col("start_date") <= date(year, 12, 31)) & (nw.col("end_date") >= date(year, 1, 1))
    )
    first = used.group_by("patient_id").agg(nw.col("start_date").min())
    course = used.join(first, on=["patient_id", "start_date"])
    return (
        ever_used(extract, own)
        .join(course.drop("substance"), on="patient_id", how="left")
        .join(following(extract, course, own), on="patient_id", how="left")
        .sort("patient_id")
    )


def ever_used(extract: Extract, own: nw.LazyFrame) -> nw.LazyFrame:
    """Return a row of `patients` for each person with a course in `own`."""
    persons = extract.table("patients").select(*_PATIENTS)
    return persons.join(own.select("patient_id"), on="patient_id", how="semi")


def following(extract: Extract, course: nw.LazyFrame, own: nw.LazyFrame) -> nw.LazyFrame:
    """First start within 12 months of the end of the course; of several on a day, by name.

    `own` are the courses of natalizumab, of which a later one counts too.
    """
    others = episodes_of(extract).filter(nw.col("substance") != "natalizumab")
    ended = course.filter(nw.col("end_date") < ONGOING).select(
        "patient_id",
        nw.col("start_date").alias("began"),
        nw.col("end_date").alias("ended"),
        nw.col("end_date").dt.offset_by(f"{NEXT_WITHIN_DAYS}d").cast(nw.Date).alias("latest"),
    )
    begun = nw.concat([own.select(others.collect_schema().names()), others])
    after = begun.join(ended, on="patient_id").filter(
        (nw.col("start_date") > nw.col("began"))
        & (nw.col("start_date") <= nw.col("latest"))
        & ((nw.col("start_date") >= nw.col("ended")) | (nw.col("end_date") > nw.col("ended")))
    )
    first = after.group_by("patient_id").agg(nw.col("start_date").min())
    return (
        after.join(first, on=["patient_id", "start_date"])
        .group_by("patient_id", "start_date")
        .agg(nw.col("substance").min().alias("next_substance"))
        .rename({"start_date": "next_start"})
    )
