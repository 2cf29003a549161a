"""What was published of the year before: an input of its own, which each run writes anew."""

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals as nw

from msanalysis.extract import Extract

Definition = Mapping[str, Any]
"""A row of `codes.indicators()`."""
Published = dict[tuple[str, str], tuple[int, int]]
"""(indicator, unit) -> (numerator, denominator)."""


def published_results(extract: Extract, definitions: Sequence[Definition]) -> Published:
    """Return the published results of the year before, of the units they were published for.

    Group 1 is shown as in the December update of that year, the other groups as in its June
    release. Empty where `earlier_results` was not delivered or lacks the release.
    """
    year = extract.provenance.status_date.year
    rows = (
        extract.table("earlier_results")
        .filter(nw.col("year") == year - 1)
        .sort("indicator", "unit")
        .collect()
    )
    releases = {each["id"]: f"{shown_of(each)}-{year}" for each in definitions}
    columns = ("release", "indicator", "unit", "numerator", "denominator")
    return {
        (indicator, unit): (numerator, denominator)
        for release, indicator, unit, numerator, denominator in rows.select(*columns).iter_rows()
        if releases.get(indicator) == release
    }


def unpublished(definitions: Sequence[Definition], published: Published) -> list[Definition]:
    """Return the indicators of which nothing was published."""
    known = {indicator for indicator, _ in published}
    return [each for each in definitions if each["id"] not in known]


def shown_of(definition: Definition) -> str:
    """Return the update whose results show the year before: june or december."""
    return "december" if definition["group"] == "1" else "june"
