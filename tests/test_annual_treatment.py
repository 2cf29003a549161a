"""What the annual report printed of treatments, redone on the invented registry."""

import csv
from importlib.resources import files

import pytest

from msanalysis.cohorts import (
    first_and_last_day,
    ofatumumab_users,
    persons_by_treatment,
    treatment_groups_on,
)
from msanalysis.release import release
from msanalysis.stats import estimate_flows, estimate_shares
from msanalysis.synthetic import synthesise
from persons import extract_of

with files("msanalysis").joinpath("published/2024.csv").open(encoding="utf-8") as handle:
    PUBLISHED = {row["id"]: float(row["value"]) for row in csv.DictReader(handle)}
KNOWN = {"statuses": ["ongoing", "none"]}


@pytest.fixture(scope="module")
def extract():
    return extract_of(synthesise())


@pytest.mark.parametrize(
    ("id", "chosen", "column", "level"),
    [
        ("treated_shown", {}, "overview", "ongoing_shown"),
        ("untreated_alive_count", {}, "treatment_status", "none"),
        ("unknown_treatment_alive", {}, "treatment_status", "unknown"),
    ],
)
def test_counts_of_all_alive_are_met_to_the_person(extract, id, chosen, column, level):
    shares = estimate_shares(persons_by_treatment(extract, **chosen), column=column)
    rows = release(shares).frame.set_index("level")
    assert rows.loc["all", "n"] == PUBLISHED["alive"]
    assert rows.loc[level, "n"] == PUBLISHED[id]


@pytest.mark.parametrize(
    ("id", "chosen", "column", "level", "decimals"),
    [
        ("treated_alive", {}, "treatment_status", "ongoing", 1),
        ("untreated_alive", {}, "treatment_status", "none", 1),
        ("unknown_treatment_alive_share", {}, "treatment_status", "unknown", 1),
        ("treated_rrms_known", {"course": "rrms", **KNOWN}, "treatment_status", "ongoing", 1),
        ("untreated_rrms_known", {"course": "rrms", **KNOWN}, "treatment_status", "none", 1),
        ("treated_ppms", {"course": "ppms"}, "treatment_status", "ongoing", 1),
        ("untreated_progressive", {"statuses": ["none"]}, "reason_group", "progressive_disease", 0),
        ("untreated_rrms_own_wish", {"course": "rrms", "statuses": ["none"]}, "reason_group",
         "choice_or_pregnancy", 0),
        ("treated_ppms_rituximab", {"course": "ppms", "statuses": ["ongoing"]}, "treatment",
         "rituximab", 0),
        ("treated_ppms_cladribine", {"course": "ppms", "statuses": ["ongoing"]}, "treatment",
         "cladribine", 0),
    ],
)  # fmt: skip
def test_shares_are_met_to_the_printed_digit(extract, id, chosen, column, level, decimals):
    shares = estimate_shares(persons_by_treatment(extract, **chosen), column=column)
    rows = release(shares).frame.set_index("level")
    assert round(100 * rows.loc[level, "share"], decimals) == PUBLISHED[id]


def test_ofatumumab_users_by_earlier_treatment(extract):
    users = ofatumumab_users(extract).frame["earlier"].value_counts()
    assert users.sum() == PUBLISHED["ofatumumab_users"]
    for level in ("first_treatment", "no_earlier_anti_cd20", "after_anti_cd20"):
        assert users[level] == PUBLISHED[f"ofatumumab_{level}"]


def test_everyone_compared_is_in_both_columns_of_the_sankey(extract):
    year = first_and_last_day(2024)
    compared = treatment_groups_on(extract, dates=year)
    assert compared.exclusions.set_index("step")["n"]["diagnosed_from 2024-01-01"] == 429
    flows = release(estimate_flows(compared, states=year)).frame
    assert flows["n"].sum() == release(compared.attrition).frame["n"].iloc[-1]


def test_nobody_is_lost_between_three_days_of_the_default_registry(extract):
    days = ["2020-01-01", "2022-01-01", "2024-12-31"]
    compared = treatment_groups_on(extract, dates=days)
    flows = release(estimate_flows(compared, states=days)).frame
    included = release(compared.attrition).frame["n"].iloc[-1]
    assert (flows.groupby("step")["n"].sum() == included).all()
    entered = flows[flows["step"] == 1].groupby("target")["n"].sum().to_dict()
    left = flows[flows["step"] == 2].groupby("source")["n"].sum().to_dict()
    assert entered == left
    assert {"dead", "emigrated"} <= set(entered)
    assert flows["n"].min() >= 5
