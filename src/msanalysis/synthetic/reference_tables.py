"""Tables that are not about registered persons: expected, validation, earlier results."""

import numpy as np
import polars as pl

from msanalysis import codes
from msanalysis.synthetic.parameters import (
    family,
    over_years,
    parameter,
    published,
)
from msanalysis.synthetic.quotas import largest_remainder

VALIDATION_TRUSTS = ("unn", "st_olav", "bergen", "ahus")
VALIDATION_PERSONS = 50
KINDS = {
    "onset_course": "nominal",
    "onset_symptom_optic": "nominal",
    "onset_symptom_cerebellar": "nominal",
    "relapses_before_diagnosis": "ordinal",
    "findings_at_diagnosis": "ordinal",
    "onset_year": "continuous",
    "diagnosis_date": "continuous",
}
CASES, RATERS = 10, 10


def expected_table(scale: float) -> pl.DataFrame:
    """Return expected persons with MS by trust and year; the report year sums to the published."""
    coverage = np.array(list(family("coverage_trust").values()))
    alive = np.array([published(f"alive_{trust}") for trust in codes.trusts()])
    expected = largest_remainder(alive / coverage, round(published("npr_expected")))
    years = range(2017, 2025)
    return pl.DataFrame(
        {
            "hf": list(codes.trusts()) * len(years),
            "year": np.repeat(np.array(years), len(expected)),
            "expected": np.concatenate([_in_year(expected, year) for year in years]) * scale,
        }
    )


def _in_year(expected: np.ndarray, year: int) -> np.ndarray:
    return np.round(expected * float(over_years("expected_relative", year)), 1)


def validation_table(rng: np.random.Generator) -> pl.DataFrame:
    """Return agreement with the patient record: four hospitals, fifty persons each."""
    rows = []
    missing = family("record_missing")
    for variable, agreement in family("record_agreement").items():
        for trust in VALIDATION_TRUSTS:
            n_missing = int(rng.binomial(VALIDATION_PERSONS, missing.get(variable, 0)))
            agreeing = int(rng.binomial(VALIDATION_PERSONS - n_missing, agreement))
            rows.append((variable, trust, VALIDATION_PERSONS, agreeing, n_missing))
    names = ["variable", "hf", "n_compared", "n_agreeing", "n_missing"]
    return pl.DataFrame(rows, schema=names, orient="row")


def reliability_table(rng: np.random.Generator) -> pl.DataFrame:
    """Return the ratings of ten case histories by ten raters."""
    rows = []
    for variable, error in family("rating_error").items():
        kind = KINDS[variable]
        for case in range(CASES):
            truth = int(rng.integers(0, 2 if kind == "nominal" else 12))
            for rater in range(RATERS):
                value = _rating(rng, kind, truth, error)
                rows.append((variable, kind, f"case_{case + 1:02}", f"rater_{rater + 1:02}", value))
    names = ["variable", "kind", "case_id", "rater", "value"]
    return pl.DataFrame(rows, schema=names, orient="row")


def _rating(rng: np.random.Generator, kind: str, truth: int, error: float) -> str:
    if kind == "nominal":
        return str(1 - truth if rng.random() < error else truth)
    rated = truth + error * rng.standard_normal()
    return str(max(round(rated), 0)) if kind == "ordinal" else f"{rated:.2f}"


AMONG = {
    "treatment_status_updated": "alive",
    "relapse_status_updated": "alive",
    "edss_measured": "alive",
    "mri_performed": "recent",
}


def earlier_results_table(rng: np.random.Generator, scale: float) -> pl.DataFrame:
    """Return the indicators of the year before, as released in June and in December."""
    alive = np.array([published(f"alive_{trust}") for trust in codes.trusts()]) * 0.97 * scale
    new = np.array([published(f"new_diagnosed_{trust}") for trust in codes.trusts()]) * scale
    rows = []
    sizes = {"new": new, "alive": alive, "recent": new * 5}
    for release, growth in (("june-2024", 1.0), ("december-2024", parameter("earlier_growth"))):
        for indicator, share in family("earlier_share").items():
            base = AMONG.get(indicator, "new")
            denominators = np.round(sizes[base] * (growth if base == "new" else 1)).astype(int)
            rows += _units(rng, release, indicator, share, denominators)
    names = ["release", "year", "indicator", "unit", "numerator", "denominator"]
    return pl.DataFrame(rows, schema=names, orient="row")


def _units(
    rng: np.random.Generator, release: str, indicator: str, share: float, denominators: np.ndarray
) -> list[tuple]:
    """Return one indicator of one release: trusts, regions, and the nation with this share."""
    around = np.clip(
        share + parameter("earlier_spread") * rng.standard_normal(len(denominators)), 0.02, 0.999
    )
    numerators = largest_remainder(around * denominators, round(share * denominators.sum()))
    numerators = np.minimum(numerators, denominators)
    counts = {
        trust: (int(a), int(b))
        for trust, a, b in zip(codes.trusts(), numerators, denominators, strict=True)
    }
    sums = dict(counts)
    for unit in codes.units():
        if unit["level"] == "hf":
            for above in (unit["parent"], "norway"):
                a, b = sums.get(above, (0, 0))
                sums[above] = (a + counts[unit["unit"]][0], b + counts[unit["unit"]][1])
    return [(release, 2023, indicator, unit, a, b) for unit, (a, b) in sums.items()]
