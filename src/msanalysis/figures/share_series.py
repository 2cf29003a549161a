"""One share by quarter, a line for each of several released tables, with intervals."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MultipleLocator

from msanalysis.core import Released
from msanalysis.figures import theme
from msanalysis.figures.picture import picture
from msanalysis.labels import word

_MARKS = ("o", "s", "^", "D")
_APART_YEARS = 0.04
"""Points of the same quarter stand beside each other."""


@picture
def plot_share_series(
    *released: Released, lang: str, names: list[str], level: str, measured: str
) -> Figure:
    """Draw the share of `level` by quarter, each table by its name in `names`.

    The strata of the tables are quarters (`quarter 2024-01`). A hidden quarter has no point.
    """
    figure = theme.new_figure(3.4)
    axes = figure.subplots()
    drawn = [each for each in zip(names, released, strict=True) if len(each[1].frame)]
    if not drawn:
        theme.say_nothing_to_draw(axes, released[0], lang)
    for place, (name, each) in enumerate(drawn):
        _draw_quarters(axes, each, name, level, place, lang)
    if drawn:
        theme.percent_axis(axes.yaxis, lang)
        axes.set_ylim(bottom=0)
        axes.xaxis.set_major_locator(MultipleLocator(1))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda year, _: f"{year:.0f}"))
        axes.set_ylabel(word(measured, lang))
        axes.set_xlabel(word("calendar_year", lang))
        axes.legend(loc="upper left")
    theme.sign(figure, drawn[0][1] if drawn else released[0], lang)
    return figure


def _draw_quarters(axes, released: Released, name: str, level: str, place: int, lang: str) -> None:
    rows = released.frame[released.frame["level"] == level]
    first = pd.to_datetime(rows["stratum"].str.removeprefix("quarter "), format="%Y-%m")
    x = first.dt.year + (first.dt.month - 1) / 12 + 1 / 8 + place * _APART_YEARS
    share, lower, upper = (rows[column].astype(float) for column in ("share", "lower", "upper"))
    axes.errorbar(
        x, share, [share - lower, upper - share], color=theme.CYCLE[place], elinewidth=0.8,
        marker=_MARKS[place], markersize=4, linestyle=theme.DASHES[place], label=word(name, lang),
    )  # fmt: skip
