"""Pictures of Released tables, one file a picture: they draw what is given and count nothing."""

from msanalysis.figures.cumulative_incidence import plot_cumulative_incidence
from msanalysis.figures.interrupted_series import plot_interrupted_series
from msanalysis.figures.sankey import plot_sankey
from msanalysis.figures.share_series import plot_share_series
from msanalysis.figures.shares import plot_shares
from msanalysis.figures.survival import plot_survival, plot_survival_estimates

__all__ = [
    "plot_cumulative_incidence",
    "plot_interrupted_series",
    "plot_sankey",
    "plot_share_series",
    "plot_shares",
    "plot_survival",
    "plot_survival_estimates",
]
