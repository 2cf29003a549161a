"""What each policy hides, shows and rounds; and the two exits beside the gate's."""

import dataclasses
import math
import stat

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from msanalysis.core import Result
from msanalysis.release import POLICIES, POLICY_VARIABLE, ReleaseRefused, deliver, release
from msanalysis.release.exits import OWN_UNIT_VARIABLE, RESTRICTED_VARIABLE
from msanalysis.stats import (
    check_interrupted_series,
    estimate_crude_rates,
    estimate_cumulative_incidence,
    estimate_flows,
    estimate_hazard_ratios,
    estimate_interruption,
    estimate_mean,
    estimate_mean_trend,
    estimate_median_survival,
    estimate_quantiles,
    estimate_rates,
    estimate_share_trend,
    estimate_shares,
    estimate_shares_by,
    estimate_survival,
    estimate_survival_at,
)
from persons import PROVENANCE, make_cohort

SHARE = ("share", "lower", "upper")


def table(frame, counts, **more):
    return Result(
        **{
            "statistic": "quota",
            "shape": "table",
            "frame": frame,
            "counts": counts,
            "population": "invented",
            "n_persons": 500,
            "settings": {},
            "provenance": PROVENANCE,
        }
        | more
    )


def quota(numerators, denominators, **more):
    """Return an indicator by trust: so many of so many."""
    numerators, denominators = np.array(numerators), np.array(denominators)
    frame = pd.DataFrame(
        {
            "trust": [f"trust_{place}" for place in range(len(numerators))],
            "numerator": numerators,
            "denominator": denominators,
            "share": numerators / denominators,
        }
    )
    counts = {"numerator": ("share",), "denominator": ("numerator", "share")}
    return table(frame, counts, quotas={"numerator": "denominator"}, **more)


def under(policy, monkeypatch):
    monkeypatch.setenv(POLICY_VARIABLE, policy)


def persons(**columns):
    return make_cohort(pd.DataFrame(columns))


# --- the policies themselves ----------------------------------------------------------------------


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
def test_no_policy_is_looser_than_that_of_the_annual_report(policy):
    annual = POLICIES["annual_report"]
    for field in dataclasses.fields(annual)[1:]:
        mine, least = (getattr(each, field.name) for each in (policy, annual))
        loosens = field.name in ("quotas_printed", "public_knowledge", "points")
        assert mine <= least if loosens else mine >= least, field.name


# --- quotas ---------------------------------------------------------------------------------------


def test_the_annual_report_prints_a_small_numerator_of_a_shown_denominator():
    released = release(quota([2, 39, 0, 40], [40, 40, 40, 40]))
    assert not released.hidden.any(axis=None)
    assert list(released.frame["share"]) == [0.05, 0.975, 0, 1]


def test_a_quota_of_a_small_denominator_is_hidden_with_all_of_it():
    released = release(quota([2, 20], [4, 40]))
    assert released.hidden.loc[0, ["numerator", "denominator", "share"]].all()
    assert not released.hidden.loc[1].any()


def test_a_small_level_of_a_breakdown_is_hidden_where_a_quota_is_not():
    users = persons(earlier=["first"] * 2 + ["none"] * 13 + ["other"] * 65)
    hidden = release(estimate_shares(users, column="earlier"))
    assert hidden.frame.set_index("level")["n"].isna()["first"]


@pytest.mark.parametrize("policy", ["research", "strict"])
def test_other_policies_hide_small_numerators_and_small_rests(policy, monkeypatch):
    under(policy, monkeypatch)
    hidden = release(quota([2, 38, 20], [40, 40, 40])).hidden
    assert list(hidden["numerator"]) == [True, True, False]
    assert list(hidden["share"]) == [True, True, False]


def test_research_hides_events_that_leave_few_without(monkeypatch):
    under("research", monkeypatch)
    cohort = persons(end_reason=["stopped"] * 97 + ["cutoff"] * 3, follow_up_days=[100] * 100)
    released = release(estimate_rates(cohort, event="stopped"))
    assert released.hidden.loc[0, ["n_events", "rate_per_100py"]].all()
    assert released.frame.loc[0, "n"] == 100


def test_strict_hides_none_and_all_of_a_group(monkeypatch):
    under("strict", monkeypatch)
    assert list(release(quota([0, 40, 20], [40, 40, 40])).hidden["numerator"]) == [1, 1, 0]
    treated = pd.Categorical(["yes"] * 40 + ["no"] * 30 + ["yes"] * 30)
    cohort = persons(sex=["f"] * 40 + ["m"] * 60, treated=treated)
    shares = release(estimate_shares_by(cohort, column="treated", by="sex"))
    rows = shares.frame.assign(hidden=shares.hidden["n"]).set_index(["stratum", "level"])["hidden"]
    assert rows.loc[[("f", "no"), ("f", "yes")]].all()
    assert not rows.loc["m"].any()


