"""Boxes, first treatments, activity and maps: what is hidden is neither drawn nor told."""

import pandas as pd
import pytest

from indicator_cohorts import cohort_of, definition, placed
from msanalysis import codes
from msanalysis.figures import (
    plot_coverage_map,
    plot_day_boxes,
    plot_edss_scale,
    plot_first_treatments,
    plot_indicator,
    plot_indicator_groups,
    plot_indicator_years,
    plot_milestones,
    plot_registrations,
    plot_trust_map,
)
from msanalysis.release import release
from msanalysis.stats import (
    count_indicator_populations,
    count_registrations,
    estimate_coverage,
    estimate_expected_prevalence,
    estimate_indicators,
    estimate_indicators_by,
    estimate_points,
    estimate_quantiles,
)
from persons import make_cohort

TIMES = {
    "forde": range(5, 25),
    "bergen": range(10, 30),
    "ous": [10] * 8 + [300] * 12,
    "finnmark": [1, 2],
    "nordland": [6, 7, 8, 9],
    "helgeland": [1, 2, 3, 4],
}


def covered(living: dict[str, int]):
    trusts = [trust for trust, n in living.items() for _ in range(n)]
    frame = placed(trusts, alive=[True] * len(trusts), diagnosed=[True] * len(trusts))
    expected = codes.summed_over_units(dict.fromkeys(codes.trusts(), 100.0))
    return release(
        estimate_coverage(
            make_cohort(frame),
            definitions=codes.coverages(),
            expected={"coverage_new": expected, "coverage_total": expected},
            year=2024,
        )
    )


@pytest.fixture(scope="module")
def coverage():
    return covered({"bergen": 70, "ous": 55, "forde": 90})


def boxes(coverage, lang="en", times=TIMES):
    rows = [(trust, day) for trust, days in times.items() for day in days]
    cohort = make_cohort(pd.DataFrame(rows, columns=["residence_hf", "days"]))
    how = {"column": "days", "by": "residence_hf"}
    return plot_day_boxes(
        release(estimate_quantiles(cohort, **how)),
        release(estimate_points(cohort, **how)),
        coverage,
        lang=[lang],
        cut_days=200,
        limit_days=28,
        notes=[],
    ).draw(lang)


def rows_of(figure) -> list[str]:
    return [label.get_text() for label in figure.axes[0].get_yticklabels()]


