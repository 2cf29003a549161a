"""One share in the levels of several columns: a row a level, with its interval."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from msanalysis.core import ALL, Released
from msanalysis.figures import theme
from msanalysis.figures.picture import picture
from msanalysis.labels import number, word

_BETWEEN = 0.6
"""Space between the levels of two columns, in rows."""


@picture
def plot_share_by_each(
    shares: Released, *, lang: str, measured: str, is_ordered: bool = False
) -> Figure:
    """Draw the share of each level with its interval beside that of everyone (dashed).

    The number with the event stands in parentheses. `is_ordered` sorts the levels by their share,
    the largest on top. A hidden level keeps its place.
    """
    rows = shares.frame[shares.frame["level"] != ALL]
    everyone = shares.frame[shares.frame["level"] == ALL]
    figure = theme.new_figure(1.5 + 0.22 * max(4, len(rows)))
    axes = figure.subplots()
    if rows.empty:
        theme.say_nothing_to_draw(axes, shares, lang)
    else:
        if is_ordered:
            rows = rows.sort_values("share", ascending=False, na_position="last", kind="stable")
        _draw_rows(axes, rows, lang)
        _draw_everyone(axes, everyone["share"].item(), lang)
        theme.percent_axis(axes.xaxis, lang)
        axes.set_xlabel(word(measured, lang))
        axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, handlelength=1.6)
    theme.sign(figure, shares, lang)
    return figure


def _draw_rows(axes: Axes, rows: pd.DataFrame, lang: str) -> None:
    groups = list(dict.fromkeys(rows["covariate"]))
    places = [
        row + _BETWEEN * groups.index(covariate) for row, covariate in enumerate(rows["covariate"])
    ]
    share, lower, upper = rows[["share", "lower", "upper"]].astype(float).to_numpy().T
    axes.errorbar(
        share, places, xerr=[share - lower, upper - share], fmt="o",
        color=theme.BLUE, markersize=4.5, elinewidth=1.3, label=word("share_with_interval", lang),
    )  # fmt: skip
    for place, value in zip(places, share, strict=True):
        if pd.isna(value):
            axes.text(0.02, place, word("hidden_mark", lang), va="center", fontsize=7.5)
    names = [
        f"{word(level, lang)} ({word('hidden_mark', lang) if pd.isna(n) else number(n, 0, lang)})"
        for level, n in zip(rows["level"], rows["n"], strict=True)
    ]
    axes.set_yticks(places, names, fontsize=7.5)
    axes.set_ylim(max(places) + 0.7, -0.7)
    axes.set_xlim(0, 1)
    axes.grid(visible=False, axis="y")
    axes.grid(axis="x")


def _draw_everyone(axes: Axes, share: float, lang: str) -> None:
    if pd.isna(share):
        return
    percent = number(100 * float(share), 0, lang)
    axes.axvline(
        float(share), color=theme.BLACK, linestyle="--", linewidth=1, zorder=0.9,
        label=f"{word('all', lang)}: {percent}\u00a0%",
    )  # fmt: skip
