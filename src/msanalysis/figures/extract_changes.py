"""Two extracts side by side: what changed, the indicators then and now, and what moved them."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from msanalysis.core import Released
from msanalysis.figures import theme
from msanalysis.figures.picture import picture
from msanalysis.labels import number, word

_KINDS = {
    "n_filled_in": ("o", theme.BLUE),
    "n_changed_value": ("D", theme.VERMILION),
    "n_emptied": ("s", theme.ORANGE),
}
_REASONS = {
    "new": theme.GREEN,
    "gone": theme.BLACK,
    "late_registration": theme.SKY,
    "changed_value": theme.VERMILION,
}
_HATCHED = {"color": "white", "edgecolor": "#888888", "hatch": "/////", "linewidth": 0.4}


@picture
def plot_changed_variables(changes: Released, *, lang: str) -> Figure:
    """Draw for each variable of how many persons it changed, a mark for each kind of change.

    A number that is hidden is a cross at the left edge; of a kind of which there is none, no mark.
    """
    rows = changes.frame
    figure, axes = _rows_of(rows, "changed_variable", changes, lang)
    if rows.empty:
        return figure
    axes.set_xscale("log")
    for name, (marker, colour) in _KINDS.items():
        n = rows[name].astype("Float64")
        shown = (n > 0).fillna(False)
        axes.plot(n[shown].astype(float), rows.index[shown], marker, color=colour,
                  markersize=5, label=word(name, lang))  # fmt: skip
    hidden = changes.hidden[[*_KINDS]].any(axis=1)
    if hidden.any():
        axes.plot([1.0] * int(hidden.sum()), rows.index[hidden], "x", color=theme.GREY,
                  markersize=5, label=word("hidden_mark", lang))  # fmt: skip
    most = rows[[*_KINDS]].astype("Float64").max().max()
    axes.set_xlim(0.8, 2 * float(most if pd.notna(most) else 10))
    axes.xaxis.set_major_formatter(lambda value, _: number(value, 0, lang))
    axes.set_xlabel(word("persons_changed", lang))
    _legend(axes, len(_KINDS) + 1)
    return figure


@picture
def plot_then_and_now(shares: Released, *, lang: str, then: str) -> Figure:
    """Draw each indicator then (ring) and now (dot); what is hidden has no mark.

    `then` is the day on which the earlier extract was known.
    """
    rows = shares.frame
    figure, axes = _rows_of(rows, "indicator", shares, lang)
    if rows.empty:
        return figure
    was, now = (rows[f"share_{time}"].astype(float) for time in ("then", "now"))
    axes.hlines(rows.index, was, now, color=theme.GREY, linewidth=1.2)
    days = (pd.Timestamp(then).date(), shares.provenance.data_cutoff)
    looks = ({"markerfacecolor": "white", "markersize": 9}, {"markersize": 5})
    for values, day, look in zip((was, now), days, looks, strict=True):
        label = word(f"then_as_known {theme.written(day, lang)}", lang)
        axes.plot(values, rows.index, "o", color=theme.BLUE, label=label, **look)
    axes.set_xlim(0, 1)
    theme.percent_axis(axes.xaxis, lang)
    axes.set_xlabel(word("share_then_and_now", lang))
    _legend(axes, 2)
    return figure


@picture
def plot_moves(moves: Released, *, lang: str) -> Figure:
    """Draw who came into each number (right) and who left it (left), by why.

    Where the reasons are hidden the bar is what is known of all together, hatched; a number that
    did not move has no bar.
    """
    rows = moves.frame
    figure, axes = _rows_of(rows, "indicator", moves, lang)
    if rows.empty:
        return figure
    for place, row in rows.iterrows():
        _draw_moves(axes, place, row)
    for why, colour in _REASONS.items():
        axes.barh(0, 0, color=colour, label=word(why, lang))
    axes.barh(0, 0, label=word("hidden_mark", lang), **_HATCHED)
    axes.axvline(0, color=theme.BLACK, linewidth=0.6)
    axes.xaxis.set_major_formatter(lambda value, _: number(abs(value), 0, lang))
    axes.set_xlabel(word("persons_moved", lang))
    _legend(axes, 3)
    return figure


def _draw_moves(axes: Axes, place: int, row: pd.Series) -> None:
    for direction, side in (("came", 1), ("left", -1)):
        names = [f"n_{direction}_{why}" for why in _REASONS if f"n_{direction}_{why}" in row]
        counts = row[names].astype("Float64")
        left = 0.0
        for name, n in counts.dropna().astype(float).items():
            colour = _REASONS[name.split("_", 2)[2]]
            axes.barh(place, side * n, left=left, height=0.75, color=colour)
            left += side * n
        together = _together(row, direction)
        if counts.isna().any() and together > abs(left):
            axes.barh(place, side * together - left, left=left, height=0.75, **_HATCHED)


def _together(row: pd.Series, direction: str) -> float:
    """Return how many came or left in all, where the difference of then and now tells."""
    other = {"came": "left", "left": "came"}[direction]
    others = row[[name for name in row.index if name.startswith(f"n_{other}_")]]
    if row[["n_then", "n_now"]].isna().any() or others.isna().any():
        return 0.0
    grown = float(row["n_now"] - row["n_then"])
    return (grown if direction == "came" else -grown) + float(others.sum())


def _rows_of(rows: pd.DataFrame, names: str, released: Released, lang: str) -> tuple[Figure, Axes]:
    """Return a figure with a place for each row, the first uppermost."""
    figure = theme.new_figure(1.5 + 0.22 * max(3, len(rows)))
    axes = figure.subplots()
    theme.sign(figure, released, lang)
    if rows.empty:
        theme.say_nothing_to_draw(axes, released, lang)
        return figure, axes
    axes.set_yticks(rows.index, [word(name, lang) for name in rows[names]], fontsize=7.5)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.grid(visible=True, axis="both")
    return figure, axes


def _legend(axes: Axes, columns: int) -> None:
    axes.legend(loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=columns, fontsize=7.5,
                handlelength=1.2)  # fmt: skip
