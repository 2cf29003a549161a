"""Run two invented notebooks over 500 invented persons: `python run_invented.py FOLDER VERSION`.

The version is a parameter of both and stands in all they write, so that no part of a release can
be of another run than the rest.
"""

import sys
from datetime import date
from pathlib import Path

import polars as pl

from invented_notebooks import SAVES, rows, write_notebook, write_run_file, write_store
from msanalysis.run.perform import Performed, perform
from msanalysis.run.plan import Run, plan_runs

IDS = ("first", "second")
N_PERSONS = 500
COUNTS = (
    "import polars\nn = version + len(polars.read_parquet(extract + '/patients.parquet'))\n"
    + SAVES.replace('"stratum,n\\nall,12\\n"', 'f"stratum,n\\nall,{n}\\n"')
)


def prepare(folder: Path) -> None:
    """Write store and notebooks."""
    store = write_store(folder / "store")
    born = {"patient_id": [f"p{n}" for n in range(N_PERSONS)], "onset_date": [date(2000, 1, 1)]}
    pl.DataFrame(born | {"onset_date": born["onset_date"] * N_PERSONS}).write_parquet(
        store / "patients.parquet"
    )
    for id in IDS:
        write_notebook(folder / "notebooks", id, COUNTS, "version: int = 0\n")


def planned(folder: Path, version: int) -> Run:
    """Plan the run of a version."""
    given = ", ".join(f"{{id: {id}, parameters: {{version: {version}}}}}" for id in IDS)
    (run,) = plan_runs(
        write_run_file(folder, f"analyses: [{given}]"),
        extract=folder / "store",
        out=folder / "run",
        catalogue=rows(*IDS),
        notebooks=folder / "notebooks",
    )
    return run


def run_version(folder: Path, version: int) -> Performed:
    """Run what of a version is not there yet."""
    return perform(planned(folder, version), jobs=2)


if __name__ == "__main__":
    sys.exit(run_version(Path(sys.argv[1]), int(sys.argv[2])).exit_code)
