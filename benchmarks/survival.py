"""Seconds each estimator takes for 1.5 million invented persons: `python benchmarks/survival.py`.

Follow-up is in days over 70 years, so that there are about 25 000 distinct times and many ties.
"""

import sys
import time
from datetime import date

import numpy as np
import pandas as pd

from msanalysis import stats
from msanalysis.core import Cohort, Provenance

N_PERSONS = 1_500_000
EVENTS = ("switch", "stop", "death")


def invented(n: int) -> Cohort:
    rng = np.random.default_rng(2024)
    follow_up = 1 + rng.weibull(1.3, n) * 9_000
    frame = pd.DataFrame(
        {
            "follow_up_days": np.minimum(follow_up, 25_000).astype(np.int64),
            "end_reason": rng.choice([*EVENTS, "cutoff"], n).astype(object),
            "course": rng.choice(["rrms", "ppms", "unknown"], n, p=[0.9, 0.07, 0.03]).astype(
                object
            ),
            "sex": rng.choice(["female", "male"], n).astype(object),
        }
    )
    frame["entry_days"] = (rng.random(n) * frame["follow_up_days"]).astype(np.int64)
    nobody = pd.DataFrame({"step": [], "n": pd.Series(dtype="int64")})
    source = Provenance("synthetic", "0" * 64, date(2024, 12, 31), date(2025, 5, 15))
    return Cohort("invented", frame, nobody, source)


def runs() -> dict[str, tuple]:
    at = {"times_days": (1095.75, 1826.25)}
    return {
        "survival": (stats.estimate_survival, {"event": "death"}),
        "survival by course": (stats.estimate_survival, {"event": "death", "by": "course"}),
        "median": (stats.estimate_median_survival, {"event": "death"}),
        "survival at 3 and 5 years": (stats.estimate_survival_at, {"event": "death", **at}),
        "cumulative incidence": (stats.estimate_cumulative_incidence, {"events": EVENTS}),
        "the same at 3 and 5 years": (
            stats.estimate_cumulative_incidence_at,
            {"events": EVENTS, **at},
        ),
        "restricted mean": (
            stats.estimate_restricted_mean,
            {"event": "death", "horizon_days": 3652.5},
        ),
        "log-rank": (stats.compare_survival, {"event": "death", "by": "course"}),
        "log-rank, stratified": (
            stats.compare_survival,
            {"event": "death", "by": "course", "strata": "sex"},
        ),
    }


def main(n: int) -> None:
    cohort = invented(n)
    print(f"{n} persons, {cohort.frame['follow_up_days'].nunique()} distinct days; seconds")
    print(f"{'':28}{'from zero':>10}{'delayed entry':>15}")
    for name, (estimate, settings) in runs().items():
        seconds = []
        for delayed_entry in (False, True):
            start = time.perf_counter()
            estimate(cohort, **settings, delayed_entry=delayed_entry)
            seconds.append(time.perf_counter() - start)
        print(f"{name:28}{seconds[0]:10.2f}{seconds[1]:15.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else N_PERSONS)
