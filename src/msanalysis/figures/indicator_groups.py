"""An indicator by year and sex, and by groups of persons."""

from textwrap import fill

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator

from msanalysis.core import ALL, Released
from msanalysis.figures import theme
from msanalysis.figures.picture import picture
from msanalysis.figures.years import ON_WHITE, draw_points, label_years
from msanalysis.labels import DASH, number, word

_WRAP = 30


@picture
def plot_indicator_years(shares: Released, *, lang: str, measured: str, axis: str) -> Figure:
    """Draw the share of each stratum by year with its interval, the strata side by side."""
    rows = shares.frame[shares.frame["stratum"] != ALL]
    rows = rows[rows["share"].notna()]
    figure = theme.new_figure(3.3)
    axes = figure.subplots()
    if rows.empty:
        theme.say_nothing_to_draw(axes, shares, lang)
    else:
        strata = list(rows["stratum"].unique())
        for place, stratum in enumerate(strata):
            chosen = rows[rows["stratum"] == stratum]
            apart = 0.12 * (2 * place - len(strata) + 1)
            colour = theme.COLOURS.get(stratum, theme.GREY)
            label = word(stratum, lang)
            draw_points(axes, chosen, "year", "share", colour, label, lang, apart, "os"[place % 2])
        label_years(axes, axis, lang)
        axes.set_ylim(0, 1)
        theme.percent_axis(axes.yaxis, lang)
        axes.set_ylabel(fill(word(measured, lang), _WRAP))
        axes.legend(loc="lower right", ncols=2, **ON_WHITE)
    theme.sign(figure, shares, lang)
    return figure


@picture
def plot_indicator_groups(*shares: Released, lang: str, titles: list[str], measured: str) -> Figure:
    """Draw the share of each group with its interval and n, a panel a table, and that of all."""
    sizes = [max(2, each.frame["stratum"].nunique()) for each in shares]
    figure = theme.new_figure(0.8 + sum(0.42 + 0.2 * size for size in sizes))
    panels = figure.subplots(len(shares), sharex=True, squeeze=False, height_ratios=sizes).ravel()
    for place, (axes, each, title) in enumerate(zip(panels, shares, titles, strict=True)):
        rows = each.frame[each.frame["denominator"].isna() | (each.frame["denominator"] > 0)]
        if rows["share"].isna().all():
            theme.say_nothing_to_draw(axes, each, lang)
        else:
            _draw_groups(axes, rows, lang)
        axes.set_title(f"{chr(ord('A') + place)}  {word(title, lang)}", loc="left", fontsize=8.5)
    panels[-1].set_xlabel(f"{word(measured, lang)}   {word('line_is_interval', lang)}",
                          loc="left")  # fmt: skip
    theme.sign(figure, shares[0], lang)
    return figure


def _draw_groups(axes: Axes, rows: pd.DataFrame, lang: str) -> None:
    for place, row in enumerate(rows.to_dict("records")):
        if pd.isna(row["share"]):
            axes.text(0.005, place, word("hidden_number", lang), va="center", fontsize=7.5)
            continue
        colour = theme.BLACK if row["stratum"] == ALL else theme.BLUE
        axes.barh(place, float(row["share"]), height=0.66, color=colour, zorder=2)
        limits = [float(row["lower"]), float(row["upper"])]
        for ink, width in (("#FFFFFF", 2.4), ("#333333", 1.0)):
            axes.plot(limits, [place] * 2, color=ink, linewidth=width, zorder=3)
        text = f"{number(100 * float(row['share']), 0, lang)}\u00a0%"
        axes.text(1.01, place, text, transform=axes.get_yaxis_transform(), va="center",
                  fontsize=7.5)  # fmt: skip
    names = [
        f"{word(row['stratum'], lang)} ({_n(row['denominator'], lang)})"
        for row in rows.to_dict("records")
    ]
    axes.set_yticks(range(len(names)), names, fontsize=7.5)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlim(0, 1)
    axes.grid(axis="x")
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    theme.percent_axis(axes.xaxis, lang)
    axes.xaxis.set_major_locator(MultipleLocator(0.2))


def _n(n: object, lang: str) -> str:
    return DASH if pd.isna(n) else number(int(n), 0, lang)
