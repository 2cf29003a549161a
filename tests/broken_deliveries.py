"""Deliveries as they should not be: each broken in one way, out of a sound one of forty persons."""

import gzip
import io
import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet
import pyreadstat
from xlsxwriter import Workbook

from deliveries import DATA_CUTOFF, SECRET, STATUS_DATE, deliver_csv, plain_tables, with_cells

STATED = f"status_date: {STATUS_DATE}\ndata_cutoff: {DATA_CUTOFF}\nsource: project\n"
PARTS = ("patients", "treatments", "edss", "mri")
SAVED = {
    "sav": pyreadstat.write_sav,
    "dta": pyreadstat.write_dta,
    "xpt": pyreadstat.write_xport,
}


@dataclass(frozen=True)
class Broken:
    """A way to break a delivery, and what the import must say of it.

    `says` are parts of the refusal; with `set_aside` the import goes on without those rows, given
    as (table, column, rule, row).
    """

    id: str
    spoil: Callable[[Path], object]
    says: tuple[str, ...] = ()
    set_aside: tuple[str, str, str, int] | None = None


def sound_tables() -> dict[str, pl.DataFrame]:
    """Return the tables before they are broken, all cells texts."""
    return {name: frame for name, frame in plain_tables().items() if name in PARTS}


def deliver(folder: Path, tables: dict[str, pl.DataFrame] | None = None) -> Path:
    """Write a delivery that says of itself what it must."""
    deliver_csv(folder, tables or sound_tables())
    (folder / "extract.yaml").write_text(STATED)
    return folder


def as_format(folder: Path, kind: str, **cells: pl.Expr) -> Path:
    """Write `edss` in another format, its cells of their own types."""
    typed = sound_tables()["edss"].with_columns(
        pl.col("measured_date").str.to_date(), pl.col("score").cast(pl.Float64)
    )
    typed = typed.with_columns(**cells)
    (folder / "edss.csv").unlink(missing_ok=True)
    path = folder / f"edss.{kind}"
    if kind == "parquet":
        typed.write_parquet(path)
    elif kind == "xlsx":
        typed.write_excel(path)
    else:
        SAVED[kind](typed.to_pandas(), str(path))
    return path


# --- how they are broken --------------------------------------------------------------------------


