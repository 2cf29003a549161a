from dataclasses import replace
from datetime import date, timedelta

import narwhals as nw
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deliveries import DATA_CUTOFF, STATUS_DATE, small_registry
from msanalysis import schema
from msanalysis.core import Provenance
from msanalysis.extract import Extract, ExtractRefused, open_extract, polars_schema
from persons import make_extract

DAY = date(2024, 5, 1)
LATER, EARLIER = "2024-06-01", "2024-04-01"


def rows(extract: Extract, table: str) -> list[dict]:
    return extract.table(table).collect().to_native().to_dicts()


def known(table: str, *columns: str, **tables: list[dict]) -> list[tuple]:
    """Return the columns of a table as known on the day."""
    patients = {"patients": [{"patient_id": "a"}]}
    extract = make_extract(**(patients | tables)).as_known_on(DAY)
    return [tuple(row[column] for column in columns) for row in rows(extract, table)]


def treatment(**cells) -> list[dict]:
    return [{"patient_id": "a", "substance": "rituximab", "start_date": "2020-01-01"} | cells]


def test_table_has_all_schema_columns_those_not_delivered_as_typed_nulls():
    table = make_extract(patients=[{"patient_id": "a", "sex": "male"}]).table("patients")
    collected = table.collect().to_native()
    assert dict(collected.schema) == polars_schema("patients")
    assert collected["sex"].to_list() == ["male"]
    assert collected["death_date"].to_list() == [None]


def test_table_not_delivered_is_empty_with_the_schema():
    collected = make_extract(patients=[{"patient_id": "a"}]).table("edss").collect().to_native()
    assert dict(collected.schema) == polars_schema("edss")
    assert len(collected) == 0


def test_tables_are_lazy():
    table = make_extract(patients=[{"patient_id": "a"}]).table("patients")
    assert isinstance(table, nw.LazyFrame)


def test_unknown_table_or_column_is_named():
    extract = make_extract(patients=[{"patient_id": "a"}])
    with pytest.raises(KeyError, match="no table patient: the schema has patients, treatments"):
        extract.table("patient")
    with pytest.raises(KeyError, match="table patients has no column gender"):
        extract.delivered("patients.gender")


def test_missing_names_what_was_not_delivered_in_order():
    extract = make_extract(patients=[{"patient_id": "a", "sex": None}])
    needs = ["prom", "patients.sex", "patients", "patients.onset_date", "edss.score"]
    assert extract.missing(needs) == ("prom", "patients.onset_date", "edss.score")


def test_repr_shows_no_numbers_of_persons():
    extract = make_extract(patients=[{"patient_id": "secret"}])
    assert "secret" not in repr(extract)


def test_row_registered_later_is_not_known():
    found = known("treatments", "patient_id", treatments=treatment(registered_date=LATER))
    assert found == []


def test_row_without_registration_day_counts_as_registered_the_day_it_happened():
    visits = [{"patient_id": "a", "visit_date": day} for day in (EARLIER, LATER)]
    assert known("visits", "visit_date", visits=visits) == [(date(2024, 4, 1),)]
    prom = [{"patient_id": "a", "answered_date": day} for day in (EARLIER, LATER)]
    assert known("prom", "answered_date", prom=prom) == [(date(2024, 4, 1),)]


def test_stop_registered_later_is_empty_with_reason_and_last_dose():
    stop = {
        "stop_date": "2023-01-01",
        "last_dose_date": "2022-12-01",
        "stop_reason": "pregnancy",
        "registered_date": "2020-01-01",
        "stop_registered_date": LATER,
    }
    columns = ("stop_date", "last_dose_date", "stop_reason", "stop_registered_date")
    assert known("treatments", *columns, treatments=treatment(**stop)) == [(None,) * 4]
    in_time = treatment(**stop | {"stop_registered_date": EARLIER})
    assert None not in known("treatments", *columns, treatments=in_time)[0]


def test_stop_of_unknown_registration_is_known_from_its_own_day():
    for day, expected in ((EARLIER, (date(2024, 4, 1), "other")), (LATER, (None, None))):
        stopped = treatment(stop_date=day, stop_reason="other")
        assert known("treatments", "stop_date", "stop_reason", treatments=stopped) == [expected]


def test_last_dose_of_a_running_treatment_is_known_on_its_day():
    dosed = [*treatment(last_dose_date=EARLIER), *treatment(last_dose_date=LATER)]
    assert known("treatments", "last_dose_date", treatments=dosed) == [(date(2024, 4, 1),), (None,)]


def test_untreated_period_keeps_its_reason_when_its_stop_is_not_known():
    period = {"patient_id": "a", "start_date": "2020-01-01", "reason": "pregnancy"}
    periods = [period | {"stop_date": "2023-01-01", "stop_registered_date": LATER}]
    found = known("untreated_periods", "stop_date", "reason", untreated_periods=periods)
    assert found == [(None, "pregnancy")]


def test_death_and_emigration_are_known_on_their_day():
    patients = [{"patient_id": "a", "death_date": EARLIER, "emigration_date": LATER}]
    found = known("patients", "death_date", "emigration_date", patients=patients)
    assert found == [(date(2024, 4, 1), None)]


def test_person_who_consented_later_is_absent_with_all_rows():
    patients = [{"patient_id": "a", "consent_date": LATER}]
    samples = [{"patient_id": "a", "sample": "dna"}]
    assert known("patients", "patient_id", patients=patients) == []
    assert known("biobank", "patient_id", patients=patients, biobank=samples) == []


