"""Rituximab: who started when, who went on to another treatment, who just stopped.

The report's curve is the time to another treatment, so the switch has a hazard of its own; a stop
without another treatment does not end it.
"""

import numpy as np
import polars as pl

from msanalysis.synthetic.lives import (
    DATA_CUTOFF,
    NEVER,
    PPMS,
    STATUS_DATE,
    YEAR,
    day,
    decimal_year,
    year_of,
)
from msanalysis.synthetic.parameters import (
    family,
    over_years,
    parameter,
    published,
    published_share,
)
from msanalysis.synthetic.quotas import draw, draw_evenly, even_uniforms, largest_remainder
from msanalysis.synthetic.substances import HSCT, NONE, OFATUMUMAB, code, on_market

LONGEST_WASHOUT_DAYS = 90


def start_rituximab(
    rng: np.random.Generator, persons: pl.DataFrame, new: pl.DataFrame, scale: float
) -> pl.DataFrame:
    """Return everyone who ever started: `person`, `start`, `naive` (no treatment before)."""
    ppms = _start_ppms(rng, persons, new, scale)
    by_diagnosis = _start_naive(rng, persons, len(new) + int(ppms["naive"].sum()), scale)
    starts = pl.concat([new, ppms, by_diagnosis])
    earlier = _start_after_others(rng, persons, starts, scale)
    return pl.concat([starts, earlier])


def _frame(person: np.ndarray, start: np.ndarray, naive: np.ndarray | bool) -> pl.DataFrame:
    naive = np.broadcast_to(np.asarray(naive, dtype=bool), len(person))
    return pl.DataFrame({"person": person, "start": start, "naive": naive})


def _start_ppms(
    rng: np.random.Generator, persons: pl.DataFrame, new: pl.DataFrame, scale: float
) -> pl.DataFrame:
    """Start as many with primary progression as are on rituximab, and the few who stopped."""
    ppms = ((persons["course"] == PPMS) & persons["open"] & persons["alive"]).to_numpy()
    ppms &= (persons["emigration"] > DATA_CUTOFF).to_numpy()
    users = _ppms_alive(persons) * published_share("treated_ppms")
    users = round(users * published_share("treated_ppms_rituximab"))
    already = persons.filter(pl.col("course") == PPMS).join(new, on="person", how="semi").height
    n = users - already + round(parameter("rituximab_ppms_stopped") * scale)
    age = (day(2022) - persons["birth"].to_numpy()) / YEAR
    chosen = draw(rng, ppms * np.exp(-np.maximum(age - 35, 0) / 8), n)
    earliest = np.maximum(persons["first_start"].to_numpy()[chosen], day(2020))
    start = earliest + (rng.random(len(chosen)) * (day(2024) - earliest)).clip(0).astype(int)
    return _frame(chosen, start, rng.random(len(chosen)) < parameter("rituximab_ppms_naive"))


def _ppms_alive(persons: pl.DataFrame) -> int:
    return persons.filter((pl.col("course") == PPMS) & pl.col("alive")).height


def _start_naive(
    rng: np.random.Generator, persons: pl.DataFrame, already: int, scale: float
) -> pl.DataFrame:
    """Start those whose first treatment it was, by year of diagnosis, up to the published share."""
    share = over_years("rituximab_first", decimal_year(persons["diagnosis"].to_numpy()))
    share = share * (persons["diagnosis"].to_numpy() >= day(2012))
    possible = persons["open"] & (persons["course"] != PPMS)
    possible &= persons["first_start"] < persons["view_end"]
    order = np.argsort(persons["diagnosis"].to_numpy(), kind="stable")
    total = published("rituximab_starters") * published_share("rituximab_naive") * scale
    weight = (share * possible.to_numpy())[order]
    chosen = order[draw_evenly(rng, weight, round(total) - already)]
    return _frame(chosen, persons["first_start"].to_numpy()[chosen], True)


def _start_after_others(
    rng: np.random.Generator, persons: pl.DataFrame, starts: pl.DataFrame, scale: float
) -> pl.DataFrame:
    """Fill each calendar year with persons who had another treatment before."""
    starters = round(published("rituximab_starters") * scale)
    planned = family("rituximab_starts")
    per_year = largest_remainder(np.array(list(planned.values())), starters)
    before = np.bincount(year_of(starts["start"].to_numpy()), minlength=2100)
    missing = [max(n - before[int(y)], 0) for y, n in zip(planned, per_year, strict=True)]
    missing = largest_remainder(np.array(missing), max(starters - len(starts), 0))
    free = persons["open"].to_numpy() & (persons["course"] != PPMS).to_numpy()
    free[starts["person"].to_numpy()] = False
    years = []
    for year, n in zip(planned, missing, strict=True):
        years.append(_one_year(rng, persons, free, int(year), n))
        free[years[-1]["person"].to_numpy()] = False
    return pl.concat(years)


