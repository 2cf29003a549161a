"""What the report says in each language, and how it numbers what it shows."""

import re
from collections.abc import Iterable
from typing import Any

from msanalysis.labels import day_in_words, word

WORDS = {
    "nb": {
        "language": "Norsk",
        "heading": "Tall for årsrapporten {year}",
        "local_heading": "Lokal rapport {year}: {trust}",
        "short_alone": "Bare til {trust}: skal ikke gis videre",
        "alone": "Bare til {trust}: skal ikke gis videre. Helseforetakets egne tall er vist fullt "
        "ut, også når de gjelder få personer.",
        "synthetic": "oppdiktede personer. Tallene sier ingenting om noen.",
        "dates": "Status per {status}; det som var registrert {cutoff}, er med.",
        "figure": "Figur",
        "figure_beside": "B",
        "table": "Tabell",
        "chapter": "Kapittel {}",
        "gaps": "Mangler i denne kjøringen",
        "failed": "kjørte ikke ferdig",
        "missing_columns": "uttrekket mangler",
        "not_run": "ikke med i denne kjøringen",
        "skip": "Hopp til innholdet",
        "contents": "Innhold",
        "overview": "Oversikt",
        "chapters": "Analysene",
        "about": "Om tallene",
        "about_chapters": "Analyser",
        "here": "På denne siden",
        "search": "Søk i figurer og tabeller",
        "search_none": "Ingen treff",
        "search_one": "1 treff",
        "search_some": "{} treff",
        "figures": "Figurer",
        "tables": "Tabeller",
        "n_figures": "{} figurer",
        "n_tables": "{} tabeller",
        "one_figure": "1 figur",
        "one_table": "1 tabell",
        "headline": "Nøkkeltall",
        "rows": "rader",
        "more_rows": "… og {} rader til i filen",
        "download": "Last ned",
        "interactive": "Vis interaktiv",
        "not_interactive": "Vis som bilde",
        "cohorts": "Hvem som er med",
        "excluded": "ikke med",
        "other_tables": "Flere tabeller",
        "drawn_from": "Tegnet også av",
        "notebook": "Slik er det regnet ut",
        "notebook_intro": "Notatboken med verdiene fra denne kjøringen, uten resultater; "
        "teksten i den er på engelsk.",
        "documents": "Filer",
        "numbers": "Alle tall",
        "provenance": "Hvordan tallene ble laget",
        "disclosure": "Hva tallene forteller om personer",
        "comparison": "Ved siden av de publiserte tallene",
        "methods": "Metoder",
        "document": "Rapporten som Word-dokument",
        "manifest": "Alt om kjøringen, med kontrollsummer",
        "made_with": "Laget med msanalysis {version}. Siden henter ingenting fra nettet.",
        "parameter": "Parameter",
        "value": "Verdi",
        "run": "Kjøringen",
        "policy": "Regelsett",
        "report_year": "Rapportår",
        "status_date": "Statusdato",
        "data_cutoff": "Registrert innen",
        "source": "Kilde",
        "fingerprint": "Uttrekkets fingeravtrykk",
        "version": "Versjon av msanalysis",
        "commit": "Utgave (git)",
        "changed": "endret siden",
        "parameters": "Parametre",
        "libraries": "Biblioteker",
        "library": "Bibliotek",
        "repeat": "Samme uttrekk, samme parametre og samme versjon gir de samme filene, byte for "
        "byte. manifest.json har kontrollsummen til hver fil.",
    },
    "en": {
        "language": "English",
        "heading": "Figures for the annual report {year}",
        "local_heading": "Local report {year}: {trust}",
        "short_alone": "For {trust} alone: not to be passed on",
        "alone": "For {trust} alone: not to be passed on. The trust's own numbers stand in full, "
        "also where they are of few persons.",
        "synthetic": "invented persons. The numbers say nothing about anyone.",
        "dates": "Status at {status}; what had been registered by {cutoff} is included.",
        "figure": "Figure",
        "figure_beside": "S",
        "table": "Table",
        "chapter": "Chapter {}",
        "gaps": "Missing from this run",
        "failed": "did not run to its end",
        "missing_columns": "the extract lacks",
        "not_run": "not part of this run",
        "skip": "Skip to the content",
        "contents": "Contents",
        "overview": "Overview",
        "chapters": "The analyses",
        "about": "About the numbers",
        "about_chapters": "Analyses",
        "here": "On this page",
        "search": "Search figures and tables",
        "search_none": "Nothing found",
        "search_one": "1 found",
        "search_some": "{} found",
        "figures": "Figures",
        "tables": "Tables",
        "n_figures": "{} figures",
        "n_tables": "{} tables",
        "one_figure": "1 figure",
        "one_table": "1 table",
        "headline": "Headline numbers",
        "rows": "rows",
        "more_rows": "… and {} more rows in the file",
        "download": "Download",
        "interactive": "Show interactively",
        "not_interactive": "Show as a picture",
        "cohorts": "Who is included",
        "excluded": "not included",
        "other_tables": "More tables",
        "drawn_from": "Also drawn from",
        "notebook": "How it was computed",
        "notebook_intro": "The notebook with the values of this run, without results.",
        "documents": "Files",
        "numbers": "All numbers",
        "provenance": "How the numbers were made",
        "disclosure": "What the numbers tell of persons",
        "comparison": "Beside the published numbers",
        "methods": "Methods",
        "document": "The report as a Word document",
        "manifest": "All about the run, with checksums",
        "made_with": "Made with msanalysis {version}. The page loads nothing from the internet.",
        "parameter": "Parameter",
        "value": "Value",
        "run": "The run",
        "policy": "Policy",
        "report_year": "Report year",
        "status_date": "Status date",
        "data_cutoff": "Registered by",
        "source": "Source",
        "fingerprint": "Fingerprint of the extract",
        "version": "Version of msanalysis",
        "commit": "Commit (git)",
        "changed": "changed since",
        "parameters": "Parameters",
        "libraries": "Libraries",
        "library": "Library",
        "repeat": "The same extract, parameters and version give the same files, byte for byte. "
        "manifest.json has the checksum of every file.",
    },
}
CHAPTERS = {
    "2.1": {"nb": "Kvalitetsindikatorer og behandling", "en": "Quality indicators and treatment"},
    "2.2": {"nb": "Pasientrapporterte data", "en": "Patient-reported data"},
    "2.3": {"nb": "Andre analyser", "en": "Other analyses"},
    "4": {"nb": "Datakvalitet", "en": "Data quality"},
    "6": {"nb": "Formidling", "en": "Who gets what"},
}
"""What the chapters of the annual report are about."""


