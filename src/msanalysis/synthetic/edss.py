"""EDSS: when it was measured (the report year by quota), and a score that worsens with time."""

import numpy as np
import polars as pl

from msanalysis.synthetic.lives import COURSES, STATUS_DATE, YEAR, day
from msanalysis.synthetic.parameters import over_years, parameter, published, published_share
from msanalysis.synthetic.person_years import draw_days
from msanalysis.synthetic.quotas import draw
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
    last = _last_visits(visits)
    in_year, extra, valid = _chosen(rng, persons, last)
    recent = _recent(rng, persons, visits, last, (in_year, extra, valid))
    older = _older(rng, persons, visits, recent, scale)
    days = pl.concat([recent, older]).unique(["person", "measured"], maintain_order=True)
    days = days.sort("person", "measured")
    at_relapse = rng.random(len(days)) < parameter("edss_at_relapse")
    at_relapse &= (days["measured"] < SINCE).to_numpy()
    return days.with_columns(
        score=_scores(rng, persons, days, at_relapse), at_relapse=pl.Series(at_relapse)
    )


def _last_visits(visits: pl.DataFrame) -> pl.DataFrame:
    of_year = visits.filter(pl.col("visit").is_between(day(2024), STATUS_DATE))
    return of_year.group_by("person", maintain_order=True).agg(pl.col("visit").max())


def _chosen(
    rng: np.random.Generator, persons: pl.DataFrame, last: pl.DataFrame
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return who is measured in the report year, only in the widened window, only valid besides."""
    n = len(persons)
    alive = persons["alive"].to_numpy()
    status = persons["status"].to_numpy()
    visited = np.zeros(n, dtype=bool)
    visited[last["person"].to_numpy()] = True
    age = (STATUS_DATE - persons["birth"].to_numpy()) / YEAR
    weight = np.exp(-np.maximum(age - 40, 0) / 25) * np.where(status >= 0, 1.5, 1.0)
    weight = weight * np.where(ANTI_CD20[status] & (status >= 0), 1.8, 1.0)
    weight = weight * np.where(status == NATALIZUMAB, 1.8, 1.0)
    in_year = np.zeros(n, dtype=bool)
    wanted = round(alive.sum() * published_share("edss_measured"))
    in_year[draw(rng, weight * visited * alive, wanted)] = True
    widened = round(alive.sum() * published_share("edss_measured_widened")) - wanted
    old = persons["diagnosis"].to_numpy() < QUOTA_START
    stays = persons["view_end"].to_numpy() > WIDENED_END
    extra = np.zeros(n, dtype=bool)
    extra[draw(rng, weight * alive * old * stays * ~in_year, widened)] = True
    early = np.zeros(n, dtype=bool)
    early[last.filter(pl.col("visit") < WIDENED_START + VALID_DAYS - 20)["person"].to_numpy()] = (
        True
    )
    n_valid = round(len(last) * published_share("edss_valid_at_visit"))
    valid = np.zeros(n, dtype=bool)
    valid[draw(rng, weight * early * alive * old * ~in_year * ~extra, n_valid - in_year.sum())] = (
        True
    )
    return in_year, extra, valid


def _recent(
    rng: np.random.Generator,
    persons: pl.DataFrame,
    visits: pl.DataFrame,
    last: pl.DataFrame,
    chosen: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> pl.DataFrame:
    """Return the measurements since July of the year before: they decide the published shares."""
    in_year, extra, valid = chosen
    last_visit = np.zeros(len(persons), dtype=int)
    last_visit[last["person"].to_numpy()] = last["visit"].to_numpy()
    who = np.flatnonzero(in_year)
    parts = [_days(who, last_visit[who])]
    who = np.flatnonzero(extra)
    before = rng.random(len(who)) < parameter("edss_extra_before")
    low = np.where(before, WIDENED_START, day(2025))
    high = np.where(before, day(2023, 12, 31), WIDENED_END)
    parts.append(_days(who, draw_days(rng, low, high)))
    who = np.flatnonzero(valid)
    low = np.maximum(last_visit[who] - VALID_DAYS + 5, QUOTA_START)
    parts.append(_days(who, draw_days(rng, low, np.full(len(who), WIDENED_START - 1))))
    again = in_year & (persons["diagnosis"].to_numpy() < QUOTA_START)
    who = np.flatnonzero(again & (rng.random(len(again)) < parameter("edss_before_year")))
    low, high = np.full(len(who), QUOTA_START), np.full(len(who), day(2023, 12, 31))
    parts.append(_days(who, draw_days(rng, low, high)))
    return pl.concat(parts)


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
    older = visits.filter(rng.random(len(visits)) < share)
    older = older.filter(pl.col("visit") < QUOTA_START).select("person", measured="visit")
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
