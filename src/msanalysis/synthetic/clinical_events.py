"""Relapses, MRI, antibody tests, adverse events and biobank samples."""

import numpy as np
import polars as pl

from msanalysis import codes
from msanalysis.synthetic.lives import (
    DATA_CUTOFF,
    NEVER,
    PPMS,
    YEAR,
    day,
)
from msanalysis.synthetic.parameters import family, over_years, parameter, published_share
from msanalysis.synthetic.person_years import draw_days, person_years
from msanalysis.synthetic.quotas import draw_by_group
from msanalysis.synthetic.registration import registered_days
from msanalysis.synthetic.substances import NATALIZUMAB, SUBSTANCES

MRI_WINDOW = day(2023, 7), day(2024, 6, 30)
DAYS_TESTED_BEFORE = 60
ASSAY_CHANGE = day(2024, 1, 15)
HIGH_EFFICACY = np.array([drug["high_efficacy_from"] != "" for drug in codes.drugs()])
EVENT_CATEGORIES = (
    "infection",
    "infusion_reaction",
    "malignancy",
    "cardiac",
    "hepatic",
    "blood",
    "other",
)
EVENT_SHARES = (0.3, 0.2, 0.04, 0.06, 0.12, 0.13, 0.15)
TARGETS = ("vzv", "hbv", "hcv", "hiv", "interferon", "natalizumab", "rituximab", "other")


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
            "registered_date": registered_days(
                rng, when, persons["included"].to_numpy()[who], "relapses"
            ),
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
    new_lesions = rng.poisson(parameter("mri_new_t2") * rng.gamma(0.3, 1 / 0.3, n))
    return pl.DataFrame(
        {
            "patient_id": patient_id[person],
            "mri_date": when,
            "region": rng.choice(np.array(["brain", "both", "spine"]), n, p=[0.62, 0.34, 0.04]),
            "new_t2_lesions": new_lesions,
            "enlarging_t2_lesions": rng.poisson(0.05, n),
            "gd_lesions": np.where(rng.random(n) < parameter("mri_gd"), 1 + rng.poisson(0.7, n), 0),
            "registered_date": registered_days(
                rng, when, persons["included"].to_numpy()[person], "mri"
            ),
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
    """Return JC virus tests on natalizumab; positive before a stop for it."""
    on = episodes.filter(pl.col("substance") == NATALIZUMAB)
    view_end = persons["view_end"].to_numpy()[on["person"].to_numpy()]
    diagnosis = persons["diagnosis"].to_numpy()[on["person"].to_numpy()]
    start = np.maximum(on["start"].to_numpy() - DAYS_TESTED_BEFORE, diagnosis)
    end = np.minimum(on["stop"].to_numpy(), view_end) - 1
    count = rng.poisson(parameter("jcv_per_year") * (end - start).clip(0) / YEAR)
    person, low, high, stop = (
        np.repeat(column, count) for column in (on["person"], start, end, on["stop"])
    )
    when = np.minimum(draw_days(rng, low, np.maximum(high, low)), DATA_CUTOFF)
    before_stop = (stop < NEVER) & (stop - when < 200)
    chance = np.where(before_stop, 0.85, np.where(when < ASSAY_CHANGE, 0.12, 0.25))
    positive = rng.random(len(when)) < chance
    index = np.where(
        positive, 0.4 + rng.gamma(2, 0.6, len(when)), 0.1 + 0.25 * rng.random(len(when))
    )
    return pl.DataFrame(
        {
            "patient_id": patient_id[person],
            "sample_date": when,
            "result": np.where(positive, "positive", "negative"),
            "index_value": np.round(index, 2),
            "assay": np.where(when < ASSAY_CHANGE, "stratify", "immunowell"),
            "registered_date": registered_days(
                rng, when, persons["included"].to_numpy()[person], "tests"
            ),
        }
    )


def antibody_table(
    rng: np.random.Generator, persons: pl.DataFrame, episodes: pl.DataFrame, patient_id: pl.Series
) -> pl.DataFrame:
    """Return other antibody tests: mostly before and during treatment since 2015."""
    person, when = _during_treatment(rng, persons, episodes, parameter("antibody_rate"))
    positive = rng.random(len(when)) < 0.25
    return pl.DataFrame(
        {
            "patient_id": patient_id[person],
            "sample_date": when,
            "target": rng.choice(np.array(TARGETS), len(when)),
            "result": np.where(positive, "positive", "negative"),
            "registered_date": registered_days(
                rng, when, persons["included"].to_numpy()[person], "tests"
            ),
        }
    )


def adverse_events_table(
    rng: np.random.Generator, persons: pl.DataFrame, episodes: pl.DataFrame, patient_id: pl.Series
) -> pl.DataFrame:
    """Return adverse events with the substance that was running."""
    rate = parameter("adverse_event_rate")
    person, when, substance = _during_treatment(rng, persons, episodes, rate, with_substance=True)
    n = len(when)
    return pl.DataFrame(
        {
            "patient_id": patient_id[person],
            "event_date": when,
            "substance": np.array(SUBSTANCES)[substance],
            "category": rng.choice(np.array(EVENT_CATEGORIES), n, p=EVENT_SHARES),
            "serious": rng.random(n) < parameter("adverse_event_serious"),
            "registered_date": registered_days(
                rng, when, persons["included"].to_numpy()[person], "tests"
            ),
        }
    )


def _during_treatment(
    rng: np.random.Generator,
    persons: pl.DataFrame,
    episodes: pl.DataFrame,
    rate: float,
    with_substance: bool = False,
) -> tuple[np.ndarray, ...]:
    """Draw events at a constant yearly rate while a treatment runs, since 2015."""
    view_end = persons["view_end"].to_numpy()[episodes["person"].to_numpy()]
    first = np.maximum(episodes["start"].to_numpy(), day(2015))
    last = np.minimum(episodes["stop"].to_numpy(), view_end) - 1
    count = rng.poisson(rate * (last - first).clip(0) / YEAR)
    when = draw_days(rng, np.repeat(first, count), np.repeat(last, count))
    person = np.repeat(episodes["person"].to_numpy(), count)
    if with_substance:
        return person, when, np.repeat(episodes["substance"].to_numpy(), count)
    return person, when


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
