"""Notebooks one after the other in one process: `python -m msanalysis.run.kernel FOLDER`.

A task is a line on standard input; FOLDER receives `result-0.json` and so on. The kernel is this
very interpreter, whatever kernels the user has installed, reached over sockets in that folder,
which no one else can enter (on Windows: TCP on this machine, with a key). Notebooks follow each
other in one kernel, emptied, because starting one takes longer than many a notebook; one that could
change what others see (`keeps_to_itself`) has a kernel of its own. What a notebook prints or raises
stays in its log and its executed copy; the result says only where.
"""

import ast
import json
import logging
import os
import re
import shutil
import sys
from collections.abc import Collection, Iterable
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

import papermill
from ipykernel.kernelspec import write_kernel_spec
from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.utils import run_sync
from nbclient.exceptions import DeadKernelError
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from msanalysis.run import RunRefused
from msanalysis.run.parameters import FIRST, read_cells
from msanalysis.run.source import published_source, unfit_line
from msanalysis.run.workers import RESULT, end, with_children

KERNEL = "python3"
PLAIN = frozenset(("str", "range", "len"))
"""Functions of Python that change nothing."""
_SELDOM_COLLECTED = "--IPKernelApp.exec_lines=__import__('gc').set_threshold(50_000, 20, 20)"
"""Drawing makes so many small objects that looking for unused ones takes a tenth of the time."""
START_SECONDS = 60
MESSAGE_SECONDS = 60


def run_notebooks(folder: Path, tasks: Iterable[dict]) -> None:
    """Run the notebooks of `tasks`, and write `{}` or the place and class of the exception of each.

    Parameters
    ----------
    folder
        Of mode 0700, and its path short enough for a socket.
    tasks
        `notebook`, `executed` and `log` (paths), `parameters`, and the `environment` of the kernel.
    """
    _use_this_interpreter(folder)
    kernel, last = None, ""
    for number, task in enumerate(tasks):
        _log_to(task["log"])
        if kernel and not _may_share(last, task["notebook"]):
            _stop(kernel)
        if not (kernel and kernel.has_kernel):
            kernel = _kernel(folder, number)
        last = task["notebook"]
        result = _unfit(task) or run_notebook(task, kernel)
        if result:
            _stop(kernel)
        unfinished = folder / "result.json"
        unfinished.write_text(json.dumps(result), encoding="utf-8")
        unfinished.replace(folder / RESULT.format(number))


def run_notebook(task: dict, kernel: AsyncKernelManager) -> dict:
    """Run one notebook and return {} or the place and class of the exception."""
    try:
        _execute_with_retry(task, kernel)
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


def _unfit(task: dict) -> dict:
    """Return {}, or the line of a notebook, not run then, whose source no release may hold."""
    given = {name: value for name, value in task["parameters"].items() if name not in FIRST}
    release = Path(task["executed"]).parents[2] / "release"
    found = unfit_line(published_source(Path(task["notebook"]), given), release)
    if not found:
        return {}
    place, wrong = found
    said = f"{wrong}; notebooks are published as they stand: take it out"
    logging.error("cell %d, %s", place, said)
    return {"cell": place, "exception": said}


def _execute_with_retry(task: dict, kernel: AsyncKernelManager) -> None:
    """Execute, once more where the kernel did not come up (its memory or its port was taken)."""
    try:
        _execute(task, kernel)
    except PapermillExecutionError:
        raise
    except (RuntimeError, OSError) as error:
        if isinstance(error, DeadKernelError):
            raise
        logging.exception("the kernel did not start; second and last try")
        _stop(kernel)
        spare = _kernel(Path(kernel.connection_file).parent, "spare")
        _execute(task, spare)
        _stop(spare)


def _execute(task: dict, kernel: AsyncKernelManager) -> None:
    os.environ.update(task["environment"])
    if kernel.has_kernel:
        _empty(kernel, task["environment"])
    papermill.execute_notebook(
        _unformatted(task["notebook"]),
        _unformatted(task["executed"]),
        parameters=task["parameters"],
        kernel_name=KERNEL,
        language="python",
        progress_bar=False,
        start_timeout=START_SECONDS,
        iopub_timeout=MESSAGE_SECONDS,
        km=kernel,
    )


