"""Who is studied, one file a population: time zero, end of follow-up, and why it ended."""

from msanalysis.cohorts.complete_records import (
    records_by_trust,
    records_by_year,
)
from msanalysis.cohorts.coverage_years import coverage_years
from msanalysis.cohorts.current_treatment import ofatumumab_users, persons_by_treatment
from msanalysis.cohorts.delays import last_registrations
from msanalysis.cohorts.demography import (
    dead,
    living,
    newly_diagnosed,
    persons_by_onset,
    registered,
)
from msanalysis.cohorts.diagnostic_workup import diagnosed_by_workup, living_by_workup
from msanalysis.cohorts.earlier_results import published_results
from msanalysis.cohorts.edss_groups import persons_by_edss_measured, persons_by_last_edss
from msanalysis.cohorts.extract_changes import extract_changes
from msanalysis.cohorts.indicator_periods import (
    indicator_as_known,
    indicator_quarters,
    indicator_years,
)
from msanalysis.cohorts.indicator_persons import indicator_persons
from msanalysis.cohorts.jcv import jcv_tested, natalizumab_after_positive_test
from msanalysis.cohorts.local_report import (
    incomplete_records,
    indicators_over_years,
    of_trust,
    registered_events,
    registration_delays,
)
from msanalysis.cohorts.natalizumab import (
    natalizumab_stopped,
    natalizumab_two_years,
    natalizumab_users,
)
from msanalysis.cohorts.natalizumab_after_stop import natalizumab_after_stop, natalizumab_phases
from msanalysis.cohorts.natalizumab_trials import natalizumab_trials
from msanalysis.cohorts.onset import persons_from_onset, persons_observed_from_onset
from msanalysis.cohorts.population import (
    expected_by_coverage,
    expected_by_year,
    expected_patients,
    inhabitants,
    inhabitants_by_age,
    yearly_inhabitants_by_age,
)
from msanalysis.cohorts.quality_rules import persons_by_rule
from msanalysis.cohorts.questionnaires import questionnaire_answers, questionnaires_sent
from msanalysis.cohorts.registrations import registrations
from msanalysis.cohorts.rituximab import rituximab_starters, rituximab_switchers
from msanalysis.cohorts.times_to_treatment import first_treatments, times_to_treatment
from msanalysis.cohorts.treatment_lines import second_line_by_rules, treatment_lines
from msanalysis.cohorts.treatment_series import treatment_series
from msanalysis.cohorts.treatment_status import (
    first_and_last_day,
    treatment_groups_on,
    treatments_on,
)
from msanalysis.cohorts.validation_studies import (
    case_ratings,
    persons_by_registering_trusts,
    record_comparisons,
)

__all__ = [
    "case_ratings",
    "coverage_years",
    "dead",
    "diagnosed_by_workup",
    "expected_by_coverage",
    "expected_by_year",
    "expected_patients",
    "extract_changes",
    "first_and_last_day",
    "first_treatments",
    "incomplete_records",
    "indicator_as_known",
    "indicator_persons",
    "indicator_quarters",
    "indicator_years",
    "indicators_over_years",
    "inhabitants",
    "inhabitants_by_age",
    "jcv_tested",
    "last_registrations",
    "living",
    "living_by_workup",
    "natalizumab_after_positive_test",
    "natalizumab_after_stop",
    "natalizumab_phases",
    "natalizumab_stopped",
    "natalizumab_trials",
    "natalizumab_two_years",
    "natalizumab_users",
    "newly_diagnosed",
    "of_trust",
    "ofatumumab_users",
    "persons_by_edss_measured",
    "persons_by_last_edss",
    "persons_by_onset",
    "persons_by_registering_trusts",
    "persons_by_rule",
    "persons_by_treatment",
    "persons_from_onset",
    "persons_observed_from_onset",
    "published_results",
    "questionnaire_answers",
    "questionnaires_sent",
    "record_comparisons",
    "records_by_trust",
    "records_by_year",
    "registered",
    "registered_events",
    "registration_delays",
    "registrations",
    "rituximab_starters",
    "rituximab_switchers",
    "second_line_by_rules",
    "times_to_treatment",
    "treatment_groups_on",
    "treatment_lines",
    "treatment_series",
    "treatments_on",
    "yearly_inhabitants_by_age",
]
