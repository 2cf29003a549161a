"""The two ways out beside the gate's: named, logged, and never into `release/`.

`deliver` writes exact counts for receivers who hide by a rule of their own. A local report shows
one hospital trust its own numbers in full.
"""

import os
import re
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from msanalysis.core import Result
from msanalysis.release.policy import ReleaseRefused
from msanalysis.release.threshold import trust_column

RESTRICTED_VARIABLE = "MSANALYSIS_RESTRICTED"
OWN_UNIT_VARIABLE = "MSANALYSIS_OWN_UNIT"
LOG = "exits.log"
_NAME = re.compile(r"[a-z0-9_]+")


def deliver(result: Result, id: str, *, receiver: str) -> Path:
    """Write the exact table to `restricted/delivery/<id>.csv` of the run, and log that it was.

    For a receiver who may have exact counts and hides by a rule of their own. Nothing of it
    passes the gate: the file must not be shown or passed on.

    Parameters
    ----------
    id, receiver
        What is delivered, and to whom: small letters, digits and `_`.

    Raises
    ------
    TypeError
        When `result` is not a Result.
    ReleaseRefused
        Outside a run, or when `id` or `receiver` could name another folder.
    """
    if not isinstance(result, Result):
        raise TypeError(f"deliver() takes a Result, not a {type(result).__name__}")
    if not (_NAME.fullmatch(id) and _NAME.fullmatch(receiver)):
        raise ReleaseRefused("deliver(): id and receiver are small letters, digits and _")
    folder = _restricted() / "delivery"
    folder.mkdir(exist_ok=True)
    folder.chmod(0o700)
    path = folder / f"{id}.csv"
    result.frame.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")
    path.chmod(0o600)
    _log(f"delivery {id} ({result.statistic}, {result.population}) to {receiver}")
    return path


def rows_of_own_unit(result: Result, frame: pd.DataFrame, own_unit: str) -> pd.Series:
    """Return which rows are of the trust that this local report is for, and log the exit.

    Raises
    ------
    ReleaseRefused
        In a run that is not the local report of `own_unit`, and for a table without trusts.
    """
    if os.environ.get(OWN_UNIT_VARIABLE) != own_unit:
        raise ReleaseRefused(
            "own_unit: only the local report of a trust shows its numbers in full; leave it out"
        )
    column = trust_column(result, frame)
    if result.shape != "table" or column is None:
        raise ReleaseRefused(f"{result.statistic}: own_unit needs a table by hospital trust")
    _log(f"own numbers in full ({result.statistic}, {result.population}) to {own_unit}")
    return frame[column] == own_unit


def _restricted() -> Path:
    folder = os.environ.get(RESTRICTED_VARIABLE)
    if not folder:
        raise ReleaseRefused(
            "this writes into the restricted folder of a run: start it with msanalysis run"
        )
    return Path(folder)


def _log(what: str) -> None:
    path = _restricted() / LOG
    with path.open("a", encoding="utf-8") as log:
        log.write(f"{datetime.now(UTC).isoformat(timespec='seconds')} {what}\n")
    path.chmod(0o600)
