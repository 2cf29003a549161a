"""The pictures of natalizumab: drawn in both languages, whole, hidden or empty."""

from dataclasses import replace

import pandas as pd
import pytest

from msanalysis.figures import (
    plot_arms,
    plot_balance,
    plot_interrupted_series,
    plot_share_series,
)
from msanalysis.release import release
from msanalysis.stats import (
    estimate_balance,
    estimate_interrupted_series,
    estimate_shares_by,
    estimate_weighted_incidence,
)
from persons import make_cohort
from reference import FOLDER

LANGUAGES = ["nb", "en"]
CHANGE = {
    "event": "stopped", "since": "2018-01-01", "change_from": "2023-12-01",
    "change_to": "2024-04-30", "by": "series",
}  # fmt: skip
ARMS = {"arm": "arm", "treated": "stopped", "covariates": ["age_years", "sex"]}


def words(picture, lang):
    """Return every text of the figure, as a reader finds them."""
    figure = picture.draw(lang)
    figure.canvas.draw()
    texts = figure.findobj(lambda artist: hasattr(artist, "get_text"))
    return {text.get_text().strip() for text in texts}


def courses():
    return pd.read_csv(FOLDER / "data" / "courses.csv")


def arms(**changes):
    return make_cohort(pd.read_csv(FOLDER / "data" / "arms.csv").assign(**changes))


@pytest.mark.parametrize(
    ("lang", "said"),
    [("nb", {"Tilpasset", "Andre legemidler"}), ("en", {"Fitted", "Other drugs"})],
)
def test_the_series_names_its_lines_and_panels(lang, said):
    series = release(estimate_interrupted_series(make_cohort(courses()), **CHANGE))
    picture = plot_interrupted_series(
        series, lang=LANGUAGES, measured="natalizumab_stops_per_100py"
    )
    assert said <= words(picture, lang)


@pytest.mark.parametrize(("left_out_months", "told"), [(0, False), (5, True)])
def test_the_series_tells_of_months_left_out_where_there_are(left_out_months, told):
    settings = {"left_out_months": left_out_months, **CHANGE}
    series = release(estimate_interrupted_series(make_cohort(courses()), **settings))
    picture = plot_interrupted_series(
        series, lang=LANGUAGES, measured="natalizumab_stops_per_100py"
    )
    assert ("Still being reported, not fitted" in words(picture, "en")) == told


@pytest.mark.parametrize("hides", [True, False])
def test_a_hidden_quarter_says_so_and_how_many_events_are_shown_stands_below(hides):
    series = release(estimate_interrupted_series(make_cohort(courses()), **CHANGE))
    frame, hidden = series.frame.copy(), series.hidden.copy()
    drug = (frame["stratum"] == "natalizumab") & (frame["period"] != "all")
    if hides:
        last = frame.index[drug][-1]
        frame.loc[last, ["n_events", "rate_per_100py"]] = None
        hidden.loc[last, ["n_events", "rate_per_100py"]] = True
    picture = plot_interrupted_series(
        replace(series, frame=frame, hidden=hidden), lang=["en"], measured="calendar_year"
    )
    said = words(picture, "en")
    below = picture.draw("en").get_supxlabel()
    shown = int(frame.loc[drug, "n_events"].sum())
    assert f"Natalizumab n = {shown:,}".replace(",", "\u202f") in below
    assert ("hidden" in said, "hidden: too few patients" in below) == (hides, hides)


def test_an_empty_series_draws_no_line():
    series = release(estimate_interrupted_series(make_cohort(courses().iloc[:0]), **CHANGE))
    picture = plot_interrupted_series(
        series, lang=LANGUAGES, measured="natalizumab_stops_per_100py"
    )
    assert "Tilpasset" not in words(picture, "nb")


def test_shares_by_quarter_are_drawn_for_each_name():
    tested = pd.DataFrame(
        {
            "quarter": ["quarter 2023-10"] * 30 + ["quarter 2024-01"] * 30,
            "result": (["positive"] * 10 + ["negative"] * 20) * 2,
        }
    )
    shares = release(estimate_shares_by(make_cohort(tested), column="result", by="quarter"))
    none = release(estimate_shares_by(make_cohort(tested.iloc[:0]), column="result", by="quarter"))
    settings = {"lang": LANGUAGES, "level": "positive", "measured": "share_positive"}
    both = plot_share_series(shares, shares, names=["stratify", "immunowell"], **settings)
    assert {"Stratify", "ImmunoWELL"} <= words(both, "en")
    assert "Stratify" not in words(plot_share_series(none, names=["stratify"], **settings), "en")


def test_the_balance_names_each_term_once_and_leaves_out_totals_of_levels():
    picture = plot_balance(release(estimate_balance(arms(), **ARMS)), lang=LANGUAGES)
    said = words(picture, "nb")
    assert {"Alder (år)", "Kjønn: kvinner", "Kjønn: menn", "Før vekting"} <= said
    assert "Kjønn" not in said


def test_the_arms_show_where_an_estimate_is_hidden():
    settings = {"event": "relapse", "competing": ["death"], "times_days": [5, 365], **ARMS}
    few = release(estimate_weighted_incidence(arms(), **settings))
    assert few.hidden["estimate"].any()
    picture = plot_arms(few, lang=LANGUAGES, names=["relapse"], time_zero="since_end_of_month")
    assert "hidden" in words(picture, "en")
