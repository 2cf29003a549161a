"""Agreement of registered values with the patient record, and of raters with each other."""

from dataclasses import replace

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from msanalysis.core import Released
from msanalysis.figures import theme
from msanalysis.figures.picture import picture
from msanalysis.labels import DASH, number, word

_MARKS = {
    "value_known": {"color": theme.BLUE, "marker": "o", "markersize": 5},
    "all_compared": {"color": theme.VERMILION, "marker": "D", "markersize": 4.5,
                     "markerfacecolor": "white"},
}  # fmt: skip
_MEASURES = {
    "fleiss_kappa": {"color": theme.BLUE, "marker": "o"},
    "light_kappa": {"color": theme.SKY, "marker": "v"},
    "weighted_kappa": {"color": theme.ORANGE, "marker": "^"},
    "icc_agreement": {"color": theme.VERMILION, "marker": "s"},
    "icc_consistency": {"color": theme.BLACK, "marker": "D", "markerfacecolor": "white"},
}


@picture
def plot_agreement(agreement: Released, *, lang: str) -> Figure:
    """Draw the share of each variable that agrees, with and without the missing, and its interval.

    The variable that agrees most, the missing counted, stands uppermost. At the right how many of
    how many agree, of those with a value.
    """
    rows = agreement.frame
    known = rows[rows["among"] == "value_known"].set_index("variable")
    order = rows[rows["among"] == "all_compared"].sort_values(
        ["share", "variable"], na_position="first", kind="stable"
    )["variable"]
    figure = theme.new_figure(1.3 + 0.3 * max(3, len(order)))
    axes = figure.subplots()
    if rows.empty or rows["share"].isna().all():
        theme.say_nothing_to_draw(axes, agreement, lang)
        return _signed(figure, agreement, lang)
    for among, mark in _MARKS.items():
        of = rows[rows["among"] == among].set_index("variable").loc[order]
        _draw(axes, of, "share", 0.13 if among == "value_known" else -0.13, word(among, lang), mark)
    for place, variable in enumerate(order):
        axes.text(1.012, place, _of_whole(known.loc[variable], lang), va="center", fontsize=7.5,
                  transform=axes.get_yaxis_transform())  # fmt: skip
    axes.set_yticks(range(len(order)), [word(name, lang) for name in order])
    axes.set_xlim(0, 1.01)
    theme.percent_axis(axes.xaxis, lang)
    axes.set_xlabel(word("agree_with_record", lang))
    _finish(axes, len(order))
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper left", ncols=2)
    return _signed(figure, agreement, lang)


@picture
def plot_reliability(reliability: Released, *, lang: str) -> Figure:
    """Draw the coefficients of agreement between raters, each variable with those that suit it.

    1 is full agreement, 0 what chance would give. At the right the cases and raters.
    """
    rows = reliability.frame
    best = rows.groupby("variable")["estimate"].max().astype(float)
    order = best.sort_values(na_position="first", kind="stable").index
    figure = theme.new_figure(1.4 + 0.36 * max(3, len(order)))
    axes = figure.subplots()
    if rows.empty or rows["estimate"].isna().all():
        theme.say_nothing_to_draw(axes, reliability, lang)
        return _signed(figure, reliability, lang)
    _draw_measures(axes, rows, list(order), lang)
    axes.set_yticks(range(len(order)), [word(name, lang) for name in order])
    low = float(rows[["estimate", "lower"]].astype(float).min(axis=None))
    axes.set_xlim(min(0.0, low) - 0.02, 1.01)
    axes.xaxis.set_major_formatter(lambda value, _: number(value, 1, lang))
    axes.set_xlabel(word("coefficient_of_raters", lang))
    _finish(axes, len(order))
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper left", ncols=3)
    return _signed(figure, reliability, lang)


def _draw_measures(axes: Axes, rows: pd.DataFrame, order: list[str], lang: str) -> None:
    """Draw the coefficients of each variable below each other, and say of how many ratings."""
    shifts = rows.groupby("variable").cumcount().set_axis(rows.index)
    heights = rows["variable"].map(order.index) + 0.16 - 0.3 * shifts
    for measure, mark in _MEASURES.items():
        of = rows["measure"] == measure
        if of.any():
            _draw_at(axes, rows[of].set_axis(heights[of]), "estimate", word(measure, lang), mark)
    of_variable = rows.drop_duplicates("variable")
    for row in of_variable.itertuples():
        axes.text(1.012, order.index(row.variable), f"{row.cases} \u00d7 {row.raters}",
                  va="center", fontsize=7.5, transform=axes.get_yaxis_transform())  # fmt: skip


def _draw(axes: Axes, rows: pd.DataFrame, value: str, shift: float, label: str, mark: dict) -> None:
    placed = rows.set_axis(pd.RangeIndex(len(rows)) + shift)
    _draw_at(axes, placed, value, label, mark)


def _draw_at(axes: Axes, placed: pd.DataFrame, value: str, label: str, mark: dict) -> None:
    """Draw the values with their limits at the heights of the index."""
    shown = placed[placed[value].notna()]
    values, lower, upper = (shown[name].astype(float) for name in (value, "lower", "upper"))
    axes.hlines(shown.index, lower, upper, color=mark["color"], linewidth=1.2)
    axes.plot(values, shown.index, linestyle="none", label=label, **mark)


def _of_whole(row: pd.Series, lang: str) -> str:
    if pd.isna(row["numerator"]) or pd.isna(row["denominator"]):
        return word("hidden_mark", lang)
    if not row["denominator"]:
        return DASH
    parts = (number(int(row[name]), 0, lang) for name in ("numerator", "denominator"))
    return f" {word('of', lang)} ".join(parts)


def _finish(axes: Axes, n_rows: int) -> None:
    axes.set_ylim(-0.6, n_rows - 0.4)
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x")


def _signed(figure: Figure, released: Released, lang: str) -> Figure:
    """Sign without n: rows are comparisons or ratings, of which each variable tells its own."""
    theme.sign(
        figure, released if released.frame.empty else replace(released, n_persons=None), lang
    )
    return figure
