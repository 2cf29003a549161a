"""Box plots of several scores, a panel each, from released quartiles and whiskers."""

from collections.abc import Iterator, Mapping, Sequence
from textwrap import fill
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter

from msanalysis.core import ALL, Released
from msanalysis.figures import theme
from msanalysis.figures.picture import picture
from msanalysis.labels import number, word

SCALES = {
    "rand12_physical": (0, 80),
    "rand12_mental": (0, 80),
    "msis29_physical": (0, 100),
    "msis29_psychological": (0, 100),
}
"""Score -> what its axis shows; RAND-12 has no ends that anyone reaches."""
HIGH_IS_BEST = ("rand12_physical", "rand12_mental")
NORM = 50
_BOX = "#9CC9E3"
_STATISTICS = {
    "q1": "p25",
    "med": "median",
    "q3": "p75",
    "whislo": "whisker_low",
    "whishi": "whisker_high",
    "mean": "mean",
}
_MEAN = {"marker": "+", "markeredgecolor": theme.BLACK, "markersize": 7, "markeredgewidth": 1.2}
_SHORT = {"rrms": "rrms_short", "ppms": "ppms_short"}
_LETTERS = 44
"""Letters that have room under a panel."""
_LETTERS_BELOW = 120
"""Letters that have room on a line under the figure."""
_BETWEEN = 0.5
"""Space between the strata of two tables, in boxes."""
_MARGIN = 2
"""Beyond the ends of a scale, so that a whisker that reaches one is seen to end."""


@picture
def plot_boxes(*boxes: Released, lang: str) -> Figure:
    """Draw the box of each stratum in a panel a score, with n in parentheses.

    The line in a box is the median, the plus the mean; what box and whiskers are stands below.
    RAND-12 has the norm of the population dashed. The strata of several tables stand beside each
    other, as A, B ... A hidden box keeps its place.
    """
    tables = [each.frame[each.frame["stratum"] != ALL] for each in boxes]
    figure = theme.new_figure(6.0)
    if any(rows.empty for rows in tables):
        theme.say_nothing_to_draw(figure.subplots(), boxes[0], lang)
    else:
        panels = figure.subplots(2, 2).ravel()
        for axes, score in zip(panels, tables[0]["score"].unique(), strict=True):
            _draw_panel(axes, [rows[rows["score"] == score] for rows in tables], score, lang)
        figure.legend(
            handles=[*_explained(lang)], loc="outside upper center", ncols=4, handlelength=1.6
        )
    rule = word(f"score_boxes_explained {boxes[0].settings['least_beyond']}", lang)
    theme.sign(figure, boxes[0], lang, note=fill(rule, _LETTERS_BELOW))
    return figure


def title(score: str, lang: str) -> str:
    """Return the name of a score, and which end of it is good."""
    best = "high_is_best" if score in HIGH_IS_BEST else "low_is_best"
    return f"{word(score, lang)} ({word(best, lang)})"


def _draw_panel(axes: Axes, tables: Sequence[pd.DataFrame], score: str, lang: str) -> None:
    low, high = SCALES[score]
    placed = [*_placed(tables)]
    _draw_boxes(axes, [each for each in placed if pd.notna(each[1]["median"])])
    for place, row in placed:
        if pd.isna(row["median"]):
            axes.text(place, (low + high) / 2, word("hidden_mark", lang), rotation=90,
                      ha="center", va="center", fontsize=8)  # fmt: skip
    if len(tables) > 1:
        firsts = [place for place, row in placed if row["first"]]
        for letter, place in zip("ABC", firsts, strict=False):
            axes.text(place - 0.4, high, letter, weight="bold", va="top")
    if score in HIGH_IS_BEST:
        axes.axhline(NORM, color=theme.VERMILION, linestyle="--", linewidth=1.1, zorder=0.9)
    axes.set_title(title(score, lang), loc="left")
    axes.set_ylim(low - _MARGIN, high + _MARGIN)
    axes.set_xlim(-0.6, placed[-1][0] + 0.6)
    axes.set_xticks(
        [place for place, _ in placed],
        [_named(row, _LETTERS // len(placed), lang) for _, row in placed],
        fontsize=7.5,
    )
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value, 0, lang)))


def _placed(tables: Sequence[pd.DataFrame]) -> Iterator[tuple[float, dict[str, Any]]]:
    """Yield each row with its place; a table begins a little after the one before it."""
    place = 0.0
    for rows in tables:
        for number_in_table, row in enumerate(rows.to_dict("records")):
            yield place, {**row, "first": number_in_table == 0}
            place += 1
        place += _BETWEEN


def _draw_boxes(axes: Axes, placed: Sequence[tuple[float, Mapping[str, Any]]]) -> None:
    axes.bxp(
        [_statistics(row) for _, row in placed], positions=[place for place, _ in placed],
        widths=0.6, showfliers=False, showmeans=True, patch_artist=True, meanprops=_MEAN,
        boxprops={"facecolor": _BOX, "edgecolor": "#44708A", "linewidth": 0.8},
        medianprops={"color": "#08306B", "linewidth": 1.8}, manage_ticks=False,
    )  # fmt: skip


def _statistics(row: Mapping[str, Any]) -> dict[str, float]:
    """Return what is drawn of a box; a hidden end is drawn where the next shown one is inside it.

    A whisker ends at the box, and of a box whose quartiles are hidden the median is left.
    """
    box = {name: row[column] for name, column in _STATISTICS.items()}
    for outer, inner in (("q1", "med"), ("q3", "med"), ("whislo", "q1"), ("whishi", "q3")):
        box[outer] = box[inner] if pd.isna(box[outer]) else box[outer]
    return {name: float(each) for name, each in box.items()}


def _named(row: Mapping[str, Any], letters: int, lang: str) -> str:
    stratum = str(row["stratum"])
    name = word(_SHORT.get(stratum, stratum), lang) if not stratum.isdecimal() else stratum
    n = word("hidden_mark", lang) if pd.isna(row["n"]) else number(row["n"], 0, lang)
    return f"{fill(name, letters)}\n({n})"


def _explained(lang: str) -> Iterator[Line2D | Patch]:
    yield Patch(facecolor=_BOX, edgecolor="#44708A", label=word("middle_half", lang))
    yield Line2D([], [], color="#08306B", linewidth=1.8, label=word("median", lang))
    yield Line2D([], [], linestyle="", label=word("mean", lang), **_MEAN)
    yield Line2D([], [], color=theme.VERMILION, linestyle="--", label=word("rand12_norm", lang))
