"""EDSS: when it was measured (the report year by quota), and a score that worsens with time."""

import numpy as np
import polars as pl

from msanalysis.synthetic.lives import COURSES, NEVER, STATUS_DATE, YEAR, day
from msanalysis.synthetic.parameters import (
    family,
    over_years,
    parameter,
    published,
    published_share,
)
from msanalysis.synthetic.person_years import draw_days
from msanalysis.synthetic.quotas import draw, draw_by_group
from msanalysis.synthetic.registration import registered_days
from msanalysis.synthetic.substances import ANTI_CD20, NATALIZUMAB

SINCE = day(2018)
QUOTA_START = day(2023, 7)
WIDENED_START, WIDENED_END = day(2023, 11), day(2025, 2, 28)
VALID_DAYS = 240
HIGHEST_LIVING = 9.5


def invent_edss(
    rng: np.random.Generator, persons: pl.DataFrame, visits: pl.DataFrame, scale: float
) -> pl.DataFrame:
    """Return one row a measurement: `person`, `measured`, `score`, `at_relapse`."""
    recent = _recent(rng, persons, visits)
    older = _older(rng, persons, visits, recent, scale)
    days = pl.concat([recent, older]).unique(["person", "measured"]).sort("person", "measured")
    at_relapse = rng.random(len(days)) < parameter("edss_at_relapse")
    at_relapse &= (days["measured"] < SINCE).to_numpy()
    return days.with_columns(
        score=_scores(rng, persons, days, at_relapse), at_relapse=pl.Series(at_relapse)
    )


def _recent(rng: np.random.Generator, persons: pl.DataFrame, visits: pl.DataFrame) -> pl.DataFrame:
    """Return the measurements since July of the year before: they decide the published shares.

    Three groups have any: measured in the report year; only in the window widened by two months
    at each end; only before that, but still valid at the last visit of the year.
    """
    last_visit = _last_visits(persons, visits)
    alive, weight = persons["alive"].to_numpy(), _readiness(persons)
    n_in_year = round(alive.sum() * published_share("edss_measured"))
    shares = np.array(list(family("edss_trust").values()))
    eligible = weight * alive * (last_visit < NEVER)
    in_year = draw_by_group(rng, eligible, persons["trust"].to_numpy(), shares, n_in_year)
    n_widened = round(alive.sum() * published_share("edss_measured_widened"))
    others = weight * alive * ~in_year * (persons["diagnosis"].to_numpy() < QUOTA_START)
    widened = _only_widened(rng, persons, others, n_widened - n_in_year)
    n_valid = round((last_visit < NEVER).sum() * published_share("edss_valid_at_visit"))
    valid_already = in_year.sum() + _still_valid(widened, last_visit)
    others[widened["person"].to_numpy()] = 0
    only_valid = _only_valid(rng, others, last_visit, n_valid - int(valid_already))
    return pl.concat([_measured_in_year(rng, visits, in_year, last_visit), widened, only_valid])


def _last_visits(persons: pl.DataFrame, visits: pl.DataFrame) -> np.ndarray:
    """Return each person's last visit of the report year; NEVER where there is none."""
    of_year = visits.filter(pl.col("visit").is_between(day(2024), STATUS_DATE))
    last = np.full(len(persons), NEVER)
    last[of_year["person"].to_numpy()] = of_year["visit"].to_numpy()
    return last


def _readiness(persons: pl.DataFrame) -> np.ndarray:
    """Return how likely each person is to be measured: the young, and those seen for infusions."""
    age = (STATUS_DATE - persons["birth"].to_numpy()) / YEAR
    status = persons["status"].to_numpy()
    treated = np.where(status >= 0, 1.5, 1.0)
    infused = np.where((ANTI_CD20[status] | (status == NATALIZUMAB)) & (status >= 0), 1.8, 1.0)
    return np.exp(-np.maximum(age - 40, 0) / 25) * treated * infused


def _measured_in_year(
    rng: np.random.Generator, visits: pl.DataFrame, in_year: np.ndarray, last_visit: np.ndarray
) -> pl.DataFrame:
    """Measure at the last visit of the year, and at some of the visits around it."""
    person, visit = visits["person"].to_numpy(), visits["visit"].to_numpy()
    also = rng.random(len(visits)) < parameter("edss_again")
    measured = in_year[person] & (visit >= QUOTA_START) & (also | (visit == last_visit[person]))
    return _days(person[measured], visit[measured])


def _only_widened(
    rng: np.random.Generator, persons: pl.DataFrame, weight: np.ndarray, n: int
) -> pl.DataFrame:
    stays = persons["view_end"].to_numpy() > WIDENED_END
    who = draw(rng, weight * stays, n)
    before = rng.random(len(who)) < parameter("edss_extra_before")
    low = np.where(before, WIDENED_START, day(2025))
    return _days(who, draw_days(rng, low, np.where(before, day(2023, 12, 31), WIDENED_END)))


