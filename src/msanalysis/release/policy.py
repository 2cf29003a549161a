"""How strict the gate is: the data owner's constants."""

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Policy:
    """How strict the gate is.

    Counts of 1 to `threshold` - 1 persons are hidden; a curve is shown while at least
    `curve_at_risk` persons are at risk.
    """

    name: str
    threshold: int
    curve_at_risk: int


POLICIES = {
    policy.name: policy for policy in (Policy("annual_report", 5, 20), Policy("strict", 10, 40))
}
DEFAULT_POLICY = "annual_report"
POLICY_VARIABLE = "MSANALYSIS_POLICY"


class ReleaseRefused(Exception):
    """The gate cannot make this safe; the message says what to do instead."""


def policy_in_force() -> Policy:
    """Return the policy the environment names; raise ReleaseRefused for an unknown name."""
    name = os.environ.get(POLICY_VARIABLE, DEFAULT_POLICY)
    if name not in POLICIES:
        raise ReleaseRefused(f"policy {name!r} is unknown; choose one of {', '.join(POLICIES)}")
    return POLICIES[name]
