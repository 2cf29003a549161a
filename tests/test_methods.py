"""The methods page: the same in both languages, complete, and true to what the package has."""

import re
from importlib.resources import files
from pathlib import Path

import pytest
from matplotlib.mathtext import MathTextParser

from msanalysis import stats

ROOT = Path(__file__).parents[1]
LANGUAGES = ("nb", "en")
PAGES = {
    lang: files("msanalysis").joinpath(f"texts/methods.{lang}.md").read_text("utf-8")
    for lang in LANGUAGES
}
HEADING = re.compile(r"^(##+) (.+)$", re.MULTILINE)
FORMULA = re.compile(r"\$\$(.+?)\$\$|\$(.+?)\$", re.DOTALL)
FUNCTION = re.compile(r"`([a-z]+_[a-z_0-9]+)`")
DEFINED = re.compile(r"^def ([a-z_0-9]+)\(", re.MULTILINE)
SCRIPT = re.compile(r"tests/r/\w+\.R")
PARTS = {
    "nb": ("**Referanse:**", "**R:**", "**Villeder når**"),
    "en": ("**Reference:**", "**R:**", "**Misleads when**"),
}


def sections(lang):
    """Return (depth, heading, text), in order."""
    found = HEADING.split(PAGES[lang])
    return list(zip(map(len, found[1::3]), found[2::3], found[3::3], strict=True))


def formulas(text):
    """Return the formulas in a fixed order: those within a sentence follow its words."""
    return sorted(displayed or inline for displayed, inline in FORMULA.findall(text))


def estimands(lang):
    return {heading: text for depth, heading, text in sections(lang) if depth == 3}


def code(text):
    return sorted(re.findall(r"`[^`]+`", text))


def test_headings_are_groups_and_estimands_and_none_is_twice():
    for lang in LANGUAGES:
        depths, headings, _ = zip(*sections(lang), strict=True)
        assert set(depths) == {2, 3}
        assert len(set(headings)) == len(headings)


def test_both_languages_have_the_same_sections_formulas_functions_and_scripts():
    nb, en = (sections(lang) for lang in LANGUAGES)
    assert [depth for depth, _, _ in nb] == [depth for depth, _, _ in en]
    for (_, heading, norwegian), (_, _, english) in zip(nb, en, strict=True):
        assert formulas(norwegian) == formulas(english), heading
        assert code(norwegian) == code(english), heading


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_estimand_has_functions_a_reference_what_r_says_and_when_it_misleads(lang):
    for name, text in estimands(lang).items():
        assert re.match(r"\s*`\w+`(, `\w+`)*\n", text), name
        assert [part for part in PARTS[lang] if text.count(part) != 1] == [], name


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_statistic_of_the_package_and_every_script_in_r_is_named(lang):
    assert [name for name in stats.__all__ if f"`{name}`" not in PAGES[lang]] == []
    scripts = {f"tests/r/{path.name}" for path in (ROOT / "tests/r").glob("*.R")}
    assert set(SCRIPT.findall(PAGES[lang])) == scripts


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_function_under_a_heading_is_one_of_the_package(lang):
    sources = (ROOT / "src/msanalysis").rglob("*.py")
    defined = {name for path in sources for name in DEFINED.findall(path.read_text("utf-8"))}
    named = {name for text in estimands(lang).values() for name in FUNCTION.findall(text)}
    assert named - defined == set()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_formula_is_well_formed_and_stands_as_github_reads_it(lang):
    parser = MathTextParser("path")
    for _, _, text in sections(lang):
        for formula in formulas(text):
            parser.parse(f"${formula}$")
            # Markdown takes these for its own before the formula is read.
            assert not re.search(r"\\[^A-Za-z]|[*`<\n]", formula.replace(" < ", "")), formula
        assert "$" not in FORMULA.sub("", text)


def test_the_pages_link_to_nothing():
    assert [lang for lang, page in PAGES.items() if re.search(r"https?:|\]\(", page)] == []
