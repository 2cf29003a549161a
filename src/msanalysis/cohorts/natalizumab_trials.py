"""Stopping natalizumab against staying on it, as a trial that begins anew every month."""

from datetime import date
from typing import Literal, get_args

import narwhals as nw
import numpy as np
import pandas as pd

from msanalysis.cohorts.confirmed_worsening import confirmed_worsenings
from msanalysis.cohorts.courses import courses
from msanalysis.cohorts.events import NO_DAY, days, events
from msanalysis.cohorts.selection import cohort, collected, not_registered
from msanalysis.core import Cohort
from msanalysis.extract import Extract
from msanalysis.units import DAYS_PER_YEAR

Outcome = Literal["relapse", "new_lesions", "edss_worsening"]
YEAR_DAYS = 365
_PATIENTS = (
    "patient_id", "sex", "birth_date", "onset_date", "diagnosis_code", "included_date",
    "diagnosis_date", "death_date", "emigration_date",
)  # fmt: skip
_COLUMNS = {
    "person": "",
    "arm": "",
    "follow_up_days": "",
    "end_reason": "",
    "age_years": "patients.birth_date",
    "sex": "patients.sex",
    "years_since_onset": "patients.onset_date",
    "years_on_natalizumab": "",
    "relapses_year_before": "relapses.relapse_date",
    "last_edss": "edss.score",
    "edss_known": "edss.score",
    "jcv": "jcv_tests.result",
    "calendar_years": "",
}
COVARIATES = (
    "age_years", "sex", "years_since_onset", "years_on_natalizumab", "relapses_year_before",
    "last_edss", "edss_known", "jcv", "calendar_years",
)  # fmt: skip


def natalizumab_trials(
    extract: Extract,
    *,
    outcome: Outcome,
    first_month: str = "2018-01-01",
    last_month: str | None = None,
    follow_up_days: int = YEAR_DAYS,
) -> Cohort:
    """Return sequential monthly trials of stopping natalizumab: a row a person and month.

    Whoever is on natalizumab on the first day of a month takes part. On the first day of the
    next month (time zero) they have `stopped` or `stayed`, by what is known on that day; the
    outcome is counted after it, in both arms alike, so that no immortal time arises. Who resumed
    within the month has stayed. A person takes part in every month they are on the drug; the
    attrition begins with all persons and months in which they are.

    Parameters
    ----------
    outcome
        The first after time zero of: `relapse`; `new_lesions`, an MRI with a new T2 or a
        gadolinium-enhancing lesion (seen only where an MRI was taken); `edss_worsening`,
        confirmed after 84 days (see `confirmed_worsenings`).
    first_month, last_month
        First days of the first and the last month; to the data cutoff when None.
    follow_up_days
        From time zero.

    Returns
    -------
    Cohort
        `person` (a number, for clustering), `arm`, `follow_up_days`, `end_reason` (the outcome,
        death, emigration, stopped: a later stop ends follow-up of who stayed, cutoff, followed),
        and, as of the first day of the month: `age_years`, `sex`, `years_since_onset`,
        `years_on_natalizumab`, `relapses_year_before` (up to 3), `last_edss` (0 where
        `edss_known` is false), `jcv` (positive, negative, untested), `calendar_years`.

    Raises
    ------
    ValueError
        The outcome is not known, or the months are reversed.

    Notes
    -----
    Hernan et al. (2016) on target trials. Time zero lies within a month of the stop and some
    weeks after the last dose. Where those at risk stop more often, the later stops that end
    follow-up of who stayed leave the others; at one in seven a year it moves little.
    """
    if outcome not in get_args(Outcome):
        raise ValueError(f"outcome must be one of {', '.join(get_args(Outcome))}")
    every = collected(_courses(extract))
    persons = every.drop_duplicates("patient_id").reset_index(drop=True)
    index = pd.Index(persons["patient_id"])
    trials = _monthly(every, index, _months(first_month, last_month, extract))
    described = _described(extract, trials, persons, index)
    happened = _first_outcome(extract, outcome, trials, index)
    followed = _followed(trials, persons, happened, outcome, follow_up_days, extract)
    rows = pd.concat([described, followed], axis=1)
    # Who had died, emigrated or reached the cutoff by time zero takes no part.
    steps = [
        *not_registered(rows, extract),
        ("no_follow_up", rows["follow_up_days"] <= 0),
        ("missing_covariate", _lacks_date(rows, extract)),
    ]
    return cohort(f"natalizumab_trials_{outcome}", rows, steps, _COLUMNS, extract)


def _lacks_date(rows: pd.DataFrame, extract: Extract) -> pd.Series:
    sources = {"age_years": "patients.birth_date", "years_since_onset": "patients.onset_date"}
    needed = [name for name, source in sources.items() if extract.delivered(source)]
    return rows[needed].isna().any(axis=1)


def _months(first_month: str, last_month: str | None, extract: Extract) -> np.ndarray:
    """Return the first days of the months in which trials begin, and of the one after them."""
    last = extract.provenance.data_cutoff if last_month is None else date.fromisoformat(last_month)
    starts = pd.Series(pd.date_range(first_month, last, freq="MS"))
    if starts.empty:
        raise ValueError("last_month lies before first_month: exchange them")
    after = starts.iloc[[-1]] + pd.offsets.MonthBegin()
    return days(pd.concat([starts, after], ignore_index=True))


def _courses(extract: Extract) -> nw.LazyFrame:
    """Return the courses of natalizumab; only an episode that begins as one ends continues it."""
    return (
        courses(extract, 0, of="natalizumab")
        .join(extract.table("patients").select(*_PATIENTS), on="patient_id")
        .sort("patient_id", "start_date", "end_date")
    )


