"""The goal matrix: which goals each hospital trust reaches."""

from textwrap import fill

import pandas as pd
from matplotlib.figure import Figure

from msanalysis.core import Released
from msanalysis.figures import theme
from msanalysis.figures.picture import picture
from msanalysis.labels import DASH, number, word

COLOURS = {1: "#E8896B", 2: "#F5D76E", 3: "#7FC3A0"}
"""Points -> red, yellow and green of different lightness; the figure stands in each cell."""

SUM = "sum_of_points"
_WRAP = 22


@picture
def plot_goals(goals: Released, *, lang: str) -> Figure:
    """Draw the points of each trust, the greatest sum first, of equal sums by name.

    Indicators stand with the most room for improvement first. What is hidden says so; a dash is
    not judged. The sum does not count every column; the caption says which.
    """
    points = goals.frame.set_index("trust").drop(columns=["place", SUM]).astype("float64")
    figure = theme.new_figure(2.4 + 0.235 * max(3, len(points)))
    axes = figure.subplots()
    if points.isna().all(axis=None):
        theme.say_nothing_to_draw(axes, goals, lang)
        theme.sign(figure, goals, lang)
        return figure
    sums = goals.frame.set_index("trust")[SUM]
    order = sorted(points.index, key=lambda trust: (-sums[trust], word(trust, lang)))
    points = points.loc[order, points.mean().sort_values(kind="stable").index]
    hidden = goals.hidden.set_axis(goals.frame["trust"]).loc[points.index, points.columns]
    _draw_cells(axes, points, hidden, lang)
    _draw_sums(axes, sums[order], len(points.columns), lang)
    _name(axes, points, lang)
    note = "\n".join(word(key, lang) for key in ("goals_unjudged", "hidden_explained"))
    theme.sign(figure, goals, lang, note=note)
    return figure


def _draw_cells(axes, points: pd.DataFrame, hidden: pd.DataFrame, lang: str) -> None:
    for place, unit in enumerate(points.index):
        for column, value in enumerate(points.loc[unit]):
            colour = COLOURS.get(value, "#F2F2F2")
            axes.barh(place, 1, left=column - 0.5, height=1, color=colour, edgecolor="white")
            is_hidden = hidden.iloc[place, column]
            text = word("hidden_mark", lang) if is_hidden else DASH
            axes.text(column, place, number(value, 0, lang) if value == value else text,
                      ha="center", va="center", fontsize=5.5 if is_hidden else 7.5)  # fmt: skip


def _draw_sums(axes, sums: pd.Series, column: int, lang: str) -> None:
    for place, value in enumerate(sums):
        axes.text(column, place, number(value, 0, lang), ha="center", va="center", fontsize=8,
                  weight="bold")  # fmt: skip


def _name(axes, points: pd.DataFrame, lang: str) -> None:
    titles = [fill(word(id, lang), _WRAP) for id in points.columns]
    axes.set_xticks(range(len(titles) + 1), [*titles, word(SUM, lang)], fontsize=7,
                    rotation=90)  # fmt: skip
    axes.xaxis.tick_top()
    axes.set_yticks(range(len(points)), [word(unit, lang) for unit in points.index], fontsize=7.5)
    axes.set_xlim(-0.5, len(titles) + 0.6)
    axes.set_ylim(len(points) - 0.5, -0.5)
    axes.tick_params(length=0)
    axes.grid(visible=False)
    for side in axes.spines.values():
        side.set_visible(False)
    levels = (f"{points_of} {word(level, lang)}" for level, points_of in _LEVELS.items())
    axes.set_xlabel("   ".join(levels), fontsize=7.5, loc="left")


_LEVELS = {"less_good": 1, "good": 2, "very_good": 3}
