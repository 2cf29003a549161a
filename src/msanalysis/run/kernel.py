"""One notebook in one process: `python -m msanalysis.run.kernel TASK RESULT` (both JSON files).

The kernel is this very interpreter, whatever kernels the user has installed, reached over sockets
in a private folder that no one else can enter (on Windows: TCP on this machine, with a key). What
the notebook prints or raises stays in its log and its executed copy; the result says only where.
"""

import json
import logging
import os
import re
import shutil
import sys
from pathlib import Path
from threading import Thread

import papermill
from ipykernel.kernelspec import write_kernel_spec
from nbclient.exceptions import DeadKernelError
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from msanalysis.run.workers import end, with_children

KERNEL = "python3"
START_SECONDS = 60
MESSAGE_SECONDS = 60


def run_notebook(task: dict) -> dict:
    """Run the notebook of `task` and return {} or the place and class of the exception.

    Parameters
    ----------
    task
        `notebook` and `executed` (paths), `parameters`, and `private`, a folder of mode 0700 whose
        path is short enough for a socket.
    """
    _use_this_interpreter(Path(task["private"]))
    try:
        _execute_with_retry(task)
    except PapermillExecutionError as error:
        logging.error("%s", error)
        place = _cell_number(task["executed"], error.cell_index)
        return {"cell": place, "exception": _class_name(error.ename)}
    except DeadKernelError:
        logging.exception("the kernel ended before its notebook")
        return {"exception": "its kernel died: a cell ended it, or the memory was full"}
    except Exception as error:
        logging.exception("the notebook did not run to its end")
        known = isinstance(error, OSError) and error.errno
        return {"exception": os.strerror(error.errno) if known else type(error).__name__}
    return {}


def _execute_with_retry(task: dict) -> None:
    """Execute, once more where the kernel did not come up (its memory or its port was taken)."""
    try:
        _execute(task)
    except PapermillExecutionError:
        raise
    except (RuntimeError, OSError) as error:
        if isinstance(error, DeadKernelError):
            raise
        logging.exception("the kernel did not start; second and last try")
        _execute(task)


def _execute(task: dict) -> None:
    papermill.execute_notebook(
        _unformatted(task["notebook"]),
        _unformatted(task["executed"]),
        parameters=task["parameters"],
        kernel_name=KERNEL,
        language="python",
        progress_bar=False,
        start_timeout=START_SECONDS,
        iopub_timeout=MESSAGE_SECONDS,
        config=_private_connection(Path(task["private"])),
    )


def _use_this_interpreter(private: Path) -> None:
    """Put a kernel of this interpreter before all others, and no user's profile beside it."""
    write_kernel_spec(private / "kernels" / KERNEL)
    os.environ["JUPYTER_PATH"] = str(private)
    os.environ["IPYTHONDIR"] = str(private / "ipython")


def _private_connection(private: Path) -> Config:
    manager = {"connection_file": str(private / "k.json")}
    if sys.platform != "win32":
        manager["transport"] = "ipc"
    return Config(KernelManager=manager)


def _unformatted(path: str) -> str:
    """Papermill fills `{...}` in paths; a folder may be called so."""
    return path.replace("{", "{{").replace("}", "}}")


def _cell_number(executed: str, index: int) -> int:
    """Return the number of a cell as the notebook's own file has it, the first being 1."""
    cells = json.loads(Path(executed).read_text(encoding="utf-8"))["cells"]
    tags = [cell["metadata"].get("tags", []) for cell in cells]
    own = [tag for tag in tags if "papermill-error-cell-tag" not in tag]
    return sum("injected-parameters" not in tag for tag in own[: index + 1])


def _class_name(text: str) -> str:
    return text if re.fullmatch(r"[A-Za-z_]\w{0,60}", text) else "Exception"


def _end_with_runner(room: Path) -> None:
    """Wait until the runner is gone, which closes its end of our pipe; then end all it began."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    end(with_children(os.getpid())[1:])
    shutil.rmtree(room, ignore_errors=True)
    os._exit(1)


def main() -> None:
    """Run the task in the first file named on the command line, write its result to the second."""
    task, result = map(Path, sys.argv[1:])
    Thread(target=_end_with_runner, args=[task.parents[1]], daemon=True).start()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    outcome = run_notebook(json.loads(task.read_text(encoding="utf-8")))
    result.write_text(json.dumps(outcome), encoding="utf-8")


if __name__ == "__main__":
    main()
