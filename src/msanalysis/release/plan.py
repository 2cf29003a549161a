"""The plan of a run: what a notebook hides besides its own, for the sake of other tables."""

import json
import os
from pathlib import Path

PLAN_VARIABLE = "MSANALYSIS_PLAN"
"""Names the file with the keys of cells; nothing more is hidden where it is not set."""


def planned() -> frozenset[str]:
    """Return the keys of the cells that the plan in force hides."""
    path = os.environ.get(PLAN_VARIABLE)
    return frozenset(json.loads(Path(path).read_text(encoding="utf-8"))) if path else frozenset()
