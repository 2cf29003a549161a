"""Age at onset by year of onset, above how many of each year can be in the registry by now."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from msanalysis.core import ALL, Released
from msanalysis.figures import theme
from msanalysis.figures.picture import picture
from msanalysis.figures.years import ON_WHITE, draw_means, label_years, mark_revisions
from msanalysis.labels import number, word


@picture
def plot_onset_years(
    means: Released, diagnosed: Released, *trends: Released, lang: str, marks: list[int]
) -> Figure:
    """Draw mean age at onset by year of onset with its trends, and the share diagnosed by now.

    Years of which fewer than nine in ten are diagnosed are shaded: later diagnoses will change
    their means. `marks` are the years in which the diagnostic criteria were revised.
    """
    rows = means.frame[means.frame["stratum"] != ALL]
    figure = theme.new_figure(5.4)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1.3])
    if rows.empty or diagnosed.frame.empty:
        theme.say_nothing_to_draw(above, means, lang)
        below.set_axis_off()
        theme.sign(figure, means, lang)
        return figure
    _shade_incomplete([above, below], diagnosed.frame, lang)
    draw_means(above, rows, trends, lang)
    mark_revisions(above, marks, lang)
    above.set_ylabel(word("onset_age_mean", lang))
    above.legend(loc="lower right", fontsize=7.5, ncols=2, **ON_WHITE)
    _draw_share(below, diagnosed.frame, lang)
    label_years(above, "onset_year", lang)
    above.set_xlabel("")
    label_years(below, "onset_year", lang)
    theme.percent_axis(below.yaxis, lang)
    theme.sign(figure, means, lang)
    return figure


_COMPLETE = 0.9


def _shade_incomplete(panels: list[Axes], shares: pd.DataFrame, lang: str) -> None:
    incomplete = shares.loc[shares["diagnosed_share"] < _COMPLETE, "year"].astype(int)
    if incomplete.empty:
        return
    limit = number(100 * _COMPLETE, 0, lang)
    for axes in panels:
        axes.axvspan(
            incomplete.min() - 0.5, incomplete.max() + 0.5, color="#EEEEEE", linewidth=0, zorder=0,
            label=word(f"incomplete_years {limit}", lang),
        )  # fmt: skip


def _draw_share(axes: Axes, shares: pd.DataFrame, lang: str) -> None:
    axes.plot(
        shares["year"].astype(int), shares["diagnosed_share"].astype(float), "o-",
        color=theme.BLACK, markersize=3, linewidth=1,
    )  # fmt: skip
    axes.set_ylim(0, 1.05)
    axes.set_ylabel(word("diagnosed_share", lang))
