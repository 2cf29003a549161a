"""Persons followed from the onset of multiple sclerosis to death."""

from datetime import date

import numpy as np
import pandas as pd

from msanalysis.cohorts.selection import (
    PATIENTS,
    Step,
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


_COHORT_COLUMNS = {
    "follow_up_days": "",
    "end_reason": "",
    "sex": "patients.sex",
    "onset_course": "patients.onset_course",
}
_SET = {
    "base": PATIENTS,
    "dimensions": {name: f"{name} since onset" for name in ("follow_up_days", "end_reason")},
}


def persons_from_onset(extract: Extract) -> Cohort:
    """Return everyone in the registry, from onset to death, emigration or the status date.

    Everyone is counted from onset, as the annual report does. A person had to live to be
    included, so survival is overstated: see `persons_observed_from_onset`.

    Returns
    -------
    Cohort
        `follow_up_days`, `end_reason` (death, emigration, status_date), `sex`, `onset_course`.
    """
    persons, steps = _followed(extract)
    return cohort("persons_from_onset", persons, steps, _COHORT_COLUMNS, extract, **_SET)


def persons_observed_from_onset(
    extract: Extract, *, registry_start: date = REGISTRY_START, least_at_risk: int = 20
) -> Cohort:
    """Return `persons_from_onset`, each counted from the day they came under observation.

    That is the later of consent and `registry_start` (`entry_days`). What is estimated is given
    survival to the first day since onset on which `least_at_risk` persons are under observation:
    nobody enters before it, and who left by then is excluded, so that a death among very few does
    not pull the curve down for good. Whoever was never observed is excluded, and counted.
    """
    persons, steps = _followed(extract)
    columns = {**_COHORT_COLUMNS, "entry_days": "patients.consent_date"}
    if not extract.delivered("patients.consent_date"):
        steps.append(("consent_date_not_delivered", pd.Series(True, index=persons.index)))
        return cohort("persons_observed_from_onset", persons, steps, columns, extract, **_SET)
    entered = persons["consent_date"].clip(lower=pd.Timestamp(registry_start))
    persons["entry_days"] = days_between(persons["onset_date"], entered).clip(lower=0)
    steps += [
        ("no_consent_date", persons["consent_date"].isna()),
        ("never_observed", ~(persons["entry_days"] < persons["follow_up_days"])),
    ]
    observed = persons[~pd.concat([step[1] for step in steps], axis=1).any(axis=1)]
    first_day = _first_day_with(least_at_risk, observed)
    if first_day is None:
        few = pd.Series(True, index=persons.index)
        steps.append((f"never_enough_at_risk {least_at_risk}", few))
    else:
        persons["entry_days"] = persons["entry_days"].clip(lower=first_day)
        steps.append((f"left_before_day {first_day}", persons["follow_up_days"] <= first_day))
    return cohort("persons_observed_from_onset", persons, steps, columns, extract, **_SET)


def _first_day_with(least_at_risk: int, persons: pd.DataFrame) -> int | None:
    """Return the first day after whose end that many persons are under observation."""
    entry = np.sort(persons["entry_days"].to_numpy())
    left = np.searchsorted(np.sort(persons["follow_up_days"].to_numpy()), entry, side="right")
    entered = np.searchsorted(entry, entry, side="right")
    enough = np.flatnonzero(entered - left >= least_at_risk)
    return int(entry[enough[0]]) if len(enough) else None


def _followed(extract: Extract) -> tuple[pd.DataFrame, list[Step]]:
    """Everyone with the end of follow-up, and who is to be excluded."""
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
    persons["follow_up_days"] = days_between(persons["onset_date"], persons["end_date"])
    return persons, [
        *not_registered(persons, extract),
        ("no_onset_date", persons["onset_date"].isna(), "no_onset_date"),
        ("no_follow_up", ~(persons["follow_up_days"] > 0), "no_follow_up since onset"),
    ]
