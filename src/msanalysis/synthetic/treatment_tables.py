"""Details of treatments and of periods without: brand, reasons, place, registration."""

import numpy as np
import polars as pl

from msanalysis import codes
from msanalysis.synthetic.lives import NEVER, PPMS, RRMS, STATUS_DATE, YEAR, day
from msanalysis.synthetic.parameters import parameter, published, published_share
from msanalysis.synthetic.quotas import draw, draw_names
from msanalysis.synthetic.registration import registered_days
from msanalysis.synthetic.substances import HSCT, NATALIZUMAB, ONE_OFF, RITUXIMAB, SUBSTANCES

BIOSIMILAR_START = day(2018, 3)
SHORT_PERIOD_DAYS = 200
DOSE_INTERVAL_DAYS = {"rituximab": 183, "ocrelizumab": 183, "natalizumab": 42}


def treatments_table(
    rng: np.random.Generator, rows: pl.DataFrame, persons: pl.DataFrame, patient_id: pl.Series
) -> pl.DataFrame:
    """Return the treatments, as `lay_rows` laid them, with internal days."""
    person = rows["person"].to_numpy()
    included, female = persons["included"].to_numpy()[person], persons["female"].to_numpy()
    substance, start, stop = (rows[name].to_numpy() for name in ("substance", "start", "stop"))
    in_trial = rng.random(len(person)) < parameter("in_trial")
    entered = registered_days(rng, start, included, "treatments")
    stop_entered = np.maximum(entered, registered_days(rng, stop, included, "treatments"))
    # A change of brand is one entry: it ends one row and begins the other.
    continues = rows["continues"].to_numpy()
    entered = np.where(continues >= 0, stop_entered[continues], entered)
    return pl.DataFrame(
        {
            "patient_id": patient_id[person],
            "substance": np.array(SUBSTANCES)[substance],
            "brand": _brands(rng, rows),
            "start_date": start,
            "stop_date": stop,
            "last_dose_date": _last_doses(substance, start, stop),
            "stop_reason": _choice_of_men(_stop_reasons(rng, rows), female[person]),
            "in_trial": in_trial | (substance == SUBSTANCES.index("blinded_trial")),
            "abroad": _abroad(rng, rows),
            "registered_date": entered,
            "stop_registered_date": np.maximum(entered, stop_entered),
        }
    )


def _brands(rng: np.random.Generator, rows: pl.DataFrame) -> pl.Series:
    """Draw a brand; the biosimilars only after they came."""
    substance = rows["substance"].to_numpy()
    brands = [[name for name in drug["brands"].split("|") if name] for drug in codes.drugs()]
    counts = np.array([len(names) for names in brands])
    pick = (rng.random(len(substance)) * counts[substance]).astype(int)
    pick[(substance == RITUXIMAB) & (rows["start"] < BIOSIMILAR_START).to_numpy()] = 0
    pick[substance == NATALIZUMAB] = rows["tyruko"].to_numpy()[substance == NATALIZUMAB]
    flat = pl.Series([name for names in brands for name in names] + [None], dtype=pl.String)
    first = np.concatenate([[0], np.cumsum(counts)[:-1]])
    position = np.where(counts[substance] > 0, first[substance] + pick, len(flat) - 1)
    return flat[position]


