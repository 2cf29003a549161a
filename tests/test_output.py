"""Numbers, sentences and files of an analysis: only what was released, byte for byte again."""

import json
from dataclasses import replace

import pandas as pd
import pytest

from msanalysis.figures import plot_cumulative_incidence, plot_shares, plot_survival
from msanalysis.labels import MissingWord
from msanalysis.output import Sentences, number, save, sentences
from msanalysis.release import release
from msanalysis.stats import (
    estimate_cumulative_incidence,
    estimate_median_survival,
    estimate_shares,
    estimate_survival,
    estimate_survival_at,
)
from msanalysis.tables import cells, format_table
from persons import make_cohort

DAYS = [*range(10, 410, 4)] * 4
REASONS = ["switch", "cutoff", "cutoff", "death"] * 100
GROUPS = ["rrms"] * 300 + ["unknown"] * 97 + ["ppms"] * 3


@pytest.fixture(scope="module")
def cohort():
    return make_cohort(
        pd.DataFrame({"follow_up_days": DAYS, "end_reason": REASONS, "onset_course": GROUPS}),
        not_delivered=("sex",),
    )


@pytest.fixture(scope="module")
def courses(cohort):
    return release(estimate_shares(cohort, column="onset_course"))


# --- numbers --------------------------------------------------------------------------------------


def test_a_number_takes_value_interval_and_n_from_one_row(cohort):
    at = release(estimate_survival_at(cohort, event="switch", times_days=[100.5]))
    found = number("survival", at, "estimate", unit="percent", stratum="all")
    row = at.frame.iloc[0]
    assert found.value == pytest.approx(100 * row["estimate"])
    assert (found.lower, found.upper) == pytest.approx((100 * row["lower"], 100 * row["upper"]))
    assert (found.n, found.hidden, found.population) == (row["n_at_risk"], 0, "invented")


def test_a_hidden_number_keeps_its_row_without_a_value(courses):
    found = number("few", courses, "n", level="ppms")
    assert (found.value, found.hidden) == (None, 1)


def test_days_become_years(cohort):
    median = release(estimate_median_survival(cohort, event=["switch", "death"]))
    days = number("median", median, "median_days", unit="days", stratum="all")
    years = number("median", median, "median_days", unit="years", stratum="all")
    assert years.value == round(days.value / 365.25, 2)


def test_a_number_of_what_was_not_delivered_has_no_value(cohort):
    by_sex = release(estimate_median_survival(cohort, event="death", by="sex"))
    found = number("median", by_sex, "median_days", unit="years", stratum="female")
    assert (found.value, found.hidden) == (None, 0)


def test_a_median_that_is_not_reached_is_told_from_a_number_that_is_not_available(cohort):
    median = release(estimate_median_survival(cohort, event="switch", quantile=0.999))
    assert number("m", median, "median_days", unit="years", stratum="all").absent == "not_reached"
    assert number("m", median, "median_days", stratum="ppms").absent == "not_available"


def test_a_level_that_is_not_in_the_table_is_an_error_not_nobody(courses):
    with pytest.raises(LookupError, match="no level"):
        number("typo", courses, "n", level="rrmss")


def test_a_number_needs_one_row(courses):
    with pytest.raises(LookupError, match="rows fit"):
        number("several", courses, "n")


def test_a_number_of_a_column_that_is_not_there_names_it(courses):
    with pytest.raises(LookupError, match="the table has no column sex"):
        number("wrong", courses, "n", sex="female")


def test_a_result_that_has_not_passed_the_gate_gives_no_number(cohort):
    with pytest.raises(TypeError, match=r"call release\(\) first"):
        number("unsafe", estimate_shares(cohort, column="onset_course"), "n", level="rrms")


def test_an_interval_with_a_hidden_limit_is_not_called_open(monkeypatch):
    monkeypatch.setenv("MSANALYSIS_POLICY", "research")
    few = make_cohort(pd.DataFrame({"follow_up_days": range(1, 41), "end_reason": "death"}))
    median = release(estimate_median_survival(few, event="death"))
    found = number("median", median, "median_days", unit="days", stratum="all")
    assert found.value is not None
    assert (found.lower, found.upper) == (None, None)


# --- figures --------------------------------------------------------------------------------------


def test_a_result_that_has_not_passed_the_gate_is_not_drawn(cohort):
    with pytest.raises(TypeError, match=r"draws a Released, not a Result: call release\(\)"):
        plot_survival(
            estimate_survival(cohort, event="switch"), lang=["nb"], outcome="alive", time_zero="to"
        )


