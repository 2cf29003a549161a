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
    decimal_year,
    invent_lives,
    registered,
)
from msanalysis.synthetic.parameters import (
    over_years,
    parameter,
    published,
    published_n,
    published_share,
)
from msanalysis.synthetic.quotas import (
    TINY,
    largest_remainder,
    rake,
    round_in_order,
    round_table,
    split,
)

DEFAULT_PERSONS = int(published("registered_total"))
REPORT_YEAR_START = day(2024)
NEW, ALIVE, DEAD_EARLIER, DEAD_IN_YEAR, BESIDES = range(5)
LIVES_PER_PERSON = 2.4
FEWEST_LIVES = 6000
TWO_YEARS_DAYS = 730
DIAGNOSIS_MARGIN_DAYS = 3
CELL = ("status", "female", "course", "period", "entry", "within_24m", "over_65")
ORDINARY, BY_JUNE, BY_DECEMBER, REST_OF_DECEMBER, OF_2023, LATE_OF_2023, LATE = range(7)


def choose_persons(rng: np.random.Generator, persons: int) -> pl.DataFrame:
    """Return the registry's persons as lives with `trust` and `precision`, in random order.

    `persons` of them have data, and a diagnosis by the status date; besides them come those who
    consented without data (`included` is NEVER) and those diagnosed until the data cutoff, in
    proportion.
    """
    lives = invent_lives(rng, max(FEWEST_LIVES, int(LIVES_PER_PERSON * persons)))
    lives = lives.with_row_index("life").with_columns(death=_known_death())
    known = _with_data(rng, lives, persons)
    others = lives.join(known, on="life", how="anti", maintain_order="left")
    everyone = pl.concat([known, *_besides(others, persons)], how="vertical_relaxed")
    everyone = everyone[rng.permutation(everyone.height)].drop("life")
    everyone = _meet_onset_ages(_with_onset_precision(rng, everyone))
    trust = _trusts(rng, everyone["status"].to_numpy())
    return everyone.drop("status").with_columns(trust=trust, person=pl.int_range(pl.len()))


def _known_death() -> pl.Expr:
    """Return the death the population register knows: none of those who emigrated before."""
    return pl.when(pl.col("death") <= pl.col("emigration")).then("death").otherwise(NEVER)


def _with_data(rng: np.random.Generator, lives: pl.DataFrame, persons: int) -> pl.DataFrame:
    by_status = (lives["diagnosis"] <= STATUS_DATE).to_numpy() & registered(lives)
    candidates = lives.filter(by_status).with_columns(_cell_columns())
    candidates = candidates.filter(~((pl.col("status") != NEW) & pl.col("new")))
    cells = candidates.group_by(CELL).len("weight").sort(CELL)
    cells = cells.with_columns(quota=_cell_quotas(cells, persons))
    order = rng.permutation(candidates.height)
    ranked = (
        candidates[order]
        .join(cells, on=CELL, how="left", maintain_order="left")
        .with_columns(priority=pl.int_range(pl.len()).over(CELL) / pl.col("quota").clip(TINY))
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
        _entry(new).alias("entry"),
        (new & (diagnosis - pl.col("onset") <= TWO_YEARS_DAYS)).alias("within_24m"),
        (alive & (STATUS_DATE - pl.col("birth") > 65 * YEAR)).alias("over_65"),
    ]


def _entry(new: pl.Expr) -> pl.Expr:
    """Return when a person became known, as far as the report counts it.

    Those diagnosed in 2022 by the June release, by the December release, or in the rest of that
    December (kept empty, so that the day of the release does not matter); those diagnosed in 2023
    by the end of that year, or by the June release; of other years those who were included since
    the start of the report year.
    """
    included = pl.col("included")
    of_2022 = pl.col("diagnosis").is_between(day(2022), day(2022, 12, 31))
    of_2023 = pl.col("diagnosis").is_between(day(2023), day(2023, 12, 31))
    return (
        pl.when(new)
        .then(ORDINARY)
        .when(of_2023 & (included < REPORT_YEAR_START))
        .then(OF_2023)
        .when(of_2023 & (included <= day(2024, 5, 15)))
        .then(LATE_OF_2023)
        .when(included >= REPORT_YEAR_START)
        .then(LATE)
        .when(of_2022 & (included > day(2023, 11, 15)))
        .then(REST_OF_DECEMBER)
        .when(of_2022 & (included > day(2023, 5, 15)))
        .then(BY_DECEMBER)
        .when(of_2022)
        .then(BY_JUNE)
        .otherwise(ORDINARY)
    )


