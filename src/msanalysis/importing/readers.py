"""Delivered files of every format -> frames of what stands in them."""

import codecs
import csv
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import fastexcel
import polars as pl
import psutil
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pyreadstat

from msanalysis.extract import ExtractRefused

_CHUNK_BYTES = 1 << 24
_LONGEST_CSV_ROW_BYTES = 1 << 26
_CELL_BYTES = 8
_TRANSPORT_RECORD_BYTES = 80
_ROWS_IN_A_MESSAGE = 10


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
    except (ExtractRefused, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        # a library's message (Rust's panics are no Exception) may quote the cell it stumbled over
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
        separator = _separator(handle.readline())
        handle.seek(0)
        names = next(csv.reader(handle, delimiter=separator), [])
        has_rows = bool(handle.read(1))
    if not any(name.strip() for name in names):
        raise ExtractRefused(f"{path.name}: the first line must hold the column names")
    if len({name.strip().lower() for name in names}) < len(names):
        raise ExtractRefused(f"{path.name}: two columns have the same name; rename one")
    if not has_rows:
        return pl.DataFrame(schema=dict.fromkeys(names, pl.String))
    return pl.from_arrow(_read_rows(path, names, separator, encoding))


def _read_rows(path: Path, names: list[str], separator: str, encoding: str) -> pa.Table:
    """Read the rows as texts; refuse the file where one has more or fewer cells than columns."""
    ragged: list[int] = []

    def skip(row: pa.csv.InvalidRow) -> str:
        ragged.append(row.number - 1)
        return "skip"

    rows = pa.csv.read_csv(
        path,
        read_options=pa.csv.ReadOptions(
            # one thread, because only then are the rows numbered
            use_threads=False,
            block_size=_LONGEST_CSV_ROW_BYTES,
            column_names=names,
            skip_rows_after_names=1,
            encoding=encoding,
        ),
        parse_options=pa.csv.ParseOptions(
            delimiter=separator, newlines_in_values=True, invalid_row_handler=skip
        ),
        convert_options=pa.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
        ),
    )
    if ragged:
        raise ExtractRefused(_ragged_message(path, ragged, len(names)))
    return rows


def _ragged_message(path: Path, ragged: list[int], n_columns: int) -> str:
    rows = ", ".join(map(str, ragged[:_ROWS_IN_A_MESSAGE]))
    more = " ..." if len(ragged) > _ROWS_IN_A_MESSAGE else ""
    return (
        f"{path.name}: rows {rows}{more} have more or fewer cells than there are columns "
        f"({n_columns}). Is the file cut off, a separator within a text, a quotation mark not "
        "closed? Mend it, or deliver it as Parquet"
    )


def _encoding(path: Path) -> str:
    """Return utf-8 where every byte agrees with it, otherwise Latin-1."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    encoding, n_quotation_marks = "utf-8-sig", 0
    with path.open("rb") as handle:
        while chunk := handle.read(_CHUNK_BYTES):
            if b"\0" in chunk:
                raise ExtractRefused(
                    f"{path.name}: expected a text file in UTF-8 or Latin-1; save it as UTF-8"
                )
            n_quotation_marks += chunk.count(b'"')
            encoding = encoding if _decodes(decoder, chunk) else "latin-1"
    if n_quotation_marks % 2:
        raise ExtractRefused(
            f"{path.name}: a quotation mark is not closed, and would swallow the rows below it. "
            "Mend the delivery, or deliver it as Parquet"
        )
    return encoding if _decodes(decoder, b"", final=True) else "latin-1"


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, final: bool = False) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


def _separator(header: str) -> str:
    return max((";", "\t", ","), key=header.count)


def _read_excel(path: Path) -> pl.DataFrame:
    with ZipFile(path) as packed:
        _require_memory(path, sum(part.file_size for part in packed.infolist()))
        if packed.testzip():
            raise ValueError("a part is not as long as it says, or damaged")
    _require_one_sheet(path)
    return pl.read_excel(path, engine="calamine", read_options={"dtypes": "string"})


def _require_one_sheet(path: Path) -> None:
    """Refuse rows in further sheets: only the first is read, and they would be lost."""
    book = fastexcel.read_excel(path)
    for sheet in range(1, len(book.sheet_names)):
        if book.load_sheet(sheet, header_row=None, n_rows=1).height:
            raise ExtractRefused(
                f"{path.name}: expected rows in the first sheet only, found some in sheet "
                f"{sheet + 1}. Save each sheet as a file of its own, or remove it"
            )


def _read_parquet(path: Path) -> pl.DataFrame:
    held = pa.parquet.read_metadata(path)
    encoded = sum(held.row_group(group).total_byte_size for group in range(held.num_row_groups))
    _require_memory(path, max(encoded, held.num_rows * held.num_columns * _CELL_BYTES))
    return pl.read_parquet(path)


def _require_memory(path: Path, unpacked_bytes: int) -> None:
    """Refuse, before it is unpacked, what would fill the machine: a fault, or an attack."""
    if unpacked_bytes > psutil.virtual_memory().total // 2:
        raise ExtractRefused(
            f"{path.name}: unpacked it takes {unpacked_bytes / 1e9:.0f} GB, more than half of this "
            "machine's memory. Is it damaged? If not, leave out columns, or import it elsewhere"
        )


def _read_transport(path: Path) -> pl.DataFrame:
    if path.stat().st_size % _TRANSPORT_RECORD_BYTES:
        raise ValueError("cut off within a record; the library would return the rows before it")
    return _with_pyreadstat(pyreadstat.read_xport)(path)


def _with_pyreadstat(read: Callable) -> Callable[[Path], pl.DataFrame]:
    def read_whole(path: Path) -> pl.DataFrame:
        _, stated = read(path, metadataonly=True)
        # with a damaged number of rows the library would go on for hours
        if (stated.number_rows or 0) > path.stat().st_size:
            raise ValueError("more rows than bytes")
        return read(path, output_format="polars")[0]

    return read_whole


READERS: dict[str, Callable[[Path], pl.DataFrame]] = {
    ".csv": _read_csv,
    ".tsv": _read_csv,
    ".parquet": _read_parquet,
    ".sav": _with_pyreadstat(pyreadstat.read_sav),
    ".dta": _with_pyreadstat(pyreadstat.read_dta),
    ".sas7bdat": _with_pyreadstat(pyreadstat.read_sas7bdat),
    ".xpt": _read_transport,
    ".xlsx": _read_excel,
}
"""How each format is read, by the file name's ending."""
