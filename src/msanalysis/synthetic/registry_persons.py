"""Choose from all lives those the registry holds, so that its printed counts are met.

Cells of the registered (alive or when they died, sex, course, period of diagnosis) are raked to the
published margins, rounded, and filled by chance. What the lives give by themselves is close to
the margins, so that choosing bends little.
"""

import numpy as np
import polars as pl

from msanalysis import codes
from msanalysis.synthetic.lives import (
    COURSES,
    DATA_CUTOFF,
    NEVER,
    PPMS,
    RRMS,
    STATUS_DATE,
    UNKNOWN,
    YEAR,
    day,
    invent_lives,
    registered,
)
from msanalysis.synthetic.parameters import (
    parameter,
    published,
    published_n,
    published_share,
)
from msanalysis.synthetic.quotas import largest_remainder, rake, split

DEFAULT_PERSONS = int(published("registered_total"))
REPORT_YEAR_START = day(2024)
NEW, ALIVE, DEAD_EARLIER, DEAD_IN_YEAR = range(4)
LIVES_PER_PERSON = 2.4
FEWEST_LIVES = 6000
TWO_YEARS_DAYS = 730
CELL = ("status", "female", "course", "period", "late", "within_24m")


def choose_persons(rng: np.random.Generator, persons: int) -> pl.DataFrame:
    """Return the registry's persons as lives, in random order.

    `persons` of them have data and a diagnosis by the status date; besides them come those who
    consented without data (`included` is NEVER) and those diagnosed until the data cutoff, in
    proportion.
    """
    lives = invent_lives(rng, max(FEWEST_LIVES, int(LIVES_PER_PERSON * persons)))
    lives = lives.with_row_index("life")
    known = _with_data(rng, lives, persons)
    known = _meet_onset_ages(known)
    known = known.with_columns(trust=_trusts(rng, known["status"].to_numpy()))
    others = lives.join(known, on="life", how="anti", maintain_order="left")
    everyone = pl.concat([known, *_besides(rng, others, persons)], how="vertical_relaxed")
    return everyone.sample(fraction=1, shuffle=True, seed=int(rng.integers(2**31))).drop("life")


def _with_data(rng: np.random.Generator, lives: pl.DataFrame, persons: int) -> pl.DataFrame:
    by_status = (lives["diagnosis"] <= STATUS_DATE).to_numpy() & registered(lives, STATUS_DATE)
    candidates = lives.filter(by_status).with_columns(_cell_columns())
    candidates = candidates.filter(~((pl.col("status") != NEW) & pl.col("new")))
    cells = candidates.group_by(CELL).len("weight").sort(CELL)
    cells = cells.with_columns(quota=_cell_quotas(cells, persons), margin=_margin(cells))
    order = rng.permutation(candidates.height)
    ranked = (
        candidates[order]
        .join(cells, on=CELL, how="left")
        .with_columns(priority=pl.int_range(pl.len()).over(CELL) / pl.col("quota").clip(1e-9))
    )
    return ranked.sort("priority", maintain_order=True)[:persons].select(*lives.columns, "status")


def _cell_columns() -> list[pl.Expr]:
    diagnosis, death = pl.col("diagnosis"), pl.col("death")
    new = diagnosis >= REPORT_YEAR_START
    alive = death > STATUS_DATE
    status = pl.when(alive & new).then(NEW).when(alive).then(ALIVE)
    return [
        status.when(death >= REPORT_YEAR_START)
        .then(DEAD_IN_YEAR)
        .otherwise(DEAD_EARLIER)
        .alias("status"),
        new.alias("new"),
        ((diagnosis >= day(2013)).cast(int) + (diagnosis >= day(2017)).cast(int)).alias("period"),
        ((pl.col("included") >= REPORT_YEAR_START) & ~new).alias("late"),
        (new & (diagnosis - pl.col("onset") <= TWO_YEARS_DAYS)).alias("within_24m"),
    ]


def _margin(cells: pl.DataFrame) -> pl.Series:
    """Return the group of cells within which rounding keeps the total."""
    return (cells["status"] * 3 + cells["course"] * (cells["status"] <= ALIVE)).alias("margin")


def _cell_quotas(cells: pl.DataFrame, persons: int) -> np.ndarray:
    """Rake the cells to the published margins and round them to whole persons."""
    at = {name: cells[name].to_numpy() for name in CELL}
    weights = rake(cells["weight"].to_numpy(), _counts(at), _shares(at))
    margin = _margin(cells).to_numpy()
    groups = np.unique(margin)
    totals = largest_remainder(np.array([weights[margin == g].sum() for g in groups]), persons)
    quotas = np.zeros(len(weights), dtype=int)
    for group, total in zip(groups, totals, strict=True):
        quotas[margin == group] = largest_remainder(weights[margin == group], total)
    return quotas


