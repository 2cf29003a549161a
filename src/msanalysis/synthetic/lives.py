"""Whole lives with multiple sclerosis: onset, diagnosis, consent, emigration, death.

Everyone who falls ill is invented, registered or not: the registry sees only who lives long enough
to consent after 2001, and that is what makes its naive survival curve too long. Days count from
1 January 1970; `NEVER` is a day that does not come.
"""

from datetime import date

import numpy as np
import polars as pl

from msanalysis.synthetic.parameters import family, over_years, parameter

NEVER = 2_000_000
YEAR = 365.25
COURSES = ("rrms", "ppms", "unknown")
SEXES = ("female", "male")
RRMS, PPMS, UNKNOWN = 0, 1, 2


def day(year: int, month: int = 1, day_of_month: int = 1) -> int:
    """Return a date as days since 1 January 1970."""
    return (date(year, month, day_of_month) - date(1970, 1, 1)).days


STATUS_DATE = day(2024, 12, 31)
DATA_CUTOFF = day(2025, 5, 15)
REGISTRY_START = day(2001)
FIRST_ONSET_YEAR = 1940


def year_of(days: np.ndarray) -> np.ndarray:
    """Return the calendar year of each day."""
    return days.astype("datetime64[D]").astype("datetime64[Y]").astype(int) + 1970


def decimal_year(days: np.ndarray) -> np.ndarray:
    """Return each day as a decimal calendar year."""
    return 1970 + days / YEAR


def invent_lives(rng: np.random.Generator, n: int) -> pl.DataFrame:
    """Return `n` whole lives, one row each, with days as whole numbers.

    Columns: female (bool), course (0 RRMS, 1 PPMS, 2 unknown), birth, onset, diagnosis, death,
    emigration, consent, included. Onset is spread over the years from 1940 to the data cutoff.
    """
    onset = _onset_days(rng, n)
    course = _courses(rng, onset)
    female = rng.random(n) < _female_share(course)
    onset_age = _onset_ages(rng, onset, course)
    diagnosis = onset + _diagnosis_delay_days(rng, onset, course)
    years_to_death = _years_to_death(rng, female, course, onset_age, onset)
    death = onset + 1 + (YEAR * years_to_death).astype(int)
    emigration = onset + _days(rng.exponential(YEAR / parameter("emigration_rate"), n))
    consent = _consent_days(rng, diagnosis)
    included = consent + _days(rng.exponential(parameter("inclusion_delay_days"), n))
    return pl.DataFrame(
        {
            "female": female,
            "course": course,
            "birth": onset - (onset_age * YEAR).astype(int),
            "onset": onset,
            "diagnosis": diagnosis,
            "death": death,
            "emigration": emigration,
            "consent": consent,
            "included": included,
        }
    )


def _days(values: np.ndarray) -> np.ndarray:
    return np.minimum(values, NEVER).astype(int)


def _onset_days(rng: np.random.Generator, n: int) -> np.ndarray:
    """Draw onsets with the yearly numbers of `onsets_per_year`, linear between its years."""
    grid = np.arange(day(FIRST_ONSET_YEAR), DATA_CUTOFF + 1)
    cumulative = np.cumsum(over_years("onsets_per_year", decimal_year(grid)))
    return grid[np.searchsorted(cumulative, rng.random(n) * cumulative[-1])]


def _courses(rng: np.random.Generator, onset: np.ndarray) -> np.ndarray:
    ppms = over_years("ppms_share", decimal_year(onset))
    unknown = over_years("unknown_course_share", decimal_year(onset))
    chance = rng.random(len(onset))
    return np.where(chance < ppms, PPMS, np.where(chance < ppms + unknown, UNKNOWN, RRMS))


def _female_share(course: np.ndarray) -> np.ndarray:
    return np.array([parameter(f"female_share.{name}") for name in COURSES])[course]


def _onset_ages(rng: np.random.Generator, onset: np.ndarray, course: np.ndarray) -> np.ndarray:
    """Draw ages from a beta distribution between the youngest and the oldest possible age."""
    shift = np.array([parameter(f"onset_age_shift.{name}") for name in COURSES])[course]
    low, high = parameter("onset_age_min"), parameter("onset_age_max")
    mean = (over_years("onset_age", decimal_year(onset)) + shift - low) / (high - low)
    spread = mean * (1 - mean) * ((high - low) / parameter("onset_age_sd")) ** 2 - 1
    return low + (high - low) * rng.beta(mean * spread, (1 - mean) * spread)


