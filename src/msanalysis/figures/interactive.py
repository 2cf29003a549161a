"""Interactive twins of figures: a page that draws with plotly, whose library lies beside it.

Nothing is loaded from elsewhere and nothing is sent: the buttons that would are off.
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
_PAGE = """<!doctype html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="connect-src 'none'">
<title>{id}</title>
<script src="{library}"></script>
</head>
<body>
<div id="{id}"></div>
<script>
Plotly.newPlot("{id}", {data}, {layout}, {config});
</script>
</body>
</html>
"""


def save(folder: Path, id: str, drawings: Mapping[str, Mapping[str, Any]]) -> None:
    """Write `<id>.<lang>.html` for each drawing (`data` and `layout`), and the library once."""
    (folder / LIBRARY).write_bytes(get_plotlyjs().encode())
    for lang, drawing in drawings.items():
        page = _PAGE.format(
            id=id,
            lang=lang,
            library=LIBRARY,
            data=_script(drawing["data"]),
            layout=_script(drawing["layout"]),
            config=_script(_CONFIG),
        )
        (folder / f"{id}.{lang}.html").write_bytes(page.encode())


def _script(content: Any) -> str:
    """Return JSON that cannot end the script it stands in."""
    return json.dumps(content, ensure_ascii=False).replace("<", "\\u003c")
