"""Courses of treatment: episodes of one substance, whatever the brand, merged over short gaps."""

from datetime import date, timedelta

import narwhals as nw

from msanalysis.extract import Extract

ONGOING = date(2200, 1, 1)
"""Stands for the end of a course that goes on, while courses are merged and compared."""

_SUBSTANCE = ("patient_id", "substance")
_COURSE = (*_SUBSTANCE, "course")
_COLUMNS = (*_SUBSTANCE, "start_date", "end_date", "stop_reason")


def courses(
    extract: Extract, gap_days: int, *, of: str | None = None, since: date | None = None
) -> nw.LazyFrame:
    """Return one row a course: `patient_id`, `substance`, `start_date`, `end_date`, `stop_reason`.

    An episode that starts at most `gap_days` after all earlier ones of its substance had ended
    continues their course. `end_date` is ONGOING where no stop is known; `stop_reason` is that of
    the episode which ended the course (of several, the first by name). With `of` only courses of
    that substance; with `since` only those that had not ended by then, of which one that began
    before `since` may seem to have begun later, yet still before it.
    """
    if gap_days < 0:
        raise ValueError(f"gap_days must be 0 or more, not {gap_days}: set the days of a pause")
    episodes = episodes_of(extract, of)
    if since is not None:
        # What ended longer ago than a gap is continued by nothing that begins after `since`.
        episodes = episodes.filter(nw.col("end_date") >= since - timedelta(days=gap_days))
    once, merged = _split(episodes)
    merged = _numbered(merged, gap_days)
    ended = merged.group_by(*_COURSE).agg(nw.col("start_date").min(), nw.col("end_date").max())
    reasons = (
        merged.filter(~nw.col("stop_reason").is_null())
        .group_by(*_COURSE, "end_date")
        .agg(nw.col("stop_reason").min())
    )
    repeated = ended.join(reasons, on=[*_COURSE, "end_date"], how="left")
    every = nw.concat([once.select(*_COLUMNS), repeated.select(*_COLUMNS)])
    return every if since is None else every.filter(nw.col("end_date") >= since)


def episodes_of(extract: Extract, of: str | None = None) -> nw.LazyFrame:
    """Return the episodes as delivered, in the columns of `courses`; with `of` of one substance."""
    episodes = (
        extract.table("treatments")
        .with_columns(nw.col("stop_date").fill_null(ONGOING).alias("end_date"))
        .select(*_COLUMNS)
    )
    return episodes if of is None else episodes.filter(nw.col("substance") == of)


def _split(episodes: nw.LazyFrame) -> tuple[nw.LazyFrame, nw.LazyFrame]:
    """Return the episodes of a substance a person had once, which are courses, and the others."""
    counted = episodes.group_by(*_SUBSTANCE).agg(nw.len().alias("n"))
    several = counted.filter(nw.col("n") > 1).select(*_SUBSTANCE)
    return tuple(episodes.join(several, on=[*_SUBSTANCE], how=how) for how in ("anti", "semi"))


def _numbered(episodes: nw.LazyFrame, gap_days: int) -> nw.LazyFrame:
    """Return the episodes with the number of the course they belong to."""

    def in_turn(expression: nw.Expr) -> nw.Expr:
        return expression.over(*_SUBSTANCE, order_by=("start_date", "end_date", "stop_reason"))

    earlier = nw.col("earlier")
    covered_until = nw.col("end_date").dt.offset_by(f"{gap_days}d").cast(nw.Date)
    starts_anew = earlier.is_null() | (nw.col("start_date") > earlier)
    return (
        episodes.with_columns(covered_until.alias("covered_until"))
        .with_columns(in_turn(nw.col("covered_until").cum_max()).alias("earlier"))
        .with_columns(in_turn(earlier.shift(1)).alias("earlier"))
        .with_columns(starts_anew.cast(nw.Int64).alias("starts_anew"))
        .with_columns(in_turn(nw.col("starts_anew").cum_sum()).alias("course"))
    )
