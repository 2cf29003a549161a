"""The annual report as a whole: every figure and table of its chapters, and its printed numbers."""

import csv
import json
from itertools import chain
from pathlib import Path

import pytest

from attack.in_process import run_in_process, write_store
from msanalysis.catalogue import ANALYSES
from msanalysis.compare import compare_published
from msanalysis.run import PROJECT
from msanalysis.run.perform import perform
from msanalysis.run.plan import plan_runs
from msanalysis.synthetic import synthesise

RUN_FILE = PROJECT / "params" / "annual_report_2024.yaml"
PRINTED = list(
    csv.DictReader((Path(__file__).parent / "annual_report_chapters.csv").read_text().splitlines())
)
"""Each figure and table of the report's chapters 2 and 4, under the number the report prints."""

TOO_SMALL = {
    "early_high_efficacy", "first_treatment_interferon_beta_1a", "first_treatment_natalizumab",
    "first_treatment_ofatumumab", "ofatumumab_first_treatment",
}  # fmt: skip
"""Printed numbers of too few persons to be released."""

PARTIAL = ("population", "prom", "prom_mailings", "rater_reliability", "record_validation")
LANGUAGES = ("nb", "en")


def test_the_catalogue_numbers_each_figure_as_the_report_does():
    numbers = {id: number for each in ANALYSES for id, number in each.figures.items()}
    figures = {row["id"]: row["number"] for row in PRINTED if row["kind"] == "figure"}
    assert {id: numbers.get(id) for id in figures} == figures


# --- the default run ------------------------------------------------------------------------------


def made(store: Path, out: Path) -> Path:
    """Make the annual report of a store; return its release."""
    (run,) = plan_runs(RUN_FILE, extract=store, out=out)
    performed = perform(run)
    assert performed.exit_code == 0, performed.summary()
    return out / "release"


@pytest.fixture(scope="module")
def default_release(tmp_path_factory):
    folder = tmp_path_factory.mktemp("default")
    return made(write_store(synthesise(), folder / "store"), folder / "out")


@pytest.mark.slow
@pytest.mark.parametrize("row", PRINTED, ids=lambda row: f"{row['kind']} {row['number']}")
def test_every_figure_and_table_is_in_the_default_release_in_both_languages(default_release, row):
    manifest = json.loads((default_release / "manifest.json").read_text(encoding="utf-8"))
    shown = (each[f"{row['kind']}s"] for each in manifest["analyses"])
    (found,) = [each for each in chain.from_iterable(shown) if each["id"] == row["id"]]
    assert all(found["caption"][lang] for lang in LANGUAGES)
    if row["kind"] == "table":
        assert len((default_release / found["file"]).read_text().splitlines()) > 1
        return
    assert found["number"] == row["number"]
    for lang in LANGUAGES:
        picture = default_release / found["files"][lang]
        assert picture.stat().st_size > 5000
        assert picture.with_suffix(".png").is_file()


@pytest.mark.slow
def test_the_default_run_redoes_what_the_report_printed(default_release):
    compared = compare_published(default_release)
    known = {line.id: line.verdict for line in compared.lines}
    assert {id for id, verdict in known.items() if verdict == "absent"} <= TOO_SMALL
    assert len(known.keys() - TOO_SMALL) == 150
    assert compared.agree >= 146


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_another_registry_of_the_same_size_redoes_nine_of_ten(tmp_path, seed):
    store = write_store(synthesise(seed=seed), tmp_path / "store")
    ran = run_in_process(store, tmp_path / "out")
    assert ran.failures == {}
    assert compare_published(ran.release).agree >= 135


# --- an extract that lacks tables -----------------------------------------------------------------


@pytest.mark.slow
def test_an_extract_without_questionnaires_validation_and_population_is_whole_but_for_named_gaps(
    tmp_path,
):
    store = write_store(synthesise(600), tmp_path / "store")
    for name in PARTIAL:
        (store / f"{name}.parquet").unlink()
    release = made(store, tmp_path / "out")
    manifest = json.loads((release / "manifest.json").read_text(encoding="utf-8"))
    of = {each["id"]: each for each in manifest["analyses"]}
    gaps = {id: each["status"] for id, each in of.items() if each["status"] != "ok"}
    assert gaps == {"patient_reported_outcomes": "missing_columns"}
    assert all(name.startswith("prom.") for name in of["patient_reported_outcomes"]["missing"])
    pictures = (
        release / file
        for each in of.values()
        for figure in each["figures"]
        for file in figure["files"].values()
    )
    assert all(path.is_file() for path in pictures)
    page = (release / "site" / "index.en.html").read_text(encoding="utf-8")
    assert "prom.answered_date" in page
