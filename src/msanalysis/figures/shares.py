"""Counts by level as horizontal bars, largest first, with n and share at the bar's end."""

import seaborn as sns
from matplotlib.figure import Figure

from msanalysis.core import ALL, Released
from msanalysis.figures import theme
from msanalysis.figures.picture import picture
from msanalysis.labels import number, word


@picture
def plot_shares(released: Released, *, lang: str, measured: str) -> Figure:
    """Draw the share of each level; a hidden level keeps its place, without a bar.

    `measured` is the word of the axis. Levels nobody has are left out.
    """
    levels = released.frame[released.frame["level"] != ALL]
    levels = levels[levels["n"].isna() | (levels["n"] > 0)]
    levels = levels.sort_values("n", ascending=False, na_position="last", kind="stable")
    figure = theme.new_figure(1.2 + 0.26 * max(2, len(levels)))
    axes = figure.subplots()
    if levels.empty:
        theme.say_nothing_to_draw(axes, released, lang)
    else:
        _draw_bars(axes, levels, measured, lang)
    theme.sign(figure, released, lang)
    return figure


def _draw_bars(axes, levels, measured: str, lang: str) -> None:
    words = [word(level, lang) for level in levels["level"]]
    shares = levels["share"].astype(float)
    sns.barplot(
        x=shares.fillna(0).to_numpy(), y=words, color=theme.BLUE, saturation=1, ax=axes, orient="h"
    )
    for place, (n, share) in enumerate(zip(levels["n"], shares, strict=True)):
        if share != share:
            text, at = f" {word('hidden_number', lang)}", 0.0
        else:
            text, at = f" {number(n, 0, lang)} ({number(100 * share, 1, lang)} %)", share
        axes.text(at, place, text, va="center", ha="left", fontsize=8)
    axes.set_xlim(0, 1.25 * max(shares.fillna(0).max(), 0.01))
    axes.grid(axis="x")
    axes.grid(visible=False, axis="y")
    theme.percent_axis(axes.xaxis, lang)
    axes.set_xlabel(word(measured, lang))
    axes.set_ylabel("")
