"""Seconds and memory to build each cohort of natalizumab: `python benchmarks/natalizumab.py`."""

import sys

from cohort_times import N_PERSONS, print_times

TABLES = ("patients", "treatments", "relapses", "edss", "jcv_tests")
BUILDS = {
    "users in the year": ("natalizumab_users", {}),
    "users in two years": ("natalizumab_two_years", {}),
    "courses of all drugs since 2018": ("treatment_series", {}),
    "after a first positive test": ("natalizumab_after_positive_test", {}),
    "monthly trials of a year": (
        "natalizumab_trials",
        {"outcome": "relapse", "first_month": "2023-12-01", "last_month": "2024-11-01"},
    ),
}


if __name__ == "__main__":
    print_times(TABLES, BUILDS, int(sys.argv[1]) if len(sys.argv) > 1 else N_PERSONS)
