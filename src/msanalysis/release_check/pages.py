"""What a page or a drawing may refer to: itself and its neighbours in the release."""

import base64
import binascii
import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath

from msanalysis.release_check.pictures import picture_rules

RUNS = "something that runs, loads or replaces other things"
_NAMES_OF_VOCABULARIES = re.compile(
    r'\sxmlns(?::\w+)?="[^"]*"'
    r'|<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1\.1//EN"\s+'
    r'"http://www\.w3\.org/Graphics/SVG/1\.1/DTD/svg11\.dtd">'
    r'|rdf:resource="http://purl\.org/dc/dcmitype/StillImage"'
)
_PICTURE = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=\s]*)")
_ADDRESS = re.compile(r"://|(?<=[\"'(=\s])//[\w-]+\.")
_URL = re.compile(r"""\burl\(\s*["']?([^"')]*)""", re.IGNORECASE)
_REFERRING = {"href", "xlink:href", "src", "srcset", "data", "action", "formaction", "poster"}
_RUNNING = {"foreignobject", "iframe", "frame", "object", "embed", "base", "link", "form"}
_LIBRARY = [("src", "plotly.min.js")]
_DRAWS = '\nPlotly.newPlot("'
_NOTHING_IS_SENT = [
    ("http-equiv", "Content-Security-Policy"),
    ("content", "connect-src 'none'"),
]


def page_rules(folder: Path, name: str, text: str) -> Iterator[str]:
    """Yield what is wrong with an HTML page or an SVG drawing as what it refers to and runs."""
    for encoded in _PICTURE.findall(text):
        yield from _embedded(encoded)
    shown = _NAMES_OF_VOCABULARIES.sub(" ", _PICTURE.sub("#", text))
    if _ADDRESS.search(unescape(shown)):
        yield "an address on the internet or of another machine"
    page = _Page(is_interactive=name.startswith("figures/") and name.endswith(".html"))
    page.feed(shown)
    page.close()
    if any(_leads_out(folder, name, reference) for reference in page.references):
        yield "a reference to something that is not in the release"
    if page.runs or "<!ENTITY" in shown:
        yield RUNS


class _Page(HTMLParser):
    """What a page refers to, and whether it runs something; a drawing reads as a page does."""

    def __init__(self, *, is_interactive: bool):
        super().__init__()
        self.is_interactive = is_interactive
        self.references: list[str] = []
        self.runs = False
        self._tag = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tag = tag
        self.runs |= tag in _RUNNING or any(name.startswith("on") for name, _ in attrs)
        if tag == "script":
            self.runs |= not (self.is_interactive and attrs in ([], _LIBRARY))
        if any(name == "http-equiv" for name, _ in attrs):
            self.runs |= not (self.is_interactive and attrs == _NOTHING_IS_SENT)
        for name, value in attrs:
            self.references += [value or ""] if name in _REFERRING else _URL.findall(value or "")

    def handle_endtag(self, tag: str) -> None:
        self._tag = ""

    def handle_data(self, data: str) -> None:
        if self._tag == "style":
            self.references += _URL.findall(data)
            self.runs |= "@import" in data
        elif self._tag == "script":
            self.runs |= not data.startswith(_DRAWS)

    def unknown_decl(self, data: str) -> None:
        self.runs = True


def _leads_out(folder: Path, name: str, reference: str) -> bool:
    place, _, _ = reference.strip().partition("#")
    if not place:
        return False
    target = PurePosixPath(name).parent / place
    return ".." in target.parts or target.is_absolute() or not (folder / target).is_file()


def _embedded(encoded: str) -> Iterator[str]:
    try:
        yield from picture_rules(base64.b64decode("".join(encoded.split()), validate=True))
    except binascii.Error:
        yield "not a PNG picture"
