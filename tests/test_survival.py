"""Kaplan-Meier: numbers from R, rules on invented persons, identities."""

import lifelines
import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from msanalysis.stats import (
    estimate_median_survival,
    estimate_survival,
    estimate_survival_at,
)
from persons import make_cohort
from reference import assert_equal_to_r, cases, cohort_of
from strategies import frames, frames_with_entry

INTERVALS = ("log-log", "log", "plain")
CURVE = [
    "stratum",
    "time_days",
    "n_at_risk",
    "n_events",
    "n_censored",
    "n_entered",
    "estimate",
    "lower",
    "upper",
]


def persons(*rows, **columns):
    frame = pd.DataFrame(rows, columns=["follow_up_days", "end_reason"])
    return make_cohort(frame.assign(**columns))


def settings(case, interval="log-log"):
    return {
        "event": "death",
        "by": case["by"],
        "delayed_entry": case["delayed_entry"],
        "interval": interval,
    }


@pytest.mark.parametrize("interval", INTERVALS)
@pytest.mark.parametrize("case", cases("survival"))
def test_survival_against_R(case, interval):
    frame = estimate_survival(cohort_of(case), **settings(case, interval)).frame
    assert frame["stratum"].unique().tolist() == [part["stratum"] for part in case["strata"]]
    for part in case["strata"]:
        rows = frame[frame["stratum"] == part["stratum"]]
        for column, values in (part["curve"] | limits(part, interval)).items():
            assert_equal_to_r(rows[column], values)


def limits(part, interval):
    return {name: part["limits"][interval][name] for name in ("lower", "upper")}


@pytest.mark.parametrize("interval", INTERVALS)
@pytest.mark.parametrize("quantile", [0.5, 0.25])
@pytest.mark.parametrize("case", cases("survival"))
def test_median_survival_against_R(case, quantile, interval):
    table = estimate_median_survival(
        cohort_of(case), **settings(case, interval), quantile=quantile
    ).frame
    for row, part in zip(table.itertuples(), case["strata"], strict=True):
        expected = part["limits"][interval]["median" if quantile == 0.5 else "quartile"]
        assert_equal_to_r([row.median_days, row.lower_days, row.upper_days], expected)


@pytest.mark.parametrize("interval", INTERVALS)
@pytest.mark.parametrize("case", cases("survival"))
def test_survival_at_fixed_times_against_R(case, interval):
    table = estimate_survival_at(
        cohort_of(case), **settings(case, interval), times_days=case["times"]
    ).frame
    for part in case["strata"]:
        rows = table[table["stratum"] == part["stratum"]]
        # R repeats the last value for ever, here it ends with the last person; and R writes 1 for
        # the log-log limits before the first row, where its own curve has none.
        days = part["curve"]["time_days"]
        seen = rows["time_days"].between(min(days), max(days)).to_numpy()
        for column, values in part["limits"][interval]["at"].items():
            assert_equal_to_r(rows.loc[seen, column], np.array(values, dtype=object)[seen])
        assert rows.loc[rows["time_days"] > max(days), "estimate"].isna().all()


def test_lung_has_the_published_medians_against_R():
    lung = cohort_of({"data": "lung", "delayed_entry": False})
    assert estimate_median_survival(lung, event="death").frame["median_days"].tolist() == [310]
    by_sex = estimate_median_survival(lung, event="death", by="sex").frame
    assert dict(zip(by_sex["stratum"], by_sex["median_days"], strict=True)) == {
        "female": 426,
        "male": 270,
    }


@given(frames())
def test_survival_equals_lifelines(frame):
    curve = estimate_survival(make_cohort(frame), event="death").frame
    fitter = lifelines.KaplanMeierFitter()
    fitter.fit(frame["follow_up_days"], frame["end_reason"] == "death")
    expected = fitter.survival_function_at_times(curve["time_days"])
    np.testing.assert_allclose(curve["estimate"], expected, rtol=1e-9, atol=1e-12)


@given(frames())
def test_survival_of_uncensored_persons_is_the_share_still_without_the_event(frame):
    curve = estimate_survival(make_cohort(frame.assign(end_reason="death")), event="death").frame
    alive = [(frame["follow_up_days"] > day).mean() for day in curve["time_days"]]
    np.testing.assert_allclose(curve["estimate"], alive, atol=1e-12)


@given(frames())
def test_delayed_entry_at_time_zero_for_all_changes_nothing(frame):
    frame = frame[frame["follow_up_days"] > 0].assign(entry_days=0)
    cohort = make_cohort(frame)
    late = estimate_survival(cohort, event="death", delayed_entry=True).frame
    pd.testing.assert_frame_equal(late, estimate_survival(cohort, event="death").frame)


