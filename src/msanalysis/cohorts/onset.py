"""Persons followed from the onset of multiple sclerosis to death."""

from datetime import date

import pandas as pd

from msanalysis.cohorts.selection import (
    cohort,
    collected,
    days_between,
    first_end,
    not_registered,
)
from msanalysis.core import Cohort
from msanalysis.extract import Extract

REGISTRY_START = date(2001, 1, 1)
_COLUMNS = (
    "patient_id", "sex", "onset_course", "diagnosis_code", "consent_date", "included_date",
    "onset_date", "diagnosis_date", "death_date", "emigration_date",
)  # fmt: skip


def persons_from_onset(
    extract: Extract,
    *,
    delayed_entry: bool = False,
    registry_start: date = REGISTRY_START,
) -> Cohort:
    """Return everyone in the registry, from onset to death, emigration or the status date.

    Parameters
    ----------
    delayed_entry
        False: everyone is counted from onset, as the annual report does. A person had to live to
        be included, so survival is overstated. True: a person counts from the day they came
        under observation, the later of consent and `registry_start` (`entry_days`); who left on
        or before that day is excluded, and counted.

    Returns
    -------
    Cohort
        `follow_up_days`, `end_reason` (death, emigration, status_date), `sex`, `onset_course`;
        with delayed entry `entry_days`.
    """
    status_date = pd.Timestamp(extract.provenance.status_date)
    persons = collected(extract.table("patients").select(*_COLUMNS))
    persons = persons.join(
        first_end(
            {
                "death": persons["death_date"],
                "emigration": persons["emigration_date"],
                "status_date": pd.Series(status_date, index=persons.index),
            }
        )
    )
    after = persons["end_date"] > status_date
    persons.loc[after, ["end_date", "end_reason"]] = [status_date, "status_date"]
    persons["follow_up_days"] = days_between(persons["onset_date"], persons["end_date"])
    entered = persons["consent_date"].clip(lower=pd.Timestamp(registry_start))
    persons["entry_days"] = days_between(persons["onset_date"], entered).clip(lower=0)
    steps = [
        *not_registered(persons, extract),
        ("no_onset_date", persons["onset_date"].isna()),
        ("no_follow_up", ~(persons["follow_up_days"] > 0)),
    ]
    columns = ["follow_up_days", "end_reason", "sex", "onset_course"]
    if not delayed_entry:
        return cohort("persons_from_onset", persons, steps, columns, extract)
    steps += [
        ("no_consent_date", persons["consent_date"].isna()),
        ("left_before_observation", ~(persons["entry_days"] < persons["follow_up_days"])),
    ]
    columns.append("entry_days")
    return cohort("persons_from_onset_observed", persons, steps, columns, extract)
