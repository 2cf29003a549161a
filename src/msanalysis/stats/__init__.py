"""One file per method: a Cohort in, a tidy table out, as a Result that the gate must pass."""

from msanalysis.stats.adjusted_means import estimate_adjusted_means
from msanalysis.stats.agreement import estimate_agreement, estimate_reliability
from msanalysis.stats.boxes import estimate_boxes
from msanalysis.stats.change import estimate_change
from msanalysis.stats.completeness import count_broken_rules, estimate_completeness
from msanalysis.stats.correlation import estimate_correlation
from msanalysis.stats.coverage_years import estimate_yearly_coverage
from msanalysis.stats.cox import check_proportional_hazards, estimate_hazard_ratios
from msanalysis.stats.crude_rates import (
    estimate_crude_rates,
    estimate_expected_prevalence,
    estimate_yearly_prevalence,
)
from msanalysis.stats.cumulative_incidence import (
    estimate_cumulative_incidence,
    estimate_cumulative_incidence_at,
)
from msanalysis.stats.extract_changes import (
    count_changes,
    count_moves,
    estimate_then_and_now,
)
from msanalysis.stats.flows import estimate_flows
from msanalysis.stats.funnel import estimate_funnel
from msanalysis.stats.goals import count_attainments, score_goals
from msanalysis.stats.indicators import (
    count_indicator_populations,
    count_patients_by_trust,
    estimate_coverage,
    estimate_indicators,
    list_results,
)
from msanalysis.stats.indicators_by import estimate_indicators_by
from msanalysis.stats.interrupted_series import (
    check_interrupted_series,
    estimate_interrupted_series,
    estimate_interruption,
)
from msanalysis.stats.local_report import (
    count_missing,
    count_patients_by_year,
    estimate_indicator_years,
)
from msanalysis.stats.log_rank import compare_survival
from msanalysis.stats.means import estimate_mean
from msanalysis.stats.mixed_regression import check_mixed_regression, estimate_mixed_regression
from msanalysis.stats.propensity import estimate_balance
from msanalysis.stats.quantiles import estimate_points, estimate_quantiles
from msanalysis.stats.rates import compare_rates, estimate_e_values, estimate_rates
from msanalysis.stats.registrations import count_registrations
from msanalysis.stats.regression import check_regression, estimate_regression
from msanalysis.stats.repeated import estimate_repeated_rates
from msanalysis.stats.restricted_mean import compare_restricted_mean, estimate_restricted_mean
from msanalysis.stats.ripening import estimate_ripening
from msanalysis.stats.rule_grid import estimate_rule_grid
from msanalysis.stats.run_chart import check_run_charts, estimate_run_charts
from msanalysis.stats.shares import (
    estimate_share_by_each,
    estimate_shares,
    estimate_shares_by,
    estimate_shares_in_each,
)
from msanalysis.stats.shrinkage import estimate_shrunken_shares
from msanalysis.stats.standardised_rates import (
    estimate_standardised_rates,
    estimate_yearly_standardised_rates,
)
from msanalysis.stats.survival import (
    estimate_median_survival,
    estimate_survival,
    estimate_survival_at,
)
from msanalysis.stats.trend import estimate_mean_trend, estimate_rate_trend, estimate_share_trend
from msanalysis.stats.truncation import estimate_diagnosed_share
from msanalysis.stats.turnover import estimate_turnover
from msanalysis.stats.weighted import estimate_weighted_hazard_ratio, estimate_weighted_incidence
from msanalysis.stats.yearly import estimate_yearly_mean
from msanalysis.units import in_days

__all__ = [
    "check_interrupted_series",
    "check_mixed_regression",
    "check_proportional_hazards",
    "check_regression",
    "check_run_charts",
    "compare_rates",
    "compare_restricted_mean",
    "compare_survival",
    "count_attainments",
    "count_broken_rules",
    "count_changes",
    "count_indicator_populations",
    "count_missing",
    "count_moves",
    "count_patients_by_trust",
    "count_patients_by_year",
    "count_registrations",
    "estimate_adjusted_means",
    "estimate_agreement",
    "estimate_balance",
    "estimate_boxes",
    "estimate_change",
    "estimate_completeness",
    "estimate_correlation",
    "estimate_coverage",
    "estimate_crude_rates",
    "estimate_cumulative_incidence",
    "estimate_cumulative_incidence_at",
    "estimate_diagnosed_share",
    "estimate_e_values",
    "estimate_expected_prevalence",
    "estimate_flows",
    "estimate_funnel",
    "estimate_hazard_ratios",
    "estimate_indicator_years",
    "estimate_indicators",
    "estimate_indicators_by",
    "estimate_interrupted_series",
    "estimate_interruption",
    "estimate_mean",
    "estimate_mean_trend",
    "estimate_median_survival",
    "estimate_mixed_regression",
    "estimate_points",
    "estimate_quantiles",
    "estimate_rate_trend",
    "estimate_rates",
    "estimate_regression",
    "estimate_reliability",
    "estimate_repeated_rates",
    "estimate_restricted_mean",
    "estimate_ripening",
    "estimate_rule_grid",
    "estimate_run_charts",
    "estimate_share_by_each",
    "estimate_share_trend",
    "estimate_shares",
    "estimate_shares_by",
    "estimate_shares_in_each",
    "estimate_shrunken_shares",
    "estimate_standardised_rates",
    "estimate_survival",
    "estimate_survival_at",
    "estimate_then_and_now",
    "estimate_turnover",
    "estimate_weighted_hazard_ratio",
    "estimate_weighted_incidence",
    "estimate_yearly_coverage",
    "estimate_yearly_mean",
    "estimate_yearly_prevalence",
    "estimate_yearly_standardised_rates",
    "in_days",
    "list_results",
    "score_goals",
]
