"""Persons followed from their first rituximab to another treatment."""

from typing import Literal

import narwhals as nw
import pandas as pd

from msanalysis import codes
from msanalysis.cohorts.selection import (
    Step,
    coded,
    cohort,
    collected,
    days_between,
    first_end,
    not_registered,
)
from msanalysis.core import Cohort
from msanalysis.extract import Extract
from msanalysis.units import DAYS_PER_YEAR

_PATIENTS = (
    "patient_id", "sex", "birth_date", "residence_hf", "diagnosis_code", "onset_course",
    "included_date", "diagnosis_date", "death_date", "emigration_date",
)  # fmt: skip
_COLUMNS = {
    "follow_up_days": "",
    "end_reason": "",
    "switched_to": "",
    "place": "treatments.abroad",
    "earlier_treatment": "",
    "age_years": "patients.birth_date",
    "sex": "patients.sex",
    "onset_course": "patients.onset_course",
    "residence_hf": "patients.residence_hf",
}


def rituximab_starters(
    extract: Extract,
    *,
    stop_ends_follow_up: bool = False,
    gap_days: int = 365,
    censor_at: Literal["cutoff", "last_visit"] = "cutoff",
) -> Cohort:
    """Return everyone who ever started rituximab, from the first start to another substance.

    One substance is one treatment whatever the brand. Starts after the status date count, up to
    the data cutoff. Follow-up ends at the first start of any
    other substance after the rituximab start (`switch`), at death, emigration or censoring.

    Parameters
    ----------
    stop_ends_follow_up
        False: who stops without a new treatment stays at risk, as in the annual report. True:
        a stop after which neither rituximab nor anything else is started for `gap_days` is an
        end of its own (`stop`), on the day the gap is complete, so that nobody's future decides.
    censor_at
        `cutoff` or `last_visit`: the data cutoff, or the last reported visit before it, which
        leaves out time about which nothing was reported, and a switch after it.

    Returns
    -------
    Cohort
        `follow_up_days`, `end_reason` (switch, stop, death, emigration, cutoff or last_visit),
        `switched_to` (substance) and its `place` (norway, abroad), `earlier_treatment` (untreated,
        treated), `age_years` at start, `sex`, `onset_course`, `residence_hf`.
    """
    persons, steps = _followed(extract, stop_ends_follow_up, gap_days, censor_at)
    name = "rituximab_starters_until_stop" if stop_ends_follow_up else "rituximab_starters"
    names = _until_stop(gap_days) if stop_ends_follow_up else {}
    return cohort(name, persons, steps, _COLUMNS, extract, base=_base(censor_at), dimensions=names)


def rituximab_switchers(
    extract: Extract,
    *,
    to: str | None = None,
    censor_at: Literal["cutoff", "last_visit"] = "cutoff",
) -> Cohort:
    """Return those of `rituximab_starters` who switched; with `to`, only to that substance."""
    persons, steps = _followed(extract, False, 0, censor_at)
    steps.append(("not_switched", persons["end_reason"] != "switch", "end_reason"))
    name, fixed = "rituximab_switchers", {"end_reason": ("switch",)}
    if to is not None:
        steps.append((f"not_switched_to {to}", persons["switched_to"] != to, "switched_to"))
        name, fixed = f"rituximab_switchers_to_{to}", {**fixed, "switched_to": (to,)}
    return cohort(name, persons, steps, _COLUMNS, extract, base=_base(censor_at), fixed=fixed)


def _base(censor_at: str) -> str:
    return "rituximab_starters" if censor_at == "cutoff" else f"rituximab_starters_to_{censor_at}"


def _until_stop(gap_days: int) -> dict[str, str]:
    return {
        name: f"{name} until stop {gap_days}"
        for name in ("follow_up_days", "end_reason", "switched_to")
    }


