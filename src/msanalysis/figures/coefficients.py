"""Coefficients of linear models of several scores, a panel a score."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from msanalysis.core import ALL, Released
from msanalysis.figures import theme
from msanalysis.figures.boxes import title
from msanalysis.figures.picture import picture
from msanalysis.labels import number, word

_LOOKS: Mapping[str, Mapping[str, Any]] = {
    "univariable": {"color": "#8F8F8F", "fmt": "D", "markerfacecolor": "white", "height": 0.19},
    "multivariable": {"color": theme.BLUE, "fmt": "o", "height": 0.0},
    "mixed": {"color": theme.VERMILION, "fmt": "s", "height": -0.19},
}
"""Model -> how it is drawn, and how far above the middle of its row."""


@picture
def plot_coefficients(coefficients: Released, *others: Released, lang: str) -> Figure:
    """Draw the difference in score of each term and model with its interval.

    The reference of each covariate stands at no difference. `others` are further models of the
    same scores; terms that only they have come last.
    """
    rows = pd.concat([coefficients.frame, *(each.frame for each in others)], ignore_index=True)
    terms = list(dict.fromkeys(zip(rows["covariate"], rows["level"], strict=True)))
    figure = theme.new_figure(1.6 + 2 * 0.28 * max(4, len(terms)))
    if rows.empty or rows["coefficient"].isna().all():
        theme.say_nothing_to_draw(figure.subplots(), coefficients, lang)
    else:
        panels = figure.subplots(2, 2, sharey=True, sharex="row").ravel()
        for axes, score in zip(panels, rows["score"].unique(), strict=True):
            _draw_panel(axes, rows[rows["score"] == score], terms, score, lang)
        _name_terms(panels[0], terms, lang)
        handles, words = panels[0].get_legend_handles_labels()
        figure.legend(handles, words, loc="outside upper center", ncols=len(words))
    theme.sign(figure, coefficients, lang)
    return figure


def _draw_panel(
    axes: Axes, rows: pd.DataFrame, terms: list[tuple[str, str]], score: str, lang: str
) -> None:
    axes.axvline(0, color=theme.BLACK, linewidth=0.8, zorder=0.9)
    references = [place for place, term in enumerate(terms) if _is_reference(term, terms)]
    axes.plot([0] * len(references), references, "|", color=theme.BLACK, markersize=9)
    for model, look in _LOOKS.items():
        shown = rows[(rows["model"] == model) & rows["coefficient"].notna()]
        if shown.empty:
            continue
        drawn = {name: each for name, each in look.items() if name != "height"}
        middle, lower, upper = shown[["coefficient", "lower", "upper"]].astype(float).to_numpy().T
        place = [terms.index(term) for term in zip(shown["covariate"], shown["level"], strict=True)]
        axes.errorbar(
            middle, [each - look["height"] for each in place],
            xerr=[middle - lower, upper - middle], markersize=3.8, elinewidth=1.1,
            label=word(model, lang), **drawn,
        )  # fmt: skip
    axes.set_title(title(score, lang), loc="left", fontsize=8)
    axes.set_xlabel(word("difference_in_score", lang), fontsize=7.5)
    axes.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(_ticks(lang)))
    axes.grid(visible=False, axis="y")
    axes.grid(axis="x")


def _ticks(lang: str):
    def written(value: float, _: int) -> str:
        return number(value, 0 if float(value).is_integer() else 1, lang)

    return written


def _name_terms(axes: Axes, terms: list[tuple[str, str]], lang: str) -> None:
    axes.set_yticks(range(len(terms)), [_named(term, terms, lang) for term in terms], fontsize=7.5)
    axes.set_ylim(len(terms) - 0.4, -0.6)


def _named(term: tuple[str, str], terms: list[tuple[str, str]], lang: str) -> str:
    covariate, level = term
    if level == ALL:
        return word(covariate, lang)
    if _is_reference(term, terms):
        return f"{word(level, lang)} ({word('reference', lang).lower()})"
    is_of_several = sum(other == level for _, other in terms) > 1
    return word(level, lang) + (f" ({word(covariate, lang).lower()})" if is_of_several else "")


def _is_reference(term: tuple[str, str], terms: list[tuple[str, str]]) -> bool:
    """Return whether it is the first level of its covariate."""
    covariate, level = term
    return level != ALL and next(other for name, other in terms if name == covariate) == level
