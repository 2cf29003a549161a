"""A run file: which extract, year, languages and analyses one run is made of."""

from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from msanalysis.run import RunRefused

DEFAULT_EXTRACT = "outputs/extracts/synthetic"


def _iso_day(value: Any) -> Any:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError('expected a date in quotes, such as "2024-12-31"') from None


def _named(value: Any) -> Any:
    return {"id": value} if isinstance(value, str) else value


def _once_each(values: list) -> list:
    if len({str(value) for value in values}) < len(values):
        raise ValueError("the same value stands twice")
    return values


_STRICT = ConfigDict(extra="forbid", strict=True, frozen=True)
Day = Annotated[date, BeforeValidator(_iso_day)]


class Choice(BaseModel):
    """An analysis of the catalogue, and the parameters that differ from its notebook's."""

    model_config = _STRICT

    id: str
    parameters: dict[str, Any] = {}


class ForEach(BaseModel):
    """A parameter and its values: the run is made once for each, into a folder of its own."""

    model_config = _STRICT

    parameter: str
    values: Annotated[list[str | int | float | bool], Field(min_length=1)]


class NotebookLimits(BaseModel):
    """What one notebook may take before it is ended, and its analysis fails.

    Without `memory_gb` (10^9 bytes): an equal part, for each notebook that runs at once, of 80 % of
    this machine's memory.
    """

    model_config = _STRICT

    seconds: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 600
    memory_gb: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None


class RunFile(BaseModel):
    """The content of a run file; what is left out comes from the extract or the notebooks.

    `own_unit` makes local reports: it names the parameter of `for_each` whose value is the hospital
    trust that a release is for alone. What the finished run `plan_of` hides is hidden here too.
    """

    model_config = _STRICT

    extract: str = DEFAULT_EXTRACT
    report_year: int | None = None
    status_date: Day | None = None
    data_cutoff: Day | None = None
    languages: Annotated[
        list[Literal["nb", "en"]], Field(min_length=1), AfterValidator(_once_each)
    ] = ["nb", "en"]
    policy: str = "annual_report"
    analyses: Annotated[list[Annotated[Choice, BeforeValidator(_named)]], Field(min_length=1)]
    for_each: ForEach | None = None
    own_unit: str | None = None
    plan_of: str | None = None
    limits: NotebookLimits = NotebookLimits()

    @model_validator(mode="after")
    def _of_one_trust_each(self) -> "RunFile":
        of = self.for_each.parameter if self.for_each else None
        if self.own_unit is not None and (self.own_unit != of or not self.plan_of):
            raise ValueError(
                "own_unit: expected the parameter of for_each, whose values are hospital trusts, "
                "and plan_of: the run that says what is hidden of all others"
            )
        return self


def read_run_file(path: Path) -> RunFile:
    """Read and check a run file.

    Raises
    ------
    RunRefused
        With the file, the line or key, what was expected and how to write it.
    """
    try:
        with path.open(encoding="utf-8") as handle:
            content = yaml.load(handle, _Plain)
    except OSError:
        raise RunRefused(
            f"{path}: no such run file; those that come along are in params/"
        ) from None
    except UnicodeDecodeError:
        raise RunRefused(f"{path}: not UTF-8 text; save it as UTF-8") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise RunRefused(f"{path}, line {line}: not YAML ({error.problem})") from None
    if not isinstance(content, dict):
        raise RunRefused(
            f"{path}: expected keys and values, such as `analyses: [overall_survival]`"
        )
    try:
        return RunFile.model_validate(content)
    except ValidationError as error:
        raise RunRefused("\n".join(_explain(path, each) for each in error.errors())) from None


def _explain(path: Path, error: Any) -> str:
    place = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"{path}: unknown key {place}; known are {', '.join(RunFile.model_fields)}"
    said = error["msg"].removeprefix("Value error, ")
    return f"{path}: {place}: {said}" if place else f"{path}: {said}"


class _Plain(yaml.SafeLoader):
    """YAML without its surprises: what it would silently turn into something else is refused."""


def _refuse(node: yaml.Node, reason: str) -> RunRefused:
    mark = node.start_mark
    return RunRefused(f"{mark.name}, line {mark.line + 1}: {reason}")


def _boolean(loader: _Plain, node: yaml.ScalarNode) -> bool:
    if node.value.lower() not in ("true", "false"):
        read_as = str(loader.construct_yaml_bool(node)).lower()
        raise _refuse(
            node,
            f"YAML reads {node.value} without quotes as {read_as}: "
            f'write "{node.value}" for the word (Norwegian is nb), {read_as} for the truth value',
        )
    return node.value.lower() == "true"


def _unquoted_date(loader: _Plain, node: yaml.ScalarNode) -> None:
    raise _refuse(
        node, f'YAML reads {node.value} without quotes as a date: write "{node.value}" in quotes'
    )


def _mapping(loader: _Plain, node: yaml.MappingNode) -> dict:
    keys = [key.value for key, _ in node.value]
    twice = sorted({str(key) for key in keys if keys.count(key) > 1})
    if twice:
        raise _refuse(node, f"{', '.join(twice)} stands twice; YAML would drop the first")
    return loader.construct_mapping(node, deep=True)


_Plain.add_constructor("tag:yaml.org,2002:bool", _boolean)
_Plain.add_constructor("tag:yaml.org,2002:timestamp", _unquoted_date)
_Plain.add_constructor("tag:yaml.org,2002:map", _mapping)
