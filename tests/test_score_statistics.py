"""Scores by group, in linear models and with repeated answers: identities, R, and the gate."""

import json

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st

from msanalysis.release import release
from msanalysis.stats import (
    check_mixed_regression,
    check_regression,
    estimate_adjusted_means,
    estimate_boxes,
    estimate_correlation,
    estimate_mixed_regression,
    estimate_regression,
    estimate_share_by_each,
)
from persons import make_cohort
from reference import FOLDER, assert_equal_to_r

FIT = ["coefficient", "lower", "upper", "p_value"]


def by_r(name):
    return json.loads((FOLDER / f"{name}.json").read_text())


def cohort_from(name, **columns):
    frame = pd.read_csv(FOLDER / "data" / f"{name}.csv")
    return make_cohort(frame.assign(**{key: column(frame) for key, column in columns.items()}))


@pytest.fixture(scope="module")
def mgus2():
    frame = pd.read_csv(FOLDER / "data" / "mgus2.csv").dropna(subset=["haemoglobin"])
    return make_cohort(frame.reset_index(drop=True))


@pytest.fixture(scope="module")
def repeated():
    return cohort_from("pbcseq")


# --- against R ----------------------------------------------------------------------------------


@pytest.mark.parametrize("covariate", ["age", "sex", "end_reason"])
def test_each_covariate_alone_against_R(mgus2, covariate):
    result = estimate_regression(mgus2, scores=["haemoglobin"], covariates=[covariate])
    theirs = by_r("regression")["univariable"][covariate]
    assert_equal_to_r(terms(result, "univariable"), np.array(theirs["rows"]))


def test_all_covariates_together_against_R(mgus2):
    covariates = ["age", "sex", "end_reason"]
    result = estimate_regression(mgus2, scores=["haemoglobin"], covariates=covariates)
    theirs = by_r("regression")["multivariable"]
    assert_equal_to_r(terms(result, "multivariable"), np.array(theirs["rows"]))


def terms(result, model):
    rows = result.frame[result.frame["model"] == model]
    return rows.loc[rows["coefficient"].notna(), FIT].to_numpy()


def test_what_the_regression_takes_for_granted_against_R(mgus2):
    covariates = ["age", "sex", "end_reason"]
    result = check_regression(mgus2, scores=["haemoglobin"], covariates=covariates)
    theirs = by_r("regression")["check"]
    assert_equal_to_r(result.frame[[*theirs]].iloc[0], [*theirs.values()])


def test_rank_correlation_against_R(mgus2):
    result = estimate_correlation(mgus2, scores=["haemoglobin"], column="age")
    ours = result.frame[["correlation", "lower", "upper", "p_value"]].iloc[0]
    assert_equal_to_r(ours, by_r("regression")["correlation"])


@pytest.mark.parametrize("score", ["albumin", "log_bilirubin"])
def test_repeated_answers_against_R(repeated, score):
    theirs = by_r("mixed_regression")[score]
    covariates = ["age", "sex", "drug", "years"]
    result = estimate_mixed_regression(repeated, scores=[score], covariates=covariates)
    rows = result.frame[result.frame["coefficient"].notna()]
    half = (rows["upper"] - rows["lower"]) / 2
    # The search of nlme ends before that of ours, and is as near as this.
    close = {"rtol": 1e-5}
    np.testing.assert_allclose(rows["coefficient"], theirs["coefficients"][1:], **close)
    np.testing.assert_allclose(half / 1.959963984540054, theirs["errors"][1:], **close)
    check = check_mixed_regression(repeated, scores=[score], covariates=covariates).frame.iloc[0]
    deviations = [theirs["person_sd"], theirs["answer_sd"]]
    np.testing.assert_allclose(check[["person_sd", "answer_sd"]].astype(float), deviations, **close)


@pytest.mark.parametrize("prior", ["no", "yes"])
def test_adjusted_means_against_R(prior):
    result = estimate_adjusted_means(
        cohort_from("veteran"),
        scores=["karnofsky"],
        by="cell_type",
        covariates=["age", "treatment"],
        year="prior",
    )
    theirs = by_r("adjusted_means")[prior]
    rows = result.frame[result.frame["year"] == prior].set_index("stratum")
    ours = rows.loc[theirs["units"], ["adjusted", "lower", "upper"]]
    assert_equal_to_r(ours.to_numpy(), np.array(theirs["rows"]))


# --- identities ---------------------------------------------------------------------------------


def scored(n, seed=1):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "a": rng.normal(50, 10, n).round(1),
            "b": rng.normal(30, 20, n).clip(0).round(1),
            "sex": rng.choice(["female", "male"], n, p=[0.7, 0.3]),
            "age": rng.normal(55, 12, n),
            "hf": rng.choice(["bergen", "ous", "forde"], n),
            "year": rng.choice([2023, 2024], n),
            "person": rng.integers(0, max(1, n // 3), n),
            "edss": np.where(rng.random(n) < 0.5, rng.integers(0, 13, n) / 2, np.nan),
        }
    )