def _bytes(name: str, change: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes(change((folder / name).read_bytes()))


def _holds(name: str, content: bytes | str) -> Callable[[Path], object]:
    content = content.encode() if isinstance(content, str) else content
    return lambda folder: (folder / name).write_bytes(content)


def _cells(table: str, column: str, value: str | None, rows: range = range(7, 8)) -> Callable:
    return lambda folder: deliver(folder, with_cells(sound_tables(), table, column, value, rows))


def _line(number: int, change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Change one line of a file; line 0 holds the names of the columns."""

    def changed(content: bytes) -> bytes:
        lines = content.splitlines(keepends=True)
        return b"".join([*lines[:number], change(lines[number]), *lines[number + 1 :]])

    return changed


def _recoded(encoding: str) -> Callable[[bytes], bytes]:
    return lambda content: content.decode().encode(encoding)


def _cut(kind: str, share: float = 0.6) -> Callable[[Path], object]:
    def cut(folder: Path) -> None:
        path = as_format(folder, kind)
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * share)])

    return cut


def _written(kind: str, **cells: pl.Expr) -> Callable[[Path], object]:
    return lambda folder: as_format(folder, kind, **cells)


def _instead(name: str, make: Callable[[Path], object]) -> Callable[[Path], object]:
    """Put something that is no file in the place of one."""

    def put(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        make(folder / name)

    return put


def _renamed(old: str, new: str) -> Callable[[Path], object]:
    return lambda folder: (folder / old).rename(folder / new)


def _many_rows(folder: Path) -> None:
    """A Parquet file of a few kB whose footer states four billion rows."""
    path = as_format(folder, "parquet")
    row = pl.read_parquet(path).head(1).to_arrow()
    group = pa.concat_tables([row] * 1000)
    with pa.parquet.ParquetWriter(path, group.schema, compression="zstd") as writer:
        writer.write_table(group)
    content = path.read_bytes()
    start = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    footer = content[start:-8].replace(_thrift(1000), _thrift(4_000_000_000))
    path.write_bytes(content[:start] + footer + len(footer).to_bytes(4, "little") + b"PAR1")


def _thrift(number: int) -> bytes:
    """Return an i64 field as thrift's compact protocol has it, behind its header."""
    zigzag, digits = number << 1, []
    while zigzag > 127:
        digits.append(zigzag & 127 | 128)
        zigzag >>= 7
    return bytes([0x16, *digits, zigzag])


def _claims_to_unpack_to(n_bytes: int) -> Callable[[Path], object]:
    """An Excel file whose directory states another length for every part."""

    def claim(folder: Path) -> None:
        path = as_format(folder, "xlsx")
        content = bytearray(path.read_bytes())
        entry = content.find(b"PK\x01\x02")
        while entry >= 0:
            content[entry + 24 : entry + 28] = n_bytes.to_bytes(4, "little")
            entry = content.find(b"PK\x01\x02", entry + 4)
        path.write_bytes(bytes(content))

    return claim


def _two_sheets(folder: Path) -> None:
    """An Excel file whose rows go on in a second sheet."""
    (folder / "edss.csv").unlink()
    with Workbook(folder / "edss.xlsx") as book:
        for sheet in ("2023", "2024"):
            sound_tables()["edss"].write_excel(book, sheet)


def _zip(**parts: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return held.getvalue()


def _stated_rows(folder: Path) -> None:
    """An SPSS file that claims 400 million rows."""
    path = as_format(folder, "sav")
    content = bytearray(path.read_bytes())
    content[80:84] = (400_000_000).to_bytes(4, "little")
    path.write_bytes(bytes(content))


def _bomb(levels: int = 30) -> str:
    """Nine aliases of nine aliases of ...: 9 to the 30th words."""
    lines = ["l0: &l0 hemmelig-4711"]
    lines += [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, levels)]
    return STATED + "truth:\n" + "".join(f"  {line}\n" for line in lines)


EDSS_NAMES = b"patient_id,measured_date,score"
OWN_ALIAS = STATED + "truth: &a {hemmelig-4711: *a}\n"
COLUMNS = ",".join(f"c{number}" for number in range(10_000))
NOT_READ = "Is it whole, and is it what its name says? Deliver it again"
RAGGED = ("have more or fewer cells than there are columns", "Mend it, or deliver it as Parquet")
TEXT = ("expected a text file in UTF-8 or Latin-1", "save it as UTF-8")
NO_ID = ("expected a column patient_id", "Deliver it, or name it in a mapping file")
BOUND = ("at most 5% may", "Mend the delivery, or say in a mapping file how it is written")
NO_YAML = ("extract.yaml", "not readable as YAML")
NO_FILE = ("expected a file, found", "Put the file itself there, or remove it")

REFUSED = [
    # encodings
    Broken("utf_16", _bytes("edss.csv", _recoded("utf-16")), ("edss.csv", *TEXT)),
    Broken("utf_16_without_mark", _bytes("edss.csv", _recoded("utf-16-be")), ("edss.csv", *TEXT)),
    Broken("utf_32", _bytes("patients.csv", _recoded("utf-32")), ("patients.csv", *TEXT)),
    Broken("ebcdic", _bytes("patients.csv", _recoded("cp500")), ("patients.csv",)),
    Broken(
        "byte_order_mark_twice",
        _bytes("patients.csv", lambda content: b"\xef\xbb\xbf" * 2 + content),
        ("patients.csv", *NO_ID),
    ),
    Broken("nul_in_a_cell", _bytes("edss.csv", lambda c: c.replace(b"2.5", b"2\x005", 1)), TEXT),
    Broken("nothing_but_nul", _holds("edss.csv", b"\0" * 4096), ("edss.csv", *TEXT)),
    Broken("gzip_called_csv", _bytes("edss.csv", gzip.compress), ("edss.csv", *TEXT)),
    Broken("zip_called_csv", _holds("edss.csv", _zip(a=b"hemmelig-4711")), ("edss.csv", *TEXT)),
    # text files that are no table
    Broken("empty_file", _holds("edss.csv", ""), ("edss.csv", "first line must hold the column")),
    Broken("blank_lines_only", _holds("edss.csv", "\n" * 99), ("edss.csv", "first line must")),
    Broken(
        "patients_by_header_only",
        _bytes("patients.csv", lambda content: content.splitlines()[0]),
        ("patients.csv", "no rows below the column names", "Deliver the persons"),
    ),
    Broken("no_header", _bytes("edss.csv", _line(0, lambda line: b"")), ("edss.csv", *NO_ID)),
    Broken(
        "header_twice_the_same_name",
        _bytes("edss.csv", lambda content: content.replace(b"score", b"Patient_ID ", 1)),
        ("edss.csv", "two columns have the same name; rename one"),
    ),
    Broken("title_above_header", _bytes("edss.csv", lambda c: b"Uttrekk 2024\n" + c), NO_ID),
    Broken("separator_stated_above_header", _bytes("edss.csv", lambda c: b"sep=,\n" + c), RAGGED),
    Broken("pipes_between_cells", _bytes("edss.csv", lambda c: c.replace(b",", b"|")), NO_ID),
    Broken(
        "header_of_another_separator",
        _bytes("edss.csv", _line(0, lambda line: line.replace(b",", b";"))),
        ("edss.csv", *RAGGED),
    ),
    Broken(
        "one_row_of_another_separator",
        _bytes("edss.csv", _line(7, lambda line: line.replace(b",", b";"))),
        ("edss.csv: rows 7 ", *RAGGED),
    ),
    Broken(
        "decimal_comma_in_a_comma_file",
        _bytes("edss.csv", _line(9, lambda line: line.replace(b"2.5", b"2,5"))),
        ("edss.csv: rows 9 ", *RAGGED),
    ),
    Broken(
        "one_cell_too_few",
        _bytes("mri.csv", _line(3, lambda line: line.rpartition(b",")[0] + b"\n")),
        ("mri.csv: rows 3 ", *RAGGED),
    ),
    Broken("cut_within_a_row", _bytes("edss.csv", lambda c: c[: len(c) // 2]), RAGGED),
    Broken(
        "cut_within_the_header", _holds("edss.csv", EDSS_NAMES[:20]), ("edss.csv", "measured_date")
    ),
    Broken(
        "quotation_mark_never_closed",
        _bytes("edss.csv", _line(7, lambda line: line.replace(b"2.5", b'"2.5'))),
        ("edss.csv", "a quotation mark is not closed", "Mend the delivery"),
    ),
    Broken("header_never_closed", _bytes("edss.csv", lambda c: b'"' + c), ("quotation mark",)),
    Broken("ten_thousand_columns_none_ours", _holds("edss.csv", f"{COLUMNS}\n"), NO_ID),
    Broken("name_of_a_megabyte", _holds("edss.csv", b"x" * (1 << 20)), ("edss.csv",)),
    Broken("binary_called_csv", _holds("edss.csv", bytes(range(1, 256)) * 64), ("edss.csv",)),
    # folders
    Broken("folder_called_csv", _instead("edss.csv", Path.mkdir), ("edss.csv", *NO_FILE)),
    Broken("folder_of_parts", _instead("edss", Path.mkdir), ("edss: expected a file of .csv",)),
    Broken(
        "link_to_itself",
        _instead("edss.csv", lambda path: path.symlink_to(path)),
        ("edss.csv", *NO_FILE),
    ),
    Broken(
        "link_to_nothing",
        _instead("patients.csv", lambda path: path.symlink_to("nowhere.csv")),
        ("patients.csv", *NO_FILE),
    ),
    Broken("pipe_that_never_ends", _instead("edss.csv", os.mkfifo), ("edss.csv", *NO_FILE)),
    Broken(
        "device_that_never_ends",
        _instead("edss.csv", lambda path: path.symlink_to("/dev/zero")),
        ("edss.csv", *NO_FILE),
    ),
    Broken("packed_table", _renamed("edss.csv", "edss.csv.gz"), ("edss.csv.gz", "Unpack or conv")),
    Broken("table_called_txt", _renamed("edss.csv", "edss.txt"), ("edss.txt", "Unpack or conv")),
    Broken("old_excel", _renamed("edss.csv", "edss.xls"), ("edss.xls", "Unpack or convert it")),
    Broken("name_in_capitals", _renamed("edss.csv", "EDSS.CSV"), ("EDSS.CSV", "no table of this")),
    Broken("name_as_a_path", _renamed("edss.csv", "C:\\edss.csv"), ("C:\\edss.csv", "no table")),
    Broken("name_with_a_line_end", _renamed("edss.csv", "edss\n.csv"), ("no table of this name",)),
    Broken("table_nobody_knows", _renamed("edss.csv", "shoes.csv"), ("shoes.csv", "no table of")),
    Broken(
        "two_files_for_one_table",
        lambda folder: deliver(folder, {}) and as_format(folder, "xlsx") and deliver(folder),
        ("table edss is delivered twice, as edss.csv and edss.xlsx: keep one",),
    ),
    Broken(
        "no_persons",
        lambda folder: (folder / "patients.csv").unlink(),
        ("no table patients", "Expected a file such as patients.csv"),
    ),
    # other formats
    Broken("parquet_cut", _cut("parquet"), ("edss.parquet", NOT_READ)),
    Broken("parquet_without_its_end", _cut("parquet", 0.99), ("edss.parquet", NOT_READ)),
    Broken("parquet_empty", _cut("parquet", 0), ("edss.parquet", NOT_READ)),
    Broken("parquet_of_billions_of_rows", _many_rows, ("edss.parquet", "of this machine's memory")),
    Broken(
        "parquet_of_lists",
        _written("parquet", score=pl.concat_list("score")),
        ("edss.parquet, table edss, column score: expected a number, found", "Deliver it as text"),
    ),
    Broken(
        "parquet_of_structs",
        _written("parquet", measured_date=pl.struct("patient_id", "score")),
        ("edss.parquet", "measured_date"),
    ),
    Broken(
        "parquet_of_durations",
        _written("parquet", measured_date=pl.lit(timedelta(days=7))),
        ("edss.parquet, table edss, column measured_date: expected a date", "Deliver it as text"),
    ),
    Broken(
        "parquet_of_bytes",
        _written("parquet", patient_id=pl.lit(b"\xff" + SECRET.encode())),
        ("edss.parquet, table edss, column patient_id: expected a text",),
    ),
    Broken(
        "parquet_of_two_names_alike",
        _written("parquet", SCORE=pl.col("score")),
        ("edss.parquet", "two columns have the same name"),
    ),
    Broken(
        "parquet_called_csv",
        lambda f: _renamed("edss.parquet", "edss.csv")(as_format(f, "parquet").parent),
        ("edss.csv", *TEXT),
    ),
    Broken("csv_called_parquet", _renamed("edss.csv", "edss.parquet"), ("edss.parquet", NOT_READ)),
    Broken("spss_cut", _cut("sav"), ("edss.sav", NOT_READ)),
    Broken("spss_of_400_million_rows", _stated_rows, ("edss.sav", NOT_READ)),
    Broken("stata_cut", _cut("dta"), ("edss.dta", NOT_READ)),
    Broken("sas_transport_cut", _cut("xpt"), ("edss.xpt", NOT_READ)),
    Broken("csv_called_sas", _renamed("edss.csv", "edss.sas7bdat"), ("edss.sas7bdat", NOT_READ)),
    Broken("excel_cut", _cut("xlsx"), ("edss.xlsx", NOT_READ)),
    Broken(
        "excel_that_unpacks_to_terabytes",
        _claims_to_unpack_to(0xFFFFFFF0),
        ("edss.xlsx: unpacked it takes", "more than half of this machine's memory"),
    ),
    Broken("excel_that_lies_of_its_size", _claims_to_unpack_to(10), ("edss.xlsx", NOT_READ)),
    Broken(
        "zip_called_excel",
        lambda folder: _renamed("edss.csv", "edss.xlsx")(folder).write_bytes(_zip(a=b"1")),
        ("edss.xlsx", NOT_READ),
    ),
    Broken(
        "excel_of_two_sheets",
        _two_sheets,
        ("edss.xlsx: expected rows in the first sheet only", "Save each sheet as a file"),
    ),
    Broken(
        "excel_with_a_password",
        lambda folder: _renamed("edss.csv", "edss.xlsx")(folder).write_bytes(
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4096)
        ),
        ("edss.xlsx", NOT_READ),
    ),
    # what the delivery says of itself
    Broken("statement_empty", _holds("extract.yaml", ""), NO_YAML),
    Broken("statement_of_one_word", _holds("extract.yaml", SECRET), NO_YAML),
    Broken("statement_in_utf_16", _bytes("extract.yaml", _recoded("utf-16")), NO_YAML),
    Broken("statement_a_bomb", _holds("extract.yaml", _bomb()), NO_YAML),
    Broken("statement_that_holds_itself", _holds("extract.yaml", OWN_ALIAS), NO_YAML),
    Broken("statement_nested_deeply", _holds("extract.yaml", "[" * 50_000), NO_YAML),
    Broken(
        "statement_that_runs_code",
        _holds("extract.yaml", "source: !!python/object/apply:os.system [touch /tmp/owned]"),
        NO_YAML,
    ),
    Broken(
        "statement_of_ten_megabytes",
        _holds("extract.yaml", STATED + f"# {SECRET}\n" * 500_000),
        ("extract.yaml", "expected a short text"),
    ),
    Broken(
        "statement_with_an_impossible_day",
        _holds("extract.yaml", STATED.replace("2024-12-31", "2024-13-45")),
        NO_YAML,
    ),
    Broken(
        "statement_with_a_day_as_a_number",
        _holds("extract.yaml", STATED.replace("2024-12-31", "0")),
        ("extract.yaml, status_date: expected a day such as 2024-12-31",),
    ),
    Broken(
        "statement_with_endless_digits",
        _holds("extract.yaml", STATED.replace("2024-12-31", "9" * 5000)),
        NO_YAML,
    ),
    Broken(
        "statement_with_keys_that_are_numbers",
        _holds("extract.yaml", STATED + "4711: hemmelig-4711\n"),
        ("extract.yaml", "expected"),
    ),
    Broken(
        "statement_without_a_date",
        _holds("extract.yaml", STATED.partition("\n")[2]),
        ("extract.yaml, status_date: expected a day", "or with --status-date"),
    ),
    Broken(
        "statement_of_reversed_dates",
        _holds("extract.yaml", STATED.replace("2025-05-01", "2024-05-01")),
        ("the status date lies after the data cutoff", "mend"),
    ),
    Broken(
        "statement_of_an_unknown_source",
        _holds("extract.yaml", STATED.replace("project", SECRET)),
        ("extract.yaml, source: expected registry, project or synthetic",),
    ),
    Broken(
        "statement_that_is_a_folder",
        _instead("extract.yaml", Path.mkdir),
        ("extract.yaml, status_date: expected a day", "State status_date"),
    ),
    # rows
    Broken(
        "columns_swapped",
        _bytes("edss.csv", lambda c: c.replace(EDSS_NAMES, b"patient_id,score,measured_date")),
        ("edss.csv, table edss, column measured_date", "column score", *BOUND),
    ),
    Broken(
        "all_dates_american",
        _cells("edss", "measured_date", "12/31/2020", range(1, 41)),
        ("edss.csv, table edss, column measured_date", "`not a date`", *BOUND),
    ),
    Broken(
        "all_codes_unknown",
        _cells("patients", "sex", SECRET, range(1, 41)),
        ("patients.csv, table patients, column sex", "`unknown code`", *BOUND),
    ),
    Broken(
        "all_persons_without_id",
        _cells("patients", "patient_id", None, range(1, 41)),
        ("patients.csv, table patients, column patient_id", "`no value`", *BOUND),
    ),
    Broken(
        "events_of_other_persons",
        _cells("edss", "patient_id", f"{SECRET}-x", range(1, 41)),
        ("edss.csv, table edss, column patient_id", "`no such person`", *BOUND),
    ),
]
"""Each ends in a refusal, exit code 3."""

HOSTILE_CODES = {
    "markup": "<script>alert('hemmelig-4711')</script>",
    "formula": "=cmd|' /C calc'!A0 hemmelig-4711",
    "quotes": "'; DROP TABLE patients; -- hemmelig-4711",
    "path": "../../hemmelig-4711",
    "template": "{{ hemmelig-4711 }}",
    "right_to_left": "\u202ehemmelig-4711",
    "zero_width": "fe\u200bmale",
    "line_end": "hemmelig-4711\nfemale",
    "terminal": "\x1b]0;hemmelig-4711\x07",
    "two_megabytes": "hemmelig-4711" * 160_000,
}
NO_NUMBER, NO_WHOLE = "not a number, or another decimal mark", "not a whole number"
CELLS = {
    ("edss", "measured_date"): {
        "american": ("12/31/2020", "not a date"),
        "in_words": ("31. desember 2020", "not a date"),
        "of_no_month": ("2020-13-01", "not a date"),
        "of_no_leap_year": ("29.02.2021", "not a date"),
        "in_the_future": ("2999-01-01", "after the data cutoff"),
        "of_two_digits": ("01.01.20", "before 1900"),
        "as_excel_counts": ("44197", "not a date"),
        "as_seconds": ("1609459200", "not a date"),
        "as_far_as_it_goes": ("262142-12-31", "not a date"),
        "before_the_person": ("1950-01-01", "before birth_date"),
    },
    ("edss", "score"): {
        "with_decimal_comma": ("2,5", NO_NUMBER),
        "with_thousands": ("1.002.500", NO_NUMBER),
        "beyond_all_numbers": ("1e999", "not a number"),
        "not_a_number": ("nan", NO_NUMBER),
        "infinite": ("-inf", NO_NUMBER),
        "in_other_digits": ("２.５", NO_NUMBER),
        "negative": ("-2.5", "below 0"),
        "missing": (None, "no value"),
    },
    ("mri", "gd_lesions"): {
        "overflowing": ("99999999999999999999", NO_WHOLE),
        "in_hexadecimal": ("0x10", NO_WHOLE),
        "split_by_a_space": ("1 234", NO_WHOLE),
        "below_nothing": ("-1", "below 0"),
    },
    ("treatments", "stop_date"): {"before_the_start": ("1999-01-01", "before start_date")},
    ("treatments", "in_trial"): {"neither": ("kanskje", "neither true nor false")},
}

SET_ASIDE = [
    *(
        Broken(
            f"code_as_{name}", _cells("patients", "sex", value), (), ("patients", "sex", rule, 7)
        )
        for rule in ["unknown code"]
        for name, value in HOSTILE_CODES.items()
    ),
    *(
        Broken(f"{column}_{name}", _cells(table, column, value), (), (table, column, rule, 7))
        for (table, column), cases in CELLS.items()
        for name, (value, rule) in cases.items()
    ),
    Broken(
        "header_again_among_the_rows",
        _bytes("patients.csv", lambda c: _line(7, lambda line: c.splitlines(True)[0])(c)),
        set_aside=("patients", "birth_date", "not a date", 7),
    ),
    Broken(
        "latin_1_code",
        _bytes("patients.csv", _line(7, lambda line: line.replace(b"ous", b"\xd8stfold?"))),
        set_aside=("patients", "residence_hf", "unknown code", 7),
    ),
    Broken(
        "parquet_number_that_is_none",
        _written(
            "parquet",
            score=pl.when(pl.int_range(pl.len()) == 6).then(float("inf")).otherwise("score"),
        ),
        set_aside=("edss", "score", "not a number", 7),
    ),
    Broken(
        "parquet_day_beyond_the_calendar",
        _written(
            "parquet",
            measured_date=pl.when(pl.int_range(pl.len()) == 6)
            .then(pl.lit(2**31 - 1, pl.Int32).cast(pl.Date))
            .otherwise("measured_date"),
        ),
        set_aside=("edss", "measured_date", "not a date", 7),
    ),
    Broken(
        "excel_cell_that_failed",
        _written(
            "xlsx",
            score=pl.when(pl.int_range(pl.len()) == 6)
            .then(pl.lit("#DIV/0!"))
            .otherwise(pl.col("score").cast(pl.String)),
        ),
        set_aside=("edss", "score", NO_NUMBER, 7),
    ),
]
"""Each is imported without one row, exit code 0."""

READ = {
    "line_ends_of_old_macs": _bytes("edss.csv", lambda c: c.replace(b"\n", b"\r")),
    "line_ends_of_windows": _bytes("edss.csv", lambda c: c.replace(b"\n", b"\r\n")),
    "line_ends_mixed": _bytes("edss.csv", _line(7, lambda line: line[:-1] + b"\r")),
    "byte_order_mark": _bytes("edss.csv", lambda c: b"\xef\xbb\xbf" + c),
    "blank_lines_between": _bytes("edss.csv", lambda c: c.replace(b"\n", b"\n\n")),
    "no_line_end_at_the_end": _bytes("edss.csv", lambda c: c[:-1]),
    "semicolons": _bytes("edss.csv", lambda c: c.replace(b",", b";")),
    "tabs": _bytes("edss.csv", lambda c: c.replace(b",", b"\t")),
    "all_quoted": _bytes(
        "edss.csv", lambda c: b'"' + c[:-1].replace(b",", b'","').replace(b"\n", b'"\n"') + b'"\n'
    ),
    "ten_thousand_columns_more": _bytes(
        "edss.csv",
        lambda c: b"\n".join(
            line + b"," + (COLUMNS.encode() if not n else b"," * 9_999)
            for n, line in enumerate(c.splitlines())
        ),
    ),
    "two_date_formats": _bytes("edss.csv", lambda c: c.replace(b"2020-01-01", b"01.01.2020", 7)),
    "no_rows_of_a_table": _holds("mri.csv", "patient_id,mri_date,gd_lesions\n"),
    "notes_beside_the_tables": _holds("README.txt", SECRET),
}
"""Unusual, and read all the same."""
