"""Schematic maps: a square a hospital trust, about where it lies; no map is needed for them."""

from collections.abc import Mapping

import matplotlib
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from msanalysis.core import ALL, Released
from msanalysis.figures import theme
from msanalysis.figures.picture import picture
from msanalysis.figures.years import say_no_population
from msanalysis.labels import number, word

Tiles = Mapping[str, tuple[int, int]]
"""Hospital trust -> row and column of its square."""

_PALEST, _DARKEST, _WHITE_INK_FROM = 0.08, 0.92, 0.55


@picture
def plot_trust_map(rates: Released, *, lang: str, tiles: Tiles) -> Figure:
    """Draw a rate per 100 000 inhabitants of each trust as a square, and beside it as a bar."""
    rows = rates.frame[rates.frame["stratum"] != ALL].set_index("stratum")["rate_per_100k"]
    figure = theme.new_figure(5.2)
    if rows.isna().all():
        say_no_population(figure.subplots(), lang)
    else:
        left, right = figure.subplots(1, 2, width_ratios=(1.7, 1))
        shades = _shades(rows)
        _draw_tiles(left, rows, shades, tiles, "", lang)
        _draw_bars(right, rows, shades, rates.frame, lang)
    theme.sign(figure, rates, lang)
    return figure


@picture
def plot_coverage_map(
    coverage: Released, *, lang: str, tiles: Tiles, indicators: list[str]
) -> Figure:
    """Draw each coverage of all trusts as a map of squares, side by side, in the same shades."""
    rows = coverage.frame[coverage.frame["level"] == "trust"]
    figure = theme.new_figure(4.9)
    if rows["share"].isna().all():
        theme.say_nothing_to_draw(figure.subplots(), coverage, lang)
    else:
        shades = _shades(rows.set_index(["indicator", "unit"])["share"])
        panels = figure.subplots(1, len(indicators), squeeze=False).ravel()
        for axes, indicator in zip(panels, indicators, strict=True):
            shares = rows[rows["indicator"] == indicator].set_index("unit")["share"]
            of = {unit: shades[indicator, unit] for unit in shares.index}
            _draw_tiles(axes, 100 * shares.astype(float), of, tiles, "\u00a0%", lang)
            axes.set_title(word(indicator, lang), fontsize=8.5)
    theme.sign(figure, coverage, lang)
    return figure


def _shades(values: pd.Series) -> dict:
    """Return a shade from 0 to 1 by value; none where it is hidden."""
    values = values.astype(float)
    low, high = values.min(), values.max()
    part = (values - low) / (high - low) if high > low else values * 0
    return (_PALEST + (_DARKEST - _PALEST) * part).to_dict()


def _colour(shade: float) -> object:
    return matplotlib.colormaps["Blues"](shade) if shade == shade else "white"


def _draw_tiles(
    axes: Axes, values: pd.Series, shades: Mapping, tiles: Tiles, unit: str, lang: str
) -> None:
    lowest = 1 + max(row for row, _ in tiles.values())
    unplaced = [trust for trust in values.index if trust not in tiles]
    places = {**tiles, **{trust: (lowest, column) for column, trust in enumerate(unplaced)}}
    for trust, value in values.astype(float).items():
        row, column = places[trust]
        shade = shades[trust]
        axes.barh(row, 0.96, left=column - 0.48, height=0.94, color=_colour(shade),
                  edgecolor="#888888", linewidth=0.6,
                  hatch="" if shade == shade else "/////")  # fmt: skip
        said = f"{number(value, 0, lang)}{unit}" if value == value else word("hidden_mark", lang)
        paper = {"facecolor": "white", "edgecolor": "none", "pad": 1} if shade != shade else None
        axes.text(column, row, f"{_in_tile(word(trust, lang))}\n{said}", ha="center", va="center",
                  fontsize=6, color="white" if shade > _WHITE_INK_FROM else "black",
                  bbox=paper)  # fmt: skip
    axes.set_xlim(-0.6, 0.6 + max(column for _, column in places.values()))
    axes.set_ylim(0.6 + max(row for row, _ in places.values()), -0.6)
    theme.draw_no_axis(axes)


def _in_tile(name: str) -> str:
    """Break a long name at its hyphen or a space."""
    head, _, tail = name.partition(" og ")
    if tail:
        return f"{head}\nog {tail}"
    return name.replace("-", "-\n").replace(" ", "\n")


def _draw_bars(
    axes: Axes, rates: pd.Series, shades: Mapping, frame: pd.DataFrame, lang: str
) -> None:
    rates = rates.astype(float).sort_values(na_position="first", kind="stable")
    for place, (trust, rate) in enumerate(rates.items()):
        axes.barh(place, rate, height=0.76, color=_colour(shades[trust]), edgecolor="#888888",
                  linewidth=0.6)  # fmt: skip
        said = number(rate, 0, lang) if rate == rate else word("hidden_mark", lang)
        axes.text(1.01, place, said, transform=axes.get_yaxis_transform(), va="center", fontsize=7)
    whole = float(frame.loc[frame["stratum"] == ALL, "rate_per_100k"].item())
    label = f"{word('whole_country', lang)}: {number(whole, 0, lang)}"
    axes.axvline(whole, color=theme.BLACK, linestyle="--", linewidth=1, label=label)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0))
    axes.set_yticks(range(len(rates)), [word(trust, lang) for trust in rates.index], fontsize=7)
    axes.set_ylim(-0.6, len(rates) - 0.4)
    axes.grid(visible=False)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(word("expected_prevalence_per_100k", lang), fontsize=7.5)
