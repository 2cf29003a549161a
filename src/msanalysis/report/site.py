"""The frame of every page: its place, its navigation, and what all pages share.

A page is written once in each language, with the same anchors, so that the link to the other
language can lead to the same place. Pages refer to files of the release alone, and say so in a
content security policy; they read well without their script.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup

from msanalysis.report.contents import Contents
from msanalysis.report.words import (
    WORDS,
    chapter_heading,
    figure_labels,
    heading_of,
    stamp_of,
    table_labels,
    trust_names,
)

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self'"
)
STYLE, SCRIPT = "site/style.css", "site/script.js"
OVERVIEW = "site/index"


@dataclass(frozen=True)
class Page:
    """A page in every language of the run.

    Attributes
    ----------
    place
        Its path without language and ending: `analyses/<id>`, `site/methods`.
    template
        File that it is filled into.
    title
        Heading by language.
    content
        What the template is filled with, by language.
    """

    place: str
    template: str
    title: Mapping[str, str]
    content: Callable[[str], Mapping[str, Any]]


def write_site(contents: Contents, pages: Iterable[Page]) -> Path:
    """Write the pages, the files they share and the index of the search; return the first page."""
    pages = list(pages)
    for folder in ("site", "analyses"):
        (contents.folder / folder).mkdir(exist_ok=True)
    for name in (STYLE, SCRIPT):
        (contents.folder / name).write_bytes(_own_file(Path(name).name).encode())
    for lang in contents.languages:
        index = json.dumps([*_search_index(contents, pages, lang)], ensure_ascii=False)
        index = index.replace("<", "\\u003c")
        _write(contents, f"site/search.{lang}.js", f"const SEARCH = {index};\n")
        for page in pages:
            _write(
                contents, path_of(page.place, lang, contents), _filled(page, lang, contents, pages)
            )
    return contents.folder / "index.html"


def page_apart(page: Page, lang: str, contents: Contents, twins: Mapping[str, str]) -> str:
    """Return a page that stands alone: its style inside, no script, `twins` in other languages."""
    shared = _shared(page, lang, contents) | {"style": _own_file("style.css"), "root": ""}
    return _rendered(page, lang, shared | {"twins": twins, "navigation": []})


def _write(contents: Contents, name: str, text: str) -> None:
    (contents.folder / name).write_bytes(text.encode())


def _own_file(name: str) -> str:
    return files("msanalysis").joinpath(f"report/{name}").read_text(encoding="utf-8")


def path_of(place: str, lang: str, contents: Contents) -> str:
    """Return the file of a page; the overview in the first language is `index.html`."""
    is_first = place == OVERVIEW and lang == contents.languages[0]
    return "index.html" if is_first else f"{place}.{lang}.html"


# --- a page ---------------------------------------------------------------------------------------


def _filled(page: Page, lang: str, contents: Contents, pages: list[Page]) -> str:
    root = "../" * path_of(page.place, lang, contents).count("/")
    twins = {
        other: root + path_of(page.place, other, contents)
        for other in contents.languages
        if other != lang
    }
    shared = _shared(page, lang, contents) | {
        "style": "",
        "root": root,
        "twins": twins,
        "home": root + path_of(OVERVIEW, lang, contents),
        "navigation": _navigation(page, lang, contents, pages, root),
    }
    return _rendered(page, lang, shared)


def _shared(page: Page, lang: str, contents: Contents) -> dict[str, Any]:
    manifest, trust = contents.manifest, trust_names(contents.manifest).get(lang)
    say = WORDS[lang]
    return {
        "lang": lang,
        "say": say,
        "words": WORDS,
        "policy": POLICY,
        "manifest": manifest,
        "report": heading_of(manifest, lang),
        "title": page.title[lang],
        "stamp": stamp_of(manifest, lang),
        "alone": trust and say["alone"].format(trust=trust),
        "short_alone": trust and say["short_alone"].format(trust=trust),
        "version": manifest.get("package", {}).get("version", ""),
    }


def _rendered(page: Page, lang: str, shared: Mapping[str, Any]) -> str:
    return environment().get_template(page.template).render(**shared, **page.content(lang))


def _navigation(
    page: Page, lang: str, contents: Contents, pages: list[Page], root: str
) -> list[tuple[str, list[dict[str, Any]]]]:
    """Return the pages under headings: the analyses by chapter, then those about the numbers."""
    groups: dict[str, list[dict[str, Any]]] = {}
    chapters = {f"analyses/{each['id']}": each["chapter"] for each in contents.analyses}
    for each in pages:
        chapter = chapters.get(each.place)
        heading = chapter_heading(chapter, lang) if chapter else WORDS[lang]["about"]
        entry = {
            "title": each.title[lang],
            "href": root + path_of(each.place, lang, contents),
            "is_current": each is page,
        }
        if each.place != OVERVIEW:
            groups.setdefault(heading, []).append(entry)
    return [*groups.items()]


# --- search ---------------------------------------------------------------------------------------


def _search_index(contents: Contents, pages: list[Page], lang: str) -> Iterator[list[str]]:
    """Yield label, text, what it belongs to and address of everything that can be searched."""
    figures = figure_labels(contents.analyses, lang)
    tables = table_labels(contents.analyses, lang)
    for page in pages:
        yield [page.title[lang], "", "", path_of(page.place, lang, contents)]
    for analysis in contents.analyses:
        path = path_of(f"analyses/{analysis['id']}", lang, contents)
        for kind, labels in (("figure", figures), ("table", tables)):
            for each in analysis[f"{kind}s"]:
                address = f"{path}#{kind}-{each['id']}"
                yield [labels[each["id"]], each["caption"][lang], analysis["title"][lang], address]


# --- templates ------------------------------------------------------------------------------------


@cache
def environment() -> Environment:
    """Return where the pages' templates are filled: all values escaped, none missing."""
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["markdown"] = markdown
    return made


def text_parser() -> MarkdownIt:
    """Return what renders Markdown, its tables in a box of their own in which they scroll."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    parser.add_render_rule("table_open", lambda *_: '<div class="scroll" tabindex="0"><table>\n')
    parser.add_render_rule("table_close", lambda *_: "</table></div>\n")
    return parser


def markdown(text: str, *, below: int = 0) -> Markup:
    """Render Markdown, its headings `below` so many levels further down.

    No raw HTML, and no pictures, which could be loaded from elsewhere.
    """
    parser = text_parser()
    tokens = parser.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + below, 6)}"
    return Markup(parser.renderer.render(tokens, parser.options, {}))
