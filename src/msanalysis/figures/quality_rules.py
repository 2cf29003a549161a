"""Rules of plausibility and consistency: how many break each, of how many."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from msanalysis.core import Released
from msanalysis.figures import theme
from msanalysis.figures.completeness import HATCHED
from msanalysis.figures.picture import picture
from msanalysis.labels import number, word

COLOURS = {"error": theme.VERMILION, "warning": theme.ORANGE, "information": theme.SKY}
_SHARES_SHOWN = (0.001, 0.01, 0.1, 1.0)
_SMALLEST = 0.0002
"""Where the axis, which is logarithmic, begins."""
_SMALL = 7


@picture
def plot_quality_rules(rules: Released, *, lang: str) -> Figure:
    """Draw the share that breaks each rule, by category; at the right how many of how many.

    The axis is logarithmic, so that one in a thousand is seen beside one in two. A rule without a
    bar is broken by nobody, or by so few that their number is hidden. Hatched are rules that do
    not apply, with the reason.
    """
    rows = rules.frame.sort_values("category", kind="stable").reset_index(drop=True)
    categories = list(dict.fromkeys(rows["category"]))
    heights = rows.index + rows["category"].map(categories.index) * 0.9
    figure = theme.new_figure(1.1 + 0.185 * (len(rows) + 0.9 * len(categories)))
    axes = figure.subplots()
    for place, row in zip(heights, rows.itertuples(), strict=True):
        _draw_rule(axes, place, row, lang)
    for category in categories:
        first = heights[rows["category"] == category].min()
        axes.text(_SMALLEST, first - 0.95, word(category, lang), fontsize=_SMALL, weight="bold",
                  va="center")  # fmt: skip
    axes.set_yticks(heights, [word(name, lang) for name in rows["rule"]], fontsize=_SMALL)
    axes.set_ylim(heights.max() + 0.7, -1.6)
    _finish(axes, lang)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper left", ncols=4,
                  fontsize=_SMALL)  # fmt: skip
    theme.sign(figure, rules, lang)
    return figure


def _draw_rule(axes: Axes, place: float, row, lang: str) -> None:
    if row.applies != "applies":
        axes.barh(place, 1 - _SMALLEST, left=_SMALLEST, height=0.72, **HATCHED)
    elif pd.notna(row.share) and row.share > 0:
        axes.barh(place, row.share - _SMALLEST, left=_SMALLEST, height=0.72,
                  color=COLOURS[row.severity])  # fmt: skip
    axes.text(1.012, place, _said(row, lang), va="center", fontsize=_SMALL,
              transform=axes.get_yaxis_transform())  # fmt: skip


def _said(row, lang: str) -> str:
    if row.applies != "applies":
        return word(row.applies, lang)
    shown = (
        word("hidden_mark", lang) if pd.isna(n) else number(int(n), 0, lang)
        for n in (row.n, row.denominator)
    )
    return f" {word('of', lang)} ".join(shown)


def _finish(axes: Axes, lang: str) -> None:
    axes.set_xscale("log")
    axes.set_xlim(_SMALLEST, 1.0)
    axes.set_xticks(_SHARES_SHOWN, [_percent(share, lang) for share in _SHARES_SHOWN])
    axes.minorticks_off()
    axes.tick_params(labelsize=_SMALL)
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x")
    axes.set_xlabel(word("share_breaking_rule", lang), fontsize=_SMALL)
    for severity, colour in COLOURS.items():
        axes.barh(-9, 0, color=colour, label=word(severity, lang))
    axes.barh(-9, 0, label=word("does_not_apply", lang), **HATCHED)


def _percent(share: float, lang: str) -> str:
    return f"{number(100 * share, 1 if share < 0.01 else 0, lang)}\u00a0%"
