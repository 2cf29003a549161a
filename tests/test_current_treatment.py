"""The status on the status date: what runs, what was confirmed when, and why there is none."""

import pytest

from msanalysis.cohorts import ofatumumab_users, persons_by_treatment
from msanalysis.cohorts.treatment_status import first_and_last_day, treatments_on
from msanalysis.release import release
from msanalysis.stats import estimate_shares, estimate_turnover
from persons import make_extract

COLUMNS = ("patient_id", "substance", "start_date", "stop_date")


def treated(*rows):
    return [dict(zip(COLUMNS, row, strict=False)) for row in rows]


def extract(treatments=(), periods=(), visits=(), persons="abc", **more):
    patients = [
        {
            "patient_id": id,
            "diagnosis_date": "2010-01-01",
            "onset_course": "rrms",
            "residence_hf": "bergen",
            "death_date": more.get(id),
        }
        for id in persons
    ]
    tables = {
        "patients": patients,
        "treatments": treated(*treatments),
        "untreated_periods": [
            {"patient_id": id, "start_date": start, "reason": reason}
            for id, start, reason in periods
        ],
        "visits": [
            {"patient_id": id, "visit_date": day, "treatment_updated": updated}
            for id, day, updated in visits
        ],
    }
    return make_extract(**{name: rows for name, rows in tables.items() if rows})


def test_everyone_alive_has_one_of_three_statuses():
    found = persons_by_treatment(
        extract(
            [("a", "rituximab", "2020-01-01")],
            [("b", "2020-01-01", "spms")],
            d="2024-12-31",
            persons="abcd",
        )
    )
    assert list(found.frame["treatment_status"]) == ["ongoing", "none", "unknown"]
    assert list(found.frame["treatment"]) == ["rituximab", "none", "unknown"]
    assert found.exclusions.iloc[-1].tolist() == ["dead_by 2024-12-31", 1, "alive"]


@pytest.mark.parametrize(
    ("day", "updated", "found"),
    [
        ("2024-07-02", True, "updated_0_6"),
        ("2024-01-01", True, "updated_6_12"),
        ("2023-01-01", True, "updated_12_24"),
        ("2022-12-30", True, "updated_over_24"),
        ("2025-03-01", True, "updated_0_6"),
        ("2024-07-02", False, "updated_over_24"),
    ],
)
def test_a_treatment_is_as_old_as_its_last_confirmation(day, updated, found):
    store = extract([("a", "rituximab", "2010-05-05")], visits=[("a", day, updated)], persons="a")
    assert persons_by_treatment(store).frame["updated"].item() == found


def test_a_start_is_an_update_too():
    store = extract([("a", "rituximab", "2024-12-01")], visits=[("a", "2020-01-01", True)])
    assert persons_by_treatment(store).frame["updated"][0] == "updated_0_6"


def test_reasons_fall_into_five_groups():
    reasons = ["spms", "pregnancy", "age", "long_stable_disease", "rrms_without_indication"]
    store = extract(
        periods=[(id, "2020-01-01", reason) for id, reason in zip("abcde", reasons, strict=True)],
        persons="abcde",
    )
    assert list(persons_by_treatment(store).frame["reason_group"]) == [
        "progressive_disease", "choice_or_pregnancy", "other", "long_stable_disease",
        "rrms_without_indication",
    ]  # fmt: skip


def test_a_drug_with_few_users_is_left_out_of_the_overview():
    rows = [(f"r{place}", "rituximab", "2020-01-01") for place in range(5)]
    rows += [(f"m{place}", "methotrexate", "2020-01-01") for place in range(4)]
    store = extract(rows, persons=[row[0] for row in rows])
    counts = persons_by_treatment(store).frame["overview"].value_counts()
    assert (counts["ongoing_shown"], counts["ongoing_left_out"]) == (5, 4)


def test_course_and_status_limit_who_is_counted():
    store = extract([("a", "rituximab", "2020-01-01")], [("b", "2020-01-01", "spms")])
    assert persons_by_treatment(store, course="ppms").frame.empty
    known = persons_by_treatment(store, course="rrms", statuses=["ongoing", "none"])
    assert (known.name, len(known.frame)) == ("alive_rrms_ongoing_or_none", 2)


def test_ofatumumab_users_by_what_came_before():
    store = extract(
        [
            ("a", "ofatumumab", "2023-01-01"),
            ("b", "fingolimod", "2020-01-01", "2022-01-01"),
            ("b", "ofatumumab", "2023-01-01"),
            ("c", "fingolimod", "2015-01-01", "2020-01-01"),
            ("c", "rituximab", "2020-01-01", "2022-01-01"),
            ("c", "ofatumumab", "2023-01-01"),
            ("d", "ofatumumab", "2023-01-01", "2024-01-01"),
        ],
        persons="abcd",
    )
    assert list(ofatumumab_users(store).frame["earlier"]) == [
        "first_treatment", "no_earlier_anti_cd20", "after_anti_cd20"
    ]  # fmt: skip


def test_users_are_those_before_and_who_started_less_who_stopped():
    year = first_and_last_day(2024)
    store = extract(
        [
            ("a", "rituximab", "2020-01-01"),
            ("b", "natalizumab", "2020-01-01", "2024-05-01"),
            ("b", "rituximab", "2024-06-01"),
            ("c", "natalizumab", "2020-01-01"),
            ("d", "natalizumab", "2020-01-01"),
        ],
        persons="abcd",
        d="2024-06-06",
    )
    counted = estimate_turnover(treatments_on(store, dates=year), before=year[0], after=year[1])
    rows = counted.frame.set_index("level")
    assert list(rows.loc["rituximab"]) == [2, 1, 0]
    assert list(rows.loc["natalizumab"]) == [1, 0, 2]
    assert list(rows.loc["all"]) == [3, 1, 2]


def test_the_two_whose_first_treatment_it_was_are_hidden_with_the_next_fewest():
    rows = [(f"x{place}", "ofatumumab", "2023-01-01") for place in range(80)]
    rows += [(f"x{place}", "fingolimod", "2015-01-01", "2020-01-01") for place in range(2, 15)]
    rows += [(f"x{place}", "rituximab", "2015-01-01", "2020-01-01") for place in range(15, 80)]
    store = extract(rows, persons=[f"x{place}" for place in range(80)])
    shown = release(estimate_shares(ofatumumab_users(store), column="earlier"))
    hidden = shown.frame["level"][shown.hidden["n"]]
    assert list(hidden) == ["first_treatment", "no_earlier_anti_cd20"]
    assert shown.frame["n"].iloc[-1] == 65
