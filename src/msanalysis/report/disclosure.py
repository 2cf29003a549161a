"""What a release tells of persons, table by table, as a page of the report.

Made from the manifest and the tables of the release alone, so that it tells nothing they do not.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from msanalysis.labels import DASH, number, word
from msanalysis.release.policy import POLICIES
from msanalysis.report.contents import Contents
from msanalysis.report.site import Page

RULES = {
    "nb": {
        "heading": "Hva tallene forteller om personer",
        "intro": "Regelsettet i denne kjøringen er {policy}. Det som er skjult, er skjult i "
        "tabeller, figurer, tekster og numbers.csv alike. Ingen minste eller største verdi står "
        "noe sted.",
        "general": "Reglene",
        "own_unit": "Helseforetakets egne tall står fullt ut, og reglene gjelder alle andre: Det "
        "som årsrapporten skjuler, er skjult også her, og mer der det ville følge av egne tall.",
        "threshold": "Antall på 1 til {most} personer er skjult, og alt som er regnet ut fra dem.",
        "none_shown": "Et skjult antall er minst 1; ingen er vist som 0.",
        "none_and_all_hidden": "Der ingen eller alle i en gruppe har noe, er det skjult: Det sier "
        "noe om hver av dem.",
        "quotas_printed": "I en kvote (21 av 40) står telleren som den er der nevneren er vist.",
        "quotas_hidden": "En teller på 1 til {most}, eller som lar 1 til {most} av nevneren være "
        "igjen, er skjult.",
        "public_knowledge": "Registerets trykte tabell over pasienter per helseforetak er "
        "allmenn kunnskap og vises med de små tallene sine, for rapportåret den gjelder.",
        "points": "Enkeltverdier tegnes som punkter, i hele tall, for enheter der ingenting er "
        "skjult.",
        "no_points": "Enkeltverdier vises ikke.",
        "support": "Et estimat ved et tidspunkt har minst {at_risk} under risiko bak seg, en "
        "modell minst {threshold} personer i hvert nivå og {degrees} frihetsgrader til overs, en "
        "kvantil minst {threshold} personer på yttersiden der enkeltverdier ikke vises.",
        "rounding": "Antall er avrundet til nærmeste {base}, og det som følger av dem, er regnet "
        "ut på nytt; andre estimater er ikke finere enn {base} personer.",
        "table": "Små antall er skjult, og flere celler der en sum ellers ville gitt dem tilbake.",
        "curve": "Hvert trinn rommer ingen eller minst {threshold} personer. Kurven slutter der "
        "færre enn {curve_at_risk} er under risiko.",
        "flow": "Den som er i en strøm på 1 til {most}, er flyttet til «{pooled}». Ingenting er "
        "skjult.",
        "points_rule": "Enheter der ingenting er skjult, verdier i stigende rekkefølge.",
        "of_table": "Tabell",
        "rule": "Regel",
        "column": "Kolonne",
        "smallest": "Minste antall over null som vises",
        "rounded_to": "Avrunding",
        "persons": "hele personer",
        "to_base": "nærmeste {base} personer",
        "days": "hele dager",
        "whole": "hele tall",
        "decimals": "4 desimaler",
        "coarse": "ikke finere enn {base} personer",
    },
    "en": {
        "heading": "What the numbers tell of persons",
        "intro": "The policy of this run is {policy}. What is hidden is hidden in tables, "
        "figures, texts and numbers.csv alike. No smallest or largest value stands anywhere.",
        "general": "The rules",
        "own_unit": "The trust's own numbers stand in full, and the rules hold for all others: "
        "what the annual report hides is hidden here too, and more where it would follow from the "
        "trust's own numbers.",
        "threshold": "Counts of 1 to {most} persons are hidden, with all that is computed from "
        "them.",
        "none_shown": "A hidden count is at least 1; none is shown as 0.",
        "none_and_all_hidden": "Where none or all of a group have something, it is hidden: it "
        "says something of each of them.",
        "quotas_printed": "In a quota (21 of 40) the numerator stands as it is where the "
        "denominator is shown.",
        "quotas_hidden": "A numerator of 1 to {most}, or one that leaves 1 to {most} of its "
        "denominator, is hidden.",
        "public_knowledge": "The registry's printed table of patients by hospital trust is "
        "public knowledge and shown with its small numbers, for the report year it is of.",
        "points": "Single values are drawn as points, in whole numbers, for units of which "
        "nothing is hidden.",
        "no_points": "Single values are not shown.",
        "support": "An estimate at a time has at least {at_risk} at risk behind it, a model at "
        "least {threshold} persons in each level and {degrees} residual degrees of freedom, a "
        "quantile at least {threshold} persons on its outer side where single values are not "
        "shown.",
        "rounding": "Counts are rounded to the nearest {base}, and what follows from them is "
        "computed again; other estimates are no finer than {base} persons.",
        "table": "Small counts are hidden, and further cells where a total would give them back.",
        "curve": "Each step holds none or at least {threshold} persons. The curve ends where "
        "fewer than {curve_at_risk} are at risk.",
        "flow": "Who is in a flow of 1 to {most} is moved to “{pooled}”. Nothing is hidden.",
        "points_rule": "Units of which nothing is hidden, values in ascending order.",
        "of_table": "Table",
        "rule": "Rule",
        "column": "Column",
        "smallest": "Smallest count above zero that is shown",
        "rounded_to": "Rounding",
        "persons": "whole persons",
        "to_base": "nearest {base} persons",
        "days": "whole days",
        "whole": "whole numbers",
        "decimals": "4 decimals",
        "coarse": "no finer than {base} persons",
    },
}


def disclosure_page(contents: Contents) -> Page:
    """Return the page of what a release tells of persons, from its manifest and its tables.

    In words the rule each table is held to; for each column of numbers the rounding, and for
    counts the smallest one above zero that is shown. How much is hidden is not told.
    """
    policy = contents.manifest["policy"]
    found = {
        table["id"]: [*_columns(contents.tables[table["id"]], table, policy)]
        for analysis in contents.analyses
        for table in analysis["tables"]
    }

    def content(lang: str) -> dict[str, Any]:
        say = _filled(policy, lang)
        return {
            "told": say,
            "general": [*_general(contents.manifest, lang)],
            "analyses": [each for each in contents.analyses if each["tables"]],
            "columns": {
                id: [_in_words(column, say, lang) for column in columns]
                for id, columns in found.items()
            },
        }

    title = {lang: RULES[lang]["heading"] for lang in contents.languages}
    return Page("site/disclosure", "disclosure.html", title, content)


def _filled(policy: str, lang: str) -> dict[str, str]:
    """Return every sentence with the numbers of the policy in it."""
    numbers = asdict(POLICIES[policy]) | {
        "policy": policy,
        "most": POLICIES[policy].threshold - 1,
        "at_risk": POLICIES[policy].estimate_at_risk,
        "degrees": POLICIES[policy].residual_degrees,
        "base": POLICIES[policy].rounding_base,
        "pooled": word("pooled", lang),
    }
    return {name: text.format(**numbers) for name, text in RULES[lang].items()}


def _general(manifest: dict[str, Any], lang: str) -> Iterator[str]:
    """Yield the rules that hold for all tables."""
    policy = manifest["policy"]
    held, say = POLICIES[policy], _filled(policy, lang)
    if manifest.get("own_unit"):
        yield say["own_unit"]
    yield say["threshold"]
    yield say["none_and_all_hidden" if held.none_and_all_hidden else "none_shown"]
    yield say["quotas_printed" if held.quotas_printed else "quotas_hidden"]
    if held.public_knowledge:
        yield say["public_knowledge"]
    yield say["points" if held.points else "no_points"]
    yield say["support"]
    if held.rounding_base > 1:
        yield say["rounding"]


@dataclass(frozen=True)
class _Column:
    """A column of numbers: its rule of rounding, and of counts the smallest above zero."""

    name: str
    rounding: str
    is_count: bool = False
    smallest: float | None = None


def _columns(held: pd.DataFrame, table: dict[str, Any], policy: str) -> Iterator[_Column]:
    """Yield the columns of numbers of a table."""
    base = POLICIES[policy].rounding_base
    counts = {} if table.get("shape") == "points" else table.get("counts", {})
    for name in held:
        values = pd.to_numeric(held[name], errors="coerce")
        if name in counts:
            shown = values[values > 0]
            smallest = shown.min() if len(shown) else None
            yield _Column(name, "persons" if base == 1 else "to_base", True, smallest)
        elif values.notna().any():
            yield _Column(name, _rounding(name, values, counts, base))


def _in_words(column: _Column, say: dict[str, str], lang: str) -> tuple[str, str, str]:
    smallest = "" if column.smallest is None else number(column.smallest, 0, lang)
    if column.is_count and not smallest:
        smallest = DASH
    return word(column.name, lang), smallest, say[column.rounding]


def _rounding(name: str, values: pd.Series, counts: dict[str, Any], base: int) -> str:
    whole = (values.dropna() % 1 == 0).all()
    if base > 1 and counts and name != "time_days" and not (whole and name == "inhabitants"):
        return "coarse"
    return "days" if name.endswith("_days") else "whole" if whole else "decimals"
