"""The quality indicators, one small function each: who counts, and who of them meets it.

A new indicator is a function here and a row in `codes/indicators.csv`. The function gets

- `persons`: the population that its row names, one row a person with the columns `PATIENTS`;
- `extract`: the tables to look further in; its status date ends the year;
- `window`: the first and the last day on which an event counts;

and returns two booleans a person: in the denominator, and meeting the indicator.
"""

import functools
from collections.abc import Callable
from datetime import date

import narwhals as nw
import pandas as pd

from msanalysis import codes
from msanalysis.cohorts.selection import collected, days_between
from msanalysis.extract import Extract

PATIENTS = (
    "patient_id", "sex", "residence_hf", "diagnosis_code", "onset_course", "included_date",
    "onset_date", "referral_date", "diagnosis_date", "death_date",
)  # fmt: skip
VALID_MONTHS = 8
GOOD_REASONS = ("patient_choice", "pregnancy")
"""Reasons for no treatment that take a person who did not start in time out of the denominator."""

Window = tuple[date, date]
Definition = Callable[[pd.DataFrame, Extract, Window], tuple[pd.Series, pd.Series]]
FUNCTIONS: dict[str, Callable[[pd.DataFrame, Extract, Window], pd.DataFrame]] = {}


def indicator(definition: Definition) -> Callable[[pd.DataFrame, Extract, Window], pd.DataFrame]:
    """Make a definition known under its name; it then returns one frame.

    The frame has `denominator` and `numerator`, which is missing outside the denominator. Raises
    ValueError where someone is in the numerator but not in the denominator.
    """

    @functools.wraps(definition)
    def call(persons: pd.DataFrame, extract: Extract, window: Window) -> pd.DataFrame:
        denominator, numerator = definition(persons, extract, window)
        if (numerator & ~denominator).any():
            raise ValueError(
                f"indicator {definition.__name__}: someone is in the numerator but not in the "
                "denominator; mend its function in cohorts/indicators.py"
            )
        numerator = numerator.astype("boolean").where(denominator)
        return pd.DataFrame({"denominator": denominator, "numerator": numerator})

    FUNCTIONS[definition.__name__] = call
    return call


# --- from onset to treatment ----------------------------------------------------------------------


@indicator
def onset_to_diagnosis_24m(persons, extract, window):
    """Diagnosed at most 24 months after onset, of all diagnosed in the year."""
    latest = persons["onset_date"] + pd.DateOffset(months=24)
    return everyone(persons), persons["diagnosis_date"] <= latest


@indicator
def referral_to_diagnosis_28d(persons, extract, window):
    """Diagnosed at most 28 days after the referral, of those whose referral date is known."""
    days = days_between(persons["referral_date"], persons["diagnosis_date"])
    return persons["referral_date"].notna(), days <= 28


@indicator
def diagnosis_to_treatment_21d(persons, extract, window):
    """Started a treatment at most 21 days after diagnosis, a start before it included.

    Who did not for a good reason (`GOOD_REASONS`) is left out of the denominator; who did counts,
    whatever reasons are registered.
    """
    first = first_treatment(persons, extract)
    in_time = days_between(persons["diagnosis_date"], first["start_date"]) <= 21
    excused = _without_treatment_until(first["start_date"], persons, extract, GOOD_REASONS)
    return in_time | ~excused, in_time


@indicator
def early_high_efficacy(persons, extract, window):
    """Began with a high-efficacy treatment, of all who began one by the data cutoff."""
    first = first_treatment(persons, extract)
    return first["start_date"].notna(), first["high_efficacy"]


# --- what is kept up to date ----------------------------------------------------------------------


@indicator
def treatment_status_updated(persons, extract, window):
    """Treatment confirmed or changed at a visit in the window, of all."""
    visits = extract.table("visits").filter(nw.col("treatment_updated"))
    return everyone(persons), had_event(persons, visits, "visit_date", window)


@indicator
def relapse_status_updated(persons, extract, window):
    """Relapses known up to a day of the window or later, of all."""
    until_now = (window[0], extract.provenance.data_cutoff)
    known = had_event(persons, extract.table("visits"), "relapses_updated_to", until_now)
    return everyone(persons), known


@indicator
def edss_measured(persons, extract, window):
    """EDSS measured in the window, of all."""
    return everyone(persons), had_event(persons, extract.table("edss"), "measured_date", window)


