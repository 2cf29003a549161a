"""How the persons of many groups divide, one horizontal bar a group."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from msanalysis.core import ALL, Released
from msanalysis.figures import theme
from msanalysis.figures.picture import picture
from msanalysis.labels import number, word

HIDDEN = "hidden_mark"


@picture
def plot_stacked_bars(
    released: Released, within: Released | None = None, *, lang: str, measured: str, part: str = ""
) -> Figure:
    """Draw how each stratum divides into levels: persons, or shares where `within` is given.

    What is hidden of a bar is hatched; a stratum that is hidden itself is left out. Without
    `within` bars are as long as their persons are many, the longest uppermost. With it each bar is
    a whole, and its n is followed by the share that `part` makes of the stratum there.
    """
    totals = released.frame[(released.frame["level"] == ALL) & released.frame["n"].notna()]
    if within is None:
        totals = totals.sort_values("n", ascending=False, kind="stable")
    figure = theme.new_figure(1.2 + 0.23 * max(3, len(totals)))
    axes = figure.subplots()
    if totals.empty:
        theme.say_nothing_to_draw(axes, released, lang)
        theme.sign(figure, released, lang)
        return figure
    levels = [level for level in released.frame["level"].unique() if level != ALL]
    for place, total in enumerate(totals.itertuples()):
        rows = released.frame[released.frame["stratum"] == total.stratum]
        length = float(total.n) if within is None else 1.0
        _draw_bar(axes, place, rows, length)
        if within is None:
            axes.text(length, place, f" {number(length, 0, lang)}", va="center", fontsize=7.5)
    names = [_name(total, within, part, lang) for total in totals.itertuples()]
    axes.set_yticks(range(len(names)), names, fontsize=7.5)
    _finish(axes, released, levels, float(totals["n"].max()) if within is None else None, lang)
    axes.set_xlabel(word(measured, lang))
    theme.sign(figure, released, lang)
    return figure


def _draw_bar(axes: Axes, place: int, rows: pd.DataFrame, length: float) -> None:
    left = 0.0
    shown = rows[(rows["level"] != ALL) & rows["share"].notna()]
    for level, share in zip(shown["level"], shown["share"].astype(float), strict=True):
        axes.barh(place, share * length, left=left, height=0.78, color=_colour(level),
                  edgecolor="white", linewidth=0.4)  # fmt: skip
        left += share * length
    if rows["share"].isna().any():
        axes.barh(place, length - left, left=left, height=0.78, **_HATCHED)


_HATCHED = {"color": "white", "edgecolor": "#888888", "hatch": "/////", "linewidth": 0.4}


def _colour(level: str) -> str:
    return theme.COLOURS.get(level, theme.GREY)


def _name(total, within: Released | None, part: str, lang: str) -> str:
    name = word(total.stratum, lang)
    if within is None:
        return name
    if not part:
        return f"{name} ({number(total.n, 0, lang)})"
    rows = within.frame
    share = rows[(rows["stratum"] == total.stratum) & (rows["level"] == part)]["share"]
    known = len(share) == 1 and pd.notna(share.item())
    text = f"{number(100 * share.item(), 0, lang)} %" if known else word(HIDDEN, lang)
    return f"{name} ({number(total.n, 0, lang)}; {text})"


def _finish(axes: Axes, released: Released, levels, most: float | None, lang: str) -> None:
    for level in levels:
        axes.barh(0, 0, color=_colour(level), label=word(level, lang))
    if released.hidden["share"].any():
        axes.barh(0, 0, label=word(HIDDEN, lang), **_HATCHED)
    axes.legend(loc="lower center", bbox_to_anchor=(0.42, 1.0), ncols=3, handlelength=1.2,
                fontsize=7.5)  # fmt: skip
    axes.invert_yaxis()
    axes.margins(y=0.01)
    axes.grid(visible=False)
    if most is None:
        axes.set_xlim(0, 1)
        theme.percent_axis(axes.xaxis, lang)
    else:
        axes.set_xlim(0, 1.12 * most)
        axes.xaxis.set_major_formatter(lambda value, _: number(value, 0, lang))
