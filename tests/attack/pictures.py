"""Coordinates read back out of pictures, and what in them no released table says.

An SVG holds more digits than a table: where a mark stands for a number that was hidden, or printed
with fewer digits, its place gives it away.
"""

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from attack.read import Table, number

SVG = "{http://www.w3.org/2000/svg}"
LINK = "{http://www.w3.org/1999/xlink}href"
_NUMBER = re.compile(r"[-−]?\d[\d\s.,]*")
_PLACE = re.compile(r"[-+]?\d*\.?\d+(?:e[-+]?\d+)?")
PRECISION = 2e-6
"""Of the length of an axis: what the six decimals of an SVG resolve."""


@dataclass
class Axis:
    """How pixels stand for numbers along one side: number = offset + factor * pixel.

    Of a logarithmic one that is the logarithm of the number, to base 10.
    """

    offset: float
    factor: float
    length: float
    is_logarithmic: bool = False

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        return self.offset + self.factor * pixels

    @property
    def precision(self) -> float:
        return PRECISION * abs(self.factor) * self.length

    def untold(self, pixels: Iterable[float], told: np.ndarray) -> list[float]:
        """Return the drawn numbers that are none of the told ones."""
        if self.is_logarithmic:
            found = untold(self(np.array([*pixels])), np.log10(told[told > 0]), self.precision)
            return [10**each for each in found]
        return untold(self(np.array([*pixels])), told, self.precision)


@dataclass
class Panel:
    """One pair of axes: the marks drawn in it, in data coordinates where its ticks are numbers."""

    across: Axis | None
    up: Axis | None
    frame: np.ndarray = field(default_factory=lambda: np.empty((0, 2)))
    """Its corners, in pixels."""
    edges: np.ndarray = field(default_factory=lambda: np.empty((0, 2)))
    """Where marks are cut: these, and the corners of the paper."""
    lines: list[np.ndarray] = field(default_factory=list)
    """Each (points, 2) in pixels: curves, and places of markers."""
    markers: list[np.ndarray] = field(default_factory=list)
    """Those of them that are markers."""
    intervals: list[np.ndarray] = field(default_factory=list)
    """The limits around points, and the bands around curves, as lines have them."""
    bars: list[tuple[float, float, float, float]] = field(default_factory=list)
    """Left, top, right, bottom of each box, in pixels."""
    texts: list[str] = field(default_factory=list)


def read_svg(path: Path) -> list[Panel]:
    """Return the panels of a figure as matplotlib writes it."""
    builder = ET.TreeBuilder(insert_comments=True)
    root = ET.parse(path, ET.XMLParser(target=builder)).getroot()
    groups = [each for each in root.iter(f"{SVG}g") if _id(each).startswith("axes_")]
    *_, width, height = map(float, root.get("viewBox", "0 0 0 0").split())
    panels = [_panel(each, width, height) for each in groups]
    for group, panel in zip(groups, panels, strict=True):
        for side, name in enumerate(("across", "up")):
            if len(_sides(group)) > side and not _comments(_sides(group)[side]):
                setattr(panel, name, _shared(panel, panels, side, name))
    return panels


def _sides(group: ET.Element) -> list[ET.Element]:
    return [each for each in group if _id(each).startswith("matplotlib.axis")]


def _shared(panel: Panel, panels: list[Panel], side: int, name: str) -> Axis | None:
    """Return the axis of the panel beside or below whose numbers stand for both."""
    for other in panels:
        held = getattr(other, name)
        if held and np.allclose(np.ptp(other.frame[:, side]), np.ptp(panel.frame[:, side])):
            moved = panel.frame[:, side].min() - other.frame[:, side].min()
            return replace(held, offset=held.offset - held.factor * moved)
    return None


def texts_of_svg(path: Path) -> list[str]:
    """Return every text of a figure; matplotlib leaves it as a comment beside its shapes."""
    return [each.strip() for each in re.findall(r"<!--(.*?)-->", path.read_text("utf-8"), re.S)]


def _id(group: ET.Element) -> str:
    return group.get("id", "")


def _comments(group: ET.Element) -> list[str]:
    return [each.text.strip() for each in group.iter() if each.tag is ET.Comment and each.text]