def _followed(
    extract: Extract, stop_ends_follow_up: bool, gap_days: int, censor_at: str
) -> tuple[pd.DataFrame, list[Step]]:
    """Everyone who started rituximab, with the end of follow-up, and who is to be excluded."""
    if censor_at == "last_visit" and not extract.delivered("visits.visit_date"):
        raise ValueError("censor_at last_visit needs visits.visit_date, which was not delivered")
    persons = collected(_starters(extract, gap_days))
    cutoff = pd.Timestamp(extract.provenance.data_cutoff)
    last_visit = persons["last_visit"].fillna(persons["start_date"]).clip(upper=cutoff)
    censoring = {"cutoff": pd.Series(cutoff, persons.index), "last_visit": last_visit}
    ends = {
        "switch": persons["switch_date"],
        **({"stop": persons["stop_complete"]} if stop_ends_follow_up else {}),
        "death": persons["death_date"],
        "emigration": persons["emigration_date"],
        censor_at: censoring[censor_at],
    }
    persons = persons.join(first_end(ends))
    persons["follow_up_days"] = days_between(persons["start_date"], persons["end_date"])
    persons["age_years"] = (
        days_between(persons["birth_date"], persons["start_date"]) / DAYS_PER_YEAR
    )
    switched_to = persons["target"].where(persons["end_reason"] == "switch")
    persons["switched_to"] = pd.Categorical(switched_to, categories=codes.substances())
    persons["earlier_treatment"] = coded(persons["treated_before"], ["untreated", "treated"])
    persons["place"] = coded(persons["abroad"], ["norway", "abroad"])
    no_follow_up = ("no_follow_up", ~(persons["follow_up_days"] > 0), "no_follow_up")
    return persons, [*not_registered(persons, extract), no_follow_up]


def _starters(extract: Extract, gap_days: int) -> nw.LazyFrame:
    """One row a person who started rituximab, with the dates that may end follow-up."""
    treatments = extract.table("treatments").select(
        "patient_id", "substance", "start_date", "stop_date", "abroad"
    )
    is_rituximab = nw.col("substance") == "rituximab"
    episodes = treatments.filter(is_rituximab)
    starts = episodes.group_by("patient_id").agg(nw.col("start_date").min().alias("first_start"))
    others = treatments.filter(~is_rituximab).join(starts, on="patient_id")
    last_visit = (
        extract.table("visits")
        .group_by("patient_id")
        .agg(nw.col("visit_date").max().alias("last_visit"))
    )
    return (
        starts.rename({"first_start": "start_date"})
        .join(extract.table("patients").select(*_PATIENTS), on="patient_id")
        .join(_first_switch(others), on="patient_id", how="left")
        .join(_treated_before(others), on="patient_id", how="left")
        .join(_complete_stop(episodes, gap_days), on="patient_id", how="left")
        .join(last_visit, on="patient_id", how="left")
        .with_columns(nw.col("treated_before").fill_null(False))
        .sort("patient_id")
    )


def _first_switch(others: nw.LazyFrame) -> nw.LazyFrame:
    """First start of another substance after the rituximab start; of several, by name."""
    later = others.filter(nw.col("start_date") > nw.col("first_start"))
    first = later.group_by("patient_id").agg(nw.col("start_date").min().alias("switch_date"))
    on_that_day = later.join(first, on="patient_id").filter(
        nw.col("start_date") == nw.col("switch_date")
    )
    target = on_that_day.group_by("patient_id").agg(nw.col("substance").min().alias("target"))
    abroad = on_that_day.group_by("patient_id", "substance").agg(nw.col("abroad").max())
    return first.join(target, on="patient_id").join(
        abroad.rename({"substance": "target"}), on=["patient_id", "target"]
    )


def _treated_before(others: nw.LazyFrame) -> nw.LazyFrame:
    earlier = others.filter(nw.col("start_date") < nw.col("first_start"))
    return earlier.select("patient_id").unique().with_columns(nw.lit(True).alias("treated_before"))


def _complete_stop(episodes: nw.LazyFrame, gap_days: int) -> nw.LazyFrame:
    """Day on which a person had been off rituximab for `gap_days` for the first time."""
    stops = (
        episodes.filter(~nw.col("stop_date").is_null())
        .with_columns(
            nw.col("stop_date").dt.offset_by(f"{gap_days}d").cast(nw.Date).alias("stop_complete")
        )
        .select("patient_id", "stop_date", "stop_complete")
    )
    # Covered: another episode had begun before the gap was complete and lasts longer.
    others = episodes.select("patient_id", "start_date", nw.col("stop_date").alias("other_stop"))
    covered = stops.join(others, on="patient_id").filter(
        (nw.col("start_date") <= nw.col("stop_complete"))
        & (nw.col("other_stop").is_null() | (nw.col("other_stop") > nw.col("stop_date")))
    )
    return (
        stops.join(covered, on=["patient_id", "stop_date"], how="anti")
        .group_by("patient_id")
        .agg(nw.col("stop_complete").min())
    )
