"""What a CSV table may hold: counts and measures of groups, not rows of persons."""

import csv
import io
import re
from collections.abc import Iterator

MOST_ROWS = 20_000
MOST_LEVELS = 150
"""Groups that one column may tell apart: there are far fewer drugs, trusts and years."""
ROWS_WITHOUT_COUNTS = 50
ROWS_OF_ONE = 20
TOTAL = "all"
LEVELS_OF_A_TOTAL = 10
"""As many rows at least as a total has where it is of many levels and not of few persons."""

_IDENTIFIER = re.compile(
    r"(^|_)(id|ids|pid|uuid|guid|ssn|fnr|dnr|nin|fodselsnummer|fødselsnummer|fodselsnr|personnummer"
    r"|personnr|lopenummer|løpenummer|lopenr|pasientnr|pseudonym|journalnummer|navn|name|address"
    r"|adresse|email|epost|telefon|phone|postnr|birth|born|fodt|født)($|_)"
    r"|(^|_)(patient|person|pasient)(_?(no|nr|key|number|nummer))?$|(^|_)(date|dato)$",
    re.IGNORECASE,
)
_COUNT = re.compile(r"n|n_\w+|\w*denominator\w*|numerator|alive|newly_diagnosed|inhabitants|events")
_TIME = re.compile(r"(\w+_)?(days|weeks|months|years|days_\w+)|year|time_\w+|value")
_PERIOD = re.compile(r"all|[a-z]+ \d{4}-\d\d")
_NUMBER = re.compile(r"[-+]?\d[\d.]*([eE][-+]?\d+)?%?|NA|nan|-?inf|")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def table_rules(text: str, ids: str = "") -> Iterator[str]:
    """Yield what is wrong with a table; the column `ids` holds names of numbers, one a row."""
    try:
        header, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    except (csv.Error, ValueError):
        yield "not a CSV table with a header"
        return
    if "\0" in text or any(len(row) != len(header) for row in rows):
        yield "not a CSV table with a header"
        return
    columns = {name: [row[at] for row in rows] for at, name in enumerate(header)}
    for name, cells in columns.items():
        yield from _column_rules(name, cells, is_id=bool(ids) and name == ids)
    if len(rows) > MOST_ROWS:
        yield f"more than {MOST_ROWS} rows"
    if _is_one_row_a_person(columns, len(rows)):
        yield "it looks like one row a person"
    if any(_is_formula(cell) for row in (header, *rows) for cell in row):
        yield "a cell that a spreadsheet would run"


def _column_rules(name: str, cells: list[str], *, is_id: bool) -> Iterator[str]:
    if is_id:
        return
    if _IDENTIFIER.search(name):
        yield "a column is named as an identifier or a date"
    if len(set(cells)) > MOST_LEVELS and not (
        all(map(_PERIOD.fullmatch, cells)) or _counts_or_measures(name, cells)
    ):
        yield f"a column has more than {MOST_LEVELS} different values that tell rows apart"


def _counts_or_measures(name: str, cells: list[str]) -> bool:
    is_meant_to = bool(_COUNT.fullmatch(name) or _TIME.fullmatch(name))
    return (is_meant_to or any("." in cell for cell in cells)) and all(
        map(_NUMBER.fullmatch, cells)
    )


def _is_one_row_a_person(columns: dict[str, list[str]], n_rows: int) -> bool:
    """Many rows and nothing that counts, or a count that is always 1.

    Two columns are a group and a measure: the individual points the policy allows.
    """
    counts = [cells for name, cells in columns.items() if _COUNT.fullmatch(name)]
    if any(n_rows > ROWS_OF_ONE and set(cells) <= {"1", ""} and "1" in cells for cells in counts):
        return not _is_one_in_all(columns, counts, n_rows)
    return not counts and n_rows > ROWS_WITHOUT_COUNTS and len(columns) > 2


def _is_one_in_all(columns: dict[str, list[str]], counts: list[list[str]], n_rows: int) -> bool:
    """Whether rows are many levels of one person, and say so: their total counts one at most.

    So is the denominator of a unit with one patient, in every quarter of a year. Words must tell
    all rows apart: a list of persons repeats its words, or has no such total.
    """
    words = [cells for cells in columns.values() if not all(map(_NUMBER.fullmatch, cells))]
    of_levels = [cells for cells in words if len(set(cells)) > 1]
    totals = [row for row in range(n_rows) if any(cells[row] == TOTAL for cells in of_levels)]
    return (
        0 < len(totals) * LEVELS_OF_A_TOTAL <= n_rows
        and len(set(zip(*words, strict=True))) == n_rows
        and all(cells[row] in ("0", "1", "") for cells in counts for row in totals)
    )


def _is_formula(cell: str) -> bool:
    return cell.startswith(_FORMULA) and not _NUMBER.fullmatch(cell)
