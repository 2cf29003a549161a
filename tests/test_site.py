"""The report as a site, looked at without a browser: whole, in both languages, from disk alone."""

import json
import re
from collections import defaultdict
from html.parser import HTMLParser
from posixpath import dirname, join, normpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invented_release import HOSTILE, LANGUAGES, PARAMETERS, write_invented_release
from msanalysis.catalogue import ANALYSES
from msanalysis.release_check.pages import page_rules
from msanalysis.report import write_report
from msanalysis.report.analyses import readings
from msanalysis.report.contents import read_contents
from msanalysis.report.methods import methods_pages
from msanalysis.report.site import write_site
from msanalysis.run.source import source_with

LIBRARY = "figures/plotly.min.js"
REFERRING = ("href", "src", "data-library", "data-drawing")


class Page(HTMLParser):
    """What a page refers to, what can be referred to in it, and its elements by tag."""

    def __init__(self, text):
        super().__init__()
        self.references, self.ids, self.elements = [], [], defaultdict(list)
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.references += [given[name] for name in REFERRING if given.get(name)]
        self.ids += [given["id"]] if "id" in given else []
        self.elements[tag].append(given)


def written(folder, **changes):
    write_report(write_invented_release(folder, **changes))
    return folder


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    return written(tmp_path_factory.mktemp("site") / "release")


@pytest.fixture(scope="module")
def pages(release):
    return pages_of(release)


def pages_of(release):
    return {
        path.relative_to(release).as_posix(): Page(path.read_text(encoding="utf-8"))
        for path in sorted(release.rglob("*.html"))
    }


def text_of(release, name):
    return (release / name).read_text(encoding="utf-8")


def target(name, reference):
    """Return file and anchor that a reference in a page leads to."""
    place, _, anchor = reference.partition("#")
    return (normpath(join(dirname(name), place)) if place else name), anchor


# --- from disk alone, and whole -------------------------------------------------------------------


def test_no_file_names_an_address_elsewhere(release):
    vocabularies = r'xmlns="http://www\.w3\.org/[^"]*"'
    looked_at = [
        path
        for path in release.rglob("*")
        if path.suffix not in (".png", ".docx", "") and path != release / LIBRARY
    ]
    assert {path.suffix for path in looked_at} == {
        ".html", ".css", ".js", ".svg", ".csv", ".json", ".ipynb"
    }  # fmt: skip
    for path in looked_at:
        text = re.sub(vocabularies, "", path.read_text(encoding="utf-8"))
        assert not re.search(r"https?:|ftp:|[\"'(]//\w", text), path.name


def test_every_reference_and_anchor_leads_to_something_in_the_release(release, pages):
    for name, page in pages.items():
        for reference in page.references:
            file, anchor = target(name, reference)
            assert (release / file).is_file(), (name, reference)
            assert not anchor or anchor in pages[file].ids, (name, reference)


def test_every_file_can_be_reached_from_the_first_page(release, pages):
    reached, ahead = set(), {"index.html"}
    while ahead:
        name = ahead.pop()
        reached.add(name)
        references = pages[name].references if name in pages else []
        ahead |= {target(name, each)[0] for each in references} - reached
    files = {path.relative_to(release).as_posix() for path in release.rglob("*") if path.is_file()}
    assert reached == files


def test_every_figure_and_table_stands_once_on_the_page_of_its_analysis(release, pages):
    (first,) = (each for each in read_contents(release).analyses if each["id"] == "first")
    for lang in LANGUAGES:
        ids = pages[f"analyses/first.{lang}.html"].ids
        assert len(ids) == len({*ids})
        for kind in ("figure", "table"):
            found = [id for id in ids if id.startswith(f"{kind}-")]
            assert sorted(found) == sorted(f"{kind}-{each['id']}" for each in first[f"{kind}s"])


def test_the_search_knows_every_figure_table_and_page_and_its_addresses_lead_there(release, pages):
    for lang in LANGUAGES:
        script = text_of(release, f"site/search.{lang}.js")
        entries = json.loads(script.removeprefix("const SEARCH = ").removesuffix(";\n"))
        addresses = [target("index.html", entry[-1]) for entry in entries]
        assert all(not anchor or anchor in pages[file].ids for file, anchor in addresses)
        anchors = {anchor for _, anchor in addresses}
        shown = {
            id
            for id in pages[f"analyses/first.{lang}.html"].ids
            if id.startswith(("figure-", "table-"))
        }
        assert shown <= anchors
        of_language = {"index.html"} if lang == "nb" else {"site/index.en.html"}
        of_language |= {name for name in pages if name.endswith(f".{lang}.html")}
        assert {file for file, _ in addresses} == of_language


