"""Treatment histories: first treatments, rituximab, status at the status date, what came before.

A history is built backwards from what is known of its end, so that counts at the status date are
met: the last treatment (or its absence) is decided first, then the lines before it by what was
popular then.
"""

import numpy as np
import polars as pl

from msanalysis.synthetic.first_treatments import first_possible_start, treat_new
from msanalysis.synthetic.lives import (
    DATA_CUTOFF,
    NEVER,
    STATUS_DATE,
    YEAR,
    day,
)
from msanalysis.synthetic.natalizumab import meet_natalizumab_stops
from msanalysis.synthetic.ofatumumab import place_ofatumumab
from msanalysis.synthetic.parameters import family, parameter
from msanalysis.synthetic.recent_stops import stop_since_status_date
from msanalysis.synthetic.rituximab import end_rituximab, start_rituximab
from msanalysis.synthetic.statuses import SHORTEST_LINE_DAYS, decide_statuses, start_window
from msanalysis.synthetic.substances import (
    HSCT,
    NONE,
    OCRELIZUMAB,
    OFATUMUMAB,
    ONE_OFF,
    RITUXIMAB,
    SUBSTANCES,
    UNDECIDED,
    UNKNOWN_STATUS,
    code,
    draw_start,
    draw_substance,
    on_market,
)

MOST_LINES = 4
LONG_GAP_DAYS = 90
LONGEST_WAIT_DAYS = 90
EPISODE = ("person", "substance", "start", "stop")
NO_EARLIER = (RITUXIMAB, OFATUMUMAB, OCRELIZUMAB, HSCT)


def treat(
    rng: np.random.Generator, persons: pl.DataFrame, scale: float
) -> tuple[pl.DataFrame, pl.DataFrame, np.ndarray]:
    """Return episodes, periods without treatment, and each person's status at the status date.

    Episodes: `person`, `substance` (position in `SUBSTANCES`), `start`, `stop` (NEVER where it
    runs), `last` (no other treatment followed). Periods: `person`, `start`, `stop`.
    """
    persons = _prepared(rng, persons)
    new = treat_new(rng, persons.filter("new"))
    on_rituximab = _leaves_before(rng, persons, _rituximab(rng, persons, new, scale))
    before = pl.col("leaves") <= STATUS_DATE
    persons = persons.with_columns(
        status=_decided(persons, new, on_rituximab),
        must_be_treated=_goes_over(persons, on_rituximab, ~pl.col("naive") & ~before),
        between=_goes_over(persons, on_rituximab, ~pl.col("naive") & before),
        waits_for_rituximab=_goes_over(persons, on_rituximab, pl.col("naive")),
    )
    status = decide_statuses(rng, persons, scale)
    persons = persons.with_columns(status=status)
    last = _last_treatments(rng, persons, new, on_rituximab)
    last, on_ocrelizumab = place_ofatumumab(rng, last, on_rituximab, scale)
    earlier = _earlier_lines(rng, persons, last, on_rituximab, on_ocrelizumab)
    episodes = pl.concat([_rituximab_episodes(on_rituximab), _last_episodes(last), earlier])
    episodes = stop_since_status_date(rng, _ended(episodes, persons), persons)
    episodes = meet_natalizumab_stops(rng, episodes, scale)
    return episodes, _untreated(persons, episodes, last), status


def _prepared(rng: np.random.Generator, persons: pl.DataFrame) -> pl.DataFrame:
    """Add what the stages ask: who can be treated, until when a person is seen."""
    gone = pl.min_horizontal("death", "emigration")
    data = pl.col("included") < NEVER
    return persons.with_columns(
        first_start=first_possible_start(rng, persons["diagnosis"].to_numpy()),
        alive=(pl.col("death") > STATUS_DATE) & data & (pl.col("diagnosis") <= STATUS_DATE),
        new=data & pl.col("diagnosis").is_between(day(2024), STATUS_DATE),
        open=data & (pl.col("diagnosis") < day(2024)),
        view_end=pl.min_horizontal(gone, pl.lit(DATA_CUTOFF)),
        reference=pl.min_horizontal(gone - 1, pl.lit(STATUS_DATE)),
    )


