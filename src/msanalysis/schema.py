"""The data dictionary: every table and column an extract can hold, declared once.

The import checks, the invented registry and `docs/data_dictionary.md` are made from `TABLES`.
Rules for every table: `patient_id` is a pseudonym and is never shown; where only the month or
year of a date is known, the 15th or 1 July stands and the precision column says so; a missing
value is missing, never a code; `registered_date` is the day the row was entered in the registry,
not the day it happened.
"""

from dataclasses import dataclass
from typing import Literal

from msanalysis import codes

Kind = Literal["text", "code", "date", "integer", "number", "boolean"]
REGISTRY = "Norwegian MS Registry and Biobank"
STATISTICS = "Statistics Norway"


@dataclass(frozen=True)
class Column:
    """One column: its type, what it means, and which values are possible.

    `low` and `high` are inclusive bounds of a number; `steps` its only values; `required`
    columns make a delivery unreadable when they are absent, all others may be missing.
    """

    name: str
    kind: Kind
    meaning: str
    required: bool = False
    codes: tuple[str, ...] = ()
    unit: str = ""
    low: float | None = None
    high: float | None = None
    steps: tuple[float, ...] = ()
    source: str = REGISTRY


@dataclass(frozen=True)
class Table:
    """One table: what a row is, and its columns."""

    name: str
    row: str
    columns: tuple[Column, ...]

    @property
    def about_persons(self) -> bool:
        """Whether rows belong to patients, so that they can be orphaned."""
        return any(column.name == "patient_id" for column in self.columns)

    def column(self, name: str) -> Column:
        """Return the column called `name`; KeyError when the table has none such."""
        return {column.name: column for column in self.columns}[name]


PATIENT = Column("patient_id", "text", "pseudonym of the person; never shown", required=True)
REGISTERED = Column("registered_date", "date", "day the row was entered in the registry")
STOP_REGISTERED = Column("stop_registered_date", "date", "day the stop was entered in the registry")

SEXES = ("female", "male")
COURSES = ("rrms", "ppms", "unknown")
STOP_REASONS = (
    "adverse_event",
    "lack_of_effect",
    "jcv_positive",
    "pregnancy",
    "patient_choice",
    "stable_disease",
    "progression",
    "death",
    "other",
    "unknown",
)
UNTREATED_REASONS = (
    "ppms",
    "spms",
    "rrms_without_indication",
    "long_stable_disease",
    "patient_choice",
    "pregnancy",
    "awaiting_treatment",
    "adverse_event",
    "comorbidity",
    "age",
    "other",
)
EDSS_SCORES = (0.0, *(half / 2 for half in range(2, 21)))


def _hf(meaning: str, required: bool = False) -> Column:
    return Column("hf", "code", meaning, required, codes=codes.trusts())


def _day(name: str, meaning: str, required: bool = False) -> Column:
    return Column(name, "date", meaning, required)


def _flag(name: str, meaning: str) -> Column:
    return Column(name, "boolean", meaning)


def _count(name: str, meaning: str, required: bool = False) -> Column:
    return Column(name, "integer", meaning, required, unit="number", low=0)


def _score(name: str, meaning: str, high: float = 100) -> Column:
    return Column(name, "number", meaning, unit="score", low=0, high=high, source="patient")


