"""Pictures of demography: in both languages, with hidden cells, and of nothing."""

import io

import matplotlib
import numpy as np
import pandas as pd
import pytest

from msanalysis.figures import (
    plot_adjusted_trusts,
    plot_adjusted_years,
    plot_age_distribution,
    plot_age_pyramid,
    plot_onset_years,
    plot_share_bars,
    plot_trust_rates,
    plot_yearly_means,
    plot_yearly_rates,
    plot_yearly_share,
)
from msanalysis.figures.years import middle
from msanalysis.release import release
from msanalysis.stats import (
    estimate_crude_rates,
    estimate_diagnosed_share,
    estimate_expected_prevalence,
    estimate_mean_trend,
    estimate_rate_trend,
    estimate_share_trend,
    estimate_shares,
    estimate_shares_by,
    estimate_standardised_rates,
    estimate_yearly_mean,
    estimate_yearly_standardised_rates,
)
from persons import make_cohort

LANG = ["nb", "en"]
YEARS = {str(year): 100_000 for year in range(2001, 2011)}
TRUSTS = {"bergen": 100_000, "ous": 200_000}
AGES = {0: 50_000, 40: 50_000}
STANDARD = {"age": "age", "standard": {0: 1, 40: 2}}


def people(n=600):
    """Return persons of whom three men only are old, and three live in Oslo."""
    row = np.arange(n)
    return pd.DataFrame(
        {
            "sex": np.where(row % 3, "female", "male"),
            "band": np.where(row < 9, "age_from 85", "age 50-54"),
            "age": 30.0 + row % 20,
            "year": 2001 + row % 10,
            "late": np.where(row % 7, "onset_before_50", "onset_from_50"),
            "hf": np.where(row < 3, "ous", "bergen"),
            "delay": 10 + row % 300,
            "longest": 9000 - 365 * (row % 10),
        }
    )


def pictures(cohort):
    trend = estimate_mean_trend(cohort, column="age", year="year", by="sex")
    means = estimate_yearly_mean(cohort, column="age", year="year", by="sex")
    bands = estimate_shares(cohort, column="band")
    late = estimate_shares_by(cohort, column="late", by="year")
    late_trend = estimate_share_trend(cohort, column="late", event="onset_from_50", year="year")
    rates = estimate_crude_rates(cohort, by="year", inhabitants=YEARS)
    rate_trend = estimate_rate_trend(cohort, year="year", inhabitants=YEARS)
    by_trust = estimate_crude_rates(cohort, by="hf", inhabitants=TRUSTS)
    expected = estimate_expected_prevalence(cohort, inhabitants=TRUSTS, expected={"ous": 9.0})
    diagnosed = estimate_diagnosed_share(
        cohort, year="year", delay="delay", longest_delay="longest"
    )
    adjusted = estimate_yearly_standardised_rates(
        cohort,
        year="year",
        by="sex",
        inhabitants={each: {"female": AGES, "male": AGES} for each in YEARS},
        **STANDARD,
    )
    adjusted_by_trust = estimate_standardised_rates(
        cohort, by="hf", inhabitants=dict.fromkeys(TRUSTS, AGES), **STANDARD
    )
    marked = {"lang": LANG, "marks": [2005]}
    axes = {"measured": "share", "axis": "diagnosis_year"}
    shown = {
        "ages": plot_age_distribution(release(bands), lang=LANG, measured=["onset_age"]),
        "pyramid": plot_age_pyramid(
            release(estimate_shares_by(cohort, column="band", by="sex")),
            lang=LANG,
            measured="age_at_status",
        ),
        "means": plot_yearly_means(release(means), release(trend), **axes, **marked),
        "share": plot_yearly_share(
            release(late), release(late_trend), level="onset_from_50", **axes, **marked
        ),
        "rates": plot_yearly_rates(release(rates), release(rate_trend), **axes, **marked),
        "bars": plot_share_bars(
            release(estimate_shares_by(cohort, column="sex", by="year")),
            release(estimate_shares(cohort, column="sex")),
            lang=LANG,
            name_of_whole="all_living",
            measured="share",
        ),
        "trusts": plot_trust_rates(
            release(by_trust), release(expected), lang=LANG, measured="incidence"
        ),
        "onset": plot_onset_years(release(means), release(diagnosed), release(trend), **marked),
        "adjusted": plot_adjusted_years(release(adjusted), axis="diagnosis_year", **marked),
        "adjusted_trusts": plot_adjusted_trusts(
            release(adjusted_by_trust), lang=LANG, measured="incidence"
        ),
    }
    return shown


NAMES = (
    "ages", "pyramid", "means", "share", "rates", "bars", "trusts", "onset", "adjusted",
    "adjusted_trusts",
)  # fmt: skip


@pytest.fixture(scope="module")
def shown():
    return pictures(make_cohort(people()))


@pytest.fixture(scope="module")
def of_nobody():
    return pictures(make_cohort(people().iloc[:0]))


@pytest.mark.parametrize(("lang", "said"), [("nb", "skjult"), ("en", "hidden")])
def test_a_hidden_year_keeps_its_place_and_says_so(lang, said):
    years = pd.DataFrame({"year": np.repeat([2001, 2002, 2003, 2004], [40, 3, 30, 60])})
    inhabitants = dict.fromkeys(("2001", "2002", "2003", "2004"), 1000)
    rates = release(estimate_crude_rates(make_cohort(years), by="year", inhabitants=inhabitants))
    picture = plot_yearly_rates(rates, lang=LANG, measured="share", axis="year", marks=[])
    hidden = rates.frame.loc[rates.frame["n"].isna(), "stratum"]
    assert "2002" in [*hidden]
    assert sum(said in each for each in words(picture, lang)) == len(hidden)


def words(picture, lang):
    """Return every text in the picture."""
    figure = picture.draw(lang)
    figure.savefig(io.BytesIO())
    return [text.get_text() for text in figure.findobj(matplotlib.text.Text) if text.get_text()]


@pytest.mark.parametrize("lang", LANG)
@pytest.mark.parametrize("name", NAMES)
def test_a_picture_says_where_it_is_from_and_that_it_is_invented(shown, name, lang):
    said = words(shown[name], lang)
    assert {"nb": "SYNTETISK", "en": "SYNTHETIC"}[lang] in said
    assert any(text.startswith("n = 600") for text in said) or name in (
        "pyramid",
        "trusts",
        "adjusted_trusts",
    )


@pytest.mark.parametrize("name", NAMES)
def test_of_nobody_a_picture_names_the_gap(of_nobody, name):
    said = " ".join(words(of_nobody[name], "en"))
    assert "The extract" in said


def test_a_hidden_band_of_the_pyramid_keeps_its_place_and_says_so(shown):
    said = words(shown["pyramid"], "en")
    assert "85 and over" in said
    assert "hidden" in said
    assert "3" not in said


@pytest.mark.parametrize("name", ["trusts", "adjusted_trusts"])
def test_a_hidden_trust_keeps_its_place_without_a_point(shown, name):
    said = words(shown[name], "en")
    assert "OUS" in said
    assert any("hidden" in text for text in said)


def test_crude_and_standardised_rates_stand_side_by_side_in_a_panel_a_sex(shown):
    said = words(shown["adjusted"], "en")
    assert {"Crude", "Standardised for age", "Women", "Men"} <= set(said)


def test_years_are_written_without_a_space(shown):
    assert "2004" in words(shown["means"], "nb")


def test_a_span_of_years_stands_at_its_middle():
    assert middle("2024") == 2024
    assert middle("2022-2024") == 2023
