"""What a delivery calls our tables, columns and codes: the mapping file."""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from msanalysis import codes, schema
from msanalysis.extract import ExtractRefused
from msanalysis.importing.msis29 import ITEMS
from msanalysis.importing.plain_yaml import read_yaml

REGISTERING_HF = schema.Column(
    "hf", "code", "hospital trust that registered the row", codes=codes.trusts()
)
"""A column of a delivered `patients` beside the schema's: decides which row of a person holds."""

Spelling = Literal["organisation_number", "full_name", "short_name", "resh_id", "atc", "brands"]
BOOLEANS = {"true": ("true", "1", "ja", "yes"), "false": ("false", "0", "nei", "no")}


class _Declared(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class DeliveredColumn(_Declared):
    """How one of our columns is delivered.

    `column` is its delivered name; a date may instead come in parts (`year`, `month`, `day`).
    `codes` gives for each of our codes the delivered values; `spelling` says which spelling of a
    code list the project ships (drugs, hospital trusts) the delivery uses. When read, every
    spelling is understood. A score of MSIS-29 may come as its `items`, in their order, with the
    `version` of the questionnaire; `least_answered` is the share of them that must be answered.
    """

    column: str = ""
    year: str = ""
    month: str = ""
    day: str = ""
    codes: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    spelling: Spelling | None = None
    items: tuple[str, ...] = ()
    version: int | None = Field(default=None, ge=1, le=2)
    least_answered: float = Field(default=0.5, gt=0, le=1)

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, stated: Any) -> Any:
        if isinstance(stated, str):
            return {"column": stated}
        if isinstance(stated, dict) and isinstance(stated.get("codes"), dict):
            listed = {
                code: [value] if isinstance(value, str) else value
                for code, value in stated["codes"].items()
            }
            return stated | {"codes": listed}
        return stated

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [bool(self.column), bool(self.year), bool(self.items)]
        if sum(ways) != 1 or (self.day and not self.month):
            raise ValueError(
                "expected `column`, or `year` with or without `month` and `day`, or `items`"
            )
        if bool(self.items) != (self.version is not None):
            raise ValueError("expected `items` together with their `version`, 1 or 2")
        if self.column and self.month:
            raise ValueError("expected `column`, or `year`, `month` and `day`, not both")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """The delivered columns it is read from, the indispensable one first."""
        return tuple(n for n in (self.column, self.year, self.month, self.day, *self.items) if n)

    @property
    def telling(self) -> tuple[str, ...]:
        """The delivered columns of which one tells that it is delivered."""
        return self.items or self.names[:1]

    def renamed(self, in_file: Mapping[str, str]) -> Self:
        """Return it with the file's own writing of the names (lower case -> as written)."""
        places = {p: getattr(self, p).lower() for p in ("column", "year", "month", "day")}
        held: dict[str, Any] = {place: in_file.get(name, "") for place, name in places.items()}
        held["items"] = tuple(in_file[name.lower()] for name in self.items)
        return self.model_copy(update=held if held["month"] else held | {"day": ""})


class DeliveredTable(_Declared):
    """Where one of our tables is: its file, which rows of it, its columns."""

    file: str
    rows: dict[str, str] = Field(default_factory=dict)
    columns: dict[str, DeliveredColumn]


class DeliveryMapping(_Declared):
    """A whole mapping file.

    `date_format` is the only form in which whole dates are read (as `%d.%m.%Y`); without it
    2024-05-15 and 15.05.2024 are. `set_aside_bound` is the share of a table's rows that may break
    one rule before the import is refused.
    """

    date_format: str = ""
    set_aside_bound: float = Field(default=0.05, ge=0, le=1)
    tables: dict[str, DeliveredTable]

    @model_validator(mode="after")
    def _as_in_the_schema(self) -> Self:
        for name, table in self.tables.items():
            _check_table(name, table)
        return self


def load_mapping(path: str | Path) -> DeliveryMapping:
    """Read a mapping file; raise ExtractRefused naming the place that is not as expected."""
    path = Path(path)
    try:
        # BaseLoader leaves every scalar a text: `no`, 1 and 2024-05-15 mean what they look like
        return DeliveryMapping.model_validate(read_yaml(path, yaml.BaseLoader))
    except OSError:
        raise ExtractRefused(f"mapping {path}: no such readable file") from None
    except ExtractRefused as refused:
        raise ExtractRefused(f"mapping {refused}") from None
    except ValidationError as error:
        raise ExtractRefused(f"mapping {path}: {_first_place(error)}") from None


