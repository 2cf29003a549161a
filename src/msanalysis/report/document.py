"""A release as a Word document: `report.<lang>.docx` beside `index.html`, from the release alone.

Every figure and table is referred to through a field that points at a bookmark around its label, so
that Word numbers and repairs the references, and none can point at nothing.
"""

import io
import json
import os
import re
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from docx import Document
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Cm, Pt, RGBColor
from docx.text.paragraph import Paragraph
from PIL import Image

from msanalysis.report.contents import ROWS_SHOWN, read_rows
from msanalysis.report.words import (
    WORDS,
    analyses_shown,
    dates_of,
    figure_labels,
    heading_of,
    stamp_of,
    table_labels,
    trust_names,
)

_TEXT_WIDTH, _MOST_HEIGHT = Cm(16), Cm(21)
_LANGUAGE = {"nb": "nb-NO", "en": "en-GB"}
_SAY = {
    "nb": {
        "contents": "Figurer",
        "see": "Se ",
        "tables": "Tabeller",
        "first": "De første {shown} av {rows} rader; alle står i {file}.",
    },
    "en": {
        "contents": "Figures",
        "see": "See ",
        "tables": "Tables",
        "first": "The first {shown} of {rows} rows; all are in {file}.",
    },
}
_BOLD = re.compile(r"(\*\*[^*]+\*\*)")
_OF_THE_TEMPLATE = ("/thumbnail", "/customXml")
_NO_TIME = (1980, 1, 1, 0, 0, 0)


def write_documents(release: Path) -> list[Path]:
    """Write `report.<lang>.docx` into a release folder, for every language of the run.

    Chapters in the order of the annual report; of each analysis its sentences, its figures (PNG,
    300 dpi) with caption and alternative text, and last all tables. Figures that the annual report
    does not have are numbered apart (S1, S2, ...).

    Raises
    ------
    ReportIncomplete
        When a column or code of a table has no word.
    """
    manifest = json.loads((release / "manifest.json").read_text(encoding="utf-8"))
    paths = []
    for lang in manifest["languages"]:
        path = release / f"report.{lang}.docx"
        path.write_bytes(_plain(_document(release, manifest, lang)))
        paths.append(path)
    return paths


def _document(release: Path, manifest: dict[str, Any], lang: str) -> Any:
    document = Document()
    _set_up(document, manifest, lang)
    analyses = analyses_shown(manifest)
    labels = _labels(analyses, lang)
    _front_page(document, manifest, analyses, labels, lang)
    marks = iter(range(1, 10_000))
    for analysis in analyses:
        document.add_heading(f"{analysis['chapter']} {analysis['title'][lang]}", 1)
        _add_sentences(document, analysis, labels, lang)
        for figure in analysis["figures"]:
            _add_figure(document, release, figure, labels[_mark("figure", figure["id"])], lang)
            _add_caption(document, "figure", figure, labels, next(marks), lang)
    document.add_heading(_SAY[lang]["tables"], 1)
    for table in (table for analysis in analyses for table in analysis["tables"]):
        _add_caption(document, "table", table, labels, next(marks), lang)
        _add_table(document, release / table["file"], lang)
    return document


# --- labels and references ------------------------------------------------------------------------


def _mark(kind: str, id: str) -> str:
    """Return the name of a bookmark: Word allows 40 characters."""
    return f"{kind[0]}_{id}"[:40]


def _labels(analyses: list[dict[str, Any]], lang: str) -> dict[str, str]:
    """Return bookmark -> label of every figure and table."""
    by_kind = {"figure": figure_labels(analyses, lang), "table": table_labels(analyses, lang)}
    return {
        _mark(kind, id): label for kind, labels in by_kind.items() for id, label in labels.items()
    }


def _add_reference(paragraph: Paragraph, mark: str, label: str) -> None:
    """Add a field that shows what stands in a bookmark, and leads there."""
    for kind, text in (("begin", ""), ("", f" REF {mark} \\h "), ("separate", "")):
        _add_part_of_field(paragraph, kind, text)
    paragraph.add_run(label)
    _add_part_of_field(paragraph, "end", "")


