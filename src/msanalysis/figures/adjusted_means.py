"""Adjusted means by hospital trust and year, a panel a score."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from msanalysis.core import ALL, Released
from msanalysis.figures import theme
from msanalysis.figures.boxes import HIGH_IS_BEST, title
from msanalysis.figures.picture import picture
from msanalysis.labels import number, word

_BEFORE = "#8F8F8F"


@picture
def plot_adjusted_means(means: Released, *, lang: str, scores: Sequence[str]) -> Figure:
    """Draw the adjusted mean of each trust with its interval, the best of the last year on top.

    Filled is the last year, open the year before; in parentheses stands n of the last year. The
    dashed line is the nation's mean in that year. A hidden trust keeps its place, last.
    """
    rows = means.frame[means.frame["score"].isin(scores)]
    n_trusts = rows.loc[rows["stratum"] != ALL, "stratum"].nunique()
    figure = theme.new_figure(1.4 + 0.25 * max(4, n_trusts))
    if rows.empty or rows["adjusted"].isna().all():
        theme.say_nothing_to_draw(figure.subplots(), means, lang)
    else:
        panels = figure.subplots(1, len(scores), squeeze=False)[0]
        for axes, score in zip(panels, scores, strict=True):
            _draw_panel(axes, rows[rows["score"] == score], score, lang)
        handles, words = panels[0].get_legend_handles_labels()
        figure.legend(handles, words, loc="outside upper center", ncols=len(words))
    theme.sign(figure, means, lang)
    return figure


def _draw_panel(axes: Axes, rows: pd.DataFrame, score: str, lang: str) -> None:
    years = sorted(rows["year"].unique())
    now = rows[rows["year"] == years[-1]].set_index("stratum")
    trusts = now.drop(index=ALL).sort_values(
        "adjusted", ascending=score in HIGH_IS_BEST, na_position="first", kind="stable"
    )
    order = list(trusts.index)
    for year in years[::-1]:
        of_year = rows[(rows["year"] == year) & rows["stratum"].isin(order)]
        _draw_year(axes, of_year, order, year, is_last=year == years[-1])
    nation = now.loc[ALL, "adjusted"]
    if pd.notna(nation):
        label = f"{word('whole_country', lang)}, {years[-1]}"
        axes.axvline(float(nation), color=theme.BLACK, linestyle="--", linewidth=1, zorder=0.9,
                     label=label)  # fmt: skip
    names = [f"{word(unit, lang)} ({_n(trusts.loc[unit, 'n'], lang)})" for unit in order]
    axes.set_yticks(range(len(order)), names, fontsize=7.5)
    axes.set_ylim(-0.7, len(order) - 0.3)
    axes.grid(visible=False, axis="y")
    axes.grid(axis="x")
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value, 0, lang)))
    axes.set_title(title(score, lang), loc="left", fontsize=8)


def _draw_year(
    axes: Axes, rows: pd.DataFrame, order: list[str], year: str, *, is_last: bool
) -> None:
    colour, height = (theme.BLUE, 0.14) if is_last else (_BEFORE, -0.18)
    shown = rows[rows["adjusted"].notna()]
    mean, lower, upper = shown[["adjusted", "lower", "upper"]].astype(float).to_numpy().T
    axes.errorbar(
        mean, shown["stratum"].map(order.index) + height, xerr=[mean - lower, upper - mean],
        color=colour, label=year, fmt="o" if is_last else "D", markersize=4 if is_last else 3.2,
        markerfacecolor=colour if is_last else "white", elinewidth=1.3 if is_last else 0.8,
    )  # fmt: skip


def _n(n: object, lang: str) -> str:
    return word("hidden_mark", lang) if pd.isna(n) else number(int(n), 0, lang)
