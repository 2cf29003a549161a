"""What the newly diagnosed have begun with, by hospital trust: each bar a whole."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from msanalysis.core import Released
from msanalysis.figures import theme
from msanalysis.figures.indicators import low_coverage, persons_of, unit_name
from msanalysis.figures.picture import picture
from msanalysis.labels import DASH, number, word

PARTS = {
    "began_high_efficacy": (theme.BLUE, ""),
    "began_other": (theme.ORANGE, ""),
    "not_begun": ("#F2F2F2", "//////"),
}
_ROOM_FOR_A_NUMBER = 0.06


@picture
def plot_first_treatments(
    populations: Released, coverage: Released, *, lang: str, indicator: str
) -> Figure:
    """Draw the shares that began a high-efficacy treatment, another, or none by the data cutoff.

    The numerator, what it leaves of the denominator, and what that leaves of the population of
    `indicator`. A bar of which something is hidden is left empty, and says so.
    """
    rows = populations.frame[populations.frame["indicator"] == indicator]
    rows = rows[rows["level"].isin(("nation", "trust"))].set_index("unit")
    figure = theme.new_figure(1.3 + 0.255 * max(4, len(rows)))
    axes = figure.subplots()
    if rows.empty or rows["n"].fillna(0).eq(0).all():
        theme.say_nothing_to_draw(axes, populations, lang)
    else:
        rows = rows.assign(**_parts(rows)).assign(place=_place).sort_values("place", kind="stable")
        for place, row in enumerate(rows.to_dict("records")):
            _draw_bar(axes, place, row, lang)
        _finish(axes, rows, low_coverage(coverage), lang)
    theme.sign(figure, populations, lang)
    return figure


def _parts(rows: pd.DataFrame) -> dict[str, pd.Series]:
    n, begun, high = (
        rows[name].astype("Float64").astype(float) for name in ("n", "denominator", "numerator")
    )
    n = n.where(n > 0)
    return dict(zip(PARTS, (high / n, (begun - high) / n, (n - begun) / n), strict=True))


def _place(rows: pd.DataFrame) -> pd.Series:
    """The nation last; before it the trusts by who has begun, those not shown first."""
    begun = rows["began_high_efficacy"].fillna(-1.0)
    return begun.where(rows["level"] == "trust", -2.0)


def _draw_bar(axes: Axes, place: int, row: dict, lang: str) -> None:
    if pd.isna(row["began_high_efficacy"]):
        text = DASH if pd.notna(row["n"]) and row["n"] == 0 else word("hidden_mark", lang)
        axes.text(0.01, place, text, va="center", fontsize=7.5)
        return
    left = 0.0
    for part, (colour, hatch) in PARTS.items():
        share = row[part]
        axes.barh(place, share, left=left, height=0.74, color=colour, hatch=hatch,
                  edgecolor="#9A9A9A" if hatch else "white", linewidth=0.5)  # fmt: skip
        if share >= _ROOM_FOR_A_NUMBER:
            box = {"facecolor": "#F2F2F2", "edgecolor": "none", "pad": 0.8} if hatch else None
            said = f"{number(100 * share, 0, lang)}\u00a0%"
            axes.text(left + share / 2, place, said, ha="center", va="center", fontsize=7,
                      color="black" if hatch else "white", bbox=box)  # fmt: skip
        left += share


def _finish(axes: Axes, rows: pd.DataFrame, low: dict[str, str], lang: str) -> None:
    names = [
        f"{unit_name(unit, lang)}{low.get(unit, '')} ({persons_of(n, lang)})"
        for unit, n in rows["n"].items()
    ]
    axes.set_yticks(range(len(names)), names, fontsize=7.5)
    axes.get_yticklabels()[0].set_fontweight("bold")
    axes.set_ylim(-0.6, len(names) - 0.4)
    for part, (colour, hatch) in PARTS.items():
        axes.barh(0, 0, color=colour, hatch=hatch, edgecolor="#9A9A9A" if hatch else "white",
                  label=word(part, lang))  # fmt: skip
    axes.legend(loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=3, handlelength=1.2,
                fontsize=7.5)  # fmt: skip
    axes.set_xlim(0, 1)
    axes.grid(visible=False)
    axes.tick_params(axis="y", length=0)
    theme.percent_axis(axes.xaxis, lang)
    axes.set_xlabel(word("coverage_stars_only", lang), fontsize=7.5, loc="left")
