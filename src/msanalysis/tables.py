"""Released tables as files hold them, and as words for readers."""

import pandas as pd

from msanalysis.core import Released
from msanalysis.labels import DASH, number, word

HIDDEN = ""
NO_VALUE = "NA"
_SHARES = ("share", "estimate", "lower", "upper")
_CODES = ("level", "step", "stratum", "cause")
_EXACT = ("chi2", "p_value")


def cells(released: Released) -> pd.DataFrame:
    """Return the table as a file holds it: codes, a hidden cell empty.

    NA marks a cell that has no value though nothing is hidden, as a median that is not reached.
    """
    held = released.frame.astype(object)
    return held.where(released.frame.notna(), NO_VALUE).mask(released.hidden, HIDDEN)


def format_table(held: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Return `cells(released)`, or a file of them read as text, in words.

    Column names, levels and numbers are written as `lang` writes them: shares in percent, hidden
    cells named as such, a dash where there is no value. MissingWord for a code without a word.
    """
    return pd.DataFrame(
        {word(name, lang): [_cell(name, cell, lang) for cell in held[name]] for name in held}
    )


def _cell(name: str, cell: object, lang: str) -> str:
    if cell == HIDDEN:
        return word("hidden_mark", lang)
    if name in _CODES:
        return word(str(cell), lang)
    if cell == NO_VALUE:
        return DASH
    value = float(cell)
    if name in _SHARES:
        return f"{number(100 * value, 1, lang)}\u00a0%"
    decimals = 4 if name in _EXACT else 0 if value.is_integer() else 2
    return number(value, decimals, lang)
