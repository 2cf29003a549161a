"""Relapses, MRI, antibody tests, adverse events and biobank samples."""

import numpy as np
import polars as pl

from msanalysis import codes
from msanalysis.synthetic.lives import (
    NEVER,
    PPMS,
    YEAR,
    day,
)
from msanalysis.synthetic.parameters import family, over_years, parameter, published_share
from msanalysis.synthetic.person_years import draw_days, person_years
from msanalysis.synthetic.quotas import draw_by_group, draw_names
from msanalysis.synthetic.registration import registered_days
from msanalysis.synthetic.substances import NATALIZUMAB, SUBSTANCES

MRI_WINDOW = day(2023, 7), day(2024, 6, 30)
DAYS_TESTED_BEFORE, DAYS_BEFORE_STOP = 60, 200
ASSAY_CHANGE = day(2024, 1, 15)
HIGH_EFFICACY = np.array([drug["high_efficacy_from"] != "" for drug in codes.drugs()])


def relapses_table(
    rng: np.random.Generator, persons: pl.DataFrame, episodes: pl.DataFrame, patient_id: pl.Series
) -> pl.DataFrame:
    """Return relapses: rarer with years since onset, and under high-efficacy treatment."""
    years = person_years(persons, 2025)
    person, first = years["person"].to_numpy(), years["first"].to_numpy()
    last = years["last"].to_numpy()
    since = (first - persons["onset"].to_numpy()[person]) / YEAR
    rate = parameter("relapse_rate") * np.exp(-parameter("relapse_decay") * since)
    rate = rate * _treatment_effect(persons, episodes, person, first)
    rate = rate * (persons["course"].to_numpy()[person] != PPMS)
    count = rng.poisson(rate * (last - first + 1) / YEAR)
    who, low, high = (np.repeat(column, count) for column in (person, first, last))
    when = draw_days(rng, low, high)
    n = len(who)
    return pl.DataFrame(
        {
            "patient_id": patient_id[who],
            "relapse_date": when,
            "corticosteroid": rng.random(n) < parameter("relapse_corticosteroid"),
            "hospitalised": rng.random(n) < parameter("relapse_hospitalised"),
            "registered_date": _registered(rng, persons, who, when, "relapses"),
        }
    )


def _treatment_effect(
    persons: pl.DataFrame, episodes: pl.DataFrame, person: np.ndarray, when: np.ndarray
) -> np.ndarray:
    """Return the rate ratio of each person-year by what was begun before it."""
    high = HIGH_EFFICACY[episodes["substance"].to_numpy()]
    effect = np.ones(len(person))
    for efficacy, ratio in ((~high, "relapse_treated"), (high, "relapse_high_efficacy")):
        first = np.full(len(persons), NEVER)
        of_it = episodes.filter(pl.Series(efficacy))
        np.minimum.at(first, of_it["person"].to_numpy(), of_it["start"].to_numpy())
        effect = np.where(first[person] <= when, parameter(ratio), effect)
    return effect


def mri_table(
    rng: np.random.Generator, persons: pl.DataFrame, patient_id: pl.Series
) -> pl.DataFrame:
    """Return MRI; by quota in the window of the indicator among the recently diagnosed."""
    recent = (persons["alive"] & (persons["diagnosis"] >= day(2019, 12, 31))).to_numpy()
    years = person_years(persons, 2025)
    share = over_years("mri_share", years["year"].to_numpy())
    years = years.filter(rng.random(len(years)) < share)
    person = years["person"].to_numpy()
    when = draw_days(rng, years["first"].to_numpy(), years["last"].to_numpy())
    in_window = recent[person] & (when >= MRI_WINDOW[0]) & (when <= MRI_WINDOW[1])
    quota = _mri_in_window(rng, persons, recent)
    person = np.concatenate([person[~in_window], quota["person"].to_numpy()])
    when = np.concatenate([when[~in_window], quota["when"].to_numpy()])
    n = len(person)
    spread = rng.gamma(parameter("mri_spread"), 1 / parameter("mri_spread"), n)
    return pl.DataFrame(
        {
            "patient_id": patient_id[person],
            "mri_date": when,
            "region": draw_names(rng, "mri_region", n),
            "new_t2_lesions": rng.poisson(parameter("mri_new_t2") * spread),
            "enlarging_t2_lesions": rng.poisson(parameter("mri_enlarging"), n),
            "gd_lesions": np.where(rng.random(n) < parameter("mri_gd"), 1 + rng.poisson(0.7, n), 0),
            "registered_date": _registered(rng, persons, person, when, "mri"),
        }
    )


def _mri_in_window(
    rng: np.random.Generator, persons: pl.DataFrame, recent: np.ndarray
) -> pl.DataFrame:
    diagnosis = persons["diagnosis"].to_numpy()
    possible = recent & (diagnosis < MRI_WINDOW[1] - 10)
    possible &= persons["view_end"].to_numpy() > MRI_WINDOW[1]
    shares = np.array(list(family("mri_trust").values()))
    n = round(recent.sum() * published_share("mri_performed"))
    trust = persons["trust"].to_numpy()
    who = np.flatnonzero(draw_by_group(rng, possible.astype(float), trust, shares, n))
    first = np.maximum(diagnosis[who], MRI_WINDOW[0])
    when = draw_days(rng, first, np.full(len(who), MRI_WINDOW[1]))
    return pl.DataFrame({"person": who, "when": when})


