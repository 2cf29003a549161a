"""Released tables as files hold them, and as words for readers."""

import re

import pandas as pd

from msanalysis.core import Released
from msanalysis.labels import DASH, number, word

HIDDEN = ""
NO_VALUE = "NA"
SMALLEST_P = 0.0001
_SHARES = (
    "share",
    "estimate",
    "share_of_source",
    "share_then",
    "share_now",
    "change",
    "known",
    "nation_share",
    "lower_95",
    "upper_95",
    "lower_998",
    "upper_998",
    "shrunken",
    "shrunken_lower",
    "shrunken_upper",
    "weight_of_own",
)
_LIMITS = ("lower", "upper")
_P_VALUES = ("p_value", "p_equal_variance")
_CODES = (
    "level",
    "step",
    "stratum",
    "cause",
    "source",
    "target",
    "segment",
    "period",
    "term",
    "reference",
    "adjustment",
    "indicator",
    "unit",
    "trust",
    "attainment",
    "position",
    "signal",
    "score",
    "model",
    "covariate",
    "kind",
    "update",
    "changed_variable",
    "variable",
    "among",
    "scale",
    "measure",
    "rule",
    "severity",
    "category",
    "applies",
)
_OF_FLOWS = {"step": "flow_step", "source": "flow_source", "target": "flow_target"}
"""Columns that have another word in a table of flows."""

_PERIODS = ("year", "stratum", "level", "period")
_YEARS = re.compile(r"\d{4}(-\d{4}|-Q\d)?")
"""A year, a quarter, or a span of years, is its own word."""


def cells(released: Released) -> pd.DataFrame:
    """Return the table as a file holds it: codes, a hidden cell empty.

    NA marks a cell that has no value though nothing is hidden, as a median that is not reached.
    """
    held = released.frame.astype(object)
    return held.where(released.frame.notna(), NO_VALUE).mask(released.hidden, HIDDEN)


def format_table(held: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Return `cells(released)`, or a file of them read as text, in words.

    Column names, levels and numbers are written as `lang` writes them: shares and their limits in
    percent, hidden cells named as such, a dash where there is no value. MissingWord for a code
    without a word.
    """
    percent = _SHARES + (_LIMITS if set(_SHARES) & set(held) else ())
    headings = _OF_FLOWS if "source" in held else {}
    return pd.DataFrame(
        {
            word(headings.get(name, name), lang): [
                _cell(name, cell, name in percent, lang) for cell in held[name]
            ]
            for name in held
        }
    )


def _cell(name: str, cell: object, percent: bool, lang: str) -> str:
    if cell == HIDDEN:
        return word("hidden_mark", lang)
    if cell == NO_VALUE:
        return DASH
    if name in _PERIODS and _YEARS.fullmatch(str(cell)):
        return str(cell)
    if name in _CODES:
        # A number among codes is a name: the first step, the year 2024.
        return str(cell) if str(cell).isdecimal() else word(str(cell), lang)
    value = float(cell)
    if percent:
        return f"{number(100 * value, 1, lang)}\u00a0%"
    if name in _P_VALUES:
        shown = number(max(value, SMALLEST_P), 4, lang)
        return f"< {shown}" if value < SMALLEST_P else shown
    return number(value, 0 if value.is_integer() else 2, lang)
