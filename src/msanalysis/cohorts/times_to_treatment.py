"""The newly diagnosed of the year, and how long it took from onset to treatment."""

from msanalysis.cohorts.indicator_persons import NEWLY_DIAGNOSED
from msanalysis.cohorts.indicators import first_treatment
from msanalysis.cohorts.selection import (
    cohort,
    collected,
    days_between,
    not_registered,
)
from msanalysis.core import Cohort
from msanalysis.extract import Extract

_PATIENTS = (
    "patient_id", "residence_hf", "diagnosis_code", "onset_course", "included_date", "onset_date",
    "referral_date", "diagnosis_date",
)  # fmt: skip
_COLUMNS = {
    "residence_hf": "patients.residence_hf",
    "onset_to_referral_days": "patients.referral_date",
    "referral_to_diagnosis_days": "patients.referral_date",
    "diagnosis_to_treatment_days": "treatments.start_date",
}
_KNOWN_OF = {
    "referral_to_diagnosis_days": "referral_to_diagnosis_28d",
    "diagnosis_to_treatment_days": "early_high_efficacy",
}
"""Time -> the indicator in whose denominator are just those of whom it is known."""


def times_to_treatment(extract: Extract, *, course: str | None = None) -> Cohort:
    """Return everyone diagnosed in the status year with the days from onset to treatment.

    Parameters
    ----------
    course
        Only those with this course at onset.

    Returns
    -------
    Cohort
        `residence_hf`; `onset_to_referral_days` and `referral_to_diagnosis_days`, missing where
        the day of the referral is; `diagnosis_to_treatment_days`, 0 where treatment began before
        the diagnosis, missing where none had begun by the data cutoff.

    Notes
    -----
    Who starts treatment after the data cutoff has no time yet: the times of those diagnosed late
    in the year are too short.
    """
    year = extract.provenance.status_date.year
    persons = collected(extract.table("patients").select(*_PATIENTS))
    start = first_treatment(persons, extract)["start_date"]
    persons = persons.assign(
        onset_to_referral_days=days_between(persons["onset_date"], persons["referral_date"]),
        referral_to_diagnosis_days=days_between(
            persons["referral_date"], persons["diagnosis_date"]
        ),
        diagnosis_to_treatment_days=days_between(persons["diagnosis_date"], start).clip(lower=0),
    )
    steps = [
        *not_registered(persons, extract),
        (f"diagnosed_before {year}", persons["diagnosis_date"].dt.year < year, "diagnosis_year"),
    ]
    fixed = {"diagnosis_year": (str(year),)}
    if course:
        steps.append((f"not_course {course}", persons["onset_course"] != course, "onset_course"))
        fixed["onset_course"] = (course,)
    name = "_".join(("times_to_treatment", str(year), *([course] if course else ())))
    return cohort(
        name,
        persons,
        steps,
        _COLUMNS,
        extract,
        base=NEWLY_DIAGNOSED,
        fixed=fixed,
        dimensions={time: f"{indicator} {year}" for time, indicator in _KNOWN_OF.items()},
    )
