from pathlib import Path

import polars as pl
import pytest

from deliveries import small_registry
from msanalysis import codes, schema
from msanalysis.extract import open_extract
from msanalysis.importing import ImportReport, import_extract
from msanalysis.importing.mapping import load_mapping
from msanalysis.synthetic import synthesise
from msanalysis.synthetic.delivery import write_delivery

FORMS = ("parquet", "csv", "csv-norwegian", "sav", "dta")
NORWEGIAN = Path(__file__).parents[1] / "params" / "mappings" / "norwegian.yaml"


@pytest.fixture(scope="module")
def registry():
    return small_registry()


def imported(folder: Path, form: str) -> ImportReport:
    mapping = NORWEGIAN if form == "csv-norwegian" else None
    return import_extract(folder, folder.parent / "store", mapping=mapping)


def stored(folder: Path, table: str) -> pl.DataFrame:
    return open_extract(folder.parent / "store").table(table).collect().to_native()


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_imported_as_the_registry_it_was_written_from(tmp_path, registry, form):
    write_delivery(registry, tmp_path / "delivery", form)
    report = imported(tmp_path / "delivery", form)
    assert report.set_aside == ()
    for name, frame in registry.tables.items():
        assert stored(tmp_path / "delivery", name).equals(frame.sort(frame.columns)), name


def test_every_form_has_the_same_fingerprint(tmp_path, registry):
    fingerprints = set()
    for form in FORMS:
        write_delivery(registry, tmp_path / "delivery", form)
        fingerprints.add(imported(tmp_path / "delivery", form).fingerprint)
    assert len(fingerprints) == 1


@pytest.mark.parametrize("form", FORMS)
def test_equal_registries_give_equal_bytes(tmp_path, form):
    contents = []
    for name in ("a", "b"):
        write_delivery(small_registry(20), tmp_path / name, form, messy=True)
        contents.append({p.name: p.read_bytes() for p in (tmp_path / name).iterdir()})
    assert contents[0] == contents[1]


def test_no_file_tells_when_it_was_written(tmp_path):
    write_delivery(small_registry(20), tmp_path / "sav", "sav")
    write_delivery(small_registry(20), tmp_path / "dta", "dta")
    assert (tmp_path / "sav" / "edss.sav").read_bytes()[92:109] == b"01 Jan 0000:00:00"
    assert b"<timestamp>\x1101 Jan 2000 00:00</timestamp>" in (
        (tmp_path / "dta" / "edss.dta").read_bytes()
    )


def test_person_of_two_trusts_is_delivered_twice_and_merged(tmp_path, registry):
    write_delivery(registry, tmp_path / "delivery", "csv")
    delivered = pl.read_csv(tmp_path / "delivery" / "patients.csv", infer_schema=False)
    n_registrations = len(registry.tables["registrations"])
    assert len(delivered) == n_registrations > len(registry.tables["patients"])
    report = imported(tmp_path / "delivery", "csv")
    assert report.persons_merged == n_registrations - len(registry.tables["patients"])
    assert report.contradictions == {}


def test_delivery_states_dates_source_and_truth(tmp_path, registry):
    write_delivery(registry, tmp_path / "delivery", "parquet")
    imported(tmp_path / "delivery", "parquet")
    extract = open_extract(tmp_path / "store")
    assert extract.provenance.source == "synthetic"
    assert extract.provenance.status_date == registry.status_date
    assert extract.provenance.data_cutoff == registry.data_cutoff
    assert extract.truth == registry.truth


def test_norwegian_delivery_has_norwegian_names_numbers_dates_and_codes(tmp_path, registry):
    write_delivery(registry, tmp_path / "delivery", "csv-norwegian")
    content = (tmp_path / "delivery" / "pasienter.csv").read_bytes()
    header = content.decode("utf-8-sig").splitlines()[0].split(";")
    assert {"debaar", "debmnd", "typems", "diagdato", "henvisdato", "kjonn", "bosted_hf"} <= set(
        header
    )
    patients = pl.read_csv(
        tmp_path / "delivery" / "pasienter.csv", separator=";", infer_schema=False
    )
    assert set(patients["kjonn"].drop_nulls()) == {"Kvinne", "Mann"}
    assert patients["diagdato"].drop_nulls().str.contains(r"^\d\d\.\d\d\.\d{4}$").all()
    edss = pl.read_csv(tmp_path / "delivery" / "edss.csv", separator=";", infer_schema=False)
    assert edss["edss"].str.contains(r"^\d+,\d$").all()


