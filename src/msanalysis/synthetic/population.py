"""Inhabitants by trust, year, sex and age: invented, as no real population is shipped."""

import numpy as np
import polars as pl

from msanalysis import codes
from msanalysis.schema import SEXES, TABLES
from msanalysis.synthetic.parameters import family, over_years, parameter
from msanalysis.synthetic.quotas import largest_remainder

YEARS = range(2001, 2026)
OLDEST = 110


def population_table(scale: float) -> pl.DataFrame:
    """Return inhabitants of each trust's area on 1 January, by sex and band of age; to scale."""
    shares = np.array([*family("inhabitants_trust").values()])
    tables = []
    for year in YEARS:
        total = round(float(over_years("inhabitants", year)) * 1e6 * scale)
        for trust, n in zip(codes.trusts(), largest_remainder(shares, total), strict=True):
            tables.append(_by_sex_and_age(trust, year, int(n)))
    return pl.concat(tables).select([column.name for column in TABLES["population"].columns])


def _by_sex_and_age(trust: str, year: int, total: int) -> pl.DataFrame:
    growth = float(over_years("age_growth", year)) + parameter(f"age_growth_trust.{trust}")
    bands = [*codes.standard_population()]
    shares = np.concatenate([_stable_ages(sex, year, growth, bands) for sex in SEXES])
    return pl.DataFrame(
        {
            "sex": np.repeat(SEXES, len(bands)),
            "age_from": bands * len(SEXES),
            "inhabitants": largest_remainder(shares, total),
        }
    ).with_columns(hf=pl.lit(trust), year=pl.lit(year))


def _stable_ages(sex: str, year: int, growth: float, bands: list[int]) -> np.ndarray:
    """Return Lotka's stable population by band: survivors to each age, the younger the more.

    Its mortality is the registry's population mortality of that year.
    """
    age = np.arange(OLDEST) + 0.5
    slope = parameter(f"mortality_age_slope.{sex}")
    at_60 = parameter(f"mortality_at_60.{sex}") * np.exp(
        -parameter(f"mortality_decline.{sex}") * (year - 2000)
    )
    hazard = parameter(f"mortality_constant.{sex}") * age
    hazard += at_60 / slope * (np.exp(slope * (age - 60)) - np.exp(-60 * slope))
    alive = parameter(f"born.{sex}") * np.exp(-hazard - growth * age)
    return np.add.reduceat(alive, bands)
