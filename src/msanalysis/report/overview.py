"""The first page: headline numbers, what is missing, and the way to all others."""

import csv
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from msanalysis.labels import number, quantity, word
from msanalysis.report.contents import Contents
from msanalysis.report.site import OVERVIEW, Page, path_of
from msanalysis.report.words import WORDS, chapter_heading, dates_of, heading_of


def overview_page(contents: Contents, about: list[Page]) -> Page:
    """Return the overview, which leads to the pages `about` the numbers as well."""

    def content(lang: str) -> dict[str, Any]:
        return {
            "dates": dates_of(contents.manifest, lang),
            "tiles": [*_tiles(contents, lang)],
            "gaps": [each for each in contents.manifest["analyses"] if each["status"] != "ok"],
            "cards": [_card(each, lang, contents) for each in contents.analyses],
            "about": [(each.title[lang], path_of(each.place, lang, contents)) for each in about],
            "document": f"report.{lang}.docx",
        }

    title = {lang: heading_of(contents.manifest, lang) for lang in contents.languages}
    return Page(OVERVIEW, "overview.html", title, content)


def _tiles(contents: Contents, lang: str) -> Iterator[dict[str, str]]:
    """Yield the headline numbers that this run has, in the order of `tiles.csv`."""
    path = contents.folder / "numbers.csv"
    if not path.exists():
        return
    with path.open(encoding="utf-8", newline="") as handle:
        numbers = {row["id"]: row for row in csv.DictReader(handle)}
    for tile in _rows("tiles.csv"):
        row = numbers.get(tile["id"])
        if row and (row["value"] or row["hidden"] == "1"):
            yield {"label": tile[lang], "value": _value(row, lang), "n": _behind(row, lang)}


def _value(row: dict[str, str], lang: str) -> str:
    if row["hidden"] == "1":
        return word("hidden_mark", lang)
    return quantity(float(row["value"]), row["unit"], lang)


def _behind(row: dict[str, str], lang: str) -> str:
    """Return how many persons an estimate is of, where that is known; a count is of itself."""
    is_count = row["unit"] == "persons"
    return "" if is_count or not row["n"] else number(float(row["n"]), 0, lang)


def _rows(name: str) -> list[dict[str, str]]:
    with files("msanalysis").joinpath(f"report/{name}").open(encoding="utf-8", newline="") as held:
        return list(csv.DictReader(held))


def _card(analysis: dict[str, Any], lang: str, contents: Contents) -> dict[str, Any]:
    say, figures = WORDS[lang], analysis["figures"]
    return {
        "chapter": chapter_heading(analysis["chapter"], lang),
        "title": analysis["title"][lang],
        "href": path_of(f"analyses/{analysis['id']}", lang, contents),
        "picture": figures[0]["files"][lang] if figures else "",
        "holds": ", ".join(
            say[f"one_{kind}"] if len(held) == 1 else say[f"n_{kind}s"].format(len(held))
            for kind, held in (("figure", figures), ("table", analysis["tables"]))
            if held
        ),
    }