def test_a_figure_of_what_was_not_delivered_names_the_gap(cohort):
    released = release(estimate_survival(cohort, event="death", by="sex"))
    picture = plot_survival(released, lang=["nb"], outcome="alive", time_zero="since_onset")
    drawn = picture.draw("nb")
    texts = [text.get_text() for axes in drawn.axes for text in axes.texts]
    assert texts == ["Uttrekket har ingen med opplysningene denne figuren trenger."]


def test_a_figure_of_too_few_says_that_they_are_too_few():
    cohort = make_cohort(pd.DataFrame({"follow_up_days": [5], "end_reason": ["death"]}))
    released = release(estimate_survival(cohort, event="death"))
    picture = plot_survival(released, lang=["en"], outcome="alive", time_zero="since_onset")
    texts = [text.get_text() for axes in picture.draw("en").axes for text in axes.texts]
    assert texts == ["Too few persons to show."]


def test_a_curve_without_ticks_is_drawn(cohort):
    released = release(estimate_survival(cohort, event="switch"))
    picture = plot_survival(released, lang=["en"], outcome="alive", time_zero="since_onset")
    assert picture.draw("en").axes[0].get_xlim()[1] > 0


def test_n_is_not_written_where_it_would_give_a_group_back():
    days = [*range(1, 101), *range(1, 101), 1, 2, 3]
    groups = ["rrms"] * 100 + ["ppms"] * 100 + ["unknown"] * 3
    frame = pd.DataFrame({"follow_up_days": days, "end_reason": "death", "onset_course": groups})
    released = release(estimate_survival(make_cohort(frame), event="death", by="onset_course"))
    assert set(released.frame["stratum"]) == {"rrms", "ppms"}
    assert released.n_persons is None


def test_a_code_without_a_word_stops_a_figure():
    cohort = make_cohort(pd.DataFrame({"place": ["nowhere"] * 20}))
    picture = plot_shares(
        release(estimate_shares(cohort, column="place")), lang=["nb"], measured="share"
    )
    with pytest.raises(MissingWord, match="nowhere"):
        picture.draw("nb")


def test_an_invented_registry_is_stamped_in_both_languages(cohort):
    released = release(estimate_survival(cohort, event="switch", ticks_days=[0, 200]))
    picture = plot_survival(
        released, lang=["nb", "en"], outcome="not_switched", time_zero="since_rituximab_start"
    )
    for lang, stamp in (("nb", "SYNTETISK"), ("en", "SYNTHETIC")):
        assert stamp in [text.get_text() for text in picture.draw(lang).texts]


def test_numbers_at_risk_stand_under_their_ticks(cohort):
    released = release(estimate_survival(cohort, event="switch", ticks_days=[0, 200]))
    drawn = plot_survival(
        released,
        lang=["en"],
        outcome="not_switched",
        time_zero="since_rituximab_start",
        time_unit="days",
    ).draw("en")
    below = drawn.axes[1]
    first_row = {
        text.get_position()[0]: text.get_text()
        for text in below.texts
        if text.get_position()[1] == 0 and text.get_position()[0] >= 0
    }
    assert first_row == {0: "400", 200: str(sum(day >= 200 for day in DAYS))}


# --- tables ---------------------------------------------------------------------------------------


def test_a_file_tells_a_hidden_cell_from_one_without_a_value(cohort, courses):
    assert list(cells(courses).query("level == 'ppms'")["n"]) == [""]
    median = release(estimate_median_survival(cohort, event="switch", quantile=0.999))
    assert list(cells(median)["median_days"]) == ["NA"]


def test_a_table_in_words(courses):
    table = format_table(cells(courses), "nb")
    assert list(table)[:2] == ["Nivå", "Antall"]
    assert "skjult" in set(table["Antall"])


def test_limits_of_a_mean_are_not_percent_and_a_tiny_p_value_is_not_zero():
    mean = pd.DataFrame({"mean": ["42.7"], "lower": ["42.4"], "p_value": ["0.0"]})
    assert format_table(mean, "nb").iloc[0].to_list() == ["42,70", "42,40", "< 0,0001"]


# --- sentences and files --------------------------------------------------------------------------


@pytest.fixture
def saved(cohort, courses, tmp_path):
    curve = release(estimate_survival(cohort, event="switch", ticks_days=[0, 100, 200]))
    ends = ["switch", "death"]
    incidence = release(estimate_cumulative_incidence(cohort, events=ends, ticks_days=[0, 200]))
    numbers = [number("a", courses, "n", level="rrms"), number("b", courses, "n", level="ppms")]

    def write(folder):
        save(
            "invented",
            str(tmp_path / folder),
            numbers=numbers,
            figures={
                "curve": plot_survival(
                    curve,
                    lang=["nb", "en"],
                    outcome="not_switched",
                    time_zero="since_rituximab_start",
                ),
                "incidence": plot_cumulative_incidence(
                    incidence, lang=["nb", "en"], time_zero="since_rituximab_start"
                ),
                "shares": plot_shares(courses, lang=["nb", "en"], measured="share"),
            },
            tables={"courses": courses},
            text=Sentences(nb="ja", en="yes"),
        )
        return tmp_path / folder

    return write


