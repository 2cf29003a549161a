"""Stopped against stayed, month by month: invented persons, one rule each."""

import numpy as np
import pandas as pd
import pytest

from msanalysis.cohorts import natalizumab_trials
from msanalysis.cohorts.confirmed_worsening import worsened_from
from msanalysis.stats import estimate_balance, estimate_weighted_hazard_ratio
from persons import make_extract
from test_natalizumab import PERSON, drug, natalizumab

COVARIATES = [
    "age_years", "sex", "years_since_onset", "years_on_natalizumab", "relapses_year_before",
    "last_edss", "edss_known", "jcv", "calendar_years",
]  # fmt: skip


def trials(
    treatments, *, outcome="relapse", first_month="2020-01-01", last_month="2020-01-01",
    relapses=(), edss=(), mri=(), jcv=(), follow_up_days=365, **patient,
):  # fmt: skip
    tables = {
        "relapses": [{"patient_id": "p1", "relapse_date": day} for day in relapses],
        "edss": [{"patient_id": "p1", "measured_date": day, "score": score} for day, score in edss],
        "mri": [{"patient_id": "p1", "mri_date": day, "new_t2_lesions": n} for day, n in mri],
        "jcv_tests": [
            {"patient_id": "p1", "sample_date": day, "result": result, "assay": "stratify"}
            for day, result in jcv
        ],
    }
    patients = [{**PERSON, "onset_date": "2010-01-01", **patient}]
    delivered = {name: rows for name, rows in tables.items() if rows}
    extract = make_extract(patients=patients, treatments=treatments, **delivered)
    return natalizumab_trials(
        extract, outcome=outcome, first_month=first_month, last_month=last_month,
        follow_up_days=follow_up_days,
    ).frame  # fmt: skip


def only(frame):
    assert len(frame) == 1
    return frame.iloc[0]


# --- who takes part, and in which arm -------------------------------------------------------------


def test_who_stops_in_the_month_has_stopped_and_who_goes_on_has_stayed():
    assert only(trials([natalizumab("2019-01-01", "2020-01-20")]))["arm"] == "stopped"
    assert only(trials([natalizumab("2019-01-01")]))["arm"] == "stayed"


def test_who_resumed_within_the_month_has_stayed_and_a_new_brand_is_no_stop():
    resumed = [natalizumab("2019-01-01", "2020-01-10"), natalizumab("2020-01-20")]
    assert only(trials(resumed))["arm"] == "stayed"
    brand = [natalizumab("2019-01-01", "2020-01-10"), natalizumab("2020-01-10")]
    assert only(trials(brand))["arm"] == "stayed"


def test_what_happens_after_time_zero_decides_no_arm():
    resumed_later = [natalizumab("2019-01-01", "2020-01-10"), natalizumab("2020-02-02")]
    assert only(trials(resumed_later))["arm"] == "stopped"


@pytest.mark.parametrize(
    "treatments",
    [
        [natalizumab("2020-01-02")],
        [natalizumab("2019-01-01", "2020-01-01")],
        [natalizumab("2012-01-01", "2013-01-01"), drug("hsct", "2019-01-01")],
    ],
)
def test_who_is_not_on_the_drug_on_the_first_of_the_month_takes_no_part(treatments):
    assert trials(treatments).empty


def test_who_died_within_the_month_takes_no_part_in_either_arm():
    assert trials([natalizumab("2019-01-01")], death_date="2020-01-15").empty
    assert trials([natalizumab("2019-01-01", "2020-01-10")], death_date="2020-01-15").empty


def test_a_person_takes_part_in_every_month_they_are_on_the_drug():
    frame = trials([natalizumab("2019-01-01", "2020-03-10")], last_month="2020-06-01")
    assert frame["arm"].tolist() == ["stayed", "stayed", "stopped"]
    assert frame["person"].nunique() == 1


# --- follow-up ------------------------------------------------------------------------------------


def test_follow_up_begins_on_the_first_of_the_next_month():
    found = only(trials([natalizumab("2019-01-01")], relapses=["2020-01-15", "2020-02-11"]))
    assert (found["follow_up_days"], found["end_reason"]) == (10, "relapse")


def test_a_later_stop_ends_follow_up_of_who_stayed():
    found = only(trials([natalizumab("2019-01-01", "2020-02-11")], relapses=["2020-03-01"]))
    assert (found["follow_up_days"], found["end_reason"]) == (10, "stopped")


