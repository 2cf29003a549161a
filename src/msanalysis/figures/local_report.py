"""The figures of a trust's local report: its own numbers, and region and nation beside them."""

from collections.abc import Mapping, Sequence
from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, PercentFormatter

from msanalysis.core import ALL, Released
from msanalysis.figures import theme
from msanalysis.figures.indicators import BANDS
from msanalysis.figures.picture import picture
from msanalysis.labels import DASH, number, word

Definition = Mapping[str, Any]
_COLUMNS = 4
_WRAP = 26
_LINES = {
    "nation": {"color": theme.BLACK, "linestyle": ":", "linewidth": 1.1},
    "region": {"color": theme.ORANGE, "linestyle": "--", "linewidth": 1.1},
    "trust": {"color": theme.BLUE, "linestyle": "-", "linewidth": 1.6, "marker": "o",
              "markersize": 3},
}  # fmt: skip
"""Level -> its line; the trust's own is drawn last, above the others."""
_SMALL = 7
_TICKS = (0, 0.2, 0.4, 0.6, 0.8, 1)


@picture
def plot_local_indicators(
    shares: Released, *, lang: str, definitions: Sequence[Definition]
) -> Figure:
    """Draw each indicator over the years in a panel of its own, between the bands of the goals.

    The trust with its interval, the region and the nation as lines without. Above each panel
    stands the last year's share of the trust, and how many of how many it is. A year without
    anyone in the denominator has no point.
    """
    rows = shares.frame
    held = [each for each in definitions if (rows["indicator"] == each["id"]).any()]
    n_rows = max(1, -(-len(held) // _COLUMNS))
    figure = theme.new_figure(0.9 + 1.95 * n_rows)
    if not held:
        theme.say_nothing_to_draw(figure.subplots(), shares, lang)
        theme.sign(figure, shares, lang)
        return figure
    panels = figure.subplots(n_rows, _COLUMNS, sharex=True, sharey=True, squeeze=False).ravel()
    for axes, definition in zip(panels, held, strict=False):
        _draw_years(axes, rows[rows["indicator"] == definition["id"]], definition, lang)
    for axes in panels[len(held) :]:
        axes.set_axis_off()
    panels[0].set_ylim(-0.02, 1.02)
    panels[0].yaxis.set_major_locator(FixedLocator(_TICKS))
    panels[0].yaxis.set_major_formatter(PercentFormatter(1, 0, "\u00a0%"))
    lines, names = panels[0].get_legend_handles_labels()
    figure.legend(lines, names, loc="outside upper right", ncols=len(names))
    theme.sign(figure, shares, lang)
    return figure


def _draw_years(axes: Axes, rows: pd.DataFrame, definition: Definition, lang: str) -> None:
    edges = [0.0, definition["good"], definition["very_good"], 1.0]
    for name, low, high in zip(BANDS, edges[:-1], edges[1:], strict=True):
        axes.axhspan(low, high, color=BANDS[name], zorder=0, linewidth=0)
    for level, line in _LINES.items():
        of = rows[rows["level"] == level]
        if len(of):
            label = word("whole_country" if level == "nation" else of["unit"].iloc[0], lang)
            axes.plot(of["year"].astype(int), of["share"].astype(float), label=label, **line)
    own = rows[rows["level"] == "trust"]
    years = own["year"].astype(int)
    limits = [own[name].astype(float) for name in ("lower", "upper")]
    axes.vlines(years, *limits, color=theme.BLUE, linewidth=0.9, alpha=0.7, zorder=2)
    axes.set_title(f"{_wrapped(definition['id'], lang)}\n{_of_last(own, lang)}", loc="left",
                   fontsize=_SMALL)  # fmt: skip
    axes.set_xticks(years, [f"{year % 100:02d}" for year in years])
    axes.tick_params(labelsize=_SMALL)
    axes.margins(x=0.08)


def _wrapped(indicator: str, lang: str) -> str:
    """Return the title in two lines, so that the panels of a row begin at one height."""
    lines = fill(word(indicator, lang), _WRAP)
    return lines if "\n" in lines else f"{lines}\n"


def _of_last(own: pd.DataFrame, lang: str) -> str:
    """Return the last year with its share and how many of how many: `2024: 50 % (1 of 2)`."""
    last = own.iloc[-1]
    text = of_whole(last["numerator"], last["denominator"], lang)
    if pd.isna(last["share"]):
        return f"{last['year']}: {DASH} ({text})"
    return f"{last['year']}: {number(100 * last['share'], 0, lang)}\u00a0% ({text})"


def of_whole(part: object, whole: object, lang: str) -> str:
    """Return `1 of 2`; a hidden number is named as such."""
    shown = (
        word("hidden_mark", lang) if pd.isna(each) else number(float(each), 0, lang)
        for each in (part, whole)
    )
    return f" {word('of', lang)} ".join(shown)


@picture
def plot_local_coverage(
    coverage: Released, *, lang: str, definitions: Sequence[Definition]
) -> Figure:
    """Draw how many of the expected persons are registered: the trust, the region, the nation.

    At the right the share, with the registered and the expected.
    """
    rows = coverage.frame
    held = [each for each in definitions if (rows["indicator"] == each["id"]).any()]
    figure = theme.new_figure(0.7 + 0.8 * max(1, len(held)) + 0.2 * (len(rows) > 2))
    panels = figure.subplots(max(1, len(held)), 1, squeeze=False).ravel()
    if not held:
        theme.say_nothing_to_draw(panels[0], coverage, lang)
    top = max(1.0, 1.05 * rows["share"].astype(float).max()) if held else 1.0
    for axes, definition in zip(panels, held, strict=False):
        _draw_coverage(axes, rows[rows["indicator"] == definition["id"]], definition, top, lang)
    theme.sign(figure, coverage, lang)
    return figure


def _draw_coverage(
    axes: Axes, rows: pd.DataFrame, definition: Definition, top: float, lang: str
) -> None:
    bounds = [0.0, definition["good"], definition["very_good"], top]
    for name, low, high in zip(BANDS, bounds[:-1], bounds[1:], strict=True):
        axes.axvspan(low, high, color=BANDS[name], zorder=0, linewidth=0)
    names = []
    for place, (_, row) in enumerate(rows.iterrows()):
        share = float(row["share"]) if pd.notna(row["share"]) else 0.0
        axes.barh(place, share, height=0.62, color=_LINES[row["level"]]["color"], zorder=2)
        axes.text(1.01, place, _coverage_of(row, lang), transform=axes.get_yaxis_transform(),
                  va="center", fontsize=_SMALL)  # fmt: skip
        names.append(word("whole_country" if row["level"] == "nation" else row["unit"], lang))
    axes.set_yticks(range(len(names)), names, fontsize=_SMALL)
    axes.set_title(word(definition["id"], lang), loc="left", fontsize=8)
    axes.set_xlim(0, top)
    axes.grid(visible=False)
    theme.percent_axis(axes.xaxis, lang)
    axes.tick_params(axis="x", labelsize=_SMALL)


def _coverage_of(row: pd.Series, lang: str) -> str:
    text = of_whole(row["numerator"], round(float(row["expected"])), lang)
    if pd.isna(row["share"]):
        return text
    return f"{number(100 * float(row['share']), 0, lang)}\u00a0% ({text})"


@picture
def plot_patients_by_year(patients: Released, *, lang: str) -> Figure:
    """Draw the living at the end of each year, and the newly diagnosed of each year."""
    figure = theme.new_figure(2.3)
    panels = figure.subplots(1, 2)
    for axes, column in zip(panels, ("alive", "newly_diagnosed"), strict=True):
        _draw_counts(axes, patients.frame["year"], patients.frame[column], lang)
        axes.set_title(word(column, lang), loc="left", fontsize=8)
    theme.sign(figure, patients, lang)
    return figure


def _draw_counts(axes: Axes, names: pd.Series, counts: pd.Series, lang: str) -> None:
    heights = counts.astype(float)
    axes.bar(range(len(names)), heights, width=0.7, color=theme.BLUE)
    for place, n in enumerate(heights):
        axes.text(place, n, number(n, 0, lang), ha="center", va="bottom", fontsize=_SMALL)
    axes.set_xticks(range(len(names)), list(names))
    axes.set_ylim(0, max(5.0, 1.15 * heights.max()))
    axes.set_ylabel(word("n_persons", lang), fontsize=_SMALL)
    axes.tick_params(labelsize=_SMALL)


@picture
def plot_local_registrations(
    inclusions: Released,
    visits: Released,
    inclusion_delays: Released,
    visit_delays: Released,
    *,
    lang: str,
) -> Figure:
    """Draw what was registered by quarter, and below it how long registration took by year.

    Of the delays the median, and between the quartiles a line; the last year is not complete.
    """
    figure = theme.new_figure(4.1)
    panels = figure.subplots(2, 2)
    kinds = ("inclusions", "visits")
    for axes, released, kind in zip(panels[0], (inclusions, visits), kinds, strict=True):
        _draw_quarters(axes, released, lang)
        axes.set_title(word(f"{kind}_by_quarter", lang), loc="left", fontsize=8)
    delays = (inclusion_delays, visit_delays)
    for axes, released, kind in zip(panels[1], delays, kinds, strict=True):
        _draw_delays(axes, released, lang)
        axes.set_title(word(f"{kind}_delay", lang), loc="left", fontsize=8)
    theme.sign(figure, inclusions, lang)
    return figure


def _draw_quarters(axes: Axes, released: Released, lang: str) -> None:
    rows = released.frame[released.frame["level"] != ALL]
    if rows.empty:
        return _say_none(axes, lang)
    # Thick lines for bars: 22 of these are drawn as one.
    axes.vlines(range(len(rows)), 0, rows["n"].astype(float), color=theme.BLUE, linewidth=5)
    firsts = [place for place, name in enumerate(rows["level"]) if name.endswith("Q1")]
    names = list(rows["level"])
    axes.set_xticks(firsts, [names[place][:4] for place in firsts])
    axes.set_ylim(0, max(5.0, 1.1 * rows["n"].astype(float).max()))
    axes.set_xlim(-0.8, len(rows) - 0.2)
    axes.set_ylabel(word("registered_number", lang), fontsize=_SMALL)
    axes.tick_params(labelsize=_SMALL)


def _draw_delays(axes: Axes, released: Released, lang: str) -> None:
    rows = released.frame[released.frame["stratum"] != ALL].reset_index(drop=True)
    if rows.empty:
        return _say_none(axes, lang)
    low, middle, high = (rows[name].astype(float) for name in ("p25", "median", "p75"))
    axes.vlines(rows.index, low, high, color=theme.SKY, linewidth=5)
    axes.plot(rows.index, middle, "o", color=theme.BLACK, markersize=4)
    for place, days in enumerate(middle):
        axes.annotate(number(days, 0, lang), (place, days), xytext=(6, 0), fontsize=_SMALL,
                      textcoords="offset points", va="center")  # fmt: skip
    names = [f"{row.stratum}\n(n = {number(row.n, 0, lang)})" for row in rows.itertuples()]
    axes.set_xticks(rows.index, names)
    axes.set_xlim(-0.5, len(rows) - 0.3)
    axes.set_ylim(0, 1.12 * np.nanmax([1.0, *high]))
    axes.set_ylabel(word("days_median_quartiles", lang), fontsize=_SMALL)
    axes.tick_params(labelsize=_SMALL)


def _say_none(axes: Axes, lang: str) -> None:
    axes.text(0.5, 0.5, word("nothing_registered", lang), transform=axes.transAxes, ha="center",
              fontsize=8)  # fmt: skip
    axes.set_axis_off()


@picture
def plot_missing(missing: Released, *, lang: str) -> Figure:
    """Draw of how many of those asked each kind of information is missing."""
    rows = missing.frame[missing.frame["denominator"] > 0].iloc[::-1]
    figure = theme.new_figure(0.9 + 0.26 * max(3, len(rows)))
    axes = figure.subplots()
    if rows.empty:
        theme.say_nothing_to_draw(axes, missing, lang)
    else:
        axes.barh(range(len(rows)), rows["share"].astype(float), height=0.62, color=theme.BLUE)
        for place, row in enumerate(rows.itertuples()):
            counts = of_whole(row.n, row.denominator, lang)
            text = f"{number(100 * row.share, 0, lang)}\u00a0% ({counts})"
            axes.text(1.01, place, text, transform=axes.get_yaxis_transform(), va="center",
                      fontsize=_SMALL)  # fmt: skip
        axes.set_yticks(range(len(rows)), [word(kind, lang) for kind in rows["kind"]])
        axes.tick_params(labelsize=_SMALL)
        axes.set_xlim(0, 1)
        axes.grid(visible=True, axis="x")
        axes.grid(visible=False, axis="y")
        theme.percent_axis(axes.xaxis, lang)
        axes.set_xlabel(word("share_missing", lang), fontsize=_SMALL)
    theme.sign(figure, missing, lang)
    return figure
