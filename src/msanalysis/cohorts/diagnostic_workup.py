"""How the diagnosis was reached: relapses and findings by then, and what was examined."""

from collections.abc import Iterator
from typing import Literal

import pandas as pd

from msanalysis.cohorts.selection import PATIENTS, Step, coded, cohort, collected, not_registered
from msanalysis.core import Cohort
from msanalysis.extract import Extract

Known = Literal["bands", "mri", "csf"]
EXAMINED = ("not_examined", "examined")
KNOWN_LEVELS = {"bands": ("present", "absent"), "mri": EXAMINED, "csf": EXAMINED}
"""What may be asked to be known -> its levels; `unknown` bands are entered as unknown."""

_PATIENTS = (
    "patient_id", "diagnosis_code", "onset_course", "included_date", "diagnosis_date",
    "death_date", "relapses_before_diagnosis", "findings_at_diagnosis", "mri_at_diagnosis",
    "csf_examined", "oligoclonal_bands",
)  # fmt: skip
_COLUMNS = {
    "diagnosis_year": "patients.diagnosis_date",
    "onset_course": "patients.onset_course",
    "relapses": "patients.relapses_before_diagnosis",
    "at_most_one_relapse": "patients.relapses_before_diagnosis",
    "findings": "patients.findings_at_diagnosis",
    "at_most_one_finding": "patients.findings_at_diagnosis",
    "mri": "patients.mri_at_diagnosis",
    "csf": "patients.csf_examined",
    "bands": "patients.oligoclonal_bands",
}
_COARSER = (
    ("relapses", "at_most_one_relapse"),
    ("findings", "at_most_one_finding"),
    ("relapses", "at_most_one_relapse known"),
    ("findings", "at_most_one_finding known"),
    ("diagnosis_year", "diagnosis_year known"),
)
_MOST = 3
"""So many and more are one level."""


def living_by_workup(
    extract: Extract, *, course: str | None = None, known: Known | None = None
) -> Cohort:
    """Return everyone alive on the status date by how their diagnosis was reached.

    Parameters
    ----------
    course
        Only those with this course at onset.
    known
        Only those of whom this is known.

    Returns
    -------
    Cohort
        `diagnosis_year`, `onset_course`; `relapses` before the diagnosis and clinical `findings`
        at it (0, 1, 2, 3 or more) with `at_most_one_relapse` and `at_most_one_finding` (each
        also the code of yes); `mri` and `csf` (examined, not_examined); oligoclonal `bands`
        (present, absent, unknown) of those whose cerebrospinal fluid was examined.
    """
    status_date = extract.provenance.status_date
    persons = _persons(extract)
    died = persons["death_date"] <= pd.Timestamp(status_date)
    step = (f"dead_by {status_date}", died, "alive")
    return _selected("living", persons, step, ("yes",), extract, course, known)


def diagnosed_by_workup(
    extract: Extract, *, first_year: int, course: str | None = None, known: Known | None = None
) -> Cohort:
    """Return everyone diagnosed from `first_year` to the status date; as `living_by_workup`."""
    last_year = extract.provenance.status_date.year
    persons = _persons(extract)
    earlier = (persons["diagnosis_year"] < first_year).fillna(False).astype(bool)
    step = (f"diagnosed_before {first_year}", earlier, "diagnosis_year")
    years = tuple(map(str, range(first_year, last_year + 1)))
    name = f"diagnosed_{first_year}_{last_year}"
    return _selected(name, persons, step, years, extract, course, known)


def _persons(extract: Extract) -> pd.DataFrame:
    persons = collected(extract.table("patients").select(*_PATIENTS).sort("patient_id"))
    # Bands belong to an examination: what stands without one is no finding.
    bands = persons["oligoclonal_bands"].where(persons["csf_examined"].ne(False))
    return persons.assign(
        diagnosis_year=persons["diagnosis_date"].dt.year.astype("Int64"),
        mri=coded(persons["mri_at_diagnosis"], EXAMINED),
        csf=coded(persons["csf_examined"], EXAMINED),
        bands=pd.Categorical(bands, categories=["present", "absent", "unknown"]),
        **_numbered(persons["relapses_before_diagnosis"], "relapse"),
        **_numbered(persons["findings_at_diagnosis"], "finding"),
    )


def _numbered(values: pd.Series, what: str) -> dict[str, pd.Categorical]:
    """Return the levels of a number, and whether it is at most one."""
    known = values.astype("Int64")
    levels = [f"{what}s_{n}" for n in range(_MOST + 1)]
    level = known.clip(upper=_MOST).map(dict(enumerate(levels)))
    return {
        f"{what}s": pd.Categorical(level, categories=levels),
        f"at_most_one_{what}": coded(known.le(1), (f"more_than_one_{what}", f"at_most_one_{what}")),
    }


def _selected(
    name: str,
    persons: pd.DataFrame,
    step: Step,
    levels: tuple[str, ...],
    extract: Extract,
    course: str | None,
    known: Known | None,
) -> Cohort:
    """Return the persons of a step that holds its dimension to `levels`, and of the choices."""
    fixed = {step[2]: levels}
    if course is not None:
        fixed |= {"onset_course": (course,)}
    if known is not None:
        fixed |= {known: KNOWN_LEVELS[known]}
    return cohort(
        "_".join([name, *filter(None, (course, known and f"known_{known}"))]),
        persons,
        [*not_registered(persons, extract), step, *_choices(persons, course, known)],
        _COLUMNS,
        extract,
        base=PATIENTS,
        fixed=fixed,
        coarser=_COARSER,
    )


def _choices(persons: pd.DataFrame, course: str | None, known: Known | None) -> Iterator[Step]:
    if course is not None:
        yield f"not_course {course}", persons["onset_course"] != course, "onset_course"
    if known is not None:
        yield f"not_known {known}", ~persons[known].isin(KNOWN_LEVELS[known]), known
