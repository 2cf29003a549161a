"""Funnel plots: trusts by size and share, between limits around the nation."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from msanalysis.core import Released
from msanalysis.figures import theme
from msanalysis.figures.picture import picture
from msanalysis.intervals import funnel_limits
from msanalysis.labels import number, word

LEVELS = {0.95: "--", 0.998: "-"}
OUTSIDE = ("outside_95", "outside_998")
COLUMNS = 2
_ROOM = 0.018
"""Width of a letter, as a part of the panel's."""


@picture
def plot_funnel(funnel: Released, *, lang: str) -> Figure:
    """Draw a funnel for each indicator; trusts outside the limits are named.

    Hidden trusts have no point. The limits are those of the released share and dispersion; where
    the nation is hidden there are none.
    """
    shown = funnel.frame[(funnel.frame["level"] == "trust") & funnel.frame["share"].notna()]
    indicators = list(shown["indicator"].unique())
    n_rows = max(1, -(-len(indicators) // COLUMNS))
    figure = theme.new_figure(0.6 + 2.15 * n_rows)
    if not indicators:
        theme.say_nothing_to_draw(figure.subplots(), funnel, lang)
        theme.sign(figure, funnel, lang)
        return figure
    panels = figure.subplots(n_rows, COLUMNS, squeeze=False).ravel()
    for axes, indicator in zip(panels, indicators, strict=False):
        _draw(axes, shown[shown["indicator"] == indicator], lang)
        axes.set_title(word(indicator, lang), loc="left", fontsize=8)
    for axes in panels[len(indicators) :]:
        axes.set_axis_off()
    if panels[0].get_legend_handles_labels()[0]:
        panels[0].legend(fontsize=7, loc="lower right", handlelength=1.8)
    theme.sign(figure, funnel, lang)
    return figure


def _draw(axes: Axes, trusts: pd.DataFrame, lang: str) -> None:
    n, share = trusts["denominator"].astype(float), trusts["share"].astype(float)
    if trusts["nation_share"].notna().all():
        _draw_limits(axes, trusts.iloc[0], n, lang)
    outside = trusts["position"].isin(OUTSIDE)
    axes.plot(n[~outside], share[~outside], "o", color=theme.BLUE, markersize=3.5)
    axes.plot(n[outside], share[outside], "D", color=theme.VERMILION, markersize=4.5)
    axes.set_xlim(0, 1.15 * n.max())
    _name_outside(axes, trusts[outside], lang)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value, 0, lang)))
    axes.set_ylim(0, 1.06)
    theme.percent_axis(axes.yaxis, lang)
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.tick_params(labelsize=7)
    axes.set_xlabel(word("persons", lang), fontsize=7)


def _draw_limits(axes: Axes, nation: pd.Series, n: pd.Series, lang: str) -> None:
    target, dispersion = float(nation["nation_share"]), max(float(nation["dispersion"]), 1.0)
    size = np.geomspace(max(n.min() / 1.3, 1), 1.12 * n.max(), 200)
    for level, line in LEVELS.items():
        limits = funnel_limits(target, size, dispersion, level)
        label = f"{number(100 * level, 1 if level > 0.99 else 0, lang)} %"
        for limit in limits:
            axes.plot(size, limit, line, color="#777777", linewidth=0.9, label=label)
            label = None
    axes.axhline(target, color=theme.BLACK, linewidth=0.9)


def _name_outside(axes: Axes, trusts: pd.DataFrame, lang: str) -> None:
    """Name the trusts, every other to the left of its point where the name has room there."""
    for place, row in enumerate(trusts.sort_values("denominator").itertuples()):
        name, part = word(row.unit, lang), row.denominator / axes.get_xlim()[1]
        left = part > _ROOM * (len(name) + 2) and (place % 2 == 0 or part > 0.75)
        axes.annotate(name, (row.denominator, float(row.share)), xytext=(-5 if left else 5, 0),
                      textcoords="offset points", va="center", ha="right" if left else "left",
                      fontsize=6.5)  # fmt: skip
