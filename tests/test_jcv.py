"""JC virus tests: who is tested and positive in a quarter, and stops after a first positive."""

import pytest

from msanalysis.cohorts import jcv_tested, natalizumab_after_positive_test
from persons import make_extract
from test_natalizumab import PERSON, natalizumab


def sample(day, result="positive", assay="stratify", patient_id="p1"):
    return {
        "patient_id": patient_id, "sample_date": day, "result": result, "index_value": 1.0,
        "assay": assay,
    }  # fmt: skip


def registry(*tests, treatments=(), **patient):
    return make_extract(
        patients=[{**PERSON, **patient}], jcv_tests=list(tests), treatments=list(treatments)
    )


def test_a_person_counts_once_a_quarter_positive_when_any_test_was():
    extract = registry(
        sample("2023-01-01", "negative"),
        sample("2023-02-01"),
        sample("2023-03-31", "negative"),
        sample("2023-04-01", "negative"),
    )
    found = jcv_tested(extract, assay="stratify").frame
    assert found.to_numpy().tolist() == [
        ["quarter 2023-01", "positive"],
        ["quarter 2023-04", "negative"],
    ]


def test_each_assay_is_seen_by_itself_and_from_a_day_on():
    extract = registry(sample("2017-12-31"), sample("2024-05-01", assay="immunowell"))
    assert jcv_tested(extract, assay="stratify").frame.empty
    assert len(jcv_tested(extract, assay="immunowell").frame) == 1


def test_time_zero_is_the_first_positive_test_on_the_drug():
    extract = registry(
        sample("2020-01-01", "negative"),
        sample("2020-03-01"),
        sample("2020-04-01"),
        treatments=[natalizumab("2019-01-01", "2020-06-09")],
    )
    found = natalizumab_after_positive_test(extract).frame
    assert found.to_numpy().tolist() == [[100, "stopped", "stratify"]]


@pytest.mark.parametrize(
    "treatments",
    [
        [natalizumab("2020-03-02")],
        [natalizumab("2019-01-01", "2020-02-29")],
        [],
    ],
)
def test_who_tested_positive_before_or_after_the_course_is_not_followed(treatments):
    extract = registry(sample("2020-03-01"), treatments=treatments)
    assert natalizumab_after_positive_test(extract).frame.empty


def test_a_stop_on_the_day_of_the_test_leaves_no_follow_up_and_is_counted():
    extract = registry(sample("2020-03-01"), treatments=[natalizumab("2019-01-01", "2020-03-01")])
    cohort = natalizumab_after_positive_test(extract)
    assert cohort.exclusions.set_index("step")["n"]["no_follow_up"] == 1


def test_who_goes_on_is_followed_to_the_cutoff():
    extract = registry(sample("2025-05-05"), treatments=[natalizumab("2019-01-01")])
    found = natalizumab_after_positive_test(extract).frame
    assert found.to_numpy().tolist() == [[10, "cutoff", "stratify"]]


def test_death_goes_before_a_stop():
    extract = registry(
        sample("2020-03-01"),
        treatments=[natalizumab("2019-01-01", "2020-03-11")],
        death_date="2020-03-11",
    )
    found = natalizumab_after_positive_test(extract).frame
    assert found["end_reason"].tolist() == ["death"]
