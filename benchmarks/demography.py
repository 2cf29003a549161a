"""Seconds and memory to build each cohort of demography: `python benchmarks/demography.py`.

An extract of 1.5 million persons is made in memory from copies of an invented registry, each copy
with patient ids of its own.
"""

import resource
import sys
import time
from types import MappingProxyType

import narwhals as nw
import polars as pl

from msanalysis import cohorts
from msanalysis.core import Provenance
from msanalysis.extract import Extract
from msanalysis.synthetic import synthesise

N_PERSONS = 1_500_000
TABLES = ("patients", "population", "expected_patients")


def stacked(n: int) -> Extract:
    registry = synthesise()
    patients = registry.tables["patients"]
    copies = pl.DataFrame({"copy": range(-(-n // len(patients)))}).with_columns(
        pl.col("copy").cast(pl.String)
    )
    many = patients.join(copies, how="cross").with_columns(
        pl.concat_str("patient_id", "copy", separator="-").alias("patient_id")
    )
    frames = {name: registry.tables[name] for name in TABLES}
    frames["patients"] = many.head(n).select(patients.columns)
    source = Provenance("synthetic", "0" * 64, registry.status_date, registry.data_cutoff)
    lazy = {name: nw.from_native(frame.lazy()) for name, frame in frames.items()}
    return Extract(source, MappingProxyType({}), lazy)


def builds() -> dict[str, tuple]:
    return {
        "the living": (cohorts.living, {}),
        "the newly diagnosed since 2001": (cohorts.newly_diagnosed, {"first_year": 2001}),
        "the dead": (cohorts.dead, {}),
        "by onset since 1962": (cohorts.persons_by_onset, {"first_year": 1962}),
        "everyone registered": (cohorts.registered, {}),
    }


def peak_gib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def main(n: int) -> None:
    extract = stacked(n)
    print(f"{n} persons in memory, {peak_gib():.1f} GiB at most so far")
    print(f"{'':34}{'persons':>10}{'seconds':>9}{'GiB at most':>13}")
    for name, (build, settings) in builds().items():
        start = time.perf_counter()
        size = len(build(extract, **settings).frame)
        seconds = time.perf_counter() - start
        print(f"{name:34}{size:10}{seconds:9.1f}{peak_gib():13.1f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else N_PERSONS)
