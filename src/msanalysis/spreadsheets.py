"""What a cell of a CSV file must not be, because a spreadsheet would run it."""

import re

_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")


def inert(cell: object) -> object:
    """Return a cell that no spreadsheet takes for a formula: a quote before a text like one."""
    if not isinstance(cell, str):
        return cell
    text = _CONTROLS.sub(" ", cell).strip()
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text
