"""A rate per 100 000 inhabitants by hospital trust, with its interval."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from msanalysis.core import ALL, Released
from msanalysis.figures import theme
from msanalysis.figures.picture import picture
from msanalysis.figures.years import say_no_population
from msanalysis.labels import number, word


@picture
def plot_trust_rates(rates: Released, *expected: Released, lang: str, measured: str) -> Figure:
    """Draw each trust's rate, highest first, beside that of the country (dashed line).

    Where `expected` is given, the prevalence of expected persons stands as an open diamond. A
    hidden trust keeps its place, last, without a point. `measured` is the word of the points.
    """
    trusts = rates.frame[(rates.frame["stratum"] != ALL) & rates.frame["inhabitants"].notna()]
    trusts = trusts.sort_values("rate_per_100k", na_position="first", kind="stable")
    figure = theme.new_figure(1.5 + 0.2 * max(3, len(trusts)))
    axes = figure.subplots()
    if trusts.empty:
        say_no_population(axes, lang)
    else:
        _draw_points(axes, trusts, measured, lang)
        for each in expected:
            _draw_expected(axes, each, list(trusts["stratum"]), lang)
        _draw_country(axes, rates.frame[rates.frame["stratum"] == ALL].iloc[0], lang)
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, handlelength=1.5)
    theme.sign(figure, rates, lang)
    return figure


def _draw_points(axes: Axes, trusts: pd.DataFrame, measured: str, lang: str) -> None:
    shown = trusts[["rate_per_100k", "lower", "upper"]].astype(float)
    rate = shown["rate_per_100k"]
    places = range(len(trusts))
    axes.errorbar(
        rate, places, xerr=[rate - shown["lower"], shown["upper"] - rate], fmt="o",
        color=theme.BLUE, markersize=4, elinewidth=1, label=word(measured, lang),
    )  # fmt: skip
    for place in (place for place, value in enumerate(rate) if value != value):
        axes.text(0, place, f" {word('hidden_number', lang)}", va="center", fontsize=7.5)
    axes.set_yticks(places, [word(trust, lang) for trust in trusts["stratum"]])
    axes.set_ylim(-0.7, len(trusts) - 0.3)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value, 0, lang)))
    axes.grid(axis="x")
    axes.grid(visible=False, axis="y")
    axes.set_xlabel(word("per_100k", lang))


def _draw_expected(axes: Axes, expected: Released, trusts: list[str], lang: str) -> None:
    rows = expected.frame[expected.frame["stratum"].isin(trusts)]
    whole = expected.frame.loc[expected.frame["stratum"] == ALL, "rate_per_100k"]
    if whole.empty:
        return
    country = f"{word('whole_country', lang).lower()}: {number(float(whole.item()), 0, lang)}"
    axes.plot(
        rows["rate_per_100k"].astype(float), rows["stratum"].map(trusts.index), "D",
        color=theme.VERMILION, markerfacecolor="none", markersize=4.5,
        label=f"{word('expected_per_100k', lang)}, {country}",
    )  # fmt: skip


def _draw_country(axes: Axes, whole: pd.Series, lang: str) -> None:
    rate = float(whole["rate_per_100k"])
    label = f"{word('whole_country', lang)}: {number(rate, 0 if rate >= 100 else 1, lang)}"
    # Hidden trusts leave nothing to scale the axis by but the country.
    axes.set_xlim(0, max(axes.get_xlim()[1], 1.1 * rate))
    axes.axvline(rate, color=theme.BLACK, linestyle="--", linewidth=1, zorder=0, label=label)
