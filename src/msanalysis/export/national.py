"""The two national indicators for the Directorate of Health: trusts, regions and the nation."""

from collections.abc import Collection
from pathlib import Path

import pandas as pd

from msanalysis import codes
from msanalysis.export.delivered import of_years, read_delivered


def export_national(run: Path, *, years: Collection[int] = (), to: Path | None = None) -> Path:
    """Write the national indicators and return the path.

    Columns `indicator;name;year;level;orgnr;unit;numerator;denominator;share`, decimal comma,
    UTF-8; the share to four decimals. A unit without a denominator has no row.

    Parameters
    ----------
    run, years
        As in `export_skde`.
    to
        The file; `restricted/delivery/national.csv` of the run when None.

    Raises
    ------
    DeliveryRefused
        The run delivered nothing, or nothing of a year.
    """
    rows = of_years(read_delivered(run), years)
    chosen = [each for each in codes.indicators() if each["national"] == "true"]
    names = {each["id"]: each["title_nb"] for each in chosen}
    rows = rows[rows["indicator"].isin(names) & (rows["denominator"] > 0)]
    units = {unit["unit"]: unit for unit in codes.units()}
    rows = rows[rows["unit"].isin(units)]
    file = pd.DataFrame(
        {
            "indicator": rows["indicator"],
            "name": rows["indicator"].map(names),
            "year": rows["year"],
            "level": rows["level"],
            "orgnr": [units[unit]["organisation_number"] for unit in rows["unit"]],
            "unit": [units[unit]["full_name"] for unit in rows["unit"]],
            "numerator": rows["numerator"],
            "denominator": rows["denominator"],
            "share": (rows["numerator"] / rows["denominator"]).round(4),
        }
    )
    path = to or run / "restricted" / "delivery" / "national.csv"
    file.to_csv(path, sep=";", decimal=",", index=False, lineterminator="\n", encoding="utf-8")
    return path
