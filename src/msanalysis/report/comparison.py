"""A release beside the published numbers of its year, as a page of the report or apart."""

from pathlib import Path
from typing import Any

from msanalysis.compare import Comparison, Line, Z, compare_published, contradictions, names
from msanalysis.labels import MissingWord, number, word
from msanalysis.report.contents import Contents, read_contents
from msanalysis.report.site import Page, page_apart

FARTHEST = 5.0
"""Standard errors at the ends of the drawing; who is farther out stands at its end."""
SAY = {
    "nb": {
        "heading": "Tallene ved siden av de publiserte",
        "intro": "Hvert tall i den publiserte årsrapporten ({other}) ved siden av det samme "
        "tallet i denne kjøringen. {agree} av {shown} er like eller så nær at tilfeldigheter "
        "forklarer forskjellen; {hidden} kan ikke vises.",
        "strip": "Prikkene viser det avrundingen ikke forklarer av forskjellen, i standardfeil; "
        "båndet er ±1,96, der tilfeldigheter forklarer den.",
        "columns": ["Sted", "Tall", "Publisert", "n", "Her", "n", "Forskjell", "Standardfeil", ""],
        "equal": "likt",
        "chance": "tilfeldig",
        "apart": "forskjellig",
        "hidden": "skjult",
        "absent": "mangler",
        "contradictions": "Der den publiserte rapporten motsier seg selv",
        "units": {"percent": "%", "years": "år", "per 100000": "per 100 000"},
    },
    "en": {
        "heading": "The numbers beside the published ones",
        "intro": "Each number of the published annual report ({other}) beside the same number of "
        "this run. {agree} of {shown} are equal, or so near that chance explains the difference; "
        "{hidden} cannot be shown.",
        "strip": "The dots show what rounding does not explain of the difference, in standard "
        "errors; the band is ±1.96, where chance explains it.",
        "columns": ["Where", "Number", "Published", "n", "Here", "n", "Difference", "Errors", ""],
        "equal": "equal",
        "chance": "chance",
        "apart": "apart",
        "hidden": "hidden",
        "absent": "absent",
        "contradictions": "Where the published report contradicts itself",
        "units": {"percent": "%", "years": "years", "per 100000": "per 100,000"},
    },
}


def comparison_pages(contents: Contents) -> list[Page]:
    """Return the page beside the published numbers; none where its year has no such numbers.

    A local report, which is for one trust alone, has none either.

    Raises
    ------
    ComparisonRefused
        When the release has no numbers.
    """
    found = None if contents.manifest.get("own_unit") else compare_published(contents.folder)
    return [] if found is None else [comparison_page(contents, found)]


def comparison_page(contents: Contents, found: Comparison) -> Page:
    """Return the page of a comparison."""

    named = names(contents.folder)

    def content(lang: str) -> dict[str, Any]:
        return {
            "told": SAY[lang] | {"intro": _intro(found, lang)},
            "rows": [_row(line, named.get(line.id), lang) for line in found.lines],
            "contradictions": contradictions(contents.folder),
            "band": Z,
            "farthest": FARTHEST,
        }

    title = {lang: SAY[lang]["heading"] for lang in contents.languages}
    return Page("site/comparison", "comparison.html", title, content)


def write_apart(release: Path, found: Comparison, to: Path) -> None:
    """Write a comparison outside the release: `to`, and beside it a page a further language."""
    contents = read_contents(release)
    page = comparison_page(contents, found)
    first, *others = contents.languages
    paths = {first: to, **{lang: to.with_suffix(f".{lang}{to.suffix}") for lang in others}}
    for lang, path in paths.items():
        twins = {other: path.name for other, path in paths.items() if other != lang}
        path.write_bytes(page_apart(page, lang, contents, twins).encode())


def summary(found: Comparison) -> list[str]:
    """Return the lines that do not agree, and how many do, as plain text."""
    return [
        *(
            f"{line.verdict}: {line.id} {line.ours or '-'}, {found.other} {line.printed}"
            for line in found.lines
            if line.verdict in ("apart", "absent")
        ),
        f"{found.agree} of {found.shown} agree with {found.other}; {found.counts['hidden']} hidden",
    ]


def _intro(found: Comparison, lang: str) -> str:
    return SAY[lang]["intro"].format(
        other=found.other,
        agree=found.agree,
        shown=found.shown,
        hidden=found.counts["hidden"],
    )


def _name(id: str, lang: str) -> str:
    try:
        return word(id, lang)
    except MissingWord:
        return ""


def _row(line: Line, named: dict[str, str] | None, lang: str) -> dict[str, Any]:
    decimals = len(line.printed.partition(".")[2])
    finer = decimals + (line.unit in SAY[lang]["units"])
    far = line.standardised
    return {
        "line": line,
        "name": named[lang] if named else _name(line.id, lang),
        "unit": SAY[lang]["units"].get(line.unit, ""),
        "printed": _number(line.printed, decimals, lang),
        "ours": _number(line.ours, finer, lang),
        "n_printed": _number(line.n_printed, 0, lang),
        "n": _number(line.n, 0, lang),
        "difference": "" if line.difference is None else number(line.difference, finer, lang),
        "standardised": "" if far is None else number(far, 1, lang),
        "place": None if far is None else max(-FARTHEST, min(FARTHEST, far)),
        "verdict": SAY[lang][line.verdict],
    }


def _number(written: str, decimals: int, lang: str) -> str:
    return number(float(written), decimals, lang) if written else ""
