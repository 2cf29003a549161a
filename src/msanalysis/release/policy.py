"""How strict the gate is: the data owner's constants."""

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Policy:
    """How strict the gate is.

    Attributes
    ----------
    threshold
        Counts of 1 to `threshold` - 1 persons are hidden.
    curve_at_risk, estimate_at_risk
        Persons at risk without whom a curve ends, and an estimate at a time is hidden.
    residual_degrees
        Residual degrees of freedom without which a model's estimates are hidden.
    quotas_printed
        Numerators of a quota, and what they leave of it, are shown as they are where their
        denominator is.
    public_knowledge
        What the registry itself prints of patients by hospital trust is shown too.
    points
        Single values are shown, without a name, of units of which nothing is hidden.
    none_and_all_hidden
        0 % and 100 % of a group are hidden: they say something of each person in it.
    trusts_know_their_own
        What one hospital trust's numbers would tell it of another's is hidden too.
    rounding_base
        Counts leave as the nearest multiple of it; above 1, curves have steps on fixed days only.
    """

    name: str
    threshold: int
    curve_at_risk: int
    estimate_at_risk: int
    residual_degrees: int = 10
    quotas_printed: bool = False
    public_knowledge: bool = False
    points: bool = False
    none_and_all_hidden: bool = False
    trusts_know_their_own: bool = False
    rounding_base: int = 1


POLICIES = {
    policy.name: policy
    for policy in (
        Policy(
            "annual_report",
            threshold=5,
            curve_at_risk=20,
            estimate_at_risk=5,
            quotas_printed=True,
            public_knowledge=True,
            points=True,
        ),
        # Twice the threshold: a cell that is in one release and not in the other then lies in an
        # interval that holds none or reaches the threshold (docs/disclosure.md).
        Policy("research", threshold=5, curve_at_risk=20, estimate_at_risk=20, rounding_base=10),
        Policy(
            "strict",
            threshold=10,
            curve_at_risk=40,
            estimate_at_risk=20,
            none_and_all_hidden=True,
            trusts_know_their_own=True,
        ),
    )
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
