"""The methods page: definitions and formulas, as the package's texts hold them.

Formulas are LaTeX between `$` (within a line) or `$$` (of their own), and become MathML here, which
a browser shows without any library.
"""

import re
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import pairwise
from typing import Any

from markupsafe import Markup

from msanalysis.report.contents import Contents
from msanalysis.report.site import Page, text_parser
from msanalysis.report.words import WORDS

_NAME_AND_ARGUMENT = re.compile(r"(<mi>[a-z]{2,}</mi>)(?=<m(?:i|over|frac|sub|sup)\b)")
"""As in `log S`, which are set apart."""

TEXTS = files("msanalysis").joinpath("texts")


def methods_pages(contents: Contents, texts: Traversable = TEXTS) -> list[Page]:
    """Return the methods page; none where a language of the run has no `methods.<lang>.md`."""
    sources = {lang: texts.joinpath(f"methods.{lang}.md") for lang in contents.languages}
    if not all(source.is_file() for source in sources.values()):
        return []

    def content(lang: str) -> dict[str, Any]:
        text, groups = _in_html(sources[lang].read_text(encoding="utf-8"))
        return {"text": text, "groups": groups}

    title = {lang: WORDS[lang]["methods"] for lang in contents.languages}
    return [Page("site/methods", "methods.html", title, content)]


def _in_html(text: str) -> tuple[Markup, list[tuple[str, str]]]:
    """Render a text, and return anchor and heading of its groups.

    Its sections are numbered, so that both languages have the same anchors.
    """
    from mdit_py_plugins.dollarmath import dollarmath_plugin

    parser = text_parser()
    dollarmath_plugin(parser, renderer=_formula, allow_labels=False, double_inline=True)
    tokens = parser.parse(re.sub(r"\A# .*\n", "", text))  # the page has a heading of its own
    numbers, groups = [0, 0], []
    for token, inline in pairwise(tokens):
        if token.type == "heading_open" and token.tag in ("h2", "h3"):
            numbers = _next(numbers, token.tag)
            anchor = "section-" + "-".join(str(each) for each in numbers if each)
            token.attrSet("id", anchor)
            groups += [(anchor, inline.content)] if token.tag == "h2" else []
    return Markup(parser.renderer.render(tokens, parser.options, {})), groups


def _next(numbers: list[int], tag: str) -> list[int]:
    return [numbers[0] + 1, 0] if tag == "h2" else [numbers[0], numbers[1] + 1]


def _formula(latex: str, options: dict[str, Any]) -> str:
    from latex2mathml.converter import convert

    is_block = options["display_mode"]
    mathml = convert(latex, display="block" if is_block else "inline")
    mathml = _NAME_AND_ARGUMENT.sub(r'\1<mspace width="0.17em"></mspace>', mathml)
    # a wide one scrolls, which the keyboard must be able to
    return mathml.replace("<math ", '<math tabindex="0" ', 1) if is_block else mathml