def _rituximab(
    rng: np.random.Generator, persons: pl.DataFrame, new: pl.DataFrame, scale: float
) -> pl.DataFrame:
    started = new.filter(pl.col("treatment") == RITUXIMAB)
    started = started.select("person", "start", naive=pl.lit(True))
    starts = start_rituximab(rng, persons, started, scale)
    known = persons.select("person", "course", "alive", "view_end", "diagnosis")
    return end_rituximab(rng, starts.join(known, on="person", maintain_order="left"), scale)


def _leaves_before(
    rng: np.random.Generator, persons: pl.DataFrame, on_rituximab: pl.DataFrame
) -> pl.DataFrame:
    """Add when a person who goes over to rituximab after the status date `leaves` what was before.

    Some leave by the status date and are between two treatments on it, where they can have been
    treated long enough.
    """
    start = on_rituximab["start"].to_numpy()
    leaves = start - rng.integers(1, LONGEST_WAIT_DAYS, len(start))
    first = persons["first_start"].to_numpy()[on_rituximab["person"].to_numpy()]
    too_early = first + SHORTEST_LINE_DAYS + 30 > leaves
    leaves = np.where(too_early, np.maximum(leaves, STATUS_DATE + 1), leaves)
    return on_rituximab.with_columns(leaves=leaves)


def _decided(persons: pl.DataFrame, new: pl.DataFrame, on_rituximab: pl.DataFrame) -> np.ndarray:
    """Return the statuses that follow from first treatments and rituximab."""
    status = np.where(persons["open"].to_numpy(), UNDECIDED, UNKNOWN_STATUS)
    late = new["start"].to_numpy() > STATUS_DATE
    treatment = new["treatment"].to_numpy()
    status[new["person"].to_numpy()] = np.where(late & (treatment >= 0), NONE, treatment)
    started = on_rituximab.filter(pl.col("start") <= STATUS_DATE)
    at = np.where(started["stop"] <= STATUS_DATE, NONE, RITUXIMAB)
    at = np.where(started["next_start"] <= STATUS_DATE, started["next"], at)
    status[started["person"].to_numpy()] = at
    without = pl.col("naive") | (pl.col("leaves") <= STATUS_DATE)
    waiting = on_rituximab.filter((pl.col("start") > STATUS_DATE) & without)
    status[waiting["person"].to_numpy()] = NONE
    return status


def _goes_over(persons: pl.DataFrame, on_rituximab: pl.DataFrame, which: pl.Expr) -> np.ndarray:
    """Return which of those who start rituximab after the status date are meant."""
    goes = np.zeros(len(persons), dtype=bool)
    later = on_rituximab.filter((pl.col("start") > STATUS_DATE) & which)
    goes[later["person"].to_numpy()] = True
    return goes


def _rituximab_episodes(on_rituximab: pl.DataFrame) -> pl.DataFrame:
    episodes = on_rituximab.select(
        "person", substance=pl.lit(RITUXIMAB), start="start", stop="stop"
    )
    switched = on_rituximab.filter(pl.col("next") != NONE).select(
        "person", substance="next", start="next_start", stop=pl.lit(NEVER)
    )
    return pl.concat([_typed(episodes), _typed(switched)])


