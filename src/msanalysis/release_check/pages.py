"""What a page or a drawing may refer to: itself and its neighbours in the release."""

import base64
import binascii
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path, PurePosixPath

from msanalysis.release_check.pictures import picture_rules

_NAMES_OF_VOCABULARIES = re.compile(
    r'\sxmlns(?::\w+)?="[^"]*"'
    r'|<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1\.1//EN"\s+'
    r'"http://www\.w3\.org/Graphics/SVG/1\.1/DTD/svg11\.dtd">'
    r'|rdf:resource="http://purl\.org/dc/dcmitype/StillImage"'
)
_PICTURE = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=\s]*)")
_REFERENCE = re.compile(
    r"""\b(?:href|src|srcset|action|data|poster)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))"""
    r"""|\burl\(\s*["']?([^"')]*)""",
    re.IGNORECASE,
)
_RUNS = re.compile(
    r"<script|<foreignObject|<iframe|<object|<embed|<base\b|<!ENTITY|@import|http-equiv|\son\w+\s*="
    r"|javascript:",
    re.IGNORECASE,
)
_OF_INTERACTIVE_FIGURES = (
    '<script src="plotly.min.js"></script>',
    '<script>\nPlotly.newPlot("',
    '<meta http-equiv="Content-Security-Policy" content="connect-src \'none\'">',
)
_ADDRESS = re.compile(r"://|(?<=[\"'(=\s])//[\w-]+\.")


def page_rules(folder: Path, name: str, text: str) -> Iterator[str]:
    """Yield what is wrong with an HTML page or an SVG drawing as what it refers to and runs."""
    without_pictures = _PICTURE.sub("#", text)
    shown = _NAMES_OF_VOCABULARIES.sub(" ", without_pictures)
    for encoded in _PICTURE.findall(text):
        yield from _embedded(encoded)
    if _ADDRESS.search(unescape(shown)):
        yield "an address on the internet or of another machine"
    if any(_leads_out(folder, name, reference) for reference in _references(shown)):
        yield "a reference to something that is not in the release"
    if _RUNS.search(_without_plotting(name, shown)):
        yield "something that runs, loads or replaces other things"


def _references(text: str) -> Iterator[str]:
    for parts in _REFERENCE.findall(text):
        yield unescape("".join(parts)).strip()


def _leads_out(folder: Path, name: str, reference: str) -> bool:
    place, _, _ = reference.partition("#")
    if not place:
        return False
    target = PurePosixPath(name).parent / place
    return ".." in target.parts or target.is_absolute() or not (folder / target).is_file()


def _without_plotting(name: str, text: str) -> str:
    """Leave out the three things that make a figure interactive, once each and only there."""
    if not (name.startswith("figures/") and name.endswith(".html")):
        return text
    for expected in _OF_INTERACTIVE_FIGURES:
        text = text.replace(expected, "", 1)
    return text


def _embedded(encoded: str) -> Iterator[str]:
    try:
        yield from picture_rules(base64.b64decode("".join(encoded.split()), validate=True))
    except binascii.Error:
        yield "not a PNG picture"
