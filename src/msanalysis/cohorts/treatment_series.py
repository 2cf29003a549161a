"""Courses of treatment over calendar time: natalizumab, and all other lasting drugs beside it."""

from datetime import date

import narwhals as nw
import numpy as np
import pandas as pd

from msanalysis.codes import one_off_substances
from msanalysis.cohorts.courses import ONGOING, courses
from msanalysis.cohorts.natalizumab import GAP_DAYS
from msanalysis.cohorts.selection import cohort, collected, days_between, first_end, not_registered
from msanalysis.core import Cohort
from msanalysis.extract import Extract

SINCE = "2018-01-01"
_COLUMNS = {"follow_up_days": "", "entry_days": "", "end_reason": "", "series": ""}


def treatment_series(extract: Extract, *, since: str = SINCE, gap_days: int = GAP_DAYS) -> Cohort:
    """Return every course of treatment that ran from a calendar day on, to its stop.

    One row a course, so that a person may stand in it more than once. Treatments given once are
    left out: nobody stops them. The attrition begins with all other courses that had not ended
    before that day.

    Parameters
    ----------
    since
        Time zero of everyone; the first day of a month, such as 2018-01-01.
    gap_days
        A pause of at most so many days is no stop.

    Returns
    -------
    Cohort
        `entry_days` and `follow_up_days` from `since` (under observation in (entry, exit]; -1:
        since time zero); `end_reason` (stopped, death, emigration, cutoff); `series`
        (natalizumab, other_drugs).

    Raises
    ------
    ValueError
        `since` is no first day of a month before the data cutoff.
    """
    zero = _month_start(since, extract)
    runs = collected(_running(extract, zero, gap_days))
    stop = runs["end_date"].where(runs["end_date"] < pd.Timestamp(ONGOING))
    cutoff = pd.Series(pd.Timestamp(extract.provenance.data_cutoff), runs.index)
    ends = first_end(
        {
            "death": runs["death_date"],
            "emigration": runs["emigration_date"],
            "stopped": stop,
            "cutoff": cutoff,
        }
    )
    runs = runs.drop(columns="end_date").join(ends)
    time_zero = pd.Series(pd.Timestamp(zero), runs.index)
    runs["follow_up_days"] = days_between(time_zero, runs["end_date"])
    runs["entry_days"] = days_between(time_zero, runs["start_date"]).clip(lower=-1)
    runs["series"] = np.where(runs["is_natalizumab"], "natalizumab", "other_drugs")
    # Who died or emigrated before is under no observation, whatever was never closed.
    left = runs["follow_up_days"] < runs["entry_days"].clip(lower=0)
    steps = [
        *not_registered(runs, extract),
        *(
            (f"{reason}_before_observation", left & (runs["end_reason"] == reason))
            for reason in ("death", "emigration")
        ),
    ]
    return cohort("treatment_courses", runs, steps, _COLUMNS, extract)


def _month_start(since: str, extract: Extract) -> date:
    day = date.fromisoformat(since)
    if day.day != 1 or day >= extract.provenance.data_cutoff:
        raise ValueError("since must be the first day of a month before the data cutoff")
    return day


def _running(extract: Extract, zero: date, gap_days: int) -> nw.LazyFrame:
    """Return the courses without their persons, in no order: sorting would take longest."""
    lasting = ~nw.col("substance").is_in(one_off_substances())
    runs = courses(extract, gap_days, since=zero).filter(lasting)
    persons = extract.table("patients").select(
        "patient_id", "included_date", "diagnosis_date", "diagnosis_code", "death_date",
        "emigration_date",
    )  # fmt: skip
    is_natalizumab = (nw.col("substance") == "natalizumab").alias("is_natalizumab")
    return (
        runs.select("patient_id", "start_date", "end_date", is_natalizumab)
        .join(persons, on="patient_id")
        .drop("patient_id")
    )
