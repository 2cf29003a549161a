"""Words and numbers as each language writes them."""

import csv
from importlib.resources import files

import pytest

from msanalysis import codes
from msanalysis.labels import LANGUAGES, MissingWord, number, quantity, word


@pytest.fixture(scope="module")
def rows():
    with files("msanalysis").joinpath("labels.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def test_every_key_stands_once_and_has_a_word_in_each_language(rows):
    assert len({row["key"] for row in rows}) == len(rows)
    assert all(row[lang].strip() for row in rows for lang in LANGUAGES)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_substance_has_a_word(lang):
    assert all(word(substance, lang) for substance in codes.substances())


def test_a_missing_word_is_an_error_that_says_where_to_add_it():
    with pytest.raises(MissingWord, match=r"no nb word for 'unheard_of': add a row to src"):
        word("unheard_of", "nb")


@pytest.mark.parametrize(
    ("lang", "expected"),
    [
        ("nb", "Ikke diagnostisert innen 31. desember 2024"),
        ("en", "Not diagnosed by 31 December 2024"),
    ],
)
def test_a_parameter_takes_its_place_in_the_word(lang, expected):
    assert word("not_diagnosed_by 2024-12-31", lang) == expected


def test_a_parameter_that_is_a_code_is_put_in_words():
    assert word("not_switched_to cladribine", "nb") == "Ikke skiftet til Kladribin"


def test_numbers_as_norwegian_and_english_write_them():
    assert number(13129.25, 1, "nb") == "13\u202f129,2"
    assert number(13129.25, 1, "en") == "13\u202f129.2"
    assert number(-3, 0, "nb") == "\u22123"
    assert number(-0.004, 2, "nb") == "0,00"


def test_a_quantity_carries_its_unit():
    assert quantity(93.12, "percent", "nb") == "93,1\u00a0%"
    assert quantity(-5.02, "percentage_points", "nb") == "\u22125,0\u00a0prosentpoeng"
    assert quantity(48.9, "years", "en") == "48.9\u00a0years"
    assert quantity(-0.0148, "score_per_year", "en") == "\u22120.01\u00a0points"
    assert quantity(4544, "persons", "en") == "4\u202f544"
