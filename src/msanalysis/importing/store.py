"""Checked tables -> a store on disk, whole or not at all."""

import errno
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from msanalysis.extract import STORE_FILE, polars_schema
from msanalysis.folders import clear, locked, put_back, put_in_place

_HASHED_ROWS = 1 << 20


@contextmanager
def whole_folder(dest: Path, replaces: str) -> Iterator[Path]:
    """Give a temporary folder that becomes `dest` when the block ends well, and vanishes otherwise.

    An existing `dest` is replaced if it is empty, or if its extract.yaml holds the text `replaces`;
    anything else there is somebody's, and raises FileExistsError. The folder is readable by its
    owner alone. What a process that was ended left beside `dest` is mended and removed first.
    """
    dest = dest.absolute()
    room = dest.with_name(f".{dest.name}.new")
    room.mkdir(mode=0o700, parents=True, exist_ok=True)
    reason = "another import is writing it; wait for it, or name another folder"
    with locked(room / "lock", FileExistsError(errno.EEXIST, reason, str(dest))):
        try:
            put_back(dest, room / "replaced")
            if dest.exists() and not _may_go(dest, replaces):
                reason = "it holds other files; name a new or empty folder"
                raise FileExistsError(errno.EEXIST, reason, str(dest))
            made = room / "made"
            clear(made)
            made.mkdir(mode=0o700)
            yield made
            put_in_place(made, dest, room / "replaced")
        finally:
            if not (room / "replaced").exists():
                shutil.rmtree(room, ignore_errors=True)


def write_tables(tables: Mapping[str, pl.DataFrame], folder: Path) -> None:
    """Write each table as Parquet; equal tables give equal bytes."""
    for name, frame in tables.items():
        path = folder / f"{name}.parquet"
        try:
            frame.write_parquet(path)
        except (OSError, pl.exceptions.PolarsError):
            # whatever polars makes of what the system said
            reason = "cannot be written; is the disk full?"
            raise OSError(errno.EIO, reason, str(path)) from None


def write_store_file(stated: Mapping[str, Any], folder: Path) -> None:
    """Write extract.yaml."""
    text = yaml.safe_dump(dict(stated), sort_keys=False, allow_unicode=True)
    (folder / STORE_FILE).write_text(text, encoding="utf-8")


def canonical(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Return the delivered columns in the schema's order, and the rows sorted by all of them."""
    columns = [column for column in polars_schema(name) if column in frame.columns]
    return frame.select(columns).sort(columns)


def fingerprint(stated: Mapping[str, Any], tables: Mapping[str, pl.DataFrame]) -> str:
    """Return the sha256 of what the extract states of itself and of all its cells.

    Equal for equal canonical tables, whatever files they were delivered in.
    """
    digest = sha256(repr(sorted((key, str(value)) for key, value in stated.items())).encode())
    for name, frame in sorted(tables.items()):
        digest.update(f"\n{name}:{','.join(frame.columns)}\n".encode())
        for rows in frame.iter_slices(_HASHED_ROWS):
            digest.update(rows.write_csv(include_header=False).encode())
    return digest.hexdigest()


def file_sha256(path: Path) -> str:
    """Return the sha256 of a delivered file."""
    with path.open("rb") as handle:
        return file_digest(handle, "sha256").hexdigest()


def _may_go(dest: Path, replaces: str) -> bool:
    if not dest.is_dir():
        return False
    stated = dest / STORE_FILE
    return not any(dest.iterdir()) or (stated.is_file() and replaces in stated.read_text("utf-8"))
