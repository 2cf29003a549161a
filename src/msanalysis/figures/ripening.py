"""How indicators ripen: the share as it was known week by week."""

from textwrap import fill

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from msanalysis.core import Released
from msanalysis.figures import theme
from msanalysis.figures.picture import picture
from msanalysis.labels import word

COLUMNS = 4
_WRAP = 24
UPDATES = {"june": 19.3, "december": 50.0}
"""Update -> weeks from the end of the year to the day its extract is taken."""


@picture
def plot_ripening(now: Released, before: Released, *, lang: str, year: int) -> Figure:
    """Draw each indicator as known week by week after the year's end, and the year before.

    Vertical lines mark the weeks from which the June and December updates are made.
    """
    indicators = list(before.frame["indicator"].unique())
    n_rows = max(1, -(-len(indicators) // COLUMNS))
    figure = theme.new_figure(1.1 + 1.75 * n_rows)
    if before.frame["share"].isna().all():
        theme.say_nothing_to_draw(figure.subplots(), before, lang)
        theme.sign(figure, before, lang)
        return figure
    panels = figure.subplots(n_rows, COLUMNS, sharex=True, sharey=True, squeeze=False).ravel()
    for axes, indicator in zip(panels, indicators, strict=False):
        _draw(axes, before, indicator, str(year - 1), "--", theme.GREY)
        _draw(axes, now, indicator, str(year), "-", theme.BLUE)
        _mark(axes, lang)
        axes.set_title(fill(word(indicator, lang), _WRAP), loc="left", fontsize=7)
    for axes in panels[len(indicators) :]:
        axes.set_axis_off()
    panels[0].set_ylim(0, 1.12)
    theme.percent_axis(panels[0].yaxis, lang)
    panels[0].legend(fontsize=7, loc="lower right")
    for axes in panels[-COLUMNS:]:
        axes.set_xlabel(fill(word("weeks_since_year_end", lang), _WRAP), fontsize=7)
    theme.sign(figure, before, lang)
    return figure


def _draw(
    axes: Axes, released: Released, indicator: str, year: str, line: str, colour: str
) -> None:
    rows = released.frame[released.frame["indicator"] == indicator]
    axes.plot(rows["weeks"].astype(float), rows["share"].astype(float), line, color=colour,
              linewidth=1.5, label=year)  # fmt: skip
    axes.tick_params(labelsize=6.5)


def _mark(axes: Axes, lang: str) -> None:
    for update, weeks in UPDATES.items():
        axes.axvline(weeks, color="#999999", linewidth=0.7, linestyle=":")
        axes.text(weeks, 1.08, word(f"{update}_short", lang), ha="center", va="center", fontsize=6,
                  color="#444444", backgroundcolor="white")  # fmt: skip