def test_the_same_release_gives_the_same_bytes(tmp_path):
    first, again = (written(tmp_path / name) for name in "ab")
    write_report(again)
    for path in first.rglob("*"):
        other = again / path.relative_to(first)
        assert path.is_dir() or other.read_bytes() == path.read_bytes(), path.name


# --- two languages --------------------------------------------------------------------------------


def test_every_page_leads_to_its_twin_which_has_the_same_anchors(pages):
    for name, page in pages.items():
        (twin,) = (each for each in page.elements["a"] if "hreflang" in each)
        other, _ = target(name, twin["href"])
        assert other != name
        assert pages[other].ids == page.ids
        (html,), (of_twin,) = page.elements["html"], pages[other].elements["html"]
        assert (twin["hreflang"], html["lang"]) == (of_twin["lang"], twin_of(of_twin["lang"]))
        (back,) = (each for each in pages[other].elements["a"] if "hreflang" in each)
        assert target(other, back["href"])[0] == name


def twin_of(lang):
    return {"nb": "en", "en": "nb"}[lang]


def test_a_run_in_one_language_has_no_link_to_another(tmp_path):
    release = written(tmp_path / "release", languages=["en"])
    assert {*pages_of(release)} == {
        "index.html", "analyses/first.en.html", "analyses/second.en.html",
        "site/methods.en.html", "site/comparison.en.html", "site/disclosure.en.html",
        "site/provenance.en.html",
    }  # fmt: skip
    assert "hreflang" not in text_of(release, "index.html")


# --- for everyone ---------------------------------------------------------------------------------


def test_every_page_can_be_read_without_eyes_or_a_mouse(pages):
    for name, page in pages.items():
        held = page.elements
        assert len(held["h1"]) == len(held["main"]) == len(held["header"]) == len(held["nav"]) == 1
        assert held["a"][0]["href"] == "#content", name
        assert held["main"][0]["id"] == "content"
        assert all("alt" in image for image in held["img"])
        current = [each for each in held["a"] if each.get("aria-current") == "page"]
        assert len(current) == (2 if "index" in name else 1)
        assert all(target(name, each["href"])[0] == name for each in current)
        assert len([*page.ids]) == len({*page.ids})


def test_every_page_says_the_policy_first_and_has_no_script_of_its_own(release, pages):
    for name, page in pages.items():
        assert not [*page_rules(release, name, text_of(release, name))]
        first, second = page.elements["meta"][:2]
        assert first == {"charset": "utf-8"}
        assert second["http-equiv"] == "Content-Security-Policy"
        assert second["content"].startswith("default-src 'none'; script-src 'self'; ")
        assert len(page.elements["script"]) == 2


def test_what_is_invented_is_stamped_on_every_page_and_what_is_not_is_on_none(pages, tmp_path):
    release = written(tmp_path / "release", extract={"source": "registry"})
    for name in pages_of(release):
        assert not re.search("SYNTHETIC|SYNTETISK", text_of(release, name))
    stamps = {"nb": "SYNTETISK", "en": "SYNTHETIC"}
    for name in pages_of(written(tmp_path / "stamped")):
        said = re.findall(r"\bSYNT\w+", text_of(tmp_path / "stamped", name))
        lang = "en" if name.endswith(".en.html") else "nb"
        assert said == [stamps[lang]] * 3, name


# --- what the pages say ---------------------------------------------------------------------------


def test_figures_stand_in_the_order_of_the_annual_report_those_it_lacks_last(pages):
    shown = [id for id in pages["analyses/first.nb.html"].ids if id.startswith("figure-")]
    assert shown == ["figure-sankey", "figure-early", "figure-late", "figure-beside"]


def test_headline_numbers_are_those_of_the_run_with_their_n_hidden_ones_as_hidden(release):
    tile = r'<dt>([^<]*)</dt><dd>([^<]*)</dd>(?:<dd class="behind">([^<]*)</dd>)?</div>'
    assert re.findall(tile, text_of(release, "site/index.en.html")) == [
        ("Registered and alive", "13\u202f129", ""),
        ("Newly diagnosed in the year", "hidden", ""),
        ("EDSS measured in the year", "30.0\u00a0%", "n = 13\u202f129"),
    ]


def test_a_hidden_exclusion_stays_hidden_in_the_flow(release):
    page = text_of(release, "analyses/first.en.html")
    (flow,) = re.findall(r'<ol class="flow">.*?</ol>', page, re.DOTALL)
    assert re.findall(r"<b>([^<]*)</b>", flow) == ["120", "hidden", "20", "95"]


