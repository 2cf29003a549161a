"""Meet a printed count exactly: whole numbers from shares, and who is taken.

A quota fixes how many, chance decides who. With a quota the default registry prints the published
digits; at other sizes the quota is scaled, so that the share stays.
"""

from collections.abc import Mapping

import numpy as np

from msanalysis.synthetic.parameters import family

TINY = 1e-12
GOLDEN_RATIO = (1 + 5**0.5) / 2
FIRST_IN_TURN = 1e6
"""A weight that puts a position before all with weights near 1."""


def largest_remainder(weights: np.ndarray, total: int) -> np.ndarray:
    """Return whole numbers in proportion to `weights` that sum to `total`.

    Each differs from its exact share by less than one (Hamilton's method); all zero where no
    weight is positive.
    """
    weights = np.asarray(weights, dtype=float)
    if weights.sum() <= 0:
        return np.zeros(len(weights), dtype=int)
    exact = weights * (total / weights.sum())
    whole = np.floor(exact).astype(int)
    order = np.argsort(whole - exact, kind="stable")
    whole[order[: total - whole.sum()]] += 1
    return whole


def round_in_order(weights: np.ndarray, total: int) -> np.ndarray:
    """Return whole numbers in proportion to `weights` that sum to `total`.

    The running sum is rounded, so that the sum of any stretch of neighbours is off by less than
    one: whatever they are sorted by keeps its shares.
    """
    running = np.cumsum(weights) * (total / max(weights.sum(), TINY))
    return np.diff(np.floor(running + 0.5).astype(int), prepend=0)


def split(shares: Mapping[str, float], total: int) -> dict[str, int]:
    """Return `largest_remainder` by name."""
    counts = largest_remainder(np.array(list(shares.values())), total)
    return dict(zip(shares, counts.tolist(), strict=True))


def round_table(table: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Round a table to whole numbers with the row totals `rows` and the nearest column totals.

    Rows are rounded one by one; in each column the greatest cell takes up the difference. All rows
    keep their totals where the greatest cells of the columns are in one row.
    """
    columns = largest_remainder(table.sum(axis=0), rows.sum())
    whole = np.array([largest_remainder(row, n) for row, n in zip(table, rows, strict=True)])
    greatest = (table.argmax(axis=0), np.arange(len(columns)))
    whole[greatest] += columns - whole.sum(axis=0)
    return np.maximum(whole, 0)


def draw(rng: np.random.Generator, weights: np.ndarray, n: int) -> np.ndarray:
    """Return up to `n` different positions, the likelier the greater their weight.

    Sequential sampling without replacement (Efraimidis and Spirakis 2006); a position with weight
    zero is never taken, so fewer than `n` come back where fewer are possible.
    """
    possible = np.flatnonzero(weights > 0)
    n = min(max(n, 0), len(possible))
    waiting = rng.exponential(size=len(possible)) / weights[possible]
    return possible[np.argsort(waiting, kind="stable")[:n]]


def draw_evenly(rng: np.random.Generator, probability: np.ndarray, n: int) -> np.ndarray:
    """Return up to `n` different positions by systematic sampling in the given order.

    Position i is taken with a chance in proportion to `probability[i]`; whatever the positions are
    sorted by is represented evenly, with much less chance than in `draw`.
    """
    total = probability.sum()
    if total <= 0 or n <= 0:
        return np.zeros(0, dtype=int)
    scaled = np.cumsum(np.minimum(probability * (n / total), 1.0))
    steps = np.arange(rng.random(), scaled[-1], 1.0)
    return np.unique(np.searchsorted(scaled, steps, side="right").clip(0, len(scaled) - 1))


def draw_names(rng: np.random.Generator, prefix: str, n: int) -> np.ndarray:
    """Return `n` members of a family of parameters, each drawn in proportion to its value."""
    shares = family(prefix)
    weights = np.array(list(shares.values()))
    names = np.array(list(shares), dtype=object)
    return names[np.searchsorted(np.cumsum(weights), rng.random(n) * weights.sum(), side="right")]


def draw_by_group(
    rng: np.random.Generator, weights: np.ndarray, group: np.ndarray, shares: np.ndarray, n: int
) -> np.ndarray:
    """Return `n` different positions (a mask), each group near its share of `shares`.

    The odds of the shares are scaled together until they sum to `n` over the positions with a
    positive weight; within a group the likelier are those with the greater weight.
    """
    sizes = np.bincount(group[weights > 0], minlength=len(shares))
    quotas = largest_remainder(_scaled_odds(shares, sizes, n) * sizes, n)
    chosen = np.zeros(len(weights), dtype=bool)
    for number, quota in enumerate(quotas):
        chosen[draw(rng, weights * (group == number), quota)] = True
    return chosen


def _scaled_odds(shares: np.ndarray, sizes: np.ndarray, n: int) -> np.ndarray:
    odds = shares / (1 - shares)
    low, high = TINY, 1 / TINY
    for _ in range(80):
        factor = np.sqrt(low * high)
        scaled = factor * odds / (1 + factor * odds)
        low, high = (factor, high) if (scaled * sizes).sum() < n else (low, factor)
    return scaled


def even_uniforms(rng: np.random.Generator, n: int) -> np.ndarray:
    """Return `n` uniform numbers of which every stretch of neighbours is spread evenly over 0 to 1.

    The golden-ratio sequence from a random start.
    """
    return (rng.random() + np.arange(n) * GOLDEN_RATIO) % 1.0


def rake(
    weights: np.ndarray,
    counts: list[tuple[np.ndarray, float]],
    shares: list[tuple[np.ndarray, np.ndarray, float]],
    rounds: int = 60,
) -> np.ndarray:
    """Fit cell weights to margins by iterative proportional fitting (Deming and Stephan 1940).

    `counts` are (cells, total); `shares` are (cells, those of them in the numerator, share).
    """
    weights = weights.astype(float)
    for _ in range(rounds):
        for cells, numerator, share in shares:
            total = weights[cells].sum()
            _scale(weights, cells & numerator, share * total)
            _scale(weights, cells & ~numerator, (1 - share) * total)
        for cells, total in counts:
            _scale(weights, cells, total)
    return weights


def _scale(weights: np.ndarray, cells: np.ndarray, total: float) -> None:
    weights[cells] *= total / max(weights[cells].sum(), TINY)