def stamp_of(manifest: dict[str, Any], lang: str) -> str:
    """Return what all that is made from the invented registry is stamped with; else nothing."""
    is_invented = manifest["extract"]["source"] == "synthetic"
    return word("synthetic_stamp", lang) if is_invented else ""


def trust_names(manifest: dict[str, Any]) -> dict[str, str]:
    """Return in each language the trust that a local report is for alone; no others have one."""
    unit = manifest.get("own_unit")
    return {lang: word(unit, lang) for lang in manifest["languages"]} if unit else {}


def heading_of(manifest: dict[str, Any], lang: str) -> str:
    """Return the heading of the report, or of the local report."""
    trust = trust_names(manifest).get(lang)
    heading = WORDS[lang]["local_heading" if trust else "heading"]
    return heading.format(year=manifest["report_year"], trust=trust)


def dates_of(manifest: dict[str, Any], lang: str) -> str:
    """Return the sentence that says of when the numbers are."""
    status, cutoff = (day_in_words(manifest[day], lang) for day in ("status_date", "data_cutoff"))
    return WORDS[lang]["dates"].format(status=status, cutoff=cutoff)


def analyses_shown(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the analyses that ran to their end, and their figures, in the annual report's order.

    Figures that it does not have follow, as the notebook has them.
    """
    ended = [each for each in manifest["analyses"] if each["status"] == "ok"]
    return [
        {**each, "figures": sorted(each["figures"], key=lambda figure: _order(figure["number"]))}
        for each in sorted(ended, key=lambda each: _order(each["chapter"]))
    ]


def _order(number: str) -> tuple[bool, list[tuple[int, str]]]:
    """Return what sorts `2.1.6b` between `2.1.6a` and `2.1.10`, and no number last."""
    return not number, [(int(n), letter) for n, letter in re.findall(r"(\d+)([a-z]*)", number)]


def figure_labels(analyses: Iterable[dict[str, Any]], lang: str) -> dict[str, str]:
    """Return figure id -> `Figur 2.1.16`; what the annual report does not have is numbered apart.

    `analyses` are those shown, in order.
    """
    labels, beside = {}, 0
    for figure in (figure for analysis in analyses for figure in analysis["figures"]):
        beside += not figure["number"]
        number = figure["number"] or f"{WORDS[lang]['figure_beside']}{beside}"
        labels[figure["id"]] = f"{WORDS[lang]['figure']} {number}"
    return labels


def table_labels(analyses: Iterable[dict[str, Any]], lang: str) -> dict[str, str]:
    """Return table id -> `Tabell 12`: all tables of the run, counted through."""
    tables = (table for analysis in analyses for table in analysis["tables"])
    return {table["id"]: f"{WORDS[lang]['table']} {place}" for place, table in enumerate(tables, 1)}


def chapter_heading(chapter: str, lang: str) -> str:
    """Return number and name of a chapter of the annual report."""
    name = CHAPTERS.get(chapter, {}).get(lang)
    return f"{chapter} {name}" if name else WORDS[lang]["chapter"].format(chapter)