@given(st.lists(st.integers(0, 40), min_size=1, max_size=80), st.integers(1, 12))
def test_a_whisker_ends_at_a_value_that_enough_reach_or_at_the_box(values, least):
    frame = pd.DataFrame({"score": values, "sex": "female"})
    result = estimate_boxes(make_cohort(frame), scores=["score"], by="sex", least_beyond=least)
    box = result.frame.iloc[0]
    reach = 1.5 * (box["p75"] - box["p25"])
    below, above = np.array(values) <= box["whisker_low"], np.array(values) >= box["whisker_high"]
    assert box["whisker_low"] == box["p25"] or below.sum() >= least
    assert box["whisker_high"] == box["p75"] or above.sum() >= least
    assert box["p25"] - reach <= box["whisker_low"] <= box["p25"]
    assert box["p75"] <= box["whisker_high"] <= box["p75"] + reach


def test_a_box_is_quartiles_and_mean_of_its_stratum():
    frame = scored(200)
    result = estimate_boxes(make_cohort(frame), scores=["a", "b"], by="sex").frame
    for (score, sex), box in result.set_index(["score", "stratum"]).iterrows():
        values = frame.loc[frame["sex"] == sex if sex != "all" else frame.index, score]
        assert box["n"] == len(values)
        assert box["mean"] == pytest.approx(values.mean())
        assert list(box[["p25", "median", "p75"]]) == pytest.approx(
            list(values.quantile([0.25, 0.5, 0.75]))
        )


def test_the_most_common_level_is_the_reference_and_has_no_coefficient():
    result = estimate_regression(make_cohort(scored(100)), scores=["a"], covariates=["sex"]).frame
    first = result.iloc[0]
    assert first["level"] == "female"
    assert np.isnan(first["coefficient"])


def test_one_covariate_of_levels_gives_the_differences_of_the_means():
    frame = scored(300)
    result = estimate_regression(make_cohort(frame), scores=["b"], covariates=["hf"]).frame
    rows = result[result["model"] == "univariable"].set_index("level")
    means = frame.groupby("hf")["b"].mean()
    reference = rows.index[rows["coefficient"].isna()].item()
    for unit in set(means.index) - {reference}:
        assert rows.loc[unit, "coefficient"] == pytest.approx(means[unit] - means[reference])


def test_without_differences_in_the_covariates_adjusting_changes_nothing():
    frame = scored(240).assign(sex=["female", "male"] * 120, hf=["ous", "ous", "forde"] * 80)
    frame = pd.concat([frame, frame.assign(hf=frame["hf"].map({"ous": "forde", "forde": "ous"}))])
    frame = frame.reset_index(drop=True).assign(year=2024)
    result = estimate_adjusted_means(
        make_cohort(frame), scores=["a"], by="hf", covariates=["sex", "age"]
    ).frame
    assert list(result["adjusted"]) == pytest.approx(list(result["mean"]))


def test_the_adjusted_means_weighed_by_persons_give_the_mean_of_all():
    result = estimate_adjusted_means(
        make_cohort(scored(500)), scores=["a", "b"], by="hf", covariates=["age", "sex"]
    ).frame
    for _, rows in result.groupby(["score", "year"]):
        units = rows[rows["stratum"] != "all"]
        together = np.average(units["adjusted"], weights=units["n"])
        assert together == pytest.approx(rows["mean"].iloc[0])


def test_repeated_answers_as_statsmodels_fits_them():
    frame = scored(400, seed=5)
    levels = np.random.default_rng(9).normal(0, 8, frame["person"].max() + 1)
    frame["a"] += levels[frame["person"]]
    result = estimate_mixed_regression(make_cohort(frame), scores=["a"], covariates=["age"]).frame
    X = np.column_stack([np.ones(len(frame)), frame["age"]])
    theirs = sm.MixedLM(frame["a"].to_numpy(), X, groups=frame["person"]).fit()
    assert result["coefficient"].item() == pytest.approx(theirs.params[1], rel=1e-4)


