"""Rates over calendar time around a change: what was seen, what is fitted, what was expected."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from msanalysis.core import ALL, Released
from msanalysis.figures import theme
from msanalysis.figures.picture import picture
from msanalysis.labels import number, word

_MARGIN = 1.12


@picture
def plot_interrupted_series(released: Released, *, lang: str, measured: str) -> Figure:
    """Draw each series in a panel: rates by period, the fitted line, the line without the change.

    The window of the change is shaded; a period that was left out of the fit has a hollow point,
    a hidden one says so; a series of which nothing is shown has no panel. `measured` is the word
    of the axis. Below stands how many events the points of each series are of.
    """
    rows = released.frame[released.frame["period"] != ALL]
    shown = rows[["rate_per_100py", "fitted_per_100py"]].notna().any(axis=1)
    strata = list(rows["stratum"][shown].unique())
    figure = theme.new_figure(1.2 + 2.0 * max(1, len(strata)))
    panels = figure.subplots(max(1, len(strata)), 1, sharex=True, squeeze=False)[:, 0]
    if not strata:
        theme.say_nothing_to_draw(panels[0], released, lang)
    for axes, stratum in zip(panels, strata, strict=False):
        _draw_series(axes, rows[rows["stratum"] == stratum], released, lang)
        axes.set_title(word(stratum, lang), loc="left")
        axes.set_ylabel(word(measured, lang))
    if strata:
        _label_years(panels[-1], rows, released, lang)
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    theme.sign(figure, released, lang, note=_note(rows[rows["stratum"].isin(strata)], lang))
    return figure


def _note(rows: pd.DataFrame, lang: str) -> str:
    """Return the events shown of each series, and what it means that a period is hidden."""
    events = rows["n_events"].groupby(rows["stratum"], sort=False).sum()
    said = (f"{word(name, lang)} n = {number(n, 0, lang)}" for name, n in events.items())
    lines = [f"{word('events_shown', lang)}: {', '.join(said)}"] if len(events) else []
    lines += [word("hidden_explained", lang)] if rows["n_events"].isna().any() else []
    return "\n".join(lines)


def _draw_series(axes: Axes, rows: pd.DataFrame, released: Released, lang: str) -> None:
    middle = _year(rows["period"]) + released.settings["period_months"] / 24
    for column, style, colour, key in (
        ("fitted_per_100py", "-", theme.BLUE, "fitted"),
        ("counterfactual_per_100py", "--", theme.VERMILION, "counterfactual"),
    ):
        axes.plot(middle, rows[column].astype(float), style, color=colour, label=word(key, lang))
    observed = rows["rate_per_100py"].astype(float)
    left_out = rows["segment"] == "left_out"
    for chosen, inside, key in (
        (~left_out, theme.BLACK, "observed"),
        (left_out, "white", "left_out_of_fit"),
    ):
        if chosen.any():
            axes.plot(
                middle[chosen], observed[chosen], "o", color=theme.BLACK, markerfacecolor=inside,
                markersize=3.5, clip_on=False, label=word(key, lang),
            )  # fmt: skip
    for place in middle[rows["n_events"].isna()]:
        axes.text(place, 0, f" {word('hidden_mark', lang)}", rotation=90, va="bottom", ha="center",
                  fontsize=7)  # fmt: skip
    opens, closes = (pd.Timestamp(released.settings[name]) for name in ("change_from", "change_to"))
    axes.axvspan(
        _as_year(opens), _as_year(closes), color="#BBBBBB", alpha=0.45, linewidth=0,
        label=word("window", lang),
    )  # fmt: skip
    drawn = rows[["rate_per_100py", "fitted_per_100py"]].astype(float)
    axes.set_ylim(0, _MARGIN * drawn.max(axis=None) or 1)


def _year(periods: pd.Series) -> pd.Series:
    first = pd.to_datetime(periods.str.rpartition(" ")[2], format="%Y-%m")
    return first.dt.year + (first.dt.month - 1) / 12


def _as_year(day: pd.Timestamp) -> float:
    return day.year + (day.dayofyear - 1) / 365.25


def _label_years(axes: Axes, rows: pd.DataFrame, released: Released, lang: str) -> None:
    first = _year(rows["period"])
    last = int(first.max()) + 1
    axes.set_xlim(first.min() - 0.1, first.max() + released.settings["period_months"] / 12 + 0.1)
    axes.set_xticks(range(int(first.min()), last + 1))
    axes.set_xticklabels([str(year) for year in range(int(first.min()), last + 1)])
    axes.set_xlabel(word("calendar_year", lang))
