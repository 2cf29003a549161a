"""Visits, and what they bring up to date; the report year by quota, course and trust."""

import numpy as np
import polars as pl

from msanalysis import codes
from msanalysis.synthetic.lives import PPMS, RRMS, UNKNOWN, day
from msanalysis.synthetic.parameters import family, over_years, parameter, published_share
from msanalysis.synthetic.person_years import draw_days, person_years
from msanalysis.synthetic.quotas import FIRST_IN_TURN, draw, draw_by_group
from msanalysis.synthetic.registration import registered_days
from msanalysis.synthetic.substances import UNKNOWN_STATUS

REPORT_YEAR = 2024


def invent_visits(
    rng: np.random.Generator, persons: pl.DataFrame, changed: np.ndarray
) -> pl.DataFrame:
    """Return one row a visit: `person`, `visit`, `updated` (treatment), `relapses_to`.

    In the report year those `updated` and those with relapses known are quotas; other years are
    drawn. `changed` marks persons whose treatment changed in the report year: seen first.
    """
    of_year, relapses_known = _visits_of_report_year(rng, persons, changed)
    usual = _usual_visits(rng, persons, relapses_known)
    visits = pl.concat([usual, of_year]).sort("person", "visit", maintain_order=True)
    return visits.unique(["person", "visit"], keep="first", maintain_order=True)


def with_measurements(
    rng: np.random.Generator, visits: pl.DataFrame, edss: pl.DataFrame
) -> pl.DataFrame:
    """Mark the visits at which an EDSS was `measured`, and add a visit where one was without."""
    measured = edss.select("person", visit="measured", measured=pl.lit(True))
    both = visits.join(measured, on=["person", "visit"], how="full", coalesce=True)
    updated = pl.Series(rng.random(len(both)) >= parameter("visit_without_update"))
    return both.sort("person", "visit").with_columns(
        pl.col("updated").fill_null(updated),
        pl.col("measured").fill_null(False),
    )


def _usual_visits(
    rng: np.random.Generator, persons: pl.DataFrame, relapses_known: np.ndarray
) -> pl.DataFrame:
    """Draw visits of other years; after the report year relapses are known of `relapses_known`."""
    years = person_years(persons, REPORT_YEAR + 1).filter(pl.col("year") != REPORT_YEAR)
    by_trust = np.array(list(family("updated_trust").values()))
    effect = (by_trust / by_trust.mean())[persons["trust"].to_numpy()] ** 0.5
    effect = effect * np.where(persons["status"] == UNKNOWN_STATUS, 0.35, 1.0)
    share = over_years("visit_share", years["year"].to_numpy()) * effect[years["person"].to_numpy()]
    visited = years.filter(rng.random(len(years)) < share)
    again = visited.filter(rng.random(len(visited)) < parameter("second_visit"))
    visits = pl.concat([visited, again])
    known = visits.select(
        "person",
        visit=draw_days(rng, visits["first"].to_numpy(), visits["last"].to_numpy()),
        updated=pl.lit(rng.random(len(visits)) >= parameter("visit_without_update")),
    )
    known_since = pl.Series(relapses_known)[known["person"]]
    entered = (pl.col("visit") < day(REPORT_YEAR)) | known_since
    return known.with_columns(relapses_to=pl.when(entered).then("visit"))


def _visits_of_report_year(
    rng: np.random.Generator, persons: pl.DataFrame, changed: np.ndarray
) -> tuple[pl.DataFrame, np.ndarray]:
    """Return the visits of the report year, and of whom relapses are known for it."""
    updated = np.zeros(len(persons), dtype=bool)
    for course, share in (
        (RRMS, published_share("treatment_status_updated_rrms")),
        (PPMS, published_share("treatment_status_updated_ppms")),
        (UNKNOWN, parameter("updated_other_course")),
    ):
        updated |= _updated(rng, persons, changed, course, share)
    relapses = updated.copy()
    rrms = updated & (persons["course"] == RRMS).to_numpy()
    alive = (persons["alive"] & (persons["course"] == RRMS)).sum()
    n_without = rrms.sum() - round(alive * published_share("relapse_status_updated"))
    relapses[draw(rng, rrms.astype(float), n_without)] = False
    present = persons["alive"].to_numpy() & (
        persons["view_end"].to_numpy() > day(REPORT_YEAR, 12, 31)
    )
    extra = rng.random(len(persons)) < parameter("visit_without_update") * present
    visits = _days_of_report_year(rng, persons, updated, relapses, updated | extra)
    return visits, relapses


