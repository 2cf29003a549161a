"""How groups divide, one bar a group, each bar a whole."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from msanalysis.core import ALL, Released
from msanalysis.figures import theme
from msanalysis.figures.picture import picture
from msanalysis.labels import number, word

_ROOM_FOR_A_NUMBER = 0.035
_BETWEEN = 0.4
"""Space between the years and the whole below them, in bars."""


@picture
def plot_share_bars(
    by_year: Released, whole: Released, *, lang: str, name_of_whole: str, measured: str
) -> Figure:
    """Draw the share of each level by year, and below them in `whole`, with n at the right.

    A bar with a hidden level is left empty, and says so.
    """
    groups = list(by_year.frame["stratum"].unique())
    figure = theme.new_figure(1.35 + 0.25 * (len(groups) + 1))
    axes = figure.subplots()
    if not groups:
        theme.say_nothing_to_draw(axes, by_year, lang)
        theme.sign(figure, by_year, lang)
        return figure
    for place, group in enumerate(groups):
        _draw_bar(axes, place, by_year.frame[by_year.frame["stratum"] == group], lang)
    _draw_bar(axes, len(groups) + _BETWEEN, whole.frame, lang)
    places = [*range(len(groups)), len(groups) + _BETWEEN]
    axes.set_yticks(places, [*groups, word(name_of_whole, lang)])
    _finish(axes, whole.frame, measured, lang)
    theme.sign(figure, by_year, lang)
    return figure


def _draw_bar(axes: Axes, place: float, rows, lang: str) -> None:
    levels = rows[rows["level"] != ALL]
    total = rows.loc[rows["level"] == ALL, "n"]
    if levels["share"].isna().any() or total.isna().any():
        axes.text(0.01, place, word("hidden_number", lang), va="center", fontsize=8)
        return
    left = 0.0
    for level, share in zip(levels["level"], levels["share"].astype(float), strict=True):
        colour = theme.COLOURS.get(level, theme.GREY)
        hatch = _HATCHES.get(level, "")
        axes.barh(
            place, share, left=left, height=0.82, color=colour, edgecolor="white", hatch=hatch
        )
        if share >= _ROOM_FOR_A_NUMBER and not hatch:
            text = number(100 * share, 1, lang)
            ink = "black" if level in _PALE else "white"
            axes.text(left + share / 2, place, text, ha="center", va="center", color=ink,
                      fontsize=7)  # fmt: skip
        left += share
    n = number(total.item(), 0, lang)
    axes.text(1.01, place, f"n = {n}", va="center", fontsize=7.5)


_HATCHES = {"unknown": "//////", "missing": "//////"}
"""In grey the unknown would look like the level beside them."""
_PALE = ("female", "relapses_0", "relapses_1", "findings_0", "findings_1")
"""Levels whose colour takes black numbers."""


def _finish(axes: Axes, rows, measured: str, lang: str) -> None:
    levels = rows.loc[rows["level"] != ALL, "level"]
    for level in levels:
        axes.barh(
            0, 0, color=theme.COLOURS.get(level, theme.GREY), edgecolor="white",
            hatch=_HATCHES.get(level, ""), label=word(level, lang),
        )  # fmt: skip
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(levels), handlelength=1.2)
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.grid(visible=False)
    theme.percent_axis(axes.xaxis, lang)
    axes.set_xlabel(word(measured, lang))
