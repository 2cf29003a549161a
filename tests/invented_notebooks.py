"""Tiny invented notebooks, stores and run files for the tests of the runner."""

import json
from datetime import date
from pathlib import Path

import polars as pl
import yaml

from msanalysis.catalogue import Analysis

PARAMETERS = """\
extract: str = "store"  # folder of an imported extract
lang: list[str] = ["nb", "en"]  # languages
out: str = "out"  # folder that receives what is saved
"""
SAVES = """\
import json, pathlib
folder = pathlib.Path(out)
for part in ("tables", "figures"):
    (folder / part).mkdir()
(folder / "tables" / "ID_table.csv").write_text("stratum,n\\nall,12\\n")
for language in lang:
    (folder / "figures" / f"ID.{language}.svg").write_text("<svg/>")
(folder / "numbers.csv").write_text(
    "id,population,measure,value,unit,n,lower,upper,hidden\\nID_n,p,count,12,persons,,,,0\\n"
)
saved = {"analysis": "ID", "figures": ["ID"], "tables": ["ID_table"]}
text = {language: "There were **12** <script>alert(1)</script>" for language in lang}
(folder / "analysis.json").write_text(json.dumps({**saved, "text": text}))
"""


def write_notebook(
    folder: Path, id: str, body: str = SAVES, parameters: str = "", first: str = PARAMETERS
) -> Path:
    """Write a notebook whose cells are a question, the parameters, and `body` with ID filled in."""
    cells = [
        {"cell_type": "markdown", "id": "question", "metadata": {}, "source": "# How many?"},
        _code("parameters", first + parameters, tags=["parameters"]),
        _code("body", body.replace("ID", id)),
    ]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{id}.ipynb"
    content = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def _code(id: str, source: str, **metadata) -> dict:
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": id,
        "metadata": metadata,
        "outputs": [],
        "source": source.splitlines(keepends=True),
    }


def write_store(folder: Path) -> Path:
    """Write a store of two invented persons, without visits."""
    folder.mkdir(parents=True)
    rows = {"patient_id": ["a", "b"], "onset_date": [date(2000, 1, 1), None]}
    pl.DataFrame(rows).write_parquet(folder / "patients.parquet")
    stated = {
        "source": "synthetic",
        "fingerprint": "f" * 64,
        "status_date": date(2024, 12, 31),
        "data_cutoff": date(2025, 5, 15),
    }
    (folder / "extract.yaml").write_text(yaml.safe_dump(stated))
    return folder


def write_run_file(folder: Path, text: str) -> Path:
    """Write a run file."""
    path = folder / "invented_run.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def rows(*ids: str, **needs: tuple[str, ...]) -> tuple[Analysis, ...]:
    """Return catalogue rows; `needs` by id."""
    words = {"nb": "Tittel", "en": "Title"}
    return tuple(
        Analysis(id, "1", words, needs.get(id, ()), {id: "9.9.9"}, {id: words}) for id in ids
    )


def save_outputs(folder: Path, id: str) -> None:
    """Write what the notebook of `write_notebook` would, without a kernel."""
    folder.mkdir(parents=True)
    exec(SAVES.replace("ID", id), {"out": str(folder), "lang": ["nb", "en"]})


COUNTS = """\
from datetime import date
import pandas as pd
from msanalysis.core import Cohort, Provenance
from msanalysis.output import Sentences, save
from msanalysis.release import release
from msanalysis.stats import estimate_shares
nobody = pd.DataFrame({"step": pd.Series(dtype="object"), "n": pd.Series(dtype="int64")})
held = Provenance("synthetic", "f" * 64, date(2024, 12, 31), date(2025, 5, 15))
places = pd.Series(["ous"] * 30 + ["bergen"] * 9 + ["finnmark"] * 3, name="place")
levels = {"place": {"side": {"ous": "female", "bergen": "male", "finnmark": "male"}}}
persons = pd.DataFrame({"place": places, "side": places.map(levels["place"]["side"])})
cohort = Cohort("ID", CHOSEN, nobody, held, base="everyone", fixed=FIXED, coarser=levels)
shares = release(estimate_shares(cohort, column="COLUMN"))
text = Sentences({language: "text" for language in lang})
save("ID", out, numbers=[], figures={}, tables={"ID_table": shares}, text=text)
"""
"""Shares of 42 invented persons, 3 of one place."""


def counts(column: str, *, only: str = "") -> str:
    """Return the body of a notebook that releases the shares of a column."""
    chosen = f'persons[persons["place"] == "{only}"]' if only else "persons"
    fixed = f'{{"place": ("{only}",)}}' if only else "{}"
    body = COUNTS.replace("CHOSEN", chosen).replace("FIXED", fixed)
    return body.replace("COLUMN", column)