def told(figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


# --- boxes ----------------------------------------------------------------------------------------


def test_boxes_stand_by_their_median_the_nation_last_and_every_trust_has_a_place(coverage):
    names = rows_of(boxes(coverage))
    assert len(names) == 20
    assert names[0].startswith("Whole country (")
    assert names[-3:] == ["OUS** (20)", "Bergen* (20)", "Førde (20)"]
    assert "Akershus** (0)" in names


def test_points_are_those_of_units_shown_whole_and_end_where_the_axis_does(coverage):
    figure = boxes(coverage)
    drawn = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert sum(len(line.get_xdata()) for line in drawn) == 20 + 20 + 8
    assert max(max(line.get_xdata()) for line in drawn if len(line.get_xdata())) <= 200


def test_how_many_points_lie_beyond_the_axis_stands_beside_the_trust(coverage):
    figure = boxes(coverage)
    at_right = {
        round(text.get_position()[1]): text.get_text()
        for text in figure.axes[0].texts
        if text.get_position()[0] == 1.015
    }
    beyond = dict(zip(rows_of(figure), [at_right[place] for place in range(20)], strict=True))
    assert (beyond["OUS** (20)"], beyond["Førde (20)"]) == ("12", "0")
    assert beyond["Finnmark** (hidden)"] == "–"
    assert "200 days" in figure.axes[0].get_xlabel()


def test_without_points_nothing_is_said_of_what_lies_beyond(coverage, monkeypatch):
    monkeypatch.setenv("MSANALYSIS_POLICY", "research")
    figure = boxes(coverage)
    assert not [line for line in figure.axes[0].lines if len(line.get_xdata()) > 2]
    assert "12" not in told(figure)


def test_milestones_say_the_limits_and_what_it_took_and_that_it_is_hidden(coverage):
    def days(values):
        return release(estimate_quantiles(make_cohort(pd.DataFrame({"d": values})), column="d"))

    times = days(range(101)), days([3.0, 4.0]), days([])
    figure = plot_milestones(*times, lang=["en"], limits_days=[None, 28, 21]).draw("en")
    words = told(figure)
    assert "Median 50 days\nhalf between 25–75\nn = 101" in words
    assert "at most 28 days" in words
    assert "[hidden]" in words
    assert "not available" in words


# --- shares ---------------------------------------------------------------------------------------


def test_first_treatments_are_wholes_of_all_newly_diagnosed_and_hidden_ones_empty(coverage):
    column = "early_high_efficacy 2024"
    trusts = {"forde": ["met"] * 36 + ["not_met"] * 12 + ["left_out"] * 12}
    trusts |= {trust: ["met"] * 7 + ["not_met"] * 5 for trust in ("telemark", "vestfold", "fonna")}
    trusts |= {"finnmark": ["met"] * 2, "unn": ["met"] * 4}
    states = [state for each in trusts.values() for state in each]
    cohort = make_cohort(
        placed([t for t, each in trusts.items() for _ in each], **{column: states})
    )
    populations = release(
        count_indicator_populations(
            cohort, definitions=definition("early_high_efficacy"), year=2024
        )
    )
    figure = plot_first_treatments(
        populations, coverage, lang=["en"], indicator="early_high_efficacy"
    ).draw("en")
    names = rows_of(figure)
    bars = [bar for bar in figure.axes[0].patches if round(bar.get_height(), 2) == 0.74]
    place = names.index("Førde (60)")
    widths = [round(bar.get_width(), 2) for bar in bars if round(bar.get_y() + 0.37) == place]
    assert widths == [0.6, 0.2, 0.2]
    hidden = next(name for name in names if name.startswith("Finnmark"))
    assert not [bar for bar in bars if round(bar.get_y() + 0.37) == names.index(hidden)]


def test_nearly_all_is_not_said_to_be_all(coverage):
    cohort = cohort_of({"forde": (385, 386)})
    of = definition("edss_measured")
    figure = plot_indicator(
        release(estimate_indicators(cohort, definitions=of, year=2024)),
        release(count_indicator_populations(cohort, definitions=of, year=2024)),
        coverage,
        definition=of[0],
        year=2024,
        lang=["en"],
    ).draw("en")
    assert "99.7\u00a0%" in told(figure)
    assert "100\u00a0%" not in told(figure)


def test_groups_have_a_panel_a_table_with_a_letter_and_hide_small_ones():
    frame = pd.DataFrame({"age_group": ["age_from 70"] * 40 + ["age_under 30"] * 3})
    frame["edss_measured 2024"] = ["met", "not_met"] * 21 + ["met"]
    table = release(
        estimate_indicators_by(
            make_cohort(frame), definitions=definition("edss_measured"), by="age_group"
        )
    )
    figure = plot_indicator_groups(
        table, table, lang=["nb"], titles=["age_on_status_date"] * 2, measured="edss_share"
    ).draw("nb")
    assert [axes.get_title(loc="left")[0] for axes in figure.axes] == ["A", "B"]
    assert "[skjult]" in told(figure)


def test_years_have_a_point_for_each_sex():
    frame = pd.DataFrame({"sex": ["female", "male"] * 20})
    for year in (2023, 2024):
        frame[f"onset_to_diagnosis_24m {year}"] = ["met"] * 30 + ["not_met"] * 10
    table = release(
        estimate_indicators_by(
            make_cohort(frame), definitions=definition("onset_to_diagnosis_24m"), by="sex"
        )
    )
    figure = plot_indicator_years(
        table, lang=["en"], measured="share_within_24m", axis="diagnosis_year"
    ).draw("en")
    words = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert words == ["Women", "Men"]


# --- registration and maps ------------------------------------------------------------------------


def test_registration_shows_what_is_needed_and_a_hidden_quarter_without_a_bar():
    quarters = ["2024-Q1"] * 40 + ["2024-Q2"] * 2 + ["2024-Q3"] * 30
    frame = pd.DataFrame({"included_quarter": pd.Categorical(quarters)})
    for quarter in frame["included_quarter"].cat.categories:
        frame[f"visit_registered {quarter}"] = "yes"
    expected = covered({"bergen": 70})
    figure = plot_registrations(
        release(count_registrations(make_cohort(frame))), expected, lang=["en"]
    ).draw("en")
    first, second = figure.axes
    assert [text.get_text().strip() for text in first.texts] == ["hidden"]
    assert not second.texts
    label = first.get_legend().get_texts()[0].get_text()
    assert label == "Needed a quarter: 475"


def test_a_map_has_a_square_for_each_trust_also_for_one_that_has_no_place_yet():
    lived = dict.fromkeys([*codes.trusts(), "nord"], 100_000)
    expected = {trust: 200.0 + number for number, trust in enumerate(lived)}
    rates = release(
        estimate_expected_prevalence(
            make_cohort(pd.DataFrame({"x": [1] * 50})), inhabitants=lived, expected=expected
        )
    )
    left = plot_trust_map(rates, lang=["en"], tiles=codes.tiles()).draw("en").axes[0]
    assert len(left.texts) == 20
    assert len({text.get_position() for text in left.texts}) == 20


def test_every_trust_has_a_square_of_its_own_on_the_map():
    tiles = codes.tiles()
    assert set(tiles) == set(codes.trusts())
    assert len(set(tiles.values())) == len(tiles)


def test_a_map_of_coverage_says_where_it_is_hidden(coverage):
    figure = plot_coverage_map(
        coverage, lang=["en"], tiles=codes.tiles(), indicators=["coverage_new", "coverage_total"]
    ).draw("en")
    assert "Førde\n90\u00a0%" in told(figure)
    few = covered({"bergen": 70, "ous": 55, "finnmark": 3, "nordland": 4})
    hidden = plot_coverage_map(
        few, lang=["en"], tiles=codes.tiles(), indicators=["coverage_new"]
    ).draw("en")
    assert "Finnmark\nhidden" in told(hidden)


@pytest.mark.parametrize(("lang", "step"), [("nb", "9,5"), ("en", "9.5")])
def test_the_scale_has_every_step_but_a_half(lang, step):
    words = told(plot_edss_scale(lang=[lang]).draw(lang))
    assert step in words
    assert words.count("0") == 1
    assert not {"0,5", "0.5"} & set(words)
