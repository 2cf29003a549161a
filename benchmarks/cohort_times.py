"""Seconds and memory to build cohorts from a store of copies of an invented registry.

Each copy has patient ids of its own, and each cohort is built in a process of its own, so that its
peak of memory is its own too.
"""

import multiprocessing
import resource
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from msanalysis import cohorts
from msanalysis.extract import STORE_FILE, open_extract
from msanalysis.synthetic import synthesise

N_PERSONS = 1_500_000


def write_store(folder: Path, tables: Iterable[str], n: int) -> None:
    registry = synthesise()
    copies = range(-(-n // len(registry.tables["patients"])))
    numbers = pl.DataFrame({"copy": [str(copy) for copy in copies]})
    for name in tables:
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


def build(
    folder: str, function: str, settings: Mapping[str, Any]
) -> tuple[int, float, float, float]:
    start, worked = time.perf_counter(), time.process_time()
    size = len(getattr(cohorts, function)(open_extract(folder), **settings).frame)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return size, time.perf_counter() - start, time.process_time() - worked, peak


def print_times(tables: Iterable[str], builds: Mapping[str, tuple], n: int = N_PERSONS) -> None:
    own_process = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        with own_process.Pool(1) as pool:
            pool.apply(write_store, (Path(folder), tables, n))
        print(f"{f'{n} persons':36}{'rows':>10}{'seconds':>9}{'CPU':>7}{'GiB at most':>13}")
        for name, (function, settings) in builds.items():
            with own_process.Pool(1) as pool:
                size, seconds, worked, peak = pool.apply(build, (folder, function, settings))
            print(f"{name:36}{size:10}{seconds:9.1f}{worked:7.1f}{peak:13.1f}", flush=True)
