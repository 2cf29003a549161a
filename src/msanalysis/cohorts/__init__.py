"""Who is studied, one file a population: time zero, end of follow-up, and why it ended."""

from msanalysis.cohorts.natalizumab import (
    natalizumab_stopped,
    natalizumab_two_years,
    natalizumab_users,
)
from msanalysis.cohorts.onset import persons_from_onset, persons_observed_from_onset
from msanalysis.cohorts.rituximab import rituximab_starters, rituximab_switchers
from msanalysis.cohorts.treatment_series import treatment_series

__all__ = [
    "natalizumab_stopped",
    "natalizumab_two_years",
    "natalizumab_users",
    "persons_from_onset",
    "persons_observed_from_onset",
    "rituximab_starters",
    "rituximab_switchers",
    "treatment_series",
]
