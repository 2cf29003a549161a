"""The yearly questionnaire: who is sent it, who answers, and what."""

import numpy as np
import polars as pl

from msanalysis.synthetic.lives import day
from msanalysis.synthetic.parameters import family, parameter, published, published_share
from msanalysis.synthetic.quotas import draw

REPORT_YEAR = 2024


def questionnaires(
    rng: np.random.Generator,
    persons: pl.DataFrame,
    disability: np.ndarray,
    patient_id: pl.Series,
    scale: float,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the answers and the mailings of every November since 2019, with internal days.

    `disability` is a score near each person's EDSS. In the report year mailings, those reached
    and answers are quotas; a mailing without channel did not reach the person.
    """
    answers, mailings = [], []
    readiness = parameter("prom_again_propensity") * rng.standard_normal(len(persons))
    always = _always(rng, persons, readiness, scale)
    level = rng.standard_normal((len(persons), 2))
    for year, n in {**family("prom_years"), str(REPORT_YEAR): published("prom_answers")}.items():
        sent = _mailed(rng, persons, int(year), scale)
        answered = _answering(rng, sent, readiness, always, round(n * scale))
        mailings.append(_mailings(rng, sent, answered, patient_id, int(year)))
        answers.append(_answers(rng, persons, answered, disability, level, int(year)))
    answers = _centred(pl.concat(answers))
    ids = pl.DataFrame({"person": np.arange(len(patient_id)), "patient_id": patient_id})
    answers = answers.join(ids, on="person", how="left", maintain_order="left").drop("person")
    return answers, pl.concat(mailings)


def _eligible(persons: pl.DataFrame, year: int) -> np.ndarray:
    mailed = day(year, 11, 5)
    in_registry = (persons["included"] < mailed) & (persons["diagnosis"] < mailed)
    return (in_registry & (persons["view_end"] > day(year, 12, 20))).to_numpy()


def _always(
    rng: np.random.Generator, persons: pl.DataFrame, readiness: np.ndarray, scale: float
) -> np.ndarray:
    """Choose the published number who answer every year."""
    possible = _eligible(persons, 2019) & persons["alive"].to_numpy()
    always = np.zeros(len(persons), dtype=bool)
    n = round(published("prom_answered_all_years") * scale)
    always[draw(rng, possible * np.exp(readiness), n)] = True
    return always


def _mailed(rng: np.random.Generator, persons: pl.DataFrame, year: int, scale: float) -> np.ndarray:
    eligible = _eligible(persons, year)
    if year != REPORT_YEAR:
        return eligible
    n = round(published("prom_registered_alive") * scale)
    mailed = np.zeros(len(persons), dtype=bool)
    early = np.where(persons["included"] < day(2019, 11), 1e6, 1.0)
    mailed[draw(rng, eligible * early, n)] = True
    return mailed


def _answering(
    rng: np.random.Generator, sent: np.ndarray, readiness: np.ndarray, always: np.ndarray, n: int
) -> np.ndarray:
    """Choose who answers: those who always do, others by readiness, but somebody misses a year."""
    answered = sent & always
    weight = np.exp(readiness) * sent * ~always
    answered[draw(rng, weight, n - int(answered.sum()))] = True
    return answered


def _mailings(
    rng: np.random.Generator,
    sent: np.ndarray,
    answered: np.ndarray,
    patient_id: pl.Series,
    year: int,
) -> pl.DataFrame:
    who = np.flatnonzero(sent)
    reached = answered.copy()
    n_reached = round(answered.sum() / published_share("prom_share_of_reached"))
    reached[draw(rng, (sent & ~answered).astype(float), n_reached - int(answered.sum()))] = True
    channel = np.where(
        rng.random(len(who)) < parameter("prom_helsenorge"), "helsenorge", "digipost"
    )
    return pl.DataFrame(
        {
            "patient_id": patient_id[who],
            "mailed_date": np.full(len(who), day(year, 11, 5)),
            "channel": pl.Series(channel),
        }
    ).with_columns(channel=pl.when(pl.Series(reached[who])).then("channel"))


def _answers(
    rng: np.random.Generator,
    persons: pl.DataFrame,
    answered: np.ndarray,
    disability: np.ndarray,
    level: np.ndarray,
    year: int,
) -> pl.DataFrame:
    """Draw the four scores of each answer from disability, treatment and the person."""
    who = np.flatnonzero(answered)
    worse = disability[who] - 0.07 * (REPORT_YEAR - year)
    untreated = np.where(persons["status"].to_numpy()[who] < 0, parameter("prom_untreated"), 0)
    noise = parameter("prom_answer_sd") * rng.standard_normal((len(who), 2))
    own = parameter("prom_person_sd") * level[who] + noise
    physical = parameter("prom_physical_per_edss") * worse + untreated + own[:, 0]
    mental = parameter("prom_mental_per_edss") * worse + own[:, 1] + 0.3 * own[:, 0]
    return pl.DataFrame(
        {
            "person": who,
            "answered_date": day(year, 11, 5) + rng.integers(0, 40, len(who)),
            "rand12_physical": physical,
            "rand12_mental": mental,
        }
    )


def _centred(answers: pl.DataFrame) -> pl.DataFrame:
    """Move the scores so that the report year has the published means; derive MSIS-29 from them."""
    of_year = pl.col("answered_date") >= day(REPORT_YEAR, 11)
    moved = answers.with_columns(
        (pl.col(name) - pl.col(name).filter(of_year).mean() + published(name)).clip(5, 75)
        for name in ("rand12_physical", "rand12_mental")
    )
    return moved.with_columns(
        msis29_physical=(118 - 2.15 * pl.col("rand12_physical")).clip(0, 100),
        msis29_psychological=(102 - 1.75 * pl.col("rand12_mental")).clip(0, 100),
    ).with_columns(pl.col(pl.Float64).round(1))
