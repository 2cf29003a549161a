"""What a release holds, read once for all pages; its tables in words."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from msanalysis.labels import MissingWord
from msanalysis.report.words import analyses_shown
from msanalysis.tables import format_table

ROWS_SHOWN = 40


class ReportIncomplete(Exception):
    """A table cannot be put into words. The message names the file, never what stands in it."""


@dataclass(frozen=True)
class Contents:
    """A release folder: its manifest, the analyses that are shown, and their tables by id."""

    folder: Path
    manifest: dict[str, Any]
    analyses: list[dict[str, Any]]
    tables: dict[str, pd.DataFrame]

    @property
    def languages(self) -> list[str]:
        """The languages of the run, the first of which `index.html` is in."""
        return self.manifest["languages"]


def read_contents(release: Path) -> Contents:
    """Read the manifest of a release, and the tables of the analyses that are shown."""
    manifest = json.loads((release / "manifest.json").read_text(encoding="utf-8"))
    analyses = analyses_shown(manifest)
    tables = {
        table["id"]: read_table(release / table["file"])
        for analysis in analyses
        for table in analysis["tables"]
    }
    return Contents(release, manifest, analyses, tables)


def read_table(path: Path) -> pd.DataFrame:
    """Return a table as its file holds it: text, hidden cells empty."""
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def read_rows(path: Path, lang: str) -> list[list[str]]:
    """Return a table in words, its heading first."""
    return rows_in_words(read_table(path), path.name, lang)


def rows_in_words(held: pd.DataFrame, file: str, lang: str) -> list[list[str]]:
    """Return a table that was read from `file` in words, its heading first."""
    try:
        table = format_table(held, lang)
    except MissingWord:
        # its message names the code, which may stem from the extract
        raise ReportIncomplete(
            f"tables/{file}: a column or code has no {lang} word; look it up there, and "
            "add a row to src/msanalysis/labels.csv"
        ) from None
    return [list(table), *table.to_numpy().tolist()]
