"""Days by hospital trust: boxes with percentile whiskers, and the persons behind them as points."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from msanalysis.core import ALL, Released
from msanalysis.figures import theme
from msanalysis.figures.indicators import low_coverage, persons_of, unit_name
from msanalysis.figures.picture import picture
from msanalysis.labels import DASH, number, word

_GOLDEN = 0.6180339887
_HEIGHT = 0.56
_BOX, _LOW_BOX = "#B9D6EA", "#E2E2E2"


@picture
def plot_day_boxes(
    quantiles: Released,
    points: Released,
    coverage: Released,
    *,
    lang: str,
    cut_days: int,
    limit_days: int,
    notes: list[str],
) -> Figure:
    """Draw the days of each trust, the shortest median uppermost, and of the nation last.

    The box holds the middle half, its line is the median, and the whiskers reach from the tenth to
    the ninetieth percentile. A trust whose persons may be shown has a point each. The axis ends
    at `cut_days`; at the right stands how many points of a trust lie beyond. The dashed line is
    the recommended limit. `notes` are words that are written below besides.
    """
    rows = _in_order(quantiles.frame, coverage.frame)
    figure = theme.new_figure(1.45 + 0.255 * max(4, len(rows)))
    axes = figure.subplots()
    if quantiles.frame["median"].isna().all():
        theme.say_nothing_to_draw(axes, quantiles, lang)
    else:
        low = low_coverage(coverage)
        for place, row in enumerate(rows.itertuples()):
            values = points.frame.loc[points.frame["stratum"] == row.Index, "value"].astype(float)
            _draw_points(axes, place, values[values <= cut_days])
            draw_box(axes, place, row, light=low.get(row.Index) == "**", lang=lang)
            _say_cut(axes, place, values, cut_days, lang)
        axes.axvline(limit_days, color=theme.BLACK, linestyle="--", linewidth=0.9, zorder=1)
        _name_rows(axes, rows, low, lang)
        _finish(axes, cut_days, limit_days, notes, lang)
    theme.sign(figure, quantiles, lang)
    return figure


def _in_order(quantiles: pd.DataFrame, coverage: pd.DataFrame) -> pd.DataFrame:
    """Return a row a trust, those without a median first, and before them the nation."""
    trusts = coverage.loc[coverage["level"] == "trust", "unit"]
    known = quantiles.set_index("stratum")
    units = list(dict.fromkeys([*trusts, *known.index.drop(ALL, errors="ignore")]))
    rows = known.reindex([ALL, *units])
    rows["n"] = rows["n"].where(rows.index.isin(known.index), 0)
    place = -rows["median"].astype(float).fillna(np.inf)
    place[ALL] = -np.inf
    return rows.assign(place=place, hidden=rows["n"].isna()).sort_values("place", kind="stable")


def _draw_points(axes: Axes, place: int, values: pd.Series) -> None:
    """Spread the points over the height of the box, each time alike."""
    spread = (np.arange(len(values)) * _GOLDEN) % 1 - 0.5
    axes.plot(values, place + 0.8 * _HEIGHT * spread, "o", markersize=2.1, color="#4A4A4A",
              alpha=0.75, markeredgewidth=0, zorder=3)  # fmt: skip


def draw_box(axes: Axes, place: int, row, *, light: bool, lang: str) -> None:
    """Draw one row of `estimate_quantiles` at a height; a row without a median says why."""
    if pd.isna(row.median):
        text = word("hidden_mark", lang) if pd.isna(row.n) or row.n else DASH
        axes.text(0.01, place, text, transform=axes.get_yaxis_transform(), va="center",
                  fontsize=7.5)  # fmt: skip
        return
    low, lower, middle, upper, high = (
        float(getattr(row, name)) for name in ("p10", "p25", "median", "p75", "p90")
    )
    edge = theme.BLACK if row.Index == ALL else theme.BLUE
    axes.hlines(place, low, high, color=edge, linewidth=1.0, zorder=2)
    axes.vlines([low, high], place - 0.14, place + 0.14, color=edge, linewidth=1.0, zorder=2)
    axes.barh(place, upper - lower, left=lower, height=_HEIGHT, color=_LOW_BOX if light else _BOX,
              edgecolor=edge, linewidth=0.8, zorder=2)  # fmt: skip
    axes.vlines(middle, place - _HEIGHT / 2, place + _HEIGHT / 2, color=theme.VERMILION,
                linewidth=2.0, zorder=4)  # fmt: skip


def _say_cut(axes: Axes, place: int, values: pd.Series, cut_days: int, lang: str) -> None:
    text = number((values > cut_days).sum(), 0, lang) if len(values) else DASH
    axes.text(1.015, place, text, transform=axes.get_yaxis_transform(), va="center", fontsize=7.5)


def _name_rows(axes: Axes, rows: pd.DataFrame, low: dict[str, str], lang: str) -> None:
    names = [
        f"{unit_name('norway' if unit == ALL else unit, lang)}{low.get(unit, '')} "
        f"({persons_of(n, lang)})"
        for unit, n in rows["n"].items()
    ]
    axes.set_yticks(range(len(names)), names, fontsize=7.5)
    axes.get_yticklabels()[0].set_fontweight("bold")
    axes.set_ylim(-0.75, len(names) - 0.4)


def _finish(axes: Axes, cut_days: int, limit_days: int, notes: list[str], lang: str) -> None:
    axes.set_xlim(-0.01 * cut_days, cut_days)
    axes.set_title(f"{word('recommended_limit', lang)}: {word(f'n_days {limit_days}', lang)}",
                   loc="left", fontsize=8)  # fmt: skip
    axes.text(1.0, 1.005, f"> {word(f'n_days {cut_days}', lang)}", transform=axes.transAxes,
              ha="center", va="bottom", fontsize=7.5)  # fmt: skip
    axes.grid(visible=False)
    axes.tick_params(axis="y", length=0)
    lines = [
        word("days_in_boxes", lang),
        word("boxes_explained", lang),
        word("points_explained", lang),
        word(f"cut_at {cut_days}", lang),
        word("coverage_stars_boxes", lang),
        *(word(note, lang) for note in notes),
    ]
    axes.set_xlabel("\n".join(lines), fontsize=7.5, loc="left")
