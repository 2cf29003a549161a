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
RESULT = "result-{}.json"


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
class _Worker:
    """A process that executes one notebook after the other: its last task, and if it is at it."""

    folder: Path
    process: subprocess.Popen
    task: Task
    number: int = -1
    at_work: bool = False
    started: float = 0.0
    seen: set[psutil.Process] = field(default_factory=set)
    looked: float = 0.0

    @property
    def result(self) -> Path:
        return self.folder / RESULT.format(self.number)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    def begin(self, task: Task) -> None:
        """Hand over a task; should the process be gone, that shows when its result is awaited."""
        self.task, self.number, self.at_work = task, self.number + 1, True
        self.started = time.monotonic()
        with suppress(BrokenPipeError):
            self.process.stdin.write(_written(task))
            self.process.stdin.flush()

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
    ended: Callable[[Task, str, float], Iterable[Task]],
) -> None:
    """Run the tasks, at most `jobs` at once; those of one process share a kernel where they may.

    `started(task)` and `ended(task, failure, seconds)` are called as it goes; `failure` is empty
    when the notebook ran to its end, and what `ended` returns is to be run too. A notebook that
    goes beyond `limits` is ended, its kernel with it. So are all when this function is interrupted,
    or its process ended.
    """
    waiting, workers = _longest_first(tasks), []
    with _private_room() as room:
        try:
            while waiting or any(each.at_work for each in workers):
                over = list(_over(workers, limits))
                for worker in _idle(waiting, workers, jobs, room):
                    worker.begin(waiting.pop(0))
                    started(worker.task)
                for each in over:
                    waiting = _longest_first([*waiting, *ended(*each)])
                time.sleep(0 if over else POLL_SECONDS)
        finally:
            for each in workers:
                _end(each)


def _longest_first(tasks: Iterable[Task]) -> list[Task]:
    """Return the tasks so that no long notebook is left to run alone at the end."""
    return sorted(tasks, key=lambda task: -task.notebook.stat().st_size)


def _over(workers: list[_Worker], limits: Limits) -> Iterator[tuple[Task, str, float]]:
    """Yield each task that has ended since, how, and after how long; end processes with it."""
    for each in [worker for worker in workers if worker.at_work]:
        failure = _failure(each, limits)
        if failure is None:
            continue
        each.at_work = False
        if not each.result.exists():
            workers.remove(each)
            _end(each)
        yield each.task, failure, each.seconds


def _idle(
    waiting: Sequence[Task], workers: list[_Worker], jobs: int, room: Path
) -> Iterator[_Worker]:
    """Yield processes that can take a task, new ones too, while there are tasks for them."""
    for each in list(workers):
        if waiting and not each.at_work:
            yield each
    while waiting and len(workers) < jobs:
        workers.append(_new_worker(waiting[0], jobs, room))
        yield workers[-1]


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


def _new_worker(task: Task, jobs: int, room: Path) -> _Worker:
    """Return a process that waits for tasks; until the first, what it prints is in its log."""
    folder = Path(tempfile.mkdtemp(prefix="", dir=room))
    with task.log.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "msanalysis.run.kernel", str(folder)],
            cwd=PROJECT,
            env=_environment(jobs),
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    return _Worker(folder, process, task)


def _written(task: Task) -> bytes:
    content = {
        "notebook": str(task.notebook),
        "executed": str(task.executed),
        "parameters": dict(task.parameters),
        "log": str(task.log),
        "environment": dict(task.environment),
    }
    return json.dumps(content).encode() + b"\n"


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


def _failure(each: _Worker, limits: Limits) -> str | None:
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


def _end(each: _Worker) -> None:
    """End the process with all it was seen to start, and remove its private folder."""
    each.look()
    end(each.seen)
    each.process.wait()
    with suppress(BrokenPipeError):
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
