"""The source of a notebook as a page shows it: words and code, nothing that it printed."""

import json
from pathlib import Path
from typing import Any

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers.python import PythonLexer

from msanalysis.report.site import markdown

_HEADINGS_BELOW = 2


def read_notebook(release: Path, analysis: dict[str, Any]) -> list[tuple[str, Markup]]:
    """Return kind and HTML of each cell of an analysis's notebook; nothing where there is none."""
    if not analysis.get("notebook"):
        return []
    cells = json.loads((release / analysis["notebook"]).read_text(encoding="utf-8"))["cells"]
    return [(cell["cell_type"], _in_html(cell)) for cell in cells]


def _in_html(cell: dict[str, Any]) -> Markup:
    source = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        return markdown(source, below=_HEADINGS_BELOW)
    return Markup(highlight(source, PythonLexer(), HtmlFormatter(nowrap=True)))
