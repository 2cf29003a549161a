"""A delivery as it lies in its folder: what it states of itself, its files, their rows."""

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import polars as pl
import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from msanalysis import schema
from msanalysis.extract import STORE_FILE, ExtractRefused
from msanalysis.importing.mapping import DeliveryMapping, load_mapping, plain_mapping
from msanalysis.importing.plain_yaml import read_yaml
from msanalysis.importing.readers import READERS, read_file


def _day(value: Any) -> date:
    """Take a day as YAML or ISO 8601 writes it; a bare number would be seconds since 1970."""
    if isinstance(value, str):
        return date.fromisoformat(value)
    if type(value) is not date:
        raise ValueError("no day")
    return value


class Stated(BaseModel):
    """What a delivery says of itself, in its extract.yaml or on the command line."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    status_date: Annotated[date, BeforeValidator(_day)]
    data_cutoff: Annotated[date, BeforeValidator(_day)]
    source: Literal["registry", "project", "synthetic"]
    truth: dict[str, Any] = Field(default_factory=dict)


_EXPECTED = {
    "status_date": "a day such as 2024-12-31",
    "data_cutoff": "a day such as 2025-05-15",
    "source": "registry, project or synthetic",
    "truth": "keys and values",
}


def _flag(key: str) -> str:
    return f"--{key.replace('_', '-')}"


def read_stated(source: Path, given: Mapping[str, Any]) -> Stated:
    """Return the delivery's dates and source; `given` fills what its extract.yaml leaves open."""
    in_file = _read_store_file(source / STORE_FILE)
    given = {key: value for key, value in given.items() if value is not None}
    both = in_file | given
    for key in in_file:
        if key in given and str(in_file[key]) != str(given[key]):
            raise ExtractRefused(
                f"{STORE_FILE}: `{key}` differs from {_flag(key)}; leave {_flag(key)} out"
            )
    try:
        stated = Stated.model_validate(both)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        key = str(first["loc"][0]) if first["loc"] else "its keys"
        place = _flag(key) if key in given else f"{source / STORE_FILE}, {key}"
        raise ExtractRefused(
            f"{place}: expected {_EXPECTED.get(key, 'a known key')}. State status_date, "
            "data_cutoff and source there, or with --status-date, --data-cutoff and --source"
        ) from None
    if stated.status_date > stated.data_cutoff:
        raise ExtractRefused(
            f"{source}: the status date lies after the data cutoff; mend one of them"
        )
    return stated


def plan_import(source: Path, mapping: str | Path | None) -> DeliveryMapping:
    """Return the mapping, of only those tables whose file is there; refuse files nobody reads."""
    files = _delivered_files(source)
    plan = load_mapping(mapping) if mapping else plain_mapping(files)
    read = {table.file for table in plan.tables.values()}
    for file in files:
        if file.name not in read:
            raise ExtractRefused(
                f"{file.name}: no table of the mapping reads this file. Add it to {mapping}, or "
                "move it out of the folder"
            )
    stems = {Path(file).stem for file in read} if mapping else schema.TABLES
    _refuse_other_formats(source, stems)
    held = {name: t for name, t in plan.tables.items() if (source / t.file).is_file()}
    if "patients" not in held:
        expected = plan.tables["patients"].file if "patients" in plan.tables else "patients.csv"
        raise ExtractRefused(f"{source}: no table patients. Expected a file such as {expected}")
    return plan.model_copy(update={"tables": held})


def read_files(source: Path, plan: DeliveryMapping) -> dict[str, pl.DataFrame]:
    """Return the rows of every file of the plan, by file name."""
    names = sorted({table.file for table in plan.tables.values()})
    return {name: read_file(source / name) for name in names}


def _delivered_files(source: Path) -> list[Path]:
    if not source.is_dir():
        raise ExtractRefused(f"{source}: expected a folder with the delivered files")
    files = [path for path in _visible(source) if path.suffix.lower() in READERS]
    for path in files:
        if not path.is_file():
            raise ExtractRefused(
                f"{path.name}: expected a file, found a folder, a device or a link to nothing. "
                "Put the file itself there, or remove it"
            )
    return files


def _refuse_other_formats(source: Path, tables: Iterable[str]) -> None:
    """Refuse a table in a form that is not read: passed over, it would be lost without a word."""
    for path in _visible(source):
        if path.suffix.lower() not in READERS and path.name.partition(".")[0] in tables:
            raise ExtractRefused(
                f"{path.name}: expected a file of {', '.join(READERS)}. Unpack or convert it, or "
                "move it out of the folder"
            )


def _visible(source: Path) -> list[Path]:
    return [path for path in sorted(source.iterdir()) if not path.name.startswith((".", "~$"))]


def _read_store_file(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    content = read_yaml(path, yaml.SafeLoader)
    if not isinstance(content, dict):
        raise ExtractRefused(f"{path}: not readable as YAML with keys and values")
    return content
