"""Tests for antibodies against the JC virus, and what users of natalizumab do after a positive."""

from datetime import date

import narwhals as nw
import pandas as pd

from msanalysis.cohorts.courses import ONGOING, courses
from msanalysis.cohorts.natalizumab import GAP_DAYS, ever_used
from msanalysis.cohorts.selection import cohort, collected, first_end, not_registered, whole_days
from msanalysis.core import Cohort
from msanalysis.extract import Extract

_REGISTERED = (
    "patient_id", "included_date", "diagnosis_date", "diagnosis_code", "death_date",
    "emigration_date",
)  # fmt: skip


def jcv_tested(extract: Extract, *, assay: str, since: str = "2018-01-01") -> Cohort:
    """Return who was tested with an assay in each quarter: one row a person and quarter.

    A person counts once a quarter, positive when any test in it was. The attrition begins with
    all persons and quarters in which they were tested.

    Returns
    -------
    Cohort
        `quarter` (`quarter 2024-01`: its first month), `result` (positive, negative).
    """
    tests = (
        extract.table("jcv_tests")
        .filter((nw.col("assay") == assay) & (nw.col("sample_date") >= date.fromisoformat(since)))
        .select("patient_id", "sample_date", "result")
        .join(extract.table("patients").select(*_REGISTERED), on="patient_id")
    )
    rows = collected(tests.sort("patient_id", "sample_date"))
    first_month = rows["sample_date"].dt.to_period("Q").dt.start_time.dt.strftime("%Y-%m")
    rows = rows.assign(quarter="quarter " + first_month)
    # Of one quarter the last by name holds: positive goes before negative.
    rows = rows.sort_values(["patient_id", "quarter", "result"], kind="stable", na_position="first")
    rows = rows.drop_duplicates(["patient_id", "quarter"], keep="last").reset_index(drop=True)
    columns = {"quarter": "", "result": "jcv_tests.result"}
    return cohort(f"jcv_tested_{assay}", rows, not_registered(rows, extract), columns, extract)


def natalizumab_after_positive_test(extract: Extract, *, gap_days: int = GAP_DAYS) -> Cohort:
    """Return who tested positive for the first time while on natalizumab, until they stopped.

    Time zero is the day of the sample. A person who had tested positive before the course, or
    in an earlier one, is not in it. The attrition begins with everyone who ever used the drug.

    Returns
    -------
    Cohort
        `follow_up_days`; `end_reason` (stopped, death, emigration, cutoff); `assay` of the test.
    """
    persons = collected(_positive_during_course(extract, gap_days))
    cutoff = pd.Series(pd.Timestamp(extract.provenance.data_cutoff), persons.index)
    ends = {
        "death": persons["death_date"],
        "emigration": persons["emigration_date"],
        "stopped": persons["end_date"].where(persons["end_date"] < pd.Timestamp(ONGOING)),
        "cutoff": cutoff,
    }
    persons = persons.drop(columns="end_date").join(first_end(ends))
    persons["follow_up_days"] = whole_days(persons["sample_date"], persons["end_date"])
    steps = [
        *not_registered(persons, extract),
        ("never_tested_positive", persons["sample_date"].isna()),
        ("first_positive_off_natalizumab", persons["start_date"].isna()),
        ("no_follow_up", ~(persons["follow_up_days"] > 0)),
    ]
    columns = {"follow_up_days": "", "end_reason": "", "assay": "jcv_tests.assay"}
    return cohort("natalizumab_after_positive_test", persons, steps, columns, extract)


def _positive_during_course(extract: Extract, gap_days: int) -> nw.LazyFrame:
    positive = extract.table("jcv_tests").filter(nw.col("result") == "positive")
    first = positive.group_by("patient_id").agg(nw.col("sample_date").min())
    assay = (
        positive.join(first, on=["patient_id", "sample_date"])
        .group_by("patient_id", "sample_date")
        .agg(nw.col("assay").min())
    )
    own = courses(extract, gap_days, of="natalizumab")
    on_drug = own.join(first, on="patient_id").filter(
        (nw.col("start_date") <= nw.col("sample_date"))
        & (nw.col("sample_date") <= nw.col("end_date"))
    )
    return (
        ever_used(extract, own)
        .join(assay, on="patient_id", how="left")
        .join(on_drug.drop("sample_date"), on="patient_id", how="left")
        .sort("patient_id")
    )
