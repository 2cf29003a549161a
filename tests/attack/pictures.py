"""Coordinates read back out of pictures, and what in them no released table says.

An SVG holds more digits than a table: where a mark stands for a number that was hidden, or printed
with fewer digits, its place gives it away.
"""

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
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
    """How pixels stand for numbers along one side: number = offset + factor * pixel."""

    offset: float
    factor: float
    length: float

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        return self.offset + self.factor * pixels

    @property
    def precision(self) -> float:
        return PRECISION * abs(self.factor) * self.length


@dataclass
class Panel:
    """One pair of axes: the marks drawn in it, in data coordinates where its ticks are numbers."""

    across: Axis | None
    up: Axis | None
    lines: list[np.ndarray] = field(default_factory=list)
    """Each (points, 2) in pixels: curves, and places of markers."""
    bars: list[tuple[float, float, float, float]] = field(default_factory=list)
    """Left, top, right, bottom of each box, in pixels."""
    texts: list[str] = field(default_factory=list)


def read_svg(path: Path) -> list[Panel]:
    """Return the panels of a figure as matplotlib writes it."""
    builder = ET.TreeBuilder(insert_comments=True)
    root = ET.parse(path, ET.XMLParser(target=builder)).getroot()
    return [_panel(each) for each in root.iter(f"{SVG}g") if _id(each).startswith("axes_")]


def texts_of_svg(path: Path) -> list[str]:
    """Return every text of a figure; matplotlib leaves it as a comment beside its shapes."""
    return [each.strip() for each in re.findall(r"<!--(.*?)-->", path.read_text("utf-8"), re.S)]


def _id(group: ET.Element) -> str:
    return group.get("id", "")


def _comments(group: ET.Element) -> list[str]:
    return [each.text.strip() for each in group.iter() if each.tag is ET.Comment and each.text]


def _panel(group: ET.Element) -> Panel:
    sides = [each for each in group if _id(each).startswith("matplotlib.axis")]
    frame = _points(group.find(f"{SVG}g/{SVG}path"))
    spans = np.ptp(frame, axis=0) if len(frame) else np.array([1.0, 1.0])
    axes = [_axis(each, place, spans[place]) for place, each in enumerate(sides)]
    panel = Panel(*[*axes, None, None][:2])
    first = True
    for each in group:
        name = _id(each)
        if name.startswith("patch_"):
            # The first box is the paper of the panel, drawn before anything else.
            panel.bars += [] if first else _boxes(each)
            first = False
        elif name.startswith("line2d_"):
            panel.lines += _marks(each)
        elif name.startswith("text_"):
            panel.texts += _comments(each)
    return panel


def _axis(group: ET.Element, place: int, length: float) -> Axis | None:
    """Fit pixels to the printed numbers of the ticks; None where they are words."""
    ticks = []
    for tick in (each for each in group if "tick_" in _id(each)):
        use, said = tick.find(f".//{SVG}use"), _comments(tick)
        value = as_number(said[0]) if said else None
        if use is not None and value is not None:
            ticks.append((float(use.get("xy"[place])), value))
    if len(ticks) < 2 or len({value for _, value in ticks}) < 2:
        return None
    pixels, values = np.array(ticks).T
    factor, offset = np.polyfit(pixels, values, 1)
    fitted = np.abs(offset + factor * pixels - values).max() <= 1e-3 * np.ptp(values)
    return Axis(float(offset), float(factor), float(length)) if fitted else None


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
    """Return every number that some tables print, with 0 and 1, and sums of parts of a whole."""
    told = {0.0, 1.0}
    for table in tables:
        for column in table.columns:
            values = [_or_none(row[column]) for row in table.rows]
            told |= {value for value in values if value is not None}
        if {"share", "level"} <= set(table.columns):
            told |= set(_running_sums(table))
    return np.array(sorted(told))


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
