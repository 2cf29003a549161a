"""Code lists kept as data: drugs, hospital trusts (`hospital_trusts.csv`), quality indicators.

The files are facts that change: a new brand, a merged trust, a bound. Edit the row, not the code.
"""

import csv
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

NATION = "norway"
Definition = Mapping[str, Any]
"""One row of `indicators.csv`, with numbers as numbers."""


@cache
def _rows(name: str) -> tuple[dict[str, str], ...]:
    with files(__name__).joinpath(name).open(encoding="utf-8", newline="") as handle:
        return tuple(csv.DictReader(handle))


def drugs() -> tuple[dict[str, str], ...]:
    """Return one row a substance: brands, ATC, group, high-efficacy from and to, one_off."""
    return _rows("drugs.csv")


def substances() -> tuple[str, ...]:
    """Return every substance code. One substance is one treatment, whatever the brand."""
    return tuple(drug["substance"] for drug in drugs())


def treatment_groups() -> dict[str, str]:
    """Return substance -> treatment group, as the Sankey and the indicators group them."""
    return {drug["substance"]: drug["group"] for drug in drugs()}


def one_off_substances() -> tuple[str, ...]:
    """Return the treatments given once that stay the status until something else starts."""
    return tuple(drug["substance"] for drug in drugs() if drug["one_off"] == "true")


def high_efficacy() -> dict[str, tuple[str, str]]:
    """Return substance -> first and last day it counts as high-efficacy; an empty day is open."""
    return {
        drug["substance"]: (drug["high_efficacy_from"], drug["high_efficacy_to"])
        for drug in drugs()
        if drug["high_efficacy_from"]
    }


def units() -> tuple[dict[str, str], ...]:
    """Return the nation, the 4 regions and the 19 hospital trusts, north to south."""
    return _rows("hospital_trusts.csv")


def trusts() -> tuple[str, ...]:
    """Return the codes of the 19 hospital trusts, north to south."""
    return tuple(unit["unit"] for unit in units() if unit["level"] == "hf")


def standard_population() -> dict[int, int]:
    """Return first age -> weight in the European standard population of 2013; the last is open."""
    return {int(row["age_from"]): int(row["weight"]) for row in _rows("european_standard_2013.csv")}


def regions() -> dict[str, str]:
    """Return hospital trust -> the regional health authority it belongs to, north to south."""
    return {unit["unit"]: unit["parent"] for unit in units() if unit["level"] == "hf"}


def tiles() -> dict[str, tuple[int, int]]:
    """Return hospital trust -> row and column of its square in a schematic map."""
    placed = {unit["unit"]: unit["tile"].split() for unit in units() if unit["tile"]}
    return {trust: (int(row), int(column)) for trust, (row, column) in placed.items()}


def summed_over_units(by_trust: Mapping[str, float]) -> dict[str, float]:
    """Return numbers of trusts with their sums over regions and the nation; empty stays empty."""
    sums = dict(by_trust)
    for trust, number in by_trust.items():
        for above in (regions()[trust], NATION):
            sums[above] = sums.get(above, 0) + number
    return sums


def organisation_numbers() -> dict[str, str]:
    """Return unit -> organisation number."""
    return {unit["unit"]: unit["organisation_number"] for unit in units()}


def indicators() -> tuple[Definition, ...]:
    """Return one row a quality indicator, in the order of the report.

    `id`; `function` (its name in `cohorts.indicators`); `group` (1 to 3: which earlier release
    shows the year before); titles; `population` and `course` of who is looked at; `window` of the
    events; `needs` (table.column); `good` and `very_good` (bounds of the share); `direction`
    (higher or lower is better); `minimum_n` (smaller denominators are not judged); `in_sum`
    (true: its points count in the sum of a trust); `n_in_parentheses` (denominator or
    population); `figure` and `number_id` in the report; `skde_id`; `national` (true: also
    delivered as a national indicator).
    """
    return _definitions("indicator")


def shown_apart() -> tuple[Definition, ...]:
    """Return indicators of further populations, which the report shows but does not score."""
    return _definitions("apart")


def coverages() -> tuple[Definition, ...]:
    """Return the two coverages, whose denominator is a number expected from another source."""
    return _definitions("coverage")


def named(ids: Iterable[str]) -> tuple[Definition, ...]:
    """Return the indicators with these ids; ValueError for one that is none."""
    known = {each["id"]: each for each in (*indicators(), *shown_apart())}
    unknown = sorted(set(ids) - set(known))
    if unknown:
        raise ValueError(f"no indicator {', '.join(unknown)}: one of {', '.join(known)}")
    return tuple(known[id] for id in ids)


def number_ids(definitions: Iterable[Definition]) -> dict[str, str]:
    """Return indicator or coverage -> id of the nation's share among the numbers of a report."""
    return {each["id"]: each["number_id"] for each in definitions}


def own_ids(definitions: Iterable[Definition], suffix: str = "") -> dict[str, str]:
    """Return indicator or coverage -> id of a trust's own number in its local report."""
    return {each["id"]: f"own_{each['id']}{suffix}" for each in definitions}


def timed_ids(definitions: Iterable[Definition], time: str) -> dict[str, str]:
    """Return indicator -> id of its number in one of two extracts (`edss_measured_then`)."""
    return {each["id"]: f"{each['id']}_{time}" for each in definitions}


def trust_ids(number: str) -> dict[str, str]:
    """Return hospital trust -> id of its number (`alive_forde`)."""
    return {trust: f"{number}_{trust}" for trust in trusts()}


def completeness_variables() -> tuple[Definition, ...]:
    """Return one row a variable whose completeness is counted, in the order of the figures.

    `variable` (table.column); `day` (the date that places a row of the table in a year; empty: a
    row a person); `missing_codes` (codes that count as missing); `asked` and `levels` (which
    levels of which dimension hold who is asked for it, and who has it, where tables of other
    analyses count them too: `dimension=level` or `dimension!level`); titles.
    """
    return tuple(
        MappingProxyType(row | {"missing_codes": _listed(row["missing_codes"])})
        for row in _rows("completeness.csv")
    )


def quality_rules() -> tuple[Definition, ...]:
    """Return one row a rule of plausibility and consistency.

    `rule` (its function in `cohorts.quality_rules`); `severity` (error: cannot be true; warning:
    deserves a look; information); `category` (of Kahn and others 2016, with its subcategory);
    `needs` (table.column); titles.
    """
    return tuple(
        MappingProxyType(row | {"needs": _listed(row["needs"])})
        for row in _rows("quality_rules.csv")
    )


def _listed(text: str) -> tuple[str, ...]:
    return tuple(filter(None, text.split("|")))


SCORES = ("rand12_physical", "rand12_mental", "msis29_physical", "msis29_psychological")
"""Scores of the yearly questionnaire."""


def score_ids(number: str = "") -> dict[str, str]:
    """Return score -> id of its number (`rand12_physical_ppms`), or the score itself."""
    return {score: f"{score}_{number}".rstrip("_") for score in SCORES}


def _definitions(role: str) -> tuple[Definition, ...]:
    return tuple(_definition(row) for row in _rows("indicators.csv") if row["role"] == role)


def _definition(row: dict[str, str]) -> Definition:
    bounds = {name: float(row[name]) for name in ("good", "very_good")}
    needs = tuple(row["needs"].split("|"))
    return MappingProxyType(row | bounds | {"needs": needs, "minimum_n": int(row["minimum_n"])})