def _panel(group: ET.Element, width: float = 0, height: float = 0) -> Panel:
    frame = _points(group.find(f"{SVG}g/{SVG}path"))
    spans = np.ptp(frame, axis=0) if len(frame) else np.array([1.0, 1.0])
    axes = [_axis(each, place, spans[place]) for place, each in enumerate(_sides(group))]
    # What reaches beyond the paper is cut a pixel outside it.
    edges = np.vstack([frame, [[-1, -1], [width + 1, height + 1]]])
    panel = Panel(*[*axes, None, None][:2], frame=frame, edges=edges)
    first = True
    for each in group:
        name = _id(each)
        if name.startswith("patch_"):
            # The first box is the paper of the panel, drawn before anything else.
            panel.bars += [] if first else _boxes(each)
            first = False
        elif name.startswith("line2d_"):
            marks = [*_marks(each)]
            panel.lines += marks
            panel.markers += marks if any(True for _ in each.iter(f"{SVG}use")) else []
        elif "Collection" in name:
            panel.intervals += _collected(each)
        elif name.startswith("text_"):
            panel.texts += _comments(each)
    return panel


def _axis(group: ET.Element, place: int, length: float) -> Axis | None:
    """Fit pixels to the printed numbers of the ticks; None where they are words."""
    ticks = []
    for tick in (each for each in group if "tick_" in _id(each)):
        use, said = tick.find(f".//{SVG}use"), _comments(tick)
        pixel = use.get("xy"[place]) if use is not None else None
        value = as_number(said[0]) if said else None
        if pixel is not None and value is not None:
            ticks.append((float(pixel), value))
    if len(ticks) < 2 or len({value for _, value in ticks}) < 2:
        return None
    pixels, values = np.array(sorted(ticks)).T
    for scale in _scales(values):
        factor, offset = np.polyfit(pixels, scale, 1)
        if np.abs(offset + factor * pixels - scale).max() <= 1e-3 * np.ptp(scale):
            is_logarithmic = bool((values > 0).all() and np.allclose(scale, np.log10(values)))
            return Axis(float(offset), float(factor), float(length), is_logarithmic)
    return None


def _scales(values: np.ndarray) -> Iterator[np.ndarray]:
    """Yield what may be even along an axis: its numbers, these with a left side, their logarithm.

    The left side of a pyramid counts upwards too.
    """
    yield values
    if values.min() == 0:
        yield np.where(np.arange(len(values)) < values.argmin(), -values, values)
    elif values.min() > 0:
        yield np.log10(values)


def as_number(text: str) -> float | None:
    """Read a number as a figure prints it in either language; a percentage is a share."""
    found = _NUMBER.search(text.replace("\u00a0", " ").replace("\u202f", " "))
    if not found or re.search(r"[A-Za-z]", text):
        return None
    digits = found[0].replace(" ", "").replace("−", "-").replace(",", ".").rstrip(".")
    return float(digits) / (100 if "%" in text else 1)