def test_norwegian_mapping_has_a_place_for_every_column():
    mapping = load_mapping(NORWEGIAN)
    for table in schema.TABLES.values():
        columns = {column.name for column in table.columns} - {"onset_precision"}
        assert columns <= set(mapping.tables[table.name].columns)


def test_norwegian_mapping_has_a_value_for_every_code():
    mapping = load_mapping(NORWEGIAN)
    for table in schema.TABLES.values():
        for name, delivered in mapping.tables[table.name].columns.items():
            column = {c.name: c for c in table.columns}.get(name)
            if column and column.codes and not delivered.spelling:
                assert set(delivered.codes) == set(column.codes), f"{table.name}.{name}"


@pytest.mark.parametrize("form", FORMS)
def test_messy_delivery_is_survived_and_every_finding_counted(tmp_path, registry, form):
    write_delivery(registry, tmp_path / "delivery", form, messy=True)
    report = imported(tmp_path / "delivery", form)
    rules = {(f.table, f.column, f.rule) for f in report.set_aside}
    assert rules == {
        ("patients", "sex", "unknown code"),
        ("patients", "residence_hf", "unknown code"),
        ("patients", "diagnosis_date", "before birth_date"),
        ("patients", "findings_at_diagnosis", "below 0"),
        ("treatments", "substance", "unknown code"),
        ("treatments", "stop_date", "before start_date"),
        ("visits", "visit_date", "after the data cutoff"),
        ("relapses", "patient_id", "no such person"),
        ("edss", "score", "no EDSS step"),
        ("mri", "gd_lesions", "below 0"),
    }
    assert {f.rule for f in report.warnings} == {
        "onset before age 10",
        "start before diagnosis",
        "two high-efficacy treatments overlap",
        "registered more than 2 years after the visit",
    }
    assert set(report.contradictions) == {"relapses_before_diagnosis"}
    by_table = {t.table: t for t in report.tables}
    assert by_table["visits"].rows_orphaned > 0
    assert by_table["treatments"].rows_merged > 0


def test_mess_beside_sound_rows_leaves_these_as_they_are(tmp_path, registry):
    write_delivery(registry, tmp_path / "delivery", "parquet", messy=True)
    imported(tmp_path / "delivery", "parquet")
    for name in ("edss", "mri", "relapses", "registrations", "prom"):
        frame = registry.tables[name]
        assert stored(tmp_path / "delivery", name).equals(frame.sort(frame.columns)), name
    sound = registry.tables["patients"].drop("onset_date").sort("patient_id")
    kept = stored(tmp_path / "delivery", "patients").drop("onset_date").sort("patient_id")
    assert kept.equals(sound)


def test_new_delivery_replaces_an_earlier_one_of_another_form(tmp_path, registry):
    write_delivery(registry, tmp_path / "delivery", "parquet")
    write_delivery(registry, tmp_path / "delivery", "csv")
    assert not list((tmp_path / "delivery").glob("*.parquet"))


def test_delivery_is_not_written_over_other_files(tmp_path, registry):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(FileExistsError, match="holds other files"):
        write_delivery(registry, tmp_path)
    assert (tmp_path / "thesis.txt").exists()


def test_unknown_form_is_named_with_those_there_are(tmp_path, registry):
    with pytest.raises(ValueError, match="form ods: expected parquet, csv, sav, dta"):
        write_delivery(registry, tmp_path / "delivery", "ods")


def test_mapping_is_found_upward_from_the_working_folder(tmp_path, registry, monkeypatch):
    (tmp_path / "params" / "mappings").mkdir(parents=True)
    text = NORWEGIAN.read_text(encoding="utf-8").replace("pasienter.csv", "personer.csv")
    (tmp_path / "params" / "mappings" / "norwegian.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "deep" / "down").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "deep" / "down")
    write_delivery(registry, tmp_path / "delivery", "csv-norwegian")
    assert (tmp_path / "delivery" / "personer.csv").exists()


def test_invented_registry_passes_the_import_without_a_row_set_aside(tmp_path):
    write_delivery(synthesise(persons=300), tmp_path / "delivery", "csv-norwegian")
    report = imported(tmp_path / "delivery", "csv-norwegian")
    assert report.set_aside == ()
    assert report.tables_not_delivered == ()
    assert report.persons_merged > 0


def test_no_two_substances_share_a_brand_or_atc_code():
    spellings = [
        spelling
        for drug in codes.drugs()
        for name in ("brands", "atc", "atc_old")
        for spelling in drug[name].lower().split("|")
        if spelling
    ]
    assert len(spellings) == len(set(spellings))
