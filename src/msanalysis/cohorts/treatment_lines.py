"""First, second and third line of treatment, from the first treatment ever registered."""

from collections.abc import Sequence
from itertools import product
from typing import Literal

import numpy as np
import pandas as pd

from msanalysis import codes
from msanalysis.cohorts.selection import (
    PATIENTS,
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
    persons, _, steps = _followed(extract, gap_days, overlap_days, since)
    rules = f"gap {gap_days} overlap {overlap_days}"
    name = f"treated_since_{since}_gap_{gap_days}_overlap_{overlap_days}"
    columns = dict.fromkeys((*LINES, "follow_up_days", "end_reason"), "")
    names = {line: f"{line} {rules}" for line in LINES}
    names |= {each: f"{each} since {since} {rules}" for each in ("follow_up_days", "end_reason")}
    return cohort(name, persons, steps, columns, extract, base=PATIENTS, dimensions=names)


def _followed(
    extract: Extract, gap_days: int, overlap_days: int, since: str
) -> tuple[pd.DataFrame, pd.DataFrame, list[Step]]:
    """Return the persons with lines and follow-up, their episodes, and who is left out."""
    _require_days(gap_days, overlap_days)
    persons, episodes = _treated(extract)
    cutoff = pd.Timestamp(extract.provenance.data_cutoff)
    persons = _with_lines(persons, _lines(episodes, gap_days, overlap_days))
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
    rules = f"gap {gap_days} overlap {overlap_days}"
    no_follow_up = ~(persons["follow_up_days"] > 0)
    steps.append(("no_follow_up", no_follow_up, f"no_follow_up since {since} {rules}"))
    return persons, episodes, steps


def second_line_by_rules(
    extract: Extract,
    *,
    gaps_days: Sequence[int],
    overlaps_days: Sequence[int],
    gap_days: int = 180,
    overlap_days: int = 90,
) -> Cohort:
    """Return whether the persons of `treatment_lines` had a second line by each pair of rules.

    They are the same under all pairs, those with follow-up by `gap_days` and `overlap_days`: a
    few more or less beside the numbers of `treatment_lines` would tell who has none.

    Returns
    -------
    Cohort
        A column `second_line <gap_days> <overlap_days>` for each pair: true or false.
    """
    persons, episodes, steps = _followed(extract, gap_days, overlap_days, "first_line")
    name = f"treated_since_first_line_gap_{gap_days}_overlap_{overlap_days}"
    columns = {}
    for gap, overlap in product(gaps_days, overlaps_days):
        _require_days(gap, overlap)
        lines = _lines(episodes, gap, overlap)
        reached = lines.loc[lines["line"] == 1, "person"]
        columns[f"second_line {gap} {overlap}"] = persons.index.isin(reached)
    persons = persons.assign(**columns)
    columns = dict.fromkeys(columns, "")
    return cohort(name, persons, steps, columns, extract, base=PATIENTS)


def _require_days(gap_days: int, overlap_days: int) -> None:
    for name, days in (("gap_days", gap_days), ("overlap_days", overlap_days)):
        if days < 0:
            raise ValueError(f"{name}: expected 0 days or more")


def _never_had(persons: pd.DataFrame, since: str) -> list[Step]:
    steps = [("never_treated", persons["first_line_start"].isna(), "never_treated")]
    if since != "first_line":
        steps.append((f"never_had {since}", persons[f"{since}_start"].isna()))
    return steps


# --- from episodes to lines -----------------------------------------------------------------------

_SUBSTANCES = codes.substances()
_ONCE = np.array([substance in codes.one_off_substances() for substance in _SUBSTANCES])


def _treated(extract: Extract) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the persons, and the episodes with the row of their `person`.

    Episodes hold whole numbers only: the position of the `substance`, days since 1970. What was
    not stopped ends at the cutoff, what is given once on the day it starts.
    """
    numbered = extract.table("patients").select(*_PATIENTS).with_row_index(
        "person", order_by="patient_id"
    )  # fmt: skip
    persons = collected(numbered.drop("patient_id").sort("person"))
    episodes = collected(
        extract.table("treatments")
        .select("patient_id", "substance", "start_date", "stop_date")
        .join(numbered.select("patient_id", "person"), on="patient_id")
        .drop("patient_id")
    )
    substance = pd.Categorical(episodes["substance"], categories=_SUBSTANCES).codes
    cutoff = pd.Timestamp(extract.provenance.data_cutoff)
    start = _day_number(episodes["start_date"])
    stop = np.where(_ONCE[substance], start, _day_number(episodes["stop_date"].fillna(cutoff)))
    columns = {"person": episodes["person"], "substance": substance, "start": start, "stop": stop}
    return persons.drop(columns="person"), pd.DataFrame(columns).astype("int64")


def _day_number(days: pd.Series) -> np.ndarray:
    return days.to_numpy("datetime64[D]").astype("int64")


def _lines(episodes: pd.DataFrame, gap_days: int, overlap_days: int) -> pd.DataFrame:
    """Return one row a line: `person`, `substance`, `start`, `line` (0 the first)."""
    courses = _courses(episodes, gap_days)
    courses = _sorted(courses, "person", "start", "substance")
    before = _ran_until_before(courses, courses["person"])
    together = np.minimum(courses["stop"], before) - courses["start"]
    lines = courses[~(together > overlap_days)]
    last = lines.groupby("person")["substance"].shift()
    lines = lines[~(_ONCE[lines["substance"]] & (lines["substance"] == last))]
    return lines.assign(line=lines.groupby("person").cumcount())


def _courses(episodes: pd.DataFrame, gap_days: int) -> pd.DataFrame:
    """Join the episodes of one substance that lie at most `gap_days` apart."""
    episodes = _sorted(episodes, "person", "substance", "start", "stop")
    same = episodes["person"] * len(_SUBSTANCES) + episodes["substance"]
    apart = episodes["start"] - _ran_until_before(episodes, same)
    first = np.flatnonzero(apart.isna() | (apart > gap_days))
    if not len(first):
        return episodes
    stop = np.maximum.reduceat(episodes["stop"].to_numpy(), first)
    return episodes.iloc[first].assign(stop=stop)


def _sorted(rows: pd.DataFrame, *columns: str) -> pd.DataFrame:
    return rows.iloc[np.lexsort([rows[name] for name in reversed(columns)])]


def _ran_until_before(rows: pd.DataFrame, group: pd.Series) -> pd.Series:
    """Return the latest stop of the rows before in the group; missing for its first."""
    return rows.groupby(group)["stop"].cummax().groupby(group).shift()


def _with_lines(persons: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """Add the group and the start of each person's first three lines."""
    groups = np.array([codes.treatment_groups()[name] for name in _SUBSTANCES], dtype=object)
    columns: dict[str, object] = {}
    for number, name in enumerate(LINES):
        rows = lines[lines["line"] == number]
        line = np.full(len(persons), NO_LINE, dtype=object)
        start = np.full(len(persons), np.datetime64("NaT"), dtype="datetime64[D]")
        line[rows["person"]] = groups[rows["substance"]]
        start[rows["person"]] = rows["start"].to_numpy().astype("datetime64[D]")
        columns[name] = pd.Categorical(line, categories=[*TREATMENT_GROUPS, NO_LINE])
        columns[f"{name}_start"] = start.astype("datetime64[ns]")
    return persons.assign(**columns)
