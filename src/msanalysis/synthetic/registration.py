"""When an event was entered in the registry: after it, after inclusion, never after the cutoff."""

import numpy as np

from msanalysis.synthetic.lives import DATA_CUTOFF, NEVER, YEAR
from msanalysis.synthetic.parameters import parameter


def registered_days(
    rng: np.random.Generator, event: np.ndarray, included: np.ndarray, kind: str
) -> np.ndarray:
    """Draw exponential delays, given that the row is entered by the data cutoff.

    `kind` names the mean in `delay_months`; an event that did not happen is not registered.
    """
    mean = parameter(f"delay_months.{kind}") * YEAR / 12
    first = np.maximum(event, included)
    longest = np.maximum(DATA_CUTOFF - first, 0)
    delay = -mean * np.log1p(rng.random(len(event)) * np.expm1(-longest / mean))
    return np.where(event < NEVER, np.minimum(first + delay.astype(int), DATA_CUTOFF), NEVER)


def reported_share(event: np.ndarray, kind: str) -> np.ndarray:
    """Return the share of what happened on each day that is entered by the data cutoff."""
    mean = parameter(f"delay_months.{kind}") * YEAR / 12
    return -np.expm1(-np.maximum(DATA_CUTOFF - event, 0) / mean)
