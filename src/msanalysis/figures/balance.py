"""How alike two arms are, before and after weighting: one row a term, two marks (a Love plot)."""

import pandas as pd
from matplotlib.figure import Figure

from msanalysis.core import ALL, Released
from msanalysis.figures import theme
from msanalysis.figures.picture import picture
from msanalysis.labels import number, word

SMALL = 0.1


@picture
def plot_balance(released: Released, *, lang: str) -> Figure:
    """Draw the standardised differences of `estimate_balance`; within the band they are small.

    A hidden term keeps its row, without marks.
    """
    rows = _drawn(released).iloc[::-1]
    figure = theme.new_figure(1.5 + 0.22 * max(2, len(rows)))
    axes = figure.subplots()
    if rows.empty:
        theme.say_nothing_to_draw(axes, released, lang)
        theme.sign(figure, released, lang)
        return figure
    axes.axvspan(-SMALL, SMALL, color="#DDDDDD", linewidth=0)
    axes.axvline(0, color=theme.GREY, linewidth=0.8)
    for column, mark, colour, filled in (
        ("difference_before", "o", theme.VERMILION, "none"),
        ("difference_after", "D", theme.BLUE, theme.BLUE),
    ):
        axes.plot(
            rows[column].astype(float), range(len(rows)), mark, color=colour,
            markerfacecolor=filled, markersize=5, label=word(column, lang),
        )  # fmt: skip
    axes.set_yticks(range(len(rows)), _said(rows, lang))
    axes.grid(axis="x")
    axes.xaxis.set_major_formatter(lambda value, _: number(value, 1, lang))
    axes.set_xlabel(word("standardised_difference", lang))
    figure.legend(loc="outside upper center", ncols=2)
    theme.sign(figure, released, lang)
    return figure


def _drawn(released: Released) -> pd.DataFrame:
    """Return the rows that have a difference, or would have one were it not hidden."""
    shown = released.frame["difference_before"].notna() | released.hidden["difference_before"]
    return released.frame[shown & ~_everyone_of_levels(released.frame)]


def _everyone_of_levels(frame: pd.DataFrame) -> pd.Series:
    has_levels = frame.groupby("term")["level"].transform("size") > 1
    return has_levels & (frame["level"] == ALL)


def _said(rows: pd.DataFrame, lang: str) -> list[str]:
    return [
        word(term, lang) if level == ALL else f"{word(term, lang)}: {word(level, lang).lower()}"
        for term, level in zip(rows["term"], rows["level"], strict=True)
    ]
