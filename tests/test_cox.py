"""Cox regression and its proportional hazards: numbers from R, hostile covariates."""

import numpy as np
import pandas as pd
import pytest

from msanalysis.stats import check_proportional_hazards, estimate_hazard_ratios
from persons import make_cohort
from reference import assert_equal_to_r, cases, cohort_of


def model(case):
    cohort = cohort_of(case)
    complete = make_cohort(cohort.frame.dropna(subset=case["covariates"]))
    return complete, {name: case[name] for name in ("covariates", "delayed_entry")}


@pytest.mark.parametrize("case", cases("cox"))
def test_hazard_ratios_against_R(case):
    cohort, settings = model(case)
    table = estimate_hazard_ratios(cohort, event="death", **settings).frame
    for column in ("hazard_ratio", "lower", "upper", "p_value"):
        assert_equal_to_r(table[column], case[column])


@pytest.mark.parametrize("transform", ["km", "identity"])
@pytest.mark.parametrize("case", cases("cox"))
def test_proportional_hazards_against_R(case, transform):
    cohort, settings = model(case)
    table = check_proportional_hazards(cohort, event="death", transform=transform, **settings).frame
    assert table["term"].tolist() == [*case["covariates"], "all"]
    for column, values in case["zph"][transform].items():
        assert_equal_to_r(table[column], values)


def persons(n=40, **columns):
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "follow_up_days": rng.integers(0, 30, n),
            "end_reason": rng.choice(["death", "cutoff"], n),
            "age_years": rng.normal(40, 10, n),
            "sex": rng.choice(["female", "male"], n),
        }
    )
    return make_cohort(frame.assign(**columns))


def test_a_term_counts_the_persons_in_its_level_and_a_number_counts_everyone():
    cohort = persons()
    table = estimate_hazard_ratios(cohort, event="death", covariates=["sex", "age_years"]).frame
    assert table["term"].tolist() == ["sex:male", "age_years"]
    men = cohort.frame["sex"] == "male"
    assert table["n"].tolist() == [men.sum(), len(men)]
    dead = cohort.frame["end_reason"] == "death"
    assert table["n_events"].tolist() == [(men & dead).sum(), dead.sum()]


def test_the_reference_is_the_first_level_that_someone_has():
    course = pd.Categorical(["ppms", "rrms"] * 20, ["unknown", "rrms", "ppms"])
    table = estimate_hazard_ratios(persons(course=course), event="death", covariates=["course"])
    assert table.frame["term"].tolist() == ["course:ppms"]


def test_truth_values_are_levels():
    table = estimate_hazard_ratios(
        persons(treated=[True, False] * 20), event="death", covariates=["treated"]
    )
    assert table.frame["term"].tolist() == ["treated:true"]


def test_a_missing_covariate_is_refused_by_name():
    cohort = persons(age_years=[np.nan, *range(39)])
    with pytest.raises(ValueError, match=r"age_years is missing for some persons.*exclude"):
        estimate_hazard_ratios(cohort, event="death", covariates=["age_years"])


@pytest.mark.filterwarnings("ignore::scipy.linalg.LinAlgWarning")
def test_a_model_without_a_solution_is_refused_by_name():
    twice = persons(again=lambda frame: frame["age_years"])
    with pytest.raises(ValueError, match="age_years, again has no solution") as error:
        estimate_hazard_ratios(twice, event="death", covariates=["age_years", "again"])
    assert error.value.__cause__ is None


def test_without_events_there_is_no_ratio():
    table = estimate_hazard_ratios(persons(), event="never", covariates=["sex"]).frame
    assert table["hazard_ratio"].isna().all()
    assert check_proportional_hazards(persons(), event="never", covariates=["sex"]).frame.empty


def test_nobody_gives_empty_tables():
    nobody = make_cohort(pd.DataFrame(columns=["follow_up_days", "end_reason", "sex"]))
    assert estimate_hazard_ratios(nobody, event="death", covariates=["sex"]).frame.empty
    assert check_proportional_hazards(nobody, event="death", covariates=["sex"]).frame.empty


def test_an_unknown_transform_is_named():
    with pytest.raises(ValueError, match="transform must be one of km, identity"):
        check_proportional_hazards(persons(), event="death", covariates=["sex"], transform="log")
