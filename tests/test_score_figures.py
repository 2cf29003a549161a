"""Pictures of scores and answers: in both languages, with hidden cells, and of nobody."""

import io

import matplotlib
import numpy as np
import pandas as pd
import pytest

from msanalysis.figures import (
    plot_adjusted_means,
    plot_boxes,
    plot_coefficients,
    plot_share_by_each,
)
from msanalysis.release import POLICY_VARIABLE, release
from msanalysis.stats import (
    estimate_adjusted_means,
    estimate_boxes,
    estimate_mixed_regression,
    estimate_regression,
    estimate_share_by_each,
)
from persons import make_cohort

LANG = ["nb", "en"]
SCORES = ["rand12_physical", "rand12_mental", "msis29_physical", "msis29_psychological"]
NAMES = ("boxes", "two_boxes", "trusts", "coefficients", "response")


def answers(n=600):
    """Return answers of which three only are from Oslo, and three of unknown course."""
    row = np.arange(n)
    rng = np.random.default_rng(4)
    return pd.DataFrame(
        {
            **{score: rng.normal(40, 10, n).clip(0, 99).round(1) for score in SCORES},
            "sex": np.where(row % 3, "female", "male"),
            "onset_course": np.where(row < 3, "unknown", np.where(row % 9, "rrms", "ppms")),
            "residence_hf": np.where(row < 3, "ous", np.where(row % 2, "bergen", "forde")),
            "age_decades": 3 + row % 40 / 10,
            "year": 2023 + row % 2,
            "person": row // 2,
            "answered": np.where(row % 5, "yes", "no"),
        }
    )


def pictures(cohort):
    def boxes(by):
        return release(estimate_boxes(cohort, scores=SCORES, by=by))

    model = {"scores": SCORES, "covariates": ["sex", "age_decades"]}
    trusts = estimate_adjusted_means(
        cohort, scores=SCORES, by="residence_hf", covariates=["age_decades"]
    )
    response = estimate_share_by_each(
        cohort, column="answered", event="yes", columns=["sex", "residence_hf"]
    )
    return {
        "boxes": plot_boxes(boxes("year"), lang=LANG),
        "two_boxes": plot_boxes(boxes("onset_course"), boxes("sex"), lang=LANG),
        "trusts": plot_adjusted_means(release(trusts), lang=LANG, scores=SCORES[:2]),
        "coefficients": plot_coefficients(
            release(estimate_regression(cohort, **model)),
            release(estimate_mixed_regression(cohort, **model)),
            lang=LANG,
        ),
        "response": plot_share_by_each(
            release(response), lang=LANG, measured="response_rate", is_ordered=True
        ),
    }


@pytest.fixture(scope="module")
def shown():
    return pictures(make_cohort(answers()))


@pytest.fixture(scope="module")
def of_nobody():
    return pictures(make_cohort(answers().iloc[:0]))


def words(picture, lang="en"):
    figure = picture.draw(lang)
    figure.savefig(io.BytesIO())
    return [text.get_text() for text in figure.findobj(matplotlib.text.Text) if text.get_text()]


@pytest.mark.parametrize("lang", LANG)
@pytest.mark.parametrize("name", NAMES)
def test_a_picture_says_where_it_is_from_and_that_it_is_invented(shown, name, lang):
    assert {"nb": "SYNTETISK", "en": "SYNTHETIC"}[lang] in words(shown[name], lang)


@pytest.mark.parametrize("name", NAMES)
def test_of_nobody_a_picture_names_the_gap(of_nobody, name):
    assert "The extract" in " ".join(words(of_nobody[name]))


def test_a_hidden_box_keeps_its_place_without_its_number(shown):
    said = words(shown["two_boxes"])
    assert "Unknown\n(hidden)" in said
    assert not any("(3)" in text for text in said)


def test_of_a_box_whose_quartiles_are_hidden_the_median_is_left(monkeypatch):
    monkeypatch.setenv(POLICY_VARIABLE, "research")
    few = answers().iloc[:16].assign(sex="female")
    boxes = release(estimate_boxes(make_cohort(few), scores=SCORES, by="sex"))
    rows = boxes.frame[boxes.frame["stratum"] == "female"]
    assert rows["median"].notna().all()
    assert rows["p25"].isna().all()
    axes = plot_boxes(boxes, lang=LANG).draw("en").axes[0]
    box, median = axes.patches[0].get_extents(), rows["median"].astype(float).iloc[0]
    assert box.height == 0
    assert axes.transData.inverted().transform((0, box.y0))[1] == pytest.approx(median)


@pytest.mark.parametrize("name", ["boxes", "two_boxes"])
def test_under_the_boxes_stands_where_their_whiskers_end(shown, name):
    (en,), (nb,) = (
        [text.replace("\n", " ") for text in words(shown[name], lang) if "75" in text]
        for lang in ("en", "nb")
    )
    assert "Box: 25th–75th percentile. Whiskers: to the outermost answer within 1.5" in en
    assert "that at least 10 answers reach" in en
    assert "som minst 10 svar når" in nb
    assert "Source: " in en


def test_panels_say_which_end_of_a_score_is_good(shown):
    said = words(shown["boxes"])
    assert "RAND-12 physical (high is best)" in said
    assert "MSIS-29 physical (low is best)" in said


def test_the_norm_stands_in_the_panels_of_rand12_only(shown):
    panels = shown["boxes"].draw("en").axes
    dashed = [any(line.get_linestyle() == "--" for line in axes.lines) for axes in panels]
    assert dashed == [True, True, False, False]


def test_two_tables_of_boxes_are_named_by_letters_and_one_is_not(shown):
    assert {"A", "B"} <= set(words(shown["two_boxes"]))
    assert "A" not in words(shown["boxes"])


@pytest.mark.parametrize("name", ["trusts", "response"])
def test_a_hidden_trust_keeps_its_place(shown, name):
    assert "OUS (hidden)" in words(shown[name])


@pytest.mark.parametrize(("score", "on_top"), [("rand12_physical", 1), ("msis29_physical", -1)])
def test_the_best_trust_of_the_year_stands_on_top(score, on_top):
    frame = answers().assign(residence_hf=lambda each: np.where(each.index % 3, "bergen", "forde"))
    frame.loc[frame["residence_hf"] == "forde", score] += 20 * on_top
    means = estimate_adjusted_means(
        make_cohort(frame), scores=[score], by="residence_hf", covariates=["age_decades"]
    )
    picture = plot_adjusted_means(release(means), lang=LANG, scores=[score])
    names = [label.get_text() for label in picture.draw("en").axes[0].get_yticklabels()]
    assert names[-1].startswith("Førde")


def test_the_reference_is_named_once_in_a_panel_column(shown):
    assert "Women (reference)" in words(shown["coefficients"])


def test_models_stand_in_one_legend(shown):
    said = words(shown["coefficients"])
    assert {"One at a time", "All together", "All years, repeated answers"} <= set(said)
