"""Pictures of Released tables, one file a picture: they draw what is given and count nothing."""

from msanalysis.figures.adjusted_rates import plot_adjusted_trusts, plot_adjusted_years
from msanalysis.figures.age_distribution import plot_age_distribution
from msanalysis.figures.age_pyramid import plot_age_pyramid
from msanalysis.figures.arms import plot_arms
from msanalysis.figures.balance import plot_balance
from msanalysis.figures.cumulative_incidence import plot_cumulative_incidence
from msanalysis.figures.interrupted_series import plot_interrupted_series
from msanalysis.figures.onset_years import plot_onset_years
from msanalysis.figures.rule_grid import plot_rule_grid
from msanalysis.figures.sankey import plot_sankey
from msanalysis.figures.share_bars import plot_share_bars
from msanalysis.figures.share_series import plot_share_series
from msanalysis.figures.shares import plot_shares
from msanalysis.figures.stacked_bars import plot_stacked_bars
from msanalysis.figures.survival import plot_survival, plot_survival_estimates
from msanalysis.figures.trust_rates import plot_trust_rates
from msanalysis.figures.turnover import plot_turnover
from msanalysis.figures.years import plot_yearly_means, plot_yearly_rates, plot_yearly_share

__all__ = [
    "plot_adjusted_trusts",
    "plot_adjusted_years",
    "plot_age_distribution",
    "plot_age_pyramid",
    "plot_arms",
    "plot_balance",
    "plot_cumulative_incidence",
    "plot_interrupted_series",
    "plot_onset_years",
    "plot_rule_grid",
    "plot_sankey",
    "plot_share_bars",
    "plot_share_series",
    "plot_shares",
    "plot_stacked_bars",
    "plot_survival",
    "plot_survival_estimates",
    "plot_trust_rates",
    "plot_turnover",
    "plot_yearly_means",
    "plot_yearly_rates",
    "plot_yearly_share",
]
