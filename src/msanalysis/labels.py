"""Codes into words, at the last moment: Norwegian (`nb`) and English (`en`), from `labels.csv`.

The titles of quality indicators, of variables and of rules stand in their own files (`_TITLES`).

A missing word is an error: a figure never shows a code. Numbers are written as each language writes
them: decimal comma and narrow space in Norwegian.
"""

import csv
import re
from datetime import date
from functools import cache
from importlib.resources import files

LANGUAGES = ("nb", "en")
NARROW_SPACE = "\u202f"
MINUS = "\u2212"
DASH = "\u2013"


class MissingWord(KeyError):
    """A code has no word; the message says which row to add."""

    def __str__(self) -> str:
        return str(self.args[0])


_TITLES = {
    "codes/indicators.csv": "id",
    "codes/completeness.csv": "variable",
    "codes/quality_rules.csv": "rule",
}
"""File with titles -> its column of keys."""
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MONTHS = {
    "nb": "januar februar mars april mai juni juli august september oktober november desember",
    "en": "January February March April May June July August September October November December",
}


@cache
def _words() -> dict[tuple[str, str], str]:
    titles = {
        (row[key], lang): row[f"title_{lang}"]
        for path, key in _TITLES.items()
        for row in _rows(path)
        for lang in LANGUAGES
    }
    rows = _rows("labels.csv")
    return titles | {
        (row["key"], lang): row[lang] for row in rows for lang in LANGUAGES if row[lang]
    }


def _rows(path: str) -> list[dict[str, str]]:
    with files("msanalysis").joinpath(path).open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def word(key: str, lang: str) -> str:
    """Return the word for `key` in `lang`; MissingWord when labels.csv holds none.

    A key may end in a space and a parameter (`not_diagnosed_by 2024-12-31`), which takes the place
    of the braces in its word; where the parameter is itself a code, its word does, and a day is
    written out.
    """
    code, _, parameter = key.partition(" ")
    try:
        found = _words()[code, lang]
    except KeyError:
        raise MissingWord(
            f"no {lang} word for {code!r}: add a row to src/msanalysis/labels.csv"
        ) from None
    return found.format(_in_words(parameter, lang)) if parameter else found


def _in_words(parameter: str, lang: str) -> str:
    if _DAY.fullmatch(parameter):
        return day_in_words(parameter, lang)
    return _words().get((parameter, lang), parameter)


def day_in_words(iso: str, lang: str) -> str:
    """Return a day as the language writes it: `31. desember 2024`, `31 December 2024`."""
    day = date.fromisoformat(iso)
    month = _MONTHS[lang].split()[day.month - 1]
    return f"{day.day}{'.' if lang == 'nb' else ''} {month} {day.year}"


def number(value: float, decimals: int, lang: str) -> str:
    """Return `value` with `decimals`, decimal comma in Norwegian, thousands narrowly spaced."""
    rounded = round(value, decimals) + 0.0  # no minus before a zero
    text = f"{rounded:,.{decimals}f}".replace(",", NARROW_SPACE).replace("-", MINUS)
    return text.replace(".", ",") if lang == "nb" else text


UNIT_DECIMALS = {
    "persons": 0,
    "points": 0,
    "trusts": 0,
    "percent": 1,
    "percentage_points": 1,
    "years": 1,
    "days": 0,
    "per 100000": 1,
    "score": 1,
    "score_per_year": 2,
}


def quantity(value: float, unit: str, lang: str) -> str:
    """Return `value` with its unit, as a sentence holds it: `93.1 %`, `48.9 years`, `4 544`."""
    decimals = UNIT_DECIMALS.get(unit, 2)
    text = number(value, decimals, lang)
    if unit == "persons" or not unit:
        return text
    return f"{text}\u00a0{word('unit_' + unit, lang)}"
