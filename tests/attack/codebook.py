"""What the project's documentation says its tables count, written down by the attacker.

An entry names the base set of persons, what of it is fixed, and which column is which dimension.
Where the manifest says so itself, that is used beside this: the two may not contradict each other.
"""

from dataclasses import dataclass, field

from attack.cells import EVER, Cell, Levels, Span, cell


@dataclass(frozen=True)
class Entry:
    """One table: its persons, its columns, and what each count is restricted by.

    `counts`: column -> (columns that restrict it, what else is fixed for it). A count in `apart`
    does not add up over the named columns: a person can stand under several of their levels.
    """

    base: str
    fixed: dict[str, Levels]
    columns: dict[str, str]
    counts: dict[str, tuple[tuple[str, ...], dict[str, Levels]]]
    apart: tuple[str, ...] = ()


@dataclass(frozen=True)
class Timed:
    """A curve, or a table at fixed times: the day and the kind of end are dimensions too.

    `events` are the ends that count, `rest` all others; with `causes` each event has rows.
    """

    base: str
    fixed: dict[str, Levels]
    events: tuple[str, ...]
    rest: tuple[str, ...]
    stratum: str = ""
    causes: bool = False
    curve: bool = True


@dataclass(frozen=True)
class Codebook:
    entries: dict[str, list[Entry]] = field(default_factory=dict)
    attritions: dict[str, tuple[str, dict[str, Levels]]] = field(default_factory=dict)
    times: dict[str, "Timed"] = field(default_factory=dict)
    rows: dict[str, tuple[str, str, Cell]] = field(default_factory=dict)
    """Of tables whose rows overlap: the row, by a column's level, whose persons others count."""


def _is(*levels: str) -> frozenset[str]:
    return frozenset(levels)


ORDERED = ("diagnosis_year", "onset_year")
DAYS = "day"
END = "end"
MS = {"data": _is("yes"), "diagnosed": _is("by_status_date"), "diagnosis": _is("ms")}
ALIVE = MS | {"alive": _is("yes")}
AGE_KNOWN = {"late_onset": _is("onset_before_50", "onset_from_50")}
ONGOING = _is("ongoing_shown", "ongoing_left_out")
STATUS = {"ongoing": ONGOING}
"""Levels of a column that are several of its dimension."""
ERAS = {"onset_before_2001": Span(-EVER, 2000), "onset_from_2001": Span(2001, 2024)}
REASONS = {
    "progressive_disease": _is("ppms", "spms"),
    "choice_or_pregnancy": _is("patient_choice", "pregnancy"),
    "other": _is("awaiting_treatment", "adverse_event", "comorbidity", "high_age", "other"),
}
COARSE = {"treatment_status": STATUS, "onset_era": ERAS, "reason_group": REASONS}
SAME = {"treatment_status": "overview", "onset_era": "onset_year", "reason_group": "reason"}
"""Dimensions that are coarser views of another."""


def _shares(fixed, level, stratum=None, base="consented", apart=()) -> Entry:
    columns = {"level": level} | ({"stratum": stratum} if stratum else {})
    by = ("stratum",) if stratum else ()
    counts = {"n": ((*by, "level"), {}), "denominator": (by, {})}
    return Entry(base, fixed, columns, counts, apart)


def _counted(fixed, columns, counts=None, base="consented", apart=()) -> Entry:
    counts = {"n": {}} | (counts or {})
    return Entry(
        base, fixed, columns, {name: (tuple(columns), also) for name, also in counts.items()}, apart
    )


def codebook(year: int) -> Codebook:
    """Return what is known of the tables of the annual report of one year."""
    known = _demography(year) | _survival() | _rituximab() | _natalizumab(year) | _treatment()
    return Codebook(
        entries={id: [entry] if isinstance(entry, Entry) else entry for id, entry in known.items()},
        attritions=_attritions(),
        times=_times(),
        rows={"prevalence_by_year": ("stratum", str(year), cell("consented", ALIVE))},
    )


def _new(first: int, year: int) -> dict[str, Levels]:
    return MS | {"diagnosis_year": Span(first, year)}


def _onset(first: int, year: int) -> dict[str, Levels]:
    return MS | {"onset_known": _is("yes"), "onset_year": Span(first, year)}


