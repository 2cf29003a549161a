"""Small panels side by side, one an indicator, with the trusts as rows common to all."""

from collections.abc import Callable
from textwrap import fill

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from msanalysis.core import Released
from msanalysis.figures import theme
from msanalysis.figures.picture import picture
from msanalysis.labels import DASH, number, word

COLUMNS = 4
_WRAP = 24
_ON_WHITE = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
_NATION = "nation"


@picture
def plot_shrunken_shares(shrunken: Released, *, lang: str) -> Figure:
    """Draw the raw share of each trust and the nation (open), and the shrunken one (filled).

    A hidden share says so; a dash is a share of nobody.
    """
    figure = _panels(shrunken, _draw_shrunken, ("share", "shrunken"), lang)
    _explain(figure)
    return figure


@picture
def plot_changes(changes: Released, *, lang: str) -> Figure:
    """Draw how much each trust and the nation changed from the year before, with interval.

    A hidden change says so; a dash is where a year has nobody.
    """
    figure = _panels(changes, _draw_change, ("change",), lang)
    _explain(figure)
    return figure


def _panels(
    released: Released,
    draw: Callable[[Axes, pd.DataFrame, list[str], str], None],
    values: tuple[str, ...],
    lang: str,
) -> Figure:
    rows = released.frame.assign(hidden=released.hidden[values[0]])
    rows = rows[rows["level"].isin((_NATION, "trust"))]
    units, indicators = list(rows["unit"].unique()), list(rows["indicator"].unique())
    n_rows = max(1, -(-len(indicators) // COLUMNS))
    figure = theme.new_figure(0.7 + n_rows * (0.5 + 0.14 * max(4, len(units))))
    if rows[[*values]].isna().all(axis=None):
        theme.say_nothing_to_draw(figure.subplots(), released, lang)
        theme.sign(figure, released, lang)
        return figure
    panels = figure.subplots(n_rows, COLUMNS, sharey=True, squeeze=False).ravel()
    for axes, indicator in zip(panels, indicators, strict=False):
        chosen = rows[rows["indicator"] == indicator]
        draw(axes, chosen, units, lang)
        _say_why(axes, chosen, values[0], units, lang)
        axes.set_title(fill(word(indicator, lang), _WRAP), loc="left", fontsize=7)
        axes.tick_params(labelsize=6.5)
    for axes in panels[len(indicators) :]:
        axes.set_axis_off()
    names = [word(unit, lang) for unit in units]
    panels[0].set_yticks(range(len(units)), names)
    panels[0].set_ylim(len(units) - 0.4, -0.6)
    theme.sign(figure, released, lang, note=_note(figure, lang))
    return figure


def _say_why(axes: Axes, rows: pd.DataFrame, value: str, units: list[str], lang: str) -> None:
    """Write in each row without a mark whether it is hidden, or of nobody."""
    held = rows.set_index("unit").reindex(units)
    shown, hidden = held[value].notna(), held["hidden"].eq(True)
    for place, unit in enumerate(units):
        if not shown[unit]:
            text = word("hidden_mark", lang) if hidden[unit] else DASH
            axes.text(0.02, place, text, transform=axes.get_yaxis_transform(), va="center",
                      fontsize=5.5, bbox=_ON_WHITE)  # fmt: skip


def _note(figure: Figure, lang: str) -> str:
    """Return what explains the words of rows without a mark."""
    written = {text.get_text() for axes in figure.axes for text in axes.texts}
    marks = {word("hidden_mark", lang): "hidden_explained", DASH: "none_explained"}
    return "   ".join(word(why, lang) for mark, why in marks.items() if mark in written)


def _explain(figure: Figure) -> None:
    """Put the words of the first panel above all of them."""
    handles, words = figure.axes[0].get_legend_handles_labels()
    if handles:
        figure.legend(handles, words, loc="outside upper left", ncols=len(words), fontsize=7.5)


def _draw_shrunken(axes: Axes, rows: pd.DataFrame, units: list[str], lang: str) -> None:
    rows = rows[rows["share"].notna()]
    place = rows["unit"].map(units.index)
    _intervals(axes, rows, place - 0.17, "lower", "upper", "#9A9A9A", 0.8)
    axes.plot(rows["share"].astype(float), place - 0.17, "o", markersize=2.8, linestyle="",
              markerfacecolor="white", color="#6A6A6A", label=word("raw_share", lang))  # fmt: skip
    _intervals(axes, rows, place + 0.17, "shrunken_lower", "shrunken_upper", theme.BLUE, 1.6)
    axes.plot(rows["shrunken"].astype(float), place + 0.17, "o", markersize=3.2, linestyle="",
              color=theme.BLUE, label=word("shrunken", lang))  # fmt: skip
    axes.set_xlim(-0.02, 1.02)
    _percent(axes, "%", lang)


def _draw_change(axes: Axes, rows: pd.DataFrame, units: list[str], lang: str) -> None:
    rows = rows[rows["change"].notna()]
    place = rows["unit"].map(units.index)
    clear = (rows["lower"].astype(float) > 0) | (rows["upper"].astype(float) < 0)
    _intervals(axes, rows, place, "lower", "upper", "#8A8A8A", 1.0)
    looks = {
        "no_clear_change": (~clear, "o", "#6A6A6A"),
        "clear_change": (clear, "D", theme.VERMILION),
    }
    for name, (chosen, marker, colour) in looks.items():
        axes.plot(rows.loc[chosen, "change"].astype(float), place[chosen], marker, markersize=3.2,
                  linestyle="", color=colour, label=word(name, lang))  # fmt: skip
    axes.axvline(0, color=theme.BLACK, linewidth=0.8)
    _percent(axes, word("percentage_points", lang), lang)


def _intervals(axes, rows, place, lower: str, upper: str, colour: str, width: float) -> None:
    axes.hlines(place, rows[lower].astype(float), rows[upper].astype(float), color=colour,
                linewidth=width)  # fmt: skip


def _percent(axes: Axes, measured: str, lang: str) -> None:
    axes.grid(axis="x")
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda share, _: f"{number(100 * share, 0, lang)}")
    )
    axes.set_xlabel(measured, fontsize=6.5)
