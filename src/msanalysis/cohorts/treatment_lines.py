"""First, second and third line of treatment, from the first treatment ever registered."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from msanalysis import codes
from msanalysis.cohorts.selection import (
    Step,
    cohort,
    collected,
    days_between,
    first_end,
    not_registered,
)
from msanalysis.cohorts.treatment_status import TREATMENT_GROUPS
from msanalysis.core import Cohort
from msanalysis.extract import Extract

LINES = ("first_line", "second_line", "third_line")
GAP_DAYS, OVERLAP_DAYS = 180, 90
NO_LINE = "no_further_line"
_PATIENTS = (
    "patient_id", "diagnosis_code", "included_date", "diagnosis_date", "death_date",
    "emigration_date",
)  # fmt: skip


def treatment_lines(
    extract: Extract,
    *,
    gap_days: int = GAP_DAYS,
    overlap_days: int = OVERLAP_DAYS,
    since: Literal["first_line", "second_line"] = "first_line",
) -> Cohort:
    """Return everyone ever treated by lines of treatment, from the start of a line to the next.

    A line is one substance, whatever the brand. What is started beside a treatment that runs on is
    a line too, once it has replaced it.

    Parameters
    ----------
    gap_days
        A substance that is taken up again within so many days continues its line; later it is a
        line of its own. Courses of a treatment given once are always one line.
    overlap_days
        A substance that is given beside an earlier one for more days than this is added to its
        line and makes none. An earlier treatment whose stop was never reported runs to the data
        cutoff: with few days allowed, what replaced it looks like an addition.
    since
        The line at whose start follow-up begins; those who never had it are left out.

    Returns
    -------
    Cohort
        `first_line`, `second_line`, `third_line`: treatment group, or `no_further_line`.
        `follow_up_days` to the next line (`end_reason` next_line), death, emigration or the data
        cutoff. Misleads for those treated before the registry began: their first line is the
        first that was registered.

    Raises
    ------
    ValueError
        When `gap_days` or `overlap_days` is below 0.
    """
    _require_days(gap_days, overlap_days)
    persons = collected(extract.table("patients").select(*_PATIENTS).sort("patient_id"))
    cutoff = pd.Timestamp(extract.provenance.data_cutoff)
    lines = _lines(_episodes(extract, cutoff), gap_days, overlap_days)
    starts = _by_line(lines, "start_date").apply(pd.to_datetime)
    groups = _by_line(lines, "substance").replace(codes.treatment_groups())
    persons = persons.join(starts.add_suffix("_start"), on="patient_id")
    persons = persons.join(groups, on="patient_id")
    steps = [*not_registered(persons, extract), *_never_had(persons, since)]
    following = LINES[LINES.index(since) + 1]
    ends = {
        "next_line": persons[f"{following}_start"],
        "death": persons["death_date"],
        "emigration": persons["emigration_date"],
        "cutoff": pd.Series(cutoff, persons.index),
    }
    persons = persons.join(first_end(ends))
    persons["follow_up_days"] = days_between(persons[f"{since}_start"], persons["end_date"])
    steps.append(("no_follow_up", ~(persons["follow_up_days"] > 0)))
    for line in LINES:
        named = persons[line].fillna(NO_LINE)
        persons[line] = pd.Categorical(named, categories=[*TREATMENT_GROUPS, NO_LINE])
    name = f"treated_since_{since}_gap_{gap_days}_overlap_{overlap_days}"
    columns = dict.fromkeys((*LINES, "follow_up_days", "end_reason"), "")
    return cohort(name, persons, steps, columns, extract)


def second_line_by_rules(
    extract: Extract, *, gaps_days: Sequence[int], overlaps_days: Sequence[int]
) -> Cohort:
    """Return everyone ever treated, and whether they had a second line under each pair of rules.

    Returns
    -------
    Cohort
        A column `second_line <gap_days> <overlap_days>` for each pair: true or false.
    """
    persons = collected(extract.table("patients").select(*_PATIENTS).sort("patient_id"))
    episodes = _episodes(extract, pd.Timestamp(extract.provenance.data_cutoff))
    treated = persons["patient_id"].isin(episodes["patient_id"])
    steps = [*not_registered(persons, extract), ("never_treated", ~treated)]
    columns = {}
    for gap_days in gaps_days:
        for overlap_days in overlaps_days:
            _require_days(gap_days, overlap_days)
            lines = _lines(episodes, gap_days, overlap_days)
            reached = lines.loc[lines["line"] == 1, "patient_id"]
            name = f"second_line {gap_days} {overlap_days}"
            columns[name] = persons["patient_id"].isin(reached)
    persons = persons.assign(**columns)
    return cohort("ever_treated", persons, steps, dict.fromkeys(columns, ""), extract)


def _require_days(gap_days: int, overlap_days: int) -> None:
    for name, days in (("gap_days", gap_days), ("overlap_days", overlap_days)):
        if days < 0:
            raise ValueError(f"{name}: expected 0 days or more")


def _never_had(persons: pd.DataFrame, since: str) -> list[Step]:
    steps = [("never_treated", persons["first_line"].isna())]
    if since != "first_line":
        steps.append((f"never_had {since}", persons[since].isna()))
    return steps


# --- from episodes to lines -----------------------------------------------------------------------


def _episodes(extract: Extract, cutoff: pd.Timestamp) -> pd.DataFrame:
    """Return the episodes in order; what was not stopped ends at the cutoff, once given at once."""
    episodes = collected(
        extract.table("treatments").select("patient_id", "substance", "start_date", "stop_date")
    )
    once = episodes["substance"].isin(codes.one_off_substances())
    stop = episodes["stop_date"].fillna(cutoff).mask(once, episodes["start_date"])
    episodes = episodes.assign(stop_date=stop, once=once)
    order = ["patient_id", "start_date", "substance", "stop_date"]
    return episodes.sort_values(order, ignore_index=True)


def _lines(episodes: pd.DataFrame, gap_days: int, overlap_days: int) -> pd.DataFrame:
    """Return one row a line: `patient_id`, `substance`, `start_date`, `line` (0 the first)."""
    courses = _courses(episodes, gap_days)
    ran_until = courses.groupby("patient_id")["stop_date"].cummax()
    before = ran_until.groupby(courses["patient_id"]).shift()
    together = np.minimum(courses["stop_date"], before) - courses["start_date"]
    added = together.dt.days > overlap_days
    lines = courses[~added]
    again = lines["once"] & (lines["substance"] == lines.groupby("patient_id")["substance"].shift())
    lines = lines[~again]
    return lines.assign(line=lines.groupby("patient_id").cumcount())


def _courses(episodes: pd.DataFrame, gap_days: int) -> pd.DataFrame:
    """Join the episodes of one substance that lie at most `gap_days` apart."""
    same = ["patient_id", "substance"]
    ordered = episodes.sort_values([*same, "start_date"], kind="stable")
    ran_until = ordered.groupby(same)["stop_date"].cummax()
    before = ran_until.groupby([ordered[name] for name in same]).shift()
    apart = (ordered["start_date"] - before).dt.days
    course = (apart.isna() | (apart > gap_days)).cumsum()
    courses = ordered.groupby(course).agg(
        patient_id=("patient_id", "first"),
        substance=("substance", "first"),
        start_date=("start_date", "first"),
        stop_date=("stop_date", "max"),
        once=("once", "first"),
    )
    return courses.sort_values(["patient_id", "start_date", "substance"], ignore_index=True)


def _by_line(lines: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return a row a person and a column a line."""
    first_three = lines[lines["line"] < len(LINES)]
    wide = first_three.pivot(index="patient_id", columns="line", values=column)
    return wide.reindex(columns=range(len(LINES))).set_axis([*LINES], axis=1)