def _demography(year: int) -> dict[str, Entry]:
    since, shares, by_trust = _new(2001, year), _new(2013, year), _new(2020, year)
    onset, onset_since = _onset(1962, year), _onset(2001, year)
    by_year, by_sex = {"stratum": "diagnosis_year"}, {"stratum": "sex"}
    # A trend that cannot be fitted has no row: its sexes need not make up everyone.
    late = _counted(
        since | AGE_KNOWN,
        by_sex,
        {"n_events": {"late_onset": _is("onset_from_50")}},
        apart=("stratum",),
    )
    return {
        "sex_alive": _shares(ALIVE, "sex"),
        "course_alive": _shares(ALIVE, "onset_course"),
        "course_new_year": _shares(_new(year, year), "onset_course"),
        "sex_new": _shares(shares, "sex"),
        "sex_new_complete": _shares(_new(2017, year), "sex"),
        "course_new": _shares(shares, "onset_course"),
        "onset_before_25": _shares(ALIVE, "onset_before_25"),
        "onset_before_40": _shares(ALIVE, "onset_before_40"),
        "over_65": _shares(ALIVE, "over_65"),
        "onset_age_alive": _counted(ALIVE | AGE_KNOWN, {}),
        "sex_by_onset_trend": _counted(onset, {}, {"n_events": {"sex": _is("female")}}),
        "age_bands": _shares(ALIVE, "age_band"),
        "age_pyramid": _shares(ALIVE, "age_band", "sex"),
        "onset_age_bands": _shares(ALIVE, "onset_age_band"),
        "course_alive_by_sex": _shares(ALIVE, "onset_course", "sex"),
        "course_by_year": _shares(shares, "onset_course", "diagnosis_year"),
        "sex_by_year": _shares(shares, "sex", "diagnosis_year"),
        "late_onset_by_year": _shares(since, "late_onset", "diagnosis_year"),
        "sex_by_onset_year": _shares(onset, "sex", "onset_year"),
        "incidence_by_year": _counted(since, by_year),
        "incidence_by_trust": _counted(by_trust, {"stratum": "trust"}),
        "incidence_trend": _counted(since, {"stratum": "sex"}),
        "late_onset_trend": late,
        "late_onset_trend_sex": late,
        "onset_age_by_year": _counted(
            since | AGE_KNOWN, {"year": "diagnosis_year", "stratum": "sex"}
        ),
        "onset_age_trend": _counted(since | AGE_KNOWN, by_sex, apart=("stratum",)),
        "onset_age_by_onset_year": _counted(
            onset | AGE_KNOWN, {"year": "onset_year", "stratum": "sex"}
        ),
        "onset_age_trend_with": _counted(onset | AGE_KNOWN, by_sex, apart=("stratum",)),
        "onset_age_trend_without": _counted(onset_since | AGE_KNOWN, by_sex, apart=("stratum",)),
        "onset_age_course": _counted(ALIVE | AGE_KNOWN, {"stratum": "onset_course"}),
        "onset_age_era": _counted(MS | AGE_KNOWN, {"stratum": "onset_era"}),
        "onset_diagnosed_share": _counted(onset_since, {"year": "onset_year"}),
        "prevalence_by_trust": _counted(ALIVE, {"stratum": "trust"}),
    }


FOLLOWED = MS | {"onset_known": _is("yes"), "no_follow_up": _is("no")}
OBSERVED = FOLLOWED | {
    "no_consent_date": _is("no"),
    "never_observed": _is("no"),
    "left_before_day": _is("no"),
}
DEAD = {END: _is("death")}


def _survival() -> dict[str, Entry]:
    def entry(fixed, stratum=None):
        return _counted(fixed, {"stratum": stratum or "nothing"}, {"n_events": DEAD})

    return {
        "overall_survival_median": entry(FOLLOWED),
        "overall_survival_median_course": entry(FOLLOWED, "onset_course"),
        "overall_survival_median_sex": entry(FOLLOWED, "sex"),
        "overall_survival_median_observed": entry(OBSERVED),
        "overall_survival_log_rank_course": _counted(FOLLOWED, {}, {"n_events": DEAD}),
        "overall_survival_log_rank_sex": _counted(FOLLOWED, {}, {"n_events": DEAD}),
    }


STARTED = {"no_follow_up": _is("no"), **MS}
SWITCHED = STARTED | {END: _is("switch")}


def _rituximab() -> dict[str, Entry]:
    base = "rituximab_starters"
    return {
        "rituximab_age": _counted(STARTED, {}, base=base),
        "rituximab_earlier_treatment": _shares(STARTED, "earlier_treatment", base=base),
        "rituximab_end_of_follow_up": _shares(STARTED, END, base=base),
        "rituximab_switched_to": _shares(SWITCHED, "switched_to", base=base),
        "rituximab_hsct_place": _shares(
            SWITCHED | {"switched_to": _is("hsct")}, "place", base=base
        ),
    }


STOPPED = MS | {END: _is("stopped")}


