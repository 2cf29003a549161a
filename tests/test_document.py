"""The report as a Word document: its references resolve, its pictures speak, nothing leads out."""

import io
import json
import re
import shutil
import subprocess
import zipfile

import pytest
from docx import Document
from docx.oxml.ns import qn
from PIL import Image

from msanalysis.release_check.documents import document_rules
from msanalysis.release_check.words import machine_paths
from msanalysis.report import ReportIncomplete
from msanalysis.report.document import write_documents

CAPTION = {"nb": "Levetid <b> & alder", "en": "Survival <b> & age"}


def figure(id, number):
    files = {lang: f"figures/{id}.{lang}.svg" for lang in ("nb", "en")}
    return {"id": id, "number": number, "caption": CAPTION, "files": files, "interactive": {}}


def analysis(id, chapter, status="ok", **shown):
    title = {"nb": f"Analyse {id}", "en": f"Analysis {id}"}
    text = {"nb": "Først **fett** så ikke.\n\nNytt avsnitt.", "en": "First **bold**, then not."}
    held = {"id": id, "chapter": chapter, "title": title, "status": status, "missing": []}
    return held | {"parameters": {}, "text": text, "figures": [], "tables": []} | shown


@pytest.fixture
def release(tmp_path):
    """A release of two analyses, the later chapter first, and of one that lacks columns."""
    for part in ("figures", "tables"):
        (tmp_path / part).mkdir()
    for id in ("tall", "wide"):
        for lang in ("nb", "en"):
            size = (300, 2000) if id == "tall" else (600, 200)
            Image.new("RGB", size, "white").save(tmp_path / "figures" / f"{id}.{lang}.png")
    rows = "".join(f"{sex},{n}\n" for n in range(30) for sex in ("female", "male"))
    (tmp_path / "tables" / "sexes.csv").write_text("stratum,n\n" + rows)
    table = {"id": "sexes", "caption": CAPTION, "file": "tables/sexes.csv"}
    manifest = {
        "report_year": 2024,
        "status_date": "2024-12-31",
        "data_cutoff": "2025-05-15",
        "languages": ["nb", "en"],
        "extract": {"source": "synthetic"},
        "analyses": [
            analysis("later", "2.10", figures=[figure("wide", "")], tables=[table]),
            analysis("first", "2.9", figures=[figure("tall", "2.9.1")]),
            analysis("gap", "3", "missing_columns", missing=["visits.edss"], text={}),
        ],
    }
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return tmp_path


@pytest.fixture
def documents(release):
    return {path.suffixes[0][1:]: Document(path) for path in write_documents(release)}


def texts(document):
    return [paragraph.text for paragraph in document.paragraphs]


def references(document):
    instructions = document.element.body.iter(qn("w:instrText"))
    return [instruction.text.split()[1] for instruction in instructions]


def bookmarks(document):
    return [mark.get(qn("w:name")) for mark in document.element.body.iter(qn("w:bookmarkStart"))]


def test_every_reference_points_at_a_bookmark_and_shows_what_stands_there(documents):
    for document in documents.values():
        marks = bookmarks(document)
        assert marks == ["f_tall", "f_wide", "t_sexes"]
        assert set(references(document)) == {"f_tall", "f_wide"}
        xml = document.element.body.xml
        for mark in set(references(document)):
            held = re.search(f'w:name="{mark}"/>.*?<w:t[^>]*>([^<]*)', xml, re.DOTALL)[1]
            shown = re.findall(rf" REF {mark} .*?<w:t[^>]*>([^<]*)", xml, re.DOTALL)
            assert shown
            assert set(shown) == {held}


def test_chapters_stand_in_the_order_of_the_report_and_gaps_are_named(documents):
    said = texts(documents["en"])
    assert said.index("2.9 Analysis first") < said.index("2.10 Analysis later")
    assert "Analysis gap: the extract lacks visits.edss" in said


def test_numbers_come_from_the_catalogue_and_other_figures_are_numbered_apart(documents):
    captions = [each for each in texts(documents["nb"]) if each.endswith(CAPTION["nb"])]
    assert [each.partition(":")[0] for each in captions[-3:]] == [
        "Figur 2.9.1", "Figur B1", "Tabell 1"
    ]  # fmt: skip


