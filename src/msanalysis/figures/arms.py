"""Probabilities of two arms at fixed times, each with its interval."""

from matplotlib.figure import Figure

from msanalysis.core import Released
from msanalysis.figures import theme
from msanalysis.figures.picture import picture
from msanalysis.labels import number, word
from msanalysis.units import DAYS

_APART = 0.16
_MARKS = ("o", "s")


@picture
def plot_arms(*released: Released, lang: str, names: list[str], time_zero: str) -> Figure:
    """Draw a panel for each outcome in `names`: both arms at the released times, with intervals.

    Reads the tables of `estimate_weighted_incidence`. A hidden estimate has no mark.
    """
    figure = theme.new_figure(3.3)
    panels = figure.subplots(1, len(released), squeeze=False)[0]
    for axes, each, name in zip(panels, released, names, strict=True):
        if each.frame.empty:
            theme.say_nothing_to_draw(axes, each, lang)
        else:
            _draw_panel(axes, each, lang)
            theme.percent_axis(axes.yaxis, lang)
            axes.set_ylim(bottom=0)
        axes.set_title(word(name, lang), loc="left", fontsize=8)
    middle = panels[(len(panels) - 1) // 2]
    middle.set_xlabel(f"{word('months', lang)} {word(time_zero, lang)}")
    panels[0].set_ylabel(word("cumulative_incidence", lang))
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    theme.sign(figure, released[0], lang)
    return figure


def _draw_panel(axes, released: Released, lang: str) -> None:
    rows = released.frame[released.frame["stratum"] != "difference"]
    times = sorted(rows["time_days"].unique())
    for place, arm in enumerate(rows["stratum"].unique()):
        of_arm = rows[rows["stratum"] == arm]
        x = [times.index(time) + (2 * place - 1) * _APART for time in of_arm["time_days"]]
        estimate, lower, upper = (
            of_arm[column].astype(float) for column in ("estimate", "lower", "upper")
        )
        axes.errorbar(
            x, estimate, [estimate - lower, upper - estimate], fmt=_MARKS[place], markersize=5,
            color=theme.CYCLE[1 - place], label=word(arm, lang), elinewidth=1.2, capsize=3,
        )  # fmt: skip
        for at, hidden in zip(x, estimate.isna(), strict=True):
            if hidden:
                axes.text(
                    at, 0, f" {word('hidden_mark', lang)}", rotation=90, va="bottom", ha="center",
                    fontsize=7,
                )  # fmt: skip
    labels = [number(round(time / DAYS["months"]), 0, lang) for time in times]
    axes.set_xticks(range(len(times)), labels)
    axes.set_xlim(-0.5, len(times) - 0.5)
