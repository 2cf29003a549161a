"""Turnover: who uses a treatment at the end of a period, and who started and stopped in it."""

import pandas as pd

from msanalysis.core import ALL, statistic
from msanalysis.stats.risk_set import require_column

_COUNTS = ("n", "n_started", "n_stopped")


@statistic(
    shape="table",
    counts={name: () for name in _COUNTS},
    dimension="level",
    columns={"level": "after"},
    cells={"n": ("level", "known after"), "n_started": ("level", "known after", "changed=yes")},
)
def estimate_turnover(frame: pd.DataFrame, *, before: str, after: str) -> pd.DataFrame:
    """Count users of each treatment at the end of a period, and who started and stopped in it.

    Parameters
    ----------
    before, after
        Columns with what a person used on the first and on the last day; missing: nothing.

    Returns
    -------
    Result
        First `all`, then a row a treatment, most users first: `level`, `n` (users on the last
        day), `n_started` (of them, those who did not use it on the first day), `n_stopped` (users
        on the first day who no longer use it, for whatever reason). Who started and stopped
        between the two days is not counted.

    Raises
    ------
    ValueError
        The cohort lacks one of the columns.
    """
    first, last = (
        require_column(frame, name, "the turnover").astype(object) for name in (before, after)
    )
    changed = first.fillna("") != last.fillna("")
    used = {"n": last, "n_started": last[changed], "n_stopped": first[changed]}
    counts = pd.DataFrame({name: each.value_counts() for name, each in used.items()})
    counts = counts.fillna(0).astype("int64").rename_axis("level").reset_index()
    counts = counts.sort_values(["n", "level"], ascending=[False, True], kind="stable")
    everyone = {"level": ALL, **counts[list(_COUNTS)].sum()}
    rows = pd.concat([pd.DataFrame([everyone])[: len(frame)], counts], ignore_index=True)
    return rows.astype({"level": "object", **dict.fromkeys(_COUNTS, "int64")})