def test_person_included_later_has_consented_without_data():
    patients = [
        {
            "patient_id": "a",
            "sex": "male",
            "consent_date": EARLIER,
            "included_date": LATER,
            "onset_date": "2010-01-01",
            "onset_course": "rrms",
        }
    ]
    found = known(
        "patients", "sex", "included_date", "onset_date", "onset_course", patients=patients
    )
    assert found == [("male", None, None, None)]


def test_onset_known_by_year_only_stays_though_its_1_july_is_later():
    patients = [{"patient_id": "a", "onset_date": "2024-07-01", "onset_precision": "year"}]
    assert known("patients", "onset_date", patients=patients) == [(date(2024, 7, 1),)]


def test_tables_about_no_person_stay_whole():
    population = [{"hf": "ous", "year": 2025, "inhabitants": 1}]
    assert known("population", "year", population=population) == [(2025,)]


def test_partial_extract_has_an_earlier_self():
    treatments = treatment() + treatment(start_date=LATER)
    assert known("treatments", "start_date", treatments=treatments) == [(date(2020, 1, 1),)]


@pytest.mark.parametrize(
    ("day", "status_date"),
    [
        (date(2025, 5, 1), STATUS_DATE),
        (date(2024, 12, 31), STATUS_DATE),
        (date(2024, 5, 1), date(2023, 12, 31)),
    ],
)
def test_day_becomes_the_cutoff_and_the_status_date_does_not_lie_after_it(day, status_date):
    provenance = Provenance("project", "0", STATUS_DATE, date(2025, 6, 1))
    extract = make_extract(provenance, patients=[{"patient_id": "a"}]).as_known_on(day)
    assert extract.provenance == replace(provenance, status_date=status_date, data_cutoff=day)


@pytest.fixture(scope="module")
def registry_extract() -> Extract:
    frames = {name: nw.from_native(frame.lazy()) for name, frame in small_registry().tables.items()}
    return Extract(Provenance("project", "0", STATUS_DATE, DATA_CUTOFF), {}, frames)


def test_as_known_on_a_later_day_changes_nothing(registry_extract):
    later = registry_extract.as_known_on(date(2100, 1, 1))
    for name in schema.TABLES:
        assert rows(later, name) == rows(registry_extract, name)


@settings(max_examples=10)
@given(st.dates(date(2010, 1, 1), DATA_CUTOFF), st.integers(0, 2000))
def test_what_was_known_earlier_is_known_later(registry_extract, day, days):
    early, late = (registry_extract.as_known_on(d) for d in (day, day + timedelta(days=days)))
    for name in ("patients", "treatments", "visits"):
        keys = [
            "patient_id",
            *(c for c in polars_schema(name) if c in ("start_date", "visit_date")),
        ]
        before, after = (e.table(name).collect().to_native() for e in (early, late))
        assert before.join(after, on=keys, how="anti").is_empty()


@settings(max_examples=10)
@given(st.dates(date(2010, 1, 1), DATA_CUTOFF))
def test_no_row_happened_or_was_registered_after_the_day(registry_extract, day):
    extract = registry_extract.as_known_on(day)
    for name in ("treatments", "untreated_periods", "edss", "mri"):
        latest = extract.table(name).collect().to_native().select(pl.col(pl.Date).max()).row(0)
        assert all(found is None or found <= day for found in latest)


def test_folder_that_is_no_store_is_refused(tmp_path):
    with pytest.raises(ExtractRefused, match=r"is no store: it holds no extract\.yaml"):
        open_extract(tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", "status_date: 2024-12-31\n", ""])
def test_broken_store_file_is_refused(tmp_path, text):
    (tmp_path / "extract.yaml").write_text(text)
    with pytest.raises(ExtractRefused, match=r"extract\.yaml"):
        open_extract(tmp_path)


def store(folder, **columns) -> None:
    (folder / "extract.yaml").write_text(
        "{source: project, fingerprint: '0', status_date: 2024-12-31, data_cutoff: 2025-05-01}"
    )
    pl.DataFrame(columns).write_parquet(folder / "patients.parquet")


def test_stored_column_of_another_type_is_refused_by_name(tmp_path):
    store(tmp_path, patient_id=["secret-1"], birth_date=["secret-2"])
    with pytest.raises(ExtractRefused, match=r"patients\.parquet, column birth_date") as refused:
        open_extract(tmp_path)
    assert "secret" not in str(refused.value)


def test_unreadable_table_is_refused(tmp_path):
    store(tmp_path, patient_id=["a"])
    (tmp_path / "patients.parquet").write_bytes(b"garbage")
    with pytest.raises(ExtractRefused, match="not a readable Parquet file"):
        open_extract(tmp_path)


def test_store_without_patients_is_refused(tmp_path):
    store(tmp_path, patient_id=["a"])
    (tmp_path / "patients.parquet").unlink()
    with pytest.raises(ExtractRefused, match=r"no patients\.parquet"):
        open_extract(tmp_path)


def test_store_gives_provenance_and_truth(tmp_path):
    store(tmp_path, patient_id=["a"])
    extract = open_extract(tmp_path)
    assert extract.provenance == Provenance("project", "0", STATUS_DATE, DATA_CUTOFF)
    assert extract.truth == {}
