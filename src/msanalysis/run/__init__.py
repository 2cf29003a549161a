"""The runner: a run file in, a release out.

`runfile` reads what is asked for, `parameters` what a notebook takes, `plan` joins them with the
catalogue and the extract, `kernel` runs one notebook, `workers` runs several side by side, `cache`
knows what is unchanged, `outputs` checks what notebooks left, `publish` puts the release in place,
`perform` does it all.

One failing analysis does not stop the others: the release is written without it, names the gap,
and the exit code is 1. A release left as it was would show last run's numbers as this run's.
"""

import sys
from pathlib import Path

# jsonschema would check IRIs, of which a notebook has none, and compile a grammar for it: 2 s.
sys.modules.setdefault("rfc3987_syntax", None)

PROJECT = Path(__file__).resolve().parents[3]
"""The repository: where `notebooks/`, `params/` and `outputs/` are, and where kernels run."""


class RunRefused(Exception):
    """What was asked for cannot be run. The message says what to write instead."""
