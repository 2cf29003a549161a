"""What a run has drawn it does not draw again, and what differs is never taken for it."""

import io

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from PIL import Image

from msanalysis.figures import theme
from msanalysis.figures.picture import picture
from msanalysis.folders import PICTURES_VARIABLE
from msanalysis.release import release
from msanalysis.stats import estimate_shares
from persons import make_cohort

drawn = []


@picture
def plot_bars(released, *, lang, colour="blue", size=lambda: (2, 1)):
    drawn.append((lang, colour))
    figure = Figure(figsize=size())
    n = released.frame["n"].tolist()
    figure.add_subplot().bar(range(len(n)), n, color=colour)
    return figure


def counted(*levels):
    persons = pd.DataFrame({"sex": [level for level in levels for _ in range(20)]})
    return release(estimate_shares(make_cohort(persons), column="sex"))


@pytest.fixture
def kept(tmp_path, monkeypatch):
    monkeypatch.setenv(PICTURES_VARIABLE, str(tmp_path / "pictures"))
    drawn.clear()


def saved(folder, drawing):
    drawing.save(folder, "bars")
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_an_equal_picture_is_drawn_once_in_a_run(tmp_path, kept):
    shown = plot_bars(counted("female", "male"), lang=["nb", "en"])
    png, size = shown._repr_png_()
    first = saved(tmp_path / "first", shown)
    again = saved(tmp_path / "again", plot_bars(counted("female", "male"), lang=["nb", "en"]))
    assert first == again
    assert first["bars.nb.png"] == png
    assert size == {"width": 192, "height": 96}
    assert drawn == [("nb", "blue"), ("en", "blue")]


@pytest.mark.parametrize(
    ("levels", "settings"),
    [
        (("female",), {}),
        (("female", "male"), {"colour": "red"}),
        (("female", "male"), {"size": lambda: (3, 1)}),
    ],
    ids=["another table", "another setting", "a setting that cannot be written down"],
)
def test_a_picture_of_anything_else_is_drawn(tmp_path, kept, levels, settings):
    first = saved(tmp_path / "first", plot_bars(counted("female", "male"), lang=["en"]))
    other = saved(tmp_path / "other", plot_bars(counted(*levels), lang=["en"], **settings))
    assert len(drawn) == 2
    assert first != other


def test_without_a_run_nothing_is_kept(tmp_path, kept, monkeypatch):
    monkeypatch.delenv(PICTURES_VARIABLE)
    shown = plot_bars(counted("female", "male"), lang=["en"])
    assert saved(tmp_path / "first", shown) == saved(tmp_path / "again", shown)
    assert len(drawn) == 2
    assert {path.name for path in tmp_path.iterdir()} == {"first", "again"}


def test_a_png_holds_the_pixels_and_the_size_that_the_drawing_library_gives_it(tmp_path):
    shown = plot_bars(counted("female", "male"), lang=["en"])
    expected = io.BytesIO()
    with matplotlib.rc_context(theme.SETTINGS):
        shown.draw("en").savefig(expected, format="png", dpi=300)
    own = Image.open(io.BytesIO(saved(tmp_path, shown)["bars.en.png"]))
    theirs = Image.open(expected)
    assert np.array_equal(np.asarray(own), np.asarray(theirs.convert("RGB")))
    assert own.info["dpi"] == theirs.info["dpi"] == pytest.approx((300, 300), abs=0.01)
