"""What an import did: counts and row numbers, without a single cell of content."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

from msanalysis.importing.convert import Finding

ROWS_LISTED = 100


@dataclass(frozen=True)
class TableReport:
    """One table: every row read is kept, set aside, orphaned, or merged into an equal one."""

    table: str
    file: str
    rows_read: int
    rows_kept: int
    rows_set_aside: int
    rows_orphaned: int
    rows_merged: int
    columns_not_delivered: tuple[str, ...]
    unknown_columns: tuple[str, ...]


@dataclass(frozen=True)
class ImportReport:
    """One import. Row 1 of a delivered file is the first below its column names.

    `rows_orphaned` were whole, but their person was set aside; they count against no bound.
    `contradictions` are persons whose rows from several trusts differ, by column.
    """

    source: str
    status_date: date
    data_cutoff: date
    fingerprint: str
    tables: tuple[TableReport, ...]
    tables_not_delivered: tuple[str, ...]
    set_aside: tuple[Finding, ...]
    warnings: tuple[Finding, ...]
    persons_merged: int
    contradictions: Mapping[str, int]

    @property
    def counts(self) -> dict[str, int]:
        """How much was kept, set aside, merged and warned of."""
        kept = {t.table: t.rows_kept for t in self.tables}
        return {
            "persons": kept["patients"],
            "tables": len(self.tables),
            "rows_set_aside": sum(t.rows_set_aside for t in self.tables),
            "persons_merged": self.persons_merged,
            "warnings": sum(len(w.rows) for w in self.warnings),
        }

    @property
    def summary(self) -> str:
        """One line for the console."""
        return (
            "{persons} persons in {tables} tables; {rows_set_aside} rows set aside, "
            "{persons_merged} persons merged, {warnings} warnings"
        ).format(**self.counts)


def write_report(report: ImportReport, folder: Path) -> None:
    """Write import_report.json and import_report.html."""
    content = _as_data(report)
    (folder / "import_report.json").write_text(
        json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    template = files(__package__).joinpath("report.html").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    page = environment.from_string(template).render(content)
    (folder / "import_report.html").write_text(page, encoding="utf-8")


def _as_data(report: ImportReport) -> dict[str, Any]:
    content = asdict(report) | {
        "set_aside": [_listed(finding) for finding in report.set_aside],
        "warnings": [_listed(finding) for finding in report.warnings],
    }
    return content | {day: str(content[day]) for day in ("status_date", "data_cutoff")}


def _listed(finding: Finding) -> dict[str, Any]:
    rows = list(finding.rows[:ROWS_LISTED])
    return asdict(finding) | {"n": len(finding.rows), "rows": rows}
