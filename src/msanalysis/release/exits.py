"""The ways out beside the gate's: named and logged, each refused outside the run it is for.

`deliver` writes exact counts for receivers who hide by a rule of their own. A local report shows
one hospital trust its own numbers in full, and lists whose records it should complete.
"""

import os
import re
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from msanalysis.core import MISSING, Cohort, Result
from msanalysis.release.insiders import RESIDENCE
from msanalysis.release.policy import ReleaseRefused
from msanalysis.release.threshold import trust_column
from msanalysis.spreadsheets import inert

RESTRICTED_VARIABLE = "MSANALYSIS_RESTRICTED"
OWN_UNIT_VARIABLE = "MSANALYSIS_OWN_UNIT"
INVENTED_UNIT_VARIABLE = "MSANALYSIS_INVENTED_UNIT"
"""Names the trust whose numbers stand in full where nobody exists: in an invented registry."""
WORKLISTS_VARIABLE = "MSANALYSIS_WORKLISTS"
"""Set where the run was asked for worklists."""
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
    path = _own_folder("delivery") / f"{id}.csv"
    result.frame.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")
    path.chmod(0o600)
    _log(f"delivery {id} ({result.statistic}, {result.population}) to {receiver}")
    return path


def rows_of_own_unit(result: Result, own_unit: str) -> pd.Series:
    """Return which rows are of the trust that this local report is for, and log the exit.

    All of them where the cohort is held to the trust.

    Raises
    ------
    ReleaseRefused
        In a run that is not the local report of `own_unit`, and for a table without trusts.
    """
    if not _is_for(own_unit, result):
        raise ReleaseRefused(
            "own_unit: only the local report of a trust shows its numbers in full; leave it out, "
            f"or open that report with `msanalysis lab --own-unit {own_unit or 'TRUST'}`"
        )
    frame = result.frame
    column = "unit" if "unit" in frame else trust_column(result, frame)
    alone = _held_to(result, own_unit)
    if result.shape != "table" or (column is None and not alone):
        raise ReleaseRefused(f"{result.statistic}: own_unit needs a table by hospital trust")
    _log(f"own numbers in full ({result.statistic}, {result.population}) to {own_unit}")
    return pd.Series(alone, index=frame.index) | (frame[column] == own_unit if column else False)


def rows_beside(result: Result, own_unit: str, levels: Collection[str]) -> pd.Series:
    """Return the rows of those `levels` (region, nation) that the trust is a part of."""
    frame, coarser = result.frame, result.counted.coarser if result.counted else {}
    above = {
        of[own_unit]
        for residence in RESIDENCE
        for of in coarser.get(residence, {}).values()
        if own_unit in of
    }
    if "unit" not in frame:
        return pd.Series(False, index=frame.index)
    part_of = frame["unit"].isin(above) | frame["level"].eq("nation")
    return frame["level"].isin(levels) & part_of


def _held_to(result: Result, own_unit: str) -> bool:
    """Return whether every person of the cohort lives in the area of the trust."""
    fixed = result.counted.fixed if result.counted else {}
    return any(fixed.get(name) == (own_unit,) for name in RESIDENCE)


def list_for_follow_up(cohort: Cohort, *, own_unit: str) -> Path | None:
    """Write who lacks what to `restricted/worklists/<own_unit>.csv`, where the run was asked to.

    One row a pseudonym and kind: each column of the cohort that is `missing` for the person. For
    the trust's own follow-up; it must not be passed on, and is to be deleted when it is done.

    Returns
    -------
    Path or None
        The file; None where the run was not asked for worklists.

    Raises
    ------
    ReleaseRefused
        In a run that is not the local report of `own_unit`, and for persons of other trusts.
    """
    if not os.environ.get(WORKLISTS_VARIABLE):
        return None
    ours = any(cohort.fixed.get(name) == (own_unit,) for name in RESIDENCE)
    if not ours or os.environ.get(OWN_UNIT_VARIABLE) != own_unit:
        raise ReleaseRefused("a worklist holds persons of the trust whose local report it is of")
    rows = cohort.frame.melt("patient_id", var_name="kind", value_name="state")
    rows = rows[rows["state"] == MISSING].sort_values(["kind", "patient_id"])
    path = _own_folder("worklists") / f"{own_unit}.csv"
    rows[["kind", "patient_id"]].map(inert).to_csv(
        path, index=False, lineterminator="\n", encoding="utf-8"
    )
    path.chmod(0o600)
    _log(f"worklist ({cohort.name}) to {own_unit}")
    return path


def _is_for(own_unit: str, result: Result) -> bool:
    named = [OWN_UNIT_VARIABLE]
    if result.provenance.source == "synthetic":
        named.append(INVENTED_UNIT_VARIABLE)
    return bool(own_unit) and own_unit in map(os.environ.get, named)


def _own_folder(name: str) -> Path:
    folder = _restricted() / name
    folder.mkdir(exist_ok=True)
    folder.chmod(0o700)
    return folder


def _restricted() -> Path:
    folder = os.environ.get(RESTRICTED_VARIABLE)
    if not folder:
        raise ReleaseRefused(
            "this writes into the restricted folder of a run: start it with msanalysis run, or "
            "open it with msanalysis lab"
        )
    return Path(folder)


def _log(what: str) -> None:
    path = _restricted() / LOG
    with path.open("a", encoding="utf-8") as log:
        log.write(f"{datetime.now(UTC).isoformat(timespec='seconds')} {what}\n")
    path.chmod(0o600)
