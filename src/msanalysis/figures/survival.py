"""Survival curves with interval and numbers at risk (KMunicate: Morris 2019)."""

import math

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from msanalysis.core import Released
from msanalysis.figures import theme
from msanalysis.figures.picture import picture
from msanalysis.labels import number, word
from msanalysis.units import DAYS

_NOT_SHOWN = "\u2013"


@picture
def plot_survival(
    released: Released, *, lang: str, outcome: str, time_zero: str, time_unit: str = "years"
) -> Figure:
    """Draw the released curve of each stratum, its interval, and who is followed below the axis.

    `outcome` and `time_zero` are the words of the axes; `time_unit` is days, months or years. The
    numbers stand under the ticks the curve was released with (`ticks_days`). With one stratum
    those censored and with the event so far stand below those at risk.
    """
    strata = list(released.frame["stratum"].unique())
    figure = theme.new_figure(3.9 + 0.16 * max(3, len(strata)))
    if not strata:
        theme.say_nothing_to_draw(figure.subplots(), released, lang)
        theme.sign(figure, released, lang)
        return figure
    axes, below = _axes_with_table(figure, max(3, len(strata)))
    for stratum in strata:
        _draw_curve(axes, released.frame.query("stratum == @stratum"), stratum, time_unit, lang)
    _label_axes(axes, released, outcome, time_zero, time_unit, lang)
    if len(strata) > 1:
        axes.legend(loc="lower left")
    _write_table(below, released, strata, time_unit, lang)
    theme.sign(figure, released, lang)
    return figure


@picture
def plot_survival_estimates(
    *released: Released,
    lang: str,
    names: list[str],
    outcome: str,
    time_zero: str,
    time_unit: str = "years",
) -> Figure:
    """Draw several estimates of one survival curve together, each by its name in `names`.

    The numbers below the axis are those at risk, where the estimate counts persons.
    """
    drawn = {name: each for name, each in zip(names, released, strict=True) if not each.frame.empty}
    figure = theme.new_figure(4.4)
    axes, below = _axes_with_table(figure, 3)
    for name, each in drawn.items():
        _draw_curve(axes, each.frame, name, time_unit, lang)
    _label_axes(axes, released[0], outcome, time_zero, time_unit, lang)
    axes.legend(loc="lower left")
    counted = {name: each for name, each in drawn.items() if "n_at_risk" in each.frame}
    rows = [
        (word(name, lang), _at_risk(each, each.frame, _ticks(each)))
        for name, each in counted.items()
    ]
    _write_rows(below, _ticks(released[0]), rows, time_unit, lang)
    theme.sign(figure, released[0], lang)
    return figure


def _axes_with_table(figure: Figure, n_rows: int) -> tuple[Axes, Axes]:
    heights = [3.4, 0.3 + 0.17 * n_rows]
    axes, below = figure.subplots(2, 1, sharex=True, height_ratios=heights)
    below.set_axis_off()
    return axes, below


def _draw_curve(axes: Axes, rows: pd.DataFrame, name: str, time_unit: str, lang: str) -> None:
    """Draw one step curve from 1 at time zero, with its band where it has one."""
    rows = rows[rows["estimate"].notna()]
    start = pd.DataFrame({"time_days": [0], "estimate": [1.0], "lower": [1.0], "upper": [1.0]})
    columns = [column for column in start if column in rows]
    curve = pd.concat([start[columns], rows[columns].astype(float)], ignore_index=True)
    x = curve["time_days"] / DAYS[time_unit]
    colour = theme.COLOURS.get(name, theme.BLUE)
    axes.step(
        x,
        curve["estimate"],
        where="post",
        color=colour,
        linestyle=theme.STYLES.get(name, "-"),
        linewidth=1.6,
        label=word(name, lang),
    )
    if "lower" in curve:
        axes.fill_between(
            x, curve["lower"], curve["upper"], step="post", color=colour, alpha=0.18, linewidth=0
        )


def _label_axes(axes, released, outcome, time_zero, time_unit, lang) -> None:
    ticks = _ticks(released)
    axes.set_ylim(0, 1.02)
    time_axis(axes, ticks, time_unit, lang)
    axes.tick_params(labelbottom=True)
    theme.percent_axis(axes.yaxis, lang)
    axes.set_ylabel(word(outcome, lang))
    axes.set_xlabel(f"{word(time_unit, lang)} {word(time_zero, lang)}")


def _write_table(below: Axes, released: Released, strata, time_unit: str, lang: str) -> None:
    ticks = _ticks(released)
    frame = released.frame
    if len(strata) > 1:
        rows = [
            (word(stratum, lang), _at_risk(released, frame[frame["stratum"] == stratum], ticks))
            for stratum in strata
        ]
    else:
        rows = [
            (word("n_at_risk", lang), _at_risk(released, frame, ticks)),
            (word("n_censored", lang), _so_far(frame, "n_censored", ticks)),
            (word("n_events", lang), _so_far(frame, "n_events", ticks)),
        ]
    _write_rows(below, ticks, rows, time_unit, lang)


def _write_rows(below: Axes, ticks, rows, time_unit: str, lang: str) -> None:
    """Write one row of numbers a label, each number under its tick."""
    below.set_ylim(-len(rows) + 0.3, 1.4)
    below.text(
        0,
        0.9,
        word("numbers_followed", lang),
        fontsize=7.5,
        weight="bold",
        va="center",
        ha="left",
        transform=below.get_yaxis_transform(),
    )
    for place, (label, numbers) in enumerate(rows):
        below.text(
            -0.055,
            -place,
            label,
            ha="right",
            va="center",
            fontsize=7.5,
            transform=below.get_yaxis_transform(),
        )
        for tick, count in zip(ticks, numbers, strict=True):
            text = _NOT_SHOWN if pd.isna(count) else number(count, 0, lang)
            below.text(tick / DAYS[time_unit], -place, text, ha="center", va="center", fontsize=7.5)


def time_axis(axes: Axes, ticks: list[int], time_unit: str, lang: str) -> None:
    """Put the ticks a curve was released with on the axis, which ends at the last of them."""
    axes.set_xlim(left=0)
    if not ticks:
        return
    axes.set_xlim(0, 1.01 * max(ticks) / DAYS[time_unit])
    axes.set_xticks([tick / DAYS[time_unit] for tick in ticks])
    axes.set_xticklabels([number(tick / DAYS[time_unit], 0, lang) for tick in ticks])


def _ticks(released: Released) -> list[int]:
    return sorted(math.ceil(tick) for tick in released.settings.get("ticks_days", ()))


def _at_risk(released: Released, rows: pd.DataFrame, ticks: list[int]) -> list[int | None]:
    """Return who is at risk on each tick: the start of the step after the day before it.

    With delayed entry the first step does not begin at time zero.
    """
    starts = dict(zip([0, *(rows["time_days"] + 1)], [*rows["n_at_risk"], None], strict=True))
    if released.settings.get("delayed_entry"):
        del starts[0]
    return [starts.get(tick) for tick in ticks]


def _so_far(rows: pd.DataFrame, column: str, ticks: list[int]) -> list[int | None]:
    """Return how many have left by each tick; unknown where no step ends the day before it."""
    sums = rows[column].cumsum().where(rows[column].notna(), None)
    by_day = dict(zip([0, *(rows["time_days"] + 1)], [0, *sums], strict=True))
    return [by_day.get(tick) for tick in ticks]