def test_saving_twice_gives_the_same_bytes(saved):
    first, second = saved("first"), saved("second")
    files = sorted(path.relative_to(first) for path in first.rglob("*") if path.is_file())
    assert len(files) == 3 * 4 + 3
    for file in files:
        assert (first / file).read_bytes() == (second / file).read_bytes(), file


def test_numbers_csv_has_the_agreed_columns_and_keeps_the_hidden_row(saved):
    frame = pd.read_csv(saved("out") / "numbers.csv")
    assert list(frame) == [
        "id", "population", "measure", "value", "unit", "n", "lower", "upper", "hidden"
    ]  # fmt: skip
    assert list(frame["hidden"]) == [0, 1]
    assert frame["value"].isna().tolist() == [False, True]


def test_whole_numbers_are_written_whole_beside_an_empty_cell(cohort, courses, tmp_path):
    by_sex = release(estimate_median_survival(cohort, event="death", by="sex"))
    numbers = [
        number("a", courses, "n", level="rrms"),
        number("b", by_sex, "median_days", stratum="female"),
    ]
    text = Sentences(nb="ja", en="yes")
    save("invented", str(tmp_path), numbers=numbers, figures={}, tables={}, text=text)
    assert (tmp_path / "numbers.csv").read_text().splitlines()[1:] == [
        "a,invented,shares:n,300,persons,400,,,0",
        "b,invented,median_survival:median,,persons,,,,0",
    ]


def test_the_contents_are_listed_for_the_runner(saved):
    contents = json.loads((saved("out") / "analysis.json").read_text(encoding="utf-8"))
    del contents["cells"], contents["hidden"]
    assert contents == {
        "analysis": "invented",
        "figures": ["curve", "incidence", "shares"],
        "interactive": [],
        "drawn_from": {"curve": [], "incidence": [], "shares": ["courses"]},
        "tables": ["courses"],
        "text": {"nb": "ja", "en": "yes"},
        "quoted": ['["invented", {"onset_course": ["rrms"]}]', '["invented", {}]'],
    }


def test_a_figure_of_some_rows_of_a_table_is_drawn_from_it_and_from_no_table_like_it(
    cohort, courses, tmp_path
):
    some = replace(courses, frame=courses.frame[:1], hidden=courses.hidden[:1])
    figures = {"some": plot_shares(some, lang=["en"], measured="share")}
    tables = {"again": release(estimate_shares(cohort, column="onset_course")), "all": courses}
    text = Sentences(en="yes")
    save("invented", str(tmp_path), numbers=[], figures=figures, tables=tables, text=text)
    contents = json.loads((tmp_path / "analysis.json").read_text(encoding="utf-8"))
    assert contents["drawn_from"] == {"some": ["all"]}


def test_of_a_table_the_contents_say_whom_it_counts_and_how(saved):
    contents = json.loads((saved("out") / "analysis.json").read_text(encoding="utf-8"))
    of_table = contents["cells"]["courses"]
    assert of_table["population"] == {"name": "invented", "base": "invented", "fixed": {}}
    assert of_table["dimensions"] == {"level": "onset_course"}
    assert of_table["counts"] == {
        "n": {"dependents": ["share", "lower", "upper"], "dimensions": ["level"], "also": {}},
        "denominator": {
            "dependents": ["n", "share", "lower", "upper"], "dimensions": [], "also": {}
        },
    }  # fmt: skip


def test_a_table_that_has_not_passed_the_gate_is_not_written(cohort, tmp_path):
    with pytest.raises(TypeError, match="has not passed the gate"):
        save(
            "invented",
            str(tmp_path),
            numbers=[],
            figures={},
            tables={"courses": estimate_shares(cohort, column="onset_course")},
            text=Sentences(en=""),
        )


def test_a_sentence_names_a_hidden_number_as_hidden(cohort, courses):
    names = (
        "dead survival_median survival_median_rrms survival_median_ppms survival_median_unknown "
        "survival_log_rank_course survival_log_rank_sex survival_median_delayed_entry"
    )
    few = [number(name, courses, "n", level="ppms") for name in names.split()]
    text = sentences("overall_survival", few, lang=["en"])["en"]
    assert "[hidden]" in text
