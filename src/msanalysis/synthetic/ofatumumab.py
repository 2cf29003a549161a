"""Ofatumumab: how many users had it as their first, or without or after another anti-CD20."""

import numpy as np
import polars as pl

from msanalysis.synthetic.lives import STATUS_DATE, day
from msanalysis.synthetic.parameters import published
from msanalysis.synthetic.substances import OCRELIZUMAB, OFATUMUMAB

OCRELIZUMAB_START = day(2018, 6)


def place_ofatumumab(
    rng: np.random.Generator, last: pl.DataFrame, on_rituximab: pl.DataFrame, scale: float
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return `last` with some on ofatumumab as the first, and ocrelizumab episodes before others.

    Who came from rituximab is placed already; what is missing of those with an earlier anti-CD20
    gets ocrelizumab.
    """
    from_rituximab = on_rituximab.filter(
        (pl.col("next") == OFATUMUMAB) & (pl.col("next_start") <= STATUS_DATE) & pl.col("alive")
    ).height
    users = last.filter(pl.col("status") == OFATUMUMAB)
    older = users.filter(pl.col("lines") > 0).sort("first_start", "person", descending=True)
    n_first = round(published("ofatumumab_first_treatment") * scale)
    n_first -= users.filter((pl.col("lines") == 0) & (pl.col("start") <= STATUS_DATE)).height
    first = older[: max(n_first, 0)]
    n_after = max(round(published("ofatumumab_after_anti_cd20") * scale) - from_rituximab, 0)
    after = older[max(n_first, 0) :].sort("first_start", "person")[:n_after]
    lines = np.where(last["person"].is_in(first["person"].implode()), 0, last["lines"])
    return last.with_columns(lines=lines), _ocrelizumab(rng, after)


def _ocrelizumab(rng: np.random.Generator, after: pl.DataFrame) -> pl.DataFrame:
    end = after["start"].to_numpy()
    earliest = np.minimum(np.maximum(after["first_start"].to_numpy(), OCRELIZUMAB_START), end - 60)
    start = earliest + (rng.random(len(end)) * (end - 60 - earliest)).astype(int)
    stop = end - rng.integers(20, 50, len(end))
    return pl.DataFrame(
        {
            "person": after["person"],
            "substance": np.full(len(end), OCRELIZUMAB),
            "start": start,
            "stop": stop,
        }
    )
