"""Who has had EDSS measured, by age, treatment and time since diagnosis; and the last score."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import narwhals as nw
import pandas as pd

from msanalysis import codes
from msanalysis.cohorts.demography import age_bands, years_between
from msanalysis.cohorts.indicator_persons import indicator_states
from msanalysis.cohorts.selection import PATIENTS, cohort, collected, not_registered
from msanalysis.cohorts.treatment_status import status_on
from msanalysis.core import Cohort
from msanalysis.extract import Extract

_PATIENTS = (
    "patient_id", "birth_date", "diagnosis_code", "included_date", "diagnosis_date", "death_date",
)  # fmt: skip
AGE_LIMITS = (30, 40, 50, 60, 70)
YEARS_LIMITS = (1, 5, 10, 20)
TREATMENTS = {
    "anti_cd20": "anti_cd20_or_natalizumab",
    "natalizumab": "anti_cd20_or_natalizumab",
    "cladribine": "one_off",
    "alemtuzumab": "one_off",
    "hsct": "one_off",
    "s1pr_modulators": "s1pr_modulators",
    "fumarates": "effective_oral",
    "teriflunomide": "effective_oral",
    "interferons": "interferons_or_glatiramer",
    "glatiramer_acetate": "interferons_or_glatiramer",
    "other": "other",
    "none": "none",
    "unknown": "unknown",
}
"""Treatment group -> the coarser groups in which the report shows how often EDSS is measured."""
SCORES = {"edss_0_1": 2.0, "edss_2_3": 4.0, "edss_4_5": 6.0, "edss_6": 7.0, "edss_7_9": 10.0}
"""Group of scores -> the score that is above it; 10 is death from the disease."""


def persons_by_edss_measured(extract: Extract) -> Cohort:
    """Return everyone alive on the status date by whether EDSS was measured in the year.

    Returns
    -------
    Cohort
        `edss_measured <year>`: met, not_met; `age_group` on the status date; `diagnosed_for`:
        years since diagnosis; `treatment_class`: the treatment running then, in the groups of
        `TREATMENTS`.
    """
    status_date = extract.provenance.status_date
    definitions = codes.named(["edss_measured"])
    column = f"edss_measured {status_date.year}"
    persons = collected(
        extract.table("patients")
        .select(*_PATIENTS)
        .join(status_on(extract, status_date), on="patient_id", how="left")
        .sort("patient_id")
    )
    if not extract.missing(definitions[0]["needs"]):
        states = indicator_states(extract, definitions, update="june")
        persons = persons.join(states.set_axis([column], axis=1), on="patient_id")
    persons = persons.assign(**_groups(persons, pd.Timestamp(status_date)))
    columns = {
        column: "edss.measured_date",
        "age_group": "patients.birth_date",
        "diagnosed_for": "patients.diagnosis_date",
        "treatment": "",
        "treatment_class": "",
    }
    dead = persons["death_date"] <= pd.Timestamp(status_date)
    steps = [*not_registered(persons, extract), (f"dead_by {status_date}", dead, "alive")]
    found = cohort(
        "living_by_edss",
        persons,
        steps,
        columns,
        extract,
        base=PATIENTS,
        fixed={"alive": ("yes",)},
        coarser=[("treatment", "treatment_class")],
    )
    return replace(found, asked={column: (found.base, found.fixed)})


def _groups(persons: pd.DataFrame, day: pd.Timestamp) -> dict[str, pd.Series | pd.Categorical]:
    untreated = persons["untreated_since"].notna().map({True: "none", False: "unknown"})
    treatment = persons["substance"].fillna(untreated)
    groups = {**codes.treatment_groups(), "none": "none", "unknown": "unknown"}
    at_day = pd.Series(day, index=persons.index)
    since = years_between(persons["diagnosis_date"], at_day)
    return {
        "age_group": age_bands(years_between(persons["birth_date"], at_day), AGE_LIMITS),
        "diagnosed_for": age_bands(since, YEARS_LIMITS, "for_years"),
        "treatment": pd.Categorical(treatment, categories=[*groups]),
        "treatment_class": pd.Categorical(
            treatment.map(groups).map(TREATMENTS), categories=[*dict.fromkeys(TREATMENTS.values())]
        ),
    }


def persons_by_last_edss(extract: Extract, *, first_day: str) -> Cohort:
    """Return everyone with EDSS measured since `first_day`, by the last score outside a relapse.

    Parameters
    ----------
    first_day
        First day on which a measurement counts; the last is the data cutoff.

    Returns
    -------
    Cohort
        `last_edss`: the group of the score; `age_at_edss`: the age on that day.
    """
    persons = collected(
        extract.table("patients")
        .select(*_PATIENTS)
        .join(_last_scores(extract, date.fromisoformat(first_day)), on="patient_id", how="left")
        .sort("patient_id")
    )
    age = years_between(persons["birth_date"], persons["measured_date"])
    persons = persons.assign(
        age_at_edss=age_bands(age, AGE_LIMITS),
        last_edss=_score_groups(persons["score"], [*SCORES], [*SCORES.values()]),
    )
    without = (f"no_edss_since {first_day}", persons["score"].isna())
    columns = {"age_at_edss": "patients.birth_date", "last_edss": "edss.score"}
    return cohort(
        f"edss_since_{first_day}",
        persons,
        [*not_registered(persons, extract), without],
        columns,
        extract,
        base=PATIENTS,
    )


def _last_scores(extract: Extract, first_day: date) -> nw.LazyFrame:
    """Return the last score of each person; of several on a day the highest."""
    in_relapse = nw.col("during_relapse")
    rows = extract.table("edss").filter(nw.col("measured_date") >= first_day)
    outside = rows.filter(in_relapse.is_null() | ~in_relapse)
    last = outside.group_by("patient_id").agg(nw.col("measured_date").max())
    return (
        outside.join(last, on=["patient_id", "measured_date"])
        .group_by("patient_id", "measured_date")
        .agg(nw.col("score").max())
    )


def _score_groups(score: pd.Series, names: Sequence[str], above: Sequence[float]) -> pd.Series:
    return pd.cut(score, [-1.0, *above], right=False, labels=names)
