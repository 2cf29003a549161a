"""Everyone alive on the status date by the treatment they have, and why they have none."""

from collections.abc import Sequence
from dataclasses import replace

import narwhals as nw
import pandas as pd

from msanalysis import codes
from msanalysis.cohorts.selection import (
    PATIENTS,
    Step,
    cohort,
    collected,
    days_between,
    not_registered,
)
from msanalysis.cohorts.treatment_status import running_treatments, status_on
from msanalysis.core import Cohort
from msanalysis.extract import Extract
from msanalysis.schema import UNTREATED_REASONS

STATUSES = ("ongoing", "none", "unknown")
OVERVIEW = ("ongoing_shown", "ongoing_left_out", "none", "unknown")
REASON_GROUPS = {
    "ppms": "progressive_disease",
    "spms": "progressive_disease",
    "rrms_without_indication": "rrms_without_indication",
    "long_stable_disease": "long_stable_disease",
    "patient_choice": "choice_or_pregnancy",
    "pregnancy": "choice_or_pregnancy",
}
"""Reason for no treatment -> one of the report's five groups; all others are `other`."""
UPDATED_DAYS = {
    "updated_0_6": 183, "updated_6_12": 366, "updated_12_24": 731, "updated_over_24": 10**6,
}  # fmt: skip
"""Time since the last update -> the most days it holds."""
FEWEST_USERS = 5
_PATIENTS = (
    "patient_id", "residence_hf", "diagnosis_code", "onset_course", "included_date",
    "diagnosis_date", "death_date",
)  # fmt: skip
_COLUMNS = {
    "treatment_status": "",
    "treatment": "",
    "overview": "",
    "updated": "visits.treatment_updated",
    "reason": "untreated_periods.reason",
    "reason_group": "untreated_periods.reason",
    "onset_course": "patients.onset_course",
    "residence_hf": "patients.residence_hf",
}
_COARSER = (
    ("treatment", "treatment_status"),
    ("treatment", "overview"),
    ("treatment", "alive"),
    ("reason", "reason_group"),
)


def persons_by_treatment(
    extract: Extract, *, course: str | None = None, statuses: Sequence[str] = STATUSES
) -> Cohort:
    """Return everyone alive on the status date by the treatment running then.

    As in the annual report whoever has emigrated is alive, and keeps the treatment last known.

    Parameters
    ----------
    course
        Only those with this course at onset.
    statuses
        Only those whose treatment is `ongoing`, `none` or `unknown`.

    Returns
    -------
    Cohort
        `treatment_status`; `treatment` (substance, none, unknown); `overview`, which sets apart
        the treatments with fewer than `FEWEST_USERS` users; `updated` (time since the treatment
        was begun or confirmed at a visit, none after the status date); `reason` for no treatment
        and its `reason_group`; `onset_course`; `residence_hf`.
    """
    status_date = extract.provenance.status_date
    persons = collected(_alive_with_status(extract))
    steps = [
        *not_registered(persons, extract),
        (f"dead_by {status_date}", persons["death_date"] <= pd.Timestamp(status_date), "alive"),
    ]
    persons = _described(persons, pd.Timestamp(status_date))
    in_registry = ~pd.concat([step[1] for step in steps], axis=1).any(axis=1)
    persons["overview"] = _overview(persons, in_registry)
    steps += _chosen(persons, course, statuses)
    chosen = "" if tuple(statuses) == STATUSES else "_" + "_or_".join(statuses)
    name = "alive" + (f"_{course}" if course else "") + chosen
    fixed = {
        "alive": ("yes",),
        **({"onset_course": (course,)} if course else {}),
        **({"treatment_status": tuple(statuses)} if chosen else {}),
    }
    return cohort(
        name, persons, steps, _COLUMNS, extract, base=PATIENTS, fixed=fixed, coarser=_COARSER
    )


def _alive_with_status(extract: Extract) -> nw.LazyFrame:
    confirmed = (
        extract.table("visits")
        .filter(nw.col("treatment_updated"))
        .group_by("patient_id")
        .agg(nw.col("visit_date").max().alias("confirmed"))
    )
    return (
        extract.table("patients")
        .select(*_PATIENTS)
        .join(status_on(extract, extract.provenance.status_date), on="patient_id", how="left")
        .join(confirmed, on="patient_id", how="left")
        .sort("patient_id")
    )


