"""The yearly questionnaire: to whom it was sent, who answered, and what."""

from collections.abc import Iterator, Sequence

import narwhals as nw
import numpy as np
import pandas as pd

from msanalysis.codes import SCORES
from msanalysis.cohorts.demography import age_bands
from msanalysis.cohorts.selection import (
    Step,
    coded,
    cohort,
    collected,
    days_between,
    not_registered,
)
from msanalysis.cohorts.treatment_status import status_on_days
from msanalysis.core import Cohort
from msanalysis.extract import Extract
from msanalysis.units import DAYS_PER_YEAR

BASE = "questionnaires"
"""The base set of cells: a row a person and year in which a questionnaire was sent."""

STATUSES = ("ongoing", "none", "unknown")
EDSS_GROUPS = {"edss_0_1": 0, "edss_2_3": 2, "edss_4_5": 4, "edss_6_10": 6}
"""Group -> its lowest score."""
SINCE_DIAGNOSIS = {
    "diagnosed_0_4": 0,
    "diagnosed_5_9": 5,
    "diagnosed_10_19": 10,
    "diagnosed_20": 20,
}
"""Whole years since diagnosis -> the first of them."""
AGE_LIMITS = (30, 40, 50, 60, 70)
_PATIENTS = (
    "patient_id", "sex", "birth_date", "residence_hf", "diagnosis_code", "onset_course",
    "included_date", "diagnosis_date",
)  # fmt: skip
_WHO = {
    "year": "",
    "answered": "",
    "sex": "patients.sex",
    "onset_course": "patients.onset_course",
    "residence_hf": "patients.residence_hf",
}
_SENT = {
    # Without the mailings nobody is known not to have answered.
    "answered": "prom_mailings.mailed_date",
    "reached": "prom_mailings.channel",
    "age_band": "patients.birth_date",
    "since_diagnosis": "patients.diagnosis_date",
}
_ANSWERED = {
    "person": "",
    "calendar_years": "",
    "age_years": "patients.birth_date",
    "age_decades": "patients.birth_date",
    "age_quartile": "patients.birth_date",
    "treatment_status": "treatments.start_date",
    "edss": "edss.score",
    "edss_group": "edss.score",
    **{score: f"prom.{score}" for score in SCORES},
}


def questionnaires_sent(extract: Extract) -> Cohort:
    """Return everyone to whom a questionnaire was sent in the status year.

    Returns
    -------
    Cohort
        `year`; `answered` (yes, no); `reached` (no: sent without a digital mailbox to receive
        it); `sex`, `onset_course`, `residence_hf`; on the day of sending `age_band` and
        `since_diagnosis`. Whoever answered was sent one, and reached, whatever the mailings say.
    """
    year = extract.provenance.status_date.year
    rows = _questionnaires(extract, year, year)
    asked = rows["mailed_date"].fillna(rows["answered_date"])
    years = days_between(rows["diagnosis_date"], asked) / DAYS_PER_YEAR
    rows = rows.assign(
        age_band=age_bands(days_between(rows["birth_date"], asked) / DAYS_PER_YEAR, AGE_LIMITS),
        since_diagnosis=_grouped(years, SINCE_DIAGNOSIS),
    )
    return cohort(
        f"questionnaires_{year}",
        rows,
        not_registered(rows, extract),
        {**_WHO, **_SENT},
        extract,
        base=BASE,
        fixed={"year": (str(year),)},
    )


def questionnaire_answers(
    extract: Extract,
    *,
    first_year: int | None = None,
    every_year: bool = False,
    edss_days: int = 365,
) -> Cohort:
    """Return the complete answers of the years to the status year, one a person and year.

    Complete is an answer with all scores that the extract holds, of a person of known age; of
    several in a year the last complete one counts.

    Parameters
    ----------
    first_year
        First year of answering; the status year when None.
    every_year
        Only of persons with a complete answer in every one of the years.
    edss_days
        The EDSS of an answer is the last in so many days up to it, not during a relapse.

    Returns
    -------
    Cohort
        `person` (a number, for repeated answers); `year`, and `calendar_years` since the first;
        the scores; on the day of answering `age_years`, `age_decades`, `treatment_status`
        (ongoing, none, unknown), `edss` and `edss_group`; `age_quartile`, four groups of answers
        of nearly equal size between whole years; `sex`, `onset_course`, `residence_hf`.
    """
    last_year = extract.provenance.status_date.year
    first_year = last_year if first_year is None else first_year
    years = range(first_year, last_year + 1)
    which = f"{first_year}-{last_year}" + (" every_year" if every_year else "")
    rows = _questionnaires(extract, first_year, last_year)
    steps = [*not_registered(rows, extract), *_without_answer(rows)]
    if every_year:
        missed = ~_in_every_year(rows, _kept(steps), len(years))
        steps.append((f"not_every_year {first_year}-{last_year}", missed, which))
    return cohort(
        f"answers_{which}".replace("-", "_").replace(" ", "_"),
        _on_the_day(rows, _kept(steps), extract, edss_days),
        steps,
        {**_WHO, **_ANSWERED},
        extract,
        base=BASE,
        fixed={
            "year": tuple(map(str, years)),
            "answered": ("yes",),
            "answer": ("complete",),
            **({which: ("yes",)} if every_year else {}),
        },
        dimensions={"age_quartile": f"age_quartile {which}"},
        coarser=[("edss_group", "edss known")],
    )


def _kept(steps: Sequence[Step]) -> pd.Series:
    return ~pd.concat([step[1] for step in steps], axis=1).any(axis=1)


