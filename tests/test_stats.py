"""What every statistic promises: a Cohort in, a Result out whose counts can be protected."""

import pandas as pd
import pytest

from msanalysis import stats
from msanalysis.core import ALL, Result
from persons import make_cohort

AT = {"times_days": [15, 25]}
EVENT = {"event": "death"}
EVENTS = {"events": ["death", "stop"]}
INHABITANTS = dict.fromkeys(("10", "12", "20", "25", "30", "31"), 1000)
DELAY = {"delay": "follow_up_days", "longest_delay": "follow_up_days"}
YEARS = {"diagnosis_year": "follow_up_days", "death_year": "follow_up_days"}
AGES = {
    "inhabitants": {"female": {0: 1000}, "male": {0: 1000}},
    "standard": {0: 1},
}
COMPARED = {"event": "death", "by": "sex", "reference": "female", "compared": "male"}
OWN_COHORTS = {
    "check_interrupted_series", "check_run_charts", "estimate_agreement", "estimate_balance",
    "estimate_change", "estimate_completeness", "estimate_coverage", "estimate_flows",
    "estimate_funnel", "estimate_indicator_years", "estimate_indicators",
    "estimate_indicators_by", "estimate_interrupted_series", "estimate_interruption",
    "estimate_reliability", "estimate_ripening", "estimate_rule_grid", "estimate_run_charts",
    "estimate_shares_in_each", "estimate_shrunken_shares", "estimate_then_and_now",
    "estimate_weighted_hazard_ratio", "estimate_weighted_incidence", "estimate_yearly_coverage",
}  # fmt: skip
"""They need columns of their own, and are tried beside their cohorts."""
SCORES = {"scores": ["follow_up_days"]}
MODEL = SCORES | {"covariates": ["sex"]}
CALLS = {
    "check_mixed_regression": MODEL | {"person": "n_times"},
    "check_regression": MODEL,
    "check_proportional_hazards": EVENT | {"covariates": ["sex"]},
    "compare_rates": COMPARED,
    "compare_restricted_mean": EVENT | {"by": "sex", "horizon_days": 20},
    "compare_survival": EVENT | {"by": "sex"},
    "estimate_adjusted_means": SCORES
    | {"by": "sex", "covariates": ["n_times"], "year": "constant"},
    "estimate_boxes": SCORES | {"by": "sex"},
    "estimate_correlation": SCORES | {"column": "n_times"},
    "estimate_crude_rates": {"by": "sex", "inhabitants": {"female": 1000, "male": 1000}},
    "estimate_cumulative_incidence": EVENTS | {"by": "sex"},
    "estimate_cumulative_incidence_at": EVENTS | {"by": "sex"} | AT,
    "estimate_diagnosed_share": {"year": "sex"} | DELAY,
    "estimate_e_values": COMPARED,
    "estimate_expected_prevalence": {"inhabitants": {"ous": 1000}, "expected": {"ous": 2.0}},
    "estimate_hazard_ratios": EVENT | {"covariates": ["sex"]},
    "estimate_mean": {"column": "follow_up_days", "by": "sex"},
    "estimate_mean_trend": {"column": "follow_up_days", "year": "follow_up_days", "by": "sex"},
    "estimate_median_survival": EVENT | {"by": "sex"},
    "estimate_mixed_regression": MODEL | {"person": "n_times"},
    "estimate_points": {"column": "follow_up_days", "by": "sex"},
    "estimate_quantiles": {"column": "follow_up_days", "by": "sex"},
    "estimate_rate_trend": {"year": "follow_up_days", "inhabitants": INHABITANTS},
    "estimate_rates": EVENT | {"by": "sex"},
    "estimate_regression": MODEL,
    "estimate_repeated_rates": {"count": "n_times", "by": "sex"},
    "estimate_restricted_mean": EVENT | {"by": "sex", "horizon_days": 20},
    "estimate_share_by_each": {"column": "end_reason", "event": "death", "columns": ["sex"]},
    "estimate_share_trend": EVENT | {"column": "end_reason", "year": "follow_up_days"},
    "estimate_shares": {"column": "sex"},
    "estimate_shares_by": {"column": "end_reason", "by": "sex"},
    "estimate_standardised_rates": {"by": "sex", "age": "follow_up_days"} | AGES,
    "estimate_survival": EVENT | {"by": "sex"},
    "estimate_survival_at": EVENT | {"by": "sex"} | AT,
    "estimate_turnover": {"before": "sex", "after": "end_reason"},
    "estimate_yearly_mean": {"column": "follow_up_days", "year": "end_reason", "by": "sex"},
    "estimate_yearly_prevalence": YEARS | {"inhabitants": INHABITANTS},
    "estimate_yearly_standardised_rates": {"year": "n_times", "by": "sex", "age": "follow_up_days"}
    | AGES
    | {"inhabitants": {"1": AGES["inhabitants"]}},
}
REFERENCE = {
    "estimate_points": {"value"},
    "compare_rates": {"person_years", "person_years_reference"},
    "estimate_crude_rates": {"inhabitants"},
    "estimate_expected_prevalence": {"expected", "inhabitants", "rate_per_100k"},
    "estimate_standardised_rates": {"inhabitants"},
    "estimate_yearly_standardised_rates": {"inhabitants"},
    "estimate_yearly_prevalence": {"inhabitants"},
}
"""Numbers that come from no person of the cohort, from all of them together, or from one each."""
KEPT_FOR_COUNTS = {"n", "denominator"}