def _described(persons: pd.DataFrame, status_date: pd.Timestamp) -> pd.DataFrame:
    untreated = persons["untreated_since"].notna().map({True: "none", False: "unknown"})
    treatment = persons["substance"].fillna(untreated)
    ongoing = persons["substance"].notna()
    status = untreated.mask(ongoing, "ongoing")
    updated = persons[["began", "confirmed"]].max(axis=1)
    reason = persons["reason"].where(status == "none")
    groups = reason.map(REASON_GROUPS).fillna("other").where(reason.notna())
    names = [*dict.fromkeys([*REASON_GROUPS.values(), "other"])]
    return persons.assign(
        treatment_status=pd.Categorical(status, categories=STATUSES),
        treatment=pd.Categorical(treatment, categories=[*codes.substances(), "none", "unknown"]),
        updated=_time_since(updated, status_date).where(ongoing),
        reason=pd.Categorical(reason, categories=UNTREATED_REASONS).rename_categories(
            {"age": "high_age"}
        ),
        reason_group=pd.Categorical(groups, categories=names),
    )


def _time_since(updated: pd.Series, status_date: pd.Timestamp) -> pd.Series:
    days = days_between(updated, pd.Series(status_date, updated.index)).clip(lower=0)
    edges = [-1, *UPDATED_DAYS.values()]
    return pd.cut(days, edges, labels=[*UPDATED_DAYS])


def _overview(persons: pd.DataFrame, in_registry: pd.Series) -> pd.Categorical:
    users = persons.loc[in_registry, "treatment"].value_counts()
    few = persons["treatment"].map(users).astype("Int64").fillna(0) < FEWEST_USERS
    ongoing = few.map({True: "ongoing_left_out", False: "ongoing_shown"})
    status = persons["treatment_status"].astype(object)
    return pd.Categorical(status.mask(status == "ongoing", ongoing), categories=OVERVIEW)


def _chosen(persons: pd.DataFrame, course: str | None, statuses: Sequence[str]) -> list[Step]:
    steps: list[Step] = []
    if course is not None:
        steps.append((f"not_course {course}", persons["onset_course"] != course, "onset_course"))
    if tuple(statuses) != STATUSES:
        others = ~persons["treatment_status"].isin(statuses)
        steps.append(("another_status", others, "treatment_status"))
    return steps


# --- ofatumumab -----------------------------------------------------------------------------------

EARLIER = ("first_treatment", "no_earlier_anti_cd20", "after_anti_cd20")


def ofatumumab_users(extract: Extract) -> Cohort:
    """Return those on ofatumumab on the status date, by what they had before its first dose.

    Returns
    -------
    Cohort
        `earlier`: `first_treatment` (none), `no_earlier_anti_cd20` (others only), or
        `after_anti_cd20`.
    """
    status_date = extract.provenance.status_date
    persons = collected(_ofatumumab(extract))
    persons["earlier"] = pd.Categorical(
        persons["n_anti_cd20"].gt(0).map({True: EARLIER[2], False: EARLIER[1]})
        .mask(persons["n_earlier"].isna(), EARLIER[0]),
        categories=EARLIER,
    )  # fmt: skip
    steps = [
        *not_registered(persons, extract),
        (f"dead_by {status_date}", persons["death_date"] <= pd.Timestamp(status_date), "alive"),
    ]
    users = cohort(
        "ofatumumab_users",
        persons,
        steps,
        {"earlier": ""},
        extract,
        base=PATIENTS,
        fixed={"on_ofatumumab": ("yes",), "alive": ("yes",)},
    )
    others = dict.fromkeys((*codes.substances(), "none", "unknown"), "no")
    return replace(users, coarser={"treatment": {"on_ofatumumab": others | {"ofatumumab": "yes"}}})


def _ofatumumab(extract: Extract) -> nw.LazyFrame:
    users = running_treatments(extract, extract.provenance.status_date).filter(
        nw.col("substance") == "ofatumumab"
    )
    treatments = extract.table("treatments").select("patient_id", "substance", "start_date")
    is_it = nw.col("substance") == "ofatumumab"
    first = treatments.filter(is_it).group_by("patient_id").agg(
        nw.col("start_date").min().alias("first_dose")
    )  # fmt: skip
    anti_cd20 = [name for name, group in codes.treatment_groups().items() if group == "anti_cd20"]
    earlier = (
        treatments.filter(~is_it)
        .join(first, on="patient_id")
        .filter(nw.col("start_date") < nw.col("first_dose"))
        .with_columns(nw.col("substance").is_in(anti_cd20).cast(nw.Int64).alias("anti_cd20"))
        .group_by("patient_id")
        .agg(nw.len().alias("n_earlier"), nw.col("anti_cd20").sum().alias("n_anti_cd20"))
    )
    patients = extract.table("patients").select(*_PATIENTS)
    return (
        users.join(patients, on="patient_id")
        .join(earlier, on="patient_id", how="left")
        .sort("patient_id")
    )
