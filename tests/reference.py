"""The numbers that R wrote (tests/r/*.json), and the data they were computed from."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from msanalysis.core import Cohort
from persons import make_cohort

FOLDER = Path(__file__).parent / "r"


def cases(name: str) -> list:
    """Return the cases of one script as pytest parameters, each with a readable id."""
    loaded = json.loads((FOLDER / f"{name}.json").read_text())
    return [pytest.param(case, id=_id(case)) for case in loaded]


def _id(case: dict) -> str:
    shown = [case["data"], case.get("by"), case.get("strata"), case.get("interval")]
    named = [part for part in shown if isinstance(part, str)]
    return "-".join([*named, "delayed"] if case["delayed_entry"] else named)


def cohort_of(case: dict) -> Cohort:
    """Return the real persons of a case as a cohort."""
    frame = pd.read_csv(FOLDER / "data" / f"{case['data']}.csv")
    if case["data"] == "mgus2" and case["delayed_entry"]:
        entered = frame["month_of_age"]
        frame = frame.assign(entry_days=entered, follow_up_days=frame["follow_up_days"] + entered)
    needed = [column for column in (case.get("by"), case.get("strata")) if column]
    complete = frame.dropna(subset=[name for name in needed if isinstance(name, str)])
    return make_cohort(complete)


def assert_equal_to_r(ours, theirs) -> None:
    """Assert equality to 1e-8 of the value, missing where R's is missing (null)."""
    theirs = [np.nan if value is None else value for value in np.atleast_1d(theirs)]
    np.testing.assert_allclose(
        np.atleast_1d(np.asarray(ours, dtype=float)), theirs, rtol=1e-8, atol=1e-12
    )
