"""Who has which treatment on the status date, or had it at death: quotas by course and drug."""

import numpy as np
import polars as pl

from msanalysis.synthetic.lives import PPMS, RRMS, STATUS_DATE, UNKNOWN, YEAR
from msanalysis.synthetic.parameters import family, parameter, published, published_share
from msanalysis.synthetic.quotas import FIRST_IN_TURN, draw, largest_remainder
from msanalysis.synthetic.substances import (
    CLADRIBINE,
    NONE,
    OCRELIZUMAB,
    OFATUMUMAB,
    RITUXIMAB,
    UNDECIDED,
    UNKNOWN_STATUS,
    code,
    draw_substance,
    started_between,
)

SHORTEST_LINE_DAYS = 150


def decide_statuses(rng: np.random.Generator, persons: pl.DataFrame, scale: float) -> np.ndarray:
    """Return every person's status at the status date: substance, NONE or UNKNOWN_STATUS.

    `persons["status"]` holds what is decided already (UNDECIDED where nothing is): the new, and
    those who have or had rituximab. The rest is drawn by age and by what could have been started.
    """
    status = persons["status"].to_numpy().copy()
    totals = _totals(persons, scale)
    _fill_course(
        rng, persons, status, PPMS, totals[PPMS], _ppms_users(persons, status, totals[PPMS])
    )
    others = totals[UNKNOWN][0] - _alive_with(persons, status, RITUXIMAB, UNKNOWN)
    others = _in_proportion(family("users"), others)
    _fill_course(rng, persons, status, UNKNOWN, totals[UNKNOWN], others)
    users = _rrms_users(persons, status, scale)
    _fill_course(rng, persons, status, RRMS, totals[RRMS], users)
    return _at_death(rng, persons, status)


def _totals(persons: pl.DataFrame, scale: float) -> dict[int, tuple[int, int]]:
    """Return, by course, how many alive shall be treated and untreated; the rest is unknown."""
    ppms = persons.filter(pl.col("alive") & (pl.col("course") == PPMS)).height
    none_ppms = round(parameter("untreated.ppms") * scale)
    none_unknown = round(parameter("untreated.unknown") * scale)
    none_rrms = round(published("untreated_alive_count") * scale) - none_ppms - none_unknown
    share = published_share("treated_rrms_known")
    treated_rrms = round(none_rrms * share / (1 - share))
    treated_ppms = round(ppms * published_share("treated_ppms"))
    treated_unknown = round(_treated_alive() * scale) - treated_rrms - treated_ppms
    return {
        RRMS: (treated_rrms, none_rrms),
        PPMS: (treated_ppms, none_ppms),
        UNKNOWN: (max(treated_unknown, 0), none_unknown),
    }


def _treated_alive() -> float:
    rest = published("untreated_alive_count") + published("unknown_treatment_alive")
    return published("alive") - rest


def _alive_with(
    persons: pl.DataFrame, status: np.ndarray, treatment: int, course: int | None = None
) -> int:
    alive = persons["alive"].to_numpy() & (status == treatment)
    if course is not None:
        alive &= persons["course"].to_numpy() == course
    return int(alive.sum())


def _ppms_users(
    persons: pl.DataFrame, status: np.ndarray, total: tuple[int, int]
) -> dict[int, int]:
    cladribine = round(total[0] * published_share("treated_ppms_cladribine"))
    on_rituximab = _alive_with(persons, status, RITUXIMAB, PPMS)
    others = _in_proportion(family("ppms_users"), total[0] - on_rituximab - cladribine)
    return others | {CLADRIBINE: cladribine}


def _rrms_users(persons: pl.DataFrame, status: np.ndarray, scale: float) -> dict[int, int]:
    """Return users among RRMS: all, less rituximab's as it came out, less other courses'."""
    fixed = {code(name): round(n * scale) for name, n in family("users_small").items()}
    fixed[OFATUMUMAB] = round(published("ofatumumab_users") * scale)
    left = round(_treated_alive() * scale) - _alive_with(persons, status, RITUXIMAB)
    everyone = _in_proportion(family("users"), left - sum(fixed.values())) | fixed
    elsewhere = {s: _alive_with(persons, status, s, PPMS) for s in everyone}
    return {
        s: max(n - elsewhere[s] - _alive_with(persons, status, s, UNKNOWN), 0)
        for s, n in everyone.items()
    }


def _in_proportion(shares: dict[str, float], total: int) -> dict[int, int]:
    counts = largest_remainder(np.array(list(shares.values())), max(int(total), 0))
    return {code(name): int(n) for name, n in zip(shares, counts, strict=True)}


def _fill_course(
    rng: np.random.Generator,
    persons: pl.DataFrame,
    status: np.ndarray,
    course: int,
    total: tuple[int, int],
    users: dict[int, int],
) -> None:
    """Fill the undecided of a course: rare treatments first, unknown status what is left."""
    member = persons["alive"].to_numpy() & (persons["course"] == course).to_numpy()
    for treatment in (*sorted(users, key=users.__getitem__), NONE):
        free = member & (status == UNDECIDED)
        wanted = total[1] if treatment == NONE else users[treatment]
        missing = wanted - int((member & (status == treatment)).sum())
        status[draw(rng, _weights(persons, treatment) * free, missing)] = treatment
    status[member & (status == UNDECIDED)] = UNKNOWN_STATUS


def _weights(persons: pl.DataFrame, treatment: int) -> np.ndarray:
    """Return how likely each person is to have a treatment: by age, and by when it could start."""
    age = (STATUS_DATE - persons["birth"].to_numpy()) / YEAR
    if treatment == NONE:
        around, sd = parameter("untreated_age"), parameter("untreated_age_sd")
        return np.exp(-(((age - around) / sd) ** 2) / 2) * ~persons["must_be_treated"].to_numpy()
    ages = family("user_age")
    around = {code(name): years for name, years in ages.items()}.get(treatment, 50)
    weight = np.exp(-(((age - around) / parameter("user_age_sd")) ** 2) / 2)
    weight = weight * np.where(persons["must_be_treated"].to_numpy(), FIRST_IN_TURN, 1.0)
    return weight * started_between(treatment, *start_window(persons, treatment))


def start_window(persons: pl.DataFrame, treatment: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the first and last day on which a current treatment can have started."""
    low = persons["first_start"].to_numpy() + SHORTEST_LINE_DAYS
    return low, np.maximum(persons["reference"].to_numpy() - 1, low)


def _at_death(rng: np.random.Generator, persons: pl.DataFrame, status: np.ndarray) -> np.ndarray:
    """Give the dead a status at death; treated only who could have been."""
    undecided = np.flatnonzero(status == UNDECIDED)
    chance = rng.random(len(undecided))
    first = persons["first_start"].to_numpy()[undecided]
    could = first + SHORTEST_LINE_DAYS < persons["reference"].to_numpy()[undecided]
    drug = draw_substance(rng, first, without=(RITUXIMAB, OFATUMUMAB, OCRELIZUMAB))
    treated, unknown = parameter("treated_at_death"), parameter("unknown_at_death")
    at_death = np.where(chance < treated + unknown, UNKNOWN_STATUS, NONE)
    status[undecided] = np.where((chance < treated) & could, drug, at_death)
    return status
