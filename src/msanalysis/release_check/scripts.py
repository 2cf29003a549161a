"""What a script that a run writes may be: data for a script of the report, nothing that acts."""

import json
from collections.abc import Iterator

from msanalysis.release_check.words import AN_ADDRESS, names_an_address, unescaped

RUNS = "something else than data for a script of the report"
_SEARCH = ("const SEARCH = ", ";\n")
_DRAWS = ("Plotly.newPlot(", ");\n")


def script_rules(name: str, text: str) -> Iterator[str]:
    """Yield what is wrong with the index of the search, or with the drawing of a figure."""
    begins, ends = _SEARCH if name.startswith("site/") else _DRAWS
    data = text.removeprefix(begins).removesuffix(ends)
    if f"{begins}{data}{ends}" != text or not _is_data(data, is_index=begins == _SEARCH[0]):
        yield RUNS
    if names_an_address(unescaped(text)):
        yield AN_ADDRESS


def _is_data(text: str, *, is_index: bool) -> bool:
    try:
        held = json.loads(text if is_index else f"[{text}]")
    except ValueError:
        return False
    return isinstance(held, list)
