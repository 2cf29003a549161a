"""Flows as a Sankey: a column a day or line, a node a state, a ribbon a flow.

States have the same colour and the same place in the order in every figure (`theme.STATES`).
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path
from scipy.optimize import isotonic_regression

from msanalysis.core import Released
from msanalysis.figures import theme
from msanalysis.figures.picture import picture_with_twin
from msanalysis.labels import number, word

Scale = Literal["group", "persons"]
NODE_WIDTH = 0.045
"""Share of the width between the first and the last column, at most of three."""
MANY_COLUMNS = 4
"""From so many columns on, letters are smaller and titles take two lines."""
GAPS = 0.25
"""Share of the height between the nodes."""
LABEL_INCHES = 0.25
"""Height of a label of two lines."""
_ORDER = {state: place for place, state in enumerate(theme.STATES)}
_SHORT = {"hsct": "hsct_short", "pooled": "pooled_short"}


@dataclass(frozen=True)
class _Node:
    """A state in a column: `low` to `high` of the height, and its persons."""

    column: int
    state: str
    n: int
    low: float
    high: float


def _draw_twin(released: Released, *, lang: str, scale: Scale = "group") -> dict[str, Any]:
    """Return the flows for plotly, which draws every ribbon as wide as its persons are many.

    What a ribbon is of its group is said where the pointer rests on it, whatever the `scale`.
    """
    nodes = _nodes(released.frame, "persons")
    place = {(node.column, node.state): index for index, node in enumerate(nodes)}
    last = max((node.column for node in nodes), default=1)
    flows = released.frame
    sankey = {
        "type": "sankey",
        "arrangement": "snap",
        "node": {
            "label": [_name(node.state, lang) for node in nodes],
            "color": [_colour(node.state) for node in nodes],
            "x": [min(max(node.column / last, 0.001), 0.999) for node in nodes],
            "y": [1 - (node.low + node.high) / 2 for node in nodes],
            "customdata": [_persons(node.n, lang) for node in nodes],
            "hovertemplate": "%{label}: %{customdata}<extra></extra>",
            "pad": 8,
        },
        "link": {
            "source": [place[row.step - 1, row.source] for row in flows.itertuples()],
            "target": [place[row.step, row.target] for row in flows.itertuples()],
            "value": [int(n) for n in flows["n"]],
            "color": [f"{_colour(state)}80" for state in flows["source"]],
            "customdata": [_ribbon_words(row, lang) for row in flows.itertuples()],
            "hovertemplate": "%{customdata}<extra></extra>",
        },
    }
    titles = [
        {"text": title, "x": place / last, "y": 1.06, "xref": "paper", "yref": "paper"}
        for place, title in enumerate(_titles(released, lang))
    ]
    annotations = [{**title, "showarrow": False} for title in titles]
    stamped = released.provenance.source == "synthetic"
    stamp = f"   {word('synthetic_stamp', lang)}" if stamped else ""
    title = {
        "text": theme.origin(released, lang) + stamp,
        "y": 0.01,
        "yanchor": "bottom",
        "x": 0.01,
    }
    layout = {"height": 720, "annotations": annotations, "title": {**title, "font": {"size": 11}}}
    return {"data": [sankey], "layout": layout}


@picture_with_twin(_draw_twin)
def plot_sankey(released: Released, *, lang: str, scale: Scale = "group") -> Figure:
    """Draw released flows, with each state's persons and their share of the column.

    Parameters
    ----------
    scale
        `group`: every state is as high as the others and its ribbons are relative to it, so that
        small groups can be read; a ribbon ends as wide as it is of the group it leads to.
        `persons`: states and ribbons are as wide as their persons are many.
    """
    nodes = _nodes(released.frame, scale)
    most = max((sum(n.column == c for n in nodes) for c in {n.column for n in nodes}), default=2)
    figure = theme.new_figure(1.0 + 0.36 * max(most, 6))
    axes = figure.subplots()
    if not nodes:
        theme.say_nothing_to_draw(axes, released, lang)
        theme.sign(figure, released, lang)
        return figure
    width = NODE_WIDTH * min(nodes[-1].column, MANY_COLUMNS - 1)
    _draw_ribbons(axes, released.frame, nodes, width)
    for node in nodes:
        axes.add_patch(_node_patch(node, width))
    _label(axes, nodes, width, figure.get_figheight(), lang)
    for column, title in enumerate(_titles(released, lang)):
        if nodes[-1].column + 1 >= MANY_COLUMNS:
            title = "\n".join(title.rsplit(" ", 1))
        axes.text(column, 1.025, title, ha="center", va="bottom", weight="bold", fontsize=8)
    axes.set(xlim=(-width, nodes[-1].column + width), ylim=(-0.01, 1.01))
    axes.set_axis_off()
    theme.sign(figure, released, lang)
    return figure


# --- where things are -----------------------------------------------------------------------------


def _nodes(flows: pd.DataFrame, scale: Scale) -> list[_Node]:
    """Return the nodes, column by column, the first of the order uppermost."""
    steps = sorted(flows["step"].unique())
    counts = [flows[flows["step"] == step].groupby("source")["n"].sum() for step in steps]
    if steps:
        counts.append(flows[flows["step"] == steps[-1]].groupby("target")["n"].sum())
    return [node for column, n in enumerate(counts) for node in _column(column, n, scale)]


def _column(column: int, n: pd.Series, scale: Scale) -> list[_Node]:
    states = sorted(n.index, key=_place)
    sizes = np.array([1.0 if scale == "group" else float(n[state]) for state in states])
    gap = GAPS / max(len(states) - 1, 1) if len(states) > 1 else 0.0
    heights = sizes / sizes.sum() * (1 - gap * (len(states) - 1))
    tops = 1 - np.concatenate([[0], np.cumsum(heights + gap)[:-1]])
    return [
        _Node(column, state, int(n[state]), top - height, top)
        for state, top, height in zip(states, tops, heights, strict=True)
    ]


def _place(state: str) -> tuple[int, str]:
    return _ORDER.get(state, len(_ORDER)), state


def _ends(flows: pd.DataFrame, nodes: list[_Node], side: str) -> dict[tuple, tuple[float, float]]:
    """Return where on its node each ribbon sits: stacked downwards, by the state it goes to."""
    other = "target" if side == "source" else "source"
    at = {(node.column, node.state): node for node in nodes}
    offset = 1 if side == "source" else 0
    ends = {}
    for (step, state), rows in flows.groupby(["step", side], sort=False):
        node = at[step - offset, state]
        top = node.high
        for row in sorted(rows.itertuples(), key=lambda row: _place(getattr(row, other))):
            low = top - row.n / node.n * (node.high - node.low)
            ends[step, row.source, row.target] = (low, top)
            top = low
    return ends


# --- drawing --------------------------------------------------------------------------------------


def _draw_ribbons(axes: Axes, flows: pd.DataFrame, nodes: list[_Node], width: float) -> None:
    left, right = (_ends(flows, nodes, side) for side in ("source", "target"))
    for step, source, target in left:
        stays = source == target
        columns = (step - 1 + width / 2, step - width / 2)
        ribbon = _ribbon(*columns, left[step, source, target], right[step, source, target])
        colour = _colour(source)
        patch = PathPatch(ribbon, facecolor=colour, alpha=0.22 if stays else 0.6, linewidth=0)
        patch.set_zorder(1 if stays else 2)
        axes.add_patch(patch)


def _ribbon(
    start: float, end: float, left: tuple[float, float], right: tuple[float, float]
) -> Path:
    middle = (start + end) / 2
    points = [
        (start, left[1]), (middle, left[1]), (middle, right[1]), (end, right[1]),
        (end, right[0]), (middle, right[0]), (middle, left[0]), (start, left[0]),
        (start, left[1]),
    ]  # fmt: skip
    curve = [Path.CURVE4] * 3
    return Path(points, [Path.MOVETO, *curve, Path.LINETO, *curve, Path.CLOSEPOLY])


def _node_patch(node: _Node, width: float) -> Rectangle:
    corner = (node.column - width / 2, node.low)
    return Rectangle(
        corner, width, node.high - node.low, facecolor=_colour(node.state),
        edgecolor="#333333", linewidth=0.5, zorder=3,
        hatch="////" if node.state == "pooled" else None,
    )  # fmt: skip


def _label(axes: Axes, nodes: list[_Node], width: float, height_inches: float, lang: str) -> None:
    """Write each state beside its node: left of the first column, right of all others."""
    gap = LABEL_INCHES / (height_inches - 0.9)
    for column in sorted({node.column for node in nodes}):
        members = [node for node in nodes if node.column == column]
        total = sum(node.n for node in members)
        side = -1 if column == 0 else 1
        inner = 0 < column < nodes[-1].column
        size = (5.5 if nodes[-1].column + 1 >= MANY_COLUMNS else 6.5) if inner else 7.2
        for node, y in zip(members, _spread(members, gap), strict=True):
            edge = column + side * width / 2
            axes.plot(
                [edge, edge + side * width / 3], [(node.low + node.high) / 2, y],
                color="#666666", linewidth=0.5, clip_on=False, zorder=4,
            )  # fmt: skip
            axes.text(
                edge + side * width / 2.5, y, _node_words(node, total, lang),
                ha="right" if side < 0 else "left", va="center", fontsize=size,
                zorder=5, bbox=_halo(inner),
            )  # fmt: skip


def _halo(inner: bool) -> dict[str, Any] | None:
    return {"facecolor": "white", "alpha": 0.75, "pad": 0.6, "linewidth": 0} if inner else None


def _spread(nodes: list[_Node], gap: float) -> np.ndarray:
    """Return heights as near to the nodes as `gap` between neighbours allows (least squares)."""
    falling = np.array([(node.low + node.high) / 2 for node in nodes])
    shifts = gap * np.arange(len(nodes))
    moved = isotonic_regression(falling + shifts, increasing=False).x
    return np.clip(moved, shifts[-1] + gap / 2, 1 - gap / 2) - shifts


# --- words ----------------------------------------------------------------------------------------


def _colour(state: str) -> str:
    return theme.COLOURS.get(state, theme.GREY)


def _node_words(node: _Node, total: int, lang: str) -> str:
    share = number(100 * node.n / total, 1, lang)
    return f"{_name(node.state, lang)}\n{number(node.n, 0, lang)} ({share}\u00a0%)"


def _name(state: str, lang: str) -> str:
    return word(_SHORT.get(state, state), lang)


def _persons(n: int, lang: str) -> str:
    return f"n = {number(n, 0, lang)}"


def _ribbon_words(row: Any, lang: str) -> str:
    share = number(100 * row.share_of_source, 1, lang)
    states = f"{_name(row.source, lang)} → {_name(row.target, lang)}"
    return f"{states}: {_persons(row.n, lang)} ({share}\u00a0%)"


def _titles(released: Released, lang: str) -> list[str]:
    return [_title(name, lang) for name in released.settings["states"]]


def _title(name: str, lang: str) -> str:
    """Return a day as `lang` writes it, or the word for any other column."""
    try:
        return theme.written(date.fromisoformat(name), lang)
    except ValueError:
        return word(name, lang)
