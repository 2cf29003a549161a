"""What all cohorts share: collecting once, excluding in order, and ending follow-up."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import narwhals as nw
import numpy as np
import pandas as pd

from msanalysis.codes import regions
from msanalysis.core import KNOWN, MISSING, Box, Cohort, level_code
from msanalysis.extract import Extract
from msanalysis.schema import TABLES

_NEVER = np.datetime64(np.iinfo(np.int64).max, "ns")
PATIENTS = "patients"
"""The base set of all persons of the extract."""

Step = tuple[str, pd.Series] | tuple[str, pd.Series, str]
"""A code with its parameter ("diagnosed_after 2024-12-31"), who is excluded by it, and the
dimension that it holds to the cohort's `fixed` levels, or to `no` (none: one of its own)."""


def collected(rows: nw.LazyFrame) -> pd.DataFrame:
    """Run the query, once; dates become datetime64, so that day counts are made after it."""
    return rows.collect().to_pandas()


def not_registered(persons: pd.DataFrame, extract: Extract) -> list[Step]:
    """Return who is no person of the registry on the status date, as far as the extract says.

    Outside are those who consented but have no data yet, those without a diagnosis by the status
    date, and other diagnoses than MS. A criterion whose column was not delivered is not applied.
    """
    status_date = extract.provenance.status_date
    after = ~(persons["diagnosis_date"] <= pd.Timestamp(status_date))
    other = persons["diagnosis_code"].notna() & (persons["diagnosis_code"] != "G35")
    steps = {
        "included_date": ("consented_without_data", persons["included_date"].isna()),
        "diagnosis_date": (f"not_diagnosed_by {status_date}", after),
        "diagnosis_code": ("other_diagnosis", other),
    }
    return [
        (code, outside, code)
        for name, (code, outside) in steps.items()
        if extract.delivered(f"patients.{name}")
    ]


def in_registry(persons: pd.DataFrame, extract: Extract) -> pd.Series:
    """Return who is a person of the registry on the status date: whom `not_registered` leaves."""
    inside = pd.Series(True, index=persons.index)
    for _, outside, _ in not_registered(persons, extract):
        inside &= ~outside
    return inside


def first_end(ends: Mapping[str, pd.Series]) -> pd.DataFrame:
    """Return the earliest of several dates a person and the code it stands under.

    Of dates on one day the code named first holds: an event goes before censoring.
    """
    days = np.column_stack([each.to_numpy("datetime64[ns]") for each in ends.values()])
    first = np.argmin(np.where(np.isnat(days), _NEVER, days), axis=1)
    return pd.DataFrame(
        {
            "end_date": days[np.arange(len(days)), first],
            "end_reason": np.array([*ends], object)[first],
        },
        index=next(iter(ends.values())).index,
    )


def days_between(start: pd.Series, end: pd.Series) -> pd.Series:
    """Return whole days from `start` to `end`."""
    return (end - start).dt.days


def whole_days(start: pd.Series, end: pd.Series) -> pd.Series:
    """Return `days_between` as whole numbers; -1 where a date is missing, to be excluded."""
    return days_between(start, end).fillna(-1).astype("int64")


def coded(truth: pd.Series, words: Sequence[str]) -> pd.Categorical:
    """Return false and true as the two `words`, what is missing as missing."""
    return pd.Categorical(truth.map({False: words[0], True: words[1]}), categories=words)


def cohort(
    name: str,
    persons: pd.DataFrame,
    steps: Sequence[Step],
    columns: Mapping[str, str],
    extract: Extract,
    *,
    base: str = "",
    fixed: Box = MappingProxyType({}),
    dimensions: Mapping[str, str] = MappingProxyType({}),
    coarser: Iterable[tuple[str, str]] = (),
) -> Cohort:
    """Return the persons whom no step excludes; each is counted under the first step that does.

    `columns` gives for each column of the cohort the delivered `table.column` it is made from
    (empty: it is always there); those that were not delivered are named, not invented.

    `base` says which set of persons the rows are before any step, `fixed` which levels of which
    dimensions the cohort is held to, by how its rows were made or by a step. Two cohorts of one
    base with equal `fixed` must hold the same persons, and a dimension must be the same column in
    both (`dimensions` gives it another name where it is not), or the gate takes two numbers for
    one. `coarser` names pairs of columns of which the first decides the second.
    """
    kept = pd.Series(True, index=persons.index)
    counts = []
    for step, outside, *dimension in steps:
        named = dimension[0] if dimension else f"{name}: {step}"
        counts.append({"step": step, "n": int((kept & outside).sum()), "dimension": named})
        kept &= ~outside
    delivered = [
        each for each, source in columns.items() if not source or extract.delivered(source)
    ]
    frame = _coded(persons.loc[kept, delivered]).reset_index(drop=True)
    return Cohort(
        name=name,
        frame=frame,
        exclusions=pd.DataFrame(counts, columns=["step", "n", "dimension"]),
        provenance=extract.provenance,
        not_delivered=tuple(column for column in columns if column not in delivered),
        base=base,
        fixed={each["dimension"]: ("no",) for each in counts} | dict(fixed),
        dimensions=dimensions,
        coarser=_coarser_levels(frame, coarser, fixed, dimensions),
    )


def _coarser_levels(
    frame: pd.DataFrame, pairs: Iterable[tuple[str, str]], fixed: Box, names: Mapping[str, str]
) -> dict[str, dict[str, dict[str, str]]]:
    """Return the coarser level of each level, for the pairs where one decides the other."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    single = {name: levels[0] for name, levels in fixed.items() if levels == ("yes",)}
    held = frame.assign(**{name: level for name, level in single.items() if name not in frame})
    for fine, coarse in pairs:
        if fine in held and coarse.removesuffix(KNOWN) in held:
            levels = {"fine": _levels(held, fine), "coarse": _levels(held, coarse)}
            levels = pd.DataFrame(levels).drop_duplicates()
            if not levels["fine"].duplicated().any():
                of = found.setdefault(names.get(fine, fine), {})
                # Nobody of the cohort may live in a trust now where some lived a year before.
                every = regions() if coarse == "region" else {}
                of[_called(coarse, names)] = every | levels.set_index("fine")["coarse"].to_dict()
    return found


def _called(name: str, names: Mapping[str, str]) -> str:
    column = name.removesuffix(KNOWN)
    return names.get(name, names.get(column, column) + name.removeprefix(column))


def _levels(frame: pd.DataFrame, name: str) -> pd.Series:
    if name.endswith(KNOWN):
        return frame[name.removesuffix(KNOWN)].notna().map({True: "yes", False: "no"})
    values = frame[name].astype("category")
    return (
        values.map({value: level_code(value) for value in values.cat.categories})
        .astype(object)
        .fillna(MISSING)
    )


def _coded(persons: pd.DataFrame) -> pd.DataFrame:
    """Give the coded columns all their codes as categories, so that no level is lost."""
    coded = [each for each in TABLES["patients"].columns if each.kind == "code"]
    return persons.assign(
        **{
            each.name: pd.Categorical(persons[each.name], categories=each.codes)
            for each in coded
            if each.name in persons
        }
    )
