"""When a person could first be treated, and what the newly diagnosed of the report year did."""

import numpy as np
import polars as pl

from msanalysis.synthetic.lives import NEVER, PPMS, RRMS, UNKNOWN, decimal_year
from msanalysis.synthetic.parameters import (
    family,
    over_years,
    parameter,
    published,
    published_share,
)
from msanalysis.synthetic.quotas import draw, largest_remainder
from msanalysis.synthetic.substances import MARKET_START, NONE, RITUXIMAB, UNKNOWN_STATUS, code

IN_TIME_DAYS = 21


def first_possible_start(rng: np.random.Generator, diagnosis: np.ndarray) -> np.ndarray:
    """Draw the day a first treatment would start: some time after diagnosis and market."""
    since = np.maximum(diagnosis, MARKET_START)
    median = over_years("first_start_median_days", decimal_year(diagnosis))
    spread = parameter("first_start_log_sd")
    return since + (median * np.exp(spread * rng.standard_normal(len(since)))).astype(int) + 1


def treat_new(rng: np.random.Generator, new: pl.DataFrame) -> pl.DataFrame:
    """Return `person`, `treatment` (substance, NONE or UNKNOWN_STATUS) and `start` of the new.

    `new` are the persons with data diagnosed in the report year; counts by course, drug and
    time to start are quotas of the published ones.
    """
    scale = len(new) / published("new_diagnosed")
    parts = [
        _shuffled(rng, new.filter(pl.col("course") == course), _plan(course, scale))
        for course in (RRMS, PPMS, UNKNOWN)
    ]
    treated = pl.concat(parts)
    rrms = (treated["course"] == RRMS).to_numpy()
    start = _starts(rng, treated, rrms)
    return treated.select("person", "course", "treatment", start=start)


def _plan(course: int, scale: float) -> dict[int, float]:
    """Return how many of the new of a course get which treatment."""
    if course == RRMS:
        return {number: count * scale for number, count in _rrms_plan().items()}
    if course == PPMS:
        started, none = published("new_diagnosed_ppms_started"), parameter("new_ppms_untreated")
        total = published("new_diagnosed_ppms")
    else:
        started = parameter("new_unknown_course_started")
        none = parameter("new_unknown_course_untreated")
        total = published("new_diagnosed") - published("new_diagnosed_rrms")
        total -= published("new_diagnosed_ppms")
    return {RITUXIMAB: started, NONE: none, UNKNOWN_STATUS: total - started - none}


def _rrms_plan() -> dict[int, float]:
    started = published("new_diagnosed_rrms_started")
    natalizumab = round(started * published_share("first_treatment_natalizumab"))
    cladribine = round(started * published_share("first_treatment_cladribine"))
    single = {code(name): published(f"first_treatment_{name}") for name in SINGLE}
    uncertain = published("new_diagnosed_rrms_start_unknown")
    others = {code("natalizumab"): natalizumab, code("cladribine"): cladribine, **single}
    return {
        RITUXIMAB: started - sum(others.values()),
        **others,
        UNKNOWN_STATUS: uncertain,
        NONE: published("new_diagnosed_rrms") - started - uncertain,
    }


SINGLE = ("ofatumumab", "interferon_beta_1a")


def _shuffled(
    rng: np.random.Generator, persons: pl.DataFrame, plan: dict[int, float]
) -> pl.DataFrame:
    counts = largest_remainder(np.array(list(plan.values())), len(persons))
    treatment = rng.permutation(np.repeat(np.array(list(plan)), counts))
    return persons.with_columns(treatment=treatment)


def _starts(rng: np.random.Generator, treated: pl.DataFrame, rrms: np.ndarray) -> np.ndarray:
    """Start the published share of the new RRMS within 21 days of diagnosis, the others later."""
    diagnosis = treated["diagnosis"].to_numpy()
    started = treated["treatment"].to_numpy() >= 0
    good_reason = parameter("new_rrms_good_reason") * rrms.sum() / published("new_diagnosed_rrms")
    in_time = round((rrms.sum() - good_reason) * published_share("diagnosis_to_treatment_21d"))
    weight = np.array(list(family("start_in_time_trust").values()))
    weight = weight[treated["trust"].to_numpy()] * (started & rrms)
    early = np.zeros(len(rrms), dtype=bool)
    early[draw(rng, weight, in_time)] = True
    early |= started & ~rrms
    soon = rng.integers(0, IN_TIME_DAYS + 1, len(rrms))
    before = rng.random(len(rrms)) < parameter("new_started_early_share")
    soon = np.where(before, -rng.integers(1, 30, len(rrms)), soon)
    late = IN_TIME_DAYS + 1 + rng.exponential(parameter("new_late_start_mean_days"), len(rrms))
    delay = np.where(early, soon, late).astype(int)
    start = np.maximum(diagnosis + delay, treated["onset"].to_numpy() + 1)
    return np.where(started, np.minimum(start, treated["view_end"].to_numpy() - 1), NEVER)
