"""Rates per 100 000, crude beside standardised for age: by year and sex, and by hospital trust."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from msanalysis.core import ALL, MISSING, Released
from msanalysis.figures import theme
from msanalysis.figures.picture import picture
from msanalysis.figures.years import label_years, mark_revisions
from msanalysis.labels import number, word

_LOOKS = {
    "crude": {"color": theme.GREY, "fmt": "D", "markerfacecolor": "white", "markersize": 3.4},
    "age_standardised": {"color": theme.BLUE, "fmt": "o", "markersize": 3.8},
}
_APART = 0.16
"""Half the space between the two points of a year or a trust."""


@picture
def plot_adjusted_years(
    rates: Released, *, lang: str, axis: str, marks: Sequence[int] = ()
) -> Figure:
    """Draw the crude and the age-standardised rate of each year, a panel a stratum.

    `axis` is the word of the years; `marks` are the years in which the diagnostic criteria were
    published or revised. A hidden year keeps its place, without points.
    """
    rows = _levels(rates)
    figure = theme.new_figure(3.3)
    if rows.empty:
        _say_no_ages(figure.subplots(), lang)
    elif rows["rate_per_100k"].isna().all():
        theme.say_nothing_to_draw(figure.subplots(), rates, lang)
    else:
        strata = list(rows["stratum"].unique())
        panels = figure.subplots(1, len(strata), sharey=True, squeeze=False)[0]
        for panel, stratum in zip(panels, strata, strict=True):
            part = rows[rows["stratum"] == stratum]
            _draw(panel, part, part["year"].astype(float), lang)
            mark_revisions(panel, marks, lang)
            label_years(panel, axis, lang)
            panel.set_title(word(stratum, lang), loc="left")
        panels[0].set_ylim(0, 1.2 * rows["upper"].astype(float).max())
        panels[0].set_ylabel(word("per_100k", lang))
        _legend(figure, panels[0])
    theme.sign(figure, rates, lang)
    return figure


@picture
def plot_adjusted_trusts(rates: Released, *, lang: str, measured: str) -> Figure:
    """Draw each trust's crude and age-standardised rate, the highest standardised first.

    `measured` is the word of the axis; the dashed line is the standardised rate of the country. A
    hidden trust keeps its place, last, without points.
    """
    trusts = _levels(rates)
    figure = theme.new_figure(1.7 + 0.1 * max(6, len(trusts)))
    axes = figure.subplots()
    if trusts.empty:
        _say_no_ages(axes, lang)
    else:
        places = _places(trusts)
        _draw(axes, trusts, trusts["stratum"].map(places), lang, lying=True)
        _write_hidden(axes, trusts, places, lang)
        axes.set_yticks(list(places.values()), [word(trust, lang) for trust in places])
        axes.set_ylim(-0.7, len(places) - 0.3)
        _mark_country(axes, rates.frame, lang)
        axes.grid(axis="x")
        axes.grid(visible=False, axis="y")
        axes.set_xlabel(f"{word(measured, lang)}, {word('per_100k', lang).lower()}")
        _legend(figure, axes)
    theme.sign(figure, rates, lang)
    return figure


def _levels(rates: Released) -> pd.DataFrame:
    return rates.frame[~rates.frame["stratum"].isin([ALL, MISSING])]


def _draw(axes: Axes, rows: pd.DataFrame, at: pd.Series, lang: str, lying: bool = False) -> None:
    """Draw both rates with their intervals; `lying`: places go up the axis, rates along it."""
    for side, (adjustment, look) in zip((1, -1), _LOOKS.items(), strict=True):
        chosen = (rows["adjustment"] == adjustment) & rows["rate_per_100k"].notna()
        shown = rows.loc[chosen, ["rate_per_100k", "lower", "upper"]].astype(float)
        rate, place = shown["rate_per_100k"], at[chosen] + side * _APART * (1 if lying else -1)
        error = [rate - shown["lower"], shown["upper"] - rate]
        where = {"x": rate, "y": place, "xerr": error} if lying else {
            "x": place, "y": rate, "yerr": error,
        }  # fmt: skip
        axes.errorbar(**where, **look, elinewidth=0.9, label=word(adjustment, lang))


def _places(trusts: pd.DataFrame) -> dict[str, int]:
    standardised = trusts[trusts["adjustment"] == "age_standardised"]
    order = standardised.sort_values("rate_per_100k", na_position="first", kind="stable")
    return {trust: place for place, trust in enumerate(order["stratum"])}


def _write_hidden(axes: Axes, trusts: pd.DataFrame, places: dict[str, int], lang: str) -> None:
    for trust in trusts.loc[trusts["n"].isna(), "stratum"].unique():
        axes.text(0, places[trust], f" {word('hidden_number', lang)}", va="center", fontsize=7.5)


def _mark_country(axes: Axes, frame: pd.DataFrame, lang: str) -> None:
    whole = frame[(frame["stratum"] == ALL) & (frame["adjustment"] == "age_standardised")]
    rate = whole["rate_per_100k"].astype(float).item()
    axes.set_xlim(0, max(axes.get_xlim()[1], 1.1 * rate if rate == rate else 0))
    axes.xaxis.set_major_locator(MaxNLocator(nbins=9, steps=[1, 2, 5, 10], integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value, 0, lang)))
    if rate == rate:
        label = f"{word('whole_country', lang)}: {number(rate, 1, lang)}"
        axes.axvline(rate, color=theme.BLACK, linestyle="--", linewidth=1, zorder=0, label=label)


def _legend(figure: Figure, axes: Axes) -> None:
    handles, names = axes.get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=4, handlelength=1.5)


def _say_no_ages(axes: Axes, lang: str) -> None:
    """Name the gap where the extract's inhabitants are not divided by sex and age."""
    axes.text(0.5, 0.5, word("no_population_by_age", lang), transform=axes.transAxes, ha="center")
    axes.set_axis_off()
