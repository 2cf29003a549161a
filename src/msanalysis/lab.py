"""JupyterLab on `notebooks/`, with this environment's kernel.

It looks nothing up on the internet. What a notebook shows is not saved in it, because `notebooks/`
is in git. A notebook there is no run: its outputs go to `outputs/notebooks/<analysis>/`, have
passed the gate table by table, and are not audited with the other tables of a report. The two exits
that a run has (`deliver`, a trust's own numbers in full) write to `outputs/notebooks/restricted/`.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from msanalysis.codes import trusts
from msanalysis.release.exits import (
    INVENTED_UNIT_VARIABLE,
    OWN_UNIT_VARIABLE,
    RESTRICTED_VARIABLE,
)
from msanalysis.run import PROJECT, RunRefused

INVENTED_UNIT = "forde"
"""The trust of the notebook `local_report` as it is delivered, for the invented registry."""

_OFFLINE = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
"""No news, and no question whether there is a newer version."""


def open_lab(
    arguments: Sequence[str] = (), *, own_unit: str | None = None, project: Path = PROJECT
) -> None:
    """Open JupyterLab and return when it is closed.

    Parameters
    ----------
    arguments
        For JupyterLab itself, such as `--no-browser`.
    own_unit
        The hospital trust whose local report may be opened; without, none but that of an invented
        registry.

    Raises
    ------
    RunRefused
        Where there are no notebooks, or for an unknown trust.
    """
    notebooks = project / "notebooks"
    if not notebooks.is_dir():
        raise RunRefused(f"{notebooks}: no such folder; clone the repository, and start it there")
    if own_unit is not None and own_unit not in trusts():
        raise RunRefused(f"no hospital trust {own_unit}; known are {', '.join(trusts())}")
    from jupyterlab.labapp import LabApp

    with TemporaryDirectory(prefix="msanalysis-lab-") as room:
        os.environ.update(environment(Path(room), own_unit, project))
        ours = [f"--ServerApp.root_dir={notebooks}", "--LabApp.extension_manager=readonly"]
        LabApp.launch_instance([*ours, *arguments])


_NOTHING_SHOWN_IS_SAVED = """\
from msanalysis.lab import without_output
c.ContentsManager.pre_save_hook = without_output
"""


def without_output(model: dict[str, Any], **of_the_server: Any) -> None:
    """Take out of a notebook that is to be saved what it shows, and what JupyterLab adds."""
    if model["type"] != "notebook" or not isinstance(model["content"], dict):
        return
    model["content"]["metadata"]["language_info"] = {"name": "python"}
    for cell in model["content"]["cells"]:
        cell["metadata"] = {
            key: cell["metadata"][key] for key in ("tags",) if cell["metadata"].get(key)
        }
        if cell["cell_type"] == "code":
            cell |= {"outputs": [], "execution_count": None}


def environment(room: Path, own_unit: str | None = None, project: Path = PROJECT) -> dict[str, str]:
    """Return the variables for JupyterLab and its kernels, whose kind is written into `room`."""
    from ipykernel.kernelspec import write_kernel_spec

    # Named as in the notebooks, so that saving one changes nothing there.
    plain_errors = ["--ext", "msanalysis.lab_errors"]
    named = {"display_name": "Python 3"}
    write_kernel_spec(room / "kernels" / "python3", named, plain_errors)
    (room / "labconfig").mkdir()
    (room / "labconfig" / "page_config.json").write_text(json.dumps(_OFFLINE))
    (room / "jupyter_server_config.py").write_text(_NOTHING_SHOWN_IS_SAVED)
    restricted = project / "outputs" / "notebooks" / "restricted"
    restricted.mkdir(mode=0o700, parents=True, exist_ok=True)
    restricted.parent.chmod(0o700)  # not audited, and a trust's own numbers in full
    return {
        **{name: _before(room, name) for name in ("JUPYTER_PATH", "JUPYTER_CONFIG_PATH")},
        RESTRICTED_VARIABLE: str(restricted),
        OWN_UNIT_VARIABLE: own_unit or "",
        INVENTED_UNIT_VARIABLE: INVENTED_UNIT,
    }


def _before(room: Path, variable: str) -> str:
    """Return folders that are searched, ours first."""
    return os.pathsep.join(filter(None, (str(room), os.environ.get(variable, ""))))
