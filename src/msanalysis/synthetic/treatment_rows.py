"""How treatments stand in the registry: changes of brand, pauses, stops reported too late.

A treatment is whole until here; what it did to the person does not depend on how it was entered.
"""

import numpy as np
import polars as pl

from msanalysis.synthetic.lives import DATA_CUTOFF, NEVER, STATUS_DATE, day
from msanalysis.synthetic.parameters import parameter
from msanalysis.synthetic.substances import NATALIZUMAB, ONE_OFF, RITUXIMAB

TYRUKO_ARRIVED = day(2023, 12, 7)
SHORTEST_PAUSE_DAYS, LONGEST_PAUSE_DAYS = 30, 365
LONGEST_OVERLAP_DAYS, LONGEST_GAP_DAYS = 120, 60
# A pause is over before the next treatment begins, however late the stop was reported.
DAYS_BEFORE_PAUSE, DAYS_AFTER_PAUSE = 180, LONGEST_OVERLAP_DAYS + 60


def lay_rows(
    rng: np.random.Generator, episodes: pl.DataFrame, persons: pl.DataFrame
) -> pl.DataFrame:
    """Return the rows of the treatments table: one an episode, two of what was interrupted.

    Columns of `episodes`; `tyruko` (natalizumab of the later brand) and `continues` (the row that
    a change of brand ended; -1 where none did). Of rituximab and natalizumab, whose stops are
    counted, neither pauses nor late stops are invented.
    """
    view_end = persons["view_end"].to_numpy()[episodes["person"].to_numpy()]
    episodes = _late_stops(rng, episodes).with_columns(continues=pl.lit(-1, pl.Int64))
    change = _brand_changes(rng, len(episodes))
    tyruko = (episodes["start"].to_numpy() >= change) & _of(episodes, NATALIZUMAB)
    changed = _of(episodes, NATALIZUMAB) & ~tyruko
    changed &= change < np.minimum(episodes["stop"].to_numpy(), view_end)
    from_day, to_day, paused = _pauses(rng, episodes, view_end)
    row = np.arange(len(episodes))
    first = episodes.with_columns(
        stop=np.where(changed, change, np.where(paused, from_day, episodes["stop"])),
        died=episodes["died"] & ~pl.Series(changed | paused),
        tyruko=tyruko,
    )
    again = episodes.with_columns(
        start=np.where(changed, change, to_day),
        tyruko=changed,
        continues=np.where(changed, row, -1),
    )
    return pl.concat([first, again.filter(pl.Series(changed | paused))])


def _of(episodes: pl.DataFrame, substance: int) -> np.ndarray:
    return (episodes["substance"] == substance).to_numpy()


def _brand_changes(rng: np.random.Generator, n: int) -> np.ndarray:
    """Draw when each treatment changes to Tyruko, if it runs then; a few keep the old brand."""
    median, spread = parameter("brand_change_median_days"), parameter("brand_change_log_sd")
    days = median * np.exp(spread * rng.standard_normal(n))
    kept = rng.random(n) < parameter("brand_kept")
    return np.where(kept, NEVER, TYRUKO_ARRIVED + days.astype(int))


def _pauses(
    rng: np.random.Generator, episodes: pl.DataFrame, view_end: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return first and last day of a pause in each treatment, and which have one.

    A pause is over by the status date and lies well within the treatment.
    """
    n, substance = len(episodes), episodes["substance"].to_numpy()
    length = SHORTEST_PAUSE_DAYS + rng.exponential(parameter("pause_mean_days"), n).astype(int)
    length = np.minimum(length, LONGEST_PAUSE_DAYS)
    end = np.minimum(np.minimum(episodes["stop"].to_numpy(), view_end), STATUS_DATE)
    low = episodes["start"].to_numpy() + DAYS_BEFORE_PAUSE
    room = end - DAYS_AFTER_PAUSE - length - low
    pausing = (room > 0) & ~ONE_OFF[substance] & ~np.isin(substance, (RITUXIMAB, NATALIZUMAB))
    pausing &= rng.random(n) < parameter("paused")
    from_day = low + (rng.random(n) * room.clip(0)).astype(int)
    return from_day, from_day + length, pausing


def _late_stops(rng: np.random.Generator, episodes: pl.DataFrame) -> pl.DataFrame:
    """Let some stops be entered after the start of the next treatment, which outlasts them.

    Never over the status date, and only where the next treatment came soon.
    """
    ordered = episodes.sort("person", "start", maintain_order=True)
    next_start, next_stop = (
        ordered.select(pl.col(name).shift(-1).over("person").fill_null(-1)).to_series().to_numpy()
        for name in ("start", "stop")
    )
    n, substance = len(ordered), ordered["substance"].to_numpy()
    stop = ordered["stop"].to_numpy()
    overlap = 1 + rng.exponential(parameter("overlap_mean_days"), n).astype(int)
    late = next_start + np.minimum(overlap, LONGEST_OVERLAP_DAYS)
    counted = np.isin(substance, (RITUXIMAB, NATALIZUMAB))
    overlaps = ~ONE_OFF[substance] & ~counted & ~ordered["died"].to_numpy()
    overlaps &= (next_start >= stop) & (next_start - stop < LONGEST_GAP_DAYS) & (late < next_stop)
    overlaps &= np.where(stop > STATUS_DATE, late <= DATA_CUTOFF, late < STATUS_DATE)
    overlaps &= rng.random(n) < parameter("stop_reported_late")
    return ordered.with_columns(stop=np.where(overlaps, late, stop))