def _one_year(
    rng: np.random.Generator, persons: pl.DataFrame, free: np.ndarray, year: int, n: int
) -> pl.DataFrame:
    last = day(2025, 5, 10) if year == 2025 else day(year, 12, 31)
    start = rng.integers(day(year), last + 1, len(free))
    treated_before = persons["first_start"].to_numpy() + 200 < start
    possible = free & treated_before & (persons["view_end"].to_numpy() > start)
    age = (start - persons["birth"].to_numpy()) / YEAR
    distance = (age - parameter("rituximab_prior_age")) / parameter("rituximab_prior_age_sd")
    by_age = np.argsort(age, kind="stable")
    chosen = by_age[draw_evenly(rng, (possible * np.exp(-(distance**2) / 2))[by_age], n)]
    return _frame(chosen, start[chosen], False)


def end_rituximab(rng: np.random.Generator, starts: pl.DataFrame, scale: float) -> pl.DataFrame:
    """Add `stop`, `next` (substance, or NONE) and `next_start` to each start.

    The published number of switches is spread evenly over the starters by their chance; their
    times follow `rituximab_switch_rate`, given that they come before the end of view.
    """
    starts = starts.sort(pl.col("view_end") - pl.col("start"), "person")
    follow_up = ((starts["view_end"] - starts["start"]).to_numpy() - 1).clip(0) / YEAR
    grid, cumulative = _cumulative_switch_rate()
    at_end = np.interp(follow_up, grid, cumulative) * (starts["course"] != PPMS).to_numpy()
    n = round(published("rituximab_switched") * scale)
    switched = np.zeros(len(starts), dtype=bool)
    switched[draw_evenly(rng, -np.expm1(-at_end), n)] = True
    when = np.zeros(len(starts))
    when[switched] = -np.log1p(
        even_uniforms(rng, int(switched.sum())) * np.expm1(-at_end[switched])
    )
    next_start = (
        starts["start"].to_numpy() + 1 + (np.interp(when, cumulative, grid) * YEAR).astype(int)
    )
    next_start = np.where(switched, np.minimum(next_start, starts["view_end"].to_numpy()), NEVER)
    washout = rng.integers(0, LONGEST_WASHOUT_DAYS, len(starts))
    stop = _stops_without_another(rng, starts, follow_up, switched, scale)
    stop = np.where(switched, np.maximum(next_start - washout, starts["start"].to_numpy()), stop)
    target = np.full(len(starts), NONE)
    target[switched] = _targets(rng, next_start[switched])
    return starts.with_columns(stop=stop, next=target, next_start=next_start)


def _cumulative_switch_rate() -> tuple[np.ndarray, np.ndarray]:
    """Return years since start and the cumulative hazard of a switch, piecewise linear."""
    rates = family("rituximab_switch_rate")
    knots = np.array([float(years) for years in rates])
    grid = np.append(knots, 60.0)
    return grid, np.concatenate([[0.0], np.cumsum(np.diff(grid) * list(rates.values()))])


def _stops_without_another(
    rng: np.random.Generator,
    starts: pl.DataFrame,
    follow_up: np.ndarray,
    switched: np.ndarray,
    scale: float,
) -> np.ndarray:
    """Draw stops at a constant rate; of PPMS, a fixed number."""
    years = rng.exponential(1 / parameter("rituximab_stop_rate"), len(starts))
    ppms = (starts["course"] == PPMS).to_numpy() & starts["alive"].to_numpy()
    ppms &= starts["start"].to_numpy() < STATUS_DATE - 400
    stopping = draw(rng, ppms & ~switched, round(parameter("rituximab_ppms_stopped") * scale))
    years[(starts["course"] == PPMS).to_numpy()] = np.inf
    until_status = (STATUS_DATE - starts["start"].to_numpy()) / YEAR
    years[stopping] = (0.3 + 0.6 * rng.random(len(stopping))) * until_status[stopping]
    stops = years < follow_up
    days = np.where(stops, years, 0) * YEAR
    return np.where(stops, starts["start"].to_numpy() + 1 + days.astype(int), NEVER)


def _targets(rng: np.random.Generator, next_start: np.ndarray) -> np.ndarray:
    """Give each switch a substance on the market that day, in the published numbers."""
    target = np.full(len(next_start), NONE)
    for substance, n in _target_counts(len(next_start)).items():
        free = (target == NONE) & on_market(substance, next_start)
        target[draw(rng, free.astype(float), n)] = substance
    target[target == NONE] = code("dimethyl_fumarate")
    return target


def _target_counts(total: int) -> dict[int, int]:
    counts = {
        OFATUMUMAB: published("rituximab_to_ofatumumab"),
        code("cladribine"): published("rituximab_to_cladribine"),
        HSCT: published("rituximab_to_hsct"),
        **{code(name): n for name, n in family("rituximab_to").items()},
    }
    whole = largest_remainder(np.array(list(counts.values())), total)
    return dict(zip(counts, whole.tolist(), strict=True))
