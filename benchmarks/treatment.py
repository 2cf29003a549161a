"""Seconds and memory to build each cohort of treatment: `python benchmarks/treatment.py`."""

import sys

from cohort_times import N_PERSONS, print_times

TABLES = ("patients", "treatments", "untreated_periods", "visits")
YEAR = ["2024-01-01", "2024-12-31"]
BUILDS = {
    "treatment groups on two days": ("treatment_groups_on", {"dates": YEAR}),
    "treatment groups on four days": (
        "treatment_groups_on",
        {"dates": ["2018-01-01", "2020-01-01", "2022-01-01", "2024-12-31"]},
    ),
    "substances on two days": ("treatments_on", {"dates": YEAR}),
    "alive by treatment": ("persons_by_treatment", {}),
    "users of ofatumumab": ("ofatumumab_users", {}),
    "lines of treatment": ("treatment_lines", {}),
}


if __name__ == "__main__":
    print_times(TABLES, BUILDS, int(sys.argv[1]) if len(sys.argv) > 1 else N_PERSONS)