def test_nothing_but_the_outcome_and_leaving_ends_follow_up_of_who_stopped():
    then = [natalizumab("2019-01-01", "2020-01-11"), drug("rituximab", "2020-03-01")]
    found = only(trials(then, relapses=["2020-06-01"]))
    assert (found["follow_up_days"], found["end_reason"]) == (121, "relapse")


@pytest.mark.parametrize(
    ("patient", "days", "reason"),
    [
        ({}, 365, "followed"),
        ({"death_date": "2020-02-11"}, 10, "death"),
        ({"emigration_date": "2020-02-11"}, 10, "emigration"),
    ],
)
def test_follow_up_ends_after_a_year_or_on_leaving(patient, days, reason):
    found = only(trials([natalizumab("2019-01-01")], **patient))
    assert (found["follow_up_days"], found["end_reason"]) == (days, reason)


def test_follow_up_ends_at_the_cutoff():
    month = {"first_month": "2025-03-01", "last_month": "2025-03-01"}
    found = only(trials([natalizumab("2019-01-01")], **month))
    assert (found["follow_up_days"], found["end_reason"]) == (44, "cutoff")


# --- what was known at the decision ---------------------------------------------------------------


def test_covariates_are_those_known_on_the_first_of_the_month():
    found = only(
        trials(
            [natalizumab("2019-01-01", "2020-01-20")],
            relapses=["2018-12-31", "2019-01-01", "2019-06-01", "2020-01-02"],
            edss=[("2019-01-01", 2.0), ("2019-09-01", 3.5), ("2020-01-02", 6.0)],
            jcv=[("2019-05-01", "negative"), ("2020-01-02", "positive")],
        )
    )
    assert found["relapses_year_before"] == 2
    assert (found["last_edss"], found["edss_known"], found["jcv"]) == (3.5, True, "negative")
    assert found["age_years"] == pytest.approx(40, abs=0.01)
    assert found["years_since_onset"] == pytest.approx(10, abs=0.01)
    assert found["years_on_natalizumab"] == pytest.approx(1, abs=0.01)


def test_a_positive_test_stays_positive_and_no_test_is_untested():
    tests = [("2018-05-01", "positive"), ("2019-05-01", "negative")]
    assert only(trials([natalizumab("2019-01-01")], jcv=tests))["jcv"] == "positive"
    later = [("2020-05-01", "positive")]
    assert only(trials([natalizumab("2019-01-01")], jcv=later))["jcv"] == "untested"


# --- outcomes -------------------------------------------------------------------------------------


def test_new_lesions_are_seen_on_the_first_mri_that_shows_them():
    scans = [("2020-02-05", 0), ("2020-02-11", 2)]
    found = only(trials([natalizumab("2019-01-01")], outcome="new_lesions", mri=scans))
    assert (found["follow_up_days"], found["end_reason"]) == (10, "new_lesions")


def worsening(*edss, relapses=()):
    found = only(
        trials([natalizumab("2019-01-01")], outcome="edss_worsening", edss=edss, relapses=relapses)
    )
    return found["follow_up_days"] if found["end_reason"] == "edss_worsening" else None


BASELINE = ("2019-12-01", 2.0)


def test_worsening_counts_from_its_first_edss_once_confirmed_after_84_days():
    assert worsening(BASELINE, ("2020-02-11", 3.0), ("2020-05-05", 3.0)) == 10
    assert worsening(BASELINE, ("2020-02-11", 3.0), ("2020-05-04", 3.0)) is None


def test_worsening_must_be_reached_by_every_edss_between():
    between = ("2020-03-11", 2.5)
    assert worsening(BASELINE, ("2020-02-11", 3.0), between, ("2020-05-05", 3.0)) is None


def test_worsening_is_not_confirmed_within_30_days_after_a_relapse():
    found = [BASELINE, ("2020-02-11", 3.0), ("2020-05-05", 3.0)]
    assert worsening(*found, relapses=["2020-04-06"]) is None
    assert worsening(*found, relapses=["2020-04-05"]) == 10


