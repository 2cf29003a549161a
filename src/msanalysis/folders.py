"""Folders that are whole or not there, whenever the process that makes them ends."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PICTURES_VARIABLE = "MSANALYSIS_PICTURES"
"""Names the folder where a run keeps what it has drawn, for notebooks that run again."""


@contextmanager
def locked(path: Path, refusal: Exception) -> Iterator[None]:
    """Hold the lock `path` for the while, or raise `refusal` where another process holds it.

    It ends with the process, however that comes about.
    """
    with path.open("w") as handle:
        try:
            _lock(handle.fileno())
        except (BlockingIOError, PermissionError):
            raise refusal from None
        yield


def _lock(descriptor: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def put_in_place(new: Path, place: Path, aside: Path) -> None:
    """Make `new` the folder `place`: two renames, between which the old one stands `aside`.

    After a crash there `put_back` makes it whole again; a failure here does so itself.
    """
    if place.exists():
        place.rename(aside)
    try:
        new.rename(place)
    except OSError:
        if aside.exists():
            aside.rename(place)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def put_back(place: Path, aside: Path) -> None:
    """Mend what a crash within `put_in_place` left."""
    if aside.exists() and not place.exists():
        aside.rename(place)
    clear(aside)


def clear(*folders: Path) -> None:
    """Remove those folders that are there."""
    for folder in folders:
        if folder.exists():
            shutil.rmtree(folder)