@indicator
def edss_valid_at_visit(persons, extract, window):
    """EDSS not older than 8 months on the day of the last visit in the window, of the visited."""
    first, last = window
    inside = nw.col("visit_date").is_between(first, last)
    visits = extract.table("visits").filter(inside)
    visits = visits.group_by("patient_id").agg(nw.col("visit_date").max())
    edss = extract.table("edss").select("patient_id", "measured_date")
    before = edss.join(visits, on="patient_id").filter(
        nw.col("measured_date") <= nw.col("visit_date")
    )
    ages = collected(before)
    valid = ages["visit_date"] <= ages["measured_date"] + pd.DateOffset(months=VALID_MONTHS)
    visited = persons["patient_id"].isin(collected(visits)["patient_id"])
    return visited, persons["patient_id"].isin(ages["patient_id"][valid])


@indicator
def mri_performed(persons, extract, window):
    """MRI in the window, of all."""
    return everyone(persons), had_event(persons, extract.table("mri"), "mri_date", window)


# --- what several of them ask ---------------------------------------------------------------------


def everyone(persons: pd.DataFrame) -> pd.Series:
    """Return true for each person: the whole population is the denominator."""
    return pd.Series(True, index=persons.index)


def had_event(persons: pd.DataFrame, events: nw.LazyFrame, day: str, window: Window) -> pd.Series:
    """Return who has a row whose `day` lies in the window."""
    first, last = window
    inside = events.filter(nw.col(day) >= first, nw.col(day) <= last)
    return persons["patient_id"].isin(collected(inside.select("patient_id"))["patient_id"])


def first_treatment(persons: pd.DataFrame, extract: Extract) -> pd.DataFrame:
    """Return the start of each person's first treatment, and whether it is of high efficacy.

    A treatment that had ended before the diagnosis is not the first; of several begun on one day
    the most effective is.
    """
    rows = _since_diagnosis(persons, extract, "treatments", "substance")
    rows["high_efficacy"] = _high_efficacy(rows["substance"], rows["start_date"])
    rows = rows.sort_values(["start_date", "high_efficacy"], ascending=[True, False])
    first = persons[["patient_id"]].merge(
        rows.drop_duplicates("patient_id"), on="patient_id", how="left"
    )
    first["high_efficacy"] = first["high_efficacy"].eq(True)
    return first.set_axis(persons.index)


def _high_efficacy(substance: pd.Series, start: pd.Series) -> pd.Series:
    limits = codes.high_efficacy()
    since, until = (
        pd.to_datetime(substance.map({name: days[end] for name, days in limits.items()}))
        for end in (0, 1)
    )
    return (start >= since) & (until.isna() | (start <= until))


def untreated_since_diagnosis(persons: pd.DataFrame, extract: Extract) -> pd.Series:
    """Return of whom a period without treatment is registered that lasted to the diagnosis."""
    periods = _since_diagnosis(persons, extract, "untreated_periods", "reason")
    return persons["patient_id"].isin(periods["patient_id"])


def _without_treatment_until(
    start: pd.Series, persons: pd.DataFrame, extract: Extract, reasons: tuple[str, ...]
) -> pd.Series:
    """Return who was without treatment for one of the reasons between diagnosis and `start`."""
    periods = _since_diagnosis(persons, extract, "untreated_periods", "reason")
    starts = pd.DataFrame({"patient_id": persons["patient_id"], "treated": start})
    periods = periods[periods["reason"].isin(reasons)].merge(starts, on="patient_id")
    before = periods["treated"].isna() | (periods["start_date"] <= periods["treated"])
    return persons["patient_id"].isin(periods["patient_id"][before])


def _since_diagnosis(
    persons: pd.DataFrame, extract: Extract, table: str, column: str
) -> pd.DataFrame:
    """Return the periods of the persons that had not ended before the diagnosis."""
    diagnosis = extract.table("patients").select("patient_id", "diagnosis_date")
    lasting = nw.col("stop_date").is_null() | (nw.col("stop_date") >= nw.col("diagnosis_date"))
    return collected(
        extract.table(table)
        .filter(nw.col("patient_id").is_in(persons["patient_id"].tolist()))
        .join(diagnosis, on="patient_id")
        .filter(lasting)
        .select("patient_id", "start_date", column)
    )
