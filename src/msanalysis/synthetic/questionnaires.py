"""The yearly questionnaire: who is sent it, who answers, and what."""

import numpy as np
import polars as pl

from msanalysis.synthetic.lives import YEAR, day
from msanalysis.synthetic.parameters import family, parameter, published, published_share
from msanalysis.synthetic.quotas import FIRST_IN_TURN, draw
from msanalysis.synthetic.treatments import treatment_known

FIRST_YEAR, REPORT_YEAR = 2019, 2024
MAILED = (11, 25)
LONGEST_WAIT_DAYS = 28


def questionnaires(
    rng: np.random.Generator,
    persons: pl.DataFrame,
    episodes: pl.DataFrame,
    periods: pl.DataFrame,
    disability: np.ndarray,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the answers and the mailings of every November since 2019.

    `disability` is a score near each person's EDSS. In the report year mailings, those reached,
    answers, and answers of persons with unknown treatment status are quotas; a mailing without
    channel did not reach the person.
    """
    scale = persons["new"].sum() / published("new_diagnosed")
    answers, mailings = [], []
    habits = _habits(rng, persons, scale)
    for year, n in {**family("prom_years"), str(REPORT_YEAR): published("prom_answers")}.items():
        sent = _mailed(rng, persons, int(year), scale)
        when = day(int(year), *MAILED) + rng.integers(0, LONGEST_WAIT_DAYS, len(persons))
        weight = _readiness_to_answer(habits, sent & _can_answer(persons, int(year)), int(year))
        known = treatment_known(episodes, periods, when)
        answered = _answering(rng, weight, known, int(year), round(n * scale))
        mailings.append(_mailings(rng, sent, answered, int(year)))
        answers.append(_answers(rng, persons, answered, when, disability, habits))
    return _centred(pl.concat(answers)), pl.concat(mailings)


def _habits(rng: np.random.Generator, persons: pl.DataFrame, scale: float) -> pl.DataFrame:
    """Return each person's readiness, the year they miss (0 for those who never do), and levels.

    The published number answer every year; everyone else misses at least one.
    """
    readiness = parameter("prom_again_propensity") * rng.standard_normal(len(persons))
    possible = _eligible(persons, FIRST_YEAR) & _can_answer(persons, REPORT_YEAR)
    always = draw(
        rng,
        possible * np.exp(readiness),
        round(published("prom_answered_all_years") * scale),
    )
    missed = rng.integers(FIRST_YEAR, REPORT_YEAR + 1, len(persons))
    missed[always] = 0
    physical, mental = parameter("prom_person_sd") * rng.standard_normal((2, len(persons)))
    return pl.DataFrame(
        {"readiness": readiness, "missed": missed, "physical": physical, "mental": mental}
    )


def _eligible(persons: pl.DataFrame, year: int) -> np.ndarray:
    mailed = day(year, *MAILED)
    in_registry = (persons["included"] < mailed) & (persons["diagnosis"] < mailed)
    return (in_registry & (persons["view_end"] > mailed)).to_numpy()


def _can_answer(persons: pl.DataFrame, year: int) -> np.ndarray:
    return (persons["view_end"] > day(year, *MAILED) + LONGEST_WAIT_DAYS).to_numpy()


def _mailed(rng: np.random.Generator, persons: pl.DataFrame, year: int, scale: float) -> np.ndarray:
    eligible = _eligible(persons, year)
    if year != REPORT_YEAR:
        return eligible
    n = round(published("prom_registered_alive") * scale)
    mailed = np.zeros(len(persons), dtype=bool)
    early = np.where(persons["included"] < day(FIRST_YEAR, *MAILED), FIRST_IN_TURN, 1.0)
    mailed[draw(rng, eligible * early, n)] = True
    return mailed


def _readiness_to_answer(habits: pl.DataFrame, sent: np.ndarray, year: int) -> np.ndarray:
    missed = habits["missed"].to_numpy()
    weight = np.exp(habits["readiness"].to_numpy()) * sent * (missed != year)
    return np.where(missed == 0, weight * FIRST_IN_TURN**2, weight)


def _answering(
    rng: np.random.Generator, weight: np.ndarray, known: np.ndarray, year: int, n: int
) -> np.ndarray:
    """Choose who answers; in the report year a quota of those with unknown treatment status."""
    answered = np.zeros(len(weight), dtype=bool)
    if year == REPORT_YEAR:
        unknown = round(n * published("prom_unknown_treatment") / published("prom_answers"))
        answered[draw(rng, weight * ~known, unknown)] = True
        weight = weight * known
    answered[draw(rng, weight * ~answered, n - int(answered.sum()))] = True
    return answered


def _mailings(
    rng: np.random.Generator, sent: np.ndarray, answered: np.ndarray, year: int
) -> pl.DataFrame:
    who = np.flatnonzero(sent)
    reached = answered.copy()
    n_reached = round(answered.sum() / published_share("prom_share_of_reached"))
    reached[draw(rng, (sent & ~answered).astype(float), n_reached - int(answered.sum()))] = True
    on_helsenorge = rng.random(len(who)) < parameter("prom_helsenorge")
    channel = pl.Series(np.where(on_helsenorge, "helsenorge", "digipost"))
    mailings = pl.DataFrame({"person": who, "channel": channel})
    return mailings.with_columns(
        mailed_date=pl.lit(day(year, *MAILED)),
        channel=pl.when(pl.Series(reached[who])).then("channel"),
    )


def _answers(
    rng: np.random.Generator,
    persons: pl.DataFrame,
    answered: np.ndarray,
    when: np.ndarray,
    disability: np.ndarray,
    habits: pl.DataFrame,
) -> pl.DataFrame:
    """Draw the RAND-12 scores of each answer from disability, treatment and the person."""
    who = np.flatnonzero(answered)
    years_back = (day(REPORT_YEAR, *MAILED) - when[who]) / YEAR
    worse = disability[who] - parameter("edss_rate.rrms") * years_back
    untreated = np.where(persons["status"].to_numpy()[who] < 0, parameter("prom_untreated"), 0)
    noise = parameter("prom_answer_sd") * rng.standard_normal((2, len(who)))
    physical = habits["physical"].to_numpy()[who] + noise[0]
    mental = habits["mental"].to_numpy()[who] + noise[1]
    return pl.DataFrame(
        {
            "person": who,
            "answered_date": when[who],
            "rand12_physical": parameter("prom_physical_per_edss") * worse + untreated + physical,
            "rand12_mental": parameter("prom_mental_per_edss") * worse
            + parameter("prom_mental_per_physical") * physical
            + mental,
        }
    )


def _centred(answers: pl.DataFrame) -> pl.DataFrame:
    """Move the scores so that the report year has the published means; derive MSIS-29 from them."""
    of_year = pl.col("answered_date") >= day(REPORT_YEAR, *MAILED)
    moved = answers.with_columns(
        (pl.col(name) - pl.col(name).filter(of_year).mean() + published(name)).clip(5, 75)
        for name in ("rand12_physical", "rand12_mental")
    )
    return moved.with_columns(
        _msis29("rand12_physical", "msis29_physical"),
        _msis29("rand12_mental", "msis29_psychological"),
    ).with_columns(pl.col(pl.Float64).round(1))


def _msis29(rand12: str, score: str) -> pl.Expr:
    """Return an MSIS-29 score that falls with a RAND-12 score, within 0 to 100."""
    at_norm, per_point = parameter(f"{score}_at_50"), parameter(f"{score}_per_point")
    return (at_norm + per_point * (pl.col(rand12) - 50)).clip(0, 100).alias(score)
