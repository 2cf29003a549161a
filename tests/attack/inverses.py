"""Numbers of persons worked out of what was computed from them: shares, rates and their limits."""

import numpy as np
from scipy.stats import chi2

from attack.cells import Cell, Knowledge
from attack.read import HIDDEN, Table, number

Z = 1.959963984540054
MOST = 5000
SHARE_UNIT = 0.5e-4
RATES = {"rate_per_100k": "n", "rate_per_100py": "n_events"}
"""Rates, and the count each is computed from."""


def persons_behind_share(
    share: float, lower: float | None, upper: float | None, unit: float = SHARE_UNIT
) -> list[tuple[int, int]]:
    """Return all pairs of part and whole that print this share with these limits of Wilson."""
    whole = np.arange(1, MOST + 1)
    part = np.rint(share * whole)
    fits = np.abs(part / whole - share) <= unit + 1e-9
    centre = (part + Z**2 / 2) / (whole + Z**2)
    half = Z / (whole + Z**2) * np.sqrt(part * (whole - part) / whole + Z**2 / 4)
    for limit, computed in ((lower, centre - half), (upper, centre + half)):
        if limit is not None:
            fits &= np.abs(computed - limit) <= unit + 1e-9
    return [(int(part[each]), int(whole[each])) for each in np.flatnonzero(fits)]


def events_behind_rate(
    rate: float, lower: float, upper: float, unit: float = SHARE_UNIT
) -> list[int]:
    """Return all numbers of events whose exact Poisson limits stand to the rate as printed."""
    n = np.arange(1, MOST)
    low, high = chi2.ppf(0.025, 2 * n) / 2, chi2.ppf(0.975, 2 * (n + 1)) / 2
    off = unit / max(rate, unit) * (1 + high / n)
    fits = np.abs(low / n - lower / rate) <= off
    fits &= np.abs(high / n - upper / rate) <= off
    return [int(each) for each in n[fits]]


def learn_inverses(known: Knowledge, table: Table, cells: dict[tuple[int, str], Cell]) -> None:
    """Bound hidden counts by the shares and rates that are still printed beside them."""
    names = ("numerator" if "numerator" in table.columns else "n", "denominator")
    for place, row in enumerate(table.rows):
        both = {name: cells.get((place, name)) for name in names}
        _learn_share(known, row, both)
        if row.get("level") == "nation" and "nation_share" in table.columns:
            for share in _shares_beside_trusts(table, row):
                _learn_share(known, {**dict.fromkeys(row, HIDDEN), **share}, both)
        for rate, count in RATES.items():
            each = cells.get((place, count))
            if each is not None and row.get(count) == HIDDEN and rate in table.columns:
                _learn_rate(known, row, rate, each)


def _shares_beside_trusts(table: Table, nation: dict[str, str]) -> list[dict[str, str]]:
    """Return the share of the nation as it stands in the rows of its trusts, too."""
    alike = [row for row in table.rows if row["indicator"] == nation["indicator"]]
    return [{"share": share} for share in {row["nation_share"] for row in alike}]


def _learn_share(known: Knowledge, row, cells: dict[str, Cell | None]) -> None:
    share, (part, whole) = number(row.get("share", HIDDEN)), cells.values()
    if part is None or whole is None or share is None:
        return
    if HIDDEN not in [row[name] for name in cells]:
        return
    known.form({part: 1.0, whole: -(share + SHARE_UNIT)}, -np.inf, 1e-9)
    known.form({part: 1.0, whole: -(share - SHARE_UNIT)}, -1e-9, np.inf)
    limits = [number(row.get(name, HIDDEN)) for name in ("lower", "upper")]
    pairs = persons_behind_share(share, *limits)
    for place, each in enumerate((part, whole)):
        values = [pair[place] for pair in pairs]
        if values and max(pair[1] for pair in pairs) < MOST:
            known.bound(each, min(values), max(values))


def _learn_rate(known: Knowledge, row, rate: str, each: Cell) -> None:
    told = [number(row.get(name, HIDDEN)) for name in (rate, "lower", "upper")]
    if None in told or not told[0]:
        return
    events = events_behind_rate(*told)
    if events:
        known.bound(each, min(events), max(events))