def plain_mapping(files: Iterable[Path]) -> DeliveryMapping:
    """Return the mapping of a delivery that uses our names: files called after their table."""
    tables: dict[str, DeliveredTable] = {}
    for file in files:
        name = file.stem
        if name not in schema.TABLES:
            raise ExtractRefused(
                f"{file.name}: no table of this name. Expected one of {', '.join(schema.TABLES)}; "
                "rename or remove the file, or give a mapping"
            )
        if name in tables:
            raise ExtractRefused(
                f"table {name} is delivered twice, as {tables[name].file} and {file.name}: keep one"
            )
        columns = {c.name: DeliveredColumn(column=c.name) for c in importable_columns(name)}
        tables[name] = DeliveredTable(file=file.name, columns=columns)
    return DeliveryMapping(tables=tables)


def importable_columns(table: str) -> tuple[schema.Column, ...]:
    """Return the schema's columns of a table, and for `patients` the registering trust."""
    columns = schema.TABLES[table].columns
    return (*columns, REGISTERING_HF) if table == "patients" else columns


def understood_spellings(
    column: schema.Column, delivered: DeliveredColumn | None = None
) -> dict[str, str]:
    """Return lower-case delivered value -> our code; the mapping's own codes come first."""
    stated = delivered.codes if delivered else {}
    own = {value.strip().lower(): code for code, values in stated.items() for value in values}
    return shipped_spellings(column) | own


@cache
def shipped_spellings(column: schema.Column) -> dict[str, str]:
    """Return the lower-case spellings that need no mapping: brands, ATC codes, trust numbers."""
    if column.kind == "boolean":
        return {value: code for code, values in BOOLEANS.items() for value in values}
    found = {code.lower(): code for code in column.codes}
    for row in _shipped_rows(column):
        for spelling in row["spellings"]:
            found.setdefault(spelling.lower(), row["code"])
    return found


def written_spellings(column: schema.Column, delivered: DeliveredColumn) -> dict[str, str]:
    """Return our code -> the value a delivery in this mapping's form would hold."""
    if delivered.spelling:
        return {r["code"]: r[delivered.spelling] or r["code"] for r in _shipped_rows(column)}
    return {code: values[0] for code, values in delivered.codes.items()}


def _shipped_rows(column: schema.Column) -> list[dict[str, Any]]:
    if column.codes == codes.substances():
        return [_spelled(d["substance"], d, ("brands", "atc", "atc_old")) for d in codes.drugs()]
    if column.codes == codes.trusts():
        names = ("organisation_number", "full_name", "short_name", "resh_id")
        return [_spelled(u["unit"], u, names) for u in codes.units() if u["level"] == "hf"]
    return []


def _spelled(code: str, row: Mapping[str, str], names: tuple[str, ...]) -> dict[str, Any]:
    parts = {name: row[name].split("|") for name in names}
    spellings = [part for name in names for part in parts[name] if part]
    return {"code": code, "spellings": spellings} | {name: parts[name][0] for name in names}


def _check_table(name: str, table: DeliveredTable) -> None:
    if name not in schema.TABLES:
        raise ValueError(f"table {name}: no such table. Expected {', '.join(schema.TABLES)}")
    if Path(table.file).name != table.file:
        raise ValueError(f"table {name}: `file` must be a file's name, without folders")
    known = {column.name: column for column in importable_columns(name)}
    for column, delivered in table.columns.items():
        if column not in known:
            raise ValueError(f"table {name}: no column {column}. Expected {', '.join(known)}")
        _check_column(f"table {name}, column {column}", known[column], delivered)
    for column in schema.TABLES[name].columns:
        if column.required and column.name not in table.columns:
            raise ValueError(f"table {name}: the required column {column.name} is not mapped")


def _check_column(place: str, column: schema.Column, delivered: DeliveredColumn) -> None:
    if delivered.items and len(set(delivered.items)) != ITEMS.get(column.name):
        of = ", ".join(f"{score} has {n}" for score, n in ITEMS.items())
        raise ValueError(
            f"{place}: `items` must be all different ones of a score of MSIS-29 ({of})"
        )
    if delivered.year and column.kind != "date":
        raise ValueError(f"{place}: only a date comes in `year`, `month` and `day`")
    possible = tuple(BOOLEANS) if column.kind == "boolean" else column.codes
    for code in delivered.codes:
        if code not in possible:
            raise ValueError(f"{place}: no code {code}. Expected {', '.join(possible) or 'none'}")
    if delivered.spelling and not any(delivered.spelling in row for row in _shipped_rows(column)):
        raise ValueError(f"{place}: its code list has no `{delivered.spelling}`")


def _first_place(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}" if place else first["msg"].removeprefix("Value error, ")
