"""Times of a report, and the days that follow-up is counted in."""

from collections.abc import Iterable

DAYS_PER_YEAR = 365.25
DAYS = {"days": 1.0, "months": DAYS_PER_YEAR / 12, "years": DAYS_PER_YEAR}


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
