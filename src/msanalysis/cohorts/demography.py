"""Who has multiple sclerosis: the living, the newly diagnosed, the dead, and all by onset."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType

import pandas as pd

from msanalysis.cohorts.selection import (
    PATIENTS,
    Step,
    coded,
    cohort,
    collected,
    days_between,
    not_registered,
)
from msanalysis.core import Box, Cohort
from msanalysis.extract import Extract
from msanalysis.units import DAYS_PER_YEAR

_PATIENTS = (
    "patient_id", "sex", "birth_date", "residence_hf", "diagnosis_code", "onset_course",
    "included_date", "onset_date", "diagnosis_date", "death_date",
)  # fmt: skip
_COLUMNS = {
    **{name: f"patients.{name}" for name in ("sex", "onset_course", "residence_hf")},
    **dict.fromkeys(
        ("age_years", "age_band", "over_65", "diagnosis_age_years"), "patients.birth_date"
    ),
    **dict.fromkeys(
        ("onset_age_years", "onset_age_band", "onset_before_25", "onset_before_40", "late_onset"),
        "patients.birth_date",
    ),
    **dict.fromkeys(("onset_year", "onset_era", "onset_to_status_days"), "patients.onset_date"),
    **dict.fromkeys(("diagnosis_year", "onset_to_diagnosis_days"), "patients.diagnosis_date"),
    "death_year": "patients.death_date",
    **dict.fromkeys(("alive", "vital_status"), "patients.death_date"),
    "entered": "patients.included_date",
}
VITAL_STATUSES = ("alive", "died_in_year", "died_earlier")
_ONSET_AGE = ("onset_before_25", "onset_before_40", "late_onset")
_COARSER = (
    ("age_band", "over_65"),
    ("age_band", "age_years known"),
    *(("onset_age_band", coarse) for coarse in _ONSET_AGE),
    *((fine, f"{fine} known") for fine in ("sex", "onset_course")),
    *((fine, "onset_age_years known") for fine in ("onset_age_band", "onset_year", *_ONSET_AGE)),
    ("onset_year", "onset_to_diagnosis_days known"),
    ("onset_year", "onset_era"),
    ("onset_year", "onset_period"),
    ("onset_year", "onset_year known"),
    ("diagnosis_year", "diagnosis_period"),
    ("diagnosis_year", "diagnosis_year known"),
    ("vital_status", "alive"),
)
"""Columns of which the first decides the second: so tables by either can be compared."""
_KNOWN = {f"{each} known": "onset_age_years known" for each in ("onset_age_band", *_ONSET_AGE)}

REGISTRY_START_YEAR = 2001
# Open at both ends where single bands would hold too few persons to be shown.
AGE_LIMITS = tuple(range(25, 90, 5))
ONSET_AGE_LIMITS = tuple(range(15, 70, 5))
ONSET_YEARS_PER_PERIOD = 3


def living(extract: Extract) -> Cohort:
    """Return everyone in the registry who had not died by the status date.

    As in the annual report, who has emigrated counts as living.

    Returns
    -------
    Cohort
        `sex`, `onset_course`, `residence_hf`; `age_years` at the status date with `age_band` and
        `over_65` (over_65, up_to_65); `onset_age_years` with `onset_age_band`, `onset_before_25`,
        `onset_before_40` and `late_onset` (yes/no codes); `diagnosis_age_years`; `onset_year` with
        `onset_era` (onset_before_2001, onset_from_2001), `diagnosis_year`, `death_year`;
        `onset_to_diagnosis_days`, and `onset_to_status_days`, the longest such time that could
        have been seen; `vital_status` on the status date (alive, died_in_year, died_earlier), and
        `alive` (yes, no); `entered` (entered_in_year: who was not in the registry, with data and
        a diagnosis, at the end of the year before; else entered_earlier).
    """
    persons = _persons(extract)
    return _selected(
        "living", persons, [_dead(persons, extract)], extract, fixed={"alive": ("yes",)}
    )


def newly_diagnosed(extract: Extract, *, first_year: int, years_per_period: int = 1) -> Cohort:
    """Return everyone diagnosed from `first_year` to the status date, alive or dead since.

    Parameters
    ----------
    first_year
        First year of diagnosis.
    years_per_period
        Length of `diagnosis_period`, counted back from the status year; the first may be shorter.

    Returns
    -------
    Cohort
        The columns of `living`, and `diagnosis_period`.
    """
    persons = _persons(extract)
    persons["diagnosis_period"] = _periods(
        persons["diagnosis_year"], first_year, extract.provenance.status_date.year, years_per_period
    )
    last_year = extract.provenance.status_date.year
    earlier = _before(persons["diagnosis_year"], first_year)
    before = (f"diagnosed_before {first_year}", earlier, "diagnosis_year")
    name = f"diagnosed_{first_year}_{last_year}"
    period = {"diagnosis_period": "patients.diagnosis_date"}
    fixed = {"diagnosis_year": tuple(map(str, range(first_year, last_year + 1)))}
    called = {"diagnosis_period": f"diagnosis_period {first_year} {years_per_period}"}
    return _selected(name, persons, [before], extract, period, fixed, called)


def dead(extract: Extract) -> Cohort:
    """Return everyone in the registry who had died by the status date; columns as `living`."""
    persons = _persons(extract)
    step, is_dead, dimension = _dead(persons, extract)
    others = (f"not_{step}", ~is_dead, dimension)
    return _selected("dead", persons, [others], extract, fixed={"alive": ("no",)})


def registered(extract: Extract) -> Cohort:
    """Return everyone in the registry, alive or dead; columns as `living`."""
    return _selected("registered", _persons(extract), [], extract)


def persons_by_onset(extract: Extract, *, first_year: int) -> Cohort:
    """Return everyone in the registry with onset from `first_year` to the status year.

    Two selections act on them. Who had onset long before 2001 is here only if they lived until
    they could consent; who had onset lately, only if they were diagnosed by the status date.

    Returns
    -------
    Cohort
        The columns of `living`, and `onset_period`: spans of three years, counted back from the
        status year; the first may be shorter.
    """
    persons = _persons(extract)
    persons["onset_period"] = _periods(
        persons["onset_year"],
        first_year,
        extract.provenance.status_date.year,
        ONSET_YEARS_PER_PERIOD,
    )
    steps = [
        ("no_onset_date", persons["onset_year"].isna(), "no_onset_date"),
        (f"onset_before {first_year}", _before(persons["onset_year"], first_year), "onset_year"),
    ]
    last_year = extract.provenance.status_date.year
    name = f"onset_{first_year}_{last_year}"
    fixed = {"onset_year": tuple(map(str, range(first_year, last_year + 1)))}
    period = {"onset_period": "patients.onset_date"}
    called = {"onset_period": f"onset_period {first_year}"}
    return _selected(name, persons, steps, extract, period, fixed, called)


def _persons(extract: Extract) -> pd.DataFrame:
    """Everyone in the patients table with ages, years and bands."""
    status_date = pd.Timestamp(extract.provenance.status_date)
    persons = collected(extract.table("patients").select(*_PATIENTS))
    at_status = pd.Series(status_date, index=persons.index)
    persons["age_years"] = years_between(persons["birth_date"], at_status)
    persons["diagnosis_age_years"] = years_between(persons["birth_date"], persons["diagnosis_date"])
    persons["onset_age_years"] = years_between(persons["birth_date"], persons["onset_date"])
    for event in ("onset", "diagnosis", "death"):
        persons[f"{event}_year"] = persons[f"{event}_date"].dt.year.astype("Int64")
    persons["onset_to_diagnosis_days"] = days_between(
        persons["onset_date"], persons["diagnosis_date"]
    )
    persons["onset_to_status_days"] = days_between(persons["onset_date"], at_status)
    return _with_bands(persons).assign(**_since_year_before(persons, status_date))


def _since_year_before(persons: pd.DataFrame, status_date: pd.Timestamp) -> dict[str, pd.Series]:
    """Return what has changed since the last day of the year before."""
    before = pd.Timestamp(status_date.year - 1, 12, 31)
    died = persons["death_date"] <= status_date
    earlier = persons["death_date"] <= before
    death = earlier.map({True: "died_earlier", False: "died_in_year"})
    new = (persons["included_date"] > before) | (persons["diagnosis_date"] > before)
    return {
        "alive": coded(~died, ("no", "yes")),
        "vital_status": pd.Categorical(death.where(died, "alive"), VITAL_STATUSES),
        "entered": coded(new, ("entered_earlier", "entered_in_year")),
    }


def _with_bands(persons: pd.DataFrame) -> pd.DataFrame:
    age, onset_age = persons["age_years"], persons["onset_age_years"]
    return persons.assign(
        age_band=age_bands(age, AGE_LIMITS),
        onset_age_band=age_bands(onset_age, ONSET_AGE_LIMITS),
        # Over 65 is after the 65th birthday.
        over_65=_split(age, 65, "up_to_65", "over_65"),
        onset_before_25=_split(onset_age, 25, "onset_before_25", "onset_from_25"),
        onset_before_40=_split(onset_age, 40, "onset_before_40", "onset_from_40"),
        late_onset=_split(onset_age, 50, "onset_before_50", "onset_from_50"),
        onset_era=_split(
            persons["onset_year"].astype("float64"),
            REGISTRY_START_YEAR,
            "onset_before_2001",
            "onset_from_2001",
        ),
    )


def _selected(
    name: str,
    persons: pd.DataFrame,
    steps: Sequence[Step],
    extract: Extract,
    period: Mapping[str, str] = MappingProxyType({}),
    fixed: Box = MappingProxyType({}),
    dimensions: Mapping[str, str] = MappingProxyType({}),
) -> Cohort:
    return cohort(
        name,
        persons,
        [*not_registered(persons, extract), *steps],
        {**_COLUMNS, **period},
        extract,
        base=PATIENTS,
        fixed=fixed,
        dimensions={**_KNOWN, **dimensions},
        coarser=_COARSER,
    )


def _before(years: pd.Series, first_year: int) -> pd.Series:
    return (years < first_year).fillna(False).astype(bool)


def _dead(persons: pd.DataFrame, extract: Extract) -> Step:
    status_date = extract.provenance.status_date
    return f"dead_by {status_date}", persons["death_date"] <= pd.Timestamp(status_date), "alive"


def years_between(start: pd.Series, end: pd.Series) -> pd.Series:
    """Return years of 365.25 days from `start` to `end`."""
    return days_between(start, end) / DAYS_PER_YEAR


def _split(values: pd.Series, limit: float, below: str, from_limit: str) -> pd.Series:
    """Code each value by which side of `limit` it lies; a missing value stays missing."""
    infinity = float("inf")
    return pd.cut(values, [-infinity, limit, infinity], right=False, labels=[below, from_limit])


def age_bands(values: pd.Series, limits: Sequence[int], of: str = "age") -> pd.Series:
    """Code each age, or other years, by its band between `limits`, open at both ends."""
    between = [f"{of} {low}-{high - 1}" for low, high in pairwise(limits)]
    codes = [f"{of}_under {limits[0]}", *between, f"{of}_from {limits[-1]}"]
    infinity = float("inf")
    return pd.cut(values, [-infinity, *limits, infinity], right=False, labels=codes)


def _periods(years: pd.Series, first_year: int, last_year: int, length: int) -> pd.Series:
    """Code each year by its span of `length` years, counted back from `last_year`."""
    within = years.where(years >= first_year)
    ends = last_year - (last_year - within) // length * length
    known = ends.dropna().unique()
    spans = {end: _span(max(end - length + 1, first_year), end) for end in known}
    return ends.map(spans).astype("category")


def _span(first: int, last: int) -> str:
    return str(last) if first == last else f"{first}-{last}"
