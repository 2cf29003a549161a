"""One look for all figures: colours that the colour-blind and a grey printer tell apart."""

from datetime import date

import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from msanalysis.core import Released
from msanalysis.labels import number, word

WIDTH_INCHES = 6.7  # 170 mm, the text width of an A4 page

# Okabe and Ito (2008), ordered so that neighbours differ in lightness too.
BLUE, ORANGE, GREEN, VERMILION = "#0072B2", "#E69F00", "#009E73", "#D55E00"
PURPLE, SKY, BLACK, GREY = "#CC79A7", "#56B4E9", "#1A1A1A", "#7A7A7A"
CYCLE = (BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY, BLACK, GREY)
DASHES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)), (0, (7, 3)))

COLOURS = {
    "all": BLUE,
    "rrms": BLUE,
    "ppms": VERMILION,
    "unknown": GREY,
    "missing": GREY,
    "female": PURPLE,
    "male": BLUE,
    "switch": VERMILION,
    "stop": ORANGE,
    "death": BLACK,
    "naive": VERMILION,
    "delayed_entry": BLUE,
    "truth": BLACK,
    "anti_cd20": BLUE,
    "natalizumab": VERMILION,
    "cladribine": GREEN,
    "alemtuzumab": PURPLE,
    "hsct": "#882255",
    "s1pr_modulators": ORANGE,
    "fumarates": SKY,
    "teriflunomide": "#F0E442",
    "glatiramer_acetate": "#B08D57",
    "interferons": "#332288",
    "other": "#999933",
    "ongoing": BLUE,
    "none": "#B8B8B8",
    "no_further_line": "#DCDCDC",
    "dead": BLACK,
    "emigrated": "#5C4033",
    "pooled": "#EFEFEF",
    "updated_0_6": "#084A91",
    "updated_6_12": "#3F8FC5",
    "updated_12_24": "#94C4DF",
    "updated_over_24": "#D9E7F5",
    "progressive_disease": VERMILION,
    "rrms_without_indication": BLUE,
    "long_stable_disease": GREEN,
    "choice_or_pregnancy": ORANGE,
    "next_line": BLUE,
    "one_trust": SKY,
    "several_trusts": VERMILION,
    "edss_0_1": "#E3EEF9",
    "edss_2_3": "#A9CCE6",
    "edss_4_5": "#5A9BCB",
    "edss_6": "#1F65A8",
    "edss_7_9": "#0B2F63",
    "edss_10": BLACK,
    **{
        f"{what}_{n}": colour
        for what in ("relapses", "findings")
        for n, colour in enumerate(("#D9E7F5", "#94C4DF", "#3F8FC5", "#084A91"))
    },
}
STATES = (
    "anti_cd20", "natalizumab", "cladribine", "alemtuzumab", "hsct", "s1pr_modulators",
    "fumarates", "teriflunomide", "glatiramer_acetate", "interferons", "other", "none",
    "no_further_line", "unknown", "dead", "emigrated", "pooled",
)  # fmt: skip
"""States of treatment, in the order of every figure that shows them."""
STYLES = {
    "all": "-",
    "rrms": "-",
    "ppms": "--",
    "unknown": ":",
    "missing": (0, (1, 1)),
    "female": "-",
    "male": "--",
    "switch": "-",
    "next_line": "-",
    "stop": "--",
    "death": ":",
    "naive": "--",
    "delayed_entry": "-",
    "truth": ":",
}

SETTINGS = {
    **sns.axes_style("ticks"),
    **sns.plotting_context("paper"),
    "font.family": "DejaVu Sans",
    "font.size": 8.5,
    "axes.labelsize": 8.5,
    "axes.titlesize": 9,
    "axes.titley": 1.0,  # no titled figure has ticks above, to be placed around
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "svg.hashsalt": "msanalysis",
    "svg.fonttype": "path",
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}


def new_figure(height_inches: float) -> Figure:
    """Return an empty figure of the report's width, with its own layout engine."""
    return Figure(figsize=(WIDTH_INCHES, height_inches), layout="constrained")


def percent_axis(axis: Axis, lang: str) -> None:
    """Write a 0-1 axis in percent, with the decimals its ticks need."""
    axis.set_major_locator(MaxNLocator(nbins=10, steps=[1, 2, 5, 10]))
    axis.set_major_formatter(FuncFormatter(lambda share, _: f"{_percent(share, lang)}\u00a0%"))


def _percent(share: float, lang: str) -> str:
    value = round(100 * share, 6)
    decimals = next(places for places in range(7) if round(value, places) == value)
    return number(value, decimals, lang)


def written(day: date, lang: str) -> str:
    """Return a day as `lang` writes it."""
    return f"{day:%d.%m.%Y}" if lang == "nb" else f"{day.day} {day:%B %Y}"


def origin(released: Released, lang: str) -> str:
    """Return n, source and extract in one line."""
    provenance = released.provenance
    day = written(provenance.data_cutoff, lang)
    parts = [f"{word('source', lang)}: {word('source_' + provenance.source, lang)}, {day}"]
    if released.n_persons:
        parts.insert(0, f"n = {number(released.n_persons, 0, lang)}")
    return "   ".join(parts)


def sign(figure: Figure, released: Released, lang: str, note: str = "") -> None:
    """Write n, source, extract and, where it applies, SYNTHETIC under the figure.

    A `note` says on lines of its own before them how to read it. Above a figure of a local report
    stands whom it is for.
    """
    provenance = released.provenance
    lines = "\n".join([*note.splitlines(), origin(released, lang)])
    figure.supxlabel(lines, fontsize=7, color="#444444", x=0.01, ha="left")
    if provenance.source == "synthetic":
        stamp = word("synthetic_stamp", lang)
        figure.text(0.995, 0.008, stamp, ha="right", fontsize=8, color=VERMILION, weight="bold")
    if released.own_unit:
        alone = word(f"for_alone {released.own_unit}", lang)
        figure.suptitle(alone, fontsize=7.5, color=VERMILION, weight="bold", x=0.01, ha="left")


def draw_no_axis(axes: Axes) -> None:
    """Take away the axes of a schematic drawing, and the ticks that nobody would see."""
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_axis_off()


def say_nothing_to_draw(axes: Axes, released: Released, lang: str) -> None:
    """Name the gap: the extract has nobody with what the figure needs, or too few to show."""
    reason = "not_delivered" if released.n_persons == 0 else "too_few_to_show"
    axes.text(0.5, 0.5, word(reason, lang), transform=axes.transAxes, ha="center")
    axes.set_axis_off()