def _counts(at: dict[str, np.ndarray]) -> list[tuple[np.ndarray, float]]:
    """Return the published counts as (cells, total), at the default size."""
    status, course, female = at["status"], at["course"], at["female"]
    new, living = status == NEW, status <= ALIVE
    women = round(published("alive") * published_share("female_share_alive"))
    men = published("alive") - women
    ppms_women = round(women * published_share("ppms_share_women"))
    ppms_men = round(men * published_share("ppms_share_men"))
    rest = published("alive") - published("alive_rrms") - ppms_women - ppms_men
    late = published("registered_increase") - published("new_diagnosed")
    return [
        (status == DEAD_EARLIER, published("dead_previous_year")),
        (status == DEAD_IN_YEAR, published("dead") - published("dead_previous_year")),
        (at["late"], late),
        (~at["late"] & ~new, published("registered_total") - published("registered_increase")),
        (living & (course == PPMS) & female, ppms_women),
        (living & (course == PPMS) & ~female, ppms_men),
        (living & (course == RRMS), published("alive_rrms")),
        (living & (course == UNKNOWN), rest),
        *_new_counts(at),
    ]


def _new_counts(at: dict[str, np.ndarray]) -> list[tuple[np.ndarray, float]]:
    new, course = at["status"] == NEW, at["course"]
    women = published_n("onset_to_diagnosis_24m_women")
    men = published("new_diagnosed") - women
    unknown = (
        published("new_diagnosed")
        - published("new_diagnosed_rrms")
        - published("new_diagnosed_ppms")
    )
    counts = [
        (new & (course == RRMS), published("new_diagnosed_rrms")),
        (new & (course == PPMS), published("new_diagnosed_ppms")),
        (new & (course == UNKNOWN), unknown),
    ]
    for sex, n, figure in ((at["female"], women, "women"), (~at["female"], men, "men")):
        within = round(n * published_share(f"onset_to_diagnosis_24m_{figure}"))
        counts += [
            (new & sex & at["within_24m"], within),
            (new & sex & ~at["within_24m"], n - within),
        ]
    return counts


def _shares(at: dict[str, np.ndarray]) -> list[tuple[np.ndarray, np.ndarray, float]]:
    """Return the published shares as (cells, those in the numerator, share)."""
    living, female = at["status"] <= ALIVE, at["female"]
    since_2013, since_2017 = at["period"] >= 1, at["period"] == 2
    return [
        (living, female, published_share("female_share_alive")),
        (since_2013, at["course"] == PPMS, published_share("ppms_share_new_2013_2024")),
        (since_2013, female, published_share("female_share_new_2013_2024")),
        (since_2017, female, published_share("female_share_new_2017_2024")),
    ]


def _meet_onset_ages(persons: pl.DataFrame) -> pl.DataFrame:
    """Move births by some days, so that mean ages at onset are the published ones.

    Women and men of the report year, then everyone else alive together; never by more than
    `onset_age_largest_move_days`, so that small registries keep their chance.
    """
    status = persons["status"].to_numpy()
    female = persons["female"].to_numpy()
    age = (persons["onset"] - persons["birth"]).to_numpy() / YEAR
    new = status == NEW
    move = np.zeros(len(age))
    for group, figure in ((new & female, "women"), (new & ~female, "men")):
        move[group] = _years_off(age[group], published(f"onset_age_new_{figure}"))
    living = status <= ALIVE
    others = status == ALIVE
    total = published("onset_age_mean") * living.sum() - (age + move)[new].sum()
    move[others] = _years_off(age[others], total / max(others.sum(), 1))
    most = parameter("onset_age_largest_move_days")
    days = np.clip(np.round(move * YEAR), -most, most).astype(int)
    return persons.with_columns(birth=persons["birth"].to_numpy() - days)


def _years_off(age: np.ndarray, mean: float) -> float:
    return mean - age.mean() if len(age) else 0.0


def _trusts(rng: np.random.Generator, status: np.ndarray) -> np.ndarray:
    """Return the trust of residence: alive and new as published, the dead in proportion."""
    alive = {trust: published(f"alive_{trust}") for trust in codes.trusts()}
    new = {trust: published(f"new_diagnosed_{trust}") for trust in codes.trusts()}
    older = {trust: alive[trust] - new[trust] for trust in alive}
    trust = np.empty(len(status), dtype=int)
    for group, shares in ((status == NEW, new), (status == ALIVE, older), (status > ALIVE, alive)):
        counts = list(split(shares, int(group.sum())).values())
        trust[group] = rng.permutation(np.repeat(np.arange(len(counts)), counts))
    return trust


def _besides(rng: np.random.Generator, lives: pl.DataFrame, persons: int) -> list[pl.DataFrame]:
    """Return the consented without data, and those diagnosed between status date and cutoff."""
    scale = persons / DEFAULT_PERSONS
    living = lives.filter((pl.col("death") > DATA_CUTOFF) & (pl.col("emigration") > DATA_CUTOFF))
    without = living.filter(pl.col("consent") <= STATUS_DATE).sort("consent", descending=True)
    n_without = round(published("consented_without_data") * scale)
    without = without[: 3 * n_without].sample(n_without, seed=int(rng.integers(2**31)))
    after = living.filter(
        pl.col("diagnosis").is_between(STATUS_DATE + 1, DATA_CUTOFF)
        & (pl.col("included") <= DATA_CUTOFF)
    )
    n_after = min(round(parameter("diagnosed_after_status_date") * scale), after.height)
    groups = [without.with_columns(included=pl.lit(NEVER)), after[:n_after]]
    return [
        group.with_columns(status=pl.lit(NEW, pl.Int64)).pipe(
            lambda frame: frame.with_columns(trust=_trusts(rng, np.full(frame.height, ALIVE)))
        )
        for group in groups
    ]


def course_codes(course: np.ndarray) -> np.ndarray:
    """Return the code of each course."""
    return np.array(COURSES)[course]