# --- public knowledge -----------------------------------------------------------------------------


def by_trust(population, n, provenance=PROVENANCE, column="n"):
    frame = pd.DataFrame({"stratum": [*n], column: [*n.values()], "rate_per_100k": 1.5})
    return table(
        frame,
        {column: ("rate_per_100k",)},
        population=population,
        settings={"by": "residence_hf"},
        provenance=provenance,
    )


PRINTED = {"finnmark": 1, "helgeland": 2, "bergen": 48}


def test_what_the_registry_prints_of_new_patients_by_trust_is_shown():
    released = release(by_trust("diagnosed_2024_2024", PRINTED))
    assert list(released.frame["n"]) == [1, 2, 48]
    # What is computed from one person is not in that table.
    assert list(released.hidden["rate_per_100k"]) == [True, True, False]


def test_a_printed_denominator_is_shown_without_its_quota():
    cohort = make_cohort(
        pd.DataFrame({"residence_hf": ["finnmark"] + ["bergen"] * 48, "soon": ["yes"] * 49})
    )
    cohort = dataclasses.replace(cohort, name="diagnosed_2024_2024")
    result = estimate_shares_by(cohort, column="soon", by="residence_hf")
    frame = release(result).frame.set_index(["stratum", "level"])
    assert list(frame.loc["finnmark", "denominator"]) == [1, 1]
    assert frame.loc[("finnmark", "yes"), ["n", "share"]].isna().all()


@pytest.mark.parametrize(
    ("population", "n", "year"),
    [
        ("diagnosed_2024_2024", {"finnmark": 2}, 2024),
        ("natalizumab_users_2024", {"finnmark": 1}, 2024),
        ("diagnosed_2023_2023", {"finnmark": 1}, 2023),
        ("diagnosed_2024_2024", {"finnmark": 1}, 2025),
    ],
    ids=["another_number", "another_population", "another_year", "a_later_extract"],
)
def test_nothing_else_is_public(population, n, year):
    provenance = dataclasses.replace(
        PROVENANCE, status_date=PROVENANCE.status_date.replace(year=year)
    )
    assert release(by_trust(population, n, provenance)).hidden["n"].all()


@pytest.mark.parametrize("policy", ["research", "strict"])
def test_public_knowledge_is_shown_in_the_annual_report_only(policy, monkeypatch):
    under(policy, monkeypatch)
    hidden = release(by_trust("diagnosed_2024_2024", PRINTED)).hidden["n"]
    assert list(hidden) == [True, True, False]


# --- what stands behind an estimate ---------------------------------------------------------------


def lives(n, deaths):
    rng = np.random.default_rng(1)
    days = rng.integers(10, 2000, n)
    ends = np.where(np.arange(n) < deaths, "death", "cutoff")
    return pd.DataFrame({"follow_up_days": days, "end_reason": ends, "age": rng.normal(40, 9, n)})


def test_a_cox_model_with_a_small_reference_level_is_hidden_whole():
    frame = lives(200, 120).assign(arm=["a"] * 3 + ["b"] * 100 + ["c"] * 97)
    ratios = release(
        estimate_hazard_ratios(make_cohort(frame), event="death", covariates=["arm", "age"])
    )
    assert ratios.hidden[["hazard_ratio", "lower", "upper", "p_value"]].all(axis=None)
    assert not ratios.hidden["n"].any()
    assert "n_smallest_level" not in ratios.frame


@pytest.mark.parametrize(("deaths", "shown"), [(10, False), (11, True)])
def test_a_cox_model_needs_ten_events_more_than_terms(deaths, shown):
    ratios = release(
        estimate_hazard_ratios(make_cohort(lives(200, deaths)), event="death", covariates=["age"])
    )
    assert ratios.frame["hazard_ratio"].notna().item() is shown


@pytest.mark.parametrize(("n", "shown"), [(11, False), (12, True)])
def test_a_line_needs_ten_persons_more_than_terms(n, shown):
    cohort = persons(year=np.arange(n) + 2000, age=np.arange(n) % 3)
    trend = release(estimate_mean_trend(cohort, column="age", year="year"))
    assert trend.frame["change_per_decade"].notna().item() is shown
    assert list(trend.hidden["n"]) == [False]


