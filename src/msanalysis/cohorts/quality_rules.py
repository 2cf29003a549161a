"""Rules of plausibility and consistency: one function each, found by its name in the data.

A function takes the extract and returns rows with `patient_id` and `broken`, which is missing where
a row cannot be judged. A person breaks a rule who has a row that does.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from msanalysis import codes
from msanalysis.cohorts.selection import PATIENTS, cohort, collected, not_registered
from msanalysis.core import Box, Cohort
from msanalysis.extract import Extract

Definition = Mapping[str, Any]
"""A row of `codes.quality_rules()`."""
BROKEN, KEPT = "broken", "kept"
FUNCTIONS: dict[str, Callable[[Extract], nw.LazyFrame]] = {}
LONGEST_OVERLAP_DAYS = 30
_WHO = ("patient_id", "diagnosis_code", "included_date", "diagnosis_date")


def persons_by_rule(extract: Extract, rules: Sequence[Definition]) -> Cohort:
    """Return everyone in the registry by whether their data break each rule.

    Parameters
    ----------
    rules
        Rows of `codes.quality_rules()`.

    Returns
    -------
    Cohort
        A column a rule: `broken`, `kept`, or no value where the person has nothing to judge. A
        rule of which a column was not delivered has none.

    Raises
    ------
    ValueError
        A row names no function.

    Notes
    -----
    Of the imported rows: what the import set aside is in its own report.
    """
    unknown = sorted({each["rule"] for each in rules} - FUNCTIONS.keys())
    if unknown:
        raise ValueError(f"codes/quality_rules.csv: no function for {', '.join(unknown)}")
    persons = collected(extract.table("patients").select(*_WHO).sort("patient_id"))
    held = [each["rule"] for each in rules if not extract.missing(each["needs"])]
    states = {rule: _state(persons, FUNCTIONS[rule](extract)) for rule in held}
    found = cohort(
        "registered",
        persons.assign(**states),
        not_registered(persons, extract),
        dict.fromkeys(states, ""),
        extract,
        base=PATIENTS,
    )
    asked = {rule: (found.base, {**found.fixed, **_asked(found, rule)}) for rule in held}
    return replace(found, asked=asked)


def _state(persons: pd.DataFrame, rows: nw.LazyFrame) -> pd.Categorical:
    judged = rows.filter(~nw.col("broken").is_null())
    by_person = collected(judged.group_by("patient_id").agg(nw.col("broken").max()))
    broken = persons["patient_id"].map(by_person.set_index("patient_id")["broken"])
    return pd.Categorical(broken.map({True: BROKEN, False: KEPT}), categories=[BROKEN, KEPT])


def _asked(found: Cohort, rule: str) -> Box:
    """Return the levels of whom the rule judges; everyone is not restricted."""
    return {f"{rule} known": ("yes",)} if found.frame[rule].isna().any() else {}


def rule(function: Callable[[Extract], nw.LazyFrame]) -> Callable[[Extract], nw.LazyFrame]:
    """Make a function known by its name to the column `rule` of the data."""
    FUNCTIONS[function.__name__] = function
    return function


def _judged(rows: nw.LazyFrame, broken: nw.Expr) -> nw.LazyFrame:
    return rows.select("patient_id", broken.alias("broken"))


def _of_persons(extract: Extract, table: str, *columns: str) -> nw.LazyFrame:
    """Return a table with columns of the person beside each row."""
    persons = extract.table("patients").select("patient_id", *columns)
    return extract.table(table).join(persons, on="patient_id")


def _first_onset() -> nw.Expr:
    """Return the first day the onset can have been: of a month or a year its first."""
    onset, precision = nw.col("onset_date"), nw.col("onset_precision")
    of_month = nw.when(precision == "month").then(onset.dt.truncate("1mo")).otherwise(onset)
    return nw.when(precision == "year").then(onset.dt.truncate("1y")).otherwise(of_month)


# --- persons --------------------------------------------------------------------------------------


@rule
def onset_before_age_10(extract: Extract) -> nw.LazyFrame:
    """Onset before the tenth birthday."""
    birthday = nw.col("birth_date").dt.offset_by("10y")
    return _judged(extract.table("patients"), nw.col("onset_date") < birthday)


@rule
def onset_after_age_70(extract: Extract) -> nw.LazyFrame:
    """Onset on the 70th birthday or later."""
    birthday = nw.col("birth_date").dt.offset_by("70y")
    return _judged(extract.table("patients"), nw.col("onset_date") >= birthday)


@rule
def living_above_age_100(extract: Extract) -> nw.LazyFrame:
    """On the status date alive and past the 100th birthday."""
    status_date = extract.provenance.status_date
    alive = extract.table("patients").filter(nw.col("death_date").is_null())
    return _judged(alive, nw.col("birth_date").dt.offset_by("100y") < status_date)


@rule
def diagnosis_before_onset(extract: Extract) -> nw.LazyFrame:
    """Diagnosis before the onset can have been."""
    return _judged(extract.table("patients"), nw.col("diagnosis_date") < _first_onset())


@rule
def referral_before_onset(extract: Extract) -> nw.LazyFrame:
    """Referral before the onset can have been."""
    return _judged(extract.table("patients"), nw.col("referral_date") < _first_onset())


@rule
def referral_after_diagnosis(extract: Extract) -> nw.LazyFrame:
    """Referral later than the diagnosis."""
    late = nw.col("referral_date") > nw.col("diagnosis_date")
    return _judged(extract.table("patients"), late)


@rule
def progression_before_onset(extract: Extract) -> nw.LazyFrame:
    """Secondary progression before the onset can have been."""
    return _judged(extract.table("patients"), nw.col("spms_date") < _first_onset())


@rule
def data_before_consent(extract: Extract) -> nw.LazyFrame:
    """First data entered before the consent was given."""
    early = nw.col("included_date") < nw.col("consent_date")
    return _judged(extract.table("patients"), early)


@rule
def diagnosis_after_death(extract: Extract) -> nw.LazyFrame:
    """Diagnosis later than the death."""
    return _judged(extract.table("patients"), nw.col("diagnosis_date") > nw.col("death_date"))


@rule
def progression_of_ppms(extract: Extract) -> nw.LazyFrame:
    """Secondary progression of a disease that was primary progressive, of all such persons."""
    ppms = extract.table("patients").filter(nw.col("onset_course") == "ppms")
    return _judged(ppms, ~nw.col("spms_date").is_null())


@rule
def bands_without_fluid(extract: Extract) -> nw.LazyFrame:
    """Bands present or absent though no fluid was examined, of those without examination."""
    without = extract.table("patients").filter(~nw.col("csf_examined"))
    return _judged(
        without, nw.col("oligoclonal_bands").is_in(("present", "absent")).fill_null(False)
    )


@rule
def referral_declared_unknown(extract: Extract) -> nw.LazyFrame:
    """A date of referral given by those for whom it is declared unknown."""
    unknown = extract.table("patients").filter(~nw.col("referral_known"))
    return _judged(unknown, ~nw.col("referral_date").is_null())


@rule
def course_unknown_for_5_years(extract: Extract) -> nw.LazyFrame:
    """Course unknown or missing of those diagnosed at least five years before the status date."""
    since = nw.col("diagnosis_date").dt.offset_by("5y") <= extract.provenance.status_date
    course = nw.col("onset_course").fill_null("unknown")
    return _judged(extract.table("patients").filter(since), course == "unknown")


# --- after death ----------------------------------------------------------------------------------


def _after_death(extract: Extract, table: str, day: str) -> nw.LazyFrame:
    rows = _of_persons(extract, table, "death_date")
    return _judged(rows, nw.col(day) > nw.col("death_date"))


@rule
def visit_after_death(extract: Extract) -> nw.LazyFrame:
    """A visit after the death, of the dead with a visit."""
    return _after_death(extract, "visits", "visit_date")


@rule
def edss_after_death(extract: Extract) -> nw.LazyFrame:
    """EDSS measured after the death, of the dead with a measurement."""
    return _after_death(extract, "edss", "measured_date")


@rule
def treatment_after_death(extract: Extract) -> nw.LazyFrame:
    """A treatment started after the death, of the dead with a treatment."""
    return _after_death(extract, "treatments", "start_date")


@rule
def answer_after_death(extract: Extract) -> nw.LazyFrame:
    """A questionnaire answered after the death, of the dead who had answered one."""
    return _after_death(extract, "prom", "answered_date")


@rule
def treatment_open_at_death(extract: Extract) -> nw.LazyFrame:
    """A treatment without a stop, of the dead who had any that is not given once."""
    once = nw.col("substance").is_in(codes.one_off_substances())
    rows = _of_persons(extract, "treatments", "death_date").filter(~once)
    return _judged(rows.filter(~nw.col("death_date").is_null()), nw.col("stop_date").is_null())


# --- visits and measurements ----------------------------------------------------------------------


@rule
def visit_registered_before(extract: Extract) -> nw.LazyFrame:
    """A visit registered before the day it took place."""
    early = nw.col("registered_date") < nw.col("visit_date")
    return _judged(extract.table("visits"), early)


@rule
def visit_registered_late(extract: Extract) -> nw.LazyFrame:
    """A visit registered more than two years after it took place."""
    late = nw.col("registered_date") > nw.col("visit_date").dt.offset_by("2y")
    return _judged(extract.table("visits"), late)


@rule
def no_visit_for_3_years(extract: Extract) -> nw.LazyFrame:
    """No visit in the three years to the status date, of the living diagnosed before them."""
    status_date = extract.provenance.status_date
    since = nw.col("visit_date").dt.offset_by("3y") > status_date
    seen = extract.table("visits").filter(since, nw.col("visit_date") <= status_date)
    seen = seen.select("patient_id").unique().with_columns(nw.lit(True).alias("seen"))
    before = nw.col("diagnosis_date").dt.offset_by("3y") <= status_date
    living = extract.table("patients").filter(before, _living_on(status_date))
    return _judged(living.join(seen, on="patient_id", how="left"), nw.col("seen").is_null())


def _living_on(day: Any) -> nw.Expr:
    return nw.col("death_date").is_null() | (nw.col("death_date") > day)


@rule
def edss_10_of_the_living(extract: Extract) -> nw.LazyFrame:
    """EDSS 10, which is death by the disease, of who did not die within 30 days."""
    rows = _of_persons(extract, "edss", "death_date")
    soon = nw.col("death_date") <= nw.col("measured_date").dt.offset_by("30d")
    return _judged(rows, (nw.col("score") == 10) & ~soon.fill_null(False))


@rule
def edss_twice_a_day(extract: Extract) -> nw.LazyFrame:
    """Two different scores on one day."""
    scores = extract.table("edss").group_by("patient_id", "measured_date")
    extremes = scores.agg(
        nw.col("score").min().alias("lowest"), nw.col("score").max().alias("highest")
    )
    return _judged(extremes, nw.col("lowest") < nw.col("highest"))


@rule
def edss_fall_of_3(extract: Extract) -> nw.LazyFrame:
    """A score lower by 3 or more than the one before, a year ago at most; none in a relapse.

    Of those with two such measurements within a year; of several on one day the highest.
    """
    calm = ~nw.col("during_relapse").fill_null(False)
    scores = extract.table("edss").filter(calm).group_by("patient_id", "measured_date")
    rows = collected(scores.agg(nw.col("score").max())).sort_values(["patient_id", "measured_date"])
    before = rows.groupby("patient_id")[["measured_date", "score"]].shift()
    near = rows["measured_date"] - before["measured_date"] <= pd.Timedelta(days=366)
    return _as_rows(rows.assign(broken=before["score"] - rows["score"] >= 3)[near])


def _as_rows(rows: pd.DataFrame) -> nw.LazyFrame:
    return nw.from_native(rows[["patient_id", "broken"]]).lazy()


@rule
def jcv_index_and_result(extract: Extract) -> nw.LazyFrame:
    """Positive below an index of 0.2, or negative above 0.4, by the assay STRATIFY."""
    tests = extract.table("jcv_tests").filter(nw.col("assay") == "stratify")
    index, positive = nw.col("index_value"), nw.col("result") == "positive"
    return _judged(tests, (positive & (index < 0.2)) | (~positive & (index > 0.4)))


# --- treatments -----------------------------------------------------------------------------------


@rule
def treatment_before_onset(extract: Extract) -> nw.LazyFrame:
    """A treatment started before the onset can have been."""
    rows = _of_persons(extract, "treatments", "onset_date", "onset_precision")
    return _judged(rows, nw.col("start_date") < _first_onset())


@rule
def treatment_before_diagnosis(extract: Extract) -> nw.LazyFrame:
    """A treatment started more than 90 days before the diagnosis."""
    rows = _of_persons(extract, "treatments", "diagnosis_date")
    early = nw.col("start_date").dt.offset_by("90d") < nw.col("diagnosis_date")
    return _judged(rows, early)


@rule
def same_treatment_twice(extract: Extract) -> nw.LazyFrame:
    """An episode that starts while another of its substance runs."""
    return _as_rows(_overlapping(collected(extract.table("treatments")), "substance"))


@rule
def high_efficacy_overlap(extract: Extract) -> nw.LazyFrame:
    """A high-efficacy treatment that starts while another runs; those given once do not run."""
    running = {*codes.high_efficacy()} - {*codes.one_off_substances()}
    rows = extract.table("treatments").filter(nw.col("substance").is_in([*running]))
    rows = collected(rows)
    again = _overlapping(rows, "substance")["broken"]
    overlapping = _overlapping(rows)
    return _as_rows(overlapping.assign(broken=overlapping["broken"] & ~again))


def _overlapping(episodes: pd.DataFrame, *within: str) -> pd.DataFrame:
    """Return the episodes with `broken`: starts before all earlier ones of its group had ended."""
    keys = ["patient_id", *within]
    rows = episodes.sort_values([*keys, "start_date", "stop_date"], kind="stable")
    stop = rows["stop_date"].fillna(pd.Timestamp.max.normalize())
    latest = stop.groupby([rows[key] for key in keys]).cummax()
    before = latest.groupby([rows[key] for key in keys]).shift()
    return rows.assign(broken=rows["start_date"] < before)


@rule
def treated_while_untreated(extract: Extract) -> nw.LazyFrame:
    """A treatment and a period without one that run together for more than 30 days."""
    once = nw.col("substance").is_in(codes.one_off_substances())
    treated = collected(extract.table("treatments").filter(~once))
    both = treated.merge(collected(extract.table("untreated_periods")), on="patient_id")
    stops, starts = (
        np.column_stack([both[f"{end}_date_{side}"] for side in ("x", "y")])
        for end in ("stop", "start")
    )
    cutoff = np.datetime64(extract.provenance.data_cutoff, "ns")
    overlap = np.where(np.isnat(stops), cutoff, stops).min(axis=1) - starts.max(axis=1)
    return _as_rows(both.assign(broken=overlap > np.timedelta64(LONGEST_OVERLAP_DAYS, "D")))


@rule
def pregnancy_of_men(extract: Extract) -> nw.LazyFrame:
    """Pregnancy as the reason of a stop or of no treatment, of men with a reason."""
    parts = [
        _of_persons(extract, table, "sex")
        .filter(nw.col("sex") == "male")
        .select("patient_id", (nw.col(reason) == "pregnancy").alias("broken"))
        for table, reason in (("treatments", "stop_reason"), ("untreated_periods", "reason"))
    ]
    return nw.concat(parts)


# --- trusts ---------------------------------------------------------------------------------------


@rule
def not_registered_at_home(extract: Extract) -> nw.LazyFrame:
    """Residence in the area of a trust that is not among those that registered the person."""
    rows = _of_persons(extract, "registrations", "residence_hf")
    home = rows.group_by("patient_id").agg(
        (nw.col("hf") == nw.col("residence_hf")).max().alias("at_home")
    )
    return _judged(home, ~nw.col("at_home"))
