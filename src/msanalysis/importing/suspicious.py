"""What is possible but unlikely: kept, and counted as a warning."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from msanalysis import codes
from msanalysis.importing.convert import ROW, Finding

Tables = Mapping[str, pl.DataFrame]
_LATE_DAYS = 2 * 365


@dataclass(frozen=True)
class Suspicion:
    """A warning: the column it is about, the columns it needs, and the rows it concerns."""

    table: str
    column: str
    rule: str
    needs: tuple[str, ...]
    rows: Callable[[Tables], pl.DataFrame]


def suspicious_rows(tables: Tables) -> tuple[Finding, ...]:
    """Return the rows of the imported tables that deserve a look, as far as columns allow."""
    held = {f"{name}.{column}" for name, frame in tables.items() for column in frame.columns}
    found = (
        Finding(s.table, s.column, s.rule, tuple(s.rows(tables)[ROW].sort()))
        for s in SUSPICIONS
        if held.issuperset(s.needs)
    )
    return tuple(finding for finding in found if finding.rows)


def _early_onset(tables: Tables) -> pl.DataFrame:
    tenth_birthday = pl.col("birth_date").dt.offset_by("10y")
    return tables["patients"].filter(pl.col("onset_date") < tenth_birthday)


def _start_before_diagnosis(tables: Tables) -> pl.DataFrame:
    diagnoses = tables["patients"].select("patient_id", "diagnosis_date")
    treated = tables["treatments"].join(diagnoses, on="patient_id")
    return treated.filter(pl.col("start_date") < pl.col("diagnosis_date"))


def _overlapping_high_efficacy(tables: Tables) -> pl.DataFrame:
    """Return episodes that start while another runs; what is given once does not run on."""
    running = [d for d in codes.drugs() if d["high_efficacy_from"] and d["one_off"] != "true"]
    substances = [drug["substance"] for drug in running]
    episodes = tables["treatments"].filter(pl.col("substance").is_in(substances))
    stop = pl.col("stop_date").fill_null(pl.date(9999, 12, 31))
    earlier_stop = stop.cum_max().shift(1).over("patient_id", order_by=["start_date", ROW])
    return episodes.filter(pl.col("start_date") < earlier_stop)


def _late_visit(tables: Tables) -> pl.DataFrame:
    delay_days = (pl.col("registered_date") - pl.col("visit_date")).dt.total_days()
    return tables["visits"].filter(delay_days > _LATE_DAYS)


SUSPICIONS = (
    Suspicion(
        "patients",
        "onset_date",
        "onset before age 10",
        ("patients.onset_date", "patients.birth_date"),
        _early_onset,
    ),
    Suspicion(
        "treatments",
        "start_date",
        "start before diagnosis",
        ("treatments.start_date", "patients.diagnosis_date"),
        _start_before_diagnosis,
    ),
    Suspicion(
        "treatments",
        "start_date",
        "two high-efficacy treatments overlap",
        ("treatments.substance", "treatments.stop_date"),
        _overlapping_high_efficacy,
    ),
    Suspicion(
        "visits",
        "registered_date",
        "registered more than 2 years after the visit",
        ("visits.visit_date", "visits.registered_date"),
        _late_visit,
    ),
)
"""Every warning there is."""
