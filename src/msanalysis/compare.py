"""Our numbers beside the published ones, or beside those of another run.

A published number is one draw too: it is compared with ours as two estimates from two registries of
one population, so that a difference is measured against the chance error of both.
"""

import csv
import json
from collections import Counter
from dataclasses import asdict, dataclass
from importlib.resources import files
from math import copysign, sqrt
from pathlib import Path
from typing import Any, Literal

from scipy.special import ndtri

Verdict = Literal["equal", "chance", "apart", "hidden", "absent"]
AGREE = ("equal", "chance")
_LEVEL = 0.95
_COUNTS = ("persons", "trusts", "points")
Z = float(ndtri((1 + _LEVEL) / 2))
"""Half the width of a 95 % interval in standard errors."""


class ComparisonRefused(Exception):
    """There is nothing to compare, or nothing to compare it with."""


@dataclass(frozen=True)
class Line:
    """A number, and ours beside it.

    Attributes
    ----------
    where, population, note
        Where it is printed, of whom, and what is said of it there; empty for another run.
    printed
        The other number as it is written: its digits say how exactly it is known.
    ours
        As `numbers.csv` has it; empty where hidden or absent.
    n, n_printed
        Persons behind either, as written; empty where not given.
    difference
        Ours less the other, in `unit`; None where there is none of ours.
    standardised
        What of `difference` the rounding of the other does not explain, in standard errors; None
        where none is known (a sum of points, say).
    """

    id: str
    where: str
    population: str
    unit: str
    printed: str
    n_printed: str
    ours: str
    n: str
    difference: float | None
    standardised: float | None
    verdict: Verdict
    note: str


@dataclass(frozen=True)
class Comparison:
    """All lines, and how many of those that may be shown agree."""

    other: str
    lines: tuple[Line, ...]

    @property
    def counts(self) -> Counter:
        """How many lines have each verdict."""
        return Counter(line.verdict for line in self.lines)

    @property
    def shown(self) -> int:
        """How many lines the gate does not hide."""
        return len(self.lines) - self.counts["hidden"]

    @property
    def agree(self) -> int:
        """How many lines are equal, or apart by chance."""
        return sum(self.counts[each] for each in AGREE)

    @property
    def share(self) -> float:
        """Share that agrees of all that the gate does not hide; 1 where it hides them all."""
        return self.agree / self.shown if self.shown else 1.0

    def as_data(self) -> dict[str, Any]:
        """Return all of it for a program."""
        return {
            "other": self.other,
            "shown": self.shown,
            "agree": self.agree,
            "hidden": self.counts["hidden"],
            "share": round(self.share, 4),
            "lines": [asdict(line) for line in self.lines],
        }


def compare_published(release: Path, published: Path | None = None) -> Comparison | None:
    """Compare a release with the published numbers of its report year; None where none are kept.

    Equal are numbers that agree to the printed digit. Of the others, those less than 1.96 standard
    errors apart (beyond the rounding of the printed one) are what chance explains.

    Raises
    ------
    ComparisonRefused
        When a file is not there or has other columns.
    """
    year = json.loads(_text(release / "manifest.json"))["report_year"]
    path = published or Path(str(files("msanalysis").joinpath(f"published/{year}.csv")))
    if published is None and not path.is_file():
        return None
    ours = {row["id"]: row for row in _numbers(release)}
    printed = _rows(path, "id", "where", "population", "value", "unit", "n", "note")
    return Comparison(path.name, tuple(_line(row, ours.get(row["id"])) for row in printed))


def compare_runs(release: Path, other: Path) -> Comparison:
    """Compare a release with another, number by number.

    The standard error takes the two for independent: of two extracts of one registry, which are
    mostly the same persons, it is too large.

    Raises
    ------
    ComparisonRefused
        When a file is not there or has other columns.
    """
    ours = {row["id"]: row for row in _numbers(release)}
    others = _numbers(other)
    name = json.loads(_text(other / "manifest.json"))["run"]
    shown = (row for row in others if row["value"])
    return Comparison(name, tuple(_line(row, ours.get(row["id"])) for row in shown))


