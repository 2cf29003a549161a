"""After a stop of natalizumab: time without treatment, and relapses before, on and after."""

import json

import numpy as np
import pandas as pd
import pytest

from msanalysis.cohorts import natalizumab_after_stop, natalizumab_phases
from msanalysis.stats import estimate_rates, estimate_repeated_rates
from persons import make_cohort, make_extract
from reference import FOLDER, assert_equal_to_r
from test_natalizumab import PERSON, drug, natalizumab

STOPPED = natalizumab("2018-06-01", "2020-06-01")


def registry(*treatments, relapses=(), **patient):
    return make_extract(
        patients=[{**PERSON, **patient}],
        treatments=list(treatments),
        relapses=[{"patient_id": "p1", "relapse_date": day} for day in relapses],
    )


def after(*treatments, **patient):
    return natalizumab_after_stop(registry(*treatments, **patient)).frame.to_numpy().tolist()


@pytest.mark.parametrize(
    ("treatments", "found"),
    [
        ([STOPPED], [366, "followed"]),
        ([STOPPED, drug("rituximab", "2020-06-11")], [10, "next_treatment"]),
        ([STOPPED, drug("rituximab", "2020-05-20")], [0, "next_treatment"]),
        ([STOPPED, drug("rituximab", "2021-07-01")], [366, "followed"]),
        ([STOPPED, natalizumab("2020-10-01")], [122, "next_treatment"]),
        ([natalizumab("2018-06-01", "2025-05-05")], [10, "cutoff"]),
    ],
)
def test_the_time_without_treatment_ends_with_the_next_drug(treatments, found):
    assert after(*treatments) == [found]


def test_death_ends_it_and_who_had_died_by_the_stop_is_not_in_it():
    assert after(STOPPED, death_date="2020-06-11") == [[10, "death"]]
    assert after(STOPPED, death_date="2020-06-01") == []


def test_who_goes_on_or_stopped_earlier_is_not_in_it():
    assert after(natalizumab("2018-06-01")) == []
    assert after(natalizumab("2015-06-01", "2017-06-01")) == []


def test_relapses_are_counted_in_the_phase_they_fall_in():
    relapses = ["2017-06-01", "2017-06-02", "2018-06-01", "2018-06-02", "2020-06-02", "2020-07-02"]
    extract = registry(STOPPED, drug("rituximab", "2020-07-01"), relapses=relapses)
    found = natalizumab_phases(extract).frame
    assert found["phase"].tolist() == ["before_treatment", "on_treatment", "after_treatment"]
    assert found["follow_up_days"].tolist() == [365, 731, 30]
    assert found["n_relapses"].tolist() == [2, 1, 1]


@pytest.mark.parametrize("stratum", ["all", "before", "on", "after"])
def test_rates_of_a_repeated_event_and_their_robust_limits_against_R(stratum):
    r = json.loads((FOLDER / "repeated_rates.json").read_text())
    cohort = make_cohort(pd.DataFrame(r["persons"]))
    by = None if stratum == "all" else "phase"
    rates = estimate_repeated_rates(cohort, count="n_times", by=by).frame.set_index("stratum")
    found = rates.loc[stratum, ["rate_per_100py", "lower", "upper"]]
    assert_equal_to_r(found, r["rates"][stratum])


def test_the_robust_interval_of_single_events_is_near_the_exact_one():
    had_it = np.repeat([1, 0], [100, 900])
    frame = pd.DataFrame({"n_relapses": had_it, "follow_up_days": 365.25})
    single = frame.assign(end_reason=np.where(had_it, "relapse", "cutoff"))
    ours = estimate_repeated_rates(make_cohort(frame), count="n_relapses").frame.iloc[0]
    exact = estimate_rates(make_cohort(single), event="relapse").frame.iloc[0]
    assert ours["rate_per_100py"] == pytest.approx(exact["rate_per_100py"])
    for limit in ("lower", "upper"):
        assert ours[limit] == pytest.approx(exact[limit], rel=0.05)


def test_events_heaped_on_few_persons_widen_the_interval():
    spread = pd.DataFrame({"n_relapses": np.repeat([1, 0], [100, 900]), "follow_up_days": 365.25})
    heaped = pd.DataFrame({"n_relapses": np.repeat([10, 0], [10, 990]), "follow_up_days": 365.25})
    narrow, wide = (
        estimate_repeated_rates(make_cohort(each), count="n_relapses").frame.iloc[0]
        for each in (spread, heaped)
    )
    assert wide["rate_per_100py"] == narrow["rate_per_100py"]
    assert wide["upper"] > narrow["upper"]
