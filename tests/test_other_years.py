"""Another report year from the same extract: a run file, and nothing else."""

import csv
import json
from datetime import date

import pytest

from attack.in_process import write_store
from msanalysis.cohorts import newly_diagnosed, registered
from msanalysis.extract import open_extract
from msanalysis.run import PROJECT
from msanalysis.run.perform import perform
from msanalysis.run.plan import plan_runs
from msanalysis.synthetic import synthesise

RUN_FILE = PROJECT / "params" / "annual_report_2023.yaml"
DATES = {"status_date": "2023-12-31", "data_cutoff": "2024-05-15"}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return write_store(synthesise(300), tmp_path_factory.mktemp("years") / "store")


def test_the_run_file_of_the_year_before_fits_the_notebooks_and_the_extract(store, tmp_path):
    (run,) = plan_runs(RUN_FILE, extract=store, out=tmp_path)
    assert (run.report_year, run.data_cutoff) == (2023, date(2024, 5, 15))
    assert all(DATES.items() <= job.parameters.items() for job in run.jobs)
    assert not any(job.missing for job in run.jobs)


def test_nothing_that_was_not_known_then_is_in_the_year_before(store):
    then, now = open_extract(store, **DATES), open_extract(store)
    assert newly_diagnosed(then, first_year=2024).frame.empty
    assert 0 < len(registered(then).frame) < len(registered(now).frame)
    assert then.table("visits").collect()["visit_date"].max() <= date(2024, 5, 15)
    assert registered(then).frame["death_year"].max() <= 2024


@pytest.mark.slow
def test_the_report_of_the_year_before_is_whole_and_of_that_year(tmp_path):
    store = write_store(synthesise(3000), tmp_path / "store")
    (run,) = plan_runs(RUN_FILE, extract=store, out=tmp_path / "out")
    performed = perform(run)
    assert performed.exit_code == 0, performed.summary()
    release = tmp_path / "out" / "release"
    manifest = json.loads((release / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["report_year"] == 2023
    assert {each["status"] for each in manifest["analyses"]} == {"ok"}
    with (release / "tables" / "indicators.csv").open(encoding="utf-8", newline="") as handle:
        assert {row["year"] for row in csv.DictReader(handle)} == {"2023", "2022"}
    with (release / "numbers.csv").open(encoding="utf-8", newline="") as handle:
        ids = {row["id"] for row in csv.DictReader(handle)}
    assert {"female_share_new_2013_2023", "new_diagnosed_2021_june"} <= ids
