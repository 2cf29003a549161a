"""Who stopped natalizumab: the time until the next drug, and relapses before, on and after it."""

from datetime import date

import narwhals as nw
import numpy as np
import pandas as pd

from msanalysis.cohorts.courses import ONGOING, courses
from msanalysis.cohorts.events import days, events
from msanalysis.cohorts.natalizumab import GAP_DAYS, NEXT_WITHIN_DAYS, ever_used, following
from msanalysis.cohorts.selection import (
    Step,
    cohort,
    collected,
    first_end,
    not_registered,
    whole_days,
)
from msanalysis.core import Cohort
from msanalysis.extract import Extract

PHASES = ("before_treatment", "on_treatment", "after_treatment")


def natalizumab_after_stop(
    extract: Extract, *, since: str = "2018-01-01", gap_days: int = GAP_DAYS
) -> Cohort:
    """Return who stopped natalizumab from a day on, from their first such stop to the next drug.

    The attrition begins with everyone who ever used the drug.

    Returns
    -------
    Cohort
        `follow_up_days` without treatment; `end_reason` (next_treatment: any start, natalizumab
        resumed after the gap included; death, emigration, cutoff; followed: 12 months without).
    """
    persons = _stopped(extract, since, gap_days)
    ends = {**_leaving(persons, extract), "followed": _later(persons["end_date"])}
    persons = persons.join(
        first_end({"next_treatment": persons["next_start"], **ends}).add_prefix("last_")
    ).rename(columns={"last_end_reason": "end_reason"})
    waited = whole_days(persons["end_date"], persons["last_end_date"])
    persons["follow_up_days"] = waited.clip(lower=0)
    columns = {"follow_up_days": "", "end_reason": ""}
    steps = _no_stop(persons, since, extract)
    return cohort("natalizumab_after_stop", persons, steps, columns, extract)


def natalizumab_phases(
    extract: Extract, *, since: str = "2018-01-01", gap_days: int = GAP_DAYS
) -> Cohort:
    """Return the relapses of who stopped natalizumab before, on and after it: a row a phase.

    The attrition begins with everyone who ever used the drug, in each phase.

    Returns
    -------
    Cohort
        `phase`: before_treatment (the year before), on_treatment, after_treatment (from the stop to
        the next drug, 12 months at the most); `follow_up_days` in it; `n_relapses`.

    Notes
    -----
    A drug is started because of relapses: the rate before is high by selection.
    """
    persons = _stopped(extract, since, gap_days)
    ends = {"next": persons["next_start"], "followed": _later(persons["end_date"])}
    after = first_end({**ends, **_leaving(persons, extract)})["end_date"]
    year_before = persons["start_date"] - pd.Timedelta(days=NEXT_WITHIN_DAYS)
    bounds = {
        "before_treatment": (year_before, persons["start_date"]),
        "on_treatment": (persons["start_date"], persons["end_date"]),
        "after_treatment": (persons["end_date"], after),
    }
    relapses = collected(extract.table("relapses").select("patient_id", "relapse_date"))
    found = events(relapses, pd.Index(persons["patient_id"]), "relapse_date")
    rows = [
        _phase(persons, name, first, last.where(~(last < first), first), found)
        for name, (first, last) in bounds.items()
    ]
    table = pd.concat(rows, ignore_index=True)
    columns = {"phase": "", "follow_up_days": "", "n_relapses": "relapses.relapse_date"}
    steps = _no_stop(table, since, extract)
    return cohort("natalizumab_phases", table, steps, columns, extract)


def _phase(persons, name: str, first: pd.Series, last: pd.Series, found) -> pd.DataFrame:
    """Return the phase of each person; a relapse on its last day is in it, on its first is not."""
    return persons.assign(
        phase=pd.Categorical([name] * len(persons), PHASES),
        follow_up_days=whole_days(first, last),
        n_relapses=found.within(np.arange(len(persons)), days(first) + 1, days(last)),
    )


def _stopped(extract: Extract, since: str, gap_days: int) -> pd.DataFrame:
    """Everyone who ever used the drug, with their first stop since a day."""
    own = courses(extract, gap_days, of="natalizumab")
    ended = own.filter(
        (nw.col("end_date") >= date.fromisoformat(since)) & (nw.col("end_date") < ONGOING)
    )
    first = ended.group_by("patient_id").agg(nw.col("end_date").min())
    course = ended.join(first, on=["patient_id", "end_date"]).drop("substance", "stop_reason")
    return collected(
        ever_used(extract, own)
        .join(course, on="patient_id", how="left")
        .join(following(extract, course, own), on="patient_id", how="left")
        .sort("patient_id")
    )


def _no_stop(persons: pd.DataFrame, since: str, extract: Extract) -> list[Step]:
    """Return who did not stop since a day, or had left by then: what is open after is no stop."""
    stop = persons["end_date"]
    return [
        *not_registered(persons, extract),
        (f"no_stop_since {since}", stop.isna()),
        *(
            (f"{reason}_by_the_stop", day <= stop)
            for reason, day in _leaving(persons, extract).items()
        ),
    ]


def _leaving(persons: pd.DataFrame, extract: Extract) -> dict[str, pd.Series]:
    cutoff = pd.Series(pd.Timestamp(extract.provenance.data_cutoff), persons.index)
    return {
        "death": persons["death_date"],
        "emigration": persons["emigration_date"],
        "cutoff": cutoff,
    }


def _later(dates: pd.Series) -> pd.Series:
    return dates + pd.Timedelta(days=NEXT_WITHIN_DAYS + 1)