def test_answers_that_do_not_hang_together_give_what_least_squares_give():
    frame = scored(600).assign(person=lambda each: np.arange(len(each)) // 2)
    # Each person's answers differ as much as two persons' do: a negative correlation is none.
    frame["a"] = np.where(frame.index % 2, 40.0, 60.0) + np.arange(len(frame)) % 7
    mixed = estimate_mixed_regression(make_cohort(frame), scores=["a"], covariates=["age"]).frame
    plain = estimate_regression(make_cohort(frame), scores=["a"], covariates=["age"]).frame
    assert mixed["coefficient"].item() == pytest.approx(plain["coefficient"].iloc[-1], rel=1e-3)
    check = check_mixed_regression(make_cohort(frame), scores=["a"], covariates=["age"]).frame
    assert check["intraclass_correlation"].item() < 1e-4


def test_covariates_that_always_go_together_have_no_coefficients_of_their_own():
    """Only women are treated and no man is: how much is whose, nobody can tell."""
    frame = scored(40).assign(person=np.repeat(np.arange(20), 2))
    frame["treated"] = frame["sex"].map({"female": "yes", "male": "no"})
    covariates = ["sex", "treated"]
    plain = estimate_regression(make_cohort(frame), scores=["a"], covariates=covariates).frame
    assert set(plain["model"]) == {"univariable"}
    for estimate in (estimate_mixed_regression, check_mixed_regression, check_regression):
        assert estimate(make_cohort(frame), scores=["a"], covariates=covariates).frame.empty


def test_a_correlation_counts_those_with_a_measure_only():
    frame = scored(300)
    result = estimate_correlation(make_cohort(frame), scores=["a"], column="edss").frame
    assert result["n"].item() == frame["edss"].notna().sum()


def test_a_score_that_follows_the_measure_is_fully_correlated():
    frame = scored(50).assign(edss=lambda each: each["a"] ** 3)
    result = estimate_correlation(make_cohort(frame), scores=["a"], column="edss").frame
    assert result["correlation"].item() == pytest.approx(1)


def test_a_measure_that_is_the_same_for_all_has_no_correlation():
    result = estimate_correlation(
        make_cohort(scored(50).assign(edss=3.0)), scores=["a"], column="edss"
    ).frame
    assert np.isnan(result["correlation"].item())


def test_shares_by_several_columns_each_divide_everyone():
    frame = scored(400).assign(answered=lambda each: np.where(each["a"] > 50, "yes", "no"))
    result = estimate_share_by_each(
        make_cohort(frame), column="answered", event="yes", columns=["sex", "hf"]
    ).frame
    whole = result.iloc[0]
    assert (whole["level"], whole["denominator"]) == ("all", 400)
    for _, rows in result.iloc[1:].groupby("covariate"):
        assert rows[["n", "denominator"]].sum().tolist() == [whole["n"], 400]
        assert np.allclose(rows["share"], rows["n"] / rows["denominator"])


# --- refusals and the gate ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        lambda cohort: estimate_boxes(cohort, scores=["a"], by="sex"),
        lambda cohort: estimate_regression(cohort, scores=["a"], covariates=["sex"]),
        lambda cohort: estimate_regression(cohort, scores=["b"], covariates=["a"]),
        lambda cohort: estimate_mixed_regression(cohort, scores=["a"], covariates=["sex"]),
        lambda cohort: estimate_adjusted_means(cohort, scores=["a"], by="hf", covariates=["sex"]),
    ],
)
def test_a_missing_number_is_refused_and_told_by_its_column(call):
    frame = scored(50)
    frame.loc[7, "a"] = np.nan
    with pytest.raises(ValueError, match="is missing for some"):
        call(make_cohort(frame))


def test_words_are_no_score():
    with pytest.raises(ValueError, match="does not hold numbers"):
        estimate_boxes(make_cohort(scored(20)), scores=["hf"], by="sex")


def test_a_small_stratum_is_hidden_with_its_box_and_another_with_it():
    frame = scored(100).assign(hf=["bergen"] * 57 + ["ous"] * 40 + ["forde"] * 3)
    released = release(estimate_boxes(make_cohort(frame), scores=["a", "b"], by="hf"))
    shown = released.frame.set_index(["score", "stratum"])
    for score in ("a", "b"):
        assert shown.loc[(score, "forde")].isna().all()
        assert shown.loc[score]["n"].isna().sum() == 2
        assert shown.loc[(score, "all"), "n"] == 100


def test_who_is_few_in_one_covariate_hides_the_whole_model():
    frame = scored(100).assign(sex=["male"] * 3 + ["female"] * 97)
    released = release(
        estimate_regression(make_cohort(frame), scores=["a"], covariates=["age", "sex"])
    ).frame
    together = released[released["model"] == "multivariable"]
    assert together["coefficient"].isna().all()
    alone = released[(released["model"] == "univariable") & (released["covariate"] == "age")]
    assert alone["coefficient"].notna().all()


def test_few_persons_with_many_answers_hide_the_model_of_repeated_answers():
    frame = scored(300).assign(person=lambda each: np.arange(len(each)) % 8)
    released = release(
        estimate_mixed_regression(make_cohort(frame), scores=["a"], covariates=["age"])
    ).frame
    assert released["coefficient"].isna().all()


@pytest.mark.parametrize("policy", ["annual_report", "research", "strict"])
def test_no_policy_shows_the_smallest_or_largest_score(policy, monkeypatch):
    monkeypatch.setenv("MSANALYSIS_POLICY", policy)
    frame = scored(400).assign(a=lambda each: np.arange(len(each)) + 0.25)
    released = release(estimate_boxes(make_cohort(frame), scores=["a"], by="sex")).frame
    numbers = released.select_dtypes("number").drop(columns="n").astype(float).to_numpy()
    assert not np.isin(numbers, [0.25, 399.25]).any()