def _add_part_of_field(paragraph: Paragraph, kind: str, instruction: str) -> None:
    run = paragraph.add_run()
    part = OxmlElement("w:fldChar" if kind else "w:instrText")
    if kind:
        part.set(qn("w:fldCharType"), kind)
    else:
        part.set(qn("xml:space"), "preserve")
        part.text = instruction
    run._r.append(part)


def _add_caption(
    document: Any, kind: str, shown: dict[str, Any], labels: dict[str, str], mark: int, lang: str
) -> None:
    """Add a caption, its label in the bookmark that references point at."""
    name = _mark(kind, shown["id"])
    paragraph = document.add_paragraph()
    paragraph._p.style = "Caption"  # by its name the library looks through all styles each time
    paragraph.paragraph_format.keep_with_next = kind == "table"
    start, end = OxmlElement("w:bookmarkStart"), OxmlElement("w:bookmarkEnd")
    for each in (start, end):
        each.set(qn("w:id"), str(mark))
    start.set(qn("w:name"), name)
    paragraph._p.append(start)
    paragraph.add_run(labels[name])
    paragraph._p.append(end)
    paragraph.add_run(f": {shown['caption'][lang]}").bold = False


# --- parts ----------------------------------------------------------------------------------------


def _set_up(document: Any, manifest: dict[str, Any], lang: str) -> None:
    """A4, the language for hyphenation and screen readers, and the stamp of what is invented."""
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.5)
    section.top_margin = section.bottom_margin = Cm(2.5)
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = "Arial", Pt(10)
    caption = document.styles["Caption"].font
    caption.size, caption.color.rgb = Pt(9), RGBColor(0, 0, 0)
    properties = normal.element.get_or_add_rPr()
    properties.append(
        parse_xml(f'<w:lang {nsdecls("w")} w:val="{_LANGUAGE[lang]}" w:eastAsia="en-US"/>')
    )
    core = document.core_properties
    core.title = heading_of(manifest, lang)
    core.author = core.last_modified_by = "msanalysis"
    core.language, core.comments = _LANGUAGE[lang], ""
    core.created = core.modified = datetime.fromisoformat(manifest["data_cutoff"])
    trust = trust_names(manifest).get(lang)
    if trust:
        alone = WORDS[lang]["alone"].format(trust=trust)
        section.header.paragraphs[0].insert_paragraph_before().add_run(alone).bold = True
    stamp = stamp_of(manifest, lang)
    if stamp:
        said = f"{stamp}: {WORDS[lang]['synthetic']}"
        section.header.paragraphs[-1].add_run(said).bold = True


def _front_page(
    document: Any,
    manifest: dict[str, Any],
    analyses: list[dict[str, Any]],
    labels: dict[str, str],
    lang: str,
) -> None:
    words = WORDS[lang]
    document.add_heading(heading_of(manifest, lang), 0)
    document.add_paragraph(dates_of(manifest, lang))
    gaps = [each for each in manifest["analyses"] if each["status"] != "ok"]
    if gaps:
        document.add_heading(words["gaps"], 1)
    for each in gaps:
        missing = f" {', '.join(each['missing'])}" if each["missing"] else ""
        document.add_paragraph(
            f"{each['title'][lang]}: {words[each['status']]}{missing}", style="List Bullet"
        )
    document.add_heading(_SAY[lang]["contents"], 1)
    for figure in (figure for analysis in analyses for figure in analysis["figures"]):
        paragraph = document.add_paragraph()
        paragraph.paragraph_format.space_after = Pt(2)
        mark = _mark("figure", figure["id"])
        _add_reference(paragraph, mark, labels[mark])
        paragraph.add_run(f": {figure['caption'][lang]}")
    document.add_page_break()


