"""Bars of many groups, users and changes, and a grid: nothing hidden is drawn."""

import pandas as pd
import pytest

from msanalysis.figures import plot_rule_grid, plot_stacked_bars, plot_turnover
from msanalysis.release import release
from msanalysis.stats import estimate_rule_grid, estimate_shares_by, estimate_turnover
from persons import make_cohort

STATUS = ["ongoing"] * 60 + ["none"] * 30 + ["unknown"] * 10


def shares(rows):
    frame = pd.DataFrame(rows, columns=["residence_hf", "treatment_status"])
    cohort = make_cohort(frame)
    return release(estimate_shares_by(cohort, column="treatment_status", by="residence_hf"))


@pytest.fixture(scope="module")
def by_trust():
    rows = [("bergen", status) for status in STATUS]
    rows += [("fonna", "ongoing")] * 20 + [("fonna", "none")] * 3 + [("fonna", "unknown")] * 4
    rows += [("forde", "ongoing")] * 3
    return shares(rows)


def names(figure, place=0):
    return [label.get_text() for label in figure.axes[place].get_yticklabels()]


def test_a_group_that_is_hidden_is_left_out_and_hidden_levels_are_hatched(by_trust):
    figure = plot_stacked_bars(by_trust, lang=["en"], measured="number_of_users").draw("en")
    assert names(figure) == ["Bergen", "Fonna"]
    hatched = [bar for bar in figure.axes[0].patches if bar.get_hatch() and bar.get_width() > 0]
    assert [bar.get_width() for bar in hatched] == [pytest.approx(7, abs=0.01)]


def test_bars_that_are_wholes_say_how_many_they_are_and_which_share(by_trust):
    figure = plot_stacked_bars(
        by_trust, by_trust, lang=["nb"], measured="share_of_alive", part="none"
    ).draw("nb")
    assert names(figure) == ["Bergen (100; 30 %)", "Fonna (27; skjult)"]


def test_a_hidden_change_is_named_and_a_treatment_with_hidden_users_left_out():
    first = ["natalizumab"] * 60 + ["rituximab"] * 200 + ["methotrexate"] * 3 + [None] * 7
    last = ["rituximab"] * 3 + ["natalizumab"] * 57 + ["rituximab"] * 200
    last += ["methotrexate"] * 3 + ["cladribine"] * 7
    cohort = make_cohort(pd.DataFrame({"first": first, "last": last}, dtype="object"))
    turnover = release(estimate_turnover(cohort, before="first", after="last"))
    figure = plot_turnover(turnover, lang=["en"]).draw("en")
    assert "Methotrexate" not in names(figure)
    assert "hidden" in {text.get_text().strip() for text in figure.axes[1].texts}


def test_the_grid_writes_each_share():
    frame = pd.DataFrame({"second_line 30 0": [True] * 50 + [False] * 50})
    rules = {"gaps_days": [30], "overlaps_days": [0]}
    grid = release(estimate_rule_grid(make_cohort(frame), column="second_line", **rules))
    figure = plot_rule_grid(grid, lang=["nb"], measured="reached_second_line").draw("nb")
    assert [text.get_text() for text in figure.axes[0].texts] == ["50,0 %"]


def test_nothing_to_draw_says_so():
    empty = shares([])
    figure = plot_stacked_bars(empty, lang=["en"], measured="number_of_users").draw("en")
    assert len(figure.axes[0].texts) == 1
