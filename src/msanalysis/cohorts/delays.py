"""How long it takes from a visit, a measurement or a treatment until it stands in the registry."""

from collections.abc import Mapping
from dataclasses import replace

import narwhals as nw
import numpy as np
import pandas as pd

from msanalysis.cohorts.complete_records import seen_in
from msanalysis.cohorts.selection import PATIENTS, cohort, collected, days_between, not_registered
from msanalysis.core import KNOWN, Box, Cohort
from msanalysis.extract import Extract

KINDS = {
    "visit_registered": "visits.visit_date",
    "edss_registered": "edss.measured_date",
    "relapse_registered": "relapses.relapse_date",
    "mri_registered": "mri.mri_date",
    "treatment_registered": "treatments.start_date",
}
"""Column of the cohort -> the day of what is registered."""
BANDS = {
    "delay_0_7": 8, "delay_8_30": 31, "delay_31_90": 91, "delay_91_180": 181,
    "delay_over_180": np.inf,
}  # fmt: skip
"""Level -> the first whole day that is beyond it."""
_PATIENTS = (
    "patient_id", "residence_hf", "diagnosis_code", "included_date", "diagnosis_date", "death_date",
)  # fmt: skip


def last_registrations(extract: Extract) -> Cohort:
    """Return everyone alive on the status date by how late their last events were registered.

    Returns
    -------
    Cohort
        `residence_hf`, and for each of `KINDS` a column: the band of days from the
        person's last such event of the status year to its registration. Of several on one day the
        one registered first counts; a registration before the event counts as 0 days.
        Of events that were not delivered nobody has a band. `visit_delay_days` are the days of the
        last visit.

    Notes
    -----
    What is not registered by the data cutoff is not there: the delays of the last months of the
    year are too short, the shorter the closer the cutoff.
    """
    status_date = pd.Timestamp(extract.provenance.status_date)
    persons = collected(extract.table("patients").select(*_PATIENTS).sort("patient_id"))
    events = {kind: _last_events(extract, persons, kind) for kind in KINDS}
    step = (f"dead_by {status_date.date()}", persons["death_date"] <= status_date, "alive")
    boxes = {kind: _box(extract, rows, kind) for kind, rows in events.items()}
    of_visits = next(iter(boxes["visit_registered"]))
    found = cohort(
        "living",
        persons.assign(**_delays(events)),
        [*not_registered(persons, extract), step],
        {
            "residence_hf": "patients.residence_hf",
            "visit_delay_days": "visits.registered_date",
            **dict.fromkeys(KINDS, ""),
        },
        extract,
        base=PATIENTS,
        fixed={"alive": ("yes",)},
        dimensions={f"visit_delay_days{KNOWN}": of_visits},
    )
    asked = {kind: (found.base, {**found.fixed, **box}) for kind, box in boxes.items()}
    return replace(found, asked=asked)


def _table(kind: str) -> str:
    return KINDS[kind].partition(".")[0]


def _box(extract: Extract, events: pd.DataFrame, kind: str) -> Box:
    """Return the levels of who has such an event in the year, registered on a known day."""
    year = extract.provenance.status_date.year
    happened, registered = events[_day(kind)].notna(), events["registered_date"].notna()
    if happened.equals(registered):
        return seen_in(extract, KINDS[kind], year)
    return {f"{kind} in {year}": ("yes",)}


def _day(kind: str) -> str:
    return KINDS[kind].partition(".")[2]


def _last_events(extract: Extract, persons: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Return each person's last event of the year, in the order of `persons`."""
    day, year = nw.col(_day(kind)), extract.provenance.status_date.year
    rows = extract.table(_table(kind)).filter(day.dt.year() == year)
    last = rows.group_by("patient_id").agg(day.max())
    first = (
        rows.join(last, on=["patient_id", _day(kind)])
        .group_by("patient_id", _day(kind))
        .agg(nw.col("registered_date").min())
    )
    return persons[["patient_id"]].merge(collected(first), on="patient_id", how="left")


def _days(events: pd.DataFrame, kind: str) -> pd.Series:
    return days_between(events[_day(kind)], events["registered_date"]).clip(lower=0)


def _delays(events: Mapping[str, pd.DataFrame]) -> dict[str, pd.Series]:
    """Return the days of the last visit, and the band of the days of each kind of event."""
    days = {kind: _days(rows, kind) for kind, rows in events.items()}
    edges, labels = [0, *BANDS.values()], [*BANDS]
    bands = {kind: pd.cut(delay, edges, right=False, labels=labels) for kind, delay in days.items()}
    return {"visit_delay_days": days["visit_registered"], **bands}
