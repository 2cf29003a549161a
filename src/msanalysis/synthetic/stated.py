"""What the generator states of itself, as Results: empty for an extract of real persons."""

from typing import Any

import pandas as pd

from msanalysis.core import ALL, Result
from msanalysis.extract import Extract
from msanalysis.units import DAYS_PER_YEAR

_CURVE = {"stratum": "object", "time_days": "int64", "estimate": "float64"}
_MEDIAN = {"stratum": "object", "median_days": "float64"}


def true_survival(extract: Extract) -> Result:
    """Return the true survival from onset of all invented lives, whether included or not.

    Columns `stratum`, `time_days`, `estimate`; a row a year.
    """
    yearly = _strata(extract).get(ALL, {"survival": []})["survival"]
    rows = [(ALL, round(year * DAYS_PER_YEAR), survival) for year, survival in enumerate(yearly)]
    return _stated("true_survival", rows, _CURVE, extract)


def true_median_survival(extract: Extract) -> Result:
    """Return the true median survival from onset: `stratum`, `median_days`."""
    rows = [
        (stratum, stated["median_years"] * DAYS_PER_YEAR)
        for stratum, stated in _strata(extract).items()
    ]
    return _stated("true_median_survival", rows, _MEDIAN, extract)


def _strata(extract: Extract) -> dict[str, Any]:
    return extract.truth.get("survival_from_onset", {})


def _stated(statistic: str, rows: list[tuple], types: dict[str, str], extract: Extract) -> Result:
    return Result(
        statistic=statistic,
        shape="table",
        frame=pd.DataFrame(rows, columns=list(types)).astype(types),
        counts={},
        population="invented_lives",
        n_persons=0,
        settings={},
        provenance=extract.provenance,
    )