def _typed(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select(pl.col(name).cast(pl.Int64) for name in EPISODE)


def _last_treatments(
    rng: np.random.Generator, persons: pl.DataFrame, new: pl.DataFrame, on_rituximab: pl.DataFrame
) -> pl.DataFrame:
    """Return for whoever is not on or past rituximab the last status, its start, and earlier lines.

    `lines` is the number of treatments before; `start` is when the last status began.
    """
    known = np.zeros(len(persons), dtype=bool)
    known[on_rituximab.filter(pl.col("start") <= STATUS_DATE)["person"].to_numpy()] = True
    frame = persons.filter(pl.col("open") & ~pl.Series(known))
    status = frame["status"].to_numpy()
    naive = _began_with_it(rng, frame)
    begun = np.where(status >= 0, frame["first_start"].to_numpy(), frame["diagnosis"].to_numpy())
    start = np.where(naive, begun, _last_starts(rng, frame))
    start = np.where(frame["between"], _join_values(frame, on_rituximab, "leaves"), start)
    lines = np.where(naive, 0, _draw_lines(rng, frame["first_start"].to_numpy(), start))
    leaves = _join_values(frame, on_rituximab, "leaves")
    stop = np.where(status >= 0, leaves, _join_values(frame, on_rituximab, "start"))
    old = frame.select("person", "diagnosis", "first_start", "status").with_columns(
        start=start, lines=lines, stop=stop
    )
    fresh = _new_last(persons, new, old.columns)
    return pl.concat([old, fresh], how="vertical_relaxed")


def _new_last(persons: pl.DataFrame, new: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    """Return the last status of the new who did not start rituximab."""
    fresh = new.filter(pl.col("treatment") != RITUXIMAB).join(
        persons.select("person", "diagnosis", "first_start"), on="person", maintain_order="left"
    )
    start = pl.when(pl.col("treatment") >= 0).then("start").otherwise(pl.col("diagnosis"))
    return fresh.with_columns(
        status="treatment", start=start, lines=pl.lit(0), stop=pl.lit(NEVER)
    ).select(columns)


def _join_values(frame: pl.DataFrame, other: pl.DataFrame, column: str) -> np.ndarray:
    joined = frame.select("person").join(
        other.select("person", pl.col(column).alias("value")),
        on="person",
        how="left",
        maintain_order="left",
    )
    return joined["value"].fill_null(NEVER).to_numpy()


def _began_with_it(rng: np.random.Generator, frame: pl.DataFrame) -> np.ndarray:
    """Return whose last status had no treatment before it."""
    status = frame["status"].to_numpy()
    first = frame["first_start"].to_numpy()
    share = np.zeros(len(status))
    naive = family("naive_share")
    for substance in np.unique(status[status >= 0]):
        of_it = status == substance
        possible = on_market(substance, first[of_it])
        share[of_it] = np.where(possible, naive.get(SUBSTANCES[substance], 0.0), 0.0)
    share[status == NONE] = 1 - parameter("ever_treated.none")
    share[status == UNKNOWN_STATUS] = 1 - parameter("ever_treated.unknown")
    share[(status == NONE) & frame["waits_for_rituximab"].to_numpy()] = 1
    share[frame["between"].to_numpy()] = 0
    no_time = first + SHORTEST_LINE_DAYS + 30 > frame["reference"].to_numpy()
    return (rng.random(len(status)) < share) | no_time


def _last_starts(rng: np.random.Generator, frame: pl.DataFrame) -> np.ndarray:
    """Draw when a last status that is not the first began."""
    status = frame["status"].to_numpy()
    low, high = start_window(frame, NONE)
    start = low + (rng.random(len(low)) * (high - low)).astype(int)
    for substance in np.unique(status[status >= 0]):
        of_it = status == substance
        start[of_it] = draw_start(rng, substance, low[of_it], high[of_it])
    of_late = (status == NONE) & (rng.random(len(low)) < parameter("untreated_between"))
    wait = rng.exponential(parameter("line_gap_days"), len(low)).astype(int)
    return np.where(of_late, np.maximum(high - wait, low), start)


def _last_episodes(last: pl.DataFrame) -> pl.DataFrame:
    treated = last.filter(pl.col("status") >= 0)
    return _typed(treated.rename({"status": "substance"}))


def _earlier_lines(
    rng: np.random.Generator,
    persons: pl.DataFrame,
    last: pl.DataFrame,
    on_rituximab: pl.DataFrame,
    on_ocrelizumab: pl.DataFrame,
) -> pl.DataFrame:
    """Draw the treatments before the last status and before rituximab.

    The time from the first possible start is cut at random into the person's number of lines.
    """
    before = last.filter(pl.col("lines") > 0)
    before = before.join(on_ocrelizumab, on="person", how="anti", maintain_order="left").select(
        "person", "first_start", end="start", next="status", lines="lines"
    )
    switchers = on_rituximab.filter(~pl.col("naive") & (pl.col("start") <= STATUS_DATE))
    switchers = switchers.join(
        persons.select("person", "first_start"), on="person", maintain_order="left"
    )
    first, end = switchers["first_start"].to_numpy(), switchers["start"].to_numpy()
    switchers = switchers.with_columns(lines=_draw_lines(rng, first, end)).select(
        "person", "first_start", end="start", next=pl.lit(RITUXIMAB), lines="lines"
    )
    frame = pl.concat([before, switchers], how="vertical_relaxed")
    counted = range(1, MOST_LINES + 1)
    drawn = [_lines_of(rng, frame.filter(pl.col("lines") == n), n) for n in counted]
    return pl.concat([_typed(on_ocrelizumab), *drawn])


def _draw_lines(rng: np.random.Generator, first: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Draw the number of treatments between two days: one, and more the longer the time."""
    further = rng.poisson(parameter("change_rate") * (end - first).clip(0) / YEAR)
    return 1 + np.minimum(further, MOST_LINES - 1)


def _lines_of(rng: np.random.Generator, frame: pl.DataFrame, lines: int) -> pl.DataFrame:
    """Draw `lines` successive treatments for each person of `frame`, the last ending at `end`."""
    first, end = frame["first_start"].to_numpy(), frame["end"].to_numpy()
    cuts = np.sort(rng.random((len(frame), lines - 1)), axis=1)
    bounds = first[:, None] + cuts * (end - first)[:, None]
    bounds = np.column_stack([first, bounds, end]).astype(int)
    parts, previous = [], frame["next"].to_numpy()
    for line in range(lines - 1, -1, -1):
        start, until = bounds[:, line], bounds[:, line + 1]
        substance = draw_substance(rng, start, without=NO_EARLIER)
        unfit = (substance == previous) | (ONE_OFF[substance] & (previous == UNKNOWN_STATUS))
        substance = np.where(unfit, _other_than(rng, start, previous), substance)
        # What nothing follows ends on the day the time without begins.
        room = np.where(previous < 0, 0, (until - start) // 3)
        gap = np.minimum(rng.exponential(parameter("line_gap_days"), len(frame)), room).astype(int)
        parts.append(_episode_frame(frame["person"].to_numpy(), substance, start, until - gap))
        previous = substance
    return pl.concat(parts)


def _other_than(rng: np.random.Generator, start: np.ndarray, previous: np.ndarray) -> np.ndarray:
    """Draw again among what is given for long; fall back on a first-line treatment of the time."""
    again = draw_substance(rng, start, without=(*NO_EARLIER, *np.flatnonzero(ONE_OFF)))
    oral = on_market(code("teriflunomide"), start)
    usual = np.where(oral, code("teriflunomide"), code("interferon_beta_1a"))
    other = np.where(oral, code("dimethyl_fumarate"), code("glatiramer_acetate"))
    return np.where(again == previous, np.where(usual == previous, other, usual), again)


def _episode_frame(
    person: np.ndarray, substance: np.ndarray, start: np.ndarray, stop: np.ndarray
) -> pl.DataFrame:
    return pl.DataFrame(
        {"person": person, "substance": substance, "start": start, "stop": stop},
        schema=dict.fromkeys(EPISODE, pl.Int64),
    )


def _ended(frame: pl.DataFrame, persons: pl.DataFrame) -> pl.DataFrame:
    """End at death what runs then; drop what would begin after death, emigration or the cutoff.

    Of those who emigrate nothing is known after it: what runs then stays open.
    """
    known = persons.select("person", "death", "emigration", "view_end")
    gone = pl.min_horizontal("death", "emigration", pl.lit(DATA_CUTOFF + 1))
    died = (pl.col("stop") >= pl.col("death")) & (pl.col("death") == gone) & (gone <= DATA_CUTOFF)
    return (
        frame.join(known, on="person", how="left", maintain_order="left")
        .filter(pl.col("start") < pl.col("view_end"))
        .with_columns(
            died=died,
            stop=pl.when(died)
            .then("death")
            .when(pl.col("stop") >= gone)
            .then(NEVER)
            .when((pl.col("stop") == STATUS_DATE) & (pl.col("start") < STATUS_DATE))
            .then(STATUS_DATE - 1)
            .otherwise("stop"),
        )
        .drop("death", "emigration", "view_end")
    )


def _untreated(persons: pl.DataFrame, episodes: pl.DataFrame, last: pl.DataFrame) -> pl.DataFrame:
    """Return the periods without treatment: those running, and long gaps before a treatment."""
    running = last.filter(pl.col("status") == NONE).select("person", "start", "stop")
    stopped = (
        episodes.sort("person", "start", maintain_order=True)
        .group_by("person", maintain_order=True)
        .last()
    )
    recent = (pl.col("substance") == RITUXIMAB) | (pl.col("stop") > STATUS_DATE)
    stopped = stopped.filter(recent & (pl.col("stop") < NEVER) & ~pl.col("died")).select(
        "person", start="stop", stop=pl.lit(NEVER)
    )
    parts = [
        running,
        stopped,
        _gaps_between(episodes, running),
        _gaps_before(persons, episodes, running),
    ]
    periods = pl.concat([part.cast(pl.Int64) for part in parts])
    return _ended(periods, persons).drop("died")


def _gaps_between(episodes: pl.DataFrame, running: pl.DataFrame) -> pl.DataFrame:
    """Return the long gaps between treatments, and those over the status date.

    Of who is without treatment by status the latter stand in `running` already.
    """
    following = pl.col("start").shift(-1).over("person", order_by="start")
    long = pl.col("following") - pl.col("stop") > LONG_GAP_DAYS
    lasting = pl.lit(STATUS_DATE).is_between("stop", pl.col("following") - 1)
    gaps = episodes.with_columns(following=following).with_columns(lasting=lasting)
    by_status = running.select("person", lasting=pl.lit(True))
    gaps = gaps.filter(long | pl.col("lasting")).join(
        by_status, on=["person", "lasting"], how="anti", maintain_order="left"
    )
    return gaps.select("person", start="stop", stop="following")


def _gaps_before(
    persons: pl.DataFrame, episodes: pl.DataFrame, running: pl.DataFrame
) -> pl.DataFrame:
    """Return the wait from diagnosis to the first treatment, where it is long or lasts still."""
    first = episodes.group_by("person", maintain_order=True).agg(pl.col("start").min())
    waits = first.join(persons.select("person", "diagnosis"), on="person", maintain_order="left")
    waits = waits.join(running, on="person", how="anti", maintain_order="left")
    long = (pl.col("start") - pl.col("diagnosis") > LONG_GAP_DAYS) & (
        pl.col("diagnosis") >= day(2010)
    )
    lasting = (pl.col("start") > STATUS_DATE) & (pl.col("diagnosis") <= STATUS_DATE)
    return waits.filter(long | lasting).select("person", start="diagnosis", stop="start")


def treatment_known(episodes: pl.DataFrame, periods: pl.DataFrame, when: np.ndarray) -> np.ndarray:
    """Return whether each person has a treatment, or a period without, on their day of `when`.

    A one-off treatment lasts until the next treatment or period.
    """
    one_off = pl.Series(ONE_OFF)[episodes["substance"]]
    events = pl.concat(
        [
            episodes.select("person", "start", "stop", one_off=one_off),
            periods.select("person", "start", "stop", one_off=pl.lit(False)),
        ]
    ).sort("person", "start", maintain_order=True)
    following = pl.col("start").shift(-1).over("person").fill_null(NEVER)
    last = pl.when("one_off").then(following).otherwise("stop") - 1
    running = events.with_columns(last=last, when=pl.Series(when)[events["person"]]).filter(
        pl.col("when").is_between("start", "last")
    )
    known = np.zeros(len(when), dtype=bool)
    known[running["person"].to_numpy()] = True
    return known
