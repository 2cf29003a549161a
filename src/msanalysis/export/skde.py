"""The indicators for SKDE Behandlingskvalitet: one row an indicator, year and hospital trust.

The receiver sums up itself and replaces everything it has of an indicator and year, so a file holds
every trust that has a denominator, and no region or nation.
"""

from collections.abc import Callable, Collection
from pathlib import Path

import pandas as pd

from msanalysis import codes
from msanalysis.export import DeliveryRefused
from msanalysis.export.delivered import of_years, read_delivered

COLUMNS = ("context", "year", "orgnr", "ind_id", "var", "denominator")
CONTEXT = "resident"
"""Patients are counted where they live."""

LINES_SHOWN = 5


def export_skde(
    run: Path, *, years: Collection[int] = (), to: Path | None = None
) -> tuple[Path, list[str]]:
    """Write the file for SKDE and return its path and the trusts that are not in it.

    Parameters
    ----------
    run
        Folder of a run (`outputs/<run>`).
    years
        Years to deliver; the last that the run holds when empty.
    to
        The file; `restricted/delivery/skde.csv` of the run when None.

    Returns
    -------
    path, left_out
        Where it was written; one line a trust and indicator without a denominator.

    Raises
    ------
    DeliveryRefused
        The run delivered nothing, or nothing of a year; a trust is missing from it; or the file
        breaks a rule of the receiver.
    """
    rows = _of_trusts(of_years(read_delivered(run), years))
    _all_trusts(rows)
    empty = rows["denominator"] == 0
    left_out = [
        f"{row.indicator} {row.year}: {row.unit} has no denominator"
        for row in rows[empty].itertuples()
    ]
    file = _as_received(rows[~empty])
    found = problems(file.astype(str))
    if found:
        raise DeliveryRefused("the file breaks rules of the receiver: " + "; ".join(found))
    path = to or run / "restricted" / "delivery" / "skde.csv"
    file.to_csv(path, sep=";", decimal=",", index=False, lineterminator="\n", encoding="utf-8")
    return path, left_out


def _of_trusts(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the trusts' rows of the indicators that SKDE has an id for."""
    known = rows["indicator"].isin(_skde_ids()) & (rows["level"] == "trust")
    return rows[known & rows["unit"].isin(codes.trusts())]


def _all_trusts(rows: pd.DataFrame) -> None:
    for (indicator, year), held in rows.groupby(["indicator", "year"]):
        absent = sorted(set(codes.trusts()) - set(held["unit"]))
        if absent:
            raise DeliveryRefused(
                f"{indicator} {year}: {', '.join(absent)} missing; SKDE would delete what it has "
                "of them. Run the analysis again with all trusts"
            )


def _skde_ids() -> dict[str, str]:
    known = (*codes.indicators(), *codes.shown_apart(), *codes.coverages())
    return {each["id"]: each["skde_id"] for each in known if each["skde_id"]}


def _as_received(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "context": CONTEXT,
            "year": rows["year"],
            "orgnr": rows["unit"].map(codes.organisation_numbers()),
            "ind_id": rows["indicator"].map(_skde_ids()),
            "var": rows["numerator"],
            "denominator": rows["denominator"],
        }
    ).sort_values(["ind_id", "year", "orgnr"], ignore_index=True)


# --- the receiver's rules -------------------------------------------------------------------------


def problems(file: pd.DataFrame) -> list[str]:
    """Return which rules a file breaks, with the first lines that break them.

    `file` holds the columns as text, as read from the CSV. The rules: no other column and none
    missing; the context is known; organisation numbers and indicators are known; nothing is
    missing; numbers are whole, denominators not zero and no share above 1 (a coverage may be);
    no row twice; hospital trusts only, which the receiver sums up itself.
    """
    unknown = [f"unknown column {name}" for name in file if name not in COLUMNS]
    absent = [f"missing column {name}" for name in COLUMNS if name not in file]
    if unknown or absent:
        return unknown + absent
    broken = {rule: breaks(file) for rule, breaks in _RULES.items()}
    return [f"{rule} ({_lines(lines)})" for rule, lines in broken.items() if lines.any()]


def _lines(broken: pd.Series) -> str:
    numbers = [str(place + 2) for place, wrong in enumerate(broken) if wrong]
    more = ", ..." if len(numbers) > LINES_SHOWN else ""
    return f"line {', '.join(numbers[:LINES_SHOWN])}{more}"


def _is_number(file: pd.DataFrame, column: str) -> pd.Series:
    return file[column].str.fullmatch(r"\d+").eq(True)


def _of(file: pd.DataFrame, column: str) -> pd.Series:
    return pd.to_numeric(file[column], errors="coerce")


def _unknown_organisation(file: pd.DataFrame) -> pd.Series:
    known = {unit["organisation_number"] for unit in codes.units()}
    return ~file["orgnr"].isin(known) & file["orgnr"].ne("")


def _total(file: pd.DataFrame) -> pd.Series:
    totals = {u["organisation_number"] for u in codes.units() if u["level"] != "hf"}
    return file["orgnr"].isin(totals)


def _above_one(file: pd.DataFrame) -> pd.Series:
    coverages = {each["skde_id"] for each in codes.coverages()}
    return (_of(file, "var") > _of(file, "denominator")) & ~file["ind_id"].isin(coverages)


_RULES: dict[str, Callable[[pd.DataFrame], pd.Series]] = {
    "a missing value": lambda file: (file.isna() | file.eq("")).any(axis=1),
    "an unknown context": lambda file: ~file["context"].isin(("resident", "caregiver", "")),
    "a year that is none": lambda file: ~file["year"].str.fullmatch(r"(20\d\d)?").eq(True),
    "an unknown organisation number": _unknown_organisation,
    "a total besides hospital trusts": _total,
    "an unknown indicator": lambda file: ~file["ind_id"].isin({*_skde_ids().values(), ""}),
    "a fraction that is not whole": lambda file: (
        ~(_is_number(file, "var") & _is_number(file, "denominator"))
    ),
    "a denominator of zero": lambda file: _of(file, "denominator").eq(0),
    "a share above 1": _above_one,
    "a row twice": lambda file: file.duplicated(["context", "year", "orgnr", "ind_id"], keep=False),
}