def test_a_trend_of_a_share_that_nearly_all_have_is_hidden():
    cohort = persons(year=np.arange(60) % 20 + 2000, sex=["f"] * 57 + ["m"] * 3)
    trend = release(estimate_share_trend(cohort, column="sex", event="f", year="year"))
    assert trend.hidden["odds_ratio_per_decade"].all()


def series(events_after):
    rows = [(0, 30 * month + 15, "stop") for month in range(36)]
    rows += [(0, 30 * month + 20, "stop") for month in range(38, 38 + events_after)]
    rows += [(0, 1500, "cutoff")] * 50
    return make_cohort(pd.DataFrame(rows, columns=["entry_days", "follow_up_days", "end_reason"]))


@pytest.mark.parametrize(("events_after", "shown"), [(4, False), (5, True)])
@pytest.mark.parametrize("fit", [estimate_interruption, check_interrupted_series])
def test_a_series_needs_events_on_both_sides_of_the_change(fit, events_after, shown):
    change = {"since": "2020-01-01", "change_from": "2023-01-01", "change_to": "2023-01-31"}
    released = release(fit(series(events_after), event="stop", **change))
    estimates = [*fit(series(5), event="stop", **change).counts["n_events"]]
    assert released.frame[estimates].notna().all(axis=None) == shown


@pytest.mark.parametrize(
    ("policy", "at_risk", "shown"),
    [
        ("annual_report", 5, True),
        ("annual_report", 0, False),
        # Shown as 10 and as 20.
        ("research", 14, False),
        ("research", 15, True),
        ("strict", 19, False),
        ("strict", 20, True),
    ],
)
def test_survival_at_a_day_needs_persons_at_risk(policy, at_risk, shown, monkeypatch):
    under(policy, monkeypatch)
    ends = ["death"] * 60 + ["cutoff"] * (at_risk + 100)
    cohort = persons(follow_up_days=[50] * 60 + [90] * 100 + [200] * at_risk, end_reason=ends)
    released = release(estimate_survival_at(cohort, event="death", times_days=[100]))
    assert released.frame["estimate"].notna().item() is shown


def test_a_limit_of_a_median_that_few_reach_is_hidden_and_the_median_is_not():
    # At the median 12 are at risk; the curve's upper limit comes down to one half among the last.
    days = [*range(1, 26)]
    cohort = persons(follow_up_days=days, end_reason=["death"] * 25)
    result = estimate_median_survival(cohort, event="death")
    assert result.frame["n_at_risk_upper"].item() < 10 <= result.frame["n_at_risk"].item()
    released = release(result)
    assert not released.hidden["median_days"].item()


def test_the_limit_of_a_median_is_hidden_where_fewer_than_the_policy_asks_are_at_risk(monkeypatch):
    under("research", monkeypatch)
    cohort = persons(follow_up_days=[*range(1, 41)], end_reason=["death"] * 40)
    released = release(estimate_median_survival(cohort, event="death"))
    days = ["median_days", "lower_days", "upper_days"]
    assert list(released.hidden[days].iloc[0]) == [False, False, True]


# --- rounding under `research` --------------------------------------------------------------------

counts = st.lists(st.integers(0, 300), min_size=2, max_size=6)


def released_counts(parts):
    levels = [f"level_{place}" for place in range(len(parts))]
    cohort = persons(column=pd.Categorical(np.repeat(levels, parts), categories=levels))
    return release(estimate_shares(cohort, column="column"))


@settings(deadline=None, max_examples=30)
@given(counts.filter(any))
def test_research_rounds_every_count_to_ten_and_computes_shares_again(parts):
    with pytest.MonkeyPatch.context() as patch:
        under("research", patch)
        frame = released_counts(parts).frame
    shown = frame.dropna(subset=["n", "denominator"])
    assert (shown[["n", "denominator"]] % 10 == 0).all(axis=None)
    again = (shown["n"] / shown["denominator"]).astype(float).clip(upper=1).round(4)
    assert np.allclose(shown["share"].astype(float), again)


@settings(deadline=None, max_examples=30)
@given(st.integers(5, 400), st.integers(0, 60))
def test_no_two_rounded_counts_tell_that_one_to_four_lie_between_them(n, more):
    """A reader of both knows n and n + more to lie within 5 of what is printed."""
    with pytest.MonkeyPatch.context() as patch:
        under("research", patch)
        first, second = (
            int(release(estimate_mean(persons(age=[40.0] * each), column="age")).frame["n"][0])
            for each in (n, n + more)
        )
    fewest = max((second - 5) - (first + 4), 0)
    most = (second + 4) - (first - 5)
    assert fewest <= more <= most
    assert fewest == 0 or most >= 5
    assert most >= 5


