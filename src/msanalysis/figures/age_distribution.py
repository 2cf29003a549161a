"""How many persons are in each band of age: one panel a distribution."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from msanalysis.core import ALL, Released
from msanalysis.figures import theme
from msanalysis.figures.picture import picture
from msanalysis.figures.theme import BLUE
from msanalysis.labels import number, word


@picture
def plot_age_distribution(*distributions: Released, lang: str, measured: list[str]) -> Figure:
    """Draw the number of persons in each band, panels A, B ... beside each other.

    `measured` are the words of the panels' axes. A hidden band keeps its place, without a bar.
    """
    figure = theme.new_figure(3.3)
    panels = figure.subplots(1, len(distributions), squeeze=False)[0]
    for letter, axes, shares, name in zip("ABCDEF", panels, distributions, measured, strict=False):
        bands = shares.frame[shares.frame["level"] != ALL]
        if bands.empty:
            theme.say_nothing_to_draw(axes, shares, lang)
            continue
        _draw_bands(axes, bands, lang)
        axes.set_title(letter, loc="left", weight="bold")
        axes.set_xlabel(word(name, lang))
    panels[0].set_ylabel(word("n_persons", lang))
    theme.sign(figure, distributions[0], lang)
    return figure


def _draw_bands(axes: Axes, bands, lang: str) -> None:
    axes.bar(
        range(len(bands)), bands["n"].fillna(0).astype(float), width=0.94, color=BLUE, linewidth=0
    )
    for place in (place for place, n in enumerate(bands["n"].isna()) if n):
        axes.text(place, 0, word("hidden_mark", lang), rotation=90, ha="center", va="bottom")
    words = [word(level, lang) for level in bands["level"]]
    axes.set_xticks(range(len(bands)), words, rotation=90, fontsize=7.5)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda n, _: number(n, 0, lang)))