# --- what notebooks may share ---------------------------------------------------------------------


def _may_share(*notebooks: str) -> bool:
    return len({*notebooks}) == 1 or all(keeps_to_itself(Path(each)) for each in notebooks)


def keeps_to_itself(notebook: Path) -> bool:
    """Whether a notebook cannot change what another one sees.

    It imports from this package alone, calls nothing but that and `PLAIN` functions, and assigns to
    names alone.
    """
    try:
        code = [cell.source for cell in read_cells(notebook) if cell.kind == "code"]
        nodes = [*ast.walk(ast.parse("\n".join(code)))]
    except (RunRefused, SyntaxError):
        return False
    imports = [node for node in nodes if isinstance(node, ast.ImportFrom) and _is_own(node)]
    known = {alias.asname or alias.name for node in imports for alias in node.names} | PLAIN
    return all(_leaves_no_trace(node, known) for node in nodes)


def _is_own(node: ast.ImportFrom) -> bool:
    return not node.level and (node.module or "").partition(".")[0] == "msanalysis"


def _leaves_no_trace(node: ast.AST, known: Collection[str]) -> bool:
    match node:
        case ast.ImportFrom():
            return _is_own(node)
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(value=ast.Name(id=name))):
            return name in known
        case ast.Attribute(ctx=context) | ast.Subscript(ctx=context):
            return isinstance(context, ast.Load)
    return not isinstance(node, ast.Import | ast.Call | ast.AugAssign)


# --- the kernel -----------------------------------------------------------------------------------


def _kernel(folder: Path, name: object) -> AsyncKernelManager:
    """Return the manager of a kernel that is not started yet."""
    kernel = AsyncKernelManager(kernel_name=KERNEL, config=_private_connection(folder, name))
    kernel.client_class = "jupyter_client.asynchronous.AsyncKernelClient"
    return kernel


def _empty(kernel: AsyncKernelManager, environment: dict[str, str]) -> None:
    """Empty a kernel of the last notebook's names, and tell it what the next one runs for."""
    client = BlockingKernelClient(connection_file=kernel.connection_file)
    client.load_connection_file()
    client.start_channels()
    try:
        code = (
            f"__import__('os').environ.update({environment!r})\n"
            "get_ipython().reset()\n__import__('gc').collect()"
        )
        client.execute(code, silent=True, reply=True, timeout=MESSAGE_SECONDS)
    finally:
        client.stop_channels()


def _stop(kernel: AsyncKernelManager) -> None:
    if kernel.has_kernel:
        run_sync(kernel.shutdown_kernel)(now=True)


def _log_to(path: str) -> None:
    """Let all that this process and a new kernel print go to the log of a notebook."""
    with open(path, "ab") as log:
        for stream in (1, 2):
            os.dup2(log.fileno(), stream)


def _use_this_interpreter(private: Path) -> None:
    """Put a kernel of this interpreter before all others, and no user's profile beside it."""
    write_kernel_spec(private / "kernels" / KERNEL, extra_arguments=[_SELDOM_COLLECTED])
    os.environ["JUPYTER_PATH"] = str(private)
    os.environ["IPYTHONDIR"] = str(private / "ipython")


def _private_connection(private: Path, name: object) -> Config:
    manager = {"connection_file": str(private / f"k{name}.json")}
    if sys.platform != "win32":
        manager["transport"] = "ipc"
    return Config(AsyncKernelManager=manager)


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


def _listen(room: Path, tasks: SimpleQueue) -> None:
    """Pass on tasks until the runner is gone, which closes its end of our pipe; then end it all."""
    for line in sys.stdin.buffer:
        tasks.put(json.loads(line))
    end(with_children(os.getpid())[1:])
    shutil.rmtree(room, ignore_errors=True)
    os._exit(1)


def main() -> None:
    """Run the tasks that come in, with the folder named on the command line, until ended."""
    folder, tasks = Path(sys.argv[1]), SimpleQueue()
    Thread(target=_listen, args=[folder.parent, tasks], daemon=True).start()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    run_notebooks(folder, iter(tasks.get, None))


if __name__ == "__main__":
    main()