def _cell_quotas(cells: pl.DataFrame, persons: int) -> np.ndarray:
    """Rake the cells to the published margins and round them to whole persons.

    Three times in a row, each within the one before: status and course against entry (of the new
    sex and time to diagnosis); then against sex and period of diagnosis; then all cells.
    """
    at = {name: cells[name].to_numpy() for name in CELL}
    weights = rake(cells["weight"].to_numpy(), _counts(at), _shares(at))
    weights *= persons / weights.sum()
    course = at["status"] * len(COURSES) + at["course"] * (at["status"] <= ALIVE)
    of_new = LATE + 1 + 2 * at["female"] + at["within_24m"]
    entry = np.where(at["status"] == NEW, of_new, at["entry"])
    table = _cross(weights, course, entry)
    by_entry = round_table(table, largest_remainder(table.sum(axis=1), persons))
    group = course * table.shape[1] + entry
    sex_and_period = 3 * at["female"] + at["period"]
    by_sex = round_table(
        _cross(weights, group, sex_and_period), by_entry.ravel()[: group.max() + 1]
    )
    quotas = np.zeros(len(weights), dtype=int)
    for cell in np.unique(np.column_stack([group, sex_and_period]), axis=0):
        of_it = (group == cell[0]) & (sex_and_period == cell[1])
        quotas[of_it] = round_in_order(weights[of_it], by_sex[tuple(cell)])
    return quotas


def _cross(weights: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    table = np.zeros((rows.max() + 1, columns.max() + 1))
    np.add.at(table, (rows, columns), weights)
    return table


def _counts(at: dict[str, np.ndarray]) -> list[tuple[np.ndarray, float]]:
    """Return the published counts as (cells, total), at the default size."""
    status, course, female = at["status"], at["course"], at["female"]
    new, living = status == NEW, status <= ALIVE
    women = round(published("alive") * published_share("female_share_alive"))
    men = published("alive") - women
    ppms_women = round(women * published_share("ppms_share_women"))
    ppms_men = round(men * published_share("ppms_share_men"))
    rest = published("alive") - published("alive_rrms") - ppms_women - ppms_men
    new_total = published("new_diagnosed")
    late = published("registered_increase") - new_total
    june = published("new_diagnosed_2022_june")
    return [
        (status == DEAD_EARLIER, published("dead_previous_year")),
        (status == DEAD_IN_YEAR, published("dead") - published("dead_previous_year")),
        (at["entry"] == BY_JUNE, june),
        (at["entry"] == BY_DECEMBER, published("new_diagnosed_2022_december") - june),
        (at["entry"] == REST_OF_DECEMBER, 0),
        (np.isin(at["entry"], (OF_2023, LATE_OF_2023)), _known_of_2023()),
        (at["entry"] >= LATE_OF_2023, late),
        ((at["entry"] < LATE_OF_2023) & ~new, published("registered_total") - late - new_total),
        (living & (course == PPMS) & female, ppms_women),
        (living & (course == PPMS) & ~female, ppms_men),
        (living & (course == RRMS), published("alive_rrms")),
        (living & (course == UNKNOWN), rest),
        *_new_counts(at),
    ]


def _known_of_2023() -> float:
    """Return the newly diagnosed of 2023, as known in June 2024."""
    expected = published("expected_incidence") * 10 * float(over_years("inhabitants", 2023))
    return published_share("coverage_new_2023") * expected


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
        (living, at["over_65"], published_share("over_65")),
        (since_2013, at["course"] == PPMS, published_share("ppms_share_new_2013_2024")),
        (since_2013, female, published_share("female_share_new_2013_2024")),
        (since_2017, female, published_share("female_share_new_2017_2024")),
    ]


def _with_onset_precision(rng: np.random.Generator, persons: pl.DataFrame) -> pl.DataFrame:
    """Move onsets known by month to the 15th, those known by year to 1 July.

    An onset keeps its day where the move would pass the diagnosis or the limit of 24 months.
    """
    onset, diagnosis = persons["onset"].to_numpy(), persons["diagnosis"].to_numpy()
    dates = onset.astype("datetime64[D]")
    by_month = dates.astype("datetime64[M]").astype("datetime64[D]").astype(int) + 14
    by_year = (dates.astype("datetime64[Y]").astype("datetime64[M]") + 6).astype("datetime64[D]")
    year_only = rng.random(len(onset)) < over_years("onset_year_only", decimal_year(onset))
    month_only = rng.random(len(onset)) < parameter("onset_month_only")
    moved = np.where(year_only, by_year.astype(int), np.where(month_only, by_month, onset))
    same_side = (diagnosis - moved <= TWO_YEARS_DAYS) == (diagnosis - onset <= TWO_YEARS_DAYS)
    moves = (moved <= diagnosis - DIAGNOSIS_MARGIN_DAYS) & same_side
    precision = np.where(year_only, "year", np.where(month_only, "month", "day"))
    return persons.with_columns(
        onset=np.where(moves, moved, onset), precision=np.where(moves, precision, "day")
    )


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


def _besides(lives: pl.DataFrame, persons: int) -> list[pl.DataFrame]:
    """Return the consented without data, and those diagnosed between status date and cutoff."""
    scale = persons / DEFAULT_PERSONS
    living = lives.filter(pl.min_horizontal("death", "emigration") > DATA_CUTOFF)
    without = living.filter(pl.col("consent") <= STATUS_DATE).sort(
        "consent", "life", descending=True
    )
    without = without[: round(published("consented_without_data") * scale)]
    after = living.filter(
        pl.col("diagnosis").is_between(STATUS_DATE + 1, DATA_CUTOFF)
        & (pl.col("included") <= DATA_CUTOFF)
    )
    after = after[: round(parameter("diagnosed_after_status_date") * scale)]
    groups = (without.with_columns(included=pl.lit(NEVER)), after)
    return [group.with_columns(status=pl.lit(BESIDES)) for group in groups]
