"""Run charts: whether a trust's indicator has moved over the quarters by more than chance."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binom

from msanalysis.core import Cohort, statistic
from msanalysis.stats.units import (
    QUOTAS,
    Definition,
    as_table,
    cells_of_indicators,
    count_none,
    count_states,
    periods,
    quotient,
)

_CHART = {
    "indicator": "object",
    "level": "object",
    "unit": "object",
    "period": "object",
    "numerator": "int64",
    "denominator": "int64",
    "share": "float64",
    "median": "float64",
}
_RULES = {
    "indicator": "object",
    "level": "object",
    "unit": "object",
    "least_denominator": "int64",
    "median": "float64",
    "useful_quarters": "int64",
    "longest_run": "int64",
    "longest_run_limit": "int64",
    "crossings": "int64",
    "crossings_limit": "int64",
    "signal": "object",
}
UNITS = ("nation", "trust")


def _with_medians(chart: pd.DataFrame, settings: Mapping[str, Any]) -> pd.DataFrame:
    """Return what follows from the counts."""
    met, n = quotient(chart)
    share = pd.Series(met / n, chart.index)
    median = share.groupby([chart["indicator"], chart["unit"]]).transform("median")
    return pd.DataFrame({"share": share, "median": median})


def _cells_of_quarters(
    cohort: Cohort, chart: pd.DataFrame, settings: Mapping[str, Any]
) -> dict[str, Any]:
    return cells_of_indicators(cohort, chart.assign(year=chart["period"]), settings)


@statistic(
    shape="table",
    counts={"numerator": ("share",), "denominator": ("numerator", "share", "median")},
    cells=_cells_of_quarters,
    quotas=QUOTAS,
    again=_with_medians,
)
def estimate_run_charts(frame: pd.DataFrame, *, definitions: Sequence[Definition]) -> pd.DataFrame:
    """Estimate each indicator by quarter, for the nation and each trust, with its median.

    Parameters
    ----------
    definitions
        Rows of `codes.indicators()`; one whose columns the cohort lacks has no rows.

    Returns
    -------
    Result
        `indicator`, `level`, `unit`, `period` (a quarter), `numerator`, `denominator`, `share`,
        and the `median` of the shares of all quarters. A quarter with an empty denominator has
        no share.

    Notes
    -----
    The last quarters fall because not all is registered yet.
    """
    return as_table(_charts(frame, definitions), _CHART)


def _charts(frame: pd.DataFrame, definitions: Sequence[Definition]) -> pd.DataFrame:
    quarters = [
        count_states(frame, each["id"], quarter).assign(period=quarter, place=place)
        for place, each in enumerate(definitions)
        for quarter in periods(frame, each["id"])
    ]
    chart = pd.concat(quarters or [count_none().assign(period="", place=0)], ignore_index=True)
    chart = chart[chart["level"].isin(UNITS)]
    chart = chart.sort_values(["place", "level", "unit", "period"], kind="stable")
    return chart.assign(**_with_medians(chart, {}))


@statistic(shape="table", counts={"least_denominator": tuple(_RULES)[4:]})
def check_run_charts(frame: pd.DataFrame, *, definitions: Sequence[Definition]) -> pd.DataFrame:
    """Check the run charts of every trust for a shift: too long a run, or too few crossings.

    Parameters
    ----------
    definitions
        As in `estimate_run_charts`.

    Returns
    -------
    Result
        `indicator`, `level`, `unit`; `least_denominator` (of the quarters that have any);
        `median`; `useful_quarters` (not on the median); `longest_run` on one side of the median
        and the longest that chance explains; `crossings` of it and the fewest that chance
        explains; `signal` (`shift`, `no_shift`).

    Notes
    -----
    Longest run: round(log2(n) + 3); fewest crossings: the 5 % quantile of a binomial of n - 1
    with probability 1/2 (Anhøj and Olesen 2014). In about one of twenty trusts without a shift
    one of the two is broken by chance. Late registration pulls the last quarters down, and may
    alone make the run.
    """
    charts = _charts(frame, definitions).groupby(["indicator", "level", "unit"], sort=False)
    rows = [
        {"indicator": id, "level": level, "unit": unit, **_rules(chart)}
        for (id, level, unit), chart in charts
    ]
    return pd.DataFrame(rows, columns=[*_RULES]).astype(_RULES)


def _rules(chart: pd.DataFrame) -> dict[str, object]:
    median, share = chart["median"].iloc[0], chart["share"].to_numpy()
    side = np.sign(share - median)
    side = side[~np.isnan(side) & (side != 0)]
    n = len(side)
    crossings = int((np.diff(side) != 0).sum())
    longest = _longest_run(side)
    most = round(np.log2(n) + 3) if n else 0
    fewest = int(binom.ppf(0.05, max(n - 1, 0), 0.5)) if n > 1 else 0
    shifted = longest > most or crossings < fewest
    denominators = chart["denominator"][chart["denominator"] > 0]
    return {
        "least_denominator": int(denominators.min()) if len(denominators) else 0,
        "median": median,
        "useful_quarters": n,
        "longest_run": longest,
        "longest_run_limit": most,
        "crossings": crossings,
        "crossings_limit": fewest,
        "signal": "shift" if shifted else "no_shift",
    }


def _longest_run(side: np.ndarray) -> int:
    if not len(side):
        return 0
    starts = np.flatnonzero(np.diff(side, prepend=np.nan) != 0)
    return int(np.diff([*starts, len(side)]).max())
