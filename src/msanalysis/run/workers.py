"""Several notebooks side by side, each in a process that can be ended with its kernel."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil

from msanalysis.run import PROJECT

LONGEST_SOCKET_FOLDER = 70
"""A socket's path holds about 100 bytes; the rest is for the names in the folder."""
POLL_SECONDS = 0.05
END_SECONDS = 5
TASK, RESULT = "task.json", "result.json"


@dataclass(frozen=True)
class Task:
    """One notebook to execute: where its result goes, and what its kernel is given."""

    id: str
    notebook: Path
    parameters: Mapping[str, Any]
    executed: Path
    log: Path
    policy: str


@dataclass
class _Running:
    task: Task
    folder: Path
    process: subprocess.Popen
    started: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started


def run_side_by_side(
    tasks: Iterable[Task],
    *,
    jobs: int,
    limit_seconds: float,
    started: Callable[[str], None],
    ended: Callable[[str, str, float], None],
) -> None:
    """Run the tasks, at most `jobs` at once.

    `started(id)` and `ended(id, failure, seconds)` are called as it goes; `failure` is empty when
    the notebook ran to its end. A notebook that takes longer than `limit_seconds` is ended, its
    kernel with it. So are all when this function is interrupted.
    """
    waiting, running = deque(tasks), []
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                running.append(_start(waiting.popleft(), jobs))
                started(running[-1].task.id)
            for each in list(running):
                failure = _failure(each, limit_seconds)
                if failure is not None:
                    running.remove(each)
                    _end(each)
                    ended(each.task.id, failure, each.seconds)
            time.sleep(POLL_SECONDS)
    finally:
        for each in running:
            _end(each)


def _start(task: Task, jobs: int) -> _Running:
    folder = Path(tempfile.mkdtemp(prefix="ms-", dir=_short_folder()))
    content = {
        "notebook": str(task.notebook),
        "executed": str(task.executed),
        "parameters": dict(task.parameters),
        "private": str(folder),
    }
    (folder / TASK).write_text(json.dumps(content), encoding="utf-8")
    command = ["-m", "msanalysis.run.kernel", str(folder / TASK), str(folder / RESULT)]
    with task.log.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=PROJECT,
            env=_environment(task, jobs),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    return _Running(task, folder, process)


def _short_folder() -> str | None:
    """Return where a socket's path stays short: the default (None), or /tmp."""
    too_long = len(os.fsencode(tempfile.gettempdir())) > LONGEST_SOCKET_FOLDER
    return "/tmp" if too_long and sys.platform != "win32" else None


def _environment(task: Task, jobs: int) -> dict[str, str]:
    """Return what kernels see: policy, restricted folder, no screen, no user's taste, threads."""
    matplotlib = Path(find_spec("matplotlib").submodule_search_locations[0])
    threads = str(max(1, processors() // jobs))
    return os.environ | {
        "MSANALYSIS_POLICY": task.policy,
        "MSANALYSIS_RESTRICTED": str(task.executed.parents[1]),
        "MPLBACKEND": "agg",
        "MATPLOTLIBRC": str(matplotlib / "mpl-data" / "matplotlibrc"),
        "PYTHONHASHSEED": "0",
        "POLARS_MAX_THREADS": threads,
        "OMP_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": threads,
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }


def processors() -> int:
    """Return the number of processors this process may use."""
    return (
        len(psutil.Process().cpu_affinity())
        if hasattr(psutil.Process, "cpu_affinity")
        else (os.cpu_count() or 1)
    )


def _failure(each: _Running, limit_seconds: float) -> str | None:
    """Return None while it runs, then what went wrong, or nothing."""
    if each.process.poll() is None:
        if each.seconds < limit_seconds:
            return None
        return f"took longer than {limit_seconds:g} seconds"
    try:
        result = json.loads((each.folder / RESULT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return "its process ended early"
    place = f"cell {result['cell']}, " if "cell" in result else ""
    return f"{place}{result['exception']}" if result else ""


def _end(each: _Running) -> None:
    """End the process with all it started, and remove its private folder."""
    if each.process.poll() is None:
        worker = psutil.Process(each.process.pid)
        processes = [*worker.children(recursive=True), worker]
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(processes, timeout=END_SECONDS)
    shutil.rmtree(each.folder, ignore_errors=True)