def persons():
    return make_cohort(
        pd.DataFrame(
            {
                "follow_up_days": [10, 12, 20, 25, 30, 31],
                "end_reason": ["death", "death", "stop", "death", "cutoff", "death"],
                "sex": ["female", "male"] * 3,
                "n_times": [0, 1, 2, 0, 1, 0],
                "constant": 2024,
            }
        )
    )


def call(name, cohort):
    return getattr(stats, name)(cohort, **CALLS[name])


def is_count(column):
    return column in KEPT_FOR_COUNTS or column.startswith("n_")


def test_every_statistic_is_tried_here():
    verbs = ("estimate_", "compare_", "check_")
    public = {name for name in stats.__all__ if name.startswith(verbs)}
    assert {*CALLS} | OWN_COHORTS == public
    assert not {*CALLS} & OWN_COHORTS


@pytest.mark.parametrize("name", CALLS)
def test_every_count_is_declared_and_every_declared_column_exists(name):
    result = call(name, persons())
    assert isinstance(result, Result)
    columns = set(result.frame.columns)
    counts = {column for column in columns if is_count(column)}
    assert counts - set(result.behind) == set(result.counts) - set(result.behind)
    declared = [*result.counts.values(), *result.behind.values(), result.counts, result.behind]
    assert {each for dependents in declared for each in dependents} <= columns
    assert result.dimension in columns | {""}


@pytest.mark.parametrize("name", CALLS)
def test_every_number_computed_from_persons_is_hidden_with_a_count(name):
    result = call(name, persons())
    numbers = set(result.frame.select_dtypes("number").columns)
    without_persons = {"time_days", "degrees_of_freedom"} | REFERENCE.get(name, set())
    hidden = {each for dependents in result.counts.values() for each in dependents}
    assert numbers - without_persons <= hidden | set(result.counts) | set(result.behind)


@pytest.mark.parametrize("name", CALLS)
def test_the_columns_and_types_are_the_same_for_nobody(name):
    cohort = persons()
    some, none = call(name, cohort), call(name, make_cohort(cohort.frame.iloc[:0]))
    assert none.frame.empty
    pd.testing.assert_series_equal(none.frame.dtypes, some.frame.dtypes)


@pytest.mark.parametrize("name", [name for name in CALLS if "by" in CALLS[name]])
def test_a_stratum_that_was_not_delivered_gives_an_empty_table(name):
    cohort = make_cohort(persons().frame.drop(columns="sex"), not_delivered=("sex",))
    assert call(name, cohort).frame.empty


@pytest.mark.parametrize("name", CALLS)
def test_a_bare_frame_is_no_cohort(name):
    with pytest.raises(TypeError, match="takes a Cohort"):
        call(name, persons().frame)


def test_without_strata_everyone_is_all():
    table = stats.estimate_median_survival(persons(), event="death").frame
    assert table["stratum"].tolist() == [ALL]