def _natalizumab(year: int) -> dict[str, Entry]:
    users, before = f"natalizumab_users_{year}", f"natalizumab_users_{year - 1}"
    # The year before is counted as it was known a year before the cutoff: other persons.
    earlier = f"{before}_as_known_then"

    outside_window = Entry(
        "stops_outside_window",
        {},
        {"stratum": "series"},
        {"n_events": (("stratum",), {})},
        ("stratum",),
    )

    def compared(cause):
        columns = {"cause": cause}
        return [
            Entry(base, STOPPED, columns, {count: (("cause",), {})})
            for base, count in ((users, "n_events"), (earlier, "n_events_reference"))
        ]

    return {
        "natalizumab_use_began": _shares(MS, "use_began", base=users),
        "natalizumab_next_group": _shares(STOPPED, "next_group", base=users),
        "natalizumab_next_group_before": _shares(STOPPED, "next_group", base=before),
        "natalizumab_stops_by_next": compared("next_group"),
        "natalizumab_stops_by_reason": compared("stop_reason"),
        "natalizumab_e_values": compared("nothing"),
        "natalizumab_jcv_stratify": _shares(
            {}, "result", "quarter", base="stratify", apart=("stratum",)
        ),
        "natalizumab_jcv_immunowell": _shares(
            {}, "result", "quarter", base="immunowell", apart=("stratum",)
        ),
        "natalizumab_relapse_rates": _counted(
            {},
            {"stratum": "phase"},
            {"n_with_event": {"relapsed": _is("yes")}},
            base="natalizumab_phases",
            apart=("stratum",),
        ),
        "natalizumab_stops_series": Entry(
            "stops",
            {},
            {"stratum": "series", "segment": "segment", "period": "period"},
            {"n_events": (("stratum", "segment", "period"), {})},
            ("stratum",),
        ),
        "natalizumab_interruption": outside_window,
        "natalizumab_interruption_check": outside_window,
        "natalizumab_relapse_ratio": _counted(
            {}, {}, {"n_events": {END: _is("relapse")}}, base="trial_persons"
        ),
    }


def _treatment() -> dict[str, Entry]:
    ongoing, none = ALIVE | {"overview": ONGOING}, ALIVE | {"overview": _is("none")}
    rrms = {"onset_course": _is("rrms")}
    ppms = {"onset_course": _is("ppms")}
    return {
        "treatment_status": _shares(ALIVE, "treatment_status"),
        "treatment_overview": _shares(ALIVE, "overview"),
        "treatment_status_by_trust": _shares(ALIVE, "treatment_status", "trust"),
        "treatment_status_ppms": _shares(ALIVE | ppms, "treatment_status"),
        "treatment_status_rrms_known": _shares(
            ALIVE | rrms | {"overview": ONGOING | {"none"}}, "treatment_status"
        ),
        "treatments_ppms": _shares(ongoing | ppms, "treatment"),
        "ongoing_by_drug": _shares(ongoing, "updated", "treatment"),
        "ofatumumab_earlier": _shares(ongoing | {"treatment": _is("ofatumumab")}, "earlier"),
        "untreated_reasons": _shares(none, "reason"),
        "untreated_reason_groups": _shares(none, "reason_group"),
        "untreated_reasons_by_trust": _shares(none, "reason_group", "trust"),
        "untreated_reasons_rrms": _shares(none | rrms, "reason_group"),
        "second_line_by_rules": Entry("consented", LINES, {}, {"denominator": ((), {})}),
        "treatment_turnover": Entry(
            "consented",
            ongoing,
            {"level": "treatment"},
            {"n": (("level",), {}), "n_started": (("level",), {"started": _is("yes")})},
        ),
    }


LINES = MS | {"treated": _is("yes"), "no_follow_up_lines": _is("no")}


def _attritions() -> dict[str, tuple[str, dict[str, Levels]]]:
    everyone = ("consented", {})
    return dict.fromkeys(
        (
            "demographic_trends_attrition",
            "demographic_trends_attrition_new",
            "demographic_trends_attrition_onset",
            "overall_survival_attrition",
            "overall_survival_attrition_observed",
            "treatment_status_attrition",
            "treatment_switch_sankey_attrition",
            "treatment_lines_attrition",
        ),
        everyone,
    ) | {
        "rituximab_attrition": ("rituximab_starters", {}),
    }


def _times() -> dict[str, Timed]:
    def both(id, *described, **more):
        at = Timed(*described, **more, curve=False)
        return {id: Timed(*described, **more), f"{id}_at": at}

    third = MS | {"had_second_line": _is("yes")}
    gone, left = ("emigration", "status_date"), ("emigration", "cutoff")
    starters, next_line = ("rituximab_starters", STARTED), ("next_line", "death")
    until_stop = "rituximab_until_stop", STARTED, ("switch", "stop", "death"), left
    after_stop = "after_stop", {}, ("next_treatment", "death"), ()
    after_positive = "after_positive", {}, ("stopped", "death"), ()
    return {
        "overall_survival": Timed("consented", FOLLOWED, ("death",), gone),
        "overall_survival_course": Timed("consented", FOLLOWED, ("death",), gone, "onset_course"),
        "overall_survival_sex": Timed("consented", FOLLOWED, ("death",), gone, "sex"),
        **both("rituximab_time_to_switch", *starters, ("switch",), ("death", *left)),
        **both("rituximab_switch_incidence", *until_stop, causes=True),
        **both("time_to_second_line", "consented", LINES, next_line, left, causes=True),
        **both("time_to_third_line", "consented", third, next_line, left, causes=True),
        "natalizumab_stop_after_positive": Timed(*after_positive, causes=True, curve=False),
        "natalizumab_next_drug": Timed(*after_stop, causes=True, curve=False),
    }