def _updated(
    rng: np.random.Generator,
    persons: pl.DataFrame,
    changed: np.ndarray,
    course: int,
    share: float,
) -> np.ndarray:
    """Choose whose treatment status was updated: a quota by trust, the changed first."""
    member = (persons["alive"] & (persons["course"] == course)).to_numpy()
    present = persons["emigration"].to_numpy() > day(REPORT_YEAR, 12, 31)
    weight = member * present * np.where(changed, FIRST_IN_TURN, 1.0)
    weight = weight * np.where(persons["status"] == UNKNOWN_STATUS, 1e-3, 1.0)
    weight = weight * np.where(persons["status"] >= 0, 1.6, 1.0)
    shares = np.array(list(family("updated_trust").values()))
    return draw_by_group(
        rng, weight, persons["trust"].to_numpy(), shares, round(share * member.sum())
    )


def _days_of_report_year(
    rng: np.random.Generator,
    persons: pl.DataFrame,
    updated: np.ndarray,
    relapses: np.ndarray,
    visited: np.ndarray,
) -> pl.DataFrame:
    who = np.flatnonzero(visited)
    diagnosis = persons["diagnosis"].to_numpy()[who]
    first = np.maximum(diagnosis, day(REPORT_YEAR))
    last = np.full(len(who), day(REPORT_YEAR, 12, 31))
    visits = pl.DataFrame(
        {"person": who, "visit": draw_days(rng, first, last), "updated": updated[who]}
    ).with_columns(relapses_to=pl.when(pl.Series(relapses[who])).then("visit"))
    again = visits.filter(rng.random(len(visits)) < parameter("second_visit"))
    again = again.with_columns(
        visit=draw_days(rng, again["visit"].to_numpy(), np.full(len(again), last[0]))
    ).with_columns(relapses_to=pl.when(pl.col("relapses_to").is_not_null()).then("visit"))
    return pl.concat([visits, again])


def visits_table(
    rng: np.random.Generator, visits: pl.DataFrame, persons: pl.DataFrame, patient_id: pl.Series
) -> pl.DataFrame:
    """Return the visits with internal days."""
    person, visit = visits["person"].to_numpy(), visits["visit"].to_numpy()
    included = persons["included"].to_numpy()[person]
    trusts = np.array(codes.trusts())
    elsewhere = rng.random(len(person)) < parameter("visit_elsewhere")
    other = rng.integers(0, len(trusts), len(person))
    return pl.DataFrame(
        {
            "patient_id": patient_id[person],
            "visit_date": visit,
            "mode": visit_modes(rng, visit, visits["measured"].to_numpy()),
            "hf": trusts[np.where(elsewhere, other, persons["trust"].to_numpy()[person])],
            "treatment_updated": visits["updated"],
            "relapses_updated_to": visits["relapses_to"],
            "registered_date": registered_days(rng, visit, included, "visits"),
        }
    )


def visit_modes(rng: np.random.Generator, visit: np.ndarray, measured: np.ndarray) -> np.ndarray:
    """Draw how a visit was held; in person where an EDSS was measured, and before 2020."""
    chance = rng.random(len(visit))
    telephone, video = parameter("visit_telephone"), parameter("visit_video")
    mode = np.where(
        chance < telephone, "telephone", np.where(chance < telephone + video, "video", "in_person")
    )
    return np.where(measured | (visit < day(2020, 3)), "in_person", mode)
