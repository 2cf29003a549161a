"""Every figure of the annual run, in both languages: no text leaves it, no two texts overlap."""

from itertools import combinations

import matplotlib
import nbformat
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from msanalysis import extract, output
from msanalysis.figures import theme
from msanalysis.run import PROJECT
from msanalysis.synthetic import synthesise
from persons import extract_of

NOTEBOOKS = sorted(path.stem for path in (PROJECT / "notebooks").glob("[!_]*.ipynb"))
PIXELS = 2.0
"""Texts may come this close at 100 dots an inch: the box of a text is larger than its letters."""


@pytest.fixture(scope="module")
def registry():
    return extract_of(synthesise())


def figures_of(notebook: str, registry, monkeypatch) -> dict:
    """Run the cells of a notebook here, and return the pictures it would save."""
    kept = {}
    monkeypatch.setattr(output, "save", lambda *_, figures, **__: kept.update(figures))
    monkeypatch.setattr(extract, "open_extract", lambda *_, **__: registry)
    cells = nbformat.read(PROJECT / "notebooks" / f"{notebook}.ipynb", as_version=4).cells
    namespace = {}
    for cell in cells:
        if cell.cell_type == "code":
            exec(compile(cell.source, notebook, "exec"), namespace)
    return kept


def boxes(figure) -> list[tuple[str, Bbox]]:
    FigureCanvasAgg(figure).draw()
    axes = [axis for each in figure.axes for axis in (each.xaxis, each.yaxis) if each.axison]
    of_ticks = {text for axis in axes for tick in axis.majorTicks for text in tick.findobj(Text)}
    shown = [text for text in figure.findobj(Text) if text not in of_ticks]
    shown += [
        label
        for axis in axes
        for tick in axis.get_major_ticks(len(axis.get_majorticklocs()))
        for label in (tick.label1, tick.label2)
        if inside(axis, tick.get_loc())
    ]
    renderer = figure.canvas.get_renderer()
    return [
        (text.get_text(), text.get_window_extent(renderer))
        for text in shown
        if text.get_visible() and text.get_text().strip()
    ]


def inside(axis, place: float) -> bool:
    low, high = sorted(axis.get_view_interval())
    margin = 1e-9 * (high - low)
    return low - margin <= place <= high + margin


def faults(figure) -> list[str]:
    page = figure.bbox
    placed = boxes(figure)
    outside = [
        f"{words!r} leaves the figure"
        for words, box in placed
        if box.x0 < page.x0 - 1
        or box.x1 > page.x1 + 1
        or box.y0 < page.y0 - 1
        or box.y1 > page.y1 + 1
    ]
    return outside + [
        f"{one!r} overlaps {other!r}"
        for (one, a), (other, b) in combinations(placed, 2)
        if min(a.x1, b.x1) - max(a.x0, b.x0) > PIXELS and min(a.y1, b.y1) - max(a.y0, b.y0) > PIXELS
    ]


def test_a_text_over_another_and_one_beyond_the_edge_are_found():
    figure = theme.new_figure(3)
    figure.text(0.5, 0.5, "one")
    figure.text(0.51, 0.5, "other")
    figure.text(0.98, 0.1, "cut off")
    assert faults(figure) == ["'cut off' leaves the figure", "'one' overlaps 'other'"]


def test_the_label_of_a_tick_outside_its_axis_is_not_drawn():
    figure = theme.new_figure(3)
    axes = figure.subplots()
    axes.set_xticks([0, 1, 5], ["zero", "one", "far away"])
    axes.set_xlim(0, 1)
    assert not faults(figure)
    assert "far away" not in [words for words, _ in boxes(figure)]


@pytest.mark.slow
@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_no_text_leaves_a_figure_or_covers_another(notebook, registry, monkeypatch, tmp_path):
    monkeypatch.setenv("MSANALYSIS_RESTRICTED", str(tmp_path))
    monkeypatch.setenv("MSANALYSIS_OWN_UNIT", "forde")
    found = {}
    for id, picture in figures_of(notebook, registry, monkeypatch).items():
        for lang in picture.lang:
            with matplotlib.rc_context(theme.SETTINGS):
                found[f"{id}.{lang}"] = faults(picture.draw(lang))
    assert found
    assert {id: each for id, each in found.items() if each} == {}
