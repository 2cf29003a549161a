"""Codes into words, at the last moment: Norwegian (`nb`) and English (`en`), from `labels.csv`.

The titles of quality indicators, of variables and of rules stand in their own files (`_TITLES`).

A missing word is an error: a figure never shows a code. Numbers are written as each language writes
them: decimal comma and narrow space in Norwegian.
"""

import csv
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
    of the braces in its word; where the parameter is itself a code, its word does.
    """
    code, _, parameter = key.partition(" ")
    try:
        found = _words()[code, lang]
    except KeyError:
        raise MissingWord(
            f"no {lang} word for {code!r}: add a row to src/msanalysis/labels.csv"
        ) from None
    return found.format(_words().get((parameter, lang), parameter)) if parameter else found


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
}


def quantity(value: float, unit: str, lang: str) -> str:
    """Return `value` with its unit, as a sentence holds it: `93.1 %`, `48.9 years`, `4 544`."""
    decimals = UNIT_DECIMALS.get(unit, 2)
    text = number(value, decimals, lang)
    if unit == "persons" or not unit:
        return text
    return f"{text}\u00a0{word('unit_' + unit, lang)}"
