"""Released tables as words: what a reader sees of them, in the language asked for."""

import pandas as pd

from msanalysis.core import Released
from msanalysis.labels import DASH, number, word

_SHARES = ("share", "estimate", "lower", "upper")
_CODES = ("level", "step", "stratum", "cause")


def format_table(released: Released, lang: str) -> pd.DataFrame:
    """Return the table in words: shares in percent, hidden cells named as such.

    Column names, levels and numbers are written as `lang` writes them; a cell without a value (a
    median that is not reached) is a dash. Raises MissingWord for a code without a word.
    """
    frame = pd.DataFrame(
        {
            word(name, lang): [
                word("hidden_mark", lang) if hidden else _cell(name, value, lang)
                for value, hidden in zip(released.frame[name], released.hidden[name], strict=True)
            ]
            for name in released.frame
        }
    )
    return frame


def _cell(name: str, value: object, lang: str) -> str:
    if name in _CODES:
        return word(str(value), lang)
    if pd.isna(value):
        return DASH
    if name in _SHARES:
        return f"{number(100 * value, 1, lang)}\u00a0%"
    if isinstance(value, float):
        return number(value, 2, lang)
    return number(value, 0, lang)