def _questionnaires(extract: Extract, first_year: int, last_year: int) -> pd.DataFrame:
    """Return a row a person and year with a mailing or an answer."""
    patients = collected(extract.table("patients").select(*_PATIENTS).sort("patient_id"))
    rows = _mailings(extract).merge(_answers(extract), on=["patient_id", "year"], how="outer")
    rows = rows[rows["year"].between(first_year, last_year)]
    rows = patients.merge(rows, on="patient_id").sort_values(["patient_id", "year"])
    answered, reached = rows["answered_date"].notna(), rows["reached"].eq(True)
    # Without an age no mean could be adjusted for it.
    of_age = rows["birth_date"].notna() | (not extract.delivered("patients.birth_date"))
    complete = rows["complete"].eq(True) & of_age
    answer = np.where(complete, "complete", np.where(answered, "incomplete", "none"))
    return rows.assign(
        answered=coded(answered, ("no", "yes")),
        answer=pd.Categorical(answer, categories=["complete", "incomplete", "none"]),
        reached=coded(reached | answered, ("no", "yes")),
    ).reset_index(drop=True)


def _mailings(extract: Extract) -> pd.DataFrame:
    mailings = collected(
        extract.table("prom_mailings").select("patient_id", "mailed_date", "channel")
    )
    mailings["year"] = mailings["mailed_date"].dt.year
    mailings["reached"] = mailings["channel"].notna()
    by_person = mailings.groupby(["patient_id", "year"], as_index=False)
    return by_person.agg(mailed_date=("mailed_date", "min"), reached=("reached", "max"))


def _answers(extract: Extract) -> pd.DataFrame:
    answers = collected(extract.table("prom").select("patient_id", "answered_date", *SCORES))
    held = [score for score in SCORES if extract.delivered(f"prom.{score}")]
    answers["complete"] = answers[held].notna().all(axis=1)
    answers["year"] = answers["answered_date"].dt.year
    answers = answers.sort_values(["patient_id", "complete", "answered_date", *SCORES])
    return answers.drop_duplicates(["patient_id", "year"], keep="last")


def _without_answer(rows: pd.DataFrame) -> Iterator[Step]:
    yield "not_answered", rows["answered"] == "no", "answered"
    yield "incomplete_answer", rows["answer"] != "complete", "answer"


def _in_every_year(rows: pd.DataFrame, kept: pd.Series, n_years: int) -> pd.Series:
    """Return whose answers are there for every year."""
    return kept.groupby(rows["patient_id"]).transform("sum") == n_years


def _on_the_day(
    rows: pd.DataFrame, kept: pd.Series, extract: Extract, edss_days: int
) -> pd.DataFrame:
    """Add what is known of each person on the day of answering."""
    rows = _with_edss(_with_treatment(rows, extract), extract, edss_days)
    age = days_between(rows["birth_date"], rows["answered_date"]) / DAYS_PER_YEAR
    quarters = _quarters(age[kept])
    return rows.assign(
        person=rows["patient_id"].factorize()[0],
        calendar_years=rows["year"] - rows["year"].min(),
        age_years=age,
        age_decades=age / 10,
        age_quartile=age_bands(age, quarters) if quarters else None,
        edss_group=_grouped(rows["edss"], EDSS_GROUPS),
    )


def _quarters(ages: pd.Series) -> list[int]:
    """Return the whole years that part the ages most nearly into quarters."""
    ordered = np.sort(ages.dropna())
    years = np.unique(np.floor(ordered))[1:]
    if not len(years):
        return []
    below = np.searchsorted(ordered, years) / len(ordered)
    nearest = np.abs(below[:, np.newaxis] - [0.25, 0.5, 0.75]).argmin(axis=0)
    return np.unique(years[nearest]).astype(int).tolist()


def _with_treatment(rows: pd.DataFrame, extract: Extract) -> pd.DataFrame:
    days = extract.table("prom").select("patient_id", nw.col("answered_date").alias("day")).unique()
    status = collected(status_on_days(extract, days)).rename(columns={"day": "answered_date"})
    rows = rows.merge(status, on=["patient_id", "answered_date"], how="left")
    untreated = rows["untreated_since"].notna().map({True: "none", False: "unknown"})
    status = untreated.mask(rows["substance"].notna(), "ongoing")
    return rows.assign(treatment_status=pd.Categorical(status, categories=STATUSES))


def _with_edss(rows: pd.DataFrame, extract: Extract, edss_days: int) -> pd.DataFrame:
    """Add the last EDSS before the day, not during a relapse; of several on a day the highest."""
    edss = collected(extract.table("edss"))
    edss = edss[~edss["during_relapse"].eq(True)]
    edss = edss.sort_values(["measured_date", "score"]).rename(columns={"score": "edss"})
    answered = rows[rows["answered_date"].notna()].sort_values("answered_date", kind="stable")
    found = pd.merge_asof(
        answered[["patient_id", "year", "answered_date"]],
        edss[["patient_id", "measured_date", "edss"]],
        left_on="answered_date",
        right_on="measured_date",
        by="patient_id",
        tolerance=pd.Timedelta(days=edss_days),
    )
    return rows.merge(found[["patient_id", "year", "edss"]], on=["patient_id", "year"], how="left")


def _grouped(values: pd.Series, groups: dict[str, int]) -> pd.Series:
    """Code each value by the last group whose lowest value it reaches."""
    edges = [*groups.values(), float("inf")]
    return pd.cut(values, edges, right=False, labels=[*groups])