def test_a_share_does_not_tell_its_numerator_nor_do_its_limits(monkeypatch):
    under("research", monkeypatch)
    first, second = (released_counts([n, 200 - n]).frame for n in (46, 54))
    pd.testing.assert_frame_equal(first, second)


def test_a_rate_and_a_mean_do_not_tell_how_many_stand_behind_them(monkeypatch):
    under("research", monkeypatch)
    rates = []
    for events in (46, 48):
        ends = ["stop"] * events + ["cutoff"] * (500 - events)
        cohort = persons(end_reason=ends, follow_up_days=[365.25] * 500)
        rates.append(release(estimate_rates(cohort, event="stop")).frame)
    assert rates[0][["n_events", "rate_per_100py"]].iloc[0].to_list() == [50, 10]
    pd.testing.assert_frame_equal(*rates)
    mean = release(estimate_mean(persons(age=[30] * 60 + [31] * 43), column="age")).frame
    assert mean["mean"].item() == 30


@pytest.mark.parametrize(
    ("estimate", "columns"),
    [
        (estimate_mean, ["lower", "mean", "upper"]),
        (estimate_quantiles, ["p10", "p25", "median", "p75", "p90"]),
    ],
)
@settings(deadline=None, max_examples=60)
@given(st.integers(50, 200), st.floats(1, 100), st.floats(0.01, 20))
@example(130, 26.4, 8.0)
def test_what_lies_in_order_does_so_when_it_is_rounded(estimate, columns, n, middle, spread):
    with pytest.MonkeyPatch.context() as patch:
        under("research", patch)
        ages = middle + spread * np.linspace(-1, 1, n)
        shown = release(estimate(persons(age=ages), column="age")).frame[columns].iloc[0]
    assert shown.dropna().is_monotonic_increasing
    assert shown.notna().sum() > 1


def test_survival_is_no_finer_than_ten_persons(monkeypatch):
    under("research", monkeypatch)
    cohort = make_cohort(lives(400, 200))
    at = release(estimate_survival_at(cohort, event="death", times_days=[500, 1000])).frame
    steps = at["estimate"].astype(float) * 400 / 10
    assert np.allclose(steps, steps.round())
    curve = release(estimate_survival(cohort, event="death")).frame
    assert (curve[["n_at_risk", "n_events", "n_censored"]].dropna() % 10 == 0).all(axis=None)


followed = st.lists(
    st.tuples(st.integers(1, 1500), st.sampled_from(["death", "emigrated", "censored"])),
    min_size=40,
    max_size=200,
)


@pytest.mark.parametrize(
    ("estimate", "event"),
    [
        (estimate_survival, {"event": "death"}),
        (estimate_cumulative_incidence, {"events": ["death"]}),
    ],
)
@given(followed, st.lists(st.integers(1, 1500), max_size=3, unique=True))
def test_steps_of_a_rounded_curve_end_on_fixed_days_and_count_who_left_in_them(
    estimate, event, lives, ticks
):
    with pytest.MonkeyPatch.context() as patch:
        under("research", patch)
        cohort = make_cohort(pd.DataFrame(lives, columns=["follow_up_days", "end_reason"]))
        frame = release(estimate(cohort, **event, ticks_days=ticks)).frame
    fixed = {math.ceil(quarter * 365.25 / 4) - 1 for quarter in range(1, 20)}
    assert {*frame["time_days"]} <= fixed | {tick - 1 for tick in ticks}
    died = pd.Series([day for day, reason in lives if reason == "death"], dtype=int)
    begin = 0
    for end, n_events in frame[["time_days", "n_events"]].dropna().itertuples(index=False):
        n = int(died.between(begin, end, inclusive="right").sum())
        assert n_events == (n + 5) // 10 * 10
        begin = end


def test_one_death_more_moves_no_step_of_a_rounded_curve(monkeypatch):
    under("research", monkeypatch)
    days = [day for day in range(1, 1400, 2) for _ in (1, 2)]

    def steps(days):
        cohort = make_cohort(pd.DataFrame({"follow_up_days": days, "end_reason": "death"}))
        return list(release(estimate_survival(cohort, event="death")).frame["time_days"])

    assert steps(days) == steps([*days, 4]) == steps([*days, 1000])


def test_flows_are_rounded_and_their_shares_computed_again(monkeypatch):
    under("research", monkeypatch)
    states = {"before": ["a"] * 57 + ["b"] * 43, "after": ["a"] * 38 + ["b"] * 62}
    cohort = persons(**{name: pd.Categorical(each) for name, each in states.items()})
    frame = release(estimate_flows(cohort, states=["before", "after"])).frame
    assert list(frame["n"]) == [40, 20, 40]
    assert list(frame["share_of_source"]) == [0.6667, 0.3333, 1.0]


