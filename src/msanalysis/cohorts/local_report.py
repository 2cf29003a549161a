"""Who and what a hospital trust's local report is about: persons where they live."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Literal

import narwhals as nw
import pandas as pd

from msanalysis.cohorts.indicator_persons import PATIENTS as INDICATOR_PATIENTS
from msanalysis.cohorts.indicator_persons import (
    RECENT_YEARS,
    RESIDENCE,
    RESIDENCE_DIMENSION,
    Definition,
    Update,
    asked_of,
    at,
    indicator_states,
    residence,
)
from msanalysis.cohorts.indicators import had_event
from msanalysis.cohorts.selection import (
    PATIENTS,
    cohort,
    collected,
    days_between,
    in_registry,
    not_registered,
)
from msanalysis.cohorts.treatment_status import status_on
from msanalysis.core import MISSING, Cohort
from msanalysis.extract import Extract

Kind = Literal["visits", "inclusions"]
_STATE = {True: MISSING, False: "given"}
_EVENT_DATES = {
    "visits": ("visit_date", "registered_date"),
    "inclusions": ("diagnosis_date", "included_date"),
}
"""What is registered -> the day it happened, the day it was registered."""
_RECORD = (
    "patient_id", "residence_hf", "diagnosis_code", "onset_course", "onset_precision",
    "included_date", "referral_date", "diagnosis_date", "death_date",
)  # fmt: skip
_NEEDS = {
    "lacks_data": ("patients.included_date",),
    "lacks_course": ("patients.onset_course",),
    "lacks_onset_month": ("patients.onset_precision",),
    "lacks_referral_date": ("patients.referral_date",),
    "lacks_treatment_status": ("treatments.start_date", "untreated_periods.start_date"),
    "lacks_visit": ("visits.visit_date",),
}


def of_trust(cohort: Cohort, trust: str) -> Cohort:
    """Return the persons of a cohort of patients who live in the area of one hospital trust."""
    here = cohort.frame["residence_hf"] == trust
    step = {"step": f"lives_elsewhere {trust}", "n": int((~here).sum())}
    steps = pd.DataFrame([*cohort.exclusions.to_dict("records"), step | {"dimension": _LIVES}])
    return replace(
        cohort,
        name=f"{cohort.name}_{trust}",
        frame=cohort.frame[here].reset_index(drop=True),
        exclusions=steps,
        fixed=cohort.fixed | {_LIVES: (trust,)},
    )


_LIVES = "residence_hf"


def indicators_over_years(
    extract: Extract,
    definitions: Sequence[Definition],
    *,
    n_years: int,
    update: Update = "june",
) -> Cohort:
    """Return everyone in the registry by where each indicator puts them in each of some years.

    The report year is taken as its update takes it, those before it as in December; everything
    known by the data cutoff counts.

    Returns
    -------
    Cohort
        One column an indicator and year (`edss_measured 2024`), as in `indicator_persons`;
        `nation`, `region` and `trust` of residence.

    Notes
    -----
    The years before are as the registry knows them now, not as they were published: persons who
    have withdrawn since are gone, and residence is that of today.
    """
    last_year = extract.provenance.status_date.year
    years = range(_first_year(extract, n_years), last_year + 1)
    held = [each for each in definitions if not extract.missing(each["needs"])]
    persons = collected(extract.table("patients").select(*INDICATOR_PATIENTS))
    persons = persons.assign(**residence(persons))
    for year in years:
        of_year = update if year == last_year else "december"
        states = indicator_states(at(extract, date(year, 12, 31)), held, update=of_year)
        persons = persons.join(states.add_suffix(f" {year}"), on="patient_id")
    indicators = {f"{each['id']} {year}": (each, year) for each in held for year in years}
    found = cohort(
        f"indicators_{years[0]}_{last_year}",
        persons,
        not_registered(persons, extract),
        dict.fromkeys(("nation", "region", "trust", *indicators), ""),
        extract,
        base=PATIENTS,
        dimensions=RESIDENCE_DIMENSION,
        coarser=RESIDENCE,
    )
    asked = {name: asked_of(found, *which) for name, which in indicators.items()}
    return replace(found, asked=asked)


# --- what is registered, and when -----------------------------------------------------------------


def registered_events(extract: Extract, *, trust: str, kind: Kind, n_years: int) -> Cohort:
    """Return what was registered of a trust's patients, in whole years back and until the cutoff.

    Parameters
    ----------
    kind
        `visits`, or `inclusions`: the first data of a patient.
    n_years
        Years back from the status date; what was registered after it is there too.

    Returns
    -------
    Cohort
        A row a visit or patient: `quarter` in which it was registered (every one is a category).

    Notes
    -----
    The last quarter ends at the cutoff, and is not complete.
    """
    rows = _events(extract, trust, kind)
    first = pd.Period(f"{_first_year(extract, n_years)}-01-01", freq="Q")
    quarters = pd.period_range(first, pd.Period(extract.provenance.data_cutoff, freq="Q"))
    rows = rows[rows["registered"] >= first.start_time]
    names = [f"{each.year}-Q{each.quarter}" for each in quarters]
    held = rows["registered"].dt.to_period("Q").dt.strftime("%Y-Q%q")
    rows = rows.assign(quarter=pd.Categorical(held, categories=names))
    return _of_events(f"{kind}_registered", rows[["quarter"]], extract, trust, kind)


def registration_delays(extract: Extract, *, trust: str, kind: Kind, n_years: int) -> Cohort:
    """Return how long it took to register a trust's visits, or its newly diagnosed.

    Returns
    -------
    Cohort
        A row a visit or patient: the `year` it happened in, and `delay_days` from the visit to its
        registration, or from the diagnosis to the first data (0 where that was earlier).

    Notes
    -----
    What is not yet registered is not there: the delay of the last year is too short.
    """
    rows = _events(extract, trust, kind)
    year = rows["happened"].dt.year
    last_year = extract.provenance.status_date.year
    inside = year.between(_first_year(extract, n_years), last_year)
    delays = {
        "year": year.astype("Int64"),
        "delay_days": days_between(rows["happened"], rows["registered"]).clip(lower=0),
    }
    rows = rows.assign(**delays)[inside]
    return _of_events(f"{kind}_delay", rows[[*delays]], extract, trust, kind)


def _events(extract: Extract, trust: str, kind: Kind) -> pd.DataFrame:
    """Return the days on which things `happened` and were `registered`, where both are known."""
    happened, registered = (nw.col(name) for name in _EVENT_DATES[kind])
    rows = extract.table("patients").filter(nw.col(_LIVES) == trust)
    if kind == "visits":
        rows = rows.select("patient_id").join(extract.table("visits"), on="patient_id")
    rows = rows.filter(~happened.is_null(), ~registered.is_null())
    return collected(rows.select(happened.alias("happened"), registered.alias("registered")))


def _of_events(name: str, rows: pd.DataFrame, extract: Extract, trust: str, kind: Kind) -> Cohort:
    table = {"visits": "visits", "inclusions": "patients"}[kind]
    needs = dict.fromkeys(rows, f"{table}.{_EVENT_DATES[kind][1]}")
    base, fixed = f"{name} {trust}", {_LIVES: (trust,)}
    return cohort(f"{name}_{trust}", rows, [], needs, extract, base=base, fixed=fixed)


def _first_year(extract: Extract, n_years: int) -> int:
    return extract.provenance.status_date.year - n_years + 1


# --- what is missing ------------------------------------------------------------------------------


def incomplete_records(
    extract: Extract,
    definitions: Sequence[Definition],
    *,
    trust: str,
    update: Update = "june",
) -> Cohort:
    """Return the patients of a trust by what their records lack, of each kind.

    Parameters
    ----------
    definitions
        Rows of `codes.indicators()` of which who does not meet them lacks something.

    Returns
    -------
    Cohort
        `patient_id`, and a column a kind: `missing` or `given`; no value where it is not asked of
        the person. `lacks_data` is asked of all living with consent; `lacks_course`,
        `lacks_onset_month`, `lacks_treatment_status` (no treatment and no period without, on the
        status date) and `lacks_visit` (in the year) of the living; `lacks_referral_date` of those
        diagnosed within five years; `lacks_<indicator>` of the indicator's denominator. A kind
        whose columns were not delivered is not there.
    """
    status_date = pd.Timestamp(extract.provenance.status_date)
    persons = collected(extract.table("patients").select(*_RECORD))
    held = [each for each in definitions if not extract.missing(each["needs"])]
    states = indicator_states(extract, held, update=update).add_prefix("lacks_")
    asked, lacking = _kinds(persons, extract, status_date)
    kinds = {kind: lacking[kind].map(_STATE).where(asked[kind]) for kind in asked}
    of_indicators = persons[["patient_id"]].join(states, on="patient_id")[[*states]]
    of_indicators = of_indicators.astype(object).replace(
        {"met": _STATE[False], "not_met": _STATE[True], "left_out": None}
    )
    needs = {kind: need for kind, need in _NEEDS.items() if not extract.missing(need)}
    columns = dict.fromkeys(("patient_id", *needs, *of_indicators), "")
    elsewhere = persons[_LIVES] != trust
    dead = persons["death_date"] <= status_date
    return cohort(
        f"records_{trust}",
        persons.assign(**kinds, **of_indicators),
        [("dead", dead, "alive"), (f"lives_elsewhere {trust}", elsewhere, _LIVES)],
        columns,
        extract,
        base=PATIENTS,
        fixed={_LIVES: (trust,), "alive": ("yes",)},
    )


def _kinds(
    persons: pd.DataFrame, extract: Extract, status_date: pd.Timestamp
) -> tuple[dict[str, pd.Series], dict[str, pd.Series]]:
    """Return for each kind of whom it is asked, and who lacks it."""
    inside = in_registry(persons, extract)
    since = status_date - pd.DateOffset(years=RECENT_YEARS)
    year = (date(status_date.year, 1, 1), status_date.date())
    status = status_on(extract, status_date.date()).select("patient_id")
    lacking = {
        "lacks_data": persons["included_date"].isna(),
        "lacks_course": persons["onset_course"].isna() | persons["onset_course"].eq("unknown"),
        "lacks_onset_month": persons["onset_precision"].eq("year"),
        "lacks_referral_date": persons["referral_date"].isna(),
        "lacks_treatment_status": ~persons["patient_id"].isin(collected(status)["patient_id"]),
        "lacks_visit": ~had_event(persons, extract.table("visits"), "visit_date", year),
    }
    asked = dict.fromkeys(lacking, inside)
    asked["lacks_data"] = pd.Series(True, index=persons.index)
    asked["lacks_referral_date"] = inside & (persons["diagnosis_date"] >= since)
    return asked, lacking
