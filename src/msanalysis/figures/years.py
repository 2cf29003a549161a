"""Means, shares and rates by year: points with their intervals, fitted trends, marked years."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from scipy.special import expit, logit

from msanalysis.core import ALL, Released
from msanalysis.figures import theme
from msanalysis.figures.picture import picture
from msanalysis.labels import number, word

ON_WHITE = {"frameon": True, "facecolor": "white", "edgecolor": "none", "framealpha": 0.85}
"""A legend that marked years do not cross."""
_APART = 0.12
"""Years between the points of two strata, so that their intervals do not cover each other."""


@picture
def plot_yearly_means(
    means: Released, *trends: Released, lang: str, measured: str, axis: str, marks: Sequence[int]
) -> Figure:
    """Draw the mean of each stratum by year with its interval, and the trends fitted to them.

    `measured` and `axis` are the words of the axes; `marks` are the years in which the diagnostic
    criteria were published or revised.
    """
    rows = means.frame[means.frame["stratum"] != ALL]
    figure = theme.new_figure(3.6)
    axes = figure.subplots()
    if rows.empty:
        theme.say_nothing_to_draw(axes, means, lang)
    else:
        draw_means(axes, rows, trends, lang)
        mark_revisions(axes, marks, lang)
        label_years(axes, axis, lang)
        axes.set_ylabel(word(measured, lang))
        axes.legend(loc="upper left", ncols=2, **ON_WHITE)
    theme.sign(figure, means, lang)
    return figure


@picture
def plot_yearly_share(
    shares: Released,
    *trends: Released,
    lang: str,
    level: str,
    measured: str,
    axis: str,
    marks: Sequence[int] = (),
) -> Figure:
    """Draw the share of one level by year with its interval, and the trend fitted to it."""
    rows = shares.frame[shares.frame["level"] == level]
    figure = theme.new_figure(3.3)
    axes = figure.subplots()
    if rows.empty:
        theme.say_nothing_to_draw(axes, shares, lang)
    else:
        colour = theme.COLOURS.get(level, theme.BLUE)
        draw_points(axes, rows, "stratum", "share", colour, word(level, lang), lang)
        _draw_trends(axes, trends, lang, colour)
        mark_revisions(axes, marks, lang)
        label_years(axes, axis, lang)
        shown = rows[["lower", "upper"]].astype(float)
        axes.set_ylim(0, min(1.0, 1.25 * shown["upper"].max()))
        theme.percent_axis(axes.yaxis, lang)
        axes.set_ylabel(word(measured, lang))
        free = "lower left" if shown["lower"].min() > 0.4 else "upper left"
        axes.legend(loc=free, **ON_WHITE)
    theme.sign(figure, shares, lang)
    return figure


@picture
def plot_yearly_rates(
    rates: Released, *trends: Released, lang: str, measured: str, axis: str, marks: Sequence[int]
) -> Figure:
    """Draw a rate per 100 000 inhabitants by year with its interval, and the trend fitted to it."""
    rows = rates.frame[rates.frame["stratum"] != ALL]
    rows = rows[rows["inhabitants"].notna()]
    figure = theme.new_figure(3.3)
    axes = figure.subplots()
    if rows.empty:
        say_no_population(axes, lang)
    elif rows["rate_per_100k"].isna().all():
        theme.say_nothing_to_draw(axes, rates, lang)
    else:
        draw_points(axes, rows, "stratum", "rate_per_100k", theme.BLUE, word(measured, lang), lang)
        _draw_trends(axes, trends, lang)
        mark_revisions(axes, marks, lang)
        label_years(axes, axis, lang)
        axes.set_ylim(0, 1.25 * rows["upper"].astype(float).max())
        axes.set_ylabel(word("per_100k", lang))
        axes.legend(loc="lower left", **ON_WHITE)
    theme.sign(figure, rates, lang)
    return figure


def say_no_population(axes: Axes, lang: str) -> None:
    """Name the gap where the extract holds no numbers of inhabitants."""
    axes.text(0.5, 0.5, word("no_population", lang), transform=axes.transAxes, ha="center")
    axes.set_axis_off()


def draw_means(axes: Axes, rows: pd.DataFrame, trends: Iterable[Released], lang: str) -> None:
    """Draw the means of every stratum, side by side, and its fitted lines."""
    strata = list(rows["stratum"].unique())
    for place, stratum in enumerate(strata):
        apart = _APART * (2 * place - len(strata) + 1)
        colour = theme.COLOURS.get(stratum, theme.BLUE)
        chosen = rows[rows["stratum"] == stratum]
        draw_points(
            axes, chosen, "year", "mean", colour, word(stratum, lang), lang, apart, "os"[place % 2]
        )
    _draw_trends(axes, trends, lang)


def mark_revisions(axes: Axes, marks: Sequence[int], lang: str) -> None:
    """Draw a dotted line in each year in which the diagnostic criteria were revised."""
    for place, year in enumerate(marks):
        label = word("criteria_revised", lang) if place == 0 else "_"
        axes.axvline(year, color=theme.GREY, linestyle=":", linewidth=0.9, zorder=0, label=label)


def label_years(axes: Axes, axis: str, lang: str) -> None:
    """Write years, which take no space between thousands, under the axis."""
    axes.xaxis.set_major_locator(MaxNLocator(nbins=9, steps=[1, 2, 5, 10], integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda year, _: f"{year:.0f}"))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=8, steps=[1, 2, 5, 10], integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value, 0, lang)))
    axes.set_xlabel(word(axis, lang))


def middle(code: str) -> float:
    """Return the year of `2024`, or the middle of `2022-2024`."""
    years = [int(year) for year in code.split("-")]
    return sum(years) / len(years)


def draw_points(
    axes: Axes,
    rows: pd.DataFrame,
    year: str,
    value: str,
    colour: str,
    label: str,
    lang: str,
    apart: float = 0.0,
    marker: str = "o",
) -> None:
    """Draw points with their intervals; `year` and `value` name columns.

    A hidden year keeps its place, and says so once for all strata.
    """
    years = rows[year].map(middle)
    count = "n" if "n" in rows else "denominator"
    said = {text.get_position()[0] for text in axes.texts}
    for at in sorted({*years[rows[value].isna() & rows[count].isna()]} - said):
        axes.set_xlim(years.min() - 1, years.max() + 1)
        axes.text(
            at, 0, f" {word('hidden_mark', lang)}", rotation=90, va="bottom", ha="center",
            fontsize=7, transform=axes.get_xaxis_transform(),
        )  # fmt: skip
    rows = rows[rows[value].notna()]
    shown = rows[[value, "lower", "upper"]].astype(float)
    at = years[rows.index] + apart
    axes.errorbar(
        at, shown[value], yerr=[shown[value] - shown["lower"], shown["upper"] - shown[value]],
        fmt=marker, markersize=3.6, color=colour, elinewidth=0.9, label=label,
        markerfacecolor=colour if marker == "o" else "white",
    )  # fmt: skip


def _draw_trends(axes: Axes, trends: Iterable[Released], lang: str, colour: str = "") -> None:
    for place, trend in enumerate(trends):
        for row in trend.frame.dropna(subset=["fitted_first", "fitted_last"]).itertuples():
            first, last = (int(year) for year in row.year.split("-"))
            name = f"{word('trend', lang)} {row.year}"
            stratum = "" if row.stratum == ALL else f", {word(row.stratum, lang).lower()}"
            axes.plot(
                np.linspace(first, last, 50), _fitted(trend, row.fitted_first, row.fitted_last),
                color=colour or theme.COLOURS.get(row.stratum, theme.BLUE), linewidth=1.5,
                linestyle=("-", "--")[place % 2], label=f"{name}{stratum}",
            )  # fmt: skip


def _fitted(trend: Released, first: float, last: float) -> np.ndarray:
    """Return the fitted curve between its ends: straight on the scale it was fitted on."""
    if "odds_ratio_per_decade" in trend.frame:
        return expit(np.linspace(logit(first), logit(last), 50))
    if "rate_ratio_per_decade" in trend.frame:
        return np.geomspace(first, last, 50)
    return np.linspace(first, last, 50)