def _last_doses(substance: np.ndarray, start: np.ndarray, stop: np.ndarray) -> np.ndarray:
    """Return the last dose of what is stopped; of a one-off treatment, the first course."""
    interval = np.array([DOSE_INTERVAL_DAYS.get(name, 0) for name in SUBSTANCES])[substance]
    last = np.where(stop < NEVER, np.maximum(stop - interval // 2, start), NEVER)
    return np.where(substance == HSCT, start, last)


def _choice_of_men(reason: np.ndarray | pl.Series, female: np.ndarray) -> pl.Series:
    """Return the reasons with their own choice where a man would have a pregnancy."""
    reason = np.asarray(reason, dtype=object)
    chosen = np.where(~female & (reason == "pregnancy"), "patient_choice", reason)
    return pl.Series(chosen.tolist(), dtype=pl.String)


def _stop_reasons(rng: np.random.Generator, rows: pl.DataFrame) -> pl.Series:
    substance = rows["substance"].to_numpy()
    reason = draw_names(rng, "stop_reason_other", len(substance))
    for number in (NATALIZUMAB, RITUXIMAB):
        of_it = substance == number
        family_name = f"stop_reason_{SUBSTANCES[number]}"
        reason[of_it] = draw_names(rng, family_name, int(of_it.sum()))
    reason[rows["continues"].to_numpy()[rows["continues"].to_numpy() >= 0]] = "other"
    reason[rows["died"].to_numpy()] = "death"
    reason[(rows["stop"] >= NEVER).to_numpy() | ONE_OFF[substance]] = None
    return pl.Series(reason.tolist(), dtype=pl.String)


def _abroad(rng: np.random.Generator, rows: pl.DataFrame) -> np.ndarray:
    """Place HSCT: the published share abroad after rituximab, a tuned share otherwise."""
    hsct = (rows["substance"] == HSCT).to_numpy()
    previous = rows.select(
        pl.col("substance").shift(1).over("person", order_by="start") == RITUXIMAB
    ).to_series()
    after_rituximab = hsct & previous.fill_null(False).to_numpy()
    share = published("rituximab_to_hsct_abroad") / published("rituximab_to_hsct")
    abroad = hsct & (rng.random(len(hsct)) < parameter("hsct_abroad"))
    abroad[after_rituximab] = False
    abroad[draw(rng, after_rituximab.astype(float), round(share * after_rituximab.sum()))] = True
    return abroad


def untreated_table(
    rng: np.random.Generator, periods: pl.DataFrame, persons: pl.DataFrame, patient_id: pl.Series
) -> pl.DataFrame:
    """Return the periods without treatment with internal days."""
    person, start, stop = (periods[name].to_numpy() for name in ("person", "start", "stop"))
    included = persons["included"].to_numpy()[person]
    reason = _untreated_reasons(rng, periods, persons)
    return pl.DataFrame(
        {
            "patient_id": patient_id[person],
            "start_date": start,
            "stop_date": stop,
            "reason": _choice_of_men(reason, persons["female"].to_numpy()[person]),
            "registered_date": registered_days(rng, start, included, "untreated_periods"),
            "stop_registered_date": registered_days(rng, stop, included, "untreated_periods"),
        }
    ).with_columns(
        stop_registered_date=pl.max_horizontal("registered_date", "stop_registered_date")
    )


def _untreated_reasons(
    rng: np.random.Generator, periods: pl.DataFrame, persons: pl.DataFrame
) -> np.ndarray:
    """Give reasons: the alive untreated at the status date by quota, all others by chance."""
    person, n = periods["person"].to_numpy(), len(periods)
    start, stop = periods["start"].to_numpy(), periods["stop"].to_numpy()
    reason = draw_names(rng, "untreated_reason_other", n)
    own = rng.random(n) < published_share("untreated_rrms_own_wish")
    reason = np.where(own, _own_wishes(rng, n), reason)
    ppms = persons["course"].to_numpy()[person] == PPMS
    reason[ppms] = draw_names(rng, "untreated_reason_ppms", int(ppms.sum()))
    progressed = persons["spms"].to_numpy()[person] <= start + YEAR
    reason[progressed & (rng.random(n) < parameter("untreated_spms"))] = "spms"
    short = (stop - start < SHORT_PERIOD_DAYS) & ~ppms
    reason[short & (rng.random(n) < parameter("untreated_short_awaiting"))] = "awaiting_treatment"
    running = (start <= STATUS_DATE) & (stop > STATUS_DATE)
    running &= persons["alive"].to_numpy()[person]
    reason = _meet_reasons_of_new(rng, reason, running, periods, persons)
    return _meet_reasons(rng, reason, running, periods, persons)


def _own_wishes(rng: np.random.Generator, n: int) -> np.ndarray:
    pregnant = rng.random(n) < parameter("untreated_pregnancy")
    return np.where(pregnant, "pregnancy", "patient_choice").astype(object)


def _meet_reasons_of_new(
    rng: np.random.Generator,
    reason: np.ndarray,
    running: np.ndarray,
    periods: pl.DataFrame,
    persons: pl.DataFrame,
) -> np.ndarray:
    """Let the new RRMS wait for treatment, but for those who do not start by their own choice."""
    new_rrms = (persons["new"] & (persons["course"] == RRMS)).to_numpy()
    waits = running & new_rrms[periods["person"].to_numpy()]
    n = parameter("new_rrms_good_reason") * new_rrms.sum() / published("new_diagnosed_rrms")
    reason[waits] = "awaiting_treatment"
    never_starts = waits & (periods["stop"] >= NEVER).to_numpy()
    reason[draw(rng, never_starts.astype(float), round(n))] = "patient_choice"
    return reason


def _meet_reasons(
    rng: np.random.Generator,
    reason: np.ndarray,
    running: np.ndarray,
    periods: pl.DataFrame,
    persons: pl.DataFrame,
) -> np.ndarray:
    """Meet the shares of progressive disease, and of own choice or pregnancy among RRMS."""
    person = periods["person"].to_numpy()
    age = (STATUS_DATE - persons["birth"].to_numpy()[person]) / YEAR
    all_rrms = running & (persons["course"].to_numpy()[person] == RRMS)
    rrms = all_rrms & ~persons["new"].to_numpy()[person]
    progressive = round(running.sum() * published_share("untreated_progressive"))
    progressive -= int(np.isin(reason[running & ~rrms], ("ppms", "spms")).sum())
    own = round(all_rrms.sum() * published_share("untreated_rrms_own_wish"))
    own -= int(np.isin(reason[all_rrms & ~rrms], ("patient_choice", "pregnancy")).sum())
    reason[rrms] = draw_names(rng, "untreated_reason_other", int(rrms.sum()))
    reason[draw(rng, rrms * np.exp(age / 8), progressive)] = "spms"
    wishes = draw(rng, (rrms & (reason != "spms")) * np.exp(-age / 12), own)
    reason[wishes] = _own_wishes(rng, len(wishes))
    return reason


def secondary_progression_seen(
    persons: pl.DataFrame, periods: pl.DataFrame, reason: np.ndarray
) -> np.ndarray:
    """Return `spms` such that whoever is untreated for it has progressed by then."""
    spms = persons["spms"].to_numpy().copy()
    for_it = np.flatnonzero(reason == "spms")
    person = periods["person"].to_numpy()[for_it]
    year_after = persons["onset"].to_numpy()[person] + int(YEAR)
    seen = np.maximum(periods["start"].to_numpy()[for_it], year_after)
    np.minimum.at(spms, person, np.minimum(seen, persons["view_end"].to_numpy()[person] - 1))
    return spms
