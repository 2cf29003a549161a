"""Pictures of the indicators: every unit keeps its place, and nothing hidden is drawn."""

from dataclasses import replace

import pytest

from indicator_cohorts import cohort_of, definition, placed
from msanalysis import codes
from msanalysis.figures import (
    plot_changes,
    plot_coverages,
    plot_funnel,
    plot_goals,
    plot_indicator,
    plot_indicators,
    plot_ripening,
    plot_run_charts,
    plot_shrunken_shares,
)
from msanalysis.release import release
from msanalysis.stats import (
    check_run_charts,
    count_indicator_populations,
    estimate_change,
    estimate_coverage,
    estimate_funnel,
    estimate_indicators,
    estimate_ripening,
    estimate_run_charts,
    estimate_shrunken_shares,
    score_goals,
)
from persons import make_cohort

EDSS = definition("edss_measured")
COUNTS = dict.fromkeys(codes.trusts(), (50, 100)) | {
    "forde": (90, 100),
    "ous": (20, 100),
    "finnmark": (1, 3),
    "helgeland": (2, 4),
    "nordland": (0, 0),
}
PUBLISHED = {("edss_measured", unit): (30, 100) for unit in ("forde", "norway")}


@pytest.fixture(scope="module")
def cohort():
    return cohort_of(COUNTS)


@pytest.fixture(scope="module")
def coverage():
    living = {"bergen": 70, "ous": 55, "forde": 90, "finnmark": 2}
    trusts = [trust for trust, n in living.items() for _ in range(n)]
    frame = placed(trusts, alive=[False] * len(trusts), diagnosed=[True] * len(trusts))
    expected = codes.summed_over_units(dict.fromkeys(codes.trusts(), 100.0))
    return release(
        estimate_coverage(
            make_cohort(frame),
            definitions=codes.coverages(),
            expected={"coverage_new": expected},
            year=2024,
        )
    )


def bars(cohort, coverage, lang="en", published=PUBLISHED):
    shares = estimate_indicators(cohort, definitions=EDSS, year=2024, published=published)
    populations = count_indicator_populations(cohort, definitions=EDSS, year=2024)
    return plot_indicator(
        release(shares), release(populations), coverage, definition=EDSS[0], year=2024, lang=[lang]
    ).draw(lang)


def names(axes):
    return [label.get_text() for label in axes.get_yticklabels()]


def said(figure):
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    return texts + [axes.get_xlabel() for axes in figure.axes]


def test_every_trust_keeps_its_place_the_best_uppermost_and_the_nation_last(cohort, coverage):
    rows = names(bars(cohort, coverage).axes[0])
    assert len(rows) == 20
    assert rows[-1].startswith("Førde")
    assert rows[0].startswith("Whole country (")


def test_stars_tell_the_coverage_and_parentheses_the_persons(cohort, coverage):
    rows = names(bars(cohort, coverage).axes[0])
    assert "Førde (100)" in rows
    assert "Bergen* (100)" in rows
    assert "OUS** (100)" in rows
    assert "Finnmark** (hidden)" in rows
    assert "Nordland** (0)" in rows


def test_a_hidden_share_has_no_bar_and_an_empty_denominator_a_dash(cohort, coverage):
    axes = bars(cohort, coverage).axes[0]
    written = dict(zip(names(axes), [t.get_text() for t in axes.texts[3:]], strict=True))
    assert written["Finnmark** (hidden)"] == "hidden"
    assert written["Nordland** (0)"] == "–"
    drawn = [
        round(bar.get_width(), 2) for bar in axes.patches if round(bar.get_height(), 2) == 0.52
    ]
    assert sorted(drawn) == sorted([0.9, 0.2, 0.51, *[0.5] * 14])


def test_the_year_before_is_drawn_thin_where_it_was_published(cohort, coverage):
    axes = bars(cohort, coverage).axes[0]
    before = [bar.get_width() for bar in axes.patches if round(bar.get_height(), 2) == 0.2]
    assert sorted(width for width in before if width == width) == [0.3, 0.3]


def test_a_year_that_was_made_again_says_so(coverage):
    frame = cohort_of(COUNTS).frame
    again = make_cohort(frame.assign(**{"edss_measured 2023": frame["edss_measured 2024"]}))
    note = "2023 is made again as it was known then"
    assert any(note in each for each in said(bars(again, coverage, published={})))
    assert not any(note in each for each in said(bars(cohort_of(COUNTS), coverage)))


def test_each_indicator_and_coverage_has_a_picture_under_its_id(cohort, coverage):
    shares = release(estimate_indicators(cohort, definitions=EDSS, year=2024))
    populations = release(count_indicator_populations(cohort, definitions=EDSS, year=2024))
    pictures = plot_indicators(
        shares, populations, coverage, definitions=codes.indicators(), year=2024, lang=["nb"]
    )
    assert list(pictures) == [each["id"] for each in codes.indicators()]
    drawn = plot_coverages(coverage, definitions=codes.coverages(), lang=["nb"])
    rows = names(drawn["coverage_new"].draw("nb").axes[0])
    assert "Førde (100)" in rows
    assert "Hele landet (1\u202f900)" in rows


