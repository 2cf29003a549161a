"""Delivered files -> a checked Parquet store, with a report that holds no cell of content."""

from datetime import date
from pathlib import Path

import polars as pl

from msanalysis import schema
from msanalysis.extract import ExtractRefused
from msanalysis.importing import delivery, store
from msanalysis.importing.clean import Cleaned, clean_delivery
from msanalysis.importing.convert import unknown_columns
from msanalysis.importing.mapping import DeliveryMapping
from msanalysis.importing.report import ImportReport, TableReport, write_report

__all__ = ["ImportReport", "import_extract"]


def import_extract(
    source: str | Path,
    dest: str | Path,
    *,
    mapping: str | Path | None = None,
    status_date: date | None = None,
    data_cutoff: date | None = None,
    source_name: str | None = None,
) -> ImportReport:
    """Check a folder of delivered files and write it as a store, whole or not at all.

    Parameters
    ----------
    mapping
        A mapping file; without it files and columns must have the schema's names.
    status_date, data_cutoff, source_name
        What the delivery's own extract.yaml does not state.

    Raises
    ------
    ExtractRefused
        The delivery cannot be used. Neither message nor traceback holds a cell or a patient_id.
    """
    given = {"status_date": status_date, "data_cutoff": data_cutoff, "source": source_name}
    try:
        return _import(Path(source), Path(dest), mapping, given)
    except (ExtractRefused, KeyboardInterrupt, SystemExit):
        raise
    except OSError as error:
        raise ExtractRefused(f"{error.filename or dest}: {error.strerror}") from None
    except BaseException as error:
        # an unforeseen message (Rust's panics are no Exception) may quote a cell: only its class
        # leaves
        raise ExtractRefused(
            f"{source}: the import failed with {type(error).__name__}; nothing was written"
        ) from None


def _import(
    source: Path, dest: Path, mapping: str | Path | None, given: dict[str, object]
) -> ImportReport:
    if source.resolve().is_relative_to(dest.resolve()):
        raise ExtractRefused(f"{dest}: the store cannot be written over the delivery")
    plan = delivery.plan_import(source, mapping)
    stated = delivery.read_stated(source, given)
    raws = delivery.read_files(source, plan)
    cleaned = clean_delivery(raws, plan, stated.data_cutoff)
    tables = {name: store.canonical(name, frame) for name, frame in cleaned.tables.items()}
    report = _report(stated, plan, raws, cleaned, tables)
    files = {name: store.file_sha256(source / name) for name in raws}
    with store.whole_folder(dest, replaces="fingerprint:") as folder:
        store.write_tables(tables, folder)
        write_report(report, folder)
        store.write_store_file(_store_statement(stated, report, files), folder)
    return report


def _store_statement(
    stated: delivery.Stated, report: ImportReport, files: dict[str, str]
) -> dict[str, object]:
    """Return what the store says of itself; only what is invented has a truth."""
    said = stated.model_dump(exclude=set() if stated.source == "synthetic" else {"truth"})
    return {"fingerprint": report.fingerprint, "delivered_files": files} | said


def _report(
    stated: delivery.Stated,
    plan: DeliveryMapping,
    raws: dict[str, pl.DataFrame],
    cleaned: Cleaned,
    tables: dict[str, pl.DataFrame],
) -> ImportReport:
    said = stated.model_dump(exclude={"truth"})
    return ImportReport(
        **said,
        fingerprint=store.fingerprint(said, tables),
        tables=tuple(_table_report(name, raws, plan, cleaned, tables) for name in tables),
        tables_not_delivered=tuple(name for name in schema.TABLES if name not in tables),
        set_aside=cleaned.set_aside,
        warnings=cleaned.warnings,
        persons_merged=cleaned.merged.n_persons,
        contradictions=cleaned.merged.contradictions,
    )


def _table_report(
    name: str,
    raws: dict[str, pl.DataFrame],
    plan: DeliveryMapping,
    cleaned: Cleaned,
    tables: dict[str, pl.DataFrame],
) -> TableReport:
    file, kept = plan.tables[name].file, len(tables[name])
    n_set_aside, n_orphaned = (
        len({row for finding in findings if finding.table == name for row in finding.rows})
        for findings in (cleaned.set_aside, cleaned.orphaned)
    )
    columns = (column.name for column in schema.TABLES[name].columns)
    return TableReport(
        table=name,
        file=file,
        rows_read=cleaned.rows_read[name],
        rows_kept=kept,
        rows_set_aside=n_set_aside,
        rows_orphaned=n_orphaned,
        rows_merged=cleaned.rows_read[name] - kept - n_set_aside - n_orphaned,
        columns_not_delivered=tuple(c for c in columns if c not in tables[name].columns),
        unknown_columns=unknown_columns(raws[file], file, plan),
    )
