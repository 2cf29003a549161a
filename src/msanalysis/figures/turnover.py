"""Users of each treatment at the end of a period, and who started and stopped in it."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from msanalysis.core import ALL, Released
from msanalysis.figures import theme
from msanalysis.figures.picture import picture
from msanalysis.labels import MINUS, number, word


@picture
def plot_turnover(released: Released, *, lang: str) -> Figure:
    """Draw treatments by their users, and beside them who started (right) and stopped (left).

    A treatment whose users are hidden is left out; a count that is hidden is named as hidden.
    """
    rows = released.frame
    rows = rows[(rows["level"] != ALL) & (rows["n"] > 0).fillna(False)]
    figure = theme.new_figure(1.1 + 0.23 * max(3, len(rows)))
    if rows.empty:
        theme.say_nothing_to_draw(figure.subplots(), released, lang)
        theme.sign(figure, released, lang)
        return figure
    users, changes = figure.subplots(1, 2, sharey=True, width_ratios=[3, 2])
    users.barh(range(len(rows)), rows["n"].astype(float), color=theme.BLUE, height=0.75)
    for place, n in enumerate(rows["n"]):
        users.text(n, place, f" {number(n, 0, lang)}", va="center", fontsize=7.5)
    users.set_yticks(range(len(rows)), [word(level, lang) for level in rows["level"]], fontsize=7.5)
    users.set_xlim(0, 1.15 * float(rows["n"].max()))
    users.set_xlabel(word("n_users", lang))
    users.invert_yaxis()
    _draw_changes(changes, rows, lang)
    for axes in (users, changes):
        axes.grid(visible=False)
        axes.margins(y=0.01)
    users.xaxis.set_major_formatter(lambda value, _: number(value, 0, lang))
    theme.sign(figure, released, lang)
    return figure


def _draw_changes(axes: Axes, rows, lang: str) -> None:
    for name, side, colour in (
        ("n_started", 1, theme.GREEN),
        ("n_stopped", -1, theme.VERMILION),
    ):
        for place, n in enumerate(rows[name]):
            hidden = pd.isna(n)
            text = word("hidden_mark", lang) if hidden else number(n, 0, lang)
            length = 0.0 if hidden else side * float(n)
            axes.barh(place, length, color=colour, height=0.75)
            axes.text(length, place, f" {text} ", va="center", fontsize=7,
                      ha="left" if side > 0 else "right")  # fmt: skip
    axes.axvline(0, color=theme.BLACK, linewidth=0.6)
    shown = (rows[name].dropna().astype(float) for name in ("n_started", "n_stopped"))
    most = max((persons for each in shown for persons in each), default=0.0)
    axes.set_xlim(-1.5 * max(most, 1), 1.5 * max(most, 1))
    axes.tick_params(left=False)
    axes.xaxis.set_major_formatter(lambda value, _: number(abs(value), 0, lang))
    axes.set_xlabel(f"{MINUS} {word('n_stopped', lang)}    + {word('n_started', lang)}")
