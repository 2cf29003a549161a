"""Times of a report, in the days that follow-up is counted in."""

from collections.abc import Iterable

DAYS = {"days": 1.0, "months": 365.25 / 12, "years": 365.25}


def in_days(times: Iterable[float], unit: str) -> list[float]:
    """Return times in days; a year is 365.25 days, a month a twelfth of it.

    Raises
    ------
    ValueError
        When `unit` is none of days, months and years.
    """
    if unit not in DAYS:
        raise ValueError(f"the unit of time must be one of {', '.join(DAYS)}")
    return [time * DAYS[unit] for time in times]
