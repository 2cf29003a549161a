"""The EDSS: what its steps mean."""

from textwrap import fill

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from msanalysis.figures import theme
from msanalysis.figures.picture import picture
from msanalysis.labels import number, word

GROUPS = {
    "edss_0_1": (-0.25, 1.75), "edss_2_3": (1.75, 3.75), "edss_4_5": (3.75, 5.75),
    "edss_6": (5.75, 6.75), "edss_7_9": (6.75, 9.75), "edss_10": (9.75, 10.25),
}  # fmt: skip
"""Group of scores -> the part of the scale it takes."""

MEANINGS = (0, 4, 6, 7, 10)
_WRAP = 16


@picture
def plot_edss_scale(*, lang: str) -> Figure:
    """Draw the scale from 0 to 10 with what some of its steps mean; no data are behind it."""
    figure = theme.new_figure(1.8)
    axes = figure.subplots()
    for group, (low, high) in GROUPS.items():
        axes.barh(0, high - low, left=low, height=1, color=theme.COLOURS[group],
                  edgecolor="white")  # fmt: skip
    for score in [0.0, *(half / 2 for half in range(2, 21))]:
        inside = number(score, 0 if score.is_integer() else 1, lang)
        ink = "black" if score < 3.75 else "white"
        axes.text(score, 0, inside, ha="center", va="center", fontsize=6.5, color=ink)
    for score in MEANINGS:
        _say_meaning(axes, score, lang)
    axes.set_xlim(-1.1, 11.1)
    axes.set_ylim(-2.9, 0.6)
    theme.draw_no_axis(axes)
    figure.supxlabel(word("edss_source", lang), fontsize=7, color="#444444", x=0.01, ha="left")
    return figure


def _say_meaning(axes: Axes, score: int, lang: str) -> None:
    text = fill(word(f"edss_means_{score}", lang), _WRAP)
    place = {4: 3.9, 6: 6.0, 7: 8.0}.get(score, score)
    axes.plot([score, place], [-0.55, -0.95], color="#666666", linewidth=0.7)
    axes.text(place, -1.05, text, ha="center", va="top", fontsize=7)
