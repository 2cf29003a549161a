"""A release beside the published numbers of its year: `comparison.html` beside `index.html`."""

import json
from pathlib import Path
from typing import Any

from msanalysis.compare import Comparison, Line, Z, compare_published, contradictions
from msanalysis.labels import number
from msanalysis.report import WORDS, environment

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
        "back": "Til rapporten",
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
        "back": "To the report",
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


def write_comparison(release: Path) -> Path | None:
    """Write `comparison.html` into a release folder; nothing where its year has no numbers.

    Raises
    ------
    ComparisonRefused
        When the release has no numbers.
    """
    found = compare_published(release)
    if found is None:
        return None
    path = release / "comparison.html"
    path.write_bytes(page_of(release, found).encode())
    return path


def page_of(release: Path, found: Comparison) -> str:
    """Return the page of a comparison in the languages of the release."""
    manifest = json.loads((release / "manifest.json").read_text(encoding="utf-8"))
    languages = manifest["languages"]
    return (
        environment()
        .get_template("comparison.html")
        .render(
            manifest=manifest,
            words=WORDS,
            say={lang: SAY[lang] | {"intro": _intro(found, lang)} for lang in languages},
            rows={lang: [_row(line, lang) for line in found.lines] for lang in languages},
            contradictions=contradictions(release),
            band=Z,
            farthest=FARTHEST,
        )
    )


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


def _row(line: Line, lang: str) -> dict[str, Any]:
    decimals = len(line.printed.partition(".")[2])
    finer = decimals + (line.unit in SAY[lang]["units"])
    far = line.standardised
    return {
        "line": line,
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