def jcv_table(
    rng: np.random.Generator, persons: pl.DataFrame, episodes: pl.DataFrame, patient_id: pl.Series
) -> pl.DataFrame:
    """Return JC virus tests on natalizumab; mostly positive before a stop."""
    person, when, stop = _during_natalizumab(rng, persons, episodes)
    before_stop = (stop < NEVER) & (stop - when < DAYS_BEFORE_STOP)
    chance = family("jcv_positive")
    by_assay = np.where(when < ASSAY_CHANGE, chance["stratify"], chance["immunowell"])
    positive = rng.random(len(when)) < np.where(before_stop, chance["before_stop"], by_assay)
    high, low = 0.4 + rng.gamma(2, 0.6, len(when)), 0.1 + 0.25 * rng.random(len(when))
    return pl.DataFrame(
        {
            "patient_id": patient_id[person],
            "sample_date": when,
            "result": np.where(positive, "positive", "negative"),
            "index_value": np.round(np.where(positive, high, low), 2),
            "assay": np.where(when < ASSAY_CHANGE, "stratify", "immunowell"),
            "registered_date": _registered(rng, persons, person, when, "tests"),
        }
    )


def _during_natalizumab(
    rng: np.random.Generator, persons: pl.DataFrame, episodes: pl.DataFrame
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the person and day of each test, and when the natalizumab stopped."""
    on = episodes.filter(pl.col("substance") == NATALIZUMAB)
    person = on["person"].to_numpy()
    first = on["start"].to_numpy() - DAYS_TESTED_BEFORE
    first = np.maximum(first, persons["diagnosis"].to_numpy()[person])
    last = np.minimum(on["stop"].to_numpy(), persons["view_end"].to_numpy()[person]) - 1
    count = rng.poisson(parameter("jcv_per_year") * (last - first).clip(0) / YEAR)
    person, first, last, stop = (
        np.repeat(column, count) for column in (person, first, last, on["stop"].to_numpy())
    )
    return person, draw_days(rng, first, np.maximum(last, first)), stop


def _registered(
    rng: np.random.Generator, persons: pl.DataFrame, person: np.ndarray, when: np.ndarray, kind: str
) -> np.ndarray:
    return registered_days(rng, when, persons["included"].to_numpy()[person], kind)


def antibody_table(
    rng: np.random.Generator, persons: pl.DataFrame, episodes: pl.DataFrame, patient_id: pl.Series
) -> pl.DataFrame:
    """Return other antibody tests: mostly before and during treatment since 2015."""
    person, when, _ = _during_treatment(rng, persons, episodes, parameter("antibody_rate"))
    chances = family("antibody_positive")
    target = rng.integers(0, len(chances), len(when))
    positive = rng.random(len(when)) < np.array(list(chances.values()))[target]
    return pl.DataFrame(
        {
            "patient_id": patient_id[person],
            "sample_date": when,
            "target": np.array(list(chances))[target],
            "result": np.where(positive, "positive", "negative"),
            "registered_date": _registered(rng, persons, person, when, "tests"),
        }
    )


def adverse_events_table(
    rng: np.random.Generator, persons: pl.DataFrame, episodes: pl.DataFrame, patient_id: pl.Series
) -> pl.DataFrame:
    """Return adverse events with the substance that was running."""
    rate = parameter("adverse_event_rate")
    person, when, substance = _during_treatment(rng, persons, episodes, rate)
    n = len(when)
    return pl.DataFrame(
        {
            "patient_id": patient_id[person],
            "event_date": when,
            "substance": np.array(SUBSTANCES)[substance],
            "category": draw_names(rng, "adverse_event_category", n),
            "serious": rng.random(n) < parameter("adverse_event_serious"),
            "registered_date": _registered(rng, persons, person, when, "tests"),
        }
    )


def _during_treatment(
    rng: np.random.Generator, persons: pl.DataFrame, episodes: pl.DataFrame, rate: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw person, day and substance of events at a yearly rate while treated, since 2015."""
    person = episodes["person"].to_numpy()
    first = np.maximum(episodes["start"].to_numpy(), day(2015))
    last = np.minimum(episodes["stop"].to_numpy(), persons["view_end"].to_numpy()[person]) - 1
    count = rng.poisson(rate * (last - first).clip(0) / YEAR)
    when = draw_days(rng, np.repeat(first, count), np.repeat(last, count))
    return np.repeat(person, count), when, np.repeat(episodes["substance"].to_numpy(), count)


def biobank_table(
    rng: np.random.Generator, persons: pl.DataFrame, patient_id: pl.Series
) -> pl.DataFrame:
    """Return biobank samples of patients and a few relatives."""
    data = np.flatnonzero((persons["included"] < NEVER).to_numpy())
    parts = []
    for sample, share in (("dna", parameter("biobank_dna")), ("serum", parameter("biobank_serum"))):
        given = data[rng.random(len(data)) < share]
        of_relative = rng.random(len(given)) < parameter("biobank_relative")
        relative = rng.choice(np.array(["parent", "sibling"]), len(given))
        relation = np.where(of_relative, relative, "patient")
        parts.append(
            pl.DataFrame({"patient_id": patient_id[given], "sample": sample, "relation": relation})
        )
    return pl.concat(parts)
