"""One row a person and calendar year under observation: the grid on which follow-up is drawn."""

import numpy as np
import polars as pl

from msanalysis.synthetic.lives import NEVER, day, year_of

FIRST_YEAR = 2001


def person_years(persons: pl.DataFrame, last_year: int) -> pl.DataFrame:
    """Return `person`, `year`, and the `first` and `last` day of it that a person is seen.

    Persons are seen from diagnosis (2001 at the earliest) to death, emigration or the cutoff.
    """
    seen = (persons["included"] < NEVER).to_numpy()
    begin = np.maximum(persons["diagnosis"].to_numpy(), day(FIRST_YEAR))
    end = np.minimum(persons["view_end"].to_numpy() - 1, day(last_year, 12, 31))
    seen &= begin <= end
    who = np.flatnonzero(seen)
    first_year = year_of(begin[who])
    counts = year_of(end[who]) - first_year + 1
    person = np.repeat(who, counts)
    offset = np.arange(len(person)) - np.repeat(np.cumsum(counts) - counts, counts)
    year = np.repeat(first_year, counts) + offset
    new_year = np.array([day(y) for y in range(FIRST_YEAR, last_year + 2)])
    return pl.DataFrame(
        {
            "person": person,
            "year": year,
            "first": np.maximum(new_year[year - FIRST_YEAR], begin[person]),
            "last": np.minimum(new_year[year - FIRST_YEAR + 1] - 1, end[person]),
        }
    )


def draw_days(rng: np.random.Generator, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Draw a day in each interval, its ends included."""
    return first + (rng.random(len(first)) * (last - first + 1)).astype(int)
