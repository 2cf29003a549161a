"""Flows: nobody is lost between two columns, and no flow of few persons is shown."""

from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msanalysis.cohorts.treatment_status import STATES, treatment_groups_on
from msanalysis.release import POLICY_VARIABLE, release
from msanalysis.stats import estimate_flows
from persons import make_cohort, make_extract

DAYS = ["2022-01-01", "2023-01-01", "2024-12-31"]


def flows(rows, columns=("first", "second")):
    """Release the flows of persons given as tuples of states."""
    frame = pd.DataFrame(rows, columns=list(columns), dtype="object")
    return release(estimate_flows(make_cohort(frame), states=list(columns)))


def shown(released):
    columns = ["step", "source", "target", "n"]
    return set(released.frame[columns].itertuples(index=False, name=None))


def hold(released, n_persons, threshold=5):
    """Assert what must hold of every released table of flows."""
    frame = released.frame
    assert not frame["n"].between(1, threshold - 1).any()
    per_step = frame.groupby("step")["n"].sum()
    assert (per_step == n_persons).all()
    for step in range(1, len(per_step)):
        into = frame[frame["step"] == step].groupby("target")["n"].sum()
        out_of = frame[frame["step"] == step + 1].groupby("source")["n"].sum()
        assert into.to_dict() == out_of.to_dict()
    shares = frame.groupby(["step", "source"])["share_of_source"].sum()
    assert ((shares - 1).abs() < 1e-3).all()


def test_flows_of_enough_persons_are_shown_as_they_are():
    released = flows([("a", "a")] * 20 + [("a", "b")] * 5)
    assert shown(released) == {(1, "a", "a", 20), (1, "a", "b", 5)}
    assert list(released.frame["share_of_source"]) == [0.8, 0.2]


def test_small_flows_out_of_one_state_are_pooled_at_their_end():
    released = flows([("a", "a")] * 20 + [("a", "b")] * 2 + [("a", "c")] * 3)
    assert shown(released) == {(1, "a", "a", 20), (1, "a", "pooled", 5)}


def test_a_small_flow_that_nothing_joins_is_pooled_at_both_ends():
    rows = [("a", "a")] * 20 + [("a", "b")] * 3 + [("b", "b")] * 20 + [("b", "c")] * 4
    pooled = {(1, "a", "a", 20), (1, "b", "b", 20), (1, "pooled", "pooled", 7)}
    assert shown(flows(rows)) == pooled


def test_a_single_small_flow_takes_the_smallest_other_with_it():
    rows = [("a", "a")] * 20 + [("a", "b")] * 3 + [("b", "b")] * 6
    assert shown(flows(rows)) == {(1, "a", "a", 20), (1, "pooled", "pooled", 9)}


def test_who_is_pooled_between_two_steps_is_pooled_in_both():
    rows = [("a", "a", "a")] * 20 + [("a", "b", "a")] * 3 + [("a", "c", "a")] * 4
    released = flows(rows, ("first", "second", "third"))
    assert (1, "a", "pooled", 7) in shown(released)
    assert (2, "pooled", "a", 7) in shown(released)
    hold(released, 27)


def test_fewer_persons_than_the_threshold_are_not_shown_at_all():
    assert flows([("a", "b")] * 4).frame.empty
    assert flows([]).frame.empty


def test_a_missing_state_is_a_state():
    assert shown(flows([("a", None)] * 9)) == {(1, "a", "missing", 9)}


def test_who_comes_pooled_is_pooled_with_the_others():
    rows = [("a", "a")] * 20 + [("a", "pooled")] * 4 + [("a", "b")] * 3
    assert shown(flows(rows)) == {(1, "a", "a", 20), (1, "a", "pooled", 7)}


def test_a_stricter_policy_pools_more(monkeypatch):
    rows = [("a", "a")] * 20 + [("a", "b")] * 6 + [("a", "c")] * 7
    assert len(shown(flows(rows))) == 3
    monkeypatch.setenv(POLICY_VARIABLE, "strict")
    assert shown(flows(rows)) == {(1, "a", "a", 20), (1, "a", "pooled", 13)}


def test_flows_need_two_columns():
    with pytest.raises(ValueError, match="two columns or more"):
        estimate_flows(make_cohort(pd.DataFrame({"first": ["a"]})), states=["first"])


state = st.sampled_from("abcde")


@given(st.lists(st.tuples(state, state, state, state), min_size=5, max_size=120))
def test_no_small_flow_and_nobody_lost(rows):
    columns = ("one", "two", "three", "four")
    hold(flows(rows, columns), len(rows))


@given(st.lists(st.tuples(state, state), min_size=5, max_size=60))
def test_what_is_shown_is_never_more_than_was_counted(rows):
    counted = pd.Series(rows).value_counts()
    for _, source, target, n in shown(flows(rows)):
        assert "pooled" in (source, target) or n <= counted[(source, target)]


# --- random registries ----------------------------------------------------------------------------

day = st.dates(date(2018, 1, 1), date(2025, 5, 15))
substance = st.sampled_from(["rituximab", "cladribine", "natalizumab", "fingolimod", "other"])
episode = st.tuples(substance, day, st.none() | st.integers(1, 1500))
period = st.tuples(day, st.none() | st.integers(1, 1500))
person = st.fixed_dictionaries(
    {
        "diagnosis": day,
        "death": st.none() | day,
        "emigration": st.none() | day,
        "episodes": st.lists(episode, max_size=4),
        "periods": st.lists(period, max_size=2),
    }
)


def text(when):
    return None if when is None else when.isoformat()


def registry(persons):
    """Return an extract of these persons."""

    def lasting(id, start, length):
        end = None if length is None else min(start + timedelta(length), date(2025, 5, 15))
        return {"patient_id": id, "start_date": text(start), "stop_date": text(end)}

    tables = {"patients": [], "treatments": [], "untreated_periods": []}
    for id, each in enumerate(persons):
        dates = {f"{name}_date": text(each[name]) for name in ("diagnosis", "death", "emigration")}
        tables["patients"].append({"patient_id": str(id), **dates})
        for name, start, length in each["episodes"]:
            tables["treatments"].append({**lasting(str(id), start, length), "substance": name})
        for start, length in each["periods"]:
            tables["untreated_periods"].append(lasting(str(id), start, length))
    return make_extract(**{name: rows for name, rows in tables.items() if rows})


@settings(max_examples=40)
@given(st.lists(person, min_size=1, max_size=40))
def test_everyone_in_a_random_registry_is_in_every_column(persons):
    cohort = treatment_groups_on(registry(persons), dates=DAYS)
    released = release(estimate_flows(cohort, states=DAYS))
    included = cohort.attrition.frame["n"].iloc[-1]
    assert included == len(cohort.frame)
    if included >= 5:
        hold(released, included)
    assert set(released.frame["source"]) <= {*STATES, "pooled"}
