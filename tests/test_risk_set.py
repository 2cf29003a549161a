"""What makes no follow-up is refused, and no message holds a value or a row."""

import datetime

import numpy as np
import pandas as pd
import pytest

from msanalysis.stats import estimate_survival
from persons import make_cohort

SECRET = 7654321


def person(**changed):
    row = {"follow_up_days": 10, "end_reason": "death", "entry_days": 3} | changed
    return make_cohort(pd.DataFrame([row] * 2, index=[SECRET, SECRET + 1]))


@pytest.mark.parametrize(
    ("changed", "column", "fault"),
    [
        ({"follow_up_days": None}, "follow_up_days", "missing"),
        ({"follow_up_days": np.inf}, "follow_up_days", "no number of days"),
        ({"follow_up_days": 1e300}, "follow_up_days", "no number of days"),
        ({"follow_up_days": f"day {SECRET}"}, "follow_up_days", "no number of days"),
        ({"follow_up_days": datetime.date(2024, 1, 1)}, "follow_up_days", "no number of days"),
        ({"follow_up_days": -SECRET}, "follow_up_days", "negative"),
        ({"follow_up_days": SECRET + 0.5}, "follow_up_days", "not whole days"),
        ({"entry_days": -SECRET}, "entry_days", "negative"),
        ({"entry_days": pd.NA}, "entry_days", "missing"),
        ({"entry_days": 10}, "entry_days", "not before follow_up_days"),
        ({"entry_days": SECRET}, "entry_days", "not before follow_up_days"),
        ({"end_reason": None}, "end_reason", "missing"),
    ],
)
def test_what_makes_no_follow_up_is_refused_without_its_content(changed, column, fault):
    with pytest.raises(ValueError, match=f"{column} is .*{fault}.*exclude them and count") as error:
        estimate_survival(person(**changed), event="death", delayed_entry=True)
    assert str(SECRET) not in str(error.value)
    assert error.value.__cause__ is None
    assert error.value.__context__ is None


@pytest.mark.parametrize("column", ["follow_up_days", "end_reason", "entry_days"])
def test_a_missing_column_is_named_with_the_next_step(column):
    cohort = make_cohort(person().frame.drop(columns=column))
    with pytest.raises(ValueError, match=f"no column '{column}'.*choose"):
        estimate_survival(cohort, event="death", delayed_entry=True)


def test_who_leaves_on_day_zero_was_at_risk_on_it():
    curve = estimate_survival(person(follow_up_days=0), event="death").frame
    assert curve["n_at_risk"].tolist() == [2]
    assert curve["estimate"].tolist() == [0]


@pytest.mark.parametrize("dtype", ["int64", "Int64", "float64", "int16", "object"])
def test_whole_days_may_come_in_any_number_type(dtype):
    cohort = person()
    cohort.frame["follow_up_days"] = cohort.frame["follow_up_days"].astype(dtype)
    curve = estimate_survival(cohort, event="death").frame
    assert curve["time_days"].dtype == "int64"
    assert curve["time_days"].tolist() == [10]


def test_reasons_may_be_categorical():
    cohort = person()
    cohort.frame["end_reason"] = cohort.frame["end_reason"].astype("category")
    assert estimate_survival(cohort, event="death").frame["n_events"].tolist() == [2]
