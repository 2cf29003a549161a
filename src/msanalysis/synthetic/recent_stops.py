"""Stops between the status date and the data cutoff, as far as they are reported already.

Who has a treatment on the status date was given it without an end; some stop before the cutoff.
Rituximab has ends of its own, natalizumab gets those of `natalizumab`.
"""

import numpy as np
import polars as pl

from msanalysis.synthetic.lives import DATA_CUTOFF, NEVER, STATUS_DATE, YEAR
from msanalysis.synthetic.parameters import parameter
from msanalysis.synthetic.registration import reported_share
from msanalysis.synthetic.substances import ANTI_CD20, NATALIZUMAB, ONE_OFF


def stop_since_status_date(
    rng: np.random.Generator, episodes: pl.DataFrame, persons: pl.DataFrame
) -> pl.DataFrame:
    """End some lasting treatments after the status date, at a constant rate.

    The fewer the later the stop: what is not reported by the data cutoff is not known.
    """
    stop = episodes["stop"].to_numpy()
    years = rng.exponential(1 / parameter("recent_stop_rate"), len(stop))
    new_stop = STATUS_DATE + 1 + (years * YEAR).astype(int)
    reported = rng.random(len(stop)) < reported_share(new_stop, "treatments")
    view_end = persons["view_end"].to_numpy()[episodes["person"].to_numpy()]
    stops = _may_stop(episodes) & reported & (view_end == DATA_CUTOFF)
    return episodes.with_columns(stop=np.where(stops, new_stop, stop))


def _may_stop(episodes: pl.DataFrame) -> np.ndarray:
    substance = episodes["substance"].to_numpy()
    lasting = ~(ONE_OFF | ANTI_CD20)[substance] & (substance != NATALIZUMAB)
    begun = (episodes["start"] < STATUS_DATE).to_numpy()
    return lasting & begun & (episodes["stop"] == NEVER).to_numpy()
