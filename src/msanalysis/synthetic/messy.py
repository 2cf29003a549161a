"""A delivery as it really comes: every finding that an import survives, planted."""

from collections.abc import Mapping
from datetime import date, timedelta

import polars as pl

Tables = Mapping[str, pl.DataFrame]
_SHARE_PLANTED = 1 / 500
_NOBODY, _SET_ASIDE = "planted-nobody", "planted-set-aside"


def plant_mess(tables: Tables, data_cutoff: date) -> dict[str, pl.DataFrame]:
    """Return the tables with planted findings.

    What an import sets aside, merges or drops is added beside the sound rows, so that these are
    all imported; what it keeps with a warning is added to, or changed in, persons that are there.
    Of each kind there is one row, or one in 500.
    """
    mess = dict(tables)
    mess["patients"] = _early_onset(_contradictions(mess["patients"]))
    for table, changes in _bad_rows(data_cutoff):
        mess[table] = _add_changed(mess[table], tables[table], changes)
    mess["treatments"] = pl.concat(
        [
            mess["treatments"],
            _repeats(tables),
            _start_before_diagnosis(tables),
            _overlap(tables["treatments"], data_cutoff),
        ]
    )
    mess["visits"] = pl.concat([mess["visits"], _late_visits(tables["visits"], data_cutoff)])
    return mess


def _bad_rows(data_cutoff: date) -> list[tuple[str, dict[str, pl.Expr]]]:
    """Return for each table copies of rows to add, and what is wrong with them."""
    later = pl.lit(data_cutoff + timedelta(days=1))
    return [
        ("patients", {"sex": pl.lit("planted")}),
        ("patients", {"diagnosis_date": pl.col("birth_date") - timedelta(days=1)}),
        ("patients", {"patient_id": pl.lit(_SET_ASIDE), "residence_hf": pl.lit("planted")}),
        ("patients", {"findings_at_diagnosis": pl.lit(-1)}),
        ("treatments", {"substance": pl.lit("planted")}),
        ("treatments", {"stop_date": pl.col("start_date") - timedelta(days=1)}),
        ("visits", {"visit_date": later}),
        ("visits", {"patient_id": pl.lit(_SET_ASIDE)}),
        ("relapses", {"patient_id": pl.lit(_NOBODY)}),
        ("edss", {"score": pl.lit(0.5)}),
        ("mri", {"gd_lesions": pl.lit(-1)}),
    ]


def _few(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.head(max(1, int(len(frame) * _SHARE_PLANTED)))


def _add_changed(
    frame: pl.DataFrame, sound: pl.DataFrame, changes: Mapping[str, pl.Expr]
) -> pl.DataFrame:
    types = sound.schema
    changed = _few(sound).with_columns(
        **{column: value.cast(types[column]) for column, value in changes.items()}
    )
    return pl.concat([frame, changed])


def _contradictions(patients: pl.DataFrame) -> pl.DataFrame:
    """Let rows that are not of the trust of residence contradict the one that is."""
    at_home = (pl.col("hf") == pl.col("residence_hf")).fill_null(False)
    overruled = at_home.any().over("patient_id") & ~at_home
    n_relapses = pl.col("relapses_before_diagnosis")
    return patients.with_columns(pl.when(overruled).then(n_relapses + 1).otherwise(n_relapses))


def _early_onset(patients: pl.DataFrame) -> pl.DataFrame:
    born = pl.col("birth_date").is_not_null() & (pl.col("onset_precision") == "day")
    persons = _few(patients.filter(born))["patient_id"]
    eighth_birthday = pl.col("birth_date").dt.offset_by("8y")
    planted = pl.col("patient_id").is_in(persons.implode()) & born
    return patients.with_columns(
        pl.when(planted).then(eighth_birthday).otherwise("onset_date").alias("onset_date")
    )


def _repeats(tables: Tables) -> pl.DataFrame:
    """Return the treatments of persons of several trusts, each of which registered them."""
    several = tables["registrations"].filter(pl.col("patient_id").is_duplicated())
    return tables["treatments"].join(several, on="patient_id", how="semi")


def _start_before_diagnosis(tables: Tables) -> pl.DataFrame:
    diagnosed = (
        tables["patients"].drop_nulls("diagnosis_date").unique("patient_id", maintain_order=True)
    )
    treated = tables["treatments"].join(
        diagnosed.select("patient_id", "diagnosis_date"), on="patient_id", maintain_order="left"
    )
    day = pl.col("diagnosis_date") - timedelta(days=60)
    return _few(treated).select(
        pl.lit("other").alias(c)
        if c == "substance"
        else day.alias(c)
        if c in ("start_date", "stop_date", "last_dose_date")
        else pl.col(c)
        for c in tables["treatments"].columns
    )


def _overlap(treatments: pl.DataFrame, data_cutoff: date) -> pl.DataFrame:
    """Return natalizumab started the day after rituximab that goes on."""
    ongoing = (pl.col("substance") == "rituximab") & pl.col("stop_date").is_null()
    early_enough = pl.col("start_date") < data_cutoff
    return _few(treatments.filter(ongoing & early_enough)).with_columns(
        substance=pl.lit("natalizumab"),
        brand=pl.lit("Tysabri"),
        start_date=pl.col("start_date") + timedelta(days=1),
    )


def _late_visits(visits: pl.DataFrame, data_cutoff: date) -> pl.DataFrame:
    delay = timedelta(days=800)
    return _few(visits.filter(pl.col("visit_date") < data_cutoff - delay)).with_columns(
        registered_date=pl.col("visit_date") + delay
    )
