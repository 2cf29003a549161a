"""Box plots of several scores: quartiles, whiskers that end at no single value, and the mean."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from msanalysis.core import statistic
from msanalysis.intervals import check_level
from msanalysis.stats.means import mean_with_limits, read_numbers
from msanalysis.stats.strata import split_rows, stack

_QUARTILES = {"p25": 0.25, "median": 0.5, "p75": 0.75}
_BOX = ("whisker_low", *_QUARTILES, "whisker_high")
_NUMBERS = ("mean", "lower", "upper", *_BOX)
_BEYOND = {f"n_beyond_{name}": (name,) for name in _BOX}
_BOXES = {
    "score": "object",
    "stratum": "object",
    "n": "int64",
    **dict.fromkeys(_NUMBERS, "float64"),
    **dict.fromkeys(_BEYOND, "int64"),
}
_REACH = 1.5


@statistic(
    shape="table",
    counts={"n": _NUMBERS},
    dimension="stratum",
    columns={"stratum": "by"},
    cells={"n": ("stratum",)},
    behind=_BEYOND,
)
def estimate_boxes(
    frame: pd.DataFrame,
    *,
    scores: Sequence[str],
    by: str,
    level: float = 0.95,
    least_beyond: int = 10,
) -> pd.DataFrame:
    """Estimate the box plot and the mean of each score, for all and for each stratum.

    Parameters
    ----------
    scores
        Columns of numbers that every row has.
    by
        Column whose levels are the strata.
    level
        Of the interval of the mean, by Student's t.
    least_beyond
        Rows that lie at the end of a whisker or beyond it.

    Returns
    -------
    Result
        For each score a row for `all`, then one a stratum: `score`, `stratum`, `n`, `mean`,
        `lower`, `upper`, `p25`, `median`, `p75` (as `estimate_quantiles`), `whisker_low` and
        `whisker_high`. A whisker ends at the outermost value within 1.5 interquartile ranges of
        the box that `least_beyond` rows reach, so that it is nobody's own; at the box where
        there is none. The gate reads `n_beyond_<name>`, as in `estimate_quantiles`.

    Raises
    ------
    ValueError
        A column is not there, does not hold numbers, or lacks some; `level` is not between 0
        and 1.
    """
    check_level(level)
    strata = [*split_rows(frame, None), *split_rows(frame, by)]
    rows = (
        {"score": score, "stratum": name, **_box(values[chosen], level, least_beyond)}
        for score, values in read_scores(frame, scores).items()
        for name, chosen in strata
    )
    return stack(rows, _BOXES)


def read_scores(frame: pd.DataFrame, scores: Sequence[str]) -> dict[str, np.ndarray]:
    """Return the columns as floats; ValueError where one lacks a value."""
    values = {score: read_numbers(frame, score) for score in scores}
    for score, numbers in values.items():
        if np.isnan(numbers).any():
            raise ValueError(
                f"column {score!r} is missing for some: the cohort must exclude and count them"
            )
    return values


def _box(values: np.ndarray, level: float, least_beyond: int) -> Mapping[str, Any]:
    ordered = np.sort(values)
    low, median, high = np.quantile(ordered, [*_QUARTILES.values()])
    reach = _REACH * (high - low)
    ends = {
        "whisker_low": min(_outermost(ordered, low - reach, least_beyond), low),
        "p25": low,
        "median": median,
        "p75": high,
        "whisker_high": max(-_outermost(-ordered[::-1], -high - reach, least_beyond), high),
    }
    below = {name: int((ordered <= end).sum()) for name, end in ends.items()}
    above = {name: int((ordered >= end).sum()) for name, end in ends.items()}
    beyond = {
        "whisker_low": below["whisker_low"],
        "p25": below["p25"],
        "median": min(below["median"], above["median"]),
        "p75": above["p75"],
        "whisker_high": above["whisker_high"],
    }
    return {
        **mean_with_limits(values, level),
        **ends,
        **{f"n_beyond_{name}": n for name, n in beyond.items()},
    }


def _outermost(ordered: np.ndarray, fence: float, least_beyond: int) -> float:
    """Return the smallest value from the fence on that enough rows reach; infinity for none."""
    within = ordered[max(int(np.searchsorted(ordered, fence)), least_beyond - 1) :]
    return float(within[0]) if len(within) else np.inf
