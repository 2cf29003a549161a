"""A small invented release, as the runner leaves it before its report is written."""

import json
from pathlib import Path

from PIL import Image

from msanalysis.figures import interactive
from msanalysis.run.source import source_with

LANGUAGES = ("nb", "en")
HOSTILE = """</title><script>alert(1)</script> "x" ' & <img src=x onerror=alert(1)> {{ 'ø' * 5 }}"""
SVG = (
    '<?xml version="1.0" encoding="utf-8"?>\n<svg xmlns="http://www.w3.org/2000/svg" '
    'width="482.4pt" height="300pt" viewBox="0 0 482.4 300"><path d="M0 0L480 290"/></svg>\n'
)
TABLES = {
    "curve": "stratum,time_days,n_at_risk,n_events,estimate,lower,upper\n"
    + "".join(f"all,{30 * n},{900 - n},{n},0.9,0.88,0.92\n" for n in range(60)),
    "flows": "step,source,target,n,share_of_source\n"
    "1,anti_cd20,none,70,0.5\n1,anti_cd20,dead,70,0.5\n",
    "ages": "level,n,share\nmissing,,\nall,40,1.0\n",
    "first_attrition": "step,n\nall,120\nno_follow_up,\nother_diagnosis,20\nincluded,95\n",
}
NUMBERS = (
    "id,population,measure,value,unit,n,lower,upper,hidden\n"
    "alive,living,shares:n,13129,persons,,,,0\nnew_diagnosed,new,shares:n,,persons,,,,1\n"
    "edss_measured,living,shares:share,30.04,percent,13129,,,0\nunknown_to_all,a,b,1,persons,,,,0\n"
    "onset_age_mean,living,mean:mean,,years,,,,0\n"
)
DRAWING = {
    "data": [
        {
            "type": "sankey",
            "node": {"label": ["anti-CD20", "none", "dead"], "pad": 8},
            "link": {"source": [0, 0], "target": [1, 2], "value": [70, 70]},
        }
    ],
    "layout": {"title": {"text": "SYNTHETIC"}, "height": 720},
}
TEXT_TABLE = """\
| In the report year | Number | Share | 95 % confidence interval |
|---|---|---|---|
| Treatment started within 21 days of diagnosis | 1\u202f234 of 2\u202f345 | 52.6 | 50.6 to 54.6 |
"""
PARAMETERS = """\
extract: str = "a"  # folder
lang: list[str] = ["nb"]  # languages
out: str = "b"  # folder
"""


def words(nb: str, en: str) -> dict[str, str]:
    return {"nb": nb, "en": en}


def write_invented_release(folder: Path, caption: str = "", text: str = "", **said) -> Path:
    """Write two analyses that ran and one that lacks columns; `said` changes the manifest."""
    for part in ("tables", "figures", "notebooks"):
        (folder / part).mkdir(parents=True)
    for id, content in TABLES.items():
        (folder / "tables" / f"{id}.csv").write_text(content)
    (folder / "numbers.csv").write_text(NUMBERS)
    for lang in said.get("languages", LANGUAGES):
        (folder / f"report.{lang}.docx").write_bytes(b"")  # pages only lead to it
    first = _analysis("first", "2.1", text, notebook="notebooks/first.ipynb")
    first["figures"] = [
        _figure(folder, id, number, caption, drawn_from)
        for id, number, drawn_from in (
            ("beside", "", ["ages"]),
            ("late", "2.1.10", ["curve", "ages"]),
            ("early", "2.1.6b", ["curve"]),
            ("sankey", "2.1.6a", ["flows"]),
        )
    ]
    _make_interactive(folder, first["figures"][-1])
    first["tables"] = [_table(id, caption) for id in TABLES]
    _write_notebook(folder, "first")
    gap = _analysis("gap", "2.2", "", status="missing_columns", missing=["visits.edss"])
    manifest = {
        "run": "invented", "report_year": 2024, "status_date": "2024-12-31",
        "data_cutoff": "2025-05-15", "languages": [*LANGUAGES], "policy": "annual_report",
        "own_unit": "", "extract": {"source": "synthetic", "fingerprint": "f" * 64},
        "package": {"version": "0.1.0", "commit": "a" * 40, "dependencies": {"pandas": "2.3.3"}},
        "analyses": [gap, _analysis("second", "2.1", text), first],
    } | said  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def _analysis(id: str, chapter: str, text: str, status: str = "ok", **more) -> dict:
    said = text or f"Of **12** persons.\n\n{TEXT_TABLE}\n\n**How to read it.** With care."
    return {
        "id": id, "chapter": chapter, "title": words(f"Analysen {id}", f"The analysis {id}"),
        "status": status, "failure": "", "missing": [], "notebook": "",
        "parameters": {"gap_days": 90}, "text": words(said, said), "figures": [], "tables": [],
    } | more  # fmt: skip


def _caption(id: str, caption: str) -> dict[str, str]:
    usual = (f"{lang} caption of {id}, about as long as one is" for lang in LANGUAGES)
    return words(caption, caption) if caption else words(*usual)


def _figure(folder: Path, id: str, number: str, caption: str, drawn_from: list[str]) -> dict:
    files = {lang: f"figures/{id}.{lang}.svg" for lang in LANGUAGES}
    for name in files.values():
        (folder / name).write_text(SVG)
        Image.new("RGB", (60, 20), "white").save((folder / name).with_suffix(".png"))
    return {
        "id": id, "number": number, "caption": _caption(id, caption), "files": files,
        "interactive": {}, "tables": drawn_from,
    }  # fmt: skip


def _make_interactive(folder: Path, figure: dict) -> None:
    interactive.save(folder / "figures", figure["id"], dict.fromkeys(LANGUAGES, DRAWING))
    figure["interactive"] = {lang: f"figures/{figure['id']}.{lang}.js" for lang in LANGUAGES}


def _table(id: str, caption: str) -> dict:
    statistic = "attrition" if id.endswith("attrition") else id
    count = {"n_at_risk" if id == "curve" else "n": {"dependents": []}}
    return {
        "id": id, "caption": _caption(id, caption), "file": f"tables/{id}.csv",
        "statistic": statistic, "shape": "table", "counts": count,
    }  # fmt: skip


def _write_notebook(folder: Path, id: str) -> None:
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": ["# How many?\n", "\n", "Some <b>."]},
        {
            "cell_type": "code", "metadata": {"tags": ["parameters"]},
            "source": [PARAMETERS, "gap_days: int = 30  # days\n"],
        },
        {"cell_type": "code", "metadata": {}, "source": ['"<script>"  # a comment']},
    ]  # fmt: skip
    path = folder / "notebooks" / f"{id}.ipynb"
    path.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    path.write_text(source_with(path, {"gap_days": 90}), encoding="utf-8")
