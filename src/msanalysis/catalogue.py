"""The analyses, in the order of the annual report: data only.

A new analysis is a notebook `notebooks/<id>.ipynb` and a row here. Only the runner reads this; it
writes titles, captions and numbering into `manifest.json`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from msanalysis import codes

Words = Mapping[str, str]
"""The same text by language: {"nb": ..., "en": ...}."""


@dataclass(frozen=True)
class Analysis:
    """One notebook and its place in the report.

    Attributes
    ----------
    id
        Stem of the notebook's file name.
    chapter
        Chapter of the annual report it belongs to.
    title
        Heading in the report.
    needs
        `table` or `table.column` without which it cannot run.
    figures
        Figure id -> its number in the annual report; empty where the report prints none.
    captions
        Figure or table id -> caption.
    """

    id: str
    chapter: str
    title: Words
    needs: tuple[str, ...]
    figures: Mapping[str, str] = field(default_factory=dict)
    captions: Mapping[str, Words] = field(default_factory=dict)


def _words(nb: str, en: str) -> Words:
    return {"nb": nb, "en": en}


def _titled(definitions: tuple[codes.Definition, ...], prefix: str = "") -> dict[str, Words]:
    """Return figure id -> title, for figures of which each indicator has one."""
    titles = {each["id"]: (each["title_nb"], each["title_en"]) for each in definitions}
    of_trusts = _words("etter helseforetak", "by hospital trust")
    return {
        prefix + id: _words(f"{nb}, {of_trusts['nb']}", f"{en}, {of_trusts['en']}")
        for id, (nb, en) in titles.items()
    }


_BY_INDICATOR = (*codes.indicators(), *codes.shown_apart(), *codes.coverages())

ANALYSES: tuple[Analysis, ...] = (
    Analysis(
        id="rituximab_time_to_switch",
        chapter="2.1",
        title=_words(
            "Tid fra start av rituksimab til bytte av behandling",
            "Time from the start of rituximab to a switch of treatment",
        ),
        needs=("treatments.substance", "treatments.start_date"),
        figures={
            "rituximab_time_to_switch": "2.1.16",
            "rituximab_switched_to": "",
            "rituximab_switch_incidence": "",
        },
        captions={
            "rituximab_time_to_switch": _words(
                "Andel som ikke har startet annen behandling, etter måneder siden start av "
                "rituksimab, med 95 % konfidensintervall og antall under risiko",
                "Share who have not started another treatment, by months since the start of "
                "rituximab, with 95 % confidence interval and numbers at risk",
            ),
            "rituximab_switched_to": _words(
                "Behandlingen de byttet til", "The treatment they switched to"
            ),
            "rituximab_switch_incidence": _words(
                "Kumulativ insidens av bytte, stopp uten ny behandling og død",
                "Cumulative incidence of a switch, of a stop without a new treatment and of death",
            ),
            "rituximab_time_to_switch_at": _words(
                "Andel som ikke har byttet, etter 1, 3, 5 og 7 år",
                "Share who have not switched after 1, 3, 5 and 7 years",
            ),
            "rituximab_hsct_place": _words(
                "Byttet til HSCT: i Norge eller i utlandet", "Switched to HSCT: in Norway or abroad"
            ),
            "rituximab_switch_incidence_at": _words(
                "Kumulativ insidens etter 1, 3, 5 og 7 år",
                "Cumulative incidence after 1, 3, 5 and 7 years",
            ),
            "rituximab_end_of_follow_up": _words(
                "Hvorfor oppfølgingen sluttet", "Why follow-up ended"
            ),
            "rituximab_earlier_treatment": _words(
                "Behandling før rituksimab", "Treatment before rituximab"
            ),
            "rituximab_age": _words("Alder ved start", "Age at the start"),
            "rituximab_attrition": _words("Hvem som er med", "Who is included"),
        },
    ),
    Analysis(
        id="natalizumab_discontinuation",
        chapter="2.1",
        title=_words(
            "Hvem slutter med natalizumab, og hva skjer etterpå",
            "Who stops natalizumab, and what follows",
        ),
        needs=(
            "treatments.substance",
            "treatments.start_date",
            "treatments.stop_date",
            "treatments.stop_reason",
            "relapses.relapse_date",
            "jcv_tests.sample_date",
            "jcv_tests.result",
            "jcv_tests.assay",
        ),
        figures={
            "natalizumab_next_group": "",
            "natalizumab_stops_series": "",
            "natalizumab_jcv_positive": "",
            "natalizumab_balance": "",
            "natalizumab_consequences": "",
        },
        captions={
            "natalizumab_next_group": _words(
                "Første behandling innen 12 måneder hos dem som sluttet med natalizumab i "
                "rapportåret",
                "First treatment within 12 months of those who stopped natalizumab in the report "
                "year",
            ),
            "natalizumab_stops_series": _words(
                "Stopp per 100 personår: observert, tilpasset Poisson-modell og ventet uten "
                "endring, for natalizumab og for andre legemidler; n, der den vises, er "
                "behandlingsforløp",
                "Stops per 100 person-years: observed, fitted Poisson model and expected without "
                "the change, for natalizumab and for other drugs; n, where shown, is courses of "
                "treatment",
            ),
            "natalizumab_jcv_positive": _words(
                "Andel med positiv test for JC-virus-antistoff, etter kvartal og analysemetode, "
                "med 95 % konfidensintervall; n er personer og kvartaler med den første metoden",
                "Share with a positive test for JC virus antibodies, by quarter and assay, with "
                "95 % confidence interval; n is persons and quarters with the first assay",
            ),
            "natalizumab_balance": _words(
                "Sluttet mot fortsatte, før og etter vekting: standardiserte forskjeller i det som "
                "var kjent ved månedens start; n er personer og måneder",
                "Stopped against stayed, before and after weighting: standardised differences in "
                "what was known at the start of the month; n is persons and months",
            ),
            "natalizumab_consequences": _words(
                "Vektet kumulativ insidens 3, 6 og 12 måneder etter måneden de sluttet i, mot dem "
                "som fortsatte, med 95 % konfidensintervall; n, der den vises, er personer og "
                "måneder",
                "Weighted cumulative incidence 3, 6 and 12 months after the month of the stop, "
                "against those who stayed, with 95 % confidence interval; n, where shown, is "
                "persons and months",
            ),
            "natalizumab_relapse_after": _words(
                "Vektet kumulativ insidens av attakk", "Weighted cumulative incidence of relapse"
            ),
            "natalizumab_lesions_after": _words(
                "Vektet kumulativ insidens av ny MR-aktivitet",
                "Weighted cumulative incidence of new MRI activity",
            ),
            "natalizumab_edss_after": _words(
                "Vektet kumulativ insidens av EDSS-forverring bekreftet etter 84 dager",
                "Weighted cumulative incidence of EDSS worsening confirmed at 84 days",
            ),
            "natalizumab_relapse_ratio": _words(
                "Attakk: vektet hasardratio, sluttet mot fortsatte",
                "Relapse: weighted hazard ratio, stopped against stayed",
            ),
            "natalizumab_stop_rates": _words(
                "Brukere og stopp per 100 personår, rapportåret og året før, begge sett med "
                "samme rapporteringsforsinkelse",
                "Users and stops per 100 person-years, the report year and the year before, both "
                "seen with the same delay of reporting",
            ),
            "natalizumab_stops_by_reason": _words(
                "Stopp etter årsak: rateforhold mot året før",
                "Stops by reason: rate ratio to the year before",
            ),
            "natalizumab_stops_by_next": _words(
                "Stopp etter hva som fulgte: rateforhold mot året før",
                "Stops by what followed: rate ratio to the year before",
            ),
            "natalizumab_next_group_before": _words(
                "Første behandling etter natalizumab, året før",
                "First treatment after natalizumab, the year before",
            ),
            "natalizumab_interruption": _words(
                "Poisson-modellen av månedlige stopp: nivå og trend",
                "The Poisson model of monthly stops: level and trend",
            ),
            "natalizumab_interruption_check": _words(
                "Overspredning og autokorrelasjon i Poisson-modellen",
                "Over-dispersion and autocorrelation of the Poisson model",
            ),
            "natalizumab_e_values": _words(
                "E-verdi: hvor sterk en skjult årsak måtte være",
                "E-value: how strong a hidden cause would have to be",
            ),
            "natalizumab_jcv_stratify": _words(
                "JC-virus-antistoff, Stratify: etter kvartal",
                "JC virus antibodies, Stratify: by quarter",
            ),
            "natalizumab_jcv_immunowell": _words(
                "JC-virus-antistoff, ImmunoWELL: etter kvartal",
                "JC virus antibodies, ImmunoWELL: by quarter",
            ),
            "natalizumab_stop_after_positive": _words(
                "Andel som hadde sluttet 3, 6 og 12 måneder etter første positive test",
                "Share who had stopped 3, 6 and 12 months after their first positive test",
            ),
            "natalizumab_next_drug": _words(
                "Andel som hadde startet ny behandling 1, 3, 6 og 12 måneder etter stopp",
                "Share who had started a new treatment 1, 3, 6 and 12 months after the stop",
            ),
            "natalizumab_relapse_rates": _words(
                "Attakker per 100 personår før, under og etter natalizumab, hos dem som sluttet",
                "Relapses per 100 person-years before, on and after natalizumab, of who stopped",
            ),
            "natalizumab_use_began": _words(
                "Brukte legemidlet 1. januar eller startet i året",
                "Used the drug on 1 January or started in the year",
            ),
            "natalizumab_attrition": _words("Utvalget i rapportåret", "Selection, report year"),
        },
    ),
    Analysis(
        id="overall_survival",
        chapter="2.3",
        title=_words("Overlevelse fra sykdomsdebut", "Survival from the onset of the disease"),
        needs=("patients.onset_date", "patients.death_date"),
        figures={
            "overall_survival_course": "2.3.3",
            "overall_survival_sex": "2.3.3",
            "overall_survival_estimates": "",
        },
        captions={
            "overall_survival": _words(
                "Andel i live etter år siden debut", "Share alive by years since the onset"
            ),
            "overall_survival_course": _words(
                "Andel i live etter år siden debut, etter forløp ved debut",
                "Share alive by years since the onset, by course at onset",
            ),
            "overall_survival_sex": _words(
                "Andel i live etter år siden debut, etter kjønn",
                "Share alive by years since the onset, by sex",
            ),
            "overall_survival_estimates": _words(
                "Årsrapportens kurve ved siden av kurven som tar hensyn til at ingen ble med før "
                "de kunne samtykke",
                "The annual report's curve beside the one that allows for nobody being included "
                "before they could consent",
            ),
            "overall_survival_observed": _words(
                "Andel i live, med forsinket inngang", "Share alive, with delayed entry"
            ),
            "overall_survival_median": _words("Median overlevelse", "Median survival"),
            "overall_survival_median_course": _words(
                "Median overlevelse etter forløp", "Median survival by course"
            ),
            "overall_survival_median_sex": _words(
                "Median overlevelse etter kjønn", "Median survival by sex"
            ),
            "overall_survival_median_observed": _words(
                "Median overlevelse, med forsinket inngang", "Median survival, with delayed entry"
            ),
            "overall_survival_log_rank_course": _words(
                "Log-rank-test mellom forløp", "Log-rank test between courses"
            ),
            "overall_survival_log_rank_sex": _words(
                "Log-rank-test mellom kjønn", "Log-rank test between sexes"
            ),
            "overall_survival_attrition": _words("Hvem som er med", "Who is included"),
            "overall_survival_attrition_observed": _words(
                "Hvem som er med, med forsinket inngang", "Who is included, with delayed entry"
            ),
        },
    ),
    Analysis(
        id="demographic_trends",
        chapter="2.1",
        title=_words(
            "Hvem som har MS, og hvordan det endrer seg",
            "Who has multiple sclerosis, and how that changes",
        ),
        needs=(
            "patients.sex",
            "patients.birth_date",
            "patients.onset_date",
            "patients.diagnosis_date",
            "patients.onset_course",
        ),
        figures={
            "age_distribution": "2.1.25",
            "onset_age_by_year": "2.1.26",
            "sex_by_year": "2.1.27",
            "course_by_year": "2.1.28",
            "late_onset_by_year": "",
            "age_pyramid": "",
            "onset_age_by_onset_year": "",
            "sex_by_onset_year": "",
            "incidence_by_year": "",
            "incidence_by_trust": "",
            "incidence_standardised_by_year": "",
            "incidence_standardised_by_trust": "",
            "prevalence_by_trust": "4.2.1",
            "prevalence_by_year": "",
        },
        captions={
            "registered_since_year_before": _words(
                "Registrerte ved statusdato, etter om de var registrert ett år før",
                "Registered at the status date, by whether they were so a year before",
            ),
            "registered_by_vital_status": _words(
                "Registrerte ved statusdato: i live, døde i året og døde før",
                "Registered at the status date: alive, dead in the year and dead before",
            ),
            "age_distribution": _words(
                "Alder ved sykdomsdebut (A) og ved statusdato (B), alle i live",
                "Age at onset (A) and at the status date (B), all living",
            ),
            "onset_age_by_year": _words(
                "Gjennomsnittlig alder ved debut etter diagnoseår og kjønn, med 95 % "
                "konfidensintervall og lineær trend",
                "Mean age at onset by year of diagnosis and sex, with 95 % confidence interval and "
                "linear trend",
            ),
            "sex_by_year": _words(
                "Kjønn etter diagnoseår, og for alle i live",
                "Sex by year of diagnosis, and of all living",
            ),
            "course_by_year": _words(
                "Forløp ved debut etter diagnoseår (to år sammen), og for alle i live",
                "Course at onset by year of diagnosis (two years together), and of all living",
            ),
            "late_onset_by_year": _words(
                "Andel med debut ved 50 år eller senere, etter diagnoseår, med 95 % "
                "konfidensintervall og logistisk trend",
                "Share with onset at 50 or later by year of diagnosis, with 95 % confidence "
                "interval and logistic trend",
            ),
            "age_pyramid": _words(
                "Kvinner og menn som lever med MS, etter alder ved statusdato",
                "Women and men living with multiple sclerosis, by age at the status date",
            ),
            "onset_age_by_onset_year": _words(
                "Gjennomsnittlig alder ved debut etter debutår (tre år sammen), med trend med og "
                "uten debut før 2001, over andelen av hvert debutår som er diagnostisert til nå",
                "Mean age at onset by year of onset (three years together), with the trend with "
                "and without onset before 2001, above the share of each year diagnosed by now",
            ),
            "sex_by_onset_year": _words(
                "Andel kvinner etter debutår (tre år sammen), med logistisk trend",
                "Share of women by year of onset (three years together), with logistic trend",
            ),
            "incidence_by_year": _words(
                "Nye tilfeller per 100 000 innbyggere etter diagnoseår, ujustert, med 95 % "
                "konfidensintervall og trend",
                "New cases per 100 000 inhabitants by year of diagnosis, crude, with 95 % "
                "confidence interval and trend",
            ),
            "incidence_by_trust": _words(
                "Nye tilfeller per 100 000 innbyggere og år de siste årene, etter bostedsområde, "
                "ujustert, med 95 % konfidensintervall",
                "New cases per 100 000 inhabitants and year in recent years, by trust of "
                "residence, crude, with 95 % confidence interval",
            ),
            "prevalence_by_trust": _words(
                "Personer som lever med MS per 100 000 innbyggere etter bostedsområde: registrert, "
                "med 95 % konfidensintervall, og forventet etter Norsk pasientregister",
                "Persons living with multiple sclerosis per 100 000 inhabitants by trust of "
                "residence: registered, with 95 % confidence interval, and expected from the "
                "patient registry",
            ),
            "prevalence_by_year": _words(
                "Registrerte i live ved årets slutt per 100 000 innbyggere, ujustert",
                "Registered and living at the end of the year per 100 000 inhabitants, crude",
            ),
            "onset_age_bands": _words("Alder ved debut, alle i live", "Age at onset, all living"),
            "age_bands": _words(
                "Alder ved statusdato, alle i live", "Age at the status date, all living"
            ),
            "onset_age_course": _words(
                "Alder ved debut etter forløp, alle i live", "Age at onset by course, all living"
            ),
            "onset_age_era": _words(
                "Alder ved debut før og etter at innsamlingen startet",
                "Age at onset before and after collection began",
            ),
            "course_alive_by_sex": _words(
                "Forløp ved debut etter kjønn, alle i live", "Course at onset by sex, all living"
            ),
            "sex_alive": _words("Kjønn, alle i live", "Sex, all living"),
            "course_alive": _words("Forløp ved debut, alle i live", "Course at onset, all living"),
            "course_new_year": _words(
                "Forløp ved debut, diagnostisert i året", "Course at onset, diagnosed in the year"
            ),
            "onset_before_25": _words(
                "Debut før fylte 25 år, alle i live", "Onset before the age of 25, all living"
            ),
            "onset_before_40": _words(
                "Debut før fylte 40 år, alle i live", "Onset before the age of 40, all living"
            ),
            "over_65": _words(
                "Over 65 år ved statusdato, alle i live",
                "Over 65 years at the status date, all living",
            ),
            "onset_age_alive": _words(
                "Alder ved debut, gjennomsnitt for alle i live", "Mean age at onset, all living"
            ),
            "onset_age_dead": _words(
                "Alder ved debut, gjennomsnitt for døde", "Mean age at onset, the dead"
            ),
            "sex_new": _words(
                "Kjønn, alle diagnostisert i årene som figuren etter diagnoseår viser",
                "Sex, all diagnosed in the years of the figure by year of diagnosis",
            ),
            "sex_new_complete": _words(
                "Kjønn, diagnostisert siden registeret ble tilnærmet komplett",
                "Sex, diagnosed since the registry holds nearly everyone",
            ),
            "course_new": _words(
                "Forløp ved debut, alle diagnostisert i årene som figuren etter diagnoseår viser",
                "Course at onset, all diagnosed in the years of the figure by year of diagnosis",
            ),
            "sex_by_onset_trend": _words(
                "Trend i andelen kvinner etter debutår",
                "Trend of the share of women by year of onset",
            ),
            "onset_age_trend": _words(
                "Trend i alder ved debut etter diagnoseår, år per tiår",
                "Trend of age at onset by year of diagnosis, years per decade",
            ),
            "late_onset_trend": _words(
                "Trend i andelen med sen debut", "Trend of the share with late onset"
            ),
            "late_onset_trend_sex": _words(
                "Trend i andelen med sen debut, etter kjønn",
                "Trend of the share with late onset, by sex",
            ),
            "onset_age_trend_with": _words(
                "Trend i alder ved debut etter debutår, med debut før 2001, år per tiår",
                "Trend of age at onset by year of onset, with onsets before 2001, years per decade",
            ),
            "onset_age_trend_without": _words(
                "Trend i alder ved debut etter debutår, uten debut før 2001, år per tiår",
                "Trend of age at onset by year of onset, without onsets before 2001, years per "
                "decade",
            ),
            "onset_diagnosed_share": _words(
                "Andel av hvert debutår som er diagnostisert til nå",
                "Share of each year of onset diagnosed by now",
            ),
            "incidence_trend": _words("Trend i nye tilfeller", "Trend of new cases"),
            "prevalence_expected": _words(
                "Forventet antall som lever med MS", "Expected number living with the disease"
            ),
            "incidence_standardised_by_year": _words(
                "Nye tilfeller per 100 000 etter diagnoseår og kjønn, ujustert og standardisert "
                "til den europeiske standardbefolkningen 2013, med 95 % konfidensintervall",
                "New cases per 100 000 by year of diagnosis and sex, crude and standardised to the "
                "European standard population of 2013, with 95 % confidence interval",
            ),
            "incidence_standardised_by_trust": _words(
                "Nye tilfeller per 100 000 og år de siste årene etter bostedsområde, ujustert og "
                "standardisert til den europeiske standardbefolkningen 2013, med 95 % "
                "konfidensintervall",
                "New cases per 100 000 and year in recent years by trust of residence, crude and "
                "standardised to the European standard population of 2013, with 95 % confidence "
                "interval",
            ),
            "prevalence_by_sex": _words(
                "Registrerte som lever med MS per 100 000 etter kjønn, ujustert og "
                "aldersstandardisert",
                "Registered and living with multiple sclerosis per 100 000 by sex, crude and "
                "standardised for age",
            ),
            "demographic_trends_attrition": _words(
                "Hvem som er med, alle i live", "Who is included, all living"
            ),
            "demographic_trends_attrition_new": _words(
                "Hvem som er med, nydiagnostiserte", "Who is included, newly diagnosed"
            ),
            "demographic_trends_attrition_onset": _words(
                "Hvem som er med, etter debutår", "Who is included, by year of onset"
            ),
        },
    ),
    Analysis(
        id="treatment_switch_sankey",
        chapter="2.1",
        title=_words(
            "Behandling ved årets slutt, og bytte av behandling",
            "Treatment at the end of the year, and changes of treatment",
        ),
        needs=(
            "treatments.substance",
            "treatments.start_date",
            "treatments.stop_date",
            "untreated_periods.start_date",
            "patients.diagnosis_date",
            "patients.death_date",
        ),
        figures={
            "ongoing_by_drug": "2.1.11",
            "treatment_status_by_trust": "2.1.12",
            "untreated_reasons": "2.1.13",
            "untreated_reasons_by_trust": "2.1.14",
            "treatment_switch_sankey": "2.1.15",
            "treatment_turnover": "",
            "treatment_lines": "",
            "time_to_second_line": "",
            "time_to_third_line": "",
            "second_line_by_rules": "",
        },
        captions={
            "ongoing_by_drug": _words(
                "Pågående behandling på statusdatoen etter legemiddel og tid siden siste "
                "oppdatering; legemidler med få brukere er utelatt",
                "Ongoing treatment on the status date by drug and time since the last update; "
                "drugs with few users are left out",
            ),
            "treatment_status_by_trust": _words(
                "Pågående, ingen og ukjent behandling på statusdatoen etter helseforetak "
                "(antall i live)",
                "Ongoing, no and unknown treatment on the status date by hospital trust "
                "(number alive)",
            ),
            "untreated_reasons": _words(
                "Grunner for ingen behandling på statusdatoen",
                "Reasons for no treatment on the status date",
            ),
            "untreated_reasons_by_trust": _words(
                "Grunner for ingen behandling etter helseforetak (antall uten behandling; deres "
                "andel av alle i live)",
                "Reasons for no treatment by hospital trust (number without treatment; their "
                "share of all alive)",
            ),
            "treatment_switch_sankey": _words(
                "Endring i behandling mellom dagene; båndene er relative til gruppen de går fra "
                "og til. Nydiagnostiserte er ikke med",
                "Changes of treatment between the days; the ribbons are relative to the group "
                "they leave and reach. The newly diagnosed are left out",
            ),
            "treatment_turnover": _words(
                "Brukere ved årets slutt, og hvem som startet og sluttet i året",
                "Users at the end of the year, and who started and stopped in the year",
            ),
            "treatment_lines": _words(
                "Fra første til andre og tredje behandlingslinje",
                "From the first to the second and third line of treatment",
            ),
            "time_to_second_line": _words(
                "Kumulativ insidens av andre linje og død etter start av første linje",
                "Cumulative incidence of a second line and of death after the start of the first",
            ),
            "time_to_third_line": _words(
                "Kumulativ insidens av tredje linje og død etter start av andre linje",
                "Cumulative incidence of a third line and of death after the start of the second",
            ),
            "second_line_by_rules": _words(
                "Andel som har fått en andre linje, etter hvor langt opphold og hvor lang "
                "overlapp som tillates",
                "Share who have had a second line, by how long a gap and how long an overlap "
                "are allowed",
            ),
            "treatment_switch_sankey_attrition": _words(
                "Hvem som er med i flytdiagrammet", "Who is included in the flows"
            ),
            "treatment_status": _words(
                "Behandling på statusdatoen", "Treatment on the status date"
            ),
            "treatment_overview": _words(
                "Alle i live: vist i oversikten, utelatt, uten behandling, ukjent",
                "All alive: shown in the overview, left out, without treatment, unknown",
            ),
            "untreated_reason_groups": _words(
                "Grunner for ingen behandling i fem grupper",
                "Reasons for no treatment in five groups",
            ),
            "treatment_status_rrms_known": _words(
                "Behandling ved RRMS med kjent status", "Treatment in RRMS with known status"
            ),
            "untreated_reasons_rrms": _words(
                "Grunner for ingen behandling ved RRMS", "Reasons for no treatment in RRMS"
            ),
            "treatment_status_ppms": _words("Behandling ved PPMS", "Treatment in PPMS"),
            "treatments_ppms": _words(
                "Legemidler ved PPMS med pågående behandling",
                "Drugs in PPMS with an ongoing treatment",
            ),
            "ofatumumab_earlier": _words(
                "Brukere av ofatumumab etter tidligere behandling",
                "Users of ofatumumab by earlier treatment",
            ),
            "treatment_status_attrition": _words(
                "Hvem som er i live på statusdatoen", "Who is alive on the status date"
            ),
            "treatment_lines_attrition": _words(
                "Hvem som er med i behandlingslinjene", "Who is included in the lines"
            ),
            "time_to_second_line_at": _words(
                "Andre linje etter 1, 3, 5 og 10 år", "Second line after 1, 3, 5 and 10 years"
            ),
            "time_to_third_line_at": _words(
                "Tredje linje etter 1, 3, 5 og 10 år", "Third line after 1, 3, 5 and 10 years"
            ),
        },
    ),
    Analysis(
        id="quality_indicators",
        chapter="2.1",
        title=_words("Kvalitetsindikatorer og måloppnåelse", "Quality indicators and their goals"),
        needs=("patients.residence_hf", "patients.diagnosis_date", "patients.death_date"),
        figures={
            "milestones": "2.1.1",
            **{each["id"]: each["figure"] for each in _BY_INDICATOR},
            "onset_to_diagnosis_24m_by_year": "2.1.3",
            "referral_to_diagnosis_days": "2.1.5",
            "diagnosis_to_treatment_days": "2.1.6b",
            "first_treatments": "2.1.8",
            "edss_scale": "2.1.19",
            "edss_measured_by_group": "2.1.20",
            "edss_by_age": "2.1.22",
            "goals": "2.1.24",
            "registrations": "4.1.1",
            "expected_prevalence_map": "4.2.1",
            "coverage_map": "1",
            "indicator_funnels": "",
            "indicators_shrunken": "",
            "indicator_changes": "",
            "indicator_ripening": "",
        },
        captions={
            **_titled(_BY_INDICATOR),
            **_titled(_BY_INDICATOR, "run_charts_"),
            "milestones": _words(
                "Fra debut til behandling: anbefalte tidsfrister, og tiden det tok for dem som "
                "fikk diagnosen i året",
                "From onset to treatment: recommended limits, and the time it took for those "
                "diagnosed in the year",
            ),
            "onset_to_diagnosis_24m_by_year": _words(
                "Diagnose innen 24 måneder etter debut, etter diagnoseår og kjønn, med 95 % "
                "konfidensintervall",
                "Diagnosed within 24 months of onset, by year of diagnosis and sex, with 95 % "
                "confidence interval",
            ),
            "onset_to_referral_days": _words(
                "Dager fra debut til henvisning", "Days from onset to referral"
            ),
            "referral_to_diagnosis_days": _words(
                "Dager fra henvisning til diagnose etter helseforetak",
                "Days from referral to diagnosis by hospital trust",
            ),
            "referral_to_diagnosis_points": _words(
                "Dager fra henvisning til diagnose, hver person, der ingenting er skjult",
                "Days from referral to diagnosis, each person, where nothing is hidden",
            ),
            "diagnosis_to_treatment_days": _words(
                "Dager fra diagnose til behandlingsstart etter helseforetak, attakkpreget forløp",
                "Days from diagnosis to treatment by hospital trust, relapsing-remitting course",
            ),
            "diagnosis_to_treatment_points": _words(
                "Dager fra diagnose til behandlingsstart, hver person, der ingenting er skjult",
                "Days from diagnosis to treatment, each person, where nothing is hidden",
            ),
            "first_treatments": _words(
                "Første behandling av nydiagnostiserte med attakkpreget forløp, etter helseforetak",
                "First treatment of the newly diagnosed with a relapsing-remitting course, by "
                "hospital trust",
            ),
            "edss_scale": _words(
                "Funksjonsskalaen EDSS: hva noen av trinnene betyr",
                "The EDSS of disability: what some of its steps mean",
            ),
            "edss_measured_by_group": _words(
                "EDSS målt i året etter alder (A), behandling (B) og tid siden diagnosen (C)",
                "EDSS measured in the year by age (A), treatment (B) and time since diagnosis (C)",
            ),
            "edss_measured_by_age": _words(
                "EDSS målt i året etter alder", "EDSS measured in the year by age"
            ),
            "edss_measured_by_treatment": _words(
                "EDSS målt i året etter behandling", "EDSS measured in the year by treatment"
            ),
            "edss_measured_by_time_since_diagnosis": _words(
                "EDSS målt i året etter tid siden diagnosen",
                "EDSS measured in the year by time since diagnosis",
            ),
            "edss_by_age": _words(
                "Siste EDSS utenfor attakk, etter alder da den ble målt",
                "Last EDSS outside a relapse, by age when it was measured",
            ),
            "registrations": _words(
                "Inkluderte (A) og oppdaterte (B) pasienter per kvartal, etter dagen de ble "
                "registrert",
                "Patients included (A) and updated (B) by quarter, by the day of registration",
            ),
            "expected_prevalence": _words(
                "Forventet forekomst etter helseforetak (NPR)",
                "Expected prevalence by hospital trust (NPR)",
            ),
            "expected_prevalence_map": _words(
                "Forventet antall med multippel sklerose per 100 000 innbyggere, etter "
                "helseforetak",
                "Persons expected to have multiple sclerosis per 100 000 inhabitants, by hospital "
                "trust",
            ),
            "coverage_map": _words(
                "Dekningsgrad etter helseforetak, skjematisk kart",
                "Coverage by hospital trust, schematic map",
            ),
            "last_edss_attrition": _words(
                "Hvem som er med: siste EDSS", "Who is included: last EDSS"
            ),
            "goals": _words(
                "Måloppnåelse etter helseforetak: 1 mindre god, 2 god, 3 meget god; dekningen av "
                "nydiagnostiserte teller ikke i summen",
                "Goals reached by hospital trust: 1 less good, 2 good, 3 very good; the coverage "
                "of the newly diagnosed does not count in the sum",
            ),
            "indicator_funnels": _words(
                "Helseforetak etter antall og andel, med grenser på 95 og 99,8 % rundt landets "
                "andel, utvidet for overspredning",
                "Hospital trusts by number and share, with limits of 95 and 99.8 % around the "
                "nation's share, widened for over-dispersion",
            ),
            "indicators_shrunken": _words(
                "Andel per helseforetak slik den er, og trukket mot felles snitt i en modell med "
                "tilfeldige effekter, med 95 % intervall",
                "Share of each hospital trust as it is, and drawn towards the common mean in "
                "a random-effects model, with 95 % intervals",
            ),
            "indicator_changes": _words(
                "Endring siden året før, med 95 % konfidensintervall (Newcombe)",
                "Change since the year before, with 95 % confidence interval (Newcombe)",
            ),
            "indicator_ripening": _words(
                "Indikatorene slik de var kjent uke for uke etter årets slutt",
                "The indicators as they were known week by week after the end of the year",
            ),
            "indicators": _words(
                "Indikatorene i rapportåret og året før, med 95 % konfidensintervall",
                "The indicators in the report year and the year before, with 95 % confidence "
                "interval",
            ),
            "indicator_populations": _words(
                "Populasjon, nevner og teller for hver indikator",
                "Population, denominator and numerator of each indicator",
            ),
            "coverage": _words("Dekningsgrad", "Coverage"),
            "coverage_by_year": _words(
                "Dekningsgrad år for år, slik den var kjent ved oppdateringene i juni og desember",
                "Coverage year by year, as known at the updates in June and December",
            ),
            "referral_known": _words(
                "Kjent henvisningsdato, diagnostisert i året",
                "Known date of referral, diagnosed in the year",
            ),
            "first_treatment_by_drug": _words(
                "Første behandling av nydiagnostiserte med attakkpreget forløp, etter legemiddel",
                "First treatment of the newly diagnosed with a relapsing-remitting course, by drug",
            ),
            "treatment_start_rrms": _words(
                "Behandling startet innen datauttrekket, nydiagnostiserte med attakkpreget forløp",
                "Treatment started by the data cutoff, newly diagnosed with a relapsing-remitting "
                "course",
            ),
            "treatment_start_ppms": _words(
                "Behandling startet innen datauttrekket, nydiagnostiserte med primær progressivt "
                "forløp",
                "Treatment started by the data cutoff, newly diagnosed with a primary progressive "
                "course",
            ),
            "attainments": _words(
                "Antall helseforetak etter måloppnåelse", "Hospital trusts by goal reached"
            ),
            "patients_by_trust": _words(
                "Pasienter i live og nydiagnostiserte etter helseforetak (tabell 4.1.1)",
                "Patients alive and newly diagnosed by hospital trust (table 4.1.1)",
            ),
            "indicator_run_charts": _words(
                "Indikatorer etter kvartal, med median", "Indicators by quarter, with the median"
            ),
            "indicator_run_rules": _words(
                "Regler for serier og kryssinger av medianen",
                "Rules of runs and crossings of the median",
            ),
            "indicator_ripening_year_before": _words(
                "Indikatorene året før slik de var kjent uke for uke",
                "The indicators of the year before as they were known week by week",
            ),
            "quality_indicators_attrition": _words("Hvem som er med", "Who is included"),
        },
    ),
    Analysis(
        id="patient_reported_outcomes",
        chapter="2.2",
        title=_words("Pasientrapporterte utfallsmål", "Patient-reported outcomes"),
        needs=(
            "prom.answered_date",
            "prom.rand12_physical",
            "prom.rand12_mental",
            "prom.msis29_physical",
            "prom.msis29_psychological",
            "patients.sex",
            "patients.birth_date",
            "patients.onset_course",
            "patients.diagnosis_date",
            "treatments.substance",
            "treatments.start_date",
        ),
        figures={
            "prom_by_age": "2.2.1",
            "prom_by_course_and_sex": "2.2.2",
            "prom_by_treatment": "2.2.3",
            "prom_by_year": "2.2.4",
            "prom_by_year_every": "2.2.4",
            "msis29_by_trust": "2.2.5",
            "rand12_by_trust": "2.2.6",
            "prom_response_by_trust": "4.2.4",
            "prom_response": "",
            "prom_regression": "",
            "prom_by_edss": "",
        },
        captions={
            "prom_by_age": _words(
                "RAND-12 og MSIS-29 etter aldersgruppe (fire like store grupper av svar); "
                "antall svar i parentes",
                "RAND-12 and MSIS-29 by age group (four groups of answers of equal size); "
                "number of answers in parentheses",
            ),
            "prom_by_course_and_sex": _words(
                "RAND-12 og MSIS-29 etter forløp ved debut (A) og kjønn (B); antall svar i "
                "parentes",
                "RAND-12 and MSIS-29 by course at onset (A) and sex (B); number of answers in "
                "parentheses",
            ),
            "prom_by_course": _words(
                "RAND-12 og MSIS-29 etter forløp ved debut; antall svar i parentes",
                "RAND-12 and MSIS-29 by course at onset; number of answers in parentheses",
            ),
            "prom_by_sex": _words(
                "RAND-12 og MSIS-29 etter kjønn; antall svar i parentes",
                "RAND-12 and MSIS-29 by sex; number of answers in parentheses",
            ),
            "prom_by_treatment": _words(
                "RAND-12 og MSIS-29 etter behandlingsstatus den dagen de svarte; antall svar i "
                "parentes",
                "RAND-12 and MSIS-29 by treatment status on the day of answering; number of "
                "answers in parentheses",
            ),
            "prom_by_year": _words(
                "RAND-12 og MSIS-29 etter år, alle som svarte; antall svar i parentes",
                "RAND-12 and MSIS-29 by year, everyone who answered; number of answers in "
                "parentheses",
            ),
            "prom_by_year_every": _words(
                "RAND-12 og MSIS-29 etter år, de som svarte hvert år; antall svar i parentes",
                "RAND-12 and MSIS-29 by year, those who answered every year; number of answers "
                "in parentheses",
            ),
            "prom_by_edss": _words(
                "RAND-12 og MSIS-29 etter siste EDSS det siste året før svaret; antall svar i "
                "parentes",
                "RAND-12 and MSIS-29 by last EDSS in the year before the answer; number of "
                "answers in parentheses",
            ),
            "msis29_by_trust": _words(
                "MSIS-29 etter bostedsområde og år, justert for alder, kjønn og forløp ved "
                "debut, med 95 % konfidensintervall",
                "MSIS-29 by trust of residence and year, adjusted for age, sex and course at "
                "onset, with 95 % confidence interval",
            ),
            "rand12_by_trust": _words(
                "RAND-12 etter bostedsområde og år, justert for alder, kjønn og forløp ved "
                "debut, med 95 % konfidensintervall",
                "RAND-12 by trust of residence and year, adjusted for age, sex and course at "
                "onset, with 95 % confidence interval",
            ),
            "prom_response_by_trust": _words(
                "Andel som svarte av alle som fikk skjemaet tilsendt, etter bostedsområde, med "
                "95 % konfidensintervall",
                "Share who answered of all to whom the questionnaire was sent, by trust of "
                "residence, with 95 % confidence interval",
            ),
            "prom_response": _words(
                "Andel som svarte, etter kjønn, forløp ved debut, alder og tid siden diagnosen, "
                "med 95 % konfidensintervall",
                "Share who answered by sex, course at onset, age and time since diagnosis, with "
                "95 % confidence interval",
            ),
            "prom_regression": _words(
                "Forskjell i skår etter forløp, behandling, alder og kjønn: hver for seg, "
                "samlet, og samlet over alle år med gjentatte svar, med 95 % konfidensintervall",
                "Difference in score by course, treatment, age and sex: one at a time, all "
                "together, and all together over all years with repeated answers, with 95 % "
                "confidence interval",
            ),
            "prom_by_trust": _words(
                "RAND-12 og MSIS-29 etter bostedsområde og år, ujustert og justert",
                "RAND-12 and MSIS-29 by trust of residence and year, crude and adjusted",
            ),
            "prom_regression_check": _words(
                "Forutsetningene for regresjonen",
                "Assumptions of the regression",
            ),
            "prom_by_treatment_adjusted": _words(
                "Forskjell i skår etter behandlingsstatus, justert for alder og forløp",
                "Difference in score by treatment status, adjusted for age and course",
            ),
            "prom_mixed_regression": _words(
                "Forskjell i skår over alle år, med tilfeldig nivå for hver person",
                "Difference in score over all years, with a random level of each person",
            ),
            "prom_mixed_regression_check": _words(
                "Forutsetningene for modellen med gjentatte svar",
                "Assumptions of the model of repeated answers",
            ),
            "prom_edss_correlation": _words(
                "Rangkorrelasjon mellom skår og EDSS",
                "Rank correlation between scores and EDSS",
            ),
            "prom_reached": _words(
                "Svarte, etter om skjemaet nådde fram",
                "Answered, by whether the questionnaire was received",
            ),
            "patient_reported_outcomes_attrition": _words(
                "Hvem som er med, svar i rapportåret",
                "Who is included, answers of the report year",
            ),
            "patient_reported_outcomes_attrition_every_year": _words(
                "Hvem som er med, svar fra dem som svarte hvert år",
                "Who is included, answers of those who answered every year",
            ),
        },
    ),
    Analysis(
        id="diagnostic_workup",
        chapter="2.3",
        title=_words(
            "Sykdomsbildet og undersøkelser ved diagnosen",
            "The disease and the examinations at diagnosis",
        ),
        needs=(
            "patients.diagnosis_date",
            "patients.onset_course",
            "patients.relapses_before_diagnosis",
            "patients.findings_at_diagnosis",
            "patients.mri_at_diagnosis",
            "patients.csf_examined",
            "patients.oligoclonal_bands",
        ),
        figures={
            "relapses_before_diagnosis": "2.3.1",
            "findings_at_diagnosis": "2.3.1",
            "oligoclonal_bands": "2.3.2",
            "at_most_one_relapse": "",
            "csf_by_year": "",
        },
        captions={
            "relapses_before_diagnosis": _words(
                "Antall attakker før diagnosen ved attakkpreget MS, etter diagnoseår, og for "
                "alle i live",
                "Relapses before the diagnosis in relapsing-remitting disease, by year of "
                "diagnosis, and of all living",
            ),
            "findings_at_diagnosis": _words(
                "Antall kliniske utfall ved diagnosen ved attakkpreget MS, etter diagnoseår, og "
                "for alle i live",
                "Clinical findings at the diagnosis in relapsing-remitting disease, by year of "
                "diagnosis, and of all living",
            ),
            "at_most_one_relapse": _words(
                "Andel med høyst ett attakk før diagnosen, med 95 % konfidensintervall og "
                "logistisk trend",
                "Share with at most one relapse before the diagnosis, with 95 % confidence "
                "interval and logistic trend",
            ),
            "oligoclonal_bands": _words(
                "Andel med påviste oligoklonale bånd i ryggmargsvæsken av dem med kjent svar, "
                "etter diagnoseår, med 95 % konfidensintervall og logistisk trend",
                "Share with oligoclonal bands in the cerebrospinal fluid among those with a "
                "known result, by year of diagnosis, with 95 % confidence interval and logistic "
                "trend",
            ),
            "csf_by_year": _words(
                "Andel med undersøkt ryggmargsvæske etter diagnoseår, med 95 % konfidensintervall",
                "Share with cerebrospinal fluid examined by year of diagnosis, with 95 % "
                "confidence interval",
            ),
            "relapses_before_diagnosis_alive": _words(
                "Antall attakker før diagnosen, alle i live med attakkpreget MS",
                "Relapses before the diagnosis, all living with relapsing-remitting disease",
            ),
            "findings_at_diagnosis_alive": _words(
                "Antall kliniske utfall ved diagnosen, alle i live med attakkpreget MS",
                "Clinical findings at the diagnosis, all living with relapsing-remitting disease",
            ),
            "at_most_one_relapse_alive": _words(
                "Høyst ett attakk før diagnosen, alle i live med attakkpreget MS",
                "At most one relapse before the diagnosis, all living with relapsing-remitting "
                "disease",
            ),
            "at_most_one_relapse_trend": _words(
                "Trend i andelen med høyst ett attakk før diagnosen",
                "Trend of the share with at most one relapse before the diagnosis",
            ),
            "at_most_one_finding": _words(
                "Høyst ett klinisk utfall ved diagnosen, etter diagnoseår",
                "At most one clinical finding at the diagnosis, by year of diagnosis",
            ),
            "at_most_one_finding_alive": _words(
                "Høyst ett klinisk utfall ved diagnosen, alle i live med attakkpreget MS",
                "At most one clinical finding at the diagnosis, all living with relapsing- "
                "remitting disease",
            ),
            "at_most_one_finding_trend": _words(
                "Trend i andelen med høyst ett klinisk utfall",
                "Trend of the share with at most one clinical finding",
            ),
            "oligoclonal_bands_trend": _words(
                "Trend i andelen med oligoklonale bånd",
                "Trend of the share with oligoclonal bands",
            ),
            "oligoclonal_bands_new": _words(
                "Oligoklonale bånd, diagnostisert i året",
                "Oligoclonal bands, diagnosed in the year",
            ),
            "oligoclonal_bands_alive": _words(
                "Oligoklonale bånd, alle i live",
                "Oligoclonal bands, all living",
            ),
            "csf_recent": _words(
                "Undersøkt ryggmargsvæske, diagnostisert de siste årene",
                "Cerebrospinal fluid examined, diagnosed in recent years",
            ),
            "mri_recent": _words(
                "MR ved diagnosen, diagnostisert de siste årene",
                "MRI at the diagnosis, diagnosed in recent years",
            ),
            "diagnostic_workup_attrition": _words(
                "Hvem som er med, attakkpreget MS",
                "Who is included, relapsing-remitting disease",
            ),
            "diagnostic_workup_attrition_bands": _words(
                "Hvem som er med, kjente oligoklonale bånd",
                "Who is included, known oligoclonal bands",
            ),
        },
    ),
    Analysis(
        id="extract_changes",
        chapter="4.3",
        title=_words(
            "To uttrekk side om side: hva som er endret, og hva som flyttet tallene",
            "Two extracts side by side: what changed, and what moved the numbers",
        ),
        needs=("patients.diagnosis_date", "patients.death_date"),
        figures=dict.fromkeys(
            ("extract_changed_variables", "extract_then_and_now", "extract_moves"), ""
        ),
        captions={
            "extract_persons": _words("Personer i de to uttrekkene", "Persons of the two extracts"),
            "extract_changed_variables": _words(
                "Antall personer en opplysning ble fylt ut, endret eller borte for mellom "
                "uttrekkene",
                "Persons of whom a variable was filled in, changed or gone between the extracts",
            ),
            "extract_then_and_now": _words(
                "Indikatorene i de to uttrekkene, for samme år og statusdato",
                "The indicators in the two extracts, of one year and status date",
            ),
            "extract_moves": _words(
                "Hvem som kom til og falt fra i hvert tall, etter grunn",
                "Who came into each number and left it, by why",
            ),
        },
    ),
    Analysis(
        id="data_quality",
        chapter="4",
        title=_words(
            "Datakvalitet: kompletthet, aktualitet og korrekthet",
            "Data quality: completeness, timeliness and correctness",
        ),
        needs=("patients.diagnosis_date", "patients.death_date"),
        figures={
            "record_agreement": "4.3.1",
            "completeness": "",
            "completeness_by_year": "",
            "registration_delays": "",
            "registration_delays_by_trust": "",
            "quality_rules": "",
            "several_trusts": "",
            "rater_reliability": "",
        },
        captions={
            "record_agreement": _words(
                "Samsvar med journalen for utvalgte variabler, med og uten manglende verdier, med "
                "95 % konfidensintervall",
                "Agreement with the patient record of selected variables, with and without missing "
                "values, with 95 % confidence interval",
            ),
            "completeness": _words(
                "Kompletthet per variabel og helseforetak, alle i live; for besøk, undersøkelser "
                "og behandling de med en slik hendelse i året",
                "Completeness by variable and hospital trust, all living; for visits, examinations "
                "and treatments those with such an event in the year",
            ),
            "completeness_by_year": _words(
                "Kompletthet per variabel, etter året hendelsen fant sted eller personen ble "
                "registrert",
                "Completeness by variable and the year in which the event took place or the person "
                "was registered",
            ),
            "registration_delays": _words(
                "Dager fra hendelsen til den ble registrert, personens siste av hvert slag i året",
                "Days from the event until it was registered, the person's last of each kind in "
                "the year",
            ),
            "registration_delays_by_trust": _words(
                "Dager fra besøk til registrering etter helseforetak, personens siste besøk i året",
                "Days from visit to registration by hospital trust, the person's last visit of the "
                "year",
            ),
            "quality_rules": _words(
                "Regler for troverdighet og indre samsvar: hvem som bryter dem",
                "Rules of plausibility and consistency: who breaks them",
            ),
            "several_trusts": _words(
                "Registrert av ett eller flere helseforetak, etter bosted; i parentes antall og "
                "andelen flere",
                "Registered by one or several hospital trusts, by residence; in parentheses the "
                "number and the share of several",
            ),
            "several_trusts_by_trust": _words(
                "Registrert av ett eller flere helseforetak, etter bosted",
                "Registered by one or several hospital trusts, by residence",
            ),
            "rater_reliability": _words(
                "Samsvar mellom bedømmere av de samme kasuistikkene, med 95 % konfidensintervall",
                "Agreement of raters of the same case histories, with 95 % confidence interval",
            ),
            "data_quality_attrition": _words("Hvem som er med, i live", "Who is included, living"),
            "data_quality_attrition_registered": _words(
                "Hvem som er med, alle registrerte", "Who is included, all registered"
            ),
        },
    ),
    Analysis(
        id="local_report",
        chapter="6",
        title=_words("Lokal rapport til et helseforetak", "Local report to a hospital trust"),
        needs=("patients.residence_hf", "patients.diagnosis_date", "patients.death_date"),
        captions={
            "local_coverage": _words(
                "Registrerte av de ventede, med antall: helseforetaket, regionen og landet",
                "Registered of the expected, with numbers: the trust, its region and the nation",
            ),
            "local_indicators": _words(
                "Kvalitetsindikatorene over fem år, med 95 % konfidensintervall for foretaket; "
                "bakgrunnen er målene mindre god, god og meget god",
                "The quality indicators over five years, with 95 % confidence interval for the "
                "trust; behind them the goals less good, good and very good",
            ),
            "local_patients": _words(
                "Pasienter i live ved årets slutt, og nydiagnostiserte i året",
                "Patients alive at the end of the year, and newly diagnosed in it",
            ),
            "local_ages": _words(
                "Alder ved årets slutt, etter kjønn",
                "Age at the end of the year, by sex",
            ),
            "local_registrations": _words(
                "Hva som ble registrert når, og hvor lenge etter",
                "What was registered when, and how long after",
            ),
            "local_missing": _words(
                "Hva som mangler, etter slag",
                "What is missing, by kind",
            ),
            "local_sex": _words(
                "Kjønn",
                "Sex",
            ),
            "local_courses": _words(
                "Forløp ved debut",
                "Course at onset",
            ),
            "local_inclusions": _words(
                "Pasienter registrert første gang, etter kvartal",
                "Patients registered for the first time, by quarter",
            ),
            "local_visits": _words(
                "Besøk registrert, etter kvartal",
                "Visits registered, by quarter",
            ),
            "local_inclusion_delays": _words(
                "Dager fra diagnose til første registrering, etter diagnoseår",
                "Days from diagnosis to first registration, by year of diagnosis",
            ),
            "local_visit_delays": _words(
                "Dager fra besøk til registrering, etter besøksår",
                "Days from visit to registration, by year of visit",
            ),
        },
    ),
)
