"""Natalizumab: how many stopped in each year, those the report prints by what followed."""

import numpy as np
import polars as pl

from msanalysis.synthetic.lives import NEVER, STATUS_DATE, day, decimal_year, year_of
from msanalysis.synthetic.parameters import family, over_years, parameter, published
from msanalysis.synthetic.quotas import draw, draw_evenly
from msanalysis.synthetic.registration import reported_share
from msanalysis.synthetic.substances import (
    ANTI_CD20,
    NATALIZUMAB,
    OFATUMUMAB,
    code,
    on_market,
    started_between,
)

PRINTED = (2023, 2024)
AFTER = 2025
FIRST_FEWER = 2015
SHORTEST_WASHOUT_DAYS, LONGEST_WASHOUT_DAYS = 21, 90
INSTEAD = ("fingolimod", "dimethyl_fumarate", "glatiramer_acetate", "interferon_beta_1a")


def meet_natalizumab_stops(
    rng: np.random.Generator, episodes: pl.DataFrame, scale: float
) -> pl.DataFrame:
    """Meet the stops of each year since 2015: the published, and those of the years around them.

    Before 2023 what is too much becomes another treatment. Of 2023, of 2024, and of 2025 up to
    the data cutoff, all does; earlier treatments that end then become natalizumab. Who goes on to
    an anti-CD20 stops between three weeks and three months before it.
    """
    episodes = episodes.sort("person", "start", maintain_order=True).with_columns(
        following=pl.col("substance").shift(-1).over("person").fill_null(-1),
        next_start=pl.col("start").shift(-1).over("person").fill_null(NEVER),
    )
    free = _free(episodes)
    substance, stop = episodes["substance"].to_numpy().copy(), episodes["stop"].to_numpy().copy()
    surplus = _surplus(rng, episodes, scale)
    substance[surplus] = _instead(episodes)[surplus]
    for year in (*PRINTED, AFTER):
        n_anti_cd20, n_others = _wanted(year, scale)
        possible, washed_out = _before_anti_cd20(rng, episodes, year)
        chosen = _spread(rng, washed_out, free & possible, n_anti_cd20, year)
        stop[chosen] = washed_out[chosen]
        others = _spread(rng, stop, free & _before_others(episodes, year), n_others, year)
        taken = np.concatenate([chosen, others])
        substance[taken] = NATALIZUMAB
        person = episodes["person"].to_numpy()
        free &= ~np.isin(person, person[taken])
    return episodes.with_columns(substance=substance, stop=stop).drop("following", "next_start")


def _wanted(year: int, scale: float) -> tuple[int, int]:
    """Return how many stop in a year before an anti-CD20, and otherwise."""
    if year == AFTER:
        stopped, to_anti_cd20 = (
            parameter(f"natalizumab_after_status_date.{name}") for name in ("all", "to_anti_cd20")
        )
    else:
        stopped = published(f"natalizumab_stopped_{year}")
        to_anti_cd20 = published(f"natalizumab_to_anti_cd20_{year}")
    return round(to_anti_cd20 * scale), round((stopped - to_anti_cd20) * scale)


def _free(episodes: pl.DataFrame) -> np.ndarray:
    """Return what can become natalizumab: once a person, and never one of a drug's few users."""
    substance = episodes["substance"].to_numpy()
    had_it = episodes.select((pl.col("substance") == NATALIZUMAB).any().over("person"))
    rare = np.isin(substance, [*map(code, family("users_small")), OFATUMUMAB])
    free = ~had_it.to_series().to_numpy() & ~ANTI_CD20[substance] & ~rare
    return free & (started_between(NATALIZUMAB, day(2000), episodes["start"].to_numpy()) > 1)


def _surplus(rng: np.random.Generator, episodes: pl.DataFrame, scale: float) -> np.ndarray:
    """Return the episodes of natalizumab that end since 2015 beyond the number of their year."""
    ended = year_of(episodes["stop"].to_numpy())
    is_it = (episodes["substance"] == NATALIZUMAB).to_numpy()
    surplus = is_it & (ended >= PRINTED[0]) & (ended <= AFTER)
    for year in range(FIRST_FEWER, PRINTED[0]):
        of_year = is_it & (ended == year)
        wanted = round(float(over_years("natalizumab_stops", year)) * scale)
        surplus[draw(rng, of_year.astype(float), int(of_year.sum()) - wanted)] = True
    return surplus


def _instead(episodes: pl.DataFrame) -> np.ndarray:
    """Return the first of `INSTEAD` on the market that the person has not had otherwise."""
    start = episodes["start"].to_numpy()
    instead = np.full(len(start), code("other"))
    for substance in map(code, reversed(INSTEAD)):
        had = episodes.select((pl.col("substance") == substance).any().over("person")).to_series()
        instead = np.where(on_market(substance, start) & ~had.to_numpy(), substance, instead)
    return instead


def _before_anti_cd20(
    rng: np.random.Generator, episodes: pl.DataFrame, year: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return what an anti-CD20 follows soon enough, and when it then ends in the year.

    What has ended by the status date has to, and what has not must not.
    """
    stop, next_start = episodes["stop"].to_numpy(), episodes["next_start"].to_numpy()
    first, last = day(year), day(year, 12, 31)
    low = np.maximum(next_start - LONGEST_WASHOUT_DAYS, first)
    high = np.minimum(next_start - SHORTEST_WASHOUT_DAYS, last)
    washed_out = low + (rng.random(len(low)) * (high - low + 1)).astype(int)
    over_status_date = (stop <= STATUS_DATE) & (next_start > STATUS_DATE)
    washed_out = np.where(over_status_date, stop, washed_out)
    possible = ANTI_CD20[episodes["following"].to_numpy()] & (episodes["following"] >= 0).to_numpy()
    possible &= np.where(over_status_date, (stop >= first) & (stop <= last), low <= high)
    possible &= (stop > STATUS_DATE) == (year == AFTER)
    return possible & _had_for_long(episodes, year), washed_out


def _before_others(episodes: pl.DataFrame, year: int) -> np.ndarray:
    """Return what ends in the year, not by death, and without an anti-CD20 after it."""
    following = episodes["following"].to_numpy()
    possible = (year_of(episodes["stop"].to_numpy()) == year) & ~episodes["died"].to_numpy()
    possible &= ~((following >= 0) & ANTI_CD20[following])
    return possible & _had_for_long(episodes, year)


def _had_for_long(episodes: pl.DataFrame, year: int) -> np.ndarray:
    return (episodes["start"] < day(year) - 100).to_numpy()


def _spread(
    rng: np.random.Generator, stop: np.ndarray, possible: np.ndarray, n: int, year: int
) -> np.ndarray:
    """Draw `n` positions whose stops follow the course of the year, as far as they are reported."""
    month = stop.astype("datetime64[D]").astype("datetime64[M]").astype(int) % 12
    in_month = np.bincount(month[possible], minlength=12).clip(1)
    usual = over_years("natalizumab_stops_in_year", decimal_year(stop))
    weight = possible * usual * reported_share(stop, "treatments") / in_month[month]
    if year != AFTER:
        return draw(rng, weight, n)
    # So few are reported after the status date that chance could leave the last months without.
    order = np.argsort(stop, kind="stable")
    return order[draw_evenly(rng, weight[order], n)]
