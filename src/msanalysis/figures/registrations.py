"""Registration activity by quarter, beside what it takes to keep up."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from msanalysis.core import Released
from msanalysis.figures import theme
from msanalysis.figures.picture import picture
from msanalysis.labels import number, word

PANELS = {"n_included": "coverage_new", "n_updated": "coverage_total"}
"""Column -> the coverage whose expected persons of a year are to be reached in four quarters."""


@picture
def plot_registrations(registered: Released, coverage: Released, *, lang: str) -> Figure:
    """Draw who was included (A) and updated (B) in each quarter, a hidden quarter without a bar.

    The dotted line is a quarter of the persons expected in a year: the newly diagnosed, and all
    who live with the disease, each of whom should be seen once a year.
    """
    figure = theme.new_figure(4.6)
    if registered.frame.empty:
        theme.say_nothing_to_draw(figure.subplots(), registered, lang)
    else:
        panels = figure.subplots(2, sharex=True)
        for letter, axes, (column, needed) in zip("AB", panels, PANELS.items(), strict=True):
            _draw_bars(axes, registered.frame, column, lang)
            _draw_needed(axes, coverage.frame, needed, lang)
            axes.set_title(f"{letter}  {word(column, lang)}", loc="left", fontsize=8.5)
            axes.set_ylabel(word("persons_in_quarter", lang))
        quarters = list(registered.frame["period"])
        firsts = [place for place, name in enumerate(quarters) if name.endswith("Q1")]
        panels[1].set_xticks(firsts, [quarters[place][:4] for place in firsts])
        panels[1].set_xlabel(word("quarter_of_registration", lang))
    theme.sign(figure, registered, lang)
    return figure


def _draw_bars(axes: Axes, rows: pd.DataFrame, column: str, lang: str) -> None:
    n = rows[column].astype("Float64").astype(float)
    axes.bar(range(len(rows)), n.fillna(0), width=0.8, color=theme.BLUE)
    for place in (place for place, value in enumerate(n) if value != value):
        axes.text(place, 0, f" {word('hidden_mark', lang)}", rotation=90, ha="center",
                  va="bottom", fontsize=7)  # fmt: skip
    axes.yaxis.set_major_formatter(lambda value, _: number(value, 0, lang))
    axes.set_xlim(-0.8, len(rows) - 0.2)


def _draw_needed(axes: Axes, coverage: pd.DataFrame, needed: str, lang: str) -> None:
    of_nation = (coverage["indicator"] == needed) & (coverage["level"] == "nation")
    expected = coverage.loc[of_nation, "expected"].astype(float).dropna()
    for a_quarter in expected / 4:
        label = f"{word('needed_a_quarter', lang)}: {number(a_quarter, 0, lang)}"
        axes.axhline(a_quarter, color=theme.VERMILION, linestyle=":", linewidth=1.5, label=label)
        axes.set_ylim(top=max(axes.get_ylim()[1], 1.22 * a_quarter))
        axes.legend(loc="upper left" if needed == "coverage_total" else "upper right")
