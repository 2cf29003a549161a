"""What a page or a drawing may refer to: itself and its neighbours in the release."""

import base64
import binascii
import re
from collections.abc import Iterator
from functools import cache
from html import unescape
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath
from posixpath import normpath
from xml.parsers import expat

from msanalysis.release_check.pictures import picture_rules
from msanalysis.release_check.words import AN_ADDRESS, names_an_address

RUNS = "something that runs, loads or replaces other things"
_KIND_OF_DRAWING = re.compile(
    r'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1\.1//EN"\s+'
    r'"http://www\.w3\.org/Graphics/SVG/1\.1/DTD/svg11\.dtd">'
)
_NAMES_OF_VOCABULARIES = re.compile(
    r'\sxmlns(?::\w+)?="[^"]*"|rdf:resource="http://purl\.org/dc/dcmitype/StillImage"'
)
_PICTURE = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=\s]*)")
_URL = re.compile(r"""\burl\(\s*["']?([^"')]*)""", re.IGNORECASE)
_REFERRING = {
    "href", "xlink:href", "src", "srcset", "data", "action", "formaction", "poster",
    "data-library", "data-drawing",
}  # fmt: skip
_RUNNING = {"foreignobject", "iframe", "frame", "object", "embed", "base", "form"}
_SCRIPTS = re.compile(r"(\.\./)?site/(script|search\.[a-z]{2})\.js")
_STYLES = re.compile(r"(\.\./)?site/style\.css")
_POLICY = [
    ("http-equiv", "Content-Security-Policy"),
    (
        "content",
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self'",
    ),
]
"""A page says before all else that it loads nothing from elsewhere."""


def page_rules(folder: Path, name: str, text: str) -> Iterator[str]:
    """Yield what is wrong with an HTML page or an SVG drawing as what it refers to and runs."""
    for encoded in _PICTURE.findall(text):
        yield from _embedded(encoded)
    shown = _KIND_OF_DRAWING.sub(" ", _PICTURE.sub("#", text))
    if names_an_address(unescape(_NAMES_OF_VOCABULARIES.sub(" ", shown))):
        yield AN_ADDRESS
    page = _Page()
    try:
        (_read_drawing if name.endswith(".svg") else _read_page)(shown, page)
    except expat.ExpatError:
        yield "not a drawing that a browser reads"
    if name.endswith(".html") and not page.has_policy:
        yield "no content security policy as the report's pages have it"
    if any(_leads_out(folder, name, reference) for reference in page.references):
        yield "a reference to something that is not in the release"
    if page.runs or "<!ENTITY" in shown:
        yield RUNS


def _read_page(text: str, page: "_Page") -> None:
    page.feed(text)
    page.close()


def _read_drawing(text: str, page: "_Page") -> None:
    """Read a drawing as a browser does: as XML, whose prefixes stand for vocabularies."""
    reader = expat.ParserCreate(namespace_separator=" ")
    reader.buffer_text, reader.buffer_size = True, 4 * len(text) + 1
    reader.StartElementHandler = lambda tag, attrs: page.handle_starttag(
        _plain(tag), [(_plain(name), value) for name, value in attrs.items()]
    )
    reader.EndElementHandler = page.handle_endtag
    reader.CharacterDataHandler = page.handle_data
    for more in ("StartCdataSection", "StartDoctypeDecl", "ProcessingInstruction"):
        setattr(reader, f"{more}Handler", lambda *_: page.unknown_decl(""))
    reader.Parse(text, True)


@cache
def _plain(name: str) -> str:
    return name.rpartition(" ")[2].lower()


class _Page(HTMLParser):
    """What a page or a drawing refers to, and whether it runs something."""

    def __init__(self):
        super().__init__()
        self.references: list[str] = []
        self.runs = self.has_policy = False
        self._tag = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tag = tag
        self.runs |= tag in _RUNNING or any(name.startswith("on") for name, _ in attrs)
        if tag in ("script", "link"):
            self.runs |= not self._is_own(tag, dict(attrs))
        if any(name == "http-equiv" for name, _ in attrs):
            self.runs |= attrs != _POLICY
            self.has_policy |= attrs == _POLICY
        for name, value in attrs:
            self.references += [value or ""] if name in _REFERRING else _URL.findall(value or "")

    def _is_own(self, tag: str, attrs: dict[str, str | None]) -> bool:
        """Whether a script or a style is one that all pages share, under the policy."""
        if not self.has_policy:
            return False
        if tag == "script":
            return {*attrs} == {"src", "defer"} and bool(_SCRIPTS.fullmatch(attrs["src"] or ""))
        is_style = {*attrs} == {"rel", "href"} and attrs["rel"] == "stylesheet"
        return is_style and bool(_STYLES.fullmatch(attrs["href"] or ""))

    def handle_endtag(self, tag: str) -> None:
        self._tag = ""

    def handle_data(self, data: str) -> None:
        if self._tag == "style":
            self.references += _URL.findall(data)
            self.runs |= "@import" in data
        elif self._tag == "script":
            self.runs |= bool(data.strip())

    def unknown_decl(self, data: str) -> None:
        self.runs = True


def _leads_out(folder: Path, name: str, reference: str) -> bool:
    place, _, _ = reference.strip().partition("#")
    if not place:
        return False
    target = PurePosixPath(normpath(PurePosixPath(name).parent / place))
    return ".." in target.parts or target.is_absolute() or not (folder / target).is_file()


def _embedded(encoded: str) -> Iterator[str]:
    try:
        yield from picture_rules(base64.b64decode("".join(encoded.split()), validate=True))
    except binascii.Error:
        yield "not a PNG picture"
