"""The registry's studies of its own data: against the patient record, and among raters."""

import narwhals as nw
import numpy as np
import pandas as pd

from msanalysis.cohorts.selection import PATIENTS, cohort, collected, not_registered
from msanalysis.core import Cohort
from msanalysis.extract import Extract

COMPARED = (
    "onset_year", "onset_month", "course", "diagnosis_date", "referral_date", "first_treatment",
    "last_edss", "relapse_corticosteroid", "relapse_hospitalised",
)  # fmt: skip
"""Variables that are compared with the patient record; others have no words."""
RATED = (
    "onset_year", "onset_course", "onset_symptom_optic", "onset_symptom_cerebellar",
    "diagnosis_date", "relapses_before_diagnosis", "findings_at_diagnosis",
)  # fmt: skip
"""Variables that raters were asked for."""
RESULTS = ("agrees", "differs", "missing")
REGISTERED_BY = ("one_trust", "several_trusts")


def record_comparisons(extract: Extract) -> Cohort:
    """Return the comparisons of registered values with the patient record.

    Returns
    -------
    Cohort
        A row a person and variable whose record was read: `variable`, `result` (`agrees`,
        `differs`, or `missing` where the registry held no value).

    Notes
    -----
    Variables that are not among `COMPARED`, and rows of which more agree or are missing than were
    compared, are excluded.
    """
    rows = collected(extract.table("record_validation"))
    counts = rows[["n_agreeing", "n_compared", "n_missing"]].fillna(0).set_axis(RESULTS, axis=1)
    counts["differs"] -= counts["agrees"] + counts["missing"]
    steps = {
        "other_variable": ~rows["variable"].isin(COMPARED),
        "more_than_compared": counts["differs"] < 0,
    }
    counts = counts.clip(lower=0)
    place = np.repeat(np.arange(counts.size), counts.to_numpy(dtype=int).ravel())
    of_row, result = np.divmod(place, len(RESULTS))
    each = rows[["variable"]].iloc[of_row].reset_index(drop=True)
    return cohort(
        "record_comparisons",
        each.assign(result=pd.Categorical.from_codes(result, RESULTS)),
        [(step, outside.iloc[of_row].reset_index(drop=True)) for step, outside in steps.items()],
        dict.fromkeys(("variable", "result"), "record_validation.n_agreeing"),
        extract,
        base="record_comparisons",
    )


def case_ratings(extract: Extract) -> Cohort:
    """Return the ratings of case histories by several raters.

    Returns
    -------
    Cohort
        A row a rating: `variable`, `scale` (nominal, ordinal, continuous), `case_id`, `rater`,
        `value` (text), `rating` (a number; of a date its day; missing where neither).

    Notes
    -----
    Case histories are written for the study: they are no persons of the registry. Variables that
    are not among `RATED` are excluded.
    """
    rows = collected(extract.table("rater_reliability")).rename(columns={"kind": "scale"})
    dates = pd.to_datetime(rows["value"], format="%Y-%m-%d", errors="coerce")
    days = (dates - pd.Timestamp("1970-01-01")).dt.days
    rows["rating"] = pd.to_numeric(rows["value"], errors="coerce").fillna(days)
    columns = ("variable", "scale", "case_id", "rater", "value", "rating")
    needs = dict.fromkeys(columns, "rater_reliability.value")
    steps = [("other_variable", ~rows["variable"].isin(RATED))]
    return cohort("case_ratings", rows, steps, needs, extract, base="case_ratings")


def persons_by_registering_trusts(extract: Extract) -> Cohort:
    """Return everyone in the registry by how many trusts registered them.

    Returns
    -------
    Cohort
        `registered_by` (`one_trust`, `several_trusts`), `residence_hf`.
    """
    names = ("patient_id", "residence_hf", "diagnosis_code", "included_date", "diagnosis_date")
    persons = collected(extract.table("patients").select(*names).sort("patient_id"))
    trusts = extract.table("registrations").select("patient_id", "hf").unique()
    n_trusts = collected(trusts.group_by("patient_id").agg(nw.col("hf").count()))
    found = persons["patient_id"].map(n_trusts.set_index("patient_id")["hf"])
    limits = [0, 1, np.inf]
    persons["registered_by"] = pd.cut(found, limits, labels=REGISTERED_BY)
    return cohort(
        "registered",
        persons,
        not_registered(persons, extract),
        {"registered_by": "registrations.hf", "residence_hf": "patients.residence_hf"},
        extract,
        base=PATIENTS,
    )