def _diagnosis_delay_days(
    rng: np.random.Generator, onset: np.ndarray, course: np.ndarray
) -> np.ndarray:
    """Draw lognormal delays whose median falls over the calendar years of onset."""
    median = over_years("diagnosis_delay_median", decimal_year(onset))
    median = median * np.where(course == PPMS, parameter("diagnosis_delay_factor_ppms"), 1.0)
    years = median * np.exp(parameter("diagnosis_delay_log_sd") * rng.standard_normal(len(onset)))
    return np.minimum(years * YEAR + parameter("diagnosis_delay_least_days"), 45 * YEAR).astype(int)


def death_hazards(
    female: np.ndarray, course: np.ndarray, onset_age: np.ndarray, onset: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the hazard of death at onset and its growth: `a + b exp(c t)`, t years from onset.

    Population mortality is Gompertz-Makeham by sex, its Gompertz part falling by a constant
    fraction a calendar year. The standardised mortality ratio of the disease depends on course
    and falls exponentially with age and calendar year, so that the hazard stays of this form.
    """
    sex = (~female).astype(int)
    population = {
        part: np.array([parameter(f"mortality_{part}.{name}") for name in SEXES])[sex]
        for part in ("constant", "at_60", "age_slope", "decline")
    }
    ratio = np.array([parameter(f"smr.{name}") for name in COURSES])[course]
    by_age, by_year = parameter("smr_age_slope"), parameter("smr_decline")
    after_60, after_2000 = onset_age - 60, decimal_year(onset) - 2000
    at_onset = (
        ratio
        * population["at_60"]
        * np.exp((population["age_slope"] - by_age) * after_60)
        * np.exp(-(population["decline"] + by_year) * after_2000)
    )
    growth = population["age_slope"] - by_age - population["decline"] - by_year
    return ratio * population["constant"], at_onset, growth


def _years_to_death(
    rng: np.random.Generator,
    female: np.ndarray,
    course: np.ndarray,
    onset_age: np.ndarray,
    onset: np.ndarray,
) -> np.ndarray:
    """Draw the earlier of an exponential and a Gompertz time, which has the summed hazard."""
    constant, at_onset, growth = death_hazards(female, course, onset_age, onset)
    exponential = rng.exponential(size=len(female)) / constant
    gompertz = np.log1p(rng.exponential(size=len(female)) * growth / at_onset) / growth
    return np.minimum(np.minimum(exponential, gompertz), 110 - onset_age)


def _consent_days(rng: np.random.Generator, diagnosis: np.ndarray) -> np.ndarray:
    """Draw consent: soon after diagnosis for some, else by a hazard that changes with the years.

    The hazard depends on the calendar alone, never on how long a person will live.
    """
    grid = np.arange(REGISTRY_START, DATA_CUTOFF + 31, 30)
    rate = over_years("consent_rate", decimal_year(grid))
    cumulative = np.concatenate([[0.0], np.cumsum(rate[:-1] * 30 / YEAR)])
    start = np.maximum(diagnosis, REGISTRY_START)
    target = np.interp(start, grid, cumulative) + rng.exponential(size=len(start))
    later = np.interp(target, cumulative, grid, right=NEVER)
    slow = rng.random(len(start)) < parameter("consent_slow_share")
    quick_days, slow_days = (parameter(f"consent_delay_days.{pace}") for pace in ("quick", "slow"))
    soon = start + rng.exponential(1, len(start)) * np.where(slow, slow_days, quick_days)
    at_once = rng.random(len(start)) < over_years("consent_at_diagnosis", decimal_year(start))
    at_once &= diagnosis >= REGISTRY_START
    return _days(np.where(at_once, np.minimum(soon, later), later))


def registered(lives: pl.DataFrame, by: int = DATA_CUTOFF) -> np.ndarray:
    """Return who has consented and has data by a day, alive and in the country at that time."""
    gone = np.minimum(lives["death"].to_numpy(), lives["emigration"].to_numpy())
    included = lives["included"].to_numpy()
    return (included < gone) & (included <= by) & (lives["diagnosis"].to_numpy() <= by)


def true_hazards() -> dict[str, dict[str, float]]:
    """Return every parameter of the hazards of death, by family."""
    names = ("mortality_constant", "mortality_at_60", "mortality_age_slope", "mortality_decline")
    hazards = {name: family(name) for name in (*names, "smr")}
    trends = {name: parameter(name) for name in ("smr_age_slope", "smr_decline")}
    return {**hazards, "smr_trend": trends}
