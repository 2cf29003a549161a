"""The persons of two extracts of one registry: who is new or gone, what changed, and what moved."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import narwhals as nw
import pandas as pd

from msanalysis.cohorts.coverage_years import counted_for_coverage
from msanalysis.cohorts.indicator_persons import at, indicator_states
from msanalysis.cohorts.selection import cohort, collected
from msanalysis.core import Cohort
from msanalysis.extract import Extract
from msanalysis.schema import TABLES

Definition = Mapping[str, Any]
"""A row of `codes.indicators()`."""
BASE = "persons_of_two_extracts"
PRESENCES = ("unchanged", "changed", "new", "gone")
KINDS = ("filled_in", "changed_value", "emptied")
OUTSIDE, COUNTED, LEFT_OUT, SAME = "outside", "counted", "left_out", "same"
OF = " of "
"""Between an indicator and the name of those who are asked."""

_COVERED = {"coverage_total": "alive", "coverage_new": "diagnosed"}
_COUNTED_BY = tuple(
    f"patients.{name}"
    for name in ("included_date", "diagnosis_code", "diagnosis_date", "death_date", "onset_course")
)
"""What decides whether a person is in the registry, and in which population."""


def common_status_date(earlier: Extract, extract: Extract) -> date:
    """Return the last status date that both extracts know of."""
    return min(earlier.provenance.status_date, extract.provenance.status_date)


def extract_changes(
    earlier: Extract, extract: Extract, definitions: Sequence[Definition]
) -> Cohort:
    """Return everyone in either of two extracts by what became of them between the two.

    Parameters
    ----------
    earlier, extract
        Two extracts of one registry, with the same pseudonyms.
    definitions
        Rows of `codes.indicators()`; compared on the last status date that both know of.

    Returns
    -------
    Cohort
        `presence`: `new` or `gone` (in one extract only), `changed` (in both, and
        some value is not the same) or `unchanged`. Booleans, a column a variable and kind of change
        (`patients_spms_date filled_in`): a value that was missing, is another (`changed_value`),
        or is missing now (`emptied`); of other tables than `patients` for the table as a whole, a
        row that was added filled in, one that is gone emptied. A column a population (`alive`) and
        a column an indicator (`edss_measured of alive`): the state then, the state now (`met`,
        `counted`, `outside`) and why (`same`; `new`, `gone`, `changed_value`: a value
        the number needs is not the same, or `late_registration`), missing where outside both times.

    Notes
    -----
    Variables that one of the extracts lacks are not compared. Pseudonyms that were drawn anew make
    everyone new and gone.
    """
    tables = {
        name: _rows_of_one(earlier, extract, name)
        for name in TABLES
        if TABLES[name].about_persons and earlier.delivered(name) and extract.delivered(name)
    }
    persons = _persons(earlier, extract)
    changes = pd.DataFrame(
        {
            f"{variable} {kind}": persons.index.isin(who) & persons["both"]
            for name, rows in tables.items()
            for variable, kinds in _changes(name, rows)
            for kind, who in kinds.items()
        },
        index=persons.index,
    )
    day = common_status_date(earlier, extract)
    moves = _moves(at(earlier, day), at(extract, day), definitions, persons, changes)
    presence = persons["presence"].mask(changes.any(axis=1), "changed")
    columns = {"presence": pd.Categorical(presence, PRESENCES), **changes, **moves}
    return cohort(
        BASE,
        pd.DataFrame(columns, index=persons.index),
        [],
        dict.fromkeys(columns, ""),
        extract,
        base=BASE,
    )


def _persons(earlier: Extract, extract: Extract) -> pd.DataFrame:
    then, now = (
        pd.Index(collected(each.table("patients").select("patient_id"))["patient_id"])
        for each in (earlier, extract)
    )
    persons = pd.DataFrame(index=then.union(now).rename("patient_id"))
    was, stays = persons.index.isin(then), persons.index.isin(now)
    presence = pd.Series("unchanged", persons.index)
    presence = presence.mask(~was, "new").mask(~stays, "gone")
    return persons.assign(presence=presence, both=was & stays)


# --- values ---------------------------------------------------------------------------------------


def _rows_of_one(earlier: Extract, extract: Extract, name: str) -> pd.DataFrame:
    """Return the rows of a table that stand so in one of the extracts only, those then and now
    side by side where their required columns are the same."""
    held = [
        column
        for column in TABLES[name].columns
        if all(each.delivered(f"{name}.{column.name}") for each in (earlier, extract))
    ]
    names = [column.name for column in held]
    keys = [column.name for column in held if column.required]
    sides = (
        each.table(name).select(*names, nw.lit(side).alias("side"))
        for side, each in enumerate((earlier, extract))
    )
    ends = (nw.col("side").min().alias("first"), nw.col("side").max().alias("last"))
    rows = nw.concat([*sides]).group_by(*names).agg(*ends)
    single = collected(rows.filter(nw.col("first") == nw.col("last")))
    then, now = (single[single["first"] == side][names] for side in (0, 1))
    return then.merge(now, on=keys, how="outer", suffixes=(" then", " now"), indicator="side")


def _changes(name: str, rows: pd.DataFrame) -> Iterator[tuple[str, dict[str, pd.Series]]]:
    """Yield each variable with who has each kind of change in it."""
    compared = [column.removesuffix(" then") for column in rows if column.endswith(" then")]
    kinds = {column: _kinds(rows[f"{column} then"], rows[f"{column} now"]) for column in compared}
    if name == "patients":
        for column, of in kinds.items():
            who = {kind: rows.loc[is_so, "patient_id"] for kind, is_so in of.items()}
            yield _variable(f"{name}.{column}"), who
        return
    paired = rows["side"] == "both"
    whole = {"filled_in": rows["side"] == "right_only", "emptied": rows["side"] == "left_only"}
    for kind in KINDS:
        is_so = pd.DataFrame({each: of[kind] for each, of in kinds.items()}, index=rows.index)
        whole[kind] = whole.get(kind, False) | (is_so.any(axis=1) & paired)
    yield _variable(name), {kind: rows.loc[whole[kind], "patient_id"] for kind in KINDS}


def _variable(needed: str) -> str:
    """Return the code of a column of `patients` (`patients_sex`), or of a table (`table_edss`)."""
    table, _, column = needed.partition(".")
    return f"patients_{column}" if table == "patients" else f"table_{table}"


def _kinds(was: pd.Series, now: pd.Series) -> dict[str, pd.Series]:
    known_then, known_now = was.notna(), now.notna()
    other = (was != now).fillna(False).astype(bool)
    flags = (~known_then & known_now, known_then & known_now & other, known_then & ~known_now)
    return dict(zip(KINDS, flags, strict=True))


# --- numbers --------------------------------------------------------------------------------------


def _moves(
    earlier: Extract,
    extract: Extract,
    definitions: Sequence[Definition],
    persons: pd.DataFrame,
    changes: pd.DataFrame,
) -> dict[str, pd.Series]:
    """Return for each number the state then, the state now, and why: `counted met same`."""
    held = [
        each
        for each in definitions
        if not (earlier.missing(each["needs"]) or extract.missing(each["needs"]))
    ]
    then, now = (_states(each, held, persons.index) for each in (earlier, extract))
    moves = {
        name: _moved(then[name], now[name], _reasons((), persons, changes))
        for name in _COVERED.values()
    }
    for each in held:
        id, why = each["id"], _reasons(each["needs"], persons, changes)
        population = _denominator(each, then[id], now[id])
        if population not in moves:
            asked = (states.replace("met", COUNTED) for states in (then[id], now[id]))
            moves[population] = _moved(*asked, why)
        moves[f"{id}{OF}{population}"] = _moved(then[id], now[id], why)
    return moves


def _moved(then: pd.Series, now: pd.Series, why: pd.Series) -> pd.Series:
    then, now = (states.replace(LEFT_OUT, OUTSIDE) for states in (then, now))
    inside = (then != OUTSIDE) | (now != OUTSIDE)
    return (then + " " + now + " " + why.mask(then == now, SAME)).where(inside)


def _denominator(definition: Definition, then: pd.Series, now: pd.Series) -> str:
    """Return the name of who is asked: one name for one set of persons."""
    if then.eq(LEFT_OUT).any() or now.eq(LEFT_OUT).any():
        return f"denominator_of {definition['id']}"
    return "_".join(filter(None, (definition["population"], definition["course"])))


def _states(extract: Extract, definitions: Sequence[Definition], persons: pd.Index) -> pd.DataFrame:
    """Return `met`, `counted` (in the denominator alone) or `outside` it, of each person."""
    states = indicator_states(extract, definitions, update="december").astype(object)
    states = states.reindex(persons).replace("not_met", COUNTED)
    counted = counted_for_coverage(extract, pd.Series(persons, persons))
    covered = {
        _COVERED[name]: who.map({True: COUNTED, False: OUTSIDE}) for name, who in counted.items()
    }
    return states.assign(**covered).fillna(OUTSIDE)


def _reasons(needs: Sequence[str], persons: pd.DataFrame, changes: pd.DataFrame) -> pd.Series:
    """Return why a state can have moved.

    `new` or `gone`; `changed_value`: something the number needs was entered
    otherwise then, or was taken away; else `late_registration`.
    """
    variables = [*_COUNTED_BY, *needs]
    other = {f"{_variable(name)} {kind}" for name in variables for kind in KINDS[1:]}
    corrected = changes[[name for name in changes if name in other]].any(axis=1)
    why = corrected.map({True: "changed_value", False: "late_registration"})
    return why.where(persons["both"], persons["presence"])
