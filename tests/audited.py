"""Results released as a run does: together, again under the plan, until none tells too much."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from msanalysis.core import Released, Result
from msanalysis.release import POLICIES, release
from msanalysis.release.audit import audit
from msanalysis.release.days import shown_keys
from msanalysis.release.plan import PLAN_VARIABLE
from msanalysis.release.policy import policy_in_force
from msanalysis.release.record import RECORD_VARIABLE, Shown, read_record


def released_as_one(results: Sequence[Result]) -> list[Released]:
    """Return the results as one run shows them."""
    return shown_as_one(results)[0]


def shown_as_one(results: Sequence[Result]) -> tuple[list[Released], list[Shown], int]:
    """Return the results as one run shows them, their exact cells, and how often they were run."""
    policy = POLICIES[policy_in_force().name]
    plan: frozenset[str] = frozenset()
    for times in range(1, 10):
        with _recorded(plan) as record:
            released = [release(result) for result in results]
            tables = read_record(record)
        known = policy.trusts_know_their_own
        more = audit(tables, policy.threshold, trusts_know_their_own=known) & shown_keys(tables)
        if not more:
            return released, tables, times
        assert not more <= plan, "what the plan hides is shown again"
        plan |= more
    raise AssertionError("the audit does not end")


@contextmanager
def _recorded(plan: frozenset[str]) -> Iterator[Path]:
    before = dict(os.environ)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "plan.json"
        path.write_text(json.dumps(sorted(plan)), encoding="utf-8")
        record = Path(folder) / "cells.jsonl"
        os.environ |= {PLAN_VARIABLE: str(path), RECORD_VARIABLE: str(record)}
        try:
            yield record
        finally:
            os.environ.clear()
            os.environ.update(before)
