"""Which substance was started when: the market, as popularity by calendar time."""

from functools import cache

import numpy as np

from msanalysis import codes
from msanalysis.synthetic.lives import DATA_CUTOFF, day, decimal_year
from msanalysis.synthetic.parameters import family

SUBSTANCES = codes.substances()
NONE, UNDECIDED, UNKNOWN_STATUS = -1, -2, -3
MARKET_START = day(1995, 7, 1)
GRID = np.arange(day(1970), DATA_CUTOFF + 1, 15)


def code(substance: str) -> int:
    """Return the position of a substance in `SUBSTANCES`, which stands for it in arrays."""
    return SUBSTANCES.index(substance)


RITUXIMAB, NATALIZUMAB, HSCT = code("rituximab"), code("natalizumab"), code("hsct")
OFATUMUMAB, OCRELIZUMAB, CLADRIBINE = code("ofatumumab"), code("ocrelizumab"), code("cladribine")
ONE_OFF = np.array([substance in codes.one_off_substances() for substance in SUBSTANCES])
ANTI_CD20 = np.array(
    [codes.treatment_groups()[substance] == "anti_cd20" for substance in SUBSTANCES]
)


@cache
def _popularity() -> dict[int, np.ndarray]:
    """Return, by substance, the relative number of starts over `GRID`; 0 before the first year."""
    knots: dict[str, list[tuple[float, float]]] = {}
    for name, value in family("popularity").items():
        substance, year = name.split(".", 1)
        knots.setdefault(substance, []).append((float(year), value))
    grid = decimal_year(GRID)
    return {
        code(substance): np.interp(grid, *np.array(points).T, left=0.0)
        for substance, points in knots.items()
    }


@cache
def _cumulative(substance: int) -> np.ndarray:
    popularity = _popularity().get(substance, _popularity()[code("other")])
    return np.cumsum(popularity) + GRID * 1e-9


def on_market(substance: int, days: np.ndarray) -> np.ndarray:
    """Return whether a substance was being started on each day."""
    return np.interp(days, GRID, _popularity().get(substance, _popularity()[code("other")])) > 0


def started_between(substance: int, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return how many starts fall between two days, relative to other days and substances."""
    cumulative = _cumulative(substance)
    return np.interp(high, GRID, cumulative) - np.interp(low, GRID, cumulative)


def draw_start(
    rng: np.random.Generator, substance: int, low: np.ndarray, high: np.ndarray
) -> np.ndarray:
    """Draw a start between two days, the likelier the more popular the substance then was."""
    cumulative = _cumulative(substance)
    first, last = (np.interp(days, GRID, cumulative) for days in (low, high))
    start = np.interp(first + rng.random(len(low)) * (last - first), cumulative, GRID)
    return np.clip(start.astype(int), low, np.maximum(low, high))


def draw_substance(
    rng: np.random.Generator, days: np.ndarray, without: tuple[int, ...]
) -> np.ndarray:
    """Draw what was started on each day, by popularity; never one of `without`."""
    offered = [substance for substance in _popularity() if substance not in without]
    shares = np.array([np.interp(days, GRID, _popularity()[substance]) for substance in offered])
    cumulative = np.cumsum(shares, axis=0)
    chance = rng.random(len(days)) * cumulative[-1]
    return np.array(offered)[(cumulative <= chance).sum(axis=0).clip(0, len(offered) - 1)]
