"""The way from onset to treatment: what is recommended, and what it took in the year."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from msanalysis.core import ALL, Released
from msanalysis.figures import theme
from msanalysis.figures.picture import picture
from msanalysis.labels import number, word

MILESTONES = ("onset", "referral", "diagnosis", "treatment_start")


@picture
def plot_milestones(*times: Released, lang: str, limits_days: list[int | None]) -> Figure:
    """Draw onset, referral, diagnosis and treatment in a line that is not to scale.

    Between each two stand the recommended limit, where there is one, and the median of the times
    with the middle half of the persons; `times` holds the days in this order.
    """
    figure = theme.new_figure(2.6)
    axes = figure.subplots()
    axes.annotate("", (3.55, 0), (-0.3, 0), arrowprops={"arrowstyle": "-|>", "color": "#666666"})
    for place, name in enumerate(MILESTONES):
        axes.plot(place, 0, "o", markersize=13, color=theme.CYCLE[0], zorder=3)
        axes.text(place, 0.3, word(name, lang), ha="center", va="bottom", fontsize=9,
                  weight="bold")  # fmt: skip
    for place, (released, limit_days) in enumerate(zip(times, limits_days, strict=True)):
        _say_limit(axes, place + 0.5, limit_days, lang)
        _say_median(axes, place + 0.5, released, lang)
    axes.set_xlim(-0.5, 3.6)
    axes.set_ylim(-1.15, 0.8)
    theme.draw_no_axis(axes)
    theme.sign(figure, times[-1], lang)
    return figure


def _say_limit(axes: Axes, place: float, limit_days: int | None, lang: str) -> None:
    if limit_days is not None:
        text = word(f"at_most_days {limit_days}", lang)
        axes.text(place, 0.08, text, ha="center", va="bottom", fontsize=8, color=theme.VERMILION,
                  weight="bold")  # fmt: skip


def _say_median(axes: Axes, place: float, released: Released, lang: str) -> None:
    rows = released.frame[released.frame["stratum"] == ALL]
    if rows.empty or pd.isna(rows["median"].item()):
        said = word("hidden_number" if len(rows) else "not_available", lang)
    else:
        low, middle, high = (
            number(float(rows[name].item()), 0, lang) for name in ("p25", "median", "p75")
        )
        n = number(int(rows["n"].item()), 0, lang)
        said = (
            f"{word('median', lang)} {word(f'n_days {middle}', lang)}\n"
            f"{word('half_between', lang)} {low}–{high}\nn = {n}"
        )
    axes.text(place, -0.25, said, ha="center", va="top", fontsize=8, linespacing=1.35)
