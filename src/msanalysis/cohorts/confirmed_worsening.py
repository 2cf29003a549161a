"""Worsening on the EDSS that is confirmed later, and not the remains of a relapse."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from msanalysis.cohorts.events import NO_DAY, days, events

CONFIRMED_AFTER_DAYS = 84
AFTER_RELAPSE_DAYS = 30


def worsened_from(baseline: float) -> float:
    """Return the least EDSS that is a worsening: +1.5 from 0, +1.0 up to 5.0, +0.5 from 5.5."""
    if baseline == 0:
        return 1.5
    return baseline + (1.0 if baseline <= 5.0 else 0.5)


def confirmed_worsenings(
    measured: pd.DataFrame,
    relapses: pd.DataFrame,
    persons: pd.Index,
    number: np.ndarray,
    zero_day: np.ndarray,
) -> np.ndarray:
    """Return for each row the day of the first confirmed worsening after `zero_day`, or NO_DAY.

    The baseline is the last EDSS up to `zero_day`. A worsening is confirmed by an EDSS at least
    84 days after it when every one between reaches it too. Baseline and confirmation lie outside
    a relapse and the 30 days after its onset. The day is that of the first EDSS with the change.

    Parameters
    ----------
    measured
        `patient_id`, `measured_date`, `score`, `during_relapse`.
    relapses
        `patient_id`, `relapse_date`.
    persons
        Who the persons are; `number` is the place of each row's person in it.
    """
    stable = measured[_outside_relapse(measured, relapses, persons)]
    baseline = events(stable, persons, "measured_date").last_row(number, zero_day)
    baseline_row = np.append(stable.index.to_numpy(), -1)[baseline]
    asked = pd.DataFrame({"number": number, "row": baseline_row, "zero": zero_day})
    asked = asked[asked["row"] >= 0].drop_duplicates()
    found = {}
    visits = dict(_visits(measured, set(stable.index), persons))
    for person, row, zero in asked.itertuples(index=False):
        found[person, row, zero] = _first_confirmed(visits[person], row, zero)
    return np.array(
        [found.get(each, NO_DAY) for each in zip(number, baseline_row, zero_day, strict=True)],
        dtype=np.int64,
    )


def _outside_relapse(
    measured: pd.DataFrame, relapses: pd.DataFrame, persons: pd.Index
) -> np.ndarray:
    number, day = persons.get_indexer(measured["patient_id"]), days(measured["measured_date"])
    recent = events(relapses, persons, "relapse_date").within(
        number, day - AFTER_RELAPSE_DAYS + 1, day
    )
    during = measured["during_relapse"].eq(True).to_numpy(dtype=bool)
    return (recent == 0) & ~during & measured["score"].notna().to_numpy()


def _visits(
    measured: pd.DataFrame, stable: set[int], persons: pd.Index
) -> Iterator[tuple[int, list[tuple[int, int, float, bool]]]]:
    """Yield each person with their visits in order: row, day, score, outside a relapse."""
    known = measured[measured["score"].notna()]
    table = pd.DataFrame(
        {
            "person": persons.get_indexer(known["patient_id"]),
            "row": known.index,
            "day": days(known["measured_date"]),
            "score": known["score"].astype(float),
        }
    ).sort_values(["person", "day"], kind="stable")
    for person, rows in table.groupby("person", sort=False):
        yield (
            person,
            [
                (row, day, score, row in stable)
                for row, day, score in zip(rows["row"], rows["day"], rows["score"], strict=True)
            ],
        )


def _first_confirmed(visits: list[tuple[int, int, float, bool]], row: int, zero: int) -> int:
    least = worsened_from(next(score for each, _, score, _ in visits if each == row))
    began = NO_DAY
    for _, day, score, is_stable in visits:
        if day <= zero:
            continue
        if score < least:
            began = NO_DAY
            continue
        began = min(began, day)
        if is_stable and day >= began + CONFIRMED_AFTER_DAYS:
            return began
    return NO_DAY
