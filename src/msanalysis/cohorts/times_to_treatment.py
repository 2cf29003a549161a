"""The newly diagnosed of the year: how long it took from onset to treatment, and which it was."""

from collections.abc import Sequence

import pandas as pd

from msanalysis.cohorts.indicator_persons import NEWLY_DIAGNOSED
from msanalysis.cohorts.indicators import first_treatment, untreated_since_diagnosis
from msanalysis.cohorts.selection import (
    Step,
    coded,
    cohort,
    collected,
    days_between,
    not_registered,
)
from msanalysis.core import KNOWN, Box, Cohort
from msanalysis.extract import Extract

_PATIENTS = (
    "patient_id", "residence_hf", "diagnosis_code", "onset_course", "included_date", "onset_date",
    "referral_date", "diagnosis_date",
)  # fmt: skip
_TIMES = {
    "residence_hf": "patients.residence_hf",
    "onset_to_referral_days": "patients.referral_date",
    "referral_to_diagnosis_days": "patients.referral_date",
    "diagnosis_to_treatment_days": "treatments.start_date",
    "referral_known": "patients.referral_date",
    "treatment_start": "treatments.start_date",
}
_COLUMNS = {**_TIMES, "first_treatment": "treatments.start_date"}
STARTS = ("started", "none", "unknown")
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
        the diagnosis, missing where none had begun by the data cutoff; `referral_known` (yes, no);
        `treatment_start` by the data cutoff (`started`; `none`: a period without treatment is
        registered; `unknown`: neither).

    Notes
    -----
    Who starts treatment after the data cutoff has no time yet: the times of those diagnosed late
    in the year are too short.
    """
    return _selected("times_to_treatment", _persons(extract), course, [], {}, extract)


def first_treatments(extract: Extract, *, course: str, named: Sequence[str]) -> Cohort:
    """Return who of `times_to_treatment` had begun a treatment by the data cutoff, by the first.

    Parameters
    ----------
    named
        Substances that are levels of their own; all others together are `other`.

    Returns
    -------
    Cohort
        The columns of `times_to_treatment`, and `first_treatment`.
    """
    persons = _persons(extract)
    first = persons["substance"].where(persons["substance"].isin(named), "other")
    persons["first_treatment"] = pd.Categorical(first, [*named, "other"])
    known = f"{_KNOWN_OF['diagnosis_to_treatment_days']} {_year(extract)}{KNOWN}"
    waiting = ("no_treatment_started", persons["substance"].isna(), known)
    fixed = {known: ("yes",)}
    return _selected("first_treatments", persons, course, [waiting], fixed, extract)


def _year(extract: Extract) -> int:
    return extract.provenance.status_date.year


def _persons(extract: Extract) -> pd.DataFrame:
    persons = collected(extract.table("patients").select(*_PATIENTS))
    first = first_treatment(persons, extract)
    untreated = untreated_since_diagnosis(persons, extract).map({True: STARTS[1], False: STARTS[2]})
    to_treatment = days_between(persons["diagnosis_date"], first["start_date"]).clip(lower=0)
    return persons.assign(
        substance=first["substance"],
        onset_to_referral_days=days_between(persons["onset_date"], persons["referral_date"]),
        referral_to_diagnosis_days=days_between(
            persons["referral_date"], persons["diagnosis_date"]
        ),
        referral_known=coded(persons["referral_date"].notna(), ("no", "yes")),
        diagnosis_to_treatment_days=to_treatment,
        treatment_start=pd.Categorical(untreated.mask(to_treatment.notna(), STARTS[0]), STARTS),
    )


def _selected(
    name: str,
    persons: pd.DataFrame,
    course: str | None,
    more: Sequence[Step],
    fixed: Box,
    extract: Extract,
) -> Cohort:
    year = _year(extract)
    before = persons["diagnosis_date"].dt.year < year
    steps = [
        *not_registered(persons, extract),
        (f"diagnosed_before {year}", before, "diagnosis_year"),
    ]
    if course:
        steps.append((f"not_course {course}", persons["onset_course"] != course, "onset_course"))
        fixed = {**fixed, "onset_course": (course,)}
    named = {time: f"{indicator} {year}" for time, indicator in _KNOWN_OF.items()}
    return cohort(
        "_".join((name, str(year), *([course] if course else ()))),
        persons,
        [*steps, *more],
        _COLUMNS if "first_treatment" in persons else _TIMES,
        extract,
        base=NEWLY_DIAGNOSED,
        fixed={**fixed, "diagnosis_year": (str(year),)},
        dimensions=named | {"referral_known": f"{named['referral_to_diagnosis_days']}{KNOWN}"},
        coarser=(("treatment_start", "diagnosis_to_treatment_days known"),),
    )
