"""Courses of treatment: episodes of one substance, whatever the brand, merged over short gaps."""

from datetime import date

import narwhals as nw

from msanalysis.extract import Extract

ONGOING = date(2200, 1, 1)
"""Stands for the end of a course that goes on, while courses are merged and compared."""

_COURSE = ("patient_id", "substance", "course")


def courses(extract: Extract, gap_days: int) -> nw.LazyFrame:
    """Return one row a course: `patient_id`, `substance`, `start_date`, `end_date`, `stop_reason`.

    An episode that starts at most `gap_days` after all earlier ones of its substance had ended
    continues their course. `end_date` is ONGOING where no stop is known; `stop_reason` is that of
    the episode which ended the course (of several, the first by name).
    """
    if gap_days < 0:
        raise ValueError(f"gap_days must be 0 or more, not {gap_days}: set the days of a pause")
    episodes = _numbered(extract, gap_days)
    ended = episodes.group_by(*_COURSE).agg(nw.col("start_date").min(), nw.col("end_date").max())
    reasons = (
        episodes.filter(~nw.col("stop_reason").is_null())
        .group_by(*_COURSE, "end_date")
        .agg(nw.col("stop_reason").min())
    )
    return ended.join(reasons, on=[*_COURSE, "end_date"], how="left").drop("course")


def _numbered(extract: Extract, gap_days: int) -> nw.LazyFrame:
    """Return the episodes with the number of the course they belong to."""
    of_substance = {
        "partition": ("patient_id", "substance"),
        "order": ("start_date", "end_date", "stop_reason"),
    }
    return _each_in_turn(
        extract.table("treatments")
        .select("patient_id", "substance", "start_date", "stop_date", "stop_reason")
        .with_columns(nw.col("stop_date").fill_null(ONGOING).alias("end_date"))
        .with_columns(
            nw.col("end_date").dt.offset_by(f"{gap_days}d").cast(nw.Date).alias("covered_until")
        ),
        **of_substance,
    )


def _each_in_turn(
    episodes: nw.LazyFrame, partition: tuple[str, ...], order: tuple[str, ...]
) -> nw.LazyFrame:
    def in_turn(expression: nw.Expr) -> nw.Expr:
        return expression.over(*partition, order_by=order)

    earlier, starts_anew = nw.col("earlier"), nw.col("starts_anew")
    return (
        episodes.with_columns(in_turn(nw.col("covered_until").cum_max()).alias("earlier"))
        .with_columns(in_turn(earlier.shift(1)).alias("earlier"))
        .with_columns(
            (earlier.is_null() | (nw.col("start_date") > earlier))
            .cast(nw.Int64)
            .alias("starts_anew")
        )
        .with_columns(in_turn(starts_anew.cum_sum()).alias("course"))
    )
