"""Natalizumab: the published stops in the report year and the year before, by what followed."""

import numpy as np
import polars as pl

from msanalysis.synthetic.lives import NEVER, STATUS_DATE, day
from msanalysis.synthetic.parameters import published
from msanalysis.synthetic.quotas import draw
from msanalysis.synthetic.substances import ANTI_CD20, NATALIZUMAB, code, started_between

YEARS = (2023, 2024)
SHORTEST_WASHOUT_DAYS, LONGEST_WASHOUT_DAYS = 21, 90


def meet_natalizumab_stops(
    rng: np.random.Generator, episodes: pl.DataFrame, scale: float
) -> pl.DataFrame:
    """Make earlier treatments that end in 2023 or 2024 natalizumab, in the published numbers.

    Other natalizumab that would end in these years becomes fingolimod. Who goes on to an
    anti-CD20 stops between three weeks and three months before it.
    """
    episodes = episodes.sort("person", "start", maintain_order=True).with_columns(
        next_substance=pl.col("substance").shift(-1).over("person"),
        next_start=pl.col("start").shift(-1).over("person").fill_null(NEVER),
    )
    substance, stop = episodes["substance"].to_numpy().copy(), episodes["stop"].to_numpy().copy()
    ends = np.isin(1970 + stop.astype("datetime64[D]").astype("datetime64[Y]").astype(int), YEARS)
    substance = np.where((substance == NATALIZUMAB) & ends, _instead(episodes), substance)
    had_it = episodes.select((pl.col("substance") == NATALIZUMAB).any().over("person"))
    free = ~had_it.to_series().to_numpy() & ~ANTI_CD20[substance]
    free &= started_between(NATALIZUMAB, day(2000), episodes["start"].to_numpy()) > 1
    for year in YEARS:
        chosen = _to_anti_cd20(rng, episodes, free, year, scale)
        next_start = episodes["next_start"].to_numpy()[chosen]
        stop[chosen] = _washout(rng, next_start, year)
        others = _to_others(rng, episodes, free, year, scale)
        substance[np.concatenate([chosen, others])] = NATALIZUMAB
        taken = episodes["person"].to_numpy()[np.concatenate([chosen, others])]
        free &= ~np.isin(episodes["person"].to_numpy(), taken)
    return episodes.with_columns(substance=substance, stop=stop).drop(
        "next_substance", "next_start"
    )


def _instead(episodes: pl.DataFrame) -> np.ndarray:
    """Return fingolimod, or dimethyl fumarate beside another fingolimod of the same person."""
    fingolimod = pl.col("substance") == code("fingolimod")
    has_it = episodes.select(fingolimod.any().over("person")).to_series().to_numpy()
    return np.where(has_it, code("dimethyl_fumarate"), code("fingolimod"))


def _washout(rng: np.random.Generator, next_start: np.ndarray, year: int) -> np.ndarray:
    low = np.maximum(next_start - LONGEST_WASHOUT_DAYS, day(year))
    high = np.minimum(next_start - SHORTEST_WASHOUT_DAYS, day(year, 12, 31))
    return low + (rng.random(len(low)) * (high - low + 1)).astype(int)


def _to_anti_cd20(
    rng: np.random.Generator, episodes: pl.DataFrame, free: np.ndarray, year: int, scale: float
) -> np.ndarray:
    following = episodes["next_substance"].fill_null(-1).to_numpy()
    next_start = episodes["next_start"].to_numpy()
    possible = free & (following >= 0) & ANTI_CD20[following]
    possible &= next_start > day(year) + SHORTEST_WASHOUT_DAYS + 7
    possible &= next_start <= STATUS_DATE
    possible &= next_start < day(year + 1) + LONGEST_WASHOUT_DAYS // 2
    possible &= episodes["start"].to_numpy() < day(year) - 100
    n = round(published(f"natalizumab_to_anti_cd20_{year}") * scale)
    return draw(rng, possible.astype(float), n)


def _to_others(
    rng: np.random.Generator, episodes: pl.DataFrame, free: np.ndarray, year: int, scale: float
) -> np.ndarray:
    following = episodes["next_substance"].fill_null(-1).to_numpy()
    stop = episodes["stop"].to_numpy()
    possible = free & (stop >= day(year)) & (stop < day(year + 1)) & ~episodes["died"].to_numpy()
    possible &= ~((following >= 0) & ANTI_CD20[following])
    possible &= episodes["start"].to_numpy() < day(year) - 100
    stopped = published(f"natalizumab_stopped_{year}")
    n = round((stopped - published(f"natalizumab_to_anti_cd20_{year}")) * scale)
    return draw(rng, possible.astype(float), n)