def test_a_table_of_several_figures_stands_with_the_first_and_the_others_lead_to_it(pages):
    page = pages["analyses/first.nb.html"]
    ids = [id for id in page.ids if id.startswith(("figure-", "table-"))]
    assert ids.index("table-curve") == ids.index("figure-early") + 1
    assert "#table-curve" in page.references
    assert "#table-flows" not in page.references


def test_a_long_table_says_how_much_more_the_file_holds(release):
    page = text_of(release, "analyses/first.en.html")
    (table,) = re.findall(r'<details class="table" id="table-curve">.*?</details>', page, re.DOTALL)
    assert table.count("<tr>") == 41
    assert "… and 20 more rows in the file" in table


def test_captions_texts_and_notebooks_are_text_whatever_they_hold(tmp_path):
    release = written(tmp_path / "release", caption=HOSTILE, text=HOSTILE)
    for name, page in pages_of(release).items():
        assert not [*page_rules(release, name, text_of(release, name))], name
        assert all("onerror" not in image for image in page.elements["img"])
        assert "øøøøø" not in text_of(release, name)
    for lang in LANGUAGES:
        assert "<" not in text_of(release, f"site/search.{lang}.js")


def test_every_printed_figure_is_read_in_both_languages_and_no_other_id_is_named():
    assert all(each["nb"] and each["en"] for each in readings())
    named = {id for each in readings() for id in each["figures"].split()}
    known = {id for each in ANALYSES for id in (*each.figures, *each.captions)}
    assert named <= known
    assert {id for each in ANALYSES for id, number in each.figures.items() if number} <= named


def test_the_notebook_is_shown_as_it_ran(release):
    page = re.sub(r"<[^>]*>", "", text_of(release, "analyses/first.en.html"))
    assert "How many?" in page
    assert "gap_days: int = 90  # days" in page
    assert "&lt;script&gt;" in page


# --- the notebook that is released ----------------------------------------------------------------


VALUES = st.fixed_dictionaries(
    {
        "word": st.text(),
        "words": st.lists(st.text()),
        "n": st.integers(),
        "x": st.floats(allow_nan=False, allow_infinity=False),
    }
)
DECLARED = f"""{PARAMETERS}word: str = "å"  # æ "x" [a | b]
words: list[str] = [
    "å",  # one
    "b",
]  # more
n: int = 3  # n
x: float = 1.0
"""


@given(VALUES)
def test_a_released_notebook_declares_just_the_values_of_the_run(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("notebook") / "a.ipynb"
    cell = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": DECLARED}
    path.write_text(json.dumps({"cells": [cell]}), encoding="utf-8")
    path.write_text(source_with(path, values), encoding="utf-8")
    source = "".join(json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"])
    held = {}
    exec(source, held)
    assert {name: held[name] for name in values} == values
    assert source.startswith(PARAMETERS)
    assert source.rstrip("\n").split("\n")[-2].endswith("  # n")


# --- methods --------------------------------------------------------------------------------------

METHODS = """# {0}

## {0} one

### Product limit

The share $S(t)$, with <script>alert(1)</script> and `$x$`:

$$
\\hat S(t) = \\prod_{{t_i \\le t}} \\left(1 - \\frac{{d_i}}{{n_i}}\\right)
$$

### Second

## Group two

It costs \\$5.
"""


@pytest.fixture(scope="module")
def methods(tmp_path_factory):
    texts = tmp_path_factory.mktemp("texts")
    for lang in LANGUAGES:
        (texts / f"methods.{lang}.md").write_text(METHODS.format(lang), encoding="utf-8")
    release = written(tmp_path_factory.mktemp("methods") / "release")
    contents = read_contents(release)
    write_site(contents, methods_pages(contents, texts))
    return release


def test_formulas_become_mathml_and_both_languages_have_the_same_anchors(methods):
    found = {lang: text_of(methods, f"site/methods.{lang}.html") for lang in LANGUAGES}
    for text in found.values():
        assert text.count("<math") == 2
        assert text.count('display="block"') == 1
        assert "<mfrac>" in text
        assert "<code>$x$</code>" in text
        assert "costs $5" in text
        assert "<script>alert" not in text
        assert not [*page_rules(methods, "site/methods.nb.html", text)]
    anchors = re.findall(r'id="(section-[\d-]+)"', found["nb"])
    assert anchors == ["section-1", "section-1-1", "section-1-2", "section-2"]
    assert re.findall(r'id="(section-[\d-]+)"', found["en"]) == anchors


def test_without_methods_in_a_language_there_is_no_such_page(tmp_path, release):
    (tmp_path / "methods.nb.md").write_text("# a")
    assert methods_pages(read_contents(release), tmp_path) == []
