"""Everyone in the registry by the quality indicators: in a denominator, and meeting it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Literal

import numpy as np
import pandas as pd

from msanalysis import codes
from msanalysis.cohorts import selection
from msanalysis.cohorts.earlier_results import published_results, shown_of, unpublished
from msanalysis.cohorts.indicators import FUNCTIONS, PATIENTS, Window
from msanalysis.cohorts.selection import cohort, collected, in_registry, not_registered
from msanalysis.core import KNOWN, BaseBox, Cohort
from msanalysis.extract import Extract

Definition = Mapping[str, Any]
"""A row of `codes.indicators()`."""
Update = Literal["june", "december"]
STATES = ("met", "not_met", "left_out")
NEWLY_DIAGNOSED = "newly_diagnosed"
"""The base set of cells of indicators of the newly diagnosed."""

RESIDENCE = (("trust", "region"),)
RESIDENCE_DIMENSION = {"trust": "residence_hf"}
RECENT_YEARS = 5
AS_KNOWN = {"june": (5, 15), "december": (12, 15)}
"""Month and day on which the extract of an update is taken, in the year after the report year."""


def indicator_persons(
    extract: Extract, definitions: Sequence[Definition], *, update: Update = "june"
) -> Cohort:
    """Return everyone in the registry by where each indicator of the report year puts them.

    Parameters
    ----------
    definitions
        Rows of `codes.indicators()`.
    update
        Which update of the year this is: in June, MRI is looked for from July of the year before
        to June of the report year, because it is registered late; in December, in the year.

    Returns
    -------
    Cohort
        One column an indicator and year (`edss_measured 2024`): `met` or `not_met` in the
        denominator, `left_out` in the population but not in the denominator, missing outside.
        The year before is there only for indicators without published results of it: it is made
        again as known on the day of the extract that they were published from. `nation`,
        `region` and `trust` of residence, `sex`; `alive` on the status date, `diagnosed` in the
        year (booleans), `diagnosis_year`.

    Raises
    ------
    ValueError
        A row names no function, or an unknown population or window.

    Notes
    -----
    Residence is as of the extract, for all years, and who has withdrawn consent is gone: a year
    made again differs from what was published.
    """
    year = extract.provenance.status_date.year
    persons = collected(extract.table("patients").select(*PATIENTS))
    held = [each for each in definitions if not extract.missing(each["needs"])]
    states = indicator_states(extract, held, update=update).add_suffix(f" {year}")
    again = unpublished(held, published_results(extract, held))
    for update_before in AS_KNOWN:
        chosen = [each for each in again if shown_of(each) == update_before]
        if chosen:
            before = _year_before(extract, chosen, update_before)
            states = states.join(before, how="outer")
    persons = persons.join(states, on="patient_id")
    persons = persons.assign(**residence(persons), **_populations(persons, extract))
    missing = {each["id"]: extract.missing(each["needs"]) for each in definitions}
    columns = {name: "" for name in ("nation", "region", "trust", "alive", "diagnosed", *states)}
    columns |= {"sex": "patients.sex", "diagnosis_year": "patients.diagnosis_date"}
    columns |= {f"{id} {year}": needs[0] for id, needs in missing.items() if needs}
    steps = not_registered(persons, extract)
    found = cohort(
        f"indicators_{year}",
        persons,
        steps,
        columns,
        extract,
        base=selection.PATIENTS,
        dimensions=RESIDENCE_DIMENSION,
        coarser=RESIDENCE,
    )
    asked = {f"{each['id']} {year}": asked_of(found, each, year) for each in held}
    asked |= {
        f"{population} {year}": (found.base, {**found.fixed, **box(year)})
        for population, box in _BOXES.items()
    }
    return replace(found, asked=asked)


def asked_of(persons: Cohort, definition: Definition, year: int) -> BaseBox:
    """Return base and box of those in the denominator of an indicator."""
    column = f"{definition['id']} {year}"
    box = _BOXES[definition["population"]](year)
    if year != persons.provenance.status_date.year:
        # Who lived at the end of another year is another set of persons.
        box = {f"{name} {year}" if name in _ON_STATUS_DATE else name: box[name] for name in box}
    if definition["course"]:
        box["onset_course"] = (definition["course"],)
    if persons.frame[column].eq("left_out").any():
        box[f"{column}{KNOWN}"] = ("yes",)
    # The newly diagnosed of small trusts are known from the registry's table of patients, and
    # with them what any of their indicators leaves; among themselves they can be protected.
    is_new = definition["population"] == "diagnosed"
    return NEWLY_DIAGNOSED if is_new else persons.base, {**persons.fixed, **box}


def _year_before(
    extract: Extract, definitions: Sequence[Definition], update: Update
) -> pd.DataFrame:
    """Return the indicators of the year before, as known when they were published."""
    year = extract.provenance.status_date.year
    known = extract.as_known_on(date(year, *AS_KNOWN[update]))
    known = at(known, date(year - 1, 12, 31))
    return indicator_states(known, definitions, update=update).add_suffix(f" {year - 1}")


def at(extract: Extract, last_day: date) -> Extract:
    """Return the extract with another last day of the year."""
    return replace(extract, provenance=replace(extract.provenance, status_date=last_day))


def indicator_states(
    extract: Extract,
    definitions: Sequence[Definition],
    *,
    update: Update,
    first_day: date | None = None,
) -> pd.DataFrame:
    """Return for each patient_id and indicator one of `STATES`, missing outside the population.

    The period runs from `first_day` (1 January when None) to the extract's status date.
    """
    last_day = extract.provenance.status_date
    period = (first_day or date(last_day.year, 1, 1), last_day)
    persons = collected(extract.table("patients").select(*PATIENTS))
    persons = persons[in_registry(persons, extract)]
    states = {each["id"]: _state(extract, persons, each, period, update) for each in definitions}
    return pd.DataFrame(states, index=persons["patient_id"])


def _state(
    extract: Extract, persons: pd.DataFrame, definition: Definition, period: Window, update: Update
) -> pd.Categorical:
    inside = _in_population(persons, definition, period)
    function = _named(FUNCTIONS, definition, "function")
    counted = function(persons[inside], extract, _window(definition, period, update))
    met = counted["numerator"].to_numpy(dtype="float64", na_value=np.nan)
    places = np.full(len(persons), -1)
    places[inside.to_numpy()] = np.select([met == 1, met == 0], [0, 1], default=2)
    return pd.Categorical.from_codes(places, categories=STATES)


def _window(definition: Definition, period: Window, update: Update) -> Window:
    months = _named(_WINDOWS, definition, "window")[update]
    first, last = (
        pd.Timestamp(day) + pd.DateOffset(months=by) for day, by in zip(period, months, strict=True)
    )
    return first.date(), last.date()


_WINDOWS = {
    "year": {"june": (0, 0), "december": (0, 0)},
    "half_year_earlier_in_june": {"june": (-6, -6), "december": (0, 0)},
    "two_months_wider": {"june": (-2, 2), "december": (-2, 2)},
}
"""Window -> update -> months by which its first and last day are moved."""


def _in_population(persons: pd.DataFrame, definition: Definition, period: Window) -> pd.Series:
    inside = _named(_POPULATIONS, definition, "population")(persons, *map(pd.Timestamp, period))
    course = definition["course"]
    return inside & persons["onset_course"].eq(course) if course else inside


def _registered(persons: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp) -> pd.Series:
    return pd.Series(True, index=persons.index)


def _alive(persons: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp) -> pd.Series:
    return ~(persons["death_date"] <= last)


def _diagnosed(persons: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp) -> pd.Series:
    return persons["diagnosis_date"].between(first, last)


def _recent(persons: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp) -> pd.Series:
    since = last - pd.DateOffset(years=RECENT_YEARS)
    return _alive(persons, first, last) & persons["diagnosis_date"].between(since, last)


_POPULATIONS: dict[str, Callable[..., pd.Series]] = {
    "registered": _registered,
    "alive": _alive,
    "diagnosed": _diagnosed,
    "alive_recently_diagnosed": _recent,
}


_BOXES: dict[str, Callable[[int], dict[str, tuple[str, ...]]]] = {
    "registered": lambda year: {},
    "alive": lambda year: {"alive": ("yes",)},
    "diagnosed": lambda year: {"diagnosis_year": (str(year),)},
    "alive_recently_diagnosed": lambda year: {
        "alive": ("yes",),
        f"diagnosed_within_{RECENT_YEARS}_years": ("yes",),
    },
}
"""Population -> its levels among all persons of the registry on the last day of the year."""

_ON_STATUS_DATE = ("alive", f"diagnosed_within_{RECENT_YEARS}_years")
"""Dimensions that say what holds on the status date."""


def _named(known: Mapping[str, Any], definition: Definition, column: str) -> Any:
    if definition[column] not in known:
        raise ValueError(
            f"codes/indicators.csv, row {definition['id']}, column {column}: expected one of "
            f"{', '.join(known)}"
        )
    return known[definition[column]]


def residence(persons: pd.DataFrame) -> dict[str, pd.Categorical]:
    """Return nation, region and trust of residence; every unit is a category."""
    regions = codes.regions()
    of_region = persons["residence_hf"].map(regions)
    return {
        "trust": pd.Categorical(persons["residence_hf"], categories=[*regions]),
        "region": pd.Categorical(of_region, categories=[*dict.fromkeys(regions.values())]),
        "nation": pd.Categorical([codes.NATION] * len(persons)),
    }


def _populations(persons: pd.DataFrame, extract: Extract) -> dict[str, pd.Series]:
    last = pd.Timestamp(extract.provenance.status_date)
    first = pd.Timestamp(last.year, 1, 1)
    return {
        "alive": _alive(persons, first, last),
        "diagnosed": _diagnosed(persons, first, last),
        "diagnosis_year": persons["diagnosis_date"].dt.year.astype("Int64"),
    }
