"""The gate: what is hidden, what is merged, and that it cannot be worked out again."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from msanalysis.core import Released, Result
from msanalysis.release import POLICY_VARIABLE, ReleaseRefused, release
from msanalysis.stats import (
    estimate_cumulative_incidence,
    estimate_cumulative_incidence_at,
    estimate_shares,
    estimate_survival,
    estimate_survival_at,
)
from persons import PROVENANCE, make_cohort


def table(counts, dimension="level", **more):
    levels = ["all", *(f"level_{place}" for place in range(len(counts)))]
    frame = pd.DataFrame({"level": levels, "n": [sum(counts), *counts]})
    frame["share"] = frame["n"] / max(sum(counts), 1)
    return Result(
        statistic="shares",
        shape="table",
        frame=frame,
        counts={"n": ("share",)},
        dimension=dimension,
        population="invented",
        n_persons=sum(counts),
        settings={},
        provenance=PROVENANCE,
        **more,
    )


def hidden_levels(released):
    return list(released.frame["level"][released.hidden["n"]])


# --- tables ---------------------------------------------------------------------------------------


def test_a_count_below_the_threshold_is_hidden_with_its_share():
    released = release(table([4, 20], dimension=""))
    assert hidden_levels(released) == ["level_0"]
    assert released.frame.loc[1, ["n", "share"]].isna().all()


def test_zero_and_the_threshold_itself_are_shown():
    released = release(table([0, 5, 20]))
    assert hidden_levels(released) == []
    assert list(released.frame["n"]) == [25, 0, 5, 20]


def test_a_second_cell_is_hidden_where_the_total_would_give_the_first_back():
    assert hidden_levels(release(table([2, 30, 9]))) == ["level_0", "level_2"]


def test_two_small_cells_that_sum_to_little_need_a_third():
    # 1 + 2 = 3 is known: each lies within 1..2, which is too narrow.
    assert hidden_levels(release(table([1, 2, 30, 9]))) == ["level_0", "level_1", "level_3"]


def test_the_total_is_hidden_where_no_part_is_left_to_hide():
    assert hidden_levels(release(table([3, 0, 0]))) == ["all", "level_0"]


def test_where_the_total_is_hidden_so_is_the_denominator_of_its_parts():
    cohort = make_cohort(pd.DataFrame({"place": ["a"] * 3 + ["b"] * 1}))
    released = release(estimate_shares(cohort, column="place"))
    assert released.hidden[["n", "denominator"]].all(axis=None)


def test_few_who_left_between_two_times_are_not_told_by_who_is_at_risk():
    days = [500] * 90 + [800] * 2 + [2000] * 88
    at = release(
        estimate_survival_at(
            followed(days, ["censored"] * 180), event="death", times_days=[100, 600, 1000]
        )
    )
    assert at.hidden["n_at_risk"].tolist() == [False, False, True]


def test_where_a_cause_is_hidden_who_is_at_risk_is_hidden_too():
    days = [100] * 53 + [900] * 147
    reasons = ["switch"] * 50 + ["death"] * 3 + ["censored"] * 147
    at = release(
        estimate_cumulative_incidence_at(
            followed(days, reasons), events=["switch", "death"], times_days=[365]
        )
    )
    assert at.hidden["n_at_risk"].all()
    assert at.hidden["n_events"].tolist() == [False, True]


def test_a_hidden_row_stays_in_the_table():
    assert len(release(table([1, 20])).frame) == 3


@given(st.lists(st.integers(0, 30), min_size=2, max_size=8))
def test_no_small_count_can_be_worked_out_from_a_released_table(counts):
    released = release(table(counts))
    frame, hidden = released.frame, released.hidden["n"]
    assert not frame["n"].between(1, 4).any()
    parts = hidden[1:].to_numpy()
    if not parts.any() or hidden[0]:
        return
    rest = frame["n"][0] - frame["n"][1:][~parts].sum()
    # Each hidden part is at least 1, so the largest it can be is what the others leave.
    assert parts.sum() >= 2
    assert rest - (parts.sum() - 1) >= 5


def test_only_a_result_is_released():
    with pytest.raises(TypeError, match="takes a Result, not a DataFrame"):
        release(pd.DataFrame())


def test_a_shape_without_a_way_is_refused():
    result = table([10, 20])
    cube = Result(**{**result.__dict__, "shape": "cube"})
    with pytest.raises(ReleaseRefused, match="no way yet for a cube"):
        release(cube)


def test_a_stricter_policy_is_obeyed(monkeypatch):
    monkeypatch.setenv(POLICY_VARIABLE, "strict")
    released = release(table([9, 20, 30]))
    assert hidden_levels(released) == ["level_0", "level_1"]
    assert released.policy == "strict"


def test_an_unknown_policy_is_refused_not_ignored(monkeypatch):
    monkeypatch.setenv(POLICY_VARIABLE, "none")
    with pytest.raises(ReleaseRefused, match="choose one of annual_report, research, strict"):
        release(table([9, 20]))


def test_estimates_leave_with_four_decimals_and_days_whole():
    frame = pd.DataFrame({"level": ["a"], "n": [10], "share": [1 / 3], "median_days": [310.5]})
    result = Result(**{**table([1]).__dict__, "frame": frame})
    released = release(result).frame
    assert released["share"][0] == 0.3333
    assert released["median_days"][0] == 310


def test_a_released_shows_hidden_cells_as_hidden():
    shown = repr(release(table([2, 30, 40])))
    assert "hidden" in shown
    assert isinstance(release(table([2, 30, 40])), Released)


def test_values_at_two_times_between_which_few_events_lie_are_not_both_shown():
    days = [*range(100, 200), 300, 301, *range(400, 500)]
    reasons = ["death"] * 102 + ["censored"] * 100
    released = release(
        estimate_survival_at(followed(days, reasons), event="death", times_days=[250, 350])
    )
    assert released.hidden["estimate"].tolist() == [False, True]
    assert released.hidden["n_events"].tolist() == [False, True]
    assert released.hidden["n_at_risk"].tolist() == [False, True]


# --- curves ---------------------------------------------------------------------------------------


def followed(days, reasons, **more):
    return make_cohort(pd.DataFrame({"follow_up_days": days, "end_reason": reasons, **more}))


persons = st.lists(
    st.tuples(st.integers(1, 60), st.sampled_from(["death", "censored", "censored"])),
    min_size=1,
    max_size=300,
).map(lambda rows: followed([days for days, _ in rows], [reason for _, reason in rows]))


@given(persons, st.lists(st.integers(1, 60), max_size=4, unique=True))
def test_every_count_of_a_released_curve_is_none_or_enough(cohort, ticks):
    frame = release(estimate_survival(cohort, event="death", ticks_days=ticks)).frame
    for column in ("n_events", "n_censored"):
        assert not frame[column].between(1, 4).any()
    assert (frame["n_at_risk"] >= 20).all()
    leaving = (frame["n_at_risk"] - frame["n_at_risk"].shift(-1))[:-1]
    assert not leaving.between(1, 4).any()


@given(persons, st.lists(st.integers(1, 60), max_size=4, unique=True))
def test_at_risk_less_events_less_censored_is_at_risk_when_the_next_step_begins(cohort, ticks):
    frame = release(estimate_survival(cohort, event="death", ticks_days=ticks)).frame
    at_risk = frame["n_at_risk"].iloc[0] if len(frame) else 0
    for row, following in zip(frame.index, frame["n_at_risk"].shift(-1), strict=True):
        if pd.isna(frame["n_events"][row]):
            continue
        at_risk -= frame["n_events"][row] + frame["n_censored"][row]
        assert pd.isna(following) or at_risk == following


@given(persons, st.lists(st.integers(1, 60), max_size=4, unique=True))
def test_a_released_curve_tells_no_more_than_its_counts(cohort, ticks):
    frame = release(estimate_survival(cohort, event="death", ticks_days=ticks)).frame
    survival, at_risk = 1.0, None
    for row in frame.itertuples():
        at_risk = row.n_at_risk if at_risk is None else at_risk
        if pd.isna(row.n_events):
            continue
        survival *= max(1 - row.n_events / (at_risk - row.n_censored / 2), 0)
        assert row.estimate == pytest.approx(survival, abs=5.1e-5)
        at_risk = None


def test_a_released_curve_is_close_to_the_exact_estimate():
    rng = np.random.default_rng(3)
    days = rng.integers(1, 2000, 3000)
    reasons = rng.choice(["death", "censored"], 3000, p=[0.2, 0.8])
    result = estimate_survival(followed(days, reasons), event="death")
    exact = result.frame.set_index("time_days")["estimate"]
    released = release(result).frame.query("n_at_risk >= 200")
    difference = released["estimate"] - exact[released["time_days"]].to_numpy()
    assert difference.abs().max() < 0.002


def test_a_curve_ends_where_few_are_at_risk_and_is_not_drawn_on_to_the_next_tick():
    days = [*range(1, 101), *range(300, 319)]
    released = release(
        estimate_survival(followed(days, ["death"] * 119), event="death", ticks_days=[50, 500])
    ).frame
    assert released["time_days"].max() == 100


def test_a_step_ends_the_day_before_a_tick_so_that_the_number_at_risk_there_is_exact():
    days = np.arange(1, 401).repeat(2)
    reasons = np.where(np.arange(800) % 3 == 0, "death", "censored")
    released = release(
        estimate_survival(followed(days, reasons), event="death", ticks_days=[100, 200])
    ).frame
    after = released["time_days"].searchsorted([99, 199]) + 1
    assert list(released["time_days"][after - 1]) == [99, 199]
    assert list(released["n_at_risk"][after]) == [(days >= 100).sum(), (days >= 200).sum()]


def test_a_step_that_runs_over_a_tick_shows_who_is_at_risk_there_and_no_events():
    days = [*range(1, 101), 150, 160, *range(201, 300), 300]
    reasons = ["censored"] * 100 + ["death"] * 2 + ["censored"] * 99 + ["death"]
    days, reasons = days + [310] * 20, reasons + ["death"] * 20
    frame = release(
        estimate_survival(followed(days, reasons), event="death", ticks_days=[100, 200])
    ).frame
    assert frame.to_dict("list") | {"lower": [], "upper": []} == {
        "stratum": ["all"] * 2,
        "time_days": [99, 310],
        "n_at_risk": [222, 123],
        "n_events": [0, 23],
        "n_censored": [99, 100],
        "estimate": [1.0, round(1 - 23 / (123 - 50), 4)],
        "lower": [],
        "upper": [],
    }


def test_a_step_is_split_at_a_tick_where_enough_leave_on_either_side():
    days = [*range(1, 101), 150, *range(161, 200), *range(201, 300)]
    reasons = ["censored"] * 100 + ["death"] + ["censored"] * 138
    frame = release(
        estimate_survival(
            followed(days + [310] * 20, reasons + ["death"] * 20),
            event="death",
            ticks_days=[100, 200],
        )
    ).frame
    assert list(frame["time_days"]) == [99, 199, 310]
    assert list(frame["n_at_risk"]) == [259, 160, 119]
    assert frame["n_events"].isna().tolist() == [False, True, False]
    assert frame["estimate"].isna().tolist() == [False, True, False]
    assert frame["n_events"].iloc[2] == 21


def test_late_entries_are_merged_until_they_are_many():
    rng = np.random.default_rng(1)
    entry = rng.integers(0, 300, 600)
    days = entry + rng.integers(1, 400, 600)
    reasons = rng.choice(["death", "censored"], 600)
    cohort = followed(days, reasons, entry_days=entry)
    frame = release(estimate_survival(cohort, event="death", delayed_entry=True)).frame
    gone = frame["n_at_risk"] - frame["n_events"] - frame["n_censored"]
    entered = (frame["n_at_risk"].shift(-1) - gone)[:-1]
    assert (entered > 0).any()
    assert not entered.between(1, 4).any()


def test_the_interval_of_a_curve_with_late_entries_is_close_to_the_exact_one_from_the_start():
    rng = np.random.default_rng(4)
    entry = np.concatenate([np.zeros(20, int), rng.integers(1, 600, 3000)])
    days = entry + 1 + rng.exponential(1500, 3020).astype(int)
    reasons = rng.choice(["death", "censored"], 3020, p=[0.3, 0.7])
    cohort = followed(days, reasons, entry_days=entry)
    result = estimate_survival(cohort, event="death", delayed_entry=True)
    exact = result.frame.set_index("time_days")
    released = release(result).frame.query("n_at_risk >= 100").set_index("time_days")
    width = (exact["upper"] - exact["lower"])[released.index]
    ratio = (released["upper"] - released["lower"]).astype(float) / width
    assert ratio.between(0.8, 1.6).all()


def test_the_interval_is_close_to_greenwoods_but_made_from_the_merged_counts():
    rng = np.random.default_rng(2)
    days = rng.integers(1, 2000, 3000)
    reasons = rng.choice(["death", "censored"], 3000, p=[0.2, 0.8])
    result = estimate_survival(followed(days, reasons), event="death")
    exact = result.frame.set_index("time_days")
    released = release(result).frame.set_index("time_days").astype({"lower": float, "upper": float})
    released = released[released.index <= 1500]
    for limit in ("lower", "upper"):
        difference = released[limit] - exact.loc[released.index, limit]
        assert difference.abs().max() < 0.003


def test_a_stratum_too_small_to_show_leaves_no_row():
    cohort = followed([1, 2, 3] + [10] * 30, ["death"] * 33, group=["few"] * 3 + ["many"] * 30)
    frame = release(estimate_survival(cohort, event="death", by="group")).frame
    assert set(frame["stratum"]) == {"many"}


def test_a_curve_of_nobody_is_empty():
    cohort = followed(pd.Series(dtype="int64"), pd.Series(dtype="object"))
    assert release(estimate_survival(cohort, event="death")).frame.empty


@given(
    st.lists(
        st.tuples(st.integers(1, 60), st.sampled_from(["switch", "death", "censored"])),
        min_size=1,
        max_size=300,
    )
)
def test_each_cause_is_merged_for_itself_and_tells_no_numbers_at_risk(rows):
    cohort = followed([days for days, _ in rows], [reason for _, reason in rows])
    result = estimate_cumulative_incidence(cohort, events=["switch", "death"], ticks_days=[30])
    frame = release(result).frame
    assert list(frame) == [
        "stratum", "cause", "time_days", "n_events", "estimate", "lower", "upper"
    ]  # fmt: skip
    assert not frame["n_events"].between(1, 4).any()
