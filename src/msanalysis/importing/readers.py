"""Delivered files of every format -> frames of what stands in them."""

import codecs
import csv
import io
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pyreadstat

from msanalysis.extract import ExtractRefused

_CHUNK_BYTES = 1 << 24


def read_file(path: Path) -> pl.DataFrame:
    """Return a delivered file's rows under its own, stripped column names.

    CSV and spreadsheet cells stay texts; other formats keep their types. Raises ExtractRefused.
    """
    if not path.is_file():
        raise ExtractRefused(f"{path.name}: no such file in {path.parent}")
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise ExtractRefused(f"{path.name}: expected a file of {', '.join(READERS)}")
    try:
        frame = reader(path)
    except ExtractRefused:
        raise
    except (Exception, pl.exceptions.PanicException) as error:
        # a library's message may quote the cell it stumbled over
        raise ExtractRefused(
            f"{path.name}: not readable as {path.suffix} ({type(error).__name__}). "
            "Is it whole, and is it what its name says? Deliver it again, or as Parquet or CSV"
        ) from None
    return _named(frame, path)


def _named(frame: pl.DataFrame, path: Path) -> pl.DataFrame:
    names = [name.strip() for name in frame.columns]
    if len({name.lower() for name in names}) < len(names):
        raise ExtractRefused(f"{path.name}: two columns have the same name; rename one")
    return frame.rename(dict(zip(frame.columns, names, strict=True)))


def _read_csv(path: Path) -> pl.DataFrame:
    encoding = _encoding(path)
    with path.open(encoding=encoding, newline="") as handle:
        header = handle.readline()
    separator = _separator(header)
    names = next(csv.reader([header], delimiter=separator), [])
    if not any(name.strip() for name in names):
        raise ExtractRefused(f"{path.name}: the first line must hold the column names")
    if len({name.strip().lower() for name in names}) < len(names):
        raise ExtractRefused(f"{path.name}: two columns have the same name; rename one")
    return pl.read_csv(
        path if encoding == "utf-8-sig" else _as_utf8(path, encoding),
        separator=separator,
        infer_schema=False,
    )


def _encoding(path: Path) -> str:
    """Return utf-8-sig where every byte agrees with it, otherwise Latin-1."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as handle:
        chunk = handle.read(_CHUNK_BYTES)
        if b"\0" in chunk:
            raise ExtractRefused(f"{path.name}: expected a text file in UTF-8 or Latin-1")
        try:
            while chunk:
                decoder.decode(chunk)
                chunk = handle.read(_CHUNK_BYTES)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "latin-1"
    return "utf-8-sig"


def _as_utf8(path: Path, encoding: str) -> io.BytesIO:
    return io.BytesIO(path.read_text(encoding=encoding).encode())


def _separator(header: str) -> str:
    return max((";", "\t", ","), key=header.count)


def _read_excel(path: Path) -> pl.DataFrame:
    return pl.read_excel(path, engine="calamine", read_options={"dtypes": "string"})


def _with_pyreadstat(read: Callable) -> Callable[[Path], pl.DataFrame]:
    return lambda path: read(path, output_format="polars")[0]


READERS: dict[str, Callable[[Path], pl.DataFrame]] = {
    ".csv": _read_csv,
    ".tsv": _read_csv,
    ".parquet": pl.read_parquet,
    ".sav": _with_pyreadstat(pyreadstat.read_sav),
    ".dta": _with_pyreadstat(pyreadstat.read_dta),
    ".sas7bdat": _with_pyreadstat(pyreadstat.read_sas7bdat),
    ".xpt": _with_pyreadstat(pyreadstat.read_xport),
    ".xlsx": _read_excel,
}
"""How each format is read, by the file name's ending."""