def test_the_size_of_a_cohort_is_rounded_too(monkeypatch):
    cohort = persons(age=[40.0] * 123)
    assert release(estimate_mean(cohort, column="age")).n_persons == 123
    under("research", monkeypatch)
    assert release(estimate_mean(cohort, column="age")).n_persons == 120


def test_equal_counts_are_rounded_alike_in_every_table_and_extract(monkeypatch):
    under("research", monkeypatch)
    shown = {
        int(release(estimate_mean(persons(age=[age] * 47), column="age")).frame["n"][0])
        for age in (1.0, 2.0)
    }
    assert shown == {50}


# --- exits ----------------------------------------------------------------------------------------


@pytest.fixture
def restricted(tmp_path, monkeypatch):
    folder = tmp_path / "restricted"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv(RESTRICTED_VARIABLE, str(folder))
    return folder


def test_a_delivery_is_exact_logged_and_for_its_owner_alone(restricted):
    path = deliver(quota([2, 20], [4, 40]), "indicator", receiver="skde")
    assert path == restricted / "delivery" / "indicator.csv"
    assert path.read_text().splitlines()[1] == "trust_0,2,4,0.5"
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    (line,) = (restricted / "exits.log").read_text().splitlines()
    assert line.endswith("delivery indicator (quota, invented) to skde")
    assert [each.name for each in restricted.parent.iterdir()] == ["restricted"]


def test_a_delivery_outside_a_run_is_refused():
    with pytest.raises(ReleaseRefused, match="start it with msanalysis run"):
        deliver(quota([2], [4]), "indicator", receiver="skde")


@pytest.mark.parametrize("name", ["../release/x", "a/b", "", "A", "=x", "x\n"])
def test_a_delivery_cannot_leave_its_folder(restricted, name):
    with pytest.raises(ReleaseRefused, match="small letters"):
        deliver(quota([2], [4]), name, receiver="skde")
    with pytest.raises(ReleaseRefused, match="small letters"):
        deliver(quota([2], [4]), "indicator", receiver=name)
    assert not [*restricted.iterdir()]


def test_only_a_result_is_delivered(restricted):
    with pytest.raises(TypeError, match="takes a Result"):
        deliver(release(quota([2], [4])), "indicator", receiver="skde")


def test_a_local_report_shows_its_own_trust_in_full_and_no_other(restricted, monkeypatch):
    monkeypatch.setenv(OWN_UNIT_VARIABLE, "trust_0")
    result = quota([1, 2, 20], [2, 4, 40])
    released = release(result, own_unit="trust_0")
    assert released.own_unit == "trust_0"
    assert list(released.frame.loc[0, ["numerator", "denominator", "share"]]) == [1, 2, 0.5]
    others = release(result)
    pd.testing.assert_frame_equal(released.frame[1:], others.frame[1:])
    assert "own numbers in full" in (restricted / "exits.log").read_text()


def test_an_ordinary_run_shows_no_trust_in_full(restricted):
    with pytest.raises(ReleaseRefused, match="only the local report"):
        release(quota([2], [4]), own_unit="trust_0")


def test_a_local_report_cannot_be_of_another_trust(restricted, monkeypatch):
    monkeypatch.setenv(OWN_UNIT_VARIABLE, "trust_1")
    with pytest.raises(ReleaseRefused, match="only the local report"):
        release(quota([2], [4]), own_unit="trust_0")


def test_own_numbers_need_a_table_by_trust(restricted, monkeypatch):
    monkeypatch.setenv(OWN_UNIT_VARIABLE, "ous")
    result = estimate_mean(persons(age=[40.0] * 9), column="age")
    with pytest.raises(ReleaseRefused, match="needs a table by hospital trust"):
        release(result, own_unit="ous")


def test_rates_of_new_patients_by_trust_keep_the_printed_numbers():
    cohort = make_cohort(
        pd.DataFrame({"residence_hf": ["finnmark"] + ["helgeland"] * 2 + ["bergen"] * 48})
    )
    cohort = dataclasses.replace(cohort, name="diagnosed_2024_2024")
    inhabitants = dict.fromkeys(("finnmark", "helgeland", "bergen"), 70_000)
    released = release(estimate_crude_rates(cohort, by="residence_hf", inhabitants=inhabitants))
    assert list(released.frame["n"]) == [51, 1, 2, 48]
