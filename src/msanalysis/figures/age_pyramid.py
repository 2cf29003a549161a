"""Women and men by age, back to back."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from msanalysis.core import ALL, Released
from msanalysis.figures import theme
from msanalysis.figures.picture import picture
from msanalysis.labels import number, word

_SIDES = {"male": -1, "female": 1}


@picture
def plot_age_pyramid(bands: Released, *, lang: str, measured: str) -> Figure:
    """Draw the number of men to the left and of women to the right of each band of age.

    `measured` is the word of the age. A hidden band keeps its place, without a bar.
    """
    rows = bands.frame[bands.frame["level"] != ALL]
    figure = theme.new_figure(4.0)
    axes = figure.subplots()
    if rows["n"].isna().all():
        theme.say_nothing_to_draw(axes, bands, lang)
    else:
        _draw_sides(axes, rows, lang)
        axes.set_ylabel(word(measured, lang))
    theme.sign(figure, bands, lang)
    return figure


def _draw_sides(axes: Axes, rows, lang: str) -> None:
    # Every sex has its bands in order, but perhaps not all of them: the longest list leads.
    order = list(max((part["level"] for _, part in rows.groupby("stratum")), key=len))
    for sex, side in _SIDES.items():
        part = rows[rows["stratum"] == sex]
        total = part["n"].sum()
        places = [order.index(level) for level in part["level"]]
        n = part["n"].fillna(0).astype(float)
        label = f"{word(sex, lang)} (n = {number(total, 0, lang)})"
        if part["n"].isna().any():
            label = word(sex, lang)
        axes.barh(places, side * n, height=0.9, color=theme.COLOURS[sex], label=label)
        _write_numbers(axes, places, part["n"], side, lang)
    axes.axvline(0, color="white", linewidth=1)
    most = 1.16 * rows["n"].max()
    axes.set_xlim(-most, most)
    axes.set_yticks(range(len(order)), [word(level, lang) for level in order])
    axes.xaxis.set_major_locator(MaxNLocator(nbins=9))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda n, _: number(abs(n), 0, lang)))
    axes.set_xlabel(word("n_persons", lang))
    axes.grid(visible=False, axis="y")
    axes.legend(loc="upper left")


def _write_numbers(axes: Axes, places, counts, side: int, lang: str) -> None:
    for place, n in zip(places, counts, strict=True):
        hidden = pd.isna(n)
        text = word("hidden_mark", lang) if hidden else number(n, 0, lang)
        axes.annotate(
            text, (0 if hidden else side * n, place), xytext=(3 * side, 0),
            textcoords="offset points", va="center", ha="left" if side > 0 else "right",
            fontsize=7.5,
        )  # fmt: skip