def test_the_baseline_lies_outside_a_relapse():
    relapsed = [("2019-06-01", 2.0), ("2019-12-01", 4.0)]
    later = [("2020-02-11", 3.0), ("2020-05-05", 3.0)]
    assert worsening(*relapsed, *later) is None
    assert worsening(*relapsed, *later, relapses=["2019-11-20"]) == 10


def test_without_a_baseline_there_is_no_worsening():
    assert worsening(("2020-02-11", 3.0), ("2020-05-05", 3.0)) is None


@pytest.mark.parametrize(
    ("baseline", "least"), [(0, 1.5), (1.0, 2.0), (5.0, 6.0), (5.5, 6.0), (6.5, 7.0)]
)
def test_how_much_worse_depends_on_the_baseline(baseline, least):
    assert worsened_from(baseline) == least


# --- refusals -------------------------------------------------------------------------------------


def test_months_in_reverse_and_an_unknown_outcome_are_refused():
    with pytest.raises(ValueError, match="exchange them"):
        trials([natalizumab("2019-01-01")], first_month="2020-02-01")
    with pytest.raises(ValueError, match="outcome must be one of relapse"):
        trials([natalizumab("2019-01-01")], outcome="death")


# --- a planted effect -----------------------------------------------------------------------------


def planted(seed, n=2000, hazard_ratio=2.0):
    """A registry of natalizumab users where stopping multiplies the hazard of a relapse.

    The young, and those with a high EDSS, stop more often and relapse more often. About one in
    seven stops in a year, as users of natalizumab do.
    """
    rng = np.random.default_rng(seed)
    zero = pd.Timestamp("2020-01-01")
    age, score = rng.normal(42, 9, n).clip(20, 70), rng.integers(2, 9, n) / 2
    risk = np.exp(0.4 * (score - 2.5) - 0.02 * (age - 42))
    monthly = 1 / (1 + np.exp(4.4 - 0.4 * (score - 2.5) + 0.02 * (age - 42)))
    stop_month = rng.geometric(monthly)
    stop = 30.4 * (stop_month - 1) + rng.uniform(1, 28, n)
    rate = 0.12 * risk / 365
    # Relapses come one after another; after the stop their time runs faster.
    waited = np.cumsum(rng.exponential(1, (n, 12)), axis=1) / rate[:, None]
    after = stop[:, None] + (waited - stop[:, None]) / hazard_ratio
    relapse = np.where(waited > stop[:, None], after, waited)
    names = [f"p{number}" for number in range(n)]

    def day(offset):
        return (zero + pd.Timedelta(days=int(offset))).date().isoformat()

    patients = [
        {
            **PERSON,
            "patient_id": name,
            "birth_date": day(-365.25 * each),
            "onset_date": "2010-01-01",
        }
        for name, each in zip(names, age, strict=True)
    ]
    treatments = [
        {**natalizumab("2018-01-01", day(each) if each < 1900 else None), "patient_id": name}
        for name, each in zip(names, stop, strict=True)
    ]
    relapses = [
        {"patient_id": name, "relapse_date": day(each)}
        for name, days in zip(names, relapse, strict=True)
        for each in days[days < 1900]
    ]
    edss = [
        {"patient_id": name, "measured_date": day(-100), "score": each}
        for name, each in zip(names, score, strict=True)
    ]
    return make_extract(patients=patients, treatments=treatments, relapses=relapses, edss=edss)


def estimated(seed):
    cohort = natalizumab_trials(
        planted(seed), outcome="relapse", first_month="2020-01-01", last_month="2020-10-01"
    )
    settings = {"arm": "arm", "treated": "stopped", "covariates": COVARIATES}
    found = estimate_weighted_hazard_ratio(cohort, event="relapse", **settings).frame.iloc[0]
    return found, estimate_balance(cohort, **settings).frame


def test_a_planted_registry_is_confounded_and_the_weights_mend_what_was_measured():
    found, balance = estimated(1)
    score = balance.set_index("term").loc["last_edss"]
    assert score["difference_before"] > 0.2
    assert abs(score["difference_after"]) < 0.05
    assert 1 < found["lower"] < found["upper"] < 4


@pytest.mark.slow
def test_90_of_100_intervals_cover_a_planted_hazard_ratio_of_2():
    found = [estimated(seed)[0] for seed in range(100)]
    covered = sum(each["lower"] <= 2 <= each["upper"] for each in found)
    assert covered >= 90