def contradictions(release: Path) -> list[dict[str, str]]:
    """Return where the published report of the release's year contradicts itself."""
    return _beside(release, "contradictions", "where", "nb", "en")


def names(release: Path) -> dict[str, dict[str, str]]:
    """Return what the published numbers of the release's year are called: id -> `nb`, `en`."""
    return {row["id"]: row for row in _beside(release, "names", "id", "nb", "en")}


def _beside(release: Path, kind: str, *columns: str) -> list[dict[str, str]]:
    """Return what is kept beside the published numbers of the release's year; often nothing."""
    year = json.loads(_text(release / "manifest.json"))["report_year"]
    path = Path(str(files("msanalysis").joinpath(f"published/{year}_{kind}.csv")))
    return _rows(path, *columns) if path.is_file() else []


def _numbers(release: Path) -> list[dict[str, str]]:
    columns = ("id", "value", "unit", "n", "lower", "upper", "hidden")
    return _rows(release / "numbers.csv", *columns)


def _rows(path: Path, *columns: str) -> list[dict[str, str]]:
    rows = csv.DictReader(_text(path).splitlines())
    if not {*columns} <= {*(rows.fieldnames or ())}:
        raise ComparisonRefused(f"{path}: expected the columns {', '.join(columns)}")
    return list(rows)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise ComparisonRefused(
            f"{path}: no such file, or not text; name the release/ of a run, or published numbers"
        ) from None


def _line(other: dict[str, str], ours: dict[str, str] | None) -> Line:
    found = ours if ours and ours["value"] else None
    difference = float(found["value"]) - float(other["value"]) if found else None
    error = _standard_error(other, found) if found else None
    beyond = _beyond_rounding(other, difference) if found else 0.0
    return Line(
        id=other["id"],
        where=other.get("where", ""),
        population=other.get("population", ""),
        unit=other["unit"],
        printed=other["value"],
        n_printed=other["n"],
        ours=found["value"] if found else "",
        n=ours["n"] if ours else "",
        difference=difference,
        standardised=beyond / error if error else None,
        verdict=_verdict(beyond, error) if found else _missing(ours),
        note=other.get("note", ""),
    )


def _missing(ours: dict[str, str] | None) -> Verdict:
    return "hidden" if ours and ours["hidden"] == "1" else "absent"


def _verdict(beyond: float, error: float | None) -> Verdict:
    if not beyond:
        return "equal"
    return "chance" if error and abs(beyond) <= Z * error else "apart"


def _beyond_rounding(row: dict[str, str], difference: float) -> float:
    """Return what of a difference half of the last printed digit leaves; a count is not rounded."""
    _, _, decimals = row["value"].partition(".")
    half_a_digit = 0.0 if row["unit"] in _COUNTS else 0.5 * 10 ** -len(decimals)
    beyond = abs(difference) - half_a_digit
    return copysign(beyond, difference) if beyond > 1e-9 else 0.0


def _standard_error(other: dict[str, str], ours: dict[str, str]) -> float | None:
    """Return the standard error of the difference: of both numbers, each as it is known.

    Of counts by Poisson; of shares by their n; of others from our interval, taken for both.
    """
    if ours["unit"] in _COUNTS:
        return sqrt(float(ours["value"]) + float(other["value"])) or None
    own = _own_error(ours)
    if own is None:
        return None
    theirs = _own_error(other) or own
    return sqrt(own**2 + theirs**2)


def _own_error(row: dict[str, str]) -> float | None:
    if row.get("lower") and row.get("upper"):
        return (float(row["upper"]) - float(row["lower"])) / (2 * Z) or None
    if row["unit"] == "percent" and row["n"]:
        share = float(row["value"]) / 100
        return 100 * sqrt(share * (1 - share) / float(row["n"])) or None
    return None
