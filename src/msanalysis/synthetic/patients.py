"""The patients table: what is known of each person at onset and diagnosis, and how exactly."""

import numpy as np
import polars as pl

from msanalysis import codes
from msanalysis.synthetic.lives import (
    COURSES,
    NEVER,
    RRMS,
    SEXES,
    YEAR,
    decimal_year,
    year_of,
)
from msanalysis.synthetic.parameters import (
    over_years,
    parameter,
    published,
    published_n,
    published_share,
)
from msanalysis.synthetic.quotas import draw

DIAGNOSIS_MARGIN_DAYS = 3
TWO_YEARS_DAYS = 730
SYMPTOMS = ("optic", "sensory", "motor", "brainstem", "cerebellar", "other")
SYMPTOM_SHARES = (0.22, 0.36, 0.17, 0.13, 0.06, 0.06)


def add_onset_precision(rng: np.random.Generator, persons: pl.DataFrame) -> pl.DataFrame:
    """Move onsets known by month to the 15th, those known by year to 1 July.

    An onset keeps its day where the move would pass the diagnosis or the limit of 24 months.
    """
    onset, diagnosis = persons["onset"].to_numpy(), persons["diagnosis"].to_numpy()
    dates = onset.astype("datetime64[D]")
    by_month = dates.astype("datetime64[M]").astype("datetime64[D]").astype(int) + 14
    by_year = (dates.astype("datetime64[Y]").astype("datetime64[M]") + 6).astype("datetime64[D]")
    year_only = rng.random(len(onset)) < over_years("onset_year_only", decimal_year(onset))
    month_only = rng.random(len(onset)) < parameter("onset_month_only")
    moved = np.where(year_only, by_year.astype(int), np.where(month_only, by_month, onset))
    same_side = (diagnosis - moved <= TWO_YEARS_DAYS) == (diagnosis - onset <= TWO_YEARS_DAYS)
    moves = (moved <= diagnosis - DIAGNOSIS_MARGIN_DAYS) & same_side
    precision = np.where(year_only, "year", np.where(month_only, "month", "day"))
    return persons.with_columns(
        onset=np.where(moves, moved, onset), precision=np.where(moves, precision, "day")
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
    delay = (parameter("referral_median_days") * np.exp(spread)).astype(int)
    referral = np.maximum(diagnosis - delay, persons["onset"].to_numpy())
    year = year_of(diagnosis)
    chance = rng.random(len(diagnosis))
    share = np.where(year < 2021, 0.05, over_years("referral_known", year))
    known = np.where(chance < share, 1, np.where(chance < share + (1 - share) / 2, 0, -1))
    known[np.flatnonzero(year == 2024)] = _known_referrals(rng, persons.filter(year == 2024))
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
    new = (year_of(diagnosis) == 2024) & (persons["included"] < NEVER).to_numpy()
    known = rng.random(len(diagnosis)) >= parameter("oligoclonal_status_unknown")
    n_known = round(published_n("oligoclonal_bands_new") * new.sum() / published("new_diagnosed"))
    examined[new] |= True
    not_examined = round(new.sum() * published_share("csf_not_examined_5y"))
    examined[rng.permutation(np.flatnonzero(new))[:not_examined]] = False
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
    n = len(persons)
    diagnosis = persons["diagnosis"].to_numpy()
    when = decimal_year(diagnosis)
    referral, known = referrals(rng, persons)
    mri = rng.random(n) < over_years("mri_at_diagnosis", when)
    mri_entered = rng.random(n) >= parameter("mri_at_diagnosis_missing")
    relapses = rng.poisson(over_years("relapses_before_diagnosis", when))
    relapsing = persons["course"].to_numpy() == RRMS
    fluid = fluid_examinations(rng, persons)
    has_data = (persons["included"] < NEVER).to_numpy()
    table = pl.DataFrame(
        {
            "patient_id": patient_id,
            "sex": np.array(SEXES)[(~persons["female"].to_numpy()).astype(int)],
            "birth_date": persons["birth"],
            "residence_hf": np.array(codes.trusts())[persons["trust"].to_numpy()],
            "diagnosis_code": np.full(n, "G35"),
            "consent_date": persons["consent"],
            "included_date": persons["included"],
            "onset_date": persons["onset"],
            "onset_precision": persons["precision"],
            "onset_course": np.array(COURSES)[persons["course"].to_numpy()],
            "spms_date": persons["spms"],
            "onset_symptoms": rng.choice(np.array(SYMPTOMS), n, p=SYMPTOM_SHARES),
            "referral_date": referral,
            "referral_known": pl.Series(known).replace_strict({1: True, 0: False, -1: None}),
            "diagnosis_date": diagnosis,
            "relapses_before_diagnosis": np.where(relapsing, relapses, 0),
            "findings_at_diagnosis": rng.poisson(over_years("findings_at_diagnosis", when)),
            "mri_at_diagnosis": pl.Series(mri).zip_with(
                pl.Series(mri_entered), pl.Series([None] * n, dtype=pl.Boolean)
            ),
            "csf_examined": fluid["csf"],
            "oligoclonal_bands": fluid["bands"],
            "prom_consent": rng.random(n) < parameter("prom_consent"),
            "death_date": persons["death"],
            "emigration_date": persons["emigration"],
        }
    )
    return _without_data(table, has_data)


def _without_data(table: pl.DataFrame, has_data: np.ndarray) -> pl.DataFrame:
    """Empty what only data can tell; a consent gives the person, the trust and the vital status."""
    consent = (
        "patient_id",
        "sex",
        "birth_date",
        "residence_hf",
        "consent_date",
        "death_date",
        "emigration_date",
    )
    return table.with_columns(
        pl.when(pl.Series(has_data)).then(pl.col(name)).alias(name)
        for name in table.columns
        if name not in consent
    )
