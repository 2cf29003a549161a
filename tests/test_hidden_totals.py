"""Every figure of the annual run is drawn although a number it would show is hidden."""

import dataclasses
from collections.abc import Iterator

import matplotlib
import pandas as pd
import pytest
import yaml

import msanalysis.figures
from msanalysis.core import ALL, Released
from msanalysis.figures import theme
from msanalysis.run import PROJECT
from msanalysis.synthetic import synthesise
from persons import extract_of
from test_figures_fit import figures_of

RUN_FILE = PROJECT / "params" / "annual_report_2024.yaml"
NOTEBOOKS = yaml.safe_load(RUN_FILE.read_text(encoding="utf-8"))["analyses"]
TOTALS = {"stratum": (ALL,), "trust": (ALL,), "level": (ALL, "nation"), "period": (ALL,)}
FAST = "demographic_trends"


@pytest.fixture(scope="module")
def registry():
    return extract_of(synthesise(3000, seed=11))


def drawn(notebook: str, registry, monkeypatch) -> list[tuple]:
    """Return each call of a plot function in a notebook: the function, what it draws, and how."""
    calls = []

    def noted(function):
        def call(*released, **settings):
            calls.append((function, released, settings))
            return function(*released, **settings)

        return call

    for name in msanalysis.figures.__all__:
        monkeypatch.setattr(msanalysis.figures, name, noted(getattr(msanalysis.figures, name)))
    figures_of(notebook, registry, monkeypatch)
    return calls


def seeded(released: Released) -> Iterator[tuple[str, Released]]:
    """Yield the table with other numbers hidden: its first total, its last, the rest, and all."""
    if released.shape == "flow":
        return  # nothing in a flow is hidden
    frame = released.frame
    held = [frame[name].isin(levels) for name, levels in TOTALS.items() if name in frame]
    held = [each for each in held if each.any()]
    total = pd.concat(held, axis=1).all(axis=1) if held else pd.Series(True, frame.index)
    rows = {"first": frame.index[total][:1], "last": frame.index[total][-1:],
            "others": frame.index[~total], "all": frame.index}  # fmt: skip
    for count, dependents in released.counts.items():
        if count in frame:
            for which, chosen in rows.items():
                hidden = released.hidden.copy()
                hidden.loc[chosen, [count, *(name for name in dependents if name in frame)]] = True
                yield (
                    f"{which} {count}",
                    dataclasses.replace(
                        released, frame=frame.mask(hidden), hidden=hidden, n_persons=None
                    ),
                )


def draw(function, released, settings) -> None:
    made = function(*released, **settings)
    for picture in made.values() if isinstance(made, dict) else [made]:
        picture.draw("en")
        if picture.twin:
            picture.twin("en")


@pytest.mark.parametrize(
    "notebook",
    [pytest.param(id, marks=[] if id == FAST else pytest.mark.slow) for id in NOTEBOOKS],
)
def test_a_figure_is_drawn_although_a_number_of_it_is_hidden(
    notebook, registry, monkeypatch, tmp_path
):
    monkeypatch.setenv("MSANALYSIS_RESTRICTED", str(tmp_path))
    failed, tried = [], 0
    for function, released, settings in drawn(notebook, registry, monkeypatch):
        for place, each in enumerate(released):
            for which, less in seeded(each):
                tried += 1
                given = [*released[:place], less, *released[place + 1 :]]
                try:
                    with matplotlib.rc_context(theme.SETTINGS):
                        draw(function, given, settings)
                except Exception as error:
                    failed.append(f"{function.__name__}: {which} of {each.statistic}: {error!r}")
    assert tried
    assert not failed, "\n".join(failed)