def _monthly(every: pd.DataFrame, index: pd.Index, months: np.ndarray) -> pd.DataFrame:
    """Return a row a person and month they begin on the drug, and whether they stayed on it.

    A person is on the drug on the days from the start of a course up to the day before its end.
    """
    start, end = days(every["start_date"]), days(every["end_date"])
    first, beyond = np.searchsorted(months, start), np.searchsorted(months, end)
    n = np.maximum(beyond - first, 0)
    course = np.repeat(np.arange(len(every)), n)
    month = first[course] + np.arange(len(course)) - np.repeat(np.cumsum(n) - n, n)
    on = pd.DataFrame(
        {
            "person": index.get_indexer(every["patient_id"])[course],
            "month": month,
            "start_day": start[course],
            "end_day": end[course],
        }
    )
    on = on.sort_values(["person", "month", "end_day"]).drop_duplicates(
        ["person", "month"], keep="last"
    )
    key = on["person"] * (len(months) + 1) + on["month"]
    # Who stayed is on the course that runs on the first day of the next month.
    following = on["end_day"].shift(-1, fill_value=0)
    on = on.assign(stayed=np.isin(key + 1, key), next_end_day=following)
    on = on[on["month"] < len(months) - 1].reset_index(drop=True)
    number = on["month"].to_numpy()
    return on.assign(asked_day=months[number], zero_day=months[number + 1])


def _described(
    extract: Extract, trials: pd.DataFrame, persons: pd.DataFrame, index: pd.Index
) -> pd.DataFrame:
    """Return the covariates of each row on the first day of its month."""
    number, day = trials["person"].to_numpy(), trials["asked_day"].to_numpy()
    of_row = persons.iloc[number].reset_index(drop=True)
    years = {
        name: (day - days(of_row[source])) / DAYS_PER_YEAR
        for name, source in {"age_years": "birth_date", "years_since_onset": "onset_date"}.items()
    }
    relapses = events(_rows(extract, "relapses", "relapse_date"), index, "relapse_date")
    return of_row.drop(columns=["start_date", "end_date", "stop_reason", "substance"]).assign(
        **{name: np.where(value > -1000, value, np.nan) for name, value in years.items()},
        person=number,
        arm=np.where(trials["stayed"], "stayed", "stopped"),
        years_on_natalizumab=(day - trials["start_day"].to_numpy()) / DAYS_PER_YEAR,
        relapses_year_before=np.minimum(relapses.within(number, day - YEAR_DAYS, day), 3),
        jcv=_jcv(extract, index, number, day),
        calendar_years=trials["month"].to_numpy() / 12,
        **_last_edss(extract, index, number, day),
    )


def _rows(extract: Extract, table: str, *columns: str) -> pd.DataFrame:
    users = extract.table("treatments").filter(nw.col("substance") == "natalizumab")
    rows = extract.table(table).select("patient_id", *columns)
    return collected(rows.join(users.select("patient_id").unique(), on="patient_id", how="semi"))


def _jcv(extract: Extract, index: pd.Index, number: np.ndarray, day: np.ndarray) -> np.ndarray:
    tests = _rows(extract, "jcv_tests", "sample_date", "result")
    tested = events(tests, index, "sample_date").last_row(number, day) >= 0
    positive = events(tests[tests["result"] == "positive"], index, "sample_date")
    was_positive = positive.last_row(number, day) >= 0
    return np.select([was_positive, tested], ["positive", "negative"], "untested")


def _last_edss(
    extract: Extract, index: pd.Index, number: np.ndarray, day: np.ndarray
) -> dict[str, np.ndarray]:
    measured = _rows(extract, "edss", "measured_date", "score")
    row = events(measured, index, "measured_date").last_row(number, day)
    score = np.append(measured["score"].to_numpy(dtype=float), 0.0)[row]
    return {"last_edss": score, "edss_known": row >= 0}


def _first_outcome(
    extract: Extract, outcome: Outcome, trials: pd.DataFrame, index: pd.Index
) -> np.ndarray:
    """Return the day of the first outcome after time zero, NO_DAY where there is none."""
    number, zero = trials["person"].to_numpy(), trials["zero_day"].to_numpy()
    if outcome == "relapse":
        return events(_rows(extract, "relapses", "relapse_date"), index, "relapse_date").after(
            number, zero
        )
    if outcome == "new_lesions":
        scans = _rows(extract, "mri", "mri_date", "new_t2_lesions", "gd_lesions")
        active = (scans["new_t2_lesions"].fillna(0) > 0) | (scans["gd_lesions"].fillna(0) > 0)
        return events(scans[active], index, "mri_date").after(number, zero)
    measured = _rows(extract, "edss", "measured_date", "score", "during_relapse")
    relapses = _rows(extract, "relapses", "relapse_date")
    return confirmed_worsenings(measured, relapses, index, number, zero)


def _followed(
    trials: pd.DataFrame,
    persons: pd.DataFrame,
    happened: np.ndarray,
    outcome: str,
    follow_up_days: int,
    extract: Extract,
) -> pd.DataFrame:
    number, zero = trials["person"].to_numpy(), trials["zero_day"].to_numpy()
    cutoff = days(pd.Series([pd.Timestamp(extract.provenance.data_cutoff)]))[0]
    ends = {
        outcome: happened,
        "death": days(persons["death_date"])[number],
        "emigration": days(persons["emigration_date"])[number],
        "stopped": np.where(trials["stayed"], trials["next_end_day"], NO_DAY),
        "cutoff": np.full(len(trials), cutoff),
        "followed": zero + follow_up_days,
    }
    table = np.column_stack([*ends.values()])
    which = table.argmin(axis=1)
    return pd.DataFrame(
        {
            "follow_up_days": table.min(axis=1) - zero,
            "end_reason": np.array([*ends], dtype=object)[which],
        }
    )