def _points(path: ET.Element | None) -> np.ndarray:
    places = _PLACE.findall(path.get("d", "")) if path is not None else []
    return np.array(places[: len(places) // 2 * 2], dtype=float).reshape(-1, 2)


def _boxes(group: ET.Element) -> Iterator[tuple[float, float, float, float]]:
    for path in group.iter(f"{SVG}path"):
        points = _points(path)
        if len(points) == 4 and len(np.unique(points.round(6), axis=0)) > 1:
            (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
            if len(np.unique(points[:, 0].round(6))) == 2 == len(np.unique(points[:, 1].round(6))):
                yield float(left), float(top), float(right), float(bottom)


def _marks(group: ET.Element) -> Iterator[np.ndarray]:
    """Yield the points of each curve, and the places of markers as one."""
    uses = [(float(each.get("x")), float(each.get("y"))) for each in group.iter(f"{SVG}use")]
    if uses:
        yield np.array(uses)
    defined = {id(path) for defs in group.iter(f"{SVG}defs") for path in defs.iter(f"{SVG}path")}
    for path in group.iter(f"{SVG}path"):
        if id(path) not in defined and not uses:
            yield _points(path)


def _collected(group: ET.Element) -> Iterator[np.ndarray]:
    """Yield the points of each line or band of a collection, where they are drawn."""
    defined = {path.get("id"): path for defs in group.iter(f"{SVG}defs") for path in defs}
    for use in group.iter(f"{SVG}use"):
        moved = [float(use.get("x", 0)), float(use.get("y", 0))]
        yield _points(defined.get(use.get(LINK, "").removeprefix("#"))) + moved
    shapes = {id(path) for path in defined.values()}
    yield from (_points(each) for each in group.iter(f"{SVG}path") if id(each) not in shapes)


# --- what the tables do not say -------------------------------------------------------------------


def heights_of_steps(panel: Panel) -> list[list[tuple[float, float]]]:
    """Return, for each curve, where it steps and to which height, in data coordinates."""
    curves = []
    for points in panel.lines:
        x, y = panel.across(points[:, 0]), panel.up(points[:, 1])
        stepped = np.flatnonzero(np.abs(np.diff(y)) > panel.up.precision) + 1
        curves.append([(float(x[each]), float(y[each])) for each in stepped])
    return curves


def told_by(tables: Iterable[Table]) -> np.ndarray:
    """Return every number that some tables print, with 0 and 1, and what follows from a row.

    That are shares of a row's own counts, and sums of parts of a whole.
    """
    told = {0.0, 1.0}
    for table in tables:
        for column in table.columns:
            values = [_or_none(row[column]) for row in table.rows]
            told |= {value for value in values if value is not None}
        told |= {each for row in table.rows for each in _shares(row)}
        if {"share", "level"} <= set(table.columns):
            told |= set(_running_sums(table))
    return np.array(sorted(told))


def _shares(row: Mapping[str, str]) -> Iterator[float]:
    for part, whole in (("numerator", "denominator"), ("numerator", "n"), ("n", "denominator"),
                        ("denominator", "n")):  # fmt: skip
        of, everyone = _or_none(row.get(part, "")), _or_none(row.get(whole, ""))
        if of is not None and everyone:
            yield of / everyone


def _or_none(text: str) -> float | None:
    try:
        return number(text)
    except ValueError:
        return None


def _running_sums(table: Table) -> Iterator[float]:
    """Yield the sums of shares of each stratum, from its first level on, and as persons."""
    sums: dict[str, float] = {}
    whole: dict[str, float] = {}
    for row in table.rows:
        stratum, share = row.get("stratum", ""), number(row["share"])
        if row["level"] == "all":
            whole[stratum] = number(row.get("n", "")) or 1.0
        elif share is not None:
            sums[stratum] = sums.get(stratum, 0.0) + share
            yield from (sums[stratum], sums[stratum] * whole.get(stratum, 1.0))


def untold(drawn: Iterable[float], told: np.ndarray, precision: float) -> list[float]:
    """Return the drawn numbers that are none of the told ones."""
    drawn = np.array(sorted(set(drawn)))
    if not len(drawn) or not len(told):
        return list(drawn)
    place = np.searchsorted(told, drawn).clip(1, len(told) - 1)
    nearest = np.minimum(np.abs(drawn - told[place - 1]), np.abs(drawn - told[place]))
    return [float(each) for each in drawn[nearest > precision]]


FINE = 50
"""Points of a curve that is drawn by a formula."""


def ends_of_marks(panel: Panel, side: int, *, lines: bool = True) -> np.ndarray:
    """Return where marks end along a side (0 across, 1 up), in pixels, but for where they are cut.

    A curve that a formula draws between two numbers ends at these; it goes with all that is not a
    bar or a marker unless `lines`.
    """
    ends = [edge for box in panel.bars for edge in box[side::2]]
    for points in [*panel.lines, *panel.intervals] if lines else panel.markers:
        by_formula = len(points) >= FINE and (np.diff(points[:, 0]) > 0).all()
        ends += points[[0, -1] if by_formula else slice(None), side].tolist()
    is_cut = np.isclose(np.array(ends)[:, None], panel.edges[:, side], atol=1e-3).any(axis=1)
    return np.array(ends)[~is_cut]


# --- interactive twins ----------------------------------------------------------------------------


def read_plotly(path: Path) -> tuple[list[dict], dict]:
    """Return data and layout of an interactive figure."""
    script = path.read_text(encoding="utf-8")
    start = script.index("Plotly.newPlot(")
    decoder, place, found = json.JSONDecoder(), script.index(",", start) + 1, []
    for _ in range(2):
        place += len(script[place:]) - len(script[place:].lstrip(" ,"))
        value, place = decoder.raw_decode(script, place)
        found.append(value)
    return found[0], found[1]
