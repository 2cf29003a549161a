"""What a notebook of a release may hold: words and code, nothing that it printed."""

import json
import re
from collections.abc import Iterator

from msanalysis.release_check.words import AN_ADDRESS, names_an_address, unescaped

_PARTS = {"cell_type", "id", "metadata", "source", "execution_count", "outputs"}
_BESIDE_BOUNDS = re.compile(r"#.*?(?=(?:\[[^][]*\](?:\s+ascending)?[ \t]*)?$)", re.MULTILINE)


def notebook_rules(text: str) -> Iterator[str]:
    """Yield what is wrong with a notebook."""
    try:
        cells = json.loads(text)["cells"]
        is_bare = all(_is_bare(cell) for cell in cells)
    except (ValueError, KeyError, TypeError, AttributeError):
        yield "not a notebook"
        return
    if names_an_address(unescaped(text)):
        yield AN_ADDRESS
    if not is_bare:
        yield "a notebook that holds more than words and code"


def _is_bare(cell: dict) -> bool:
    more = cell.get("outputs") or cell.get("execution_count") or set(cell["metadata"]) - {"tags"}
    return set(cell) <= _PARTS and not more


def declarations(text: str) -> str:
    """Return the cell that declares the parameters; of its comments only the bounds."""
    try:
        cells = json.loads(text)["cells"]
        tagged = [each for each in cells if "parameters" in each["metadata"].get("tags", ())]
        source = "".join(line for cell in tagged for line in cell["source"])
        return _BESIDE_BOUNDS.sub("", source)
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""