@given(frames_with_entry())
def test_at_risk_follows_from_the_row_before(frame):
    curve = estimate_survival(make_cohort(frame), event="death", delayed_entry=True).frame
    n = curve["n_at_risk"].to_numpy()
    left = (curve["n_events"] + curve["n_censored"]).to_numpy()
    np.testing.assert_array_equal(n[1:], n[:-1] - left[:-1] + curve["n_entered"].to_numpy()[1:])
    assert curve["n_entered"].iloc[0] == 0
    assert left.sum() == len(frame)


@given(frames_with_entry())
def test_the_order_of_persons_does_not_matter(frame):
    shuffled = frame.sample(frac=1, random_state=1)
    one, other = (
        estimate_survival(make_cohort(each), event="death", delayed_entry=True).frame
        for each in (frame, shuffled)
    )
    pd.testing.assert_frame_equal(one, other)


@given(frames_with_entry())
def test_every_person_twice_gives_the_same_curve_and_half_the_variance(frame):
    once, twice = (
        estimate_survival(
            make_cohort(each), event="death", delayed_entry=True, interval="plain"
        ).frame
        for each in (frame, pd.concat([frame, frame]))
    )
    np.testing.assert_allclose(twice["estimate"], once["estimate"], atol=1e-12)
    assert (twice["n_at_risk"] == 2 * once["n_at_risk"]).all()
    inside = (once["lower"] > 0) & (once["upper"] < 1)
    width, half = ((each["upper"] - each["estimate"])[inside] for each in (once, twice))
    np.testing.assert_allclose(half * np.sqrt(2), width, atol=1e-9)


@given(frames_with_entry())
def test_survival_falls_and_stays_a_probability(frame):
    curve = estimate_survival(make_cohort(frame), event="death", delayed_entry=True).frame
    assert (np.diff(np.append(1.0, curve["estimate"])) <= 1e-15).all()
    assert curve["estimate"].between(0, 1).all()


def test_an_event_goes_before_censoring_on_the_same_day():
    curve = estimate_survival(persons((10, "death"), (10, "cutoff"), (20, "cutoff")), event="death")
    assert curve.frame[["n_at_risk", "n_events", "n_censored"]].values.tolist() == [
        [3, 1, 1],
        [1, 0, 1],
    ]
    assert curve.frame["estimate"].tolist() == pytest.approx([2 / 3, 2 / 3])


def test_who_enters_on_the_day_of_an_event_is_not_at_risk_for_it():
    cohort = persons((10, "death"), (20, "death"), (30, "cutoff"), entry_days=[0, 10, 5])
    curve = estimate_survival(cohort, event="death", delayed_entry=True).frame
    assert curve["n_at_risk"].tolist() == [2, 2, 1]
    assert curve["n_entered"].tolist() == [0, 1, 0]
    assert curve["estimate"].tolist() == pytest.approx([0.5, 0.25, 0.25])


def test_survival_that_reached_zero_stays_there_when_others_enter():
    cohort = persons((10, "death"), (30, "cutoff"), entry_days=[0, 20])
    curve = estimate_survival(cohort, event="death", delayed_entry=True).frame
    assert curve["estimate"].tolist() == [0, 0]
    assert curve["lower"].isna().all()


def test_a_tick_has_a_row_of_its_own_where_someone_is_at_risk():
    cohort = persons((5, "death"), (9, "censored"), entry_days=[0, 6])
    frame = estimate_survival(
        cohort, event="death", delayed_entry=True, ticks_days=[0, 3.5, 6, 8, 9, 12]
    ).frame
    assert frame["time_days"].tolist() == [4, 5, 8, 9]
    assert frame["n_at_risk"].tolist() == [1, 1, 1, 1]
    assert frame["n_events"].tolist() == [0, 1, 0, 0]


def test_several_codes_are_one_event():
    cohort = persons((10, "death"), (20, "emigration"), (30, "cutoff"))
    both = estimate_survival(cohort, event=["death", "emigration"]).frame
    assert both["n_events"].tolist() == [1, 1, 0]


def test_median_is_the_midpoint_of_a_curve_flat_at_one_half():
    cohort = persons((10, "death"), (20, "death"), (30, "death"), (40, "death"))
    table = estimate_median_survival(cohort, event="death").frame
    assert table["median_days"].tolist() == [25]
    assert table["n_at_risk"].tolist() == [2]


def test_median_is_exact_where_one_half_is_reached_by_rounded_products():
    # 6/7 * 5/6 * ... leaves 0.5 off by a last digit; the flat from 70 to 80 must be found.
    cohort = persons(*((10 * day, "death") for day in range(1, 15)))
    assert estimate_median_survival(cohort, event="death").frame["median_days"].tolist() == [75]


