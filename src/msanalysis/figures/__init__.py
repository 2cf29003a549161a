"""Pictures of Released tables, one file a picture: they draw what is given and count nothing."""

from msanalysis.figures.adjusted_means import plot_adjusted_means
from msanalysis.figures.adjusted_rates import plot_adjusted_trusts, plot_adjusted_years
from msanalysis.figures.age_distribution import plot_age_distribution
from msanalysis.figures.age_pyramid import plot_age_pyramid
from msanalysis.figures.agreement import plot_agreement, plot_reliability
from msanalysis.figures.arms import plot_arms
from msanalysis.figures.balance import plot_balance
from msanalysis.figures.boxes import plot_boxes
from msanalysis.figures.coefficients import plot_coefficients
from msanalysis.figures.completeness import plot_completeness
from msanalysis.figures.cumulative_incidence import plot_cumulative_incidence
from msanalysis.figures.day_boxes import plot_day_boxes
from msanalysis.figures.delays import plot_delay_boxes, plot_delays
from msanalysis.figures.edss_scale import plot_edss_scale
from msanalysis.figures.extract_changes import (
    plot_changed_variables,
    plot_moves,
    plot_then_and_now,
)
from msanalysis.figures.first_treatments import plot_first_treatments
from msanalysis.figures.funnel import plot_funnel
from msanalysis.figures.goals import plot_goals
from msanalysis.figures.indicator_groups import plot_indicator_groups, plot_indicator_years
from msanalysis.figures.indicators import (
    plot_coverage,
    plot_coverages,
    plot_indicator,
    plot_indicators,
)
from msanalysis.figures.interrupted_series import plot_interrupted_series
from msanalysis.figures.local_report import (
    plot_local_coverage,
    plot_local_indicators,
    plot_local_registrations,
    plot_missing,
    plot_patients_by_year,
)
from msanalysis.figures.milestones import plot_milestones
from msanalysis.figures.onset_years import plot_onset_years
from msanalysis.figures.quality_rules import plot_quality_rules
from msanalysis.figures.registrations import plot_registrations
from msanalysis.figures.ripening import plot_ripening
from msanalysis.figures.rule_grid import plot_rule_grid
from msanalysis.figures.run_charts import plot_run_chart, plot_run_charts
from msanalysis.figures.sankey import plot_sankey
from msanalysis.figures.share_bars import plot_share_bars
from msanalysis.figures.share_by_each import plot_share_by_each
from msanalysis.figures.share_series import plot_share_series
from msanalysis.figures.shares import plot_shares
from msanalysis.figures.stacked_bars import plot_stacked_bars
from msanalysis.figures.survival import plot_survival, plot_survival_estimates
from msanalysis.figures.trust_map import plot_coverage_map, plot_trust_map
from msanalysis.figures.trust_panels import plot_changes, plot_shrunken_shares
from msanalysis.figures.trust_rates import plot_trust_rates
from msanalysis.figures.turnover import plot_turnover
from msanalysis.figures.years import plot_yearly_means, plot_yearly_rates, plot_yearly_share

__all__ = [
    "plot_adjusted_means",
    "plot_adjusted_trusts",
    "plot_adjusted_years",
    "plot_age_distribution",
    "plot_age_pyramid",
    "plot_agreement",
    "plot_arms",
    "plot_balance",
    "plot_boxes",
    "plot_changed_variables",
    "plot_changes",
    "plot_coefficients",
    "plot_completeness",
    "plot_coverage",
    "plot_coverage_map",
    "plot_coverages",
    "plot_cumulative_incidence",
    "plot_day_boxes",
    "plot_delay_boxes",
    "plot_delays",
    "plot_edss_scale",
    "plot_first_treatments",
    "plot_funnel",
    "plot_goals",
    "plot_indicator",
    "plot_indicator_groups",
    "plot_indicator_years",
    "plot_indicators",
    "plot_interrupted_series",
    "plot_local_coverage",
    "plot_local_indicators",
    "plot_local_registrations",
    "plot_milestones",
    "plot_missing",
    "plot_moves",
    "plot_onset_years",
    "plot_patients_by_year",
    "plot_quality_rules",
    "plot_registrations",
    "plot_reliability",
    "plot_ripening",
    "plot_rule_grid",
    "plot_run_chart",
    "plot_run_charts",
    "plot_sankey",
    "plot_share_bars",
    "plot_share_by_each",
    "plot_share_series",
    "plot_shares",
    "plot_shrunken_shares",
    "plot_stacked_bars",
    "plot_survival",
    "plot_survival_estimates",
    "plot_then_and_now",
    "plot_trust_map",
    "plot_trust_rates",
    "plot_turnover",
    "plot_yearly_means",
    "plot_yearly_rates",
    "plot_yearly_share",
]
