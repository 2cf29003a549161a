"""Run charts of one indicator: a small panel for the nation and each trust."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from msanalysis.core import Released
from msanalysis.figures import theme
from msanalysis.figures.indicators import of_indicator
from msanalysis.figures.picture import Picture, picture
from msanalysis.labels import word

COLUMNS = 4


def plot_run_charts(
    charts: Released, rules: Released, *, definitions: Sequence[Mapping[str, Any]], lang: list[str]
) -> dict[str, Picture]:
    """Draw the run charts of each indicator as a picture `run_charts_<id>`."""
    return {
        f"run_charts_{id}": plot_run_chart(
            of_indicator(charts, id), of_indicator(rules, id), indicator=id, lang=lang
        )
        for id in (each["id"] for each in definitions)
    }


@picture
def plot_run_chart(charts: Released, rules: Released, *, lang: str, indicator: str) -> Figure:
    """Draw the share of each quarter and the median; a trust with a signal of `rules` is marked.

    Quarters that are hidden have no point. Panels share their axes.
    """
    rows = charts.frame[charts.frame["indicator"] == indicator]
    units = list(rows["unit"].unique())
    n_rows = max(1, -(-len(units) // COLUMNS))
    figure = theme.new_figure(0.9 + 1.05 * n_rows)
    if rows["share"].isna().all():
        theme.say_nothing_to_draw(figure.subplots(), charts, lang)
        theme.sign(figure, charts, lang)
        return figure
    panels = figure.subplots(n_rows, COLUMNS, sharex=True, sharey=True, squeeze=False).ravel()
    known = rules.frame[rules.frame["indicator"] == indicator].set_index("unit")["signal"]
    for axes, unit in zip(panels, units, strict=False):
        _draw(axes, rows[rows["unit"] == unit], shifted=known.get(unit) == "shift")
        axes.set_title(word(unit, lang), loc="left", fontsize=7.5)
    for axes in panels[len(units) :]:
        axes.set_axis_off()
    quarters = list(rows["period"].unique())
    firsts = [place for place, quarter in enumerate(quarters) if quarter.endswith("Q1")]
    panels[0].set_xticks(firsts, [quarters[place][:4] for place in firsts])
    panels[0].set_ylim(bottom=0)
    theme.percent_axis(panels[0].yaxis, lang)
    figure.supylabel(word(indicator, lang), fontsize=8)
    theme.sign(figure, charts, lang)
    return figure


def _draw(axes: Axes, rows: pd.DataFrame, *, shifted: bool) -> None:
    colour = theme.VERMILION if shifted else theme.BLUE
    axes.plot(range(len(rows)), rows["share"].astype(float), "D-" if shifted else "o-",
              color=colour, markersize=2.4, linewidth=0.8)  # fmt: skip
    median = rows["median"].astype(float).iloc[0]
    axes.axhline(median, color=theme.BLACK, linewidth=0.8, linestyle="--")
    axes.tick_params(labelsize=6.5)
