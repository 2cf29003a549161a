"""Invented persons for tests of the quality indicators."""

import pandas as pd

from msanalysis import codes
from persons import make_cohort, make_extract

REGIONS = codes.regions()


def person(number: int, **known) -> dict:
    """Return a row of the patients table: registered, RRMS, diagnosed in March 2024, in Førde."""
    return {
        "patient_id": str(number),
        "residence_hf": "forde",
        "sex": "female",
        "diagnosis_code": "G35",
        "onset_course": "rrms",
        "included_date": "2024-04-01",
        "onset_date": "2023-03-01",
        "referral_date": "2024-03-01",
        "diagnosis_date": "2024-03-15",
        "death_date": None,
    } | known


def registry(*persons: dict, **tables: list[dict]):
    """Return an extract of persons and other tables; those not given hold a row of nobody."""
    nobody = {
        "treatments": {"patient_id": "x", "substance": "rituximab", "start_date": "2020-01-01",
                       "stop_date": None, "registered_date": None},
        "untreated_periods": {"patient_id": "x", "start_date": "2020-01-01", "stop_date": None,
                              "reason": "other"},
        "visits": {"patient_id": "x", "visit_date": "2020-01-01", "treatment_updated": True,
                   "relapses_updated_to": None, "registered_date": None},
        "edss": {"patient_id": "x", "measured_date": "2020-01-01", "score": 2.0,
                 "registered_date": None},
        "mri": {"patient_id": "x", "mri_date": "2020-01-01", "registered_date": None},
    }  # fmt: skip
    rows = {name: [row, *tables.pop(name, [])] for name, row in nobody.items()}
    return make_extract(patients=list(persons), **rows, **tables)


def definition(id: str) -> tuple:
    """Return the row of one indicator or coverage."""
    known = (*codes.indicators(), *codes.shown_apart(), *codes.coverages())
    return tuple(each for each in known if each["id"] == id)


def cohort_of(counts: dict[str, tuple[int, int]], indicator: str = "edss_measured", period=2024):
    """Return persons who give each trust its (numerator, denominator)."""
    trusts, states = [], []
    for trust, (met, n) in counts.items():
        trusts += [trust] * n
        states += ["met"] * met + ["not_met"] * (n - met)
    return make_cohort(placed(trusts, **{f"{indicator} {period}": states}))


def placed(trusts: list, **columns) -> pd.DataFrame:
    """Return persons with their trust (None: not known), its region and the nation."""
    regions = [REGIONS.get(trust) for trust in trusts]
    kinds = {"met", "not_met", "left_out"}
    states = {
        name: pd.Categorical(values, categories=sorted(kinds)) if kinds & set(values) else values
        for name, values in columns.items()
    }
    return pd.DataFrame(
        {
            "trust": pd.Categorical(trusts, categories=[*REGIONS]),
            "region": pd.Categorical(regions, categories=[*dict.fromkeys(REGIONS.values())]),
            "nation": pd.Categorical(["norway"] * len(trusts), categories=["norway"]),
            **states,
        }
    )
