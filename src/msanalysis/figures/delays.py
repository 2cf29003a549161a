"""How long registration takes: by what is registered, and by hospital trust."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from msanalysis.core import ALL, Released
from msanalysis.figures import theme
from msanalysis.figures.day_boxes import draw_box
from msanalysis.figures.picture import picture
from msanalysis.labels import number, word

SHADES = {
    "delay_0_7": "#E3EEF9",
    "delay_8_30": "#A9CCE6",
    "delay_31_90": "#5A9BCB",
    "delay_91_180": "#1F65A8",
    "delay_over_180": "#0B2F63",
}
_DARK = ("delay_91_180", "delay_over_180")
_ROOM_FOR_A_NUMBER = 0.045
_HATCHED = {"color": "white", "edgecolor": "#888888", "hatch": "/////", "linewidth": 0.4}


@picture
def plot_delays(delays: Released, *, lang: str, kinds: Sequence[str]) -> Figure:
    """Draw how the persons with an event divide by the days until it was registered, a bar a kind.

    What is hidden of a bar is hatched, a kind that was not delivered all of it.
    """
    figure = theme.new_figure(1.5 + 0.34 * len(kinds))
    axes = figure.subplots()
    rows = delays.frame
    if rows.empty:
        theme.say_nothing_to_draw(axes, delays, lang)
        theme.sign(figure, delays, lang)
        return figure
    for place, kind in enumerate(kinds):
        _draw_bar(axes, place, rows[rows["stratum"] == kind], lang)
    for level, colour in SHADES.items():
        axes.barh(0, 0, color=colour, edgecolor="#555555", linewidth=0.4, label=word(level, lang))
    if rows["share"].isna().any():
        axes.barh(0, 0, label=word("hidden_mark", lang), **_HATCHED)
    axes.set_yticks(range(len(kinds)), [_name(rows, kind, lang) for kind in kinds])
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.grid(visible=False)
    theme.percent_axis(axes.xaxis, lang)
    axes.set_xlabel(word("share_of_last_events", lang))
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=6,
                  fontsize=7.5, handlelength=1.2)  # fmt: skip
    theme.sign(figure, delays, lang)
    return figure


def _draw_bar(axes: Axes, place: int, rows: pd.DataFrame, lang: str) -> None:
    left = 0.0
    for row in rows[(rows["level"] != ALL) & rows["share"].notna()].itertuples():
        axes.barh(place, row.share, left=left, height=0.78, color=SHADES[row.level],
                  edgecolor="#555555", linewidth=0.4)  # fmt: skip
        if row.share >= _ROOM_FOR_A_NUMBER:
            ink = "white" if row.level in _DARK else theme.BLACK
            axes.text(left + row.share / 2, place, number(100 * row.share, 0, lang), ha="center",
                      va="center", fontsize=7.5, color=ink)  # fmt: skip
        left += row.share
    if rows.empty or rows["share"].isna().any():
        axes.barh(place, 1 - left, left=left, height=0.78, **_HATCHED)


def _name(rows: pd.DataFrame, kind: str, lang: str) -> str:
    whole = rows.loc[(rows["stratum"] == kind) & (rows["level"] == ALL), "n"]
    if whole.empty:
        return f"{word(kind, lang)} ({word('not_delivered_short', lang)})"
    n = whole.iloc[0]
    shown = word("hidden_mark", lang) if pd.isna(n) else number(int(n), 0, lang)
    return f"{word(kind, lang)} ({shown})"


@picture
def plot_delay_boxes(quantiles: Released, *, lang: str, cut_days: int) -> Figure:
    """Draw the days until registration of each trust, the shortest median uppermost.

    The box holds the middle half, its line is the median, and the whiskers reach from the tenth to
    the ninetieth percentile; the nation stands last. The axis ends at `cut_days`.
    """
    rows = quantiles.frame.set_index("stratum")
    figure = theme.new_figure(1.2 + 0.235 * max(4, len(rows)))
    axes = figure.subplots()
    if rows["median"].isna().all():
        theme.say_nothing_to_draw(axes, quantiles, lang)
        theme.sign(figure, quantiles, lang)
        return figure
    rows = _in_order(rows)
    for place, row in enumerate(rows.itertuples()):
        draw_box(axes, place, row, light=False, lang=lang)
    axes.set_yticks(range(len(rows)), [_unit(*each, lang) for each in rows["n"].items()],
                    fontsize=7.5)  # fmt: skip
    axes.get_yticklabels()[0].set_fontweight("bold")
    axes.set_ylim(-0.75, len(rows) - 0.4)
    axes.set_xlim(-0.01 * cut_days, cut_days)
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x")
    lines = [
        word("days_to_registration", lang),
        word("boxes_explained", lang),
        word(f"axis_cut_at {cut_days}", lang),
    ]
    axes.set_xlabel("\n".join(lines), fontsize=7.5, loc="left")
    theme.sign(figure, quantiles, lang)
    return figure


def _in_order(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the nation first, then trusts without a median, then the longest: from below."""
    longest = -rows["median"].astype(float).fillna(np.inf)
    order = longest.mask(rows.index == ALL, -np.inf)
    is_trust = rows.index != ALL
    return rows.iloc[np.lexsort((order, is_trust))]


def _unit(unit: str, n: object, lang: str) -> str:
    name = word("whole_country" if unit == ALL else unit, lang)
    shown = word("hidden_mark", lang) if pd.isna(n) else number(int(n), 0, lang)
    return f"{name} ({shown})"
