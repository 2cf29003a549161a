"""What the annual report printed, redone on the invented registry of default size and seed.

Counts are met to the person, shares to the printed digit; medians of survival within two standard
deviations over registries of this size (0.5 years for all and RRMS, 1.2 for PPMS, 4.4 for unknown
course).
"""

import csv
from importlib.resources import files

import pytest

from msanalysis.cohorts import (
    persons_from_onset,
    persons_observed_from_onset,
    rituximab_starters,
    rituximab_switchers,
)
from msanalysis.release import release
from msanalysis.stats import (
    estimate_mean,
    estimate_median_survival,
    estimate_shares,
    estimate_survival_at,
    in_days,
)
from msanalysis.synthetic import synthesise
from persons import extract_of


def published():
    with files("msanalysis").joinpath("published/2024.csv").open(encoding="utf-8") as handle:
        return {row["id"]: float(row["value"]) for row in csv.DictReader(handle)}


PUBLISHED = published()


@pytest.fixture(scope="module")
def extract():
    return extract_of(synthesise())


@pytest.fixture(scope="module")
def starters(extract):
    return rituximab_starters(extract)


def cell(released, column, **where):
    frame = released.frame
    for name, value in where.items():
        frame = frame[frame[name] == value]
    return frame[column].item()


def test_persons_who_started_rituximab(starters):
    assert len(starters.frame) == PUBLISHED["rituximab_starters"]


@pytest.mark.parametrize("years", [3, 5])
def test_share_not_switched_from_rituximab(starters, years):
    times = in_days([years], "years")
    at = release(estimate_survival_at(starters, event="switch", times_days=times))
    share = 100 * cell(at, "estimate")
    assert round(share) == PUBLISHED[f"rituximab_not_switched_{years}y"]


def test_age_and_earlier_treatment_at_the_start_of_rituximab(starters):
    age = cell(release(estimate_mean(starters, column="age_years")), "mean")
    assert age == pytest.approx(PUBLISHED["rituximab_age_mean"], abs=0.5)
    earlier = release(estimate_shares(starters, column="earlier_treatment"))
    naive = 100 * cell(earlier, "share", level="untreated")
    assert round(naive) == PUBLISHED["rituximab_naive"]


def test_switches_from_rituximab_by_target(extract):
    targets = release(estimate_shares(rituximab_switchers(extract), column="switched_to"))
    assert cell(targets, "n", level="all") == PUBLISHED["rituximab_switched"]
    for substance in ("cladribine", "hsct", "ofatumumab"):
        assert cell(targets, "n", level=substance) == PUBLISHED[f"rituximab_to_{substance}"]
    places = release(estimate_shares(rituximab_switchers(extract, to="hsct"), column="place"))
    assert cell(places, "n", level="abroad") == PUBLISHED["rituximab_to_hsct_abroad"]


def test_deaths_from_onset_to_the_status_date(extract):
    median = release(estimate_median_survival(persons_from_onset(extract), event="death"))
    assert cell(median, "n") == PUBLISHED["registered_total"]
    assert cell(median, "n_events") == PUBLISHED["dead"]


@pytest.mark.parametrize(
    ("course", "deviation"), [("all", 0.5), ("rrms", 0.5), ("ppms", 1.2), ("unknown", 4.4)]
)
def test_median_survival_within_sampling_error(extract, course, deviation):
    by = None if course == "all" else "onset_course"
    persons = persons_from_onset(extract)
    median = release(estimate_median_survival(persons, event="death", by=by))
    years = cell(median, "median_days", stratum=course) / 365.25
    id = "survival_median" if course == "all" else f"survival_median_{course}"
    assert years == pytest.approx(PUBLISHED[id], abs=2 * deviation)


@pytest.mark.slow
def test_delayed_entry_is_nearer_to_the_truth_than_the_naive_curve():
    nearer = [_delayed_entry_is_nearer(synthesise(seed=seed)) for seed in range(1, 21)]
    assert sum(nearer) >= 18


def _delayed_entry_is_nearer(registry) -> bool:
    extract = extract_of(registry)
    truth = registry.truth["survival_from_onset"]["all"]["median_years"]
    naive = estimate_median_survival(persons_from_onset(extract), event="death")
    delayed = estimate_median_survival(
        persons_observed_from_onset(extract), event="death", delayed_entry=True
    )
    errors = [abs(each.frame["median_days"].item() / 365.25 - truth) for each in (naive, delayed)]
    return errors[1] < errors[0]
