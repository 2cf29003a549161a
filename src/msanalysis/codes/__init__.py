"""Code lists kept as data: drugs (`drugs.csv`) and hospital trusts (`hospital_trusts.csv`).

Both files are facts that change: a new brand, a merged trust. Edit the row, not the code.
"""

import csv
from functools import cache
from importlib.resources import files


@cache
def _rows(name: str) -> tuple[dict[str, str], ...]:
    with files(__name__).joinpath(name).open(encoding="utf-8", newline="") as handle:
        return tuple(csv.DictReader(handle))


def drugs() -> tuple[dict[str, str], ...]:
    """Return one row a substance: brands, ATC, group, high-efficacy from and to, one_off."""
    return _rows("drugs.csv")


def substances() -> tuple[str, ...]:
    """Return every substance code. One substance is one treatment, whatever the brand."""
    return tuple(drug["substance"] for drug in drugs())


def treatment_groups() -> dict[str, str]:
    """Return substance -> treatment group, as the Sankey and the indicators group them."""
    return {drug["substance"]: drug["group"] for drug in drugs()}


def one_off_substances() -> tuple[str, ...]:
    """Return the treatments given once that stay the status until something else starts."""
    return tuple(drug["substance"] for drug in drugs() if drug["one_off"] == "true")


def units() -> tuple[dict[str, str], ...]:
    """Return the nation, the 4 regions and the 19 hospital trusts, north to south."""
    return _rows("hospital_trusts.csv")


def trusts() -> tuple[str, ...]:
    """Return the codes of the 19 hospital trusts, north to south."""
    return tuple(unit["unit"] for unit in units() if unit["level"] == "hf")


def standard_population() -> dict[int, int]:
    """Return first age -> weight in the European standard population of 2013; the last is open."""
    return {int(row["age_from"]): int(row["weight"]) for row in _rows("european_standard_2013.csv")}
