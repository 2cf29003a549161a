"""The invented registry: all tables of the data dictionary, made stage by stage.

Each stage has a random stream of its own, so that adding or changing one does not move the others.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from msanalysis import codes, schema
from msanalysis.synthetic import clinical_events as events
from msanalysis.synthetic import reference_tables as reference
from msanalysis.synthetic.edss import edss_table, invent_edss
from msanalysis.synthetic.lives import DATA_CUTOFF, NEVER, STATUS_DATE, YEAR, day
from msanalysis.synthetic.parameters import parameter
from msanalysis.synthetic.patients import (
    patients_table,
    secondary_progression,
)
from msanalysis.synthetic.population import population_table
from msanalysis.synthetic.questionnaires import questionnaires
from msanalysis.synthetic.quotas import draw
from msanalysis.synthetic.registry_persons import DEFAULT_PERSONS, choose_persons
from msanalysis.synthetic.treatment_rows import lay_rows
from msanalysis.synthetic.treatment_tables import (
    secondary_progression_seen,
    treatments_table,
    untreated_table,
)
from msanalysis.synthetic.treatments import treat
from msanalysis.synthetic.truth import state_truth
from msanalysis.synthetic.visits import invent_visits, visits_table, with_measurements

POLARS_TYPES = {
    "text": pl.String,
    "code": pl.String,
    "date": pl.Date,
    "integer": pl.Int64,
    "number": pl.Float64,
    "boolean": pl.Boolean,
}
DRAWN_FREELY = ("relapses", "mri", "jcv_tests", "antibody_tests", "adverse_events")
STAGES = (
    "persons",
    "treatments",
    "ids",
    "patients",
    "treatment_tables",
    "visits",
    "edss",
    "relapses",
    "mri",
    "tests",
    "adverse_events",
    "biobank",
    "prom",
    "registrations",
    "reference",
    "truth",
    "treatment_rows",
)


@dataclass(frozen=True)
class Registry:
    """An invented registry: its tables by name, what is true of it, and its two dates."""

    tables: dict[str, pl.DataFrame]
    truth: dict
    status_date: date
    data_cutoff: date


def synthesise(persons: int = DEFAULT_PERSONS, seed: int = 2024) -> Registry:
    """Invent a registry; equal arguments give equal tables.

    Parameters
    ----------
    persons
        Registered with data and a diagnosis by the status date. Those who consented without data
        and those diagnosed between status date and data cutoff come besides, in proportion.
    seed
        Of the random streams. The published counts are met at any seed; at other sizes than the
        default they are met in proportion.

    Raises
    ------
    ValueError
        When `persons` is less than 1.
    """
    if persons < 1:
        raise ValueError("persons: expected at least 1; pass the number of registered persons")
    streams = np.random.SeedSequence(seed).spawn(len(STAGES))
    rng = {
        stage: np.random.Generator(np.random.PCG64(stream))
        for stage, stream in zip(STAGES, streams, strict=True)
    }
    made = _person_tables(rng, persons) | _reference_tables(rng["reference"], persons)
    tables = {name: _conform(made.pop(name), table) for name, table in schema.TABLES.items()}
    return Registry(tables, state_truth(rng["truth"]), _date(STATUS_DATE), _date(DATA_CUTOFF))


def _person_tables(rng: dict[str, np.random.Generator], n: int) -> dict[str, pl.DataFrame]:
    scale = n / DEFAULT_PERSONS
    persons = choose_persons(rng["persons"], n)
    episodes, periods, status = treat(rng["treatments"], persons, scale)
    persons = _completed(rng["persons"], persons, status)
    ids = _pseudonyms(rng["ids"], len(persons))
    untreated = untreated_table(rng["treatment_tables"], periods, persons, ids)
    seen = secondary_progression_seen(persons, periods, untreated["reason"].to_numpy())
    persons = persons.with_columns(spms=seen)
    rows = lay_rows(rng["treatment_rows"], episodes, persons)
    treatments = treatments_table(rng["treatment_tables"], rows, persons, ids)
    visits = invent_visits(rng["visits"], persons, _changed(persons, episodes))
    edss = invent_edss(rng["edss"], persons, visits, scale)
    visits = with_measurements(rng["visits"], visits, edss)
    disability = _disability(persons, edss)
    prom, mailings = questionnaires(rng["prom"], persons, episodes, periods, disability)
    return {
        "patients": patients_table(rng["patients"], persons, ids),
        "treatments": treatments,
        "untreated_periods": untreated,
        "visits": visits_table(rng["visits"], visits, persons, ids),
        "edss": edss_table(rng["edss"], edss, persons, ids),
        "relapses": events.relapses_table(rng["relapses"], persons, episodes, ids),
        "mri": events.mri_table(rng["mri"], persons, ids),
        "jcv_tests": events.jcv_table(rng["tests"], persons, episodes, ids),
        "antibody_tests": events.antibody_table(rng["tests"], persons, episodes, ids),
        "adverse_events": events.adverse_events_table(
            rng["adverse_events"], persons, episodes, ids
        ),
        "biobank": events.biobank_table(rng["biobank"], persons, ids),
        "prom": prom.with_columns(patient_id=ids[prom["person"]]),
        "prom_mailings": mailings.with_columns(patient_id=ids[mailings["person"]]),
        "registrations": _registrations(rng["registrations"], persons, ids, scale),
    }


def _completed(rng: np.random.Generator, persons: pl.DataFrame, status: np.ndarray) -> pl.DataFrame:
    """Add what later stages ask of a person: status, end of view, onset precision, progression."""
    gone = pl.min_horizontal("death", "emigration")
    data = pl.col("included") < NEVER
    known = persons.with_columns(
        status=pl.Series(status),
        view_end=pl.min_horizontal(gone, pl.lit(DATA_CUTOFF)),
        alive=(pl.col("death") > STATUS_DATE) & data & (pl.col("diagnosis") <= STATUS_DATE),
        new=data & pl.col("diagnosis").is_between(day(2024), STATUS_DATE),
    )
    return known.with_columns(spms=secondary_progression(rng, known))


def _pseudonyms(rng: np.random.Generator, n: int) -> pl.Series:
    """Return opaque ids: a random bijection of 32-bit numbers, so that no two are equal."""
    odd, offset = int(rng.integers(2**31)) * 2 + 1, int(rng.integers(2**32))
    numbers = (np.arange(n, dtype=np.uint64) * np.uint64(odd) + np.uint64(offset)) & np.uint64(
        2**32 - 1
    )
    numbers ^= numbers >> np.uint64(16)
    return pl.Series([f"P{number:08X}" for number in numbers.tolist()])


def _changed(persons: pl.DataFrame, episodes: pl.DataFrame) -> np.ndarray:
    """Return whose treatment started or stopped in the report year."""
    in_year = (pl.col(name).is_between(day(2024), STATUS_DATE) for name in ("start", "stop"))
    changed = np.zeros(len(persons), dtype=bool)
    changed[episodes.filter(pl.any_horizontal(*in_year))["person"].to_numpy()] = True
    return changed


def _disability(persons: pl.DataFrame, edss: pl.DataFrame) -> np.ndarray:
    """Return the last EDSS, or what is usual after so many years with the disease."""
    years = (DATA_CUTOFF - persons["onset"].to_numpy()) / YEAR
    disability = parameter("disability_usual_start") + parameter("disability_usual_rate") * years
    last = edss.group_by("person", maintain_order=True).agg(pl.col("score").last())
    disability[last["person"].to_numpy()] = last["score"].to_numpy()
    return disability


def _registrations(
    rng: np.random.Generator, persons: pl.DataFrame, ids: pl.Series, scale: float
) -> pl.DataFrame:
    """Return the trusts that registered each person: that of residence, for some another."""
    trusts = np.array(codes.trusts())
    home = persons["trust"].to_numpy()
    data = (persons["included"] < NEVER).to_numpy()
    twice = draw(rng, data.astype(float), round(parameter("second_trust") * scale))
    other = (home[twice] + rng.integers(1, len(trusts), len(twice))) % len(trusts)
    person = np.concatenate([np.arange(len(home)), twice])
    return pl.DataFrame({"patient_id": ids[person], "hf": trusts[np.concatenate([home, other])]})


def _reference_tables(rng: np.random.Generator, persons: int) -> dict[str, pl.DataFrame]:
    scale = persons / DEFAULT_PERSONS
    return {
        "population": population_table(scale),
        "expected_patients": reference.expected_table(scale),
        "record_validation": reference.validation_table(rng),
        "earlier_results": reference.earlier_results_table(rng, scale),
        "rater_reliability": reference.reliability_table(rng),
    }


def _conform(frame: pl.DataFrame, table: schema.Table) -> pl.DataFrame:
    """Return the columns of the data dictionary in its types; no row twice by chance."""
    columns = frame.select(_column(column) for column in table.columns)
    return columns.unique(maintain_order=True) if table.name in DRAWN_FREELY else columns


def _column(column: schema.Column) -> pl.Expr:
    """Return the column in its type; a day after the cutoff is missing."""
    value = pl.col(column.name)
    if column.kind == "date":
        value = pl.when(value <= DATA_CUTOFF).then(value).cast(pl.Int32)
    return value.cast(POLARS_TYPES[column.kind])


def _date(days: int) -> date:
    return date.fromordinal(date(1970, 1, 1).toordinal() + days)
