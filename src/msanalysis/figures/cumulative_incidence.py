"""Cumulative incidence of competing events, one line an event."""

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from msanalysis.core import Released
from msanalysis.figures import theme
from msanalysis.figures.picture import picture
from msanalysis.figures.survival import DAYS, time_axis
from msanalysis.labels import word


@picture
def plot_cumulative_incidence(
    released: Released, *, lang: str, time_zero: str, time_unit: str = "years"
) -> Figure:
    """Draw the released cumulative incidence of each cause with its interval."""
    figure = theme.new_figure(3.6)
    axes = figure.subplots()
    if released.frame.empty:
        theme.say_nothing_to_draw(axes, released, lang)
        theme.sign(figure, released, lang)
        return figure
    curves = _from_zero(released.frame, time_unit)
    causes = list(curves["cause"].unique())
    sns.lineplot(
        curves, x="time", y="estimate", hue="cause", palette=theme.COLOURS, ax=axes,
        drawstyle="steps-post", estimator=None, errorbar=None, legend=False, linewidth=1.6,
    )  # fmt: skip
    for line, cause in zip(axes.get_lines(), causes, strict=True):
        line.set(linestyle=theme.STYLES[cause], label=word(cause, lang))
        rows = curves[curves["cause"] == cause]
        axes.fill_between(
            rows["time"], rows["lower"], rows["upper"], step="post",
            color=theme.COLOURS[cause], alpha=0.18, linewidth=0,
        )  # fmt: skip
    _label_axes(axes, released, time_zero, time_unit, lang)
    theme.sign(figure, released, lang)
    return figure


def _from_zero(frame: pd.DataFrame, time_unit: str) -> pd.DataFrame:
    causes = frame[["cause"]].drop_duplicates()
    zero = causes.assign(time_days=0, estimate=0.0, lower=0.0, upper=0.0)
    columns = [*zero.columns]
    curves = pd.concat([zero, frame[columns]], ignore_index=True)
    numeric = curves.drop(columns="cause").astype(float)
    return numeric.assign(cause=curves["cause"], time=numeric["time_days"] / DAYS[time_unit])


def _label_axes(axes, released: Released, time_zero: str, time_unit: str, lang: str) -> None:
    ticks = sorted(released.settings.get("ticks_days", ()))
    time_axis(axes, ticks, time_unit, lang)
    axes.set_ylim(bottom=0)
    theme.percent_axis(axes.yaxis, lang)
    axes.set_ylabel(word("cumulative_incidence", lang))
    axes.set_xlabel(f"{word(time_unit, lang)} {word(time_zero, lang)}")
    axes.legend(loc="upper left")
