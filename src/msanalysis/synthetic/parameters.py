"""What the invented registry is tuned with: `parameters.csv`, and the figures it is tuned to.

Every tuned number stands in `parameters.csv` beside the published figure it serves; every published
figure is read by its id. A name such as `users.natalizumab` is one member of the family `users`.
"""

import csv
from functools import cache
from importlib.resources import files

import numpy as np


@cache
def _values(package: str, name: str, key: str) -> dict[str, float]:
    with files(package).joinpath(name).open(encoding="utf-8", newline="") as handle:
        return {row[key]: float(row["value"]) for row in csv.DictReader(handle)}


@cache
def _denominators() -> dict[str, float]:
    with files("msanalysis").joinpath("published/2024.csv").open(encoding="utf-8") as handle:
        return {row["id"]: float(row["n"]) for row in csv.DictReader(handle) if row["n"]}


def parameter(name: str) -> float:
    """Return the tuned parameter `name`; KeyError when `parameters.csv` has none such."""
    return _values(__package__, "parameters.csv", "name")[name]


@cache
def family(prefix: str) -> dict[str, float]:
    """Return the members of a family without its name: `users.hsct` -> `hsct`, in file order."""
    names = _values(__package__, "parameters.csv", "name")
    start = prefix + "."
    members = {name[len(start) :]: value for name, value in names.items() if name.startswith(start)}
    if not members:
        raise KeyError(f"parameters.csv has no parameter that begins with {start}")
    return members


def published(figure: str) -> float:
    """Return the published figure with this id: a count, a share in percent, years or a score."""
    return _values("msanalysis", "published/2024.csv", "id")[figure]


def published_share(figure: str) -> float:
    """Return a published percentage as a fraction."""
    return published(figure) / 100


def published_n(figure: str) -> float:
    """Return the printed denominator of a published figure."""
    return _denominators()[figure]


def over_years(prefix: str, year: np.ndarray | float) -> np.ndarray:
    """Interpolate a family whose members are calendar years; flat outside them."""
    members = family(prefix)
    return np.interp(year, [float(key) for key in members], list(members.values()))
