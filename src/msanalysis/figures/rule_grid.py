"""How a share moves with the rules that define it, as a grid of numbers."""

from matplotlib.figure import Figure

from msanalysis.core import Released
from msanalysis.figures import theme
from msanalysis.figures.picture import picture
from msanalysis.labels import number, word


@picture
def plot_rule_grid(released: Released, *, lang: str, measured: str) -> Figure:
    """Draw the share under each pair of rules, in percent; darker is more."""
    figure = theme.new_figure(3.2)
    axes = figure.subplots()
    if released.frame.empty or released.frame["share"].isna().all():
        theme.say_nothing_to_draw(axes, released, lang)
        theme.sign(figure, released, lang)
        return figure
    grid = released.frame.pivot(index="gap_days", columns="overlap_days", values="share")
    grid = 100 * grid.astype(float)
    spread = max(float(grid.max(axis=None) - grid.min(axis=None)), 1.0)
    middle = float(grid.max(axis=None) + grid.min(axis=None)) / 2
    axes.imshow(grid, cmap="Blues", aspect="auto", origin="lower",
                vmin=middle - spread, vmax=middle + spread)  # fmt: skip
    for row in range(grid.shape[0]):
        for column in range(grid.shape[1]):
            share = grid.iloc[row, column]
            ink = "white" if share > middle + 0.2 * spread else "black"
            axes.text(column, row, f"{number(share, 1, lang)} %", ha="center", va="center",
                      color=ink, fontsize=8)  # fmt: skip
    axes.set_xticks(range(grid.shape[1]), [number(days, 0, lang) for days in grid.columns])
    axes.set_yticks(range(grid.shape[0]), [number(days, 0, lang) for days in grid.index])
    axes.set_xlabel(word("overlap_days", lang))
    axes.set_ylabel(word("gap_days", lang))
    axes.set_title(word(measured, lang), loc="left")
    axes.grid(visible=False)
    theme.sign(figure, released, lang)
    return figure