def test_a_median_not_reached_is_missing():
    table = estimate_median_survival(persons((10, "death"), *[(20, "cutoff")] * 9), event="death")
    assert table.frame[["median_days", "upper_days", "n_at_risk"]].isna().all(axis=None)
    assert table.frame["n"].tolist() == [10]


def test_the_value_at_a_time_is_that_of_the_last_step_at_or_before_it():
    cohort = persons((10, "death"), (20, "death"), (30, "cutoff"), (40, "cutoff"))
    times = [0, 9.9, 10, 25, 40, 40.5]
    table = estimate_survival_at(cohort, event="death", times_days=times).frame
    assert table["n_at_risk"].tolist() == [4, 4, 4, 2, 1, 0]
    assert table["n_events"].tolist() == [0, 0, 1, 2, 2, 2]
    np.testing.assert_allclose(table["estimate"], [1, 1, 0.75, 0.5, 0.5, np.nan])


def test_there_is_no_value_before_the_first_entry():
    cohort = persons((10, "death"), (20, "cutoff"), entry_days=[5, 5])
    table = estimate_survival_at(cohort, event="death", times_days=[4, 5, 10], delayed_entry=True)
    np.testing.assert_allclose(table.frame["estimate"], [np.nan, 1, 0.5])


def test_missing_strata_are_a_stratum_of_their_own_and_come_last():
    cohort = persons((10, "death"), (20, "death"), (30, "cutoff"), sex=[None, "male", "female"])
    table = estimate_median_survival(cohort, event="death", by="sex").frame
    assert table["stratum"].tolist() == ["female", "male", "missing"]


def test_strata_keep_the_order_of_a_categorical_column():
    course = pd.Categorical(["ppms", "rrms", "rrms"], ["rrms", "ppms", "unknown"])
    cohort = persons((10, "death"), (20, "death"), (30, "cutoff"), course=course)
    table = estimate_median_survival(cohort, event="death", by="course").frame
    assert table["stratum"].tolist() == ["rrms", "ppms"]


@pytest.mark.parametrize(
    ("values", "strata"),
    [
        ([2024, 999, 2024], ["999", "2024"]),
        ([2024.0, None, 2023.0], ["2023", "2024", "missing"]),
        ([True, False, True], ["false", "true"]),
        (["missing", None, "a"], ["a", "missing"]),
    ],
)
def test_strata_are_codes_whatever_the_type_of_the_column(values, strata):
    cohort = persons((10, "death"), (20, "death"), (30, "cutoff"), group=values)
    table = estimate_median_survival(cohort, event="death", by="group").frame
    assert table["stratum"].tolist() == strata
    assert table["n"].sum() == 3


def test_an_empty_cohort_gives_empty_tables_with_their_columns():
    nobody = make_cohort(pd.DataFrame(columns=["follow_up_days", "end_reason", "sex"]))
    curve = estimate_survival(nobody, event="death", by="sex").frame
    assert curve.empty
    assert curve.columns.tolist() == CURVE
    assert curve["estimate"].dtype == "float64"
    assert estimate_median_survival(nobody, event="death").frame.empty
    assert estimate_survival_at(nobody, event="death", times_days=[365]).frame.empty


def test_an_event_nobody_has_leaves_the_curve_at_one():
    curve = estimate_survival(persons((10, "cutoff"), (20, "death")), event="never").frame
    assert curve["estimate"].tolist() == [1, 1]
    assert curve["n_events"].sum() == 0


def test_the_settings_are_those_of_the_call():
    result = estimate_survival(persons((10, "death")), event="death", ticks_days=(0, 5))
    assert result.settings == {
        "event": "death",
        "by": None,
        "delayed_entry": False,
        "interval": "log-log",
        "level": 0.95,
        "ticks_days": (0, 5),
    }
    assert (result.statistic, result.shape, result.population) == ("survival", "curve", "invented")


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"by": "sex"}, "sex"),
        ({"interval": "logit"}, "interval"),
        ({"level": 95}, "level"),
        ({"delayed_entry": True}, "entry_days"),
        ({"event": ["death", "death"]}, "event code"),
    ],
)
def test_a_wrong_setting_is_named(settings, named):
    with pytest.raises(ValueError, match=named):
        estimate_survival(persons((10, "death")), **{"event": "death"} | settings)


def test_a_quantile_outside_zero_and_one_is_refused():
    with pytest.raises(ValueError, match="quantile"):
        estimate_median_survival(persons((10, "death")), event="death", quantile=50)
