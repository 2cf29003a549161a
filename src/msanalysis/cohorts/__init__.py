"""Who is studied, one file a population: time zero, end of follow-up, and why it ended."""

from msanalysis.cohorts.demography import (
    dead,
    living,
    newly_diagnosed,
    persons_by_onset,
    registered,
)
from msanalysis.cohorts.jcv import jcv_tested, natalizumab_after_positive_test
from msanalysis.cohorts.natalizumab import (
    natalizumab_stopped,
    natalizumab_two_years,
    natalizumab_users,
)
from msanalysis.cohorts.onset import persons_from_onset, persons_observed_from_onset
from msanalysis.cohorts.population import expected_patients, inhabitants
from msanalysis.cohorts.rituximab import rituximab_starters, rituximab_switchers
from msanalysis.cohorts.treatment_series import treatment_series

__all__ = [
    "dead",
    "expected_patients",
    "inhabitants",
    "jcv_tested",
    "living",
    "natalizumab_after_positive_test",
    "natalizumab_stopped",
    "natalizumab_two_years",
    "natalizumab_users",
    "newly_diagnosed",
    "persons_by_onset",
    "persons_from_onset",
    "persons_observed_from_onset",
    "registered",
    "rituximab_starters",
    "rituximab_switchers",
    "treatment_series",
]
