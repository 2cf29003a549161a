"""Seconds and memory to build each cohort of treatment: `python benchmarks/treatment.py`.

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


def write_store(folder: Path, n: int) -> None:
    registry = synthesise()
    patients = registry.tables["patients"]
    copies = pl.DataFrame({"copy": [str(copy) for copy in range(-(-n // len(patients)))]})
    for name in TABLES:
        table = registry.tables[name]
        many = table.join(copies, how="cross").with_columns(
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
    own_process = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        write_store(Path(folder), n)
        print(f"{'':34}{'persons':>10}{'seconds':>9}{'GiB at most':>13}")
        for name in BUILDS:
            with own_process.Pool(1) as pool:
                size, seconds, peak = pool.apply(build, (folder, name))
            print(f"{name:34}{size:10}{seconds:9.1f}{peak:13.1f}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else N_PERSONS)
