"""The patients table: what is known of each person at onset and diagnosis, and how exactly."""

import numpy as np
import polars as pl

from msanalysis import codes
from msanalysis.synthetic.lives import (
    COURSES,
    NEVER,
    RRMS,
    SEXES,
    STATUS_DATE,
    YEAR,
    day,
    decimal_year,
    year_of,
)
from msanalysis.synthetic.parameters import (
    family,
    over_years,
    parameter,
    published,
    published_n,
    published_share,
)
from msanalysis.synthetic.quotas import draw, draw_names

KNOWN_WITHOUT_DATA = (
    "patient_id",
    "sex",
    "birth_date",
    "residence_hf",
    "consent_date",
    "included_date",
    "death_date",
    "emigration_date",
)


def secondary_progression(rng: np.random.Generator, persons: pl.DataFrame) -> np.ndarray:
    """Draw when relapsing disease becomes secondary progressive; NEVER for other courses."""
    spread = parameter("spms_log_sd") * rng.standard_normal(len(persons))
    years = parameter("spms_median_years") * np.exp(spread)
    spms = persons["onset"].to_numpy() + (years * YEAR).astype(int)
    after = persons["diagnosis"].to_numpy() + 30
    spms = np.where(persons["course"] == RRMS, np.maximum(spms, after), NEVER)
    return np.where(spms < persons["view_end"].to_numpy(), spms, NEVER)


def referrals(rng: np.random.Generator, persons: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return referral days (NEVER where unknown) and 1 known, 0 declared unknown, -1 missing."""
    diagnosis = persons["diagnosis"].to_numpy()
    spread = parameter("referral_log_sd") * rng.standard_normal(len(diagnosis))
    median = np.array(list(family("referral_median_days").values()))
    delay = (median[persons["trust"].to_numpy()] * np.exp(spread)).astype(int)
    referral = np.maximum(diagnosis - delay, persons["onset"].to_numpy())
    year = year_of(diagnosis)
    chance = rng.random(len(diagnosis))
    share = np.where(year < 2021, 0.05, over_years("referral_known", year))
    known = np.where(chance < share, 1, np.where(chance < share + (1 - share) / 2, 0, -1))
    new = persons["new"].to_numpy()
    known[new] = _known_referrals(rng, persons.filter(new))
    return np.where(known == 1, referral, NEVER), known


def _known_referrals(rng: np.random.Generator, new: pl.DataFrame) -> np.ndarray:
    """Declare the published number unknown, all of Finnmark among them."""
    n = round(published("referral_date_unknown") * len(new) / published("new_diagnosed"))
    finnmark = (new["trust"] == codes.trusts().index("finnmark")).to_numpy()
    known = np.ones(len(new), dtype=int)
    known[draw(rng, np.where(finnmark, 1e6, 1.0), max(n, int(finnmark.sum())))] = 0
    return known


def fluid_examinations(rng: np.random.Generator, persons: pl.DataFrame) -> pl.DataFrame:
    """Return `csf_examined` and `oligoclonal_bands`, the new of the report year by quota."""
    diagnosis = persons["diagnosis"].to_numpy()
    examined = rng.random(len(diagnosis)) < over_years("csf_examined", decimal_year(diagnosis))
    new = persons["new"].to_numpy()
    known = rng.random(len(diagnosis)) >= parameter("oligoclonal_status_unknown")
    n_known = round(published_n("oligoclonal_bands_new") * new.sum() / published("new_diagnosed"))
    data = (persons["included"] < NEVER).to_numpy()
    recent = data & (diagnosis >= day(2020)) & (diagnosis <= STATUS_DATE)
    for group in (new, recent & ~new):
        not_examined = round(group.sum() * published_share("csf_not_examined_5y"))
        examined[group] = True
        examined[rng.permutation(np.flatnonzero(group))[:not_examined]] = False
    known[new] = False
    known[rng.permutation(np.flatnonzero(new & examined))[:n_known]] = True
    present = rng.random(len(diagnosis)) < published_share("oligoclonal_bands_alive")
    of_new = np.flatnonzero(new & known)
    n_present = round(len(of_new) * published_share("oligoclonal_bands_new"))
    present[of_new] = np.arange(len(of_new)) < n_present
    bands = np.where(~known, "unknown", np.where(present, "present", "absent"))
    return pl.DataFrame({"csf": examined, "bands": bands}).with_columns(
        bands=pl.when("csf").then("bands")
    )


def patients_table(
    rng: np.random.Generator, persons: pl.DataFrame, patient_id: pl.Series
) -> pl.DataFrame:
    """Return the table with internal days; the caller makes dates of them."""
    table = pl.concat(
        [_persons(rng, persons, patient_id), _onsets(rng, persons), _diagnoses(rng, persons)],
        how="horizontal",
    )
    has_data = persons["included"] < NEVER
    return table.with_columns(
        pl.when(has_data).then(pl.col(name)).alias(name)
        for name in table.columns
        if name not in KNOWN_WITHOUT_DATA
    )


def _persons(
    rng: np.random.Generator, persons: pl.DataFrame, patient_id: pl.Series
) -> pl.DataFrame:
    n = len(persons)
    return pl.DataFrame(
        {
            "patient_id": patient_id,
            "sex": np.array(SEXES)[(~persons["female"].to_numpy()).astype(int)],
            "birth_date": persons["birth"],
            "residence_hf": np.array(codes.trusts())[persons["trust"].to_numpy()],
            "consent_date": persons["consent"],
            "included_date": persons["included"],
            "prom_consent": rng.random(n) < parameter("prom_consent"),
            "death_date": persons["death"],
            "emigration_date": persons["emigration"],
        }
    )


def _onsets(rng: np.random.Generator, persons: pl.DataFrame) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "onset_date": persons["onset"],
            "onset_precision": persons["precision"],
            "onset_course": np.array(COURSES)[persons["course"].to_numpy()],
            "spms_date": persons["spms"],
            "onset_symptoms": draw_names(rng, "onset_symptom", len(persons)),
        }
    )


def _diagnoses(rng: np.random.Generator, persons: pl.DataFrame) -> pl.DataFrame:
    n, diagnosis = len(persons), persons["diagnosis"].to_numpy()
    when = decimal_year(diagnosis)
    referral, known = referrals(rng, persons)
    relapses = rng.poisson(over_years("relapses_before_diagnosis", when))
    mri = pl.Series(rng.random(n) < over_years("mri_at_diagnosis", when))
    entered = pl.Series(rng.random(n) >= parameter("mri_at_diagnosis_missing"))
    fluid = fluid_examinations(rng, persons)
    return pl.DataFrame(
        {
            "diagnosis_code": np.full(n, "G35"),
            "diagnosis_date": diagnosis,
            "referral_date": referral,
            "referral_known": pl.Series(known).replace_strict({1: True, 0: False, -1: None}),
            "relapses_before_diagnosis": np.where(persons["course"] == RRMS, relapses, 0),
            "findings_at_diagnosis": rng.poisson(over_years("findings_at_diagnosis", when)),
            "mri_at_diagnosis": mri.set(~entered, None),
            "csf_examined": fluid["csf"],
            "oligoclonal_bands": fluid["bands"],
        }
    )
