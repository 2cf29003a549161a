"""The Sankey: nothing lost, labels apart, and a twin that asks nobody for anything."""

import json

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg

from msanalysis.figures import plot_sankey
from msanalysis.figures.interactive import LIBRARY
from msanalysis.output import Sentences, save
from msanalysis.release import release
from msanalysis.run.outputs import OutputRefused, check_output
from msanalysis.stats import estimate_flows
from msanalysis.tables import cells, format_table
from persons import make_cohort

DAYS = ["2020-01-01", "2022-01-01", "2024-12-31"]
WAYS = {
    ("anti_cd20", "anti_cd20", "anti_cd20"): 4000,
    ("natalizumab", "anti_cd20", "anti_cd20"): 73,
    ("natalizumab", "natalizumab", "natalizumab"): 400,
    ("alemtuzumab", "alemtuzumab", "alemtuzumab"): 6,
    ("hsct", "hsct", "hsct"): 5,
    ("none", "none", "dead"): 76,
    ("none", "none", "none"): 2600,
    ("unknown", "unknown", "emigrated"): 5,
    ("unknown", "other", "none"): 3,
    ("fumarates", "fumarates", "interferons"): 7,
}


def released(ways, days=DAYS):
    rows = [way for way, n in ways.items() for _ in range(n)]
    frame = pd.DataFrame(rows, columns=days, dtype="object")
    return release(estimate_flows(make_cohort(frame), states=days))


@pytest.fixture(scope="module")
def flows():
    return released(WAYS)


def labels_of(figure):
    """Return the drawn box of every label."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    texts = [text for axes in figure.axes for text in axes.texts]
    return [text.get_window_extent(renderer) for text in texts]


@pytest.mark.parametrize("scale", ["group", "persons"])
@pytest.mark.parametrize("lang", ["nb", "en"])
def test_labels_do_not_overlap_and_stay_on_the_page(flows, scale, lang):
    figure = plot_sankey(flows, lang=[lang], scale=scale).draw(lang)
    boxes = labels_of(figure)
    page = figure.bbox
    for place, box in enumerate(boxes):
        assert box.x0 >= page.x0
        assert box.x1 <= page.x1
        assert not any(box.overlaps(other) for other in boxes[place + 1 :])


@settings(max_examples=12)
@given(
    st.dictionaries(
        st.tuples(*[st.sampled_from([state for way in WAYS for state in way])] * 2),
        st.integers(5, 4000),
        min_size=1,
        max_size=40,
    )
)
def test_small_states_beside_large_ones_keep_their_labels_apart(ways):
    figure = plot_sankey(released(ways, DAYS[:2]), lang=["nb"], scale="persons").draw("nb")
    boxes = labels_of(figure)
    for place, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[place + 1 :])


@pytest.mark.parametrize("lang", ["nb", "en"])
def test_five_columns_have_room_for_their_labels(lang):
    days = ["2016-01-01", "2018-01-01", "2020-01-01", "2022-01-01", "2024-12-31"]
    states = ("glatiramer_acetate", "s1pr_modulators", "none", "pooled", "emigrated")
    flows = released({(state,) * 5: 50 for state in states}, days)
    boxes = labels_of(plot_sankey(flows, lang=[lang]).draw(lang))
    for place, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[place + 1 :])


def test_the_columns_are_titled_with_their_days(flows):
    figure = plot_sankey(flows, lang=["nb"]).draw("nb")
    written = [text.get_text() for text in figure.axes[0].texts]
    assert {"01.01.2020", "01.01.2022", "31.12.2024"} <= set(written)
    assert "Natalizumab\n473 (6,6\u00a0%)" in written


def test_flows_of_too_few_persons_say_so():
    figure = plot_sankey(released({("none", "none", "dead"): 3}), lang=["en"]).draw("en")
    assert [text.get_text() for text in figure.axes[0].texts] == ["Too few persons to show."]


def test_a_table_of_flows_in_words(flows):
    table = format_table(cells(flows), "en")
    assert list(table) == ["Step", "From", "To", "n", "Share of the group"]
    assert table.iloc[0].to_list() == ["1", "Alemtuzumab", "Alemtuzumab", "6", "100.0\u00a0%"]


# --- the interactive twin -------------------------------------------------------------------------


@pytest.fixture
def saved(flows, tmp_path):
    save(
        "invented",
        str(tmp_path),
        numbers=[],
        figures={"flows": plot_sankey(flows, lang=["nb", "en"])},
        tables={"flows": flows},
        text=Sentences(nb="ja", en="yes"),
    )
    return tmp_path


def test_the_twin_draws_the_released_flows_and_loads_nothing_from_elsewhere(saved, flows):
    script = (saved / "figures" / "flows.en.js").read_text(encoding="utf-8")
    assert "//" not in script
    given = script.removeprefix("Plotly.newPlot(").removesuffix(");\n")
    id, (sankey,), layout, config = json.loads(f"[{given}]")
    assert id == "flows"
    assert not config["displaylogo"]
    assert not config["showSendToCloud"]
    assert sankey["link"]["value"] == list(flows.frame["n"])
    assert "SYNTHETIC" in json.dumps(layout)


def test_the_library_lies_beside_the_twin_once(saved):
    held = {path.name for path in (saved / "figures").iterdir()}
    assert held == {LIBRARY} | {
        f"flows.{lang}.{kind}" for lang in ("nb", "en") for kind in ("svg", "png", "js")
    }


def test_a_twin_that_was_declared_must_be_there(saved):
    assert check_output(saved, "invented", ("nb", "en"))["interactive"] == ["flows"]
    (saved / "figures" / "flows.en.js").unlink()
    with pytest.raises(OutputRefused, match=r"flows\.en\.js"):
        check_output(saved, "invented", ("nb", "en"))


def test_a_script_that_nothing_declares_is_refused(saved):
    (saved / "figures" / "more.en.js").write_text("")
    with pytest.raises(OutputRefused, match=r"does not declare 1 of its files"):
        check_output(saved, "invented", ("nb", "en"))
