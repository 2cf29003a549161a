"""Several notebooks side by side, each in a process that can be ended with its kernel.

However the runner ends, also by `kill -9`, its processes end with it: each holds one end of a pipe
whose other end only the runner has. What it leaves on disk, the next run removes.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil

from msanalysis.folders import locked
from msanalysis.run import PROJECT

LONGEST_SOCKET_FOLDER = 55
"""A socket's path holds about 100 bytes; the rest is for the names in the folder."""
ROOM, LOCK = "msanalysis-run-", "lock"
SETTLED_SECONDS = 60
"""A younger private folder may be another run's that has not locked it yet."""
MEMORY_SHARE = 0.8
"""Of the machine's memory, what all notebooks that run at once may take together."""
POLL_SECONDS = 0.05
LOOK_SECONDS = 1
"""How often new processes are looked for: it takes a look at all of the machine."""
END_SECONDS = 5
TASKS, RESULT = "tasks.json", "result-{}.json"


@dataclass(frozen=True)
class Task:
    """One notebook to execute: where its result goes, and what its kernel is given.

    `environment` holds the same names in all tasks of a notebook.
    """

    notebook: Path
    parameters: Mapping[str, Any]
    executed: Path
    log: Path
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Limits:
    """What one notebook may take before it is ended: wall-clock time, and resident memory."""

    seconds: float
    memory_bytes: float

    @classmethod
    def of(cls, seconds: float, memory_gb: float | None, jobs: int) -> "Limits":
        """Return the limits; without `memory_gb` an equal part of `MEMORY_SHARE` for each job."""
        shared = MEMORY_SHARE * psutil.virtual_memory().total / jobs
        return cls(seconds, shared if memory_gb is None else memory_gb * 1e9)


@dataclass
class _Running:
    tasks: Sequence[Task]
    folder: Path
    process: subprocess.Popen
    number: int = 0
    started: float = field(default_factory=time.monotonic)
    seen: set[psutil.Process] = field(default_factory=set)
    looked: float = 0.0

    @property
    def task(self) -> Task:
        return self.tasks[self.number]

    @property
    def left(self) -> Sequence[Task]:
        return self.tasks[self.number + 1 :]

    @property
    def result(self) -> Path:
        return self.folder / RESULT.format(self.number)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    def go_on(self) -> None:
        """Turn to the next notebook, which the process has begun by itself."""
        self.number, self.started = self.number + 1, time.monotonic()

    def look(self) -> None:
        """Remember all processes it started, also those whose parent will be gone."""
        self.looked = time.monotonic()
        with suppress(psutil.NoSuchProcess):
            self.seen.update(with_children(self.process.pid))

    def memory_bytes(self) -> int:
        """Return what the process and all it started hold."""
        if time.monotonic() > self.looked + LOOK_SECONDS:
            self.look()
        held = 0
        for process in self.seen:
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                held += process.memory_info().rss
        return held


def run_side_by_side(
    tasks: Iterable[Task],
    *,
    jobs: int,
    limits: Limits,
    started: Callable[[Task], None],
    ended: Callable[[Task, str, float], None],
) -> None:
    """Run the tasks, at most `jobs` at once; those of one notebook share a kernel each.

    `started(task)` and `ended(task, failure, seconds)` are called as it goes; `failure` is empty
    when the notebook ran to its end. A notebook that goes beyond `limits` is ended, its kernel with
    it. So are all when this function is interrupted, or its process ended.
    """
    waiting, running = deque(_sittings(tasks, jobs)), []
    with _private_room() as room:
        try:
            while waiting or running:
                while waiting and len(running) < jobs:
                    running.append(_start(waiting.popleft(), jobs, room))
                    started(running[-1].task)
                for each in list(running):
                    failure = _failure(each, limits)
                    if failure is None:
                        continue
                    goes_on = each.result.exists() and each.left
                    if not goes_on:
                        running.remove(each)
                        _end(each)
                        waiting.extendleft([each.left] if each.left else [])
                    ended(each.task, failure, each.seconds)
                    if goes_on:
                        each.go_on()
                        started(each.task)
                time.sleep(POLL_SECONDS)
        finally:
            for each in running:
                _end(each)


