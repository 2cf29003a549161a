"""A release as one page: `release/` in, `index.html` beside it out. Reads nothing else.

The page loads nothing from elsewhere and holds every language of the run, one after the other.
"""

import json
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup

from msanalysis.labels import MissingWord, word
from msanalysis.tables import format_table

ROWS_SHOWN = 40
WORDS = {
    "nb": {
        "language": "Norsk",
        "heading": "Tall for årsrapporten {year}",
        "local_heading": "Lokal rapport {year}: {trust}",
        "short_alone": "Bare til {trust}: skal ikke gis videre",
        "alone": "Bare til {trust}: skal ikke gis videre. Helseforetakets egne tall er vist fullt "
        "ut, også når de gjelder få personer.",
        "synthetic": "SYNTHETIC: oppdiktede personer. Tallene sier ingenting om noen.",
        "dates": "Status per {status}; det som var registrert {cutoff}, er med.",
        "figure": "Figur",
        "interactive": "interaktiv figur",
        "table": "Tabell",
        "rows": "rader",
        "gaps": "Mangler i denne kjøringen",
        "failed": "kjørte ikke ferdig",
        "missing_columns": "uttrekket mangler",
        "not_run": "ikke med i denne kjøringen",
        "numbers": "Alle tall",
        "provenance": "Hvordan tallene ble laget",
        "disclosure": "Hva tallene forteller om personer",
        "comparison": "Ved siden av de publiserte tallene",
        "document": "Rapporten som Word-dokument",
    },
    "en": {
        "language": "English",
        "heading": "Figures for the annual report {year}",
        "local_heading": "Local report {year}: {trust}",
        "short_alone": "For {trust} alone: not to be passed on",
        "alone": "For {trust} alone: not to be passed on. The trust's own numbers stand in full, "
        "also where they are of few persons.",
        "synthetic": "SYNTHETIC: invented persons. The numbers say nothing about anyone.",
        "dates": "Status at {status}; what had been registered by {cutoff} is included.",
        "figure": "Figure",
        "interactive": "interactive figure",
        "table": "Table",
        "rows": "rows",
        "gaps": "Missing from this run",
        "failed": "did not run to its end",
        "missing_columns": "the extract lacks",
        "not_run": "not part of this run",
        "numbers": "All numbers",
        "provenance": "How the numbers were made",
        "disclosure": "What the numbers tell of persons",
        "comparison": "Beside the published numbers",
        "document": "The report as a Word document",
    },
}


class ReportIncomplete(Exception):
    """A table cannot be put into words. The message names the file, never what stands in it."""


def write_report(release: Path) -> Path:
    """Write `index.html` into a release folder from its manifest, texts, figures and tables.

    Raises
    ------
    ReportIncomplete
        When a column or code of a table has no word.
    """
    manifest = json.loads((release / "manifest.json").read_text(encoding="utf-8"))
    page = (
        environment()
        .get_template("page.html")
        .render(
            manifest=manifest,
            words=WORDS,
            trust=trust_names(manifest),
            heading={lang: heading_of(manifest, lang) for lang in manifest["languages"]},
            tables={
                lang: {
                    table["id"]: read_rows(release / table["file"], lang)
                    for analysis in manifest["analyses"]
                    for table in analysis["tables"]
                }
                for lang in manifest["languages"]
            },
            rows_shown=ROWS_SHOWN,
            compared=(release / "comparison.html").exists(),
        )
    )
    path = release / "index.html"
    path.write_bytes(page.encode())
    return path


def trust_names(manifest: dict[str, Any]) -> dict[str, str]:
    """Return in each language the trust that a local report is for alone; no others have one."""
    unit = manifest.get("own_unit")
    return {lang: word(unit, lang) for lang in manifest["languages"]} if unit else {}


def heading_of(manifest: dict[str, Any], lang: str) -> str:
    """Return the heading of the report, or of the local report."""
    trust = trust_names(manifest).get(lang)
    heading = WORDS[lang]["local_heading" if trust else "heading"]
    return heading.format(year=manifest["report_year"], trust=trust)


def environment() -> Environment:
    """Return where the pages' templates are filled: all values escaped, none missing."""
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["markdown"] = _markdown
    return made


def _markdown(text: str) -> Markup:
    """Render a sentence: no raw HTML, and no pictures, which could be loaded from elsewhere."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    return Markup(parser.render(text))


def read_rows(path: Path, lang: str) -> list[list[str]]:
    """Return a table in words, its heading first."""
    held = pd.read_csv(path, dtype=str, keep_default_na=False)
    try:
        table = format_table(held, lang)
    except MissingWord:
        # its message names the code, which may stem from the extract
        raise ReportIncomplete(
            f"tables/{path.name}: a column or code has no {lang} word; look it up there, and "
            "add a row to src/msanalysis/labels.csv"
        ) from None
    return [list(table), *table.to_numpy().tolist()]