def test_every_picture_says_in_words_what_it_shows_and_fits_the_page(documents):
    for lang, document in documents.items():
        drawn = document.inline_shapes
        assert [each._inline.docPr.get("descr") for each in drawn] == [CAPTION[lang]] * 2
        section = document.sections[0]
        wide = section.page_width - section.left_margin - section.right_margin
        high = section.page_height - section.top_margin - section.bottom_margin
        assert all(each.width <= wide and each.height < high for each in drawn)


def test_asterisks_are_bold_and_a_long_table_says_that_it_goes_on(documents):
    bold = [run.text for each in documents["nb"].paragraphs for run in each.runs if run.bold]
    assert "fett" in bold
    assert len(documents["en"].tables[0].rows) == 41
    assert "The first 40 of 60 rows; all are in tables/sexes.csv." in texts(documents["en"])
    assert documents["en"].tables[0].cell(1, 0).text == "Women"


def test_what_is_invented_is_stamped_on_every_page(documents):
    for lang, stamp in (("nb", "SYNTETISK: "), ("en", "SYNTHETIC: ")):
        assert documents[lang].sections[0].header.paragraphs[0].text.startswith(stamp)


def test_equal_releases_give_equal_bytes(release):
    first = [path.read_bytes() for path in write_documents(release)]
    assert [path.read_bytes() for path in write_documents(release)] == first


def test_a_code_without_a_word_names_the_file_not_the_code(release):
    (release / "tables" / "sexes.csv").write_text("stratum,n\nP-4711,7\n")
    with pytest.raises(ReportIncomplete, match=r"tables/sexes\.csv") as refused:
        write_documents(release)
    assert "4711" not in str(refused.value)


# --- the look at it on disk -----------------------------------------------------------------------


def found(release, content):
    manifest = json.loads((release / "manifest.json").read_text(encoding="utf-8"))
    return set(document_rules(content, manifest, machine_paths(release)))


def changed(content, part, old, new):
    """Return the document with something else in one part, or with a part more."""
    held = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(held, "w") as target:
        for name in source.namelist():
            kept = source.read(name)
            target.writestr(name, kept.replace(old, new) if name == part else kept)
        if part not in source.namelist():
            target.writestr(part, new)
    return held.getvalue()


LEADS_OUT = "a reference to something that is not in it"
BODY = "word/document.xml"


@pytest.mark.parametrize(
    ("part", "old", "new", "rule"),
    [
        ("word/vbaProject.bin", b"", b"x", "a part that does not belong in it"),
        ("word/_rels/document.xml.rels", b"Target=", b'TargetMode="External" Target=', LEADS_OUT),
        (BODY, b" REF f_tall ", b" INCLUDETEXT f_tall ", LEADS_OUT),
        (BODY, b"SPEAKS", b"01010012356", "a national identity number"),
        (BODY, b"SPEAKS", b"1966-02-09", "a day that is none of the run's dates"),
        (BODY, b"SPEAKS", b"/home/someone/x", "a path of the machine"),
        ("word/media/image1.png", b"IEND", b"tEXt", "a picture that holds more than pixels"),
    ],
)
def test_what_must_not_leave_is_found_in_a_document(release, part, old, new, rule):
    content = write_documents(release)[0].read_bytes()
    assert found(release, content) == set()
    if old == b"SPEAKS":
        old = b"Nytt avsnitt"
    assert found(release, changed(content, part, old, new)) == {rule}


def test_what_is_no_document_is_refused(release):
    assert found(release, b"PK\x03\x04 nothing") == {"not a Word document"}


@pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice is not installed")
def test_libreoffice_repairs_the_references_and_finds_none_broken(release, tmp_path):
    path = write_documents(release)[1]
    profile = f"-env:UserInstallation=file://{tmp_path / 'profile'}"
    command = ["soffice", profile, "--headless", "--convert-to", "txt:Text", "--outdir"]
    subprocess.run([*command, tmp_path, path], check=True, capture_output=True, timeout=120)
    text = (tmp_path / "report.en.txt").read_text(encoding="utf-8-sig")
    assert "See Figure 2.9.1." in text
    assert "Error" not in text
