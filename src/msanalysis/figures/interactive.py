"""Interactive twins of figures: scripts that draw with plotly, whose library lies beside them.

A page of the report loads them. Nothing is loaded from elsewhere and nothing is sent: the buttons
that would are off.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from plotly.offline import get_plotlyjs

LIBRARY = "plotly.min.js"
_CONFIG = {
    "displaylogo": False,
    "showLink": False,
    "showSendToCloud": False,
    "showEditInChartStudio": False,
    "plotlyServerURL": "",
    "modeBarButtonsToRemove": ["sendDataToCloud", "editInChartStudio", "select2d", "lasso2d"],
    "responsive": True,
}


def save(folder: Path, id: str, drawings: Mapping[str, Mapping[str, Any]]) -> None:
    """Write `<id>.<lang>.js` for each drawing (`data` and `layout`), and the library once.

    Each draws into the element of a page whose id is the figure's.
    """
    (folder / LIBRARY).write_bytes(get_plotlyjs().encode())
    for lang, drawing in drawings.items():
        given = [id, drawing["data"], drawing["layout"], _CONFIG]
        script = f"Plotly.newPlot({', '.join(map(_script, given))});\n"
        (folder / f"{id}.{lang}.js").write_bytes(script.encode())


def _script(content: Any) -> str:
    """Return JSON that cannot end a script, should it stand in a page."""
    return json.dumps(content, ensure_ascii=False).replace("<", "\\u003c")
