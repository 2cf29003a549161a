"""The plan of a run: what a notebook hides besides its own, for the sake of other tables."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

PLAN_VARIABLE = "MSANALYSIS_PLAN"
"""Names the file with the keys of cells; nothing more is hidden where it is not set."""

_TRIED: ContextVar[frozenset[str] | None] = ContextVar("plan", default=None)


def planned() -> frozenset[str]:
    """Return the keys of the cells that the plan in force hides."""
    if (keys := _TRIED.get()) is not None:
        return keys
    path = os.environ.get(PLAN_VARIABLE)
    return frozenset(json.loads(Path(path).read_text(encoding="utf-8"))) if path else frozenset()


@contextmanager
def tried(keys: frozenset[str]) -> Iterator[None]:
    """Let a plan be in force for the while, to see what would be shown under it."""
    token = _TRIED.set(keys)
    try:
        yield
    finally:
        _TRIED.reset(token)
