"""Real input: 228 lung cancer patients, written as a delivery, through import, notebook and gate.

The data are those of Loprinzi et al. (1994), as lifelines ships them: no id, no dates, and
nothing of what a registry of multiple sclerosis holds but sex and time to death. R's survival
gives a median of 310 days (270 and 426 by sex) and a log-rank statistic of 10.327.
"""

import os
import re
import subprocess
import sys

import pandas as pd
import pytest
from lifelines.datasets import load_lung

from contents import text_of

ONSET = pd.Timestamp("2020-01-01")


@pytest.fixture(scope="module")
def release_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lung")
    lung = load_lung()
    end = (ONSET + pd.to_timedelta(lung["time"], unit="D")).dt.strftime("%Y-%m-%d")
    (folder / "delivered").mkdir()
    pd.DataFrame(
        {
            "patient_id": [f"row-{row}" for row in range(len(lung))],
            "sex": lung["sex"].map({1: "male", 2: "female"}),
            "onset_date": ONSET.strftime("%Y-%m-%d"),
            "death_date": end.where(lung["status"] == 1),
            "emigration_date": end.where(lung["status"] == 0),
        }
    ).to_csv(folder / "delivered" / "patients.csv", index=False)
    (folder / "run.yaml").write_text(
        "analyses:\n"
        "  - id: overall_survival\n"
        "    parameters: {time_unit: days, ticks: [0, 250, 500, 750, 1000]}\n"
    )
    dates = ["--status-date", "2023-12-31", "--data-cutoff", "2023-12-31"]
    msanalysis(folder, "import", "delivered", "store", *dates, "--source", "project")
    msanalysis(folder, "run", "run.yaml", "--extract", "store", "--out", "out", "--quiet")
    return folder / "out" / "release"


def msanalysis(folder, *arguments):
    command = [sys.executable, "-c", "from msanalysis.cli import app; app()", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=os.environ)
    assert done.returncode == 0, done.stdout + done.stderr


def test_median_survival_is_that_of_r(release_folder):
    numbers = pd.read_csv(release_folder / "numbers.csv").set_index("id")["value"]
    assert numbers["survival_median"] == 310
    assert numbers["survival_median_male"] == 270
    assert numbers["survival_median_female"] == 426


def test_the_log_rank_statistic_is_that_of_r(release_folder):
    numbers = pd.read_csv(release_folder / "numbers.csv").set_index("id")["value"]
    assert numbers["survival_log_rank_sex"] == pytest.approx(10.327, abs=5e-4)


def test_what_was_not_delivered_has_no_value_and_is_not_invented(release_folder):
    numbers = pd.read_csv(release_folder / "numbers.csv").set_index("id")
    missing = ["survival_median_rrms", "survival_median_delayed_entry", "survival_median_true"]
    assert numbers.loc[missing, "value"].isna().all()
    assert numbers.loc[missing, "hidden"].eq(0).all()


def test_nothing_of_real_patients_is_called_invented(release_folder):
    for file in release_folder.rglob("*"):
        if file.suffix in (".html", ".csv", ".json", ".docx"):
            assert not re.search("SYNTHETIC|SYNTETISK", text_of(file))