def _sittings(tasks: Iterable[Task], jobs: int) -> list[list[Task]]:
    """Return the tasks by notebook, those of one spread over as many processes as there may be."""
    of_notebook: dict[Path, list[Task]] = {}
    for task in tasks:
        of_notebook.setdefault(task.notebook, []).append(task)
    return [
        some[first::jobs] for some in of_notebook.values() for first in range(min(jobs, len(some)))
    ]


@contextmanager
def _private_room() -> Iterator[Path]:
    """Yield a folder that nobody else can enter, having removed those of runs that were killed."""
    parent = _short_folder()
    for left in parent.glob(f"{ROOM}*"):
        _remove_abandoned(left)
    room = Path(tempfile.mkdtemp(prefix=ROOM, dir=parent))
    try:
        with locked(room / LOCK, BlockingIOError("a new folder is locked")):
            yield room
    finally:
        shutil.rmtree(room, ignore_errors=True)


def _remove_abandoned(room: Path) -> None:
    """Remove a private folder whose run has ended, unless it is another's or too young to tell."""
    with suppress(OSError):
        if time.time() - room.stat().st_mtime > SETTLED_SECONDS:
            # a dying kernel may have made it anew, without a lock
            with locked(room / LOCK, BlockingIOError("its run is at work")):
                shutil.rmtree(room)


def _start(tasks: Sequence[Task], jobs: int, room: Path) -> _Running:
    folder = Path(tempfile.mkdtemp(prefix="", dir=room))
    content = [
        {
            "notebook": str(task.notebook),
            "executed": str(task.executed),
            "parameters": dict(task.parameters),
            "log": str(task.log),
            "environment": dict(task.environment),
        }
        for task in tasks
    ]
    (folder / TASKS).write_text(json.dumps(content), encoding="utf-8")
    for task in tasks:
        task.log.write_bytes(b"")
    with tasks[0].log.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "msanalysis.run.kernel", str(folder)],
            cwd=PROJECT,
            env=_environment(jobs),
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    return _Running(tasks, folder, process)


def _short_folder() -> Path:
    """Return where a socket's path stays short: the user's folder for temporary files, or /tmp."""
    too_long = len(os.fsencode(tempfile.gettempdir())) > LONGEST_SOCKET_FOLDER
    return Path("/tmp" if too_long and sys.platform != "win32" else tempfile.gettempdir())


def _environment(jobs: int) -> dict[str, str]:
    """Return what kernels see: no screen, no user's taste in figures, their threads."""
    matplotlib = Path(find_spec("matplotlib").submodule_search_locations[0])
    threads = str(max(1, processors() // jobs))
    return os.environ | {
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


def _failure(each: _Running, limits: Limits) -> str | None:
    """Return None while its notebook runs, then what went wrong, or nothing."""
    if not each.result.exists() and each.process.poll() is None:
        if each.memory_bytes() > limits.memory_bytes:
            return f"took more than {limits.memory_bytes / 1e9:.1f} GB of memory"
        if each.seconds < limits.seconds:
            return None
        return f"took longer than {limits.seconds:g} seconds"
    try:
        result = json.loads(each.result.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return "its process ended early"
    place = f"cell {result['cell']}, " if "cell" in result else ""
    return f"{place}{result['exception']}" if result else ""


def _end(each: _Running) -> None:
    """End the process with all it was seen to start, and remove its private folder."""
    each.look()
    end(each.seen)
    each.process.wait()
    each.process.stdin.close()
    shutil.rmtree(each.folder, ignore_errors=True)


def with_children(pid: int) -> list[psutil.Process]:
    """Return a process and all that it, or they, started."""
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def end(processes: Iterable[psutil.Process]) -> None:
    """End processes, whatever they are at."""
    processes = list(processes)
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(processes, timeout=END_SECONDS)
