"""Seconds and memory to build each cohort of demography: `python benchmarks/demography.py`."""

import sys

from cohort_times import N_PERSONS, print_times

BUILDS = {
    "the living": ("living", {}),
    "the newly diagnosed since 2001": ("newly_diagnosed", {"first_year": 2001}),
    "the dead": ("dead", {}),
    "by onset since 1962": ("persons_by_onset", {"first_year": 1962}),
    "everyone registered": ("registered", {}),
}


if __name__ == "__main__":
    print_times(["patients"], BUILDS, int(sys.argv[1]) if len(sys.argv) > 1 else N_PERSONS)
