"""The page of an analysis: its sentences, figures, tables, who is included, and its notebook."""

import csv
import re
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from msanalysis.labels import word
from msanalysis.report.contents import ROWS_SHOWN, Contents, rows_in_words
from msanalysis.report.notebook import read_notebook
from msanalysis.report.site import Page
from msanalysis.report.words import figure_labels, table_labels

COHORT = "attrition"
"""The statistic whose table says who is included."""

_SIZE = re.compile(r'<svg\b[^>]*?\swidth="([\d.]+)pt"\s+height="([\d.]+)pt"')
_POINTS_PER_PIXEL = 0.75
_NUMBER = re.compile(r"[-\u2212<\u2013\d]")


def analysis_pages(contents: Contents) -> list[Page]:
    """Return a page of each analysis that ran to its end."""
    return [_page(analysis, contents) for analysis in contents.analyses]


def _page(analysis: dict[str, Any], contents: Contents) -> Page:
    def content(lang: str) -> dict[str, Any]:
        tables = _tables(analysis, contents, lang)
        beside = {id for figure in analysis["figures"] for id in figure.get("tables", ())}
        cohorts = [each for each in tables.values() if each["statistic"] == COHORT]
        return {
            "paragraphs": [*filter(None, map(str.strip, analysis["text"][lang].split("\n\n")))],
            "figures": _figures(analysis, contents, lang, tables),
            "cohorts": cohorts,
            "tables": [
                each
                for id, each in tables.items()
                if id not in beside and each["statistic"] != COHORT
            ],
            "rows_shown": ROWS_SHOWN,
            "notebook": analysis.get("notebook", ""),
            "cells": read_notebook(contents.folder, analysis),
        }

    return Page(f"analyses/{analysis['id']}", "analysis.html", analysis["title"], content)


# --- figures --------------------------------------------------------------------------------------


def _figures(
    analysis: dict[str, Any], contents: Contents, lang: str, tables: dict[str, Any]
) -> list[dict[str, Any]]:
    """Return the figures; a table that several are drawn from stands with the first of them."""
    labels, placed, figures = figure_labels(contents.analyses, lang), set(), []
    for figure in analysis["figures"]:
        drawn_from = [tables[id] for id in figure.get("tables", ()) if id in tables]
        svg = contents.folder / figure["files"][lang]
        figures.append(
            {
                "id": figure["id"],
                "label": labels[figure["id"]],
                "number": labels[figure["id"]].rpartition(" ")[2],
                "caption": figure["caption"][lang],
                "svg": figure["files"][lang],
                "png": _if_there(contents.folder, figure["files"][lang][:-4] + ".png"),
                "size": _size(svg),
                "drawing": figure["interactive"].get(lang, ""),
                "readings": [each[lang] for each in readings() if _is_of(each, figure["id"])],
                "drawn_from": drawn_from,
                "tables": [each for each in drawn_from if each["id"] not in placed],
                "elsewhere": [each for each in drawn_from if each["id"] in placed],
            }
        )
        placed |= {each["id"] for each in drawn_from}
    return figures


def _if_there(folder: Path, name: str) -> str:
    return name if (folder / name).exists() else ""


def _size(svg: Path) -> tuple[int, int] | None:
    """Return width and height of a drawing in pixels, so that its place is kept while it loads."""
    with svg.open(encoding="utf-8") as drawing:
        found = _SIZE.search(drawing.read(2000))
    return found and tuple(round(float(length) / _POINTS_PER_PIXEL) for length in found.groups())


@cache
def readings() -> tuple[dict[str, str], ...]:
    """Return how kinds of figures are read and how they mislead, each with its figures' ids."""
    path = files("msanalysis").joinpath("report/readings.csv")
    with path.open(encoding="utf-8", newline="") as held:
        return tuple(csv.DictReader(held))


def _is_of(reading: dict[str, str], figure: str) -> bool:
    return figure in reading["figures"].split()


# --- tables ---------------------------------------------------------------------------------------


def _tables(analysis: dict[str, Any], contents: Contents, lang: str) -> dict[str, dict[str, Any]]:
    labels = table_labels(contents.analyses, lang)
    return {
        table["id"]: _table(table, contents, labels[table["id"]], lang)
        for table in analysis["tables"]
    }


def _is_of_numbers(column: tuple[str, ...], lang: str) -> bool:
    """Whether a column holds numbers; one that is hidden whole was one of counts."""
    return all(cell == word("hidden_mark", lang) or _NUMBER.match(cell) for cell in column)


def _table(table: dict[str, Any], contents: Contents, label: str, lang: str) -> dict[str, Any]:
    heading, *rows = rows_in_words(contents.tables[table["id"]], Path(table["file"]).name, lang)
    of_numbers = [_is_of_numbers(column, lang) for column in zip(*rows, strict=True)]
    return {
        "id": table["id"],
        "label": label,
        "caption": table["caption"][lang],
        "file": table["file"],
        "statistic": table.get("statistic", ""),
        "heading": heading,
        "rows": rows[:ROWS_SHOWN],
        "n_rows": len(rows),
        "of_numbers": of_numbers or [False] * len(heading),
    }