def _still_valid(widened: pl.DataFrame, last_visit: np.ndarray) -> int:
    age = last_visit[widened["person"].to_numpy()] - widened["measured"].to_numpy()
    return int(((age >= 0) & (age <= VALID_DAYS)).sum())


def _only_valid(
    rng: np.random.Generator, weight: np.ndarray, last_visit: np.ndarray, n: int
) -> pl.DataFrame:
    early = last_visit < WIDENED_START + VALID_DAYS - 20
    who = draw(rng, weight * early, n)
    low = np.maximum(last_visit[who] - VALID_DAYS + 5, QUOTA_START)
    return _days(who, draw_days(rng, low, np.full(len(who), WIDENED_START - 1)))


def _days(person: np.ndarray, measured: np.ndarray) -> pl.DataFrame:
    return pl.DataFrame({"person": person, "measured": measured})


def _older(
    rng: np.random.Generator,
    persons: pl.DataFrame,
    visits: pl.DataFrame,
    recent: pl.DataFrame,
    scale: float,
) -> pl.DataFrame:
    """Return measurements at earlier visits; since 2018 only of the published number of persons.

    Whoever is chosen and had no measurement gets one; nobody who has died is among them.
    """
    share = over_years("edss_share", 1970 + visits["visit"].to_numpy() / YEAR)
    last = _last_visits(persons, visits)[visits["person"].to_numpy()]
    outdated = last - visits["visit"].to_numpy() > VALID_DAYS + 10
    older = visits.filter((rng.random(len(visits)) < share) & outdated)
    older = older.filter(pl.col("visit") < WIDENED_START).select("person", measured="visit")
    in_time = np.zeros(len(persons), dtype=bool)
    in_time[older.filter(pl.col("measured") >= SINCE)["person"].to_numpy()] = True
    has = np.zeros(len(persons), dtype=bool)
    has[recent["person"].to_numpy()] = True
    possible = persons["alive"].to_numpy() & (persons["diagnosis"].to_numpy() < QUOTA_START - 30)
    possible &= persons["view_end"].to_numpy() > QUOTA_START
    missing = round(published("edss_last_n") * scale) - int(has.sum())
    chosen = has.copy()
    chosen[draw(rng, possible * ~has * np.where(in_time, 1e6, 1.0), missing)] = True
    kept = older.filter(pl.Series(chosen)[older["person"]] | (pl.col("measured") < SINCE))
    who = np.flatnonzero(chosen & ~has & ~in_time)
    low = np.maximum(persons["diagnosis"].to_numpy()[who], SINCE)
    return pl.concat([kept, _days(who, draw_days(rng, low, np.full(len(who), QUOTA_START - 1)))])


def _scores(
    rng: np.random.Generator, persons: pl.DataFrame, days: pl.DataFrame, at_relapse: np.ndarray
) -> np.ndarray:
    """Return scores on the scale's grid: a person's level, worsening with time, and noise."""
    rates = np.array([parameter(f"edss_rate.{name}") for name in COURSES])
    level = parameter("edss_start") + parameter("edss_person_sd") * rng.standard_normal(
        len(persons)
    )
    pace = rates[persons["course"].to_numpy()] * rng.gamma(2, 0.5, len(persons))
    person = days["person"].to_numpy()
    years = (days["measured"].to_numpy() - persons["diagnosis"].to_numpy()[person]) / YEAR
    noise = parameter("edss_measure_sd") * rng.standard_normal(len(person))
    latent = level[person] + pace[person] * years.clip(0) + noise + at_relapse
    return to_grid(latent)


def to_grid(latent: np.ndarray) -> np.ndarray:
    """Round to halves within 0 to 9.5; there is no 0.5."""
    score = np.round(np.clip(latent, 0, HIGHEST_LIVING) * 2) / 2
    return np.where(score == 0.5, np.where(latent < 0.5, 0.0, 1.0), score)


def edss_table(
    rng: np.random.Generator, edss: pl.DataFrame, persons: pl.DataFrame, patient_id: pl.Series
) -> pl.DataFrame:
    """Return the measurements with internal days."""
    person, measured = edss["person"].to_numpy(), edss["measured"].to_numpy()
    included = persons["included"].to_numpy()[person]
    return pl.DataFrame(
        {
            "patient_id": patient_id[person],
            "measured_date": measured,
            "score": edss["score"],
            "during_relapse": edss["at_relapse"],
            "registered_date": registered_days(rng, measured, included, "edss"),
        }
    )