_TABLES = (
    Table(
        "patients",
        "one person",
        (
            PATIENT,
            Column("sex", "code", "sex as in the population register", codes=SEXES),
            _day("birth_date", "date of birth"),
            Column(
                "residence_hf",
                "code",
                "hospital trust of residence as of the data cutoff; the registry keeps no history",
                codes=codes.trusts(),
            ),
            Column(
                "diagnosis_code",
                "code",
                "diagnosis: multiple sclerosis, or (planned) NMOSD and MOGAD",
                codes=("G35", "NMOSD", "MOGAD"),
            ),
            _day("consent_date", "day of written consent"),
            _day(
                "included_date", "day the first data were entered; missing: consented, no data yet"
            ),
            _day("onset_date", "first symptom of the disease"),
            Column(
                "onset_precision",
                "code",
                "how exactly the onset is known",
                codes=("day", "month", "year"),
            ),
            Column("onset_course", "code", "course at onset", codes=COURSES),
            _day("spms_date", "transition to secondary progressive disease"),
            Column(
                "onset_symptoms",
                "code",
                "leading symptom at onset",
                codes=("optic", "sensory", "motor", "brainstem", "cerebellar", "other"),
            ),
            _day("referral_date", "referral to the neurological department"),
            _flag("referral_known", "false: declared unknown; missing: not entered"),
            _day("diagnosis_date", "day of diagnosis"),
            _count("relapses_before_diagnosis", "relapses before the diagnosis"),
            _count("findings_at_diagnosis", "clinical findings at diagnosis"),
            _flag("mri_at_diagnosis", "MRI was part of the diagnostic work-up"),
            _flag("csf_examined", "cerebrospinal fluid was examined"),
            Column(
                "oligoclonal_bands",
                "code",
                "oligoclonal bands in the cerebrospinal fluid",
                codes=("present", "absent", "unknown"),
            ),
            _flag("prom_consent", "agreed to receive the yearly questionnaire"),
            _day("death_date", "death, from the population register"),
            _day("emigration_date", "emigration, from the population register"),
        ),
    ),
    Table(
        "treatments",
        "one episode of one substance",
        (
            PATIENT,
            Column(
                "substance",
                "code",
                "active substance; brands and old and new ATC codes map to it",
                required=True,
                codes=codes.substances(),
            ),
            Column("brand", "text", "brand name as delivered"),
            _day("start_date", "first dose", required=True),
            _day("stop_date", "end of the treatment; missing: ongoing"),
            _day("last_dose_date", "last dose given"),
            Column("stop_reason", "code", "main reason for the stop", codes=STOP_REASONS),
            _flag("in_trial", "given within a clinical trial"),
            _flag("abroad", "given abroad"),
            REGISTERED,
            STOP_REGISTERED,
        ),
    ),
    Table(
        "untreated_periods",
        "one period without disease-modifying treatment",
        (
            PATIENT,
            _day("start_date", "first day without treatment", required=True),
            _day("stop_date", "end of the period; missing: ongoing"),
            Column("reason", "code", "why no treatment is given", codes=UNTREATED_REASONS),
            REGISTERED,
            STOP_REGISTERED,
        ),
    ),
    Table(
        "visits",
        "one visit",
        (
            PATIENT,
            _day("visit_date", "day of the visit", required=True),
            Column(
                "mode", "code", "how the visit was held", codes=("in_person", "telephone", "video")
            ),
            _hf("hospital trust of the visit"),
            _flag("treatment_updated", "treatment status was confirmed or changed at the visit"),
            _day("relapses_updated_to", "relapses are known up to this day"),
            REGISTERED,
        ),
    ),
    Table(
        "edss",
        "one measurement of the Expanded Disability Status Scale",
        (
            PATIENT,
            _day("measured_date", "day of the measurement", required=True),
            Column(
                "score",
                "number",
                "EDSS: 0, 1.0, 1.5 ... 10.0; there is no 0.5",
                required=True,
                unit="EDSS",
                low=0,
                high=10,
                steps=EDSS_SCORES,
            ),
            _flag("during_relapse", "measured during a relapse"),
            REGISTERED,
        ),
    ),
    Table(
        "relapses",
        "one relapse",
        (
            PATIENT,
            _day("relapse_date", "first day of the relapse", required=True),
            _flag("corticosteroid", "treated with corticosteroid"),
            _flag("hospitalised", "admitted to hospital"),
            REGISTERED,
        ),
    ),
    Table(
        "mri",
        "one MRI examination",
        (
            PATIENT,
            _day("mri_date", "day of the examination", required=True),
            Column("region", "code", "what was examined", codes=("brain", "spine", "both")),
            _count("new_t2_lesions", "new T2 lesions since the last examination"),
            _count("enlarging_t2_lesions", "enlarging T2 lesions since the last examination"),
            _count("gd_lesions", "contrast-enhancing lesions"),
            REGISTERED,
        ),
    ),
    Table(
        "jcv_tests",
        "one JC virus antibody test",
        (
            PATIENT,
            _day("sample_date", "day of the sample", required=True),
            Column("result", "code", "result of the test", codes=("positive", "negative")),
            Column("index_value", "number", "antibody index", unit="index", low=0),
            Column("assay", "code", "laboratory method", codes=("stratify", "immunowell", "other")),
            REGISTERED,
        ),
    ),
    Table(
        "antibody_tests",
        "one other virus or drug antibody test",
        (
            PATIENT,
            _day("sample_date", "day of the sample", required=True),
            Column(
                "target",
                "code",
                "what the antibody is directed against",
                codes=(
                    "vzv",
                    "hbv",
                    "hcv",
                    "hiv",
                    "interferon",
                    "natalizumab",
                    "rituximab",
                    "other",
                ),
            ),
            Column("result", "code", "result of the test", codes=("positive", "negative")),
            REGISTERED,
        ),
    ),
    Table(
        "biobank",
        "one biobank sample",
        (
            PATIENT,
            Column("sample", "code", "kind of sample", codes=("dna", "serum")),
            Column(
                "relation", "code", "whose sample it is", codes=("patient", "parent", "sibling")
            ),
        ),
    ),
    Table(
        "adverse_events",
        "one adverse event",
        (
            PATIENT,
            _day("event_date", "day of the event", required=True),
            Column("substance", "code", "suspected substance", codes=codes.substances()),
            Column(
                "category",
                "code",
                "kind of event",
                codes=(
                    "infection",
                    "infusion_reaction",
                    "malignancy",
                    "cardiac",
                    "hepatic",
                    "blood",
                    "pml",
                    "other",
                ),
            ),
            _flag("serious", "serious by the regulatory definition"),
            REGISTERED,
        ),
    ),
    Table(
        "prom",
        "one answered questionnaire",
        (
            PATIENT,
            _day("answered_date", "day of answering", required=True),
            _score("rand12_physical", "RAND-12 physical; norm 50, SD 10, high is good"),
            _score("rand12_mental", "RAND-12 mental; norm 50, SD 10, high is good"),
            _score("msis29_physical", "MSIS-29 physical; low is good"),
            _score("msis29_psychological", "MSIS-29 psychological; low is good"),
        ),
    ),
    Table(
        "registrations",
        "one person in one hospital trust's registry",
        (PATIENT, _hf("hospital trust that registered the person", required=True)),
    ),
    Table(
        "prom_mailings",
        "one questionnaire sent",
        (
            PATIENT,
            _day("mailed_date", "day of sending", required=True),
            Column("channel", "code", "how it was sent", codes=("helsenorge", "digipost")),
        ),
    ),
    Table(
        "population",
        "one hospital trust area in one year, where delivered by sex and age",
        (
            _hf("hospital trust", required=True),
            Column("year", "integer", "1 January of this year", required=True, unit="year"),
            Column("sex", "code", "sex of the inhabitants", codes=SEXES, source=STATISTICS),
            Column(
                "age_from",
                "integer",
                "first age of a band of the European standard population: 0, 5, ... 95; the last "
                "is open",
                unit="age band",
                low=0,
                high=95,
                steps=tuple(codes.standard_population()),
                source=STATISTICS,
            ),
            Column(
                "inhabitants",
                "integer",
                "inhabitants",
                True,
                unit="persons",
                low=0,
                source=STATISTICS,
            ),
        ),
    ),
    Table(
        "expected_patients",
        "one hospital trust in one year",
        (
            _hf("hospital trust", required=True),
            Column("year", "integer", "report year", required=True, unit="year"),
            Column(
                "expected",
                "number",
                "expected number of persons with MS, adjusted",
                required=True,
                unit="persons",
                low=0,
                source="Norwegian Patient Registry (NPR)",
            ),
        ),
    ),
    Table(
        "record_validation",
        "one variable compared with the patient record",
        (
            Column("variable", "text", "variable compared", required=True),
            _hf("hospital trust of the records"),
            _count("n_compared", "persons whose record was read", required=True),
            _count("n_agreeing", "persons whose registration agreed", required=True),
            _count("n_missing", "persons for whom the registry held no value"),
        ),
    ),
    Table(
        "earlier_results",
        "one published indicator result",
        (
            Column("release", "text", "which release, as june-2024", required=True),
            Column("year", "integer", "report year", required=True, unit="year"),
            Column("indicator", "text", "id of the indicator", required=True),
            Column("unit", "text", "trust, region or nation", required=True),
            _count("numerator", "persons in the numerator", required=True),
            _count("denominator", "persons in the denominator", required=True),
        ),
    ),
    Table(
        "rater_reliability",
        "one rating of one case history",
        (
            Column("variable", "text", "variable rated", required=True),
            Column(
                "kind", "code", "scale of the variable", codes=("nominal", "ordinal", "continuous")
            ),
            Column("case_id", "text", "case history", required=True),
            Column("rater", "text", "rater", required=True),
            Column("value", "text", "the rating", required=True),
        ),
    ),
)

TABLES: dict[str, Table] = {table.name: table for table in _TABLES}
