"""Rank correlation of several scores with a measure."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from msanalysis.core import statistic
from msanalysis.intervals import check_level, normal_quantile
from msanalysis.stats.boxes import read_scores
from msanalysis.stats.means import read_numbers
from msanalysis.stats.strata import stack

_FIT = ("correlation", "lower", "upper", "p_value")
_TABLE = {"score": "object", "n": "int64", **dict.fromkeys(_FIT, "float64")}
FEWEST = 4


@statistic(
    shape="table",
    counts={"n": _FIT},
    cells={"n": ("known column",)},
)
def estimate_correlation(
    frame: pd.DataFrame, *, scores: Sequence[str], column: str, level: float = 0.95
) -> pd.DataFrame:
    """Estimate Spearman's correlation of each score with a column of numbers.

    Parameters
    ----------
    scores
        Columns of numbers that every row has.
    column
        The measure; who has none is left out.
    level
        Of the interval: Fisher's transformation with the variance of Bonett and Wright (2000).

    Returns
    -------
    Result
        A row a score: `score`, `n`, `correlation`, `lower`, `upper`, `p_value` (by Student's t).
        No row for fewer than four persons; missing where all have one value.

    Raises
    ------
    ValueError
        A column is not there or holds words; `level` is not between 0 and 1.

    Notes
    -----
    Of ranks, because EDSS is an order and not a distance. It says nothing of who has no value.
    """
    check_level(level)
    measure = read_numbers(frame, column)
    known = ~np.isnan(measure)
    values = read_scores(frame[known], scores)
    held = values.items() if known.sum() >= FEWEST else ()
    rows = (
        {"score": score, **_correlated(numbers, measure[known], level)} for score, numbers in held
    )
    return stack(rows, _TABLE)


def _correlated(values: np.ndarray, measure: np.ndarray, level: float) -> dict[str, float]:
    n = len(values)
    if len(np.unique(values)) == 1 or len(np.unique(measure)) == 1:
        return {"n": n, **dict.fromkeys(_FIT, np.nan)}
    found = spearmanr(values, measure)
    with np.errstate(divide="ignore"):  # ranks in one order: both limits are 1
        middle = np.arctanh(found.statistic)
    half = normal_quantile(level) * np.sqrt((1 + found.statistic**2 / 2) / (n - 3))
    return {
        "n": n,
        "correlation": found.statistic,
        "lower": np.tanh(middle - half),
        "upper": np.tanh(middle + half),
        "p_value": found.pvalue,
    }
