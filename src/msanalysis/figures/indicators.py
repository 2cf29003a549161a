"""Quality indicators by hospital trust: horizontal bars of two years between the goals."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from msanalysis.core import Released
from msanalysis.figures import theme
from msanalysis.figures.picture import Picture, picture
from msanalysis.labels import DASH, number, word

Definition = Mapping[str, Any]
BANDS = {"less_good": "#FBEAE3", "good": "#FFF8DD", "very_good": "#E6F3EB"}
"""Attainment -> tint of its band; the words above the bands tell them apart in grey."""

LOW_COVERAGE, LITTLE_COVERAGE = 0.6, 0.8
_LOW, _BEFORE = "#CFCFCF", "#7F9DB5"
_NATION, _NORWAY = "nation", "norway"


def plot_indicators(
    indicators: Released,
    populations: Released,
    coverage: Released,
    *,
    definitions: Sequence[Definition],
    year: int,
    lang: list[str],
) -> dict[str, Picture]:
    """Draw each indicator as a picture of its own, under its id; see `plot_indicator`."""
    return {
        each["id"]: plot_indicator(
            of_indicator(indicators, each["id"]),
            of_indicator(populations, each["id"]),
            coverage,
            definition=each,
            year=year,
            lang=lang,
        )
        for each in definitions
    }


def of_indicator(released: Released, id: str) -> Released:
    """Return the rows of one indicator, so that its picture hangs together with no other."""
    rows = released.frame["indicator"] == id
    return replace(released, frame=released.frame[rows], hidden=released.hidden[rows], counted=None)


@picture
def plot_indicator(
    indicators: Released,
    populations: Released,
    coverage: Released,
    *,
    lang: str,
    definition: Definition,
    year: int,
) -> Figure:
    """Draw the share of each trust and the nation in a year, and thinner in the year before.

    The denominator stands in parentheses, or the population where the definition says so. Trusts
    are sorted by their share; a trust whose `coverage` of the newly diagnosed is below 60 %, or
    hidden, is light grey with two stars, one below 80 % has one star. The line on a bar is the
    interval. Behind the bars lie the bands of the goals.
    """
    rows = indicators.frame[indicators.frame["indicator"] == definition["id"]]
    rows = rows[rows["level"].isin((_NATION, "trust"))]
    now, before = (rows[rows["year"] == str(of)].set_index("unit") for of in (year, year - 1))
    figure = theme.new_figure(1.5 + 0.255 * max(4, len(now)))
    axes = figure.subplots()
    if now.empty:
        theme.say_nothing_to_draw(axes, indicators, lang)
    else:
        now = _in_order(now)
        low = low_coverage(coverage)
        _draw_bands(axes, definition, 1.0, lang)
        _draw_bars(axes, now, before, low, year, lang)
        _name_rows(axes, now, _persons(populations, now, definition, year), low, lang)
        _finish(axes, 1.0, _notes(indicators, definition, before, year, lang), lang)
    theme.sign(figure, indicators, lang)
    return figure


def plot_coverages(
    coverage: Released, *, definitions: Sequence[Definition], lang: list[str]
) -> dict[str, Picture]:
    """Draw each coverage as a picture of its own, under its id; see `plot_coverage`."""
    return {
        each["id"]: plot_coverage(of_indicator(coverage, each["id"]), definition=each, lang=lang)
        for each in definitions
    }


@picture
def plot_coverage(coverage: Released, *, lang: str, definition: Definition) -> Figure:
    """Draw how many of the expected persons each trust and the nation has registered.

    The expected number stands in parentheses; a share may exceed 100 %.
    """
    rows = coverage.frame[coverage.frame["indicator"] == definition["id"]]
    rows = rows[rows["level"].isin((_NATION, "trust"))].set_index("unit")
    figure = theme.new_figure(1.3 + 0.255 * max(4, len(rows)))
    axes = figure.subplots()
    if rows.empty:
        theme.say_nothing_to_draw(axes, coverage, lang)
    else:
        rows = _in_order(rows)
        top = max(1.0, 1.05 * rows["share"].astype(float).max())
        _draw_bands(axes, definition, top, lang)
        for place, (_, row) in enumerate(rows.iterrows()):
            _draw_row(axes, place, row, light=False, lang=lang)
        _name_rows(axes, rows, rows["expected"].round(), {}, lang)
        _finish(axes, top, [word("expected_in_parentheses", lang)], lang)
    theme.sign(figure, coverage, lang)
    return figure


def _in_order(now: pd.DataFrame) -> pd.DataFrame:
    """The nation last; before it the trusts by share, those without one first."""
    share = now["share"].astype(float).where(now["level"] == "trust", -2.0)
    return now.assign(place=share.fillna(-1.0)).sort_values("place", kind="stable")


def low_coverage(coverage: Released) -> dict[str, str]:
    """Return the stars of each trust, by its coverage of the newly diagnosed."""
    rows = coverage.frame
    new = rows[(rows["indicator"] == "coverage_new") & (rows["level"] == "trust")]
    share = new.set_index("unit")["share"].astype(float)
    return {
        unit: "" if value >= LITTLE_COVERAGE else "*" if value >= LOW_COVERAGE else "**"
        for unit, value in share.items()
    }


def _persons(
    populations: Released, now: pd.DataFrame, definition: Definition, year: int
) -> pd.Series:
    if definition["n_in_parentheses"] == "denominator":
        return now["denominator"]
    rows = populations.frame
    chosen = (rows["indicator"] == definition["id"]) & (rows["year"] == str(year))
    return rows[chosen].set_index("unit")["n"]


def _notes(
    indicators: Released, definition: Definition, before: pd.DataFrame, year: int, lang: str
) -> list[str]:
    known = any(id == definition["id"] for id, _ in indicators.settings["published"])
    restated = [] if known or before.empty else [word(f"restated {year - 1}", lang)]
    in_parentheses = word(f"{definition['n_in_parentheses']}_in_parentheses", lang)
    return [word("coverage_stars", lang), in_parentheses, *restated]


def _draw_bands(axes: Axes, definition: Definition, top: float, lang: str) -> None:
    bounds = [definition["good"], definition["very_good"]]
    names = [*BANDS] if definition["direction"] == "higher" else [*BANDS][::-1]
    for name, (low, high) in zip(names, pairwise([0, *sorted(bounds), top]), strict=True):
        axes.axvspan(low, high, color=BANDS[name], zorder=0, linewidth=0)
        axes.text((low + high) / 2, 1.005, word(name, lang), transform=axes.get_xaxis_transform(),
                  ha="center", va="bottom", fontsize=7.5, color="#444444")  # fmt: skip
    for bound in bounds:
        axes.axvline(bound, color="#888888", linewidth=0.8, linestyle="--", zorder=1)


def _draw_bars(
    axes: Axes,
    now: pd.DataFrame,
    before: pd.DataFrame,
    low: Mapping[str, str],
    year: int,
    lang: str,
) -> None:
    shares = before["share"].astype(float).reindex(now.index)
    axes.barh([place - 0.33 for place in range(len(now))], shares, height=0.2, color=_BEFORE,
              zorder=2)  # fmt: skip
    for place, (unit, row) in enumerate(now.iterrows()):
        _draw_row(axes, place, row, light=low.get(unit) == "**", lang=lang)
    axes.barh(0, 0, color=theme.BLUE, label=str(year))
    if len(before):
        axes.barh(0, 0, color=_BEFORE, label=str(year - 1))
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.02), ncols=2, handlelength=1.2)


def _draw_row(axes: Axes, place: int, row: pd.Series, *, light: bool, lang: str) -> None:
    """Draw the bar of a unit, its interval where there is one, and its share at the right."""
    axes.text(1.01, place, _value(row, lang), transform=axes.get_yaxis_transform(),
              va="center", fontsize=7.5)  # fmt: skip
    if pd.isna(row["share"]):
        return
    colour = _LOW if light else theme.BLACK if row["level"] == _NATION else theme.BLUE
    axes.barh(place + 0.08, float(row["share"]), height=0.52, color=colour, zorder=2)
    if "lower" in row:
        limits = [float(row["lower"]), float(row["upper"])]
        for ink, width in (("#FFFFFF", 2.4), ("#333333", 1.0)):
            axes.plot(limits, [place + 0.08] * 2, color=ink, linewidth=width, zorder=3)


def _value(row: pd.Series, lang: str) -> str:
    if pd.notna(row["share"]):
        share = float(row["share"])
        nearly_all = 0.995 <= share < 1
        return f"{number(100 * share, 1 if nearly_all else 0, lang)}\u00a0%"
    of = row.get("denominator", row.get("expected"))
    return DASH if pd.notna(of) and of == 0 else word("hidden_mark", lang)


def _name_rows(
    axes: Axes, now: pd.DataFrame, persons: pd.Series, low: Mapping[str, str], lang: str
) -> None:
    names = [
        f"{unit_name(unit, lang)}{low.get(unit, '')} ({persons_of(persons.get(unit), lang)})"
        for unit, row in now.iterrows()
    ]
    axes.set_yticks(range(len(names)), names, fontsize=7.5)
    axes.get_yticklabels()[0].set_fontweight("bold")
    axes.set_ylim(-0.75, len(names) - 0.4)


def unit_name(unit: str, lang: str) -> str:
    """Return the word of a trust, or of the nation."""
    return word("whole_country" if unit == _NORWAY else unit, lang)


def persons_of(n: object, lang: str) -> str:
    """Return a number of persons, or that it is hidden."""
    return word("hidden_mark", lang) if n is None or pd.isna(n) else number(int(n), 0, lang)


def _finish(axes: Axes, top: float, notes: Sequence[str], lang: str) -> None:
    axes.set_xlim(0, top)
    axes.grid(visible=False)
    axes.tick_params(axis="y", length=0)
    theme.percent_axis(axes.xaxis, lang)
    axes.set_xlabel("\n".join(notes), fontsize=7.5, loc="left")
