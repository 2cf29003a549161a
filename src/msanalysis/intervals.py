"""Pointwise confidence intervals of a probability on a curve, and normal ones of a mean."""

from typing import Literal, get_args

import numpy as np
from scipy.special import ndtri

Interval = Literal["log-log", "log", "plain"]
ROUNDING = 1e-10
"""A probability closer to 1 than this is 1, but for the rounding of a long sum."""


def check_level(level: float) -> None:
    """Raise ValueError where `level` is no confidence level."""
    if not 0 < level < 1:
        raise ValueError("level must lie between 0 and 1, such as 0.95: set another level")


def normal_quantile(level: float) -> float:
    """Return z such that a standard normal lies within -z and z with probability `level`."""
    check_level(level)
    return float(ndtri((1 + level) / 2))


def probability_limits(
    estimate: np.ndarray, relative_error: np.ndarray, interval: Interval, level: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the lower and upper limits of probabilities, each shaped as `estimate`.

    `relative_error` is the standard error divided by the estimate, which is the standard error of
    log(estimate). The interval is symmetric for p (`plain`), log p (`log`) or log(-log p)
    (`log-log`). Where it does not exist (log-log at 0 and 1, log at 0) the limits are missing.
    """
    if interval not in get_args(Interval):
        raise ValueError(f"interval must be one of {', '.join(get_args(Interval))}")
    z = normal_quantile(level)
    with np.errstate(divide="ignore", invalid="ignore"):
        if interval == "plain":
            half = z * relative_error * estimate
            return np.maximum(estimate - half, 0), np.minimum(estimate + half, 1)
        log = np.where(estimate > 0, np.log(estimate), np.nan)
        if interval == "log":
            half = z * relative_error
            return np.exp(log - half), np.minimum(np.exp(log + half), 1)
        log[estimate > 1 - ROUNDING] = np.nan
        factor = np.exp(z * relative_error / -log)
        return np.exp(log * factor), np.exp(log / factor)


def funnel_limits(
    target: float, n: np.ndarray, dispersion: float, level: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the limits of a share of `n` persons around `target` on the arcsine scale.

    sin^2(asin(sqrt(target)) -+ z sqrt(dispersion / (4 n))), within 0 and 1 (Spiegelhalter 2005);
    `dispersion` 1 leaves chance alone.
    """
    half = normal_quantile(level) * np.sqrt(dispersion / (4 * n))
    centre = np.arcsin(np.sqrt(target))
    return from_arcsine(centre - half), from_arcsine(centre + half)


def from_arcsine(values: np.ndarray) -> np.ndarray:
    """Return the shares whose arcsine of the square root the `values` are."""
    return np.sin(np.clip(values, 0, np.pi / 2)) ** 2
