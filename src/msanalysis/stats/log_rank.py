"""Log-rank: whether the hazards of several groups are the same."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from scipy.stats import chi2 as chi2_distribution

from msanalysis.core import statistic
from msanalysis.stats.risk_set import Persons, count_at_risk, event_codes, read_persons
from msanalysis.stats.strata import read_levels, split_rows, stack

_TEST = {
    "n": "int64",
    "n_events": "int64",
    "n_smallest_group": "int64",
    "chi2": "float64",
    "degrees_of_freedom": "int64",
    "p_value": "float64",
}
NO_VARIANCE = 1e-10
"""A direction whose share of the variance is below this holds no comparison, only rounding."""


@statistic(
    shape="table",
    counts={
        "n": ("n_events", "chi2", "p_value"),
        "n_events": ("chi2", "p_value"),
    },
    cells={"n": (), "n_events": ("end_reason=event",)},
    behind={"n_smallest_group": ("chi2", "p_value")},
)
def compare_survival(
    frame: pd.DataFrame,
    *,
    event: str | Iterable[str],
    by: str,
    strata: str | None = None,
    delayed_entry: bool = False,
) -> pd.DataFrame:
    """Test whether the groups of `by` have the same hazard at all times (log-rank).

    Parameters
    ----------
    event, delayed_entry
        As in `estimate_survival`.
    by
        Column whose levels are the groups, `missing` among them, as in the drawn curves.
    strata
        Column within whose levels the groups are compared; None compares all with all.

    Returns
    -------
    Result
        One row: `n`, `n_events`, `n_smallest_group` (persons, for the gate), `chi2`,
        `degrees_of_freedom` (groups that can be compared, less one), `p_value`. Without two groups
        at risk together, `chi2` and `p_value` are missing.

    Raises
    ------
    ValueError
        As `estimate_survival`.

    Notes
    -----
    Mantel (1966), with the hypergeometric variance for ties. Curves that cross can differ much
    and still give a small chi2.
    """
    persons = read_persons(frame, [event_codes(event)], delayed_entry)
    groups, group = read_levels(frame, by)
    parts = [
        _excess(persons.where(chosen), group[chosen], len(groups))
        for _, chosen in split_rows(frame, strata)
    ]
    if not parts:
        return stack([], _TEST)
    smallest = int(np.bincount(group)[np.unique(group)].min())
    test = _test(persons, *map(sum, zip(*parts, strict=True)))
    return stack([{**test, "n_smallest_group": smallest}], _TEST)


def _excess(persons: Persons, group: np.ndarray, n_groups: int) -> tuple[np.ndarray, np.ndarray]:
    """Return observed less expected events of each group (G,), and their covariance (G, G)."""
    had_event = persons.cause > 0
    time, day = np.unique(persons.exit[had_event], return_inverse=True)
    observed = np.bincount(group[had_event], minlength=n_groups)
    at_risk = np.array(
        [count_at_risk(persons.where(group == number), time) for number in range(n_groups)]
    )
    n, d = at_risk.sum(axis=0), np.bincount(day, minlength=len(time))
    share = at_risk / n
    weight = d * np.divide(n - d, n - 1, out=np.zeros(len(n)), where=n > 1)
    covariance = np.diag(share @ weight) - (share * weight) @ share.T
    return observed - share @ d, covariance


def _test(persons: Persons, excess: np.ndarray, covariance: np.ndarray) -> dict[str, float]:
    inverse = np.linalg.pinv(covariance, rcond=NO_VARIANCE, hermitian=True)
    degrees = round(np.trace(inverse @ covariance))
    chi2 = excess @ inverse @ excess if degrees else np.nan
    return {
        "n": len(persons),
        "n_events": np.sum(persons.cause > 0),
        "chi2": chi2,
        "degrees_of_freedom": degrees,
        "p_value": chi2_distribution.sf(chi2, degrees) if degrees else np.nan,
    }