def _add_sentences(
    document: Any, analysis: dict[str, Any], labels: dict[str, str], lang: str
) -> None:
    """Add the sentences and their tables, what is between double asterisks in bold."""
    for text in filter(None, map(str.strip, analysis["text"][lang].split("\n\n"))):
        if text.startswith("|"):
            heading, _, *rows = (
                [*map(str.strip, row[1:-1].split("|"))] for row in text.split("\n")
            )
            _add_rows(document, heading, rows)
            document.add_paragraph()
            continue
        paragraph = document.add_paragraph()
        for part in _BOLD.split(" ".join(text.split("\n"))):
            bold = bool(_BOLD.fullmatch(part))
            paragraph.add_run(part[2:-2] if bold else part).bold = bold or None
    marks = [_mark("figure", figure["id"]) for figure in analysis["figures"]]
    if not marks:
        return
    paragraph = document.add_paragraph(_SAY[lang]["see"])
    for place, mark in enumerate(marks):
        paragraph.add_run(", " if place else "")
        _add_reference(paragraph, mark, labels[mark])
    paragraph.add_run(".")


def _cells(row: str) -> list[str]:
    """Return the cells of a row of a table in Markdown."""
    return [cell.strip() for cell in row[1:-1].split("|")]


def _add_figure(
    document: Any, release: Path, figure: dict[str, Any], label: str, lang: str
) -> None:
    path = (release / figure["files"][lang]).with_suffix(".png")
    if not path.exists():  # drawn as lines alone, which Word does not show
        document.add_paragraph(figure["files"][lang])
        return
    with Image.open(path) as picture:
        wide, high = picture.size
    width = min(_TEXT_WIDTH, int(_MOST_HEIGHT * wide / high))
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.keep_with_next = True
    drawn = paragraph.add_run().add_picture(str(path), width=width)
    # The library holds each picture against all before it, and compresses it: it gets the path.
    [*document.part.package.image_parts][-1]._blob = os.fsencode(path)
    properties = drawn._inline.docPr
    properties.set("name", label)
    properties.set("descr", figure["caption"][lang])


def _add_table(document: Any, path: Path, lang: str) -> None:
    """Add the first rows of a table, whose headings repeat on every page."""
    heading, *rows = read_rows(path, lang)
    _add_rows(document, heading, rows[:ROWS_SHOWN])
    say = _SAY[lang]["first"].format(shown=ROWS_SHOWN, rows=len(rows), file=f"tables/{path.name}")
    document.add_paragraph(say if len(rows) > ROWS_SHOWN else "")


def _add_rows(document: Any, heading: list[str], rows: list[list[str]]) -> None:
    held = "".join(map(_row_xml, rows))
    table = (
        f"<w:tbl {nsdecls('w')}><w:tblPr><w:tblStyle w:val='TableGrid'/>"
        "<w:tblW w:w='5000' w:type='pct'/></w:tblPr><w:tblGrid>"
        f"{'<w:gridCol/>' * len(heading)}</w:tblGrid>{_row_xml(heading, is_heading=True)}{held}"
        "</w:tbl>"
    )
    document.element.body.insert(len(document.element.body) - 1, parse_xml(table))


def _row_xml(cells: list[str], *, is_heading: bool = False) -> str:
    repeats = "<w:trPr><w:tblHeader/></w:trPr>" if is_heading else ""
    bold = "<w:b/>" if is_heading else ""
    written = "".join(
        "<w:tc><w:p><w:pPr><w:spacing w:after='0'/></w:pPr><w:r>"
        f"<w:rPr>{bold}<w:sz w:val='14'/></w:rPr>"
        f"<w:t xml:space='preserve'>{escape(cell)}</w:t></w:r></w:p></w:tc>"
        for cell in cells
    )
    return f"<w:tr>{repeats}{written}</w:tr>"


def _plain(document: Any) -> bytes:
    """Return the document as bytes, equal for equal content: no hour, nothing of the template."""
    for rels in (document.part.package.rels, document.part.rels):
        for id in [id for id, rel in rels.items() if rel.reltype.endswith(_OF_THE_TEMPLATE)]:
            del rels[id]
    held, plain = io.BytesIO(), io.BytesIO()
    document.save(held)
    with zipfile.ZipFile(held) as source, zipfile.ZipFile(plain, "w") as target:
        for name in source.namelist():
            entry, content = zipfile.ZipInfo(name, _NO_TIME), source.read(name)
            if name.endswith(".png"):
                target.writestr(entry, Path(os.fsdecode(content)).read_bytes())
            else:
                target.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return plain.getvalue()
