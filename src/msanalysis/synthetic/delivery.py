"""The invented registry written as somebody would deliver it."""

import errno
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import polars as pl
import pyreadstat

from msanalysis import schema
from msanalysis.importing.mapping import (
    DeliveredColumn,
    DeliveryMapping,
    importable_columns,
    load_mapping,
    written_spellings,
)
from msanalysis.importing.store import whole_folder, write_store_file
from msanalysis.synthetic.messy import plant_mess

NORWEGIAN = Path("params") / "mappings" / "norwegian.yaml"
_SPSS_TIMESTAMP = slice(92, 109)
_STATA_TIMESTAMP = b"<timestamp>\x11"


class Registry(Protocol):
    """What a delivery is written from: the schema's tables, and what the generator states."""

    tables: Mapping[str, pl.DataFrame]
    truth: Mapping[str, Any]
    status_date: Any
    data_cutoff: Any


def write_delivery(
    registry: Registry,
    dest: str | Path,
    form: str = "parquet",
    messy: bool = False,
    mapping: str | Path | None = None,
) -> None:
    """Write a registry as a folder of delivered files; equal registries give equal bytes.

    Parameters
    ----------
    form
        `parquet`, `csv`, `sav` or `dta` in the schema's names, or `csv-norwegian` in those of
        the mapping file, which also imports it.
    messy
        Plant every finding that an import survives.
    mapping
        The mapping of `csv-norwegian`; by default the project's `norwegian.yaml`.

    Raises ValueError for another form, FileExistsError where `dest` holds other files.
    """
    if form not in (*_WRITERS, "csv-norwegian"):
        raise ValueError(f"form {form}: expected {', '.join(_WRITERS)} or csv-norwegian")
    tables = {**registry.tables, "patients": _rows_by_trust(registry.tables)}
    if messy:
        tables = plant_mess(tables, registry.data_cutoff)
    with whole_folder(Path(dest), replaces="source: synthetic") as folder:
        if form == "csv-norwegian":
            _write_mapped(tables, load_mapping(mapping or find_norwegian_mapping()), folder)
        else:
            for name, frame in tables.items():
                _WRITERS[form](frame, folder / f"{name}.{form}")
        write_store_file(_stated(registry), folder)


def find_norwegian_mapping() -> Path:
    """Return the project's worked mapping: upward from the working folder, then by the source."""
    roots = (Path.cwd(), *Path.cwd().parents, *Path(__file__).resolve().parents)
    for root in roots:
        if (root / NORWEGIAN).is_file():
            return root / NORWEGIAN
    reason = "not found: run in the project's folder, or name the mapping"
    raise FileNotFoundError(errno.ENOENT, reason, str(NORWEGIAN))


def _stated(registry: Registry) -> dict[str, Any]:
    return {
        "status_date": registry.status_date,
        "data_cutoff": registry.data_cutoff,
        "source": "synthetic",
        "truth": dict(registry.truth),
    }


def _rows_by_trust(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Return `patients` with a row for each trust that registered the person.

    Of several rows each lacks something that another has, so that only merging restores them.
    """
    patients = tables["patients"]
    rows = patients.join(
        tables["registrations"].select("patient_id", "hf"),
        on="patient_id",
        how="left",
        maintain_order="left_right",
    )
    order = pl.int_range(pl.len()).over("patient_id")
    several = pl.col("patient_id").is_duplicated()
    return rows.with_columns(
        _empty_where(several & (order == 0), "findings_at_diagnosis"),
        _empty_where(several & (order > 0), "oligoclonal_bands"),
        _empty_where(several & (order > 0), "onset_symptoms"),
    )


def _empty_where(condition: pl.Expr, column: str) -> pl.Expr:
    return pl.when(~condition).then(pl.col(column)).alias(column)


def _write_mapped(
    tables: Mapping[str, pl.DataFrame], mapping: DeliveryMapping, folder: Path
) -> None:
    """Write semicolon CSV with decimal comma, in the mapping's names, codes and date format."""
    for name, frame in tables.items():
        table = mapping.tables[name]
        columns = {c.name: c for c in importable_columns(name)}
        cells = [
            cell
            for column, delivered in table.columns.items()
            for cell in _as_mapped(columns[column], delivered, mapping.date_format)
        ]
        frame.select(cells).write_csv(folder / table.file, separator=";", include_bom=True)


def _as_mapped(
    column: schema.Column, delivered: DeliveredColumn, date_format: str
) -> list[pl.Expr]:
    """Return the delivered columns of one of ours: several where a date comes in parts."""
    value = pl.col(column.name)
    if delivered.year:
        return _date_parts(column.name, delivered)
    if column.kind == "date":
        value = value.dt.strftime(date_format or "%Y-%m-%d")
    elif column.kind == "number":
        value = value.cast(pl.String).str.replace(".", ",", literal=True)
    elif spellings := written_spellings(column, delivered):
        value = value.cast(pl.String).replace(spellings)
    return [value.alias(delivered.column)]


def _date_parts(date: str, delivered: DeliveredColumn) -> list[pl.Expr]:
    """Write as much of a date as its precision says is known."""
    value, precision = pl.col(date).dt, pl.col(date.replace("_date", "_precision"))
    known = {
        delivered.year: value.year(),
        delivered.month: pl.when(precision != "year").then(value.month()),
        delivered.day: pl.when(precision == "day").then(value.day()),
    }
    return [part.alias(name) for name, part in known.items() if name]


def _write_sav(frame: pl.DataFrame, path: Path) -> None:
    pyreadstat.write_sav(_for_statistics_package(frame), path)
    content = bytearray(path.read_bytes())
    content[_SPSS_TIMESTAMP] = b"01 Jan 0000:00:00"
    path.write_bytes(content)


def _write_dta(frame: pl.DataFrame, path: Path) -> None:
    pyreadstat.write_dta(_for_statistics_package(frame), path)
    before, mark, after = path.read_bytes().partition(_STATA_TIMESTAMP)
    path.write_bytes(before + mark + b"01 Jan 2000 00:00" + after[17:])


def _for_statistics_package(frame: pl.DataFrame) -> pl.DataFrame:
    """SPSS and Stata know neither truth values nor missing texts."""
    return frame.with_columns(pl.col(pl.Boolean).cast(pl.Int8), pl.col(pl.String).fill_null(""))


_WRITERS: Mapping[str, Callable[[pl.DataFrame, Path], None]] = {
    "parquet": lambda frame, path: frame.write_parquet(path),
    "csv": lambda frame, path: frame.write_csv(path),
    "sav": _write_sav,
    "dta": _write_dta,
}