def test_the_matrix_tells_what_is_hidden_from_what_is_not_judged(cohort):
    goals = score_goals(
        release(estimate_indicators(cohort, definitions=EDSS, year=2024)),
        definitions=EDSS,
        year=2024,
    )
    figure = plot_goals(goals, lang=["en"]).draw("en")
    axes = figure.axes[0]
    assert names(axes)[0] == "Førde"
    assert axes.texts[0].get_text() == "3"
    n_trusts = len(names(axes))
    written = [text.get_text() for text in axes.texts[:n_trusts]]
    by_trust = dict(zip(names(axes), written, strict=True))
    assert (by_trust["Finnmark"], by_trust["Nordland"]) == ("hidden", "–")
    assert [text.get_text() for text in axes.texts[n_trusts:]][-1] == "0"
    assert "–: not judged" in figure.get_supxlabel()
    assert "hidden: too few patients" in figure.get_supxlabel()


def test_a_funnel_names_only_who_lies_outside_and_shows_no_hidden_trust(cohort):
    figure = plot_funnel(release(estimate_funnel(cohort, definitions=EDSS, year=2024)), lang=["en"])
    axes = figure.draw("en").axes[0]
    assert {text.get_text() for text in axes.texts} == {"Førde", "OUS"}
    points = [x for line in axes.lines if line.get_linestyle() == "None" for x in line.get_xdata()]
    assert len(points) == 16


def test_a_funnel_of_a_hidden_nation_has_points_and_no_limits(cohort):
    funnel = release(estimate_funnel(cohort, definitions=EDSS, year=2024))
    of_nation = ["nation_numerator", "nation_denominator", "nation_share", "dispersion",
                 "lower_95", "upper_95", "lower_998", "upper_998", "position"]  # fmt: skip
    frame, hidden = funnel.frame.copy(), funnel.hidden.copy()
    frame[of_nation], hidden[of_nation] = None, True
    figure = plot_funnel(replace(funnel, frame=frame, hidden=hidden), lang=["en"]).draw("en")
    (points,) = (line for line in figure.axes[0].lines if len(line.get_xdata()))
    assert points.get_linestyle() == "None"


@pytest.mark.parametrize("plot", [plot_shrunken_shares, plot_changes])
def test_panels_have_a_row_a_trust_and_explain_their_marks(cohort, plot):
    before = PUBLISHED | {("edss_measured", unit): (4, 6) for unit in ("finnmark", "nordland")}
    tables = {
        plot_shrunken_shares: estimate_shrunken_shares(cohort, definitions=EDSS, year=2024),
        plot_changes: estimate_change(cohort, definitions=EDSS, year=2024, published=before),
    }
    figure = plot(release(tables[plot]), lang=["en"]).draw("en")
    rows = names(figure.axes[0])
    assert "Førde" in rows
    assert len(figure.legends[0].get_texts()) == 2
    why = {rows[int(text.get_position()[1])]: text.get_text() for text in figure.axes[0].texts}
    assert (why["Finnmark"], why["Nordland"]) == ("hidden", "–")
    assert "Førde" not in why
    below = figure.get_supxlabel()
    assert "hidden: too few patients" in below
    assert "–: nothing to count from" in below


def test_a_trust_with_a_signal_is_drawn_in_another_colour():
    low, high = ["met"] * 20 + ["not_met"] * 80, ["met"] * 60 + ["not_met"] * 40
    columns = {
        f"edss_measured {year}-Q{quarter}": low if year < 2023 else high
        for year in range(2020, 2025)
        for quarter in range(1, 5)
    }
    cohort = make_cohort(placed(["forde"] * 100, **columns))
    charts = release(estimate_run_charts(cohort, definitions=EDSS))
    rules = release(check_run_charts(cohort, definitions=EDSS))
    pictures = plot_run_charts(charts, rules, definitions=EDSS, lang=["nb"])
    figure = pictures["run_charts_edss_measured"].draw("nb")
    marks = {axes.get_title(loc="left"): axes.lines[0].get_marker() for axes in figure.axes[:20]}
    assert marks["Førde"] == "D"


def test_ripening_marks_both_updates_and_names_its_weeks(cohort):
    weeks = {f"edss_measured {week}": ["met"] * 50 + ["not_met"] * 50 for week in (0, 20, 50)}
    persons = make_cohort(placed(["ous"] * 100, **weeks))
    ripening = release(estimate_ripening(persons, definitions=EDSS))
    figure = plot_ripening(ripening, ripening, lang=["nb"], year=2024).draw("nb")
    assert {text.get_text() for text in figure.axes[0].texts} == {"juni", "des."}
    assert figure.axes[0].get_xlabel() == "Uker etter årets slutt"


def test_what_was_not_delivered_is_named_in_every_picture():
    nobody = make_cohort(placed([]))
    shares = release(estimate_indicators(nobody, definitions=EDSS, year=2024))
    populations = release(count_indicator_populations(nobody, definitions=EDSS, year=2024))
    none = release(estimate_coverage(nobody, definitions=codes.coverages(), expected={}, year=2024))
    ripening = release(estimate_ripening(nobody, definitions=EDSS))
    charts = release(estimate_run_charts(nobody, definitions=EDSS))
    rules = release(check_run_charts(nobody, definitions=EDSS))
    pictures = [
        plot_indicator(shares, populations, none, definition=EDSS[0], year=2024, lang=["en"]),
        *plot_coverages(none, definitions=codes.coverages(), lang=["en"]).values(),
        plot_goals(score_goals(shares, definitions=EDSS, year=2024), lang=["en"]),
        plot_funnel(release(estimate_funnel(nobody, definitions=EDSS, year=2024)), lang=["en"]),
        plot_ripening(ripening, ripening, lang=["en"], year=2024),
        *plot_run_charts(charts, rules, definitions=EDSS, lang=["en"]).values(),
    ]
    for each in pictures:
        assert "The extract" in " ".join(said(each.draw("en")))
