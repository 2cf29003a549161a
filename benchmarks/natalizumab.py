"""Seconds and memory to build each cohort of natalizumab: `python benchmarks/natalizumab.py`.

A store of 1.5 million persons is written to a temporary folder from copies of an invented registry,
each copy with patient ids of its own, and each cohort is built in a process of its own.
"""

import multiprocessing
import resource
import sys
import tempfile
import time
from pathlib import Path

import polars as pl
import yaml

from msanalysis import cohorts
from msanalysis.extract import STORE_FILE, open_extract
from msanalysis.synthetic import synthesise

N_PERSONS = 1_500_000
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


def write_store(folder: Path, n: int) -> None:
    registry = synthesise()
    copies = -(-n // len(registry.tables["patients"]))
    numbers = pl.DataFrame({"copy": [str(copy) for copy in range(copies)]})
    for name in TABLES:
        table = registry.tables[name]
        many = table.join(numbers, how="cross").with_columns(
            pl.concat_str("patient_id", "copy", separator="-").alias("patient_id")
        )
        many.select(table.columns).write_parquet(folder / f"{name}.parquet")
    stated = {
        "source": "synthetic",
        "fingerprint": "0" * 64,
        "status_date": registry.status_date,
        "data_cutoff": registry.data_cutoff,
    }
    (folder / STORE_FILE).write_text(yaml.safe_dump(stated))


def build(folder: str, name: str) -> tuple[int, float, float]:
    function, settings = BUILDS[name]
    start = time.perf_counter()
    size = len(getattr(cohorts, function)(open_extract(folder), **settings).frame)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return size, time.perf_counter() - start, peak


def main(n: int) -> None:
    fresh = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        with fresh.Pool(1) as pool:
            pool.apply(write_store, (Path(folder), n))
        print(f"{n} persons{'':24}{'rows':>10}{'seconds':>9}{'GiB':>6}")
        for name in BUILDS:
            with fresh.Pool(1) as pool:
                size, seconds, peak = pool.apply(build, (folder, name))
            print(f"{name:36}{size:10}{seconds:9.1f}{peak:6.1f}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else N_PERSONS)
