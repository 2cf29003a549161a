"""Lines of treatment: what makes a new one, and how the rules move the share."""

import pytest

from msanalysis.cohorts import second_line_by_rules, treatment_lines
from msanalysis.release import release
from msanalysis.stats import estimate_rule_grid
from persons import make_extract


def extract(*episodes, patient=()):
    rows = [
        {"patient_id": "p", "substance": substance, "start_date": start, "stop_date": stop}
        for substance, start, stop in episodes
    ]
    person = {"patient_id": "p", "diagnosis_date": "2010-01-01", **dict(patient)}
    return make_extract(patients=[person], treatments=rows)


def lines(*episodes, **rules):
    frame = treatment_lines(extract(*episodes), **rules).frame
    return tuple(frame[["first_line", "second_line", "third_line"]].iloc[0])


NATALIZUMAB = ("natalizumab", "2015-01-01", "2018-01-01")
RITUXIMAB = ("rituximab", "2018-02-01", None)
NONE = "no_further_line"


def test_each_substance_is_a_line():
    interferon = ("interferon_beta_1a", "2012-01-01", "2014-12-01")
    found = lines(interferon, NATALIZUMAB, RITUXIMAB)
    assert found == ("interferons", "natalizumab", "anti_cd20")


def test_two_substances_of_one_group_are_two_lines():
    found = lines(("interferon_beta_1a", "2012-01-01", "2014-12-01"),
                  ("interferon_beta_1b", "2015-01-01", None))  # fmt: skip
    assert found == ("interferons", "interferons", NONE)


@pytest.mark.parametrize(("gap_days", "second"), [(180, NONE), (100, "natalizumab")])
def test_what_is_taken_up_again_within_the_gap_continues_its_line(gap_days, second):
    again = ("natalizumab", "2018-06-01", None)
    assert lines(NATALIZUMAB, again, gap_days=gap_days)[1] == second


def test_a_second_course_of_a_treatment_given_once_is_no_new_line():
    courses = [("cladribine", "2018-01-01", None), ("cladribine", "2019-02-01", None)]
    assert lines(*courses) == ("cladribine", NONE, NONE)


@pytest.mark.parametrize(("overlap_days", "second"), [(30, NONE), (400, "anti_cd20")])
def test_what_is_given_beside_an_earlier_treatment_for_long_is_no_line(overlap_days, second):
    beside = ("rituximab", "2017-01-01", "2017-12-01")
    assert lines(NATALIZUMAB, beside, overlap_days=overlap_days)[1] == second


def test_follow_up_ends_at_the_next_line():
    frame = treatment_lines(extract(NATALIZUMAB, RITUXIMAB)).frame
    assert frame["end_reason"].item() == "next_line"
    assert frame["follow_up_days"].item() == 1127


def test_after_the_second_line_only_who_had_one_is_followed():
    since = treatment_lines(extract(NATALIZUMAB), since="second_line")
    assert since.frame.empty
    assert since.exclusions.query("n == 1")["step"].item() == "never_had second_line"


@pytest.mark.parametrize("rules", [{"gap_days": -1}, {"overlap_days": -1}])
def test_days_below_zero_are_refused(rules):
    with pytest.raises(ValueError, match="expected 0 days or more"):
        treatment_lines(extract(NATALIZUMAB), **rules)


def test_the_grid_has_a_share_for_each_pair_in_steps_of_ten_persons():
    rows = [
        {"patient_id": str(id), "substance": "natalizumab", "start_date": start, "stop_date": stop}
        for id in range(98)
        for start, stop in [("2015-01-01", "2016-01-01"), ("2016-04-01", None)][: 1 + (id < 43)]
    ]
    patients = [{"patient_id": str(id), "diagnosis_date": "2010-01-01"} for id in range(98)]
    rules = {"gaps_days": [30, 365], "overlaps_days": [0]}
    cohort = second_line_by_rules(make_extract(patients=patients, treatments=rows), **rules)
    grid = release(estimate_rule_grid(cohort, column="second_line", **rules)).frame
    assert grid["gap_days"].tolist() == [30, 365]
    assert grid["denominator"].tolist() == [98, 98]
    assert grid["share"].tolist() == [round(40 / 98, 4), 0.0]
