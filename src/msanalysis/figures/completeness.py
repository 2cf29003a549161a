"""Completeness of each variable, by hospital trust or by year, as a matrix."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from msanalysis.core import Released
from msanalysis.figures import theme
from msanalysis.figures.picture import picture
from msanalysis.labels import word

Definition = Mapping[str, Any]
SHADES = LinearSegmentedColormap.from_list("completeness", ["#08306B", "#4A90C2", "#EAF3FA"])
"""From nothing to everything, each lighter than what is less, so that a grey print tells it."""
HATCHED = {"facecolor": "white", "edgecolor": "#9A9A9A", "hatch": "//////", "linewidth": 0.0}
HIDDEN = {"facecolor": "white", "edgecolor": "#9A9A9A", "linewidth": 0.5}
_DARK = 0.62
"""Shares below it take white numbers."""


@picture
def plot_completeness(
    completeness: Released,
    *,
    lang: str,
    variables: Sequence[Definition],
    across: Literal["unit", "year"],
) -> Figure:
    """Draw of how many percent each variable (row) is known, in each unit or year (column).

    A number stands where somebody lacks the value. Hatched is what nobody is asked, or what the
    extract does not hold; a hidden cell is white.
    """
    rows = completeness.frame
    figure = theme.new_figure(1.75 + 0.205 * len(variables))
    axes = figure.subplots()
    if rows.empty or rows["share"].isna().all():
        theme.say_nothing_to_draw(axes, completeness, lang)
        theme.sign(figure, completeness, lang)
        return figure
    shares, nobody = _matrix(rows, [each["variable"] for each in variables], across)
    _draw_cells(axes, shares.to_numpy(float, na_value=np.nan), nobody)
    _name(axes, shares, lang)
    figure.legend(handles=_explained(lang), loc="outside upper left", ncols=3, fontsize=7)
    theme.sign(figure, completeness, lang)
    return figure


def _matrix(
    rows: pd.DataFrame, variables: Sequence[str], across: str
) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the shares by variable and column, and where nobody is asked."""
    shares, asked = (
        rows.set_index(["variable", across])[column]
        .unstack(across)
        .reindex(index=variables, columns=list(dict.fromkeys(rows[across])))
        .astype("Float64")
        for column in ("share", "denominator")
    )
    absent = ~shares.index.isin(rows["variable"])[:, np.newaxis]
    return shares, (asked == 0).fillna(False).to_numpy(bool) | absent


def _draw_cells(axes: Axes, shares: np.ndarray, nobody: np.ndarray) -> None:
    axes.pcolormesh(shares, cmap=SHADES, vmin=0, vmax=1, edgecolors="white", linewidth=0.6)
    for (row, column), share in np.ndenumerate(shares):
        if np.isnan(share):
            look = HATCHED if nobody[row, column] else HIDDEN
            inset = (column + 0.04, row + 0.06)
            axes.add_patch(Rectangle(inset, 0.92, 0.88, **look))
        elif share < 1:
            ink = "white" if share < _DARK else theme.BLACK
            axes.text(column + 0.5, row + 0.52, _percent(share), ha="center", va="center",
                      fontsize=6, color=ink).set_in_layout(False)  # fmt: skip


def _percent(share: float) -> str:
    """Return whole percent of what is less than all: 99 at most, and 0 only of none."""
    return str(min(max(round(100 * share), 1), 99) if share else 0)


def _name(axes: Axes, shares: pd.DataFrame, lang: str) -> None:
    named = [name if name.isdecimal() else word(name, lang) for name in shares.columns]
    places = np.arange(len(named)) + 0.5
    turned = 0 if shares.columns[0].isdecimal() else 90
    axes.set_xticks(places, named, rotation=turned, fontsize=7)
    axes.xaxis.tick_top()
    axes.set_yticks(
        np.arange(len(shares)) + 0.5, [word(name, lang) for name in shares.index], fontsize=7
    )
    axes.invert_yaxis()
    axes.tick_params(length=0)
    axes.grid(visible=False)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.set_xlabel(word("percent_complete", lang), fontsize=7.5, loc="left")


def _explained(lang: str) -> list[Patch]:
    return [
        Patch(label=word("nobody_lacks", lang), facecolor=SHADES(1.0)),
        Patch(label=word("nobody_asked_or_not_delivered", lang), **HATCHED),
        Patch(label=word("hidden_mark", lang), **HIDDEN),
    ]
