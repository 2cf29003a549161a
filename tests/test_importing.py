import json
import shutil
import traceback
from datetime import date
from pathlib import Path

import polars as pl
import pyreadstat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from deliveries import DATES, SECRET, deliver_csv, plain_tables, with_cells
from msanalysis import importing
from msanalysis.cli import app
from msanalysis.extract import ExtractRefused, open_extract
from msanalysis.importing import ImportReport, import_extract

FLAGS = ["--status-date", "2024-12-31", "--data-cutoff", "2025-05-01", "--source", "project"]
NORWEGIAN = Path(__file__).parents[1] / "params" / "mappings" / "norwegian.yaml"
MAPPING_WITH_PATIENTS = "tables: {patients: {file: patients.csv, columns: {patient_id: patient_id"


def refused(source: Path, mapping: Path | None = None) -> str:
    """Return the message, having made sure it is safe, exits with 3 and leaves nothing."""
    dest = source.parent / "store"
    with pytest.raises(ExtractRefused) as caught:
        import_extract(source, dest, mapping=mapping, **DATES)
    shown = "".join(traceback.format_exception(caught.value))
    asked = CliRunner().invoke(
        app,
        [
            "import",
            str(source),
            str(dest),
            *FLAGS,
            *(["--mapping", str(mapping)] if mapping else []),
        ],
    )
    assert asked.exit_code == 3
    assert SECRET not in shown + asked.output + asked.stderr
    assert not dest.exists()
    assert sorted(p.name for p in source.parent.glob(".*")) == []
    return str(caught.value)


def imported(source: Path, **options) -> ImportReport:
    """Return the report, having made sure that it and the store file are safe."""
    dest = source.parent / "store"
    report = import_extract(source, dest, **(DATES | options))
    for name in ("import_report.json", "import_report.html", "extract.yaml"):
        assert SECRET not in (dest / name).read_text(encoding="utf-8")
    assert SECRET not in str(report)
    for table in report.tables:
        gone = table.rows_set_aside + table.rows_orphaned + table.rows_merged
        assert table.rows_read == table.rows_kept + gone
    return report


def stored(source: Path, table: str) -> pl.DataFrame:
    return open_extract(source.parent / "store").table(table).collect().to_native()


def few_tables(table: str) -> dict[str, pl.DataFrame]:
    return {name: frame for name, frame in plain_tables().items() if name in ("patients", table)}


def found(findings) -> list[tuple]:
    return [(f.table, f.column, f.rule, f.rows) for f in findings]


def one_patient_csv(tmp_path: Path, header: str, *cells: str) -> Path:
    """Deliver a person a cell: a patients.csv with one more column."""
    lines = [f"patient_id;{header}", *(f"{SECRET}-{n};{cell}" for n, cell in enumerate(cells))]
    source = tmp_path / "delivery"
    source.mkdir(exist_ok=True)
    (source / "patients.csv").write_text("\n".join(lines), encoding="utf-8")
    return source


# --- whole deliveries ------------------------------------------------------------------------


def test_sound_delivery_is_imported_without_findings(tmp_path):
    report = imported(deliver_csv(tmp_path / "delivery", plain_tables()))
    assert report.set_aside == report.warnings == ()
    assert report.persons_merged == 0
    assert report.summary.startswith("40 persons in 6 tables; 0 rows set aside, 0 persons merged")
    assert "prom" in report.tables_not_delivered


def test_partial_delivery_holds_only_what_was_granted(tmp_path):
    granted = plain_tables()["patients"].select("patient_id", "onset_date")
    report = imported(deliver_csv(tmp_path / "delivery", {"patients": granted}))
    extract = open_extract(tmp_path / "store")
    assert extract.missing(["patients.onset_date", "patients.sex", "edss"]) == (
        "patients.sex",
        "edss",
    )
    assert "sex" in report.tables[0].columns_not_delivered


def test_column_nobody_reads_is_named_and_ignored(tmp_path):
    source = one_patient_csv(tmp_path, "shoe_size", SECRET)
    assert imported(source).tables[0].unknown_columns == ("shoe_size",)
    assert "shoe_size" not in stored(source, "patients").columns


def test_name_of_a_column_cannot_change_the_report_page(tmp_path):
    source = one_patient_csv(tmp_path, "<script>", "1")
    imported(source)
    page = (tmp_path / "store" / "import_report.html").read_text()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_equal_content_gives_equal_fingerprint_whatever_the_order_of_rows(tmp_path):
    tables = plain_tables()
    backwards = {name: frame.reverse() for name, frame in tables.items()}
    first, second, third = (
        imported(deliver_csv(tmp_path / name / "delivery", content)).fingerprint
        for name, content in (
            ("a", tables),
            ("b", backwards),
            ("c", with_cells(tables, "edss", "score", "3.0", range(1, 2))),
        )
    )
    assert first == second != third


def test_same_delivery_gives_the_same_store_byte_for_byte(tmp_path):
    source = deliver_csv(tmp_path / "delivery", plain_tables())
    stores = []
    for name in ("a", "b"):
        import_extract(source, tmp_path / name, **DATES)
        stores.append({p.name: p.read_bytes() for p in (tmp_path / name).iterdir()})
    assert stores[0] == stores[1]


def test_store_states_its_dates_and_delivered_files(tmp_path):
    source = deliver_csv(tmp_path / "delivery", plain_tables())
    report = imported(source)
    provenance = open_extract(tmp_path / "store").provenance
    assert (provenance.source, provenance.fingerprint) == ("project", report.fingerprint)
    assert (provenance.status_date, provenance.data_cutoff) == (
        date(2024, 12, 31),
        date(2025, 5, 1),
    )
    text = (tmp_path / "store" / "extract.yaml").read_text()
    assert "patients.csv: " in text.partition("delivered_files:")[2]


def test_store_is_readable_by_its_owner_alone(tmp_path):
    imported(deliver_csv(tmp_path / "delivery", plain_tables()))
    assert (tmp_path / "store").stat().st_mode & 0o077 == 0


def test_refused_import_leaves_the_earlier_store_as_it_was(tmp_path):
    source = deliver_csv(tmp_path / "delivery", plain_tables())
    imported(source)
    before = {p.name: p.read_bytes() for p in (tmp_path / "store").iterdir()}
    (source / "patients.csv").write_text("garbage")
    with pytest.raises(ExtractRefused):
        import_extract(source, tmp_path / "store", **DATES)
    assert {p.name: p.read_bytes() for p in (tmp_path / "store").iterdir()} == before


def test_new_import_replaces_the_whole_earlier_store(tmp_path):
    source = deliver_csv(tmp_path / "delivery", plain_tables())
    imported(source)
    (source / "mri.csv").unlink()
    imported(source)
    assert not (tmp_path / "store" / "mri.parquet").exists()


# --- what an import states ---------------------------------------------------------------------


def test_extract_yaml_of_the_delivery_gives_dates_source_and_truth(tmp_path):
    source = deliver_csv(tmp_path / "delivery", plain_tables())
    (source / "extract.yaml").write_text(
        "status_date: 2023-12-31\ndata_cutoff: 2024-05-01\nsource: synthetic\n"
        "truth: {median_years: 48.9}\n"
    )
    report = import_extract(source, tmp_path / "store")
    assert report.data_cutoff == date(2024, 5, 1)
    assert open_extract(tmp_path / "store").truth == {"median_years": 48.9}
    assert "SYNTHETIC" in (tmp_path / "store" / "import_report.html").read_text()


def test_real_delivery_has_no_truth(tmp_path):
    source = deliver_csv(tmp_path / "delivery", plain_tables())
    (source / "extract.yaml").write_text("truth: {median_years: 48.9}\n")
    imported(source)
    assert open_extract(tmp_path / "store").truth == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "status_date: 2024-12-31",
            "data_cutoff: expected a day such as 2025-05-15. State status_date",
        ),
        ("status_date: hemmelig-4711", "status_date: expected a day such as 2024-12-31"),
        (
            "{status_date: 2024-12-31, data_cutoff: 2025-05-01, source: x}",
            "source: expected registry, project or synthetic",
        ),
        ("unheard_of: 1", "status_date: expected a day"),
        ("{", "not readable as YAML"),
        ("- a", "not readable as YAML"),
    ],
)
def test_ill_stated_delivery_is_refused(tmp_path, text, message):
    source = deliver_csv(tmp_path / "delivery", plain_tables())
    (source / "extract.yaml").write_text(text)
    with pytest.raises(ExtractRefused, match=message) as caught:
        import_extract(source, tmp_path / "store")
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_flag_that_contradicts_the_delivery_is_refused(tmp_path):
    source = deliver_csv(tmp_path / "delivery", plain_tables())
    (source / "extract.yaml").write_text("data_cutoff: 2025-06-01\n")
    assert "`data_cutoff` differs from --data-cutoff; leave --data-cutoff out" in refused(source)


def test_status_date_after_the_cutoff_is_refused(tmp_path):
    source = deliver_csv(tmp_path / "delivery", plain_tables())
    with pytest.raises(ExtractRefused, match="status date lies after the data cutoff"):
        import_extract(source, tmp_path / "s", **(DATES | {"data_cutoff": date(2024, 1, 1)}))


# --- finding 1: a delivery that cannot be read ---------------------------------------------------


@pytest.mark.parametrize("kind", ["parquet", "sav", "dta", "xpt", "sas7bdat", "xlsx"])
def test_unreadable_file_is_refused_by_name(tmp_path, kind):
    source = tmp_path / "delivery"
    source.mkdir()
    (source / f"patients.{kind}").write_bytes(f"patient_id;sex\n{SECRET};1;2;3\n".encode())
    message = refused(source)
    assert message.startswith(f"patients.{kind}: not readable as .{kind}")
    assert "Deliver it again" in message


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the first line must hold the column names"),
        (b"\n\n", "the first line must hold the column names"),
        (b"\x00\x01binary", "expected a text file in UTF-8 or Latin-1"),
        (b"patient_id;sex;SEX \n1;2;3\n", "two columns have the same name"),
        (b'patient_id;sex\n"hemmelig-4711;1\n', "a quotation mark is not closed"),
    ],
)
def test_csv_that_is_none_is_refused(tmp_path, content, message):
    source = tmp_path / "delivery"
    source.mkdir()
    (source / "patients.csv").write_bytes(content)
    assert f"patients.csv: {message}" in refused(source)


def test_file_without_column_names_is_refused_without_showing_its_first_row(tmp_path):
    source = tmp_path / "delivery"
    source.mkdir()
    (source / "patients.csv").write_text(f"{SECRET}-1;female\n{SECRET}-2;male\n")
    assert "expected a column patient_id" in refused(source)


def test_missing_folder_is_refused(tmp_path):
    assert "expected a folder with the delivered files" in refused(tmp_path / "nowhere")
    with pytest.raises(ExtractRefused, match="expected a folder with the delivered files"):
        import_extract(tmp_path / "nowhere", tmp_path / "store")


def test_unknown_table_is_refused(tmp_path):
    source = deliver_csv(tmp_path / "delivery", plain_tables())
    (source / "shoes.csv").write_text("patient_id\n")
    message = refused(source)
    assert message.startswith("shoes.csv: no table of this name. Expected one of patients, ")
    assert "or give a mapping" in message


def test_table_delivered_twice_is_refused(tmp_path):
    source = deliver_csv(tmp_path / "delivery", plain_tables())
    plain_tables()["edss"].write_parquet(source / "edss.parquet")
    assert "table edss is delivered twice, as edss.csv and edss.parquet" in refused(source)


def test_delivery_without_patients_is_refused(tmp_path):
    source = deliver_csv(tmp_path / "delivery", {"edss": plain_tables()["edss"]})
    assert "no table patients" in refused(source)


@pytest.mark.parametrize(
    ("table", "column"),
    [("patients", "patient_id"), ("treatments", "substance"), ("edss", "score")],
)
def test_missing_required_column_is_refused(tmp_path, table, column):
    tables = plain_tables()
    source = deliver_csv(tmp_path / "delivery", tables | {table: tables[table].drop(column)})
    message = refused(source)
    assert message.startswith(f"{table}.csv, table {table}: expected a column {column} (")
    assert "Deliver it, or name it in a mapping file" in message


def test_column_of_a_type_that_cannot_hold_it_is_refused(tmp_path):
    source = tmp_path / "delivery"
    source.mkdir()
    nested = pl.DataFrame({"patient_id": ["a"], "onset_date": [[SECRET]]})
    nested.write_parquet(source / "patients.parquet")
    assert "column onset_date: expected a date, found" in refused(source)


def test_delivery_is_not_overwritten_by_its_store(tmp_path):
    source = deliver_csv(tmp_path / "delivery", plain_tables())
    with pytest.raises(ExtractRefused, match="cannot be written over the delivery"):
        import_extract(source, source, **DATES)
    assert (source / "patients.csv").exists()


def test_store_is_not_written_over_other_files(tmp_path):
    source = deliver_csv(tmp_path / "delivery", plain_tables())
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.txt").write_text("years of work")
    with pytest.raises(ExtractRefused, match="holds other files; name a new or empty folder"):
        import_extract(source, tmp_path / "home", **DATES)
    assert (tmp_path / "home" / "thesis.txt").exists()


def test_store_is_not_written_over_another_delivery(tmp_path):
    source = deliver_csv(tmp_path / "delivery", plain_tables())
    other = deliver_csv(tmp_path / "other", plain_tables())
    (other / "extract.yaml").write_text("source: registry\n")
    with pytest.raises(ExtractRefused, match="holds other files; name a new or empty folder"):
        import_extract(source, other, **DATES)
    assert (other / "patients.csv").exists()


def test_unforeseen_error_shows_its_class_alone(tmp_path, monkeypatch):
    def fail(*_):
        raise ValueError(SECRET)

    monkeypatch.setattr(importing, "clean_delivery", fail)
    source = deliver_csv(tmp_path / "delivery", plain_tables())
    assert "failed with ValueError; nothing was written" in refused(source)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not readable as YAML"),
        ("[]", "Input should be"),
        ("tables: {shoes: {file: a.csv, columns: {}}}", "table shoes: no such table"),
        (
            "tables: {patients: {file: a.csv, columns: {size: b}}}",
            "table patients: no column size",
        ),
        (
            "tables: {patients: {file: a.csv, columns: {sex: b}}}",
            "table patients: the required column patient_id is not mapped",
        ),
        ("tables: {patients: {columns: {}}}", "tables.patients.file: Field required"),
        ("tables: {patients: {file: ../a.csv, columns: {}}}", "without folders"),
        (
            MAPPING_WITH_PATIENTS + ", sex: {column: kjonn, codes: {woman: 1}}}}}",
            "table patients, column sex: no code woman. Expected female, male",
        ),
        (
            MAPPING_WITH_PATIENTS + ", sex: {column: kjonn, spelling: atc}}}}",
            "table patients, column sex: its code list has no `atc`",
        ),
        (
            MAPPING_WITH_PATIENTS + ", sex: {year: a}}}}",
            "only a date comes in `year`, `month` and `day`",
        ),
        (
            MAPPING_WITH_PATIENTS + ", onset_date: {year: a, day: b}}}}",
            "expected `column`, or `year` with or without `month` and `day`",
        ),
        (
            MAPPING_WITH_PATIENTS + ", onset_date: {column: c, month: b}}}}",
            "expected `column`, or `year`, `month` and `day`, not both",
        ),
        (MAPPING_WITH_PATIENTS + "}}}\nfarge: rod", "farge: Extra inputs are not permitted"),
        (MAPPING_WITH_PATIENTS + "}}}\nset_aside_bound: 2", "less than or equal to 1"),
    ],
)
def test_ill_typed_mapping_is_refused(tmp_path, text, message):
    source = deliver_csv(tmp_path / "delivery", plain_tables())
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(text)
    shown = refused(source, mapping)
    assert shown.startswith(f"mapping {mapping}: ")
    assert message in shown


def test_missing_mapping_file_is_refused(tmp_path):
    source = deliver_csv(tmp_path / "delivery", plain_tables())
    assert "no such readable file" in refused(source, tmp_path / "nowhere.yaml")


def test_file_that_no_table_of_the_mapping_reads_is_refused(tmp_path):
    source = deliver_csv(tmp_path / "delivery", plain_tables())
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(MAPPING_WITH_PATIENTS + "}}}")
    assert "no table of the mapping reads this file" in refused(source, mapping)


# --- finding 2: rows that cannot be ----------------------------------------------------------

IMPOSSIBLE = [
    ("patients", "sex", SECRET, "unknown code"),
    ("treatments", "substance", SECRET, "unknown code"),
    ("patients", "diagnosis_date", "1979-12-31", "before birth_date"),
    ("patients", "onset_date", "1979-12-31", "before birth_date"),
    ("treatments", "stop_date", "2011-12-31", "before start_date"),
    ("relapses", "relapse_date", "1979-12-31", "before birth_date"),
    ("visits", "visit_date", "2025-05-02", "after the data cutoff"),
    ("visits", "registered_date", "2025-05-02", "after the data cutoff"),
    ("visits", "visit_date", "01.01.20", "before 1900"),
    ("visits", "visit_date", SECRET, "not a date"),
    ("visits", "visit_date", "2020-02-30", "not a date"),
    ("edss", "score", "0.5", "no EDSS step"),
    ("edss", "score", None, "no value"),
    ("edss", "score", "2,5", "not a number, or another decimal mark"),
    ("edss", "score", SECRET, "not a number, or another decimal mark"),
    ("mri", "gd_lesions", "-1", "below 0"),
    ("mri", "gd_lesions", "1.5", "not a whole number"),
    ("treatments", "in_trial", SECRET, "neither true nor false"),
    ("visits", "patient_id", SECRET, "no such person"),
]


@pytest.mark.parametrize(("table", "column", "value", "rule"), IMPOSSIBLE)
def test_impossible_row_is_set_aside_and_listed_by_number(tmp_path, table, column, value, rule):
    tables = with_cells(few_tables(table), table, column, value, range(7, 8))
    source = deliver_csv(tmp_path / "delivery", tables)
    report = imported(source)
    assert found(report.set_aside) == [(table, column, rule, (7,))]
    listed = json.loads((tmp_path / "store" / "import_report.json").read_text())["set_aside"]
    assert listed == [{"table": table, "column": column, "rule": rule, "rows": [7], "n": 1}]
    assert len(stored(source, table)) == 39


@pytest.mark.parametrize(("table", "column", "value", "rule"), IMPOSSIBLE)
def test_rule_broken_above_the_bound_refuses_the_import(tmp_path, table, column, value, rule):
    tables = with_cells(few_tables(table), table, column, value, range(7, 20))
    # the mark that most of the column has is its decimal mark
    message = refused(deliver_csv(tmp_path / "delivery", tables))
    assert message.startswith(
        f"{table}.csv, table {table}, column {column}: 13 of 40 rows break the rule `{rule}` "
        "(rows 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 ...); at most 5% may. Mend the delivery"
    )


@pytest.mark.parametrize(("n_rows", "refuses"), [(2, False), (3, True)])
def test_bound_is_5_per_cent_of_the_rows_of_the_table(tmp_path, n_rows, refuses):
    tables = with_cells(few_tables("edss"), "edss", "score", "0.5", range(1, 1 + n_rows))
    source = deliver_csv(tmp_path / "delivery", tables)
    assert "3 of 40 rows" in refused(source) if refuses else imported(source).set_aside


def test_each_rule_has_its_own_bound(tmp_path):
    tables = with_cells(few_tables("edss"), "edss", "score", "0.5", range(1, 2))
    tables = with_cells(tables, "edss", "score", "11", range(2, 3))
    tables = with_cells(tables, "edss", "measured_date", "2025-06-01", range(3, 5))
    report = imported(deliver_csv(tmp_path / "delivery", tables))
    assert {(f.column, f.rule): f.rows for f in report.set_aside} == {
        ("score", "no EDSS step"): (1, 2),
        ("score", "above 10"): (2,),
        ("measured_date", "after the data cutoff"): (3, 4),
    }


def test_a_band_of_age_that_the_standard_population_lacks_is_set_aside(tmp_path):
    ages = ["0", "17", *["95"] * 38]
    rows = {"hf": "ous", "year": "2024", "sex": "female", "age_from": ages, "inhabitants": "5"}
    tables = few_tables("edss") | {"population": pl.DataFrame(rows)}
    found = imported(deliver_csv(tmp_path / "delivery", tables)).set_aside
    assert [(f.column, f.rule, f.rows) for f in found] == [("age_from", "no age band step", (2,))]


def test_mapping_may_move_the_bound(tmp_path):
    columns = "patient_id: patient_id, measured_date: measured_date, score: score"
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(
        f"set_aside_bound: 0.5\n{MAPPING_WITH_PATIENTS}}}}}, "
        f"edss: {{file: edss.csv, columns: {{{columns}}}}}}}"
    )
    tables = with_cells(few_tables("edss"), "edss", "score", "0.5", range(1, 11))
    source = deliver_csv(tmp_path / "delivery", tables)
    assert len(imported(source, mapping=mapping).set_aside[0].rows) == 10


def test_rows_of_a_person_set_aside_are_counted_apart_outside_the_bound(tmp_path):
    tables = with_cells(few_tables("edss"), "patients", "sex", SECRET, range(7, 9))
    tables["edss"] = tables["edss"].filter(pl.col("patient_id").str.contains(r"-(7|8|9)$"))
    report = imported(deliver_csv(tmp_path / "delivery", tables))
    assert [f.table for f in report.set_aside] == ["patients"]
    edss = next(t for t in report.tables if t.table == "edss")
    assert (edss.rows_read, edss.rows_kept, edss.rows_set_aside, edss.rows_orphaned) == (3, 1, 0, 2)


def test_date_known_by_month_or_year_is_impossible_only_when_every_day_of_it_is(tmp_path):
    tables = with_cells(plain_tables(), "treatments", "stop_date", "2012", range(1, 2))
    tables = with_cells(tables, "treatments", "start_date", "2012-08-20", range(1, 3))
    tables = with_cells(tables, "treatments", "stop_date", "2012-08", range(2, 3))
    tables = with_cells(tables, "treatments", "stop_date", "2011", range(3, 4))
    tables = with_cells(tables, "patients", "onset_date", "2025", range(4, 5))
    tables = with_cells(tables, "visits", "visit_date", "2025-06", range(5, 6))
    report = imported(deliver_csv(tmp_path / "delivery", tables))
    assert found(report.set_aside) == [
        ("treatments", "stop_date", "before start_date", (3,)),
        ("visits", "visit_date", "after the data cutoff", (5,)),
    ]


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([(t, c) for t, f in plain_tables().items() for c in f.columns]),
    st.text(max_size=8).map(lambda text: SECRET + text),
)
def test_whatever_stands_in_a_cell_is_never_shown(tmp_path, place, cell):
    table, column = place
    tables = with_cells(few_tables(table), table, column, cell, range(7, 8))
    source = deliver_csv(tmp_path / "hostile" / "delivery", tables)
    shown = ""
    try:
        assert all(f.rows == (7,) for f in imported(source).set_aside)
    except ExtractRefused:
        shown = traceback.format_exc()
    assert SECRET not in shown
    shutil.rmtree(tmp_path / "hostile")


# --- finding 3: the same person more than once -----------------------------------------------


def registered_by(*rows: dict) -> pl.DataFrame:
    return pl.DataFrame(
        [{"patient_id": f"{SECRET}-1", "residence_hf": "ous"} | row for row in rows]
    )


def merged(tmp_path: Path, *rows: dict) -> tuple[ImportReport, dict]:
    source = deliver_csv(tmp_path / "delivery", {"patients": registered_by(*rows)})
    report = imported(source)
    (person,) = stored(source, "patients").to_dicts()
    return report, person


def test_row_of_the_trust_of_residence_holds(tmp_path):
    report, person = merged(
        tmp_path, {"hf": "bergen", "onset_course": "ppms"}, {"hf": "ous", "onset_course": "rrms"}
    )
    assert person["onset_course"] == "rrms"
    assert report.persons_merged == 1
    assert report.contradictions == {"onset_course": 1}
    assert report.tables[0].rows_merged == 1


def test_first_row_holds_where_no_trust_is_that_of_residence(tmp_path):
    _, person = merged(
        tmp_path, {"hf": "bergen", "onset_course": "ppms"}, {"hf": "fonna", "onset_course": "rrms"}
    )
    assert person["onset_course"] == "ppms"


def test_first_row_holds_where_the_registering_trust_is_not_delivered(tmp_path):
    _, person = merged(tmp_path, {"onset_course": "ppms"}, {"onset_course": "rrms"})
    assert person["onset_course"] == "ppms"


def test_gaps_are_filled_from_the_other_rows_and_are_no_contradiction(tmp_path):
    report, person = merged(tmp_path, {"hf": "ous", "sex": None}, {"hf": "bergen", "sex": "male"})
    assert person["sex"] == "male"
    assert report.contradictions == {}


def test_precision_comes_from_the_row_the_date_comes_from(tmp_path):
    _, person = merged(
        tmp_path,
        {"hf": "ous", "onset_date": None, "onset_precision": "day"},
        {"hf": "bergen", "onset_date": "2010-07-01", "onset_precision": "year"},
    )
    assert person["onset_date"] == date(2010, 7, 1)
    assert person["onset_precision"] == "year"


def test_a_new_trust_is_set_aside_by_row_and_refused_where_it_has_many_persons(tmp_path):
    tables = with_cells(plain_tables(), "patients", "residence_hf", SECRET, range(3, 4))
    report = imported(deliver_csv(tmp_path / "delivery", tables))
    assert found(report.set_aside) == [("patients", "residence_hf", "unknown code", (3,))]
    tables = with_cells(plain_tables(), "patients", "residence_hf", SECRET, range(1, 11))
    message = refused(deliver_csv(tmp_path / "of_a_new_trust" / "delivery", tables))
    assert "residence_hf" in message
    assert "unknown code" in message


def test_person_survives_when_another_trusts_row_is_set_aside(tmp_path):
    tables = plain_tables()
    bad = tables["patients"].head(1).with_columns(sex=pl.lit(SECRET))
    tables["patients"] = pl.concat([tables["patients"], bad])
    report = imported(deliver_csv(tmp_path / "delivery", tables))
    assert found(report.set_aside) == [("patients", "sex", "unknown code", (41,))]
    assert (report.tables[0].rows_kept, report.tables[1].rows_orphaned) == (40, 0)


def test_events_are_united_and_exact_repeats_dropped(tmp_path):
    tables = plain_tables()
    other = tables["relapses"].head(2).with_columns(relapse_date=pl.lit("2016-01-01"))
    tables["relapses"] = pl.concat([tables["relapses"], tables["relapses"].head(5), other])
    report = imported(deliver_csv(tmp_path / "delivery", tables))
    relapses = next(t for t in report.tables if t.table == "relapses")
    assert (relapses.rows_read, relapses.rows_kept, relapses.rows_merged) == (47, 42, 5)


def test_equal_samples_of_two_siblings_are_two_samples(tmp_path):
    tables = plain_tables()
    sample = tables["patients"].head(1).select("patient_id", relation=pl.lit("sibling"))
    source = deliver_csv(tmp_path / "delivery", tables | {"biobank": pl.concat([sample, sample])})
    imported(source)
    assert len(stored(source, "biobank")) == 2


# --- finding 4: suspicious but possible ---------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "column", "value", "rule"),
    [
        ("patients", "onset_date", "1989-12-31", "onset before age 10"),
        ("treatments", "start_date", "2010-12-31", "start before diagnosis"),
        (
            "visits",
            "registered_date",
            "2022-01-02",
            "registered more than 2 years after the visit",
        ),
    ],
)
def test_suspicious_row_is_kept_with_a_warning(tmp_path, table, column, value, rule):
    tables = with_cells(few_tables(table), table, column, value, range(7, 8))
    source = deliver_csv(tmp_path / "delivery", tables)
    report = imported(source)
    assert found(report.warnings) == [(table, column, rule, (7,))]
    assert report.set_aside == ()
    assert len(stored(source, table)) == 40


@pytest.mark.parametrize(
    ("first", "second", "start", "warns"),
    [
        ("rituximab", "natalizumab", "2013-12-31", True),
        ("rituximab", "natalizumab", "2014-01-01", False),
        ("rituximab", "interferon_beta_1a", "2013-01-01", False),
        ("hsct", "natalizumab", "2013-01-01", False),
    ],
)
def test_two_high_efficacy_treatments_overlap(tmp_path, first, second, start, warns):
    tables = plain_tables()
    episodes = tables["treatments"].with_columns(substance=pl.lit(first))
    later = episodes.head(1).with_columns(
        substance=pl.lit(second), start_date=pl.lit(start), stop_date=pl.lit("")
    )
    tables["treatments"] = pl.concat([later.select(episodes.columns), episodes])
    report = imported(deliver_csv(tmp_path / "delivery", tables))
    rule = ("treatments", "start_date", "two high-efficacy treatments overlap", (1,))
    assert found(report.warnings) == ([rule] if warns else [])


def test_many_suspicious_rows_do_not_refuse_an_import(tmp_path):
    tables = with_cells(
        few_tables("patients"), "patients", "onset_date", "1985-01-01", range(1, 41)
    )
    assert len(imported(deliver_csv(tmp_path / "delivery", tables)).warnings[0].rows) == 40


# --- formats ---------------------------------------------------------------------------------


@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_csv_of_every_separator_and_encoding(tmp_path, separator, encoding):
    source = tmp_path / "delivery"
    source.mkdir()
    rows = (("patient_id", "residence_hf"), ("å1", '"Helse Møre og Romsdal HF"'))
    text = "\r\n".join(separator.join(row) for row in rows)
    (source / "patients.csv").write_bytes(text.encode(encoding))
    imported(source)
    assert stored(source, "patients")["residence_hf"].to_list() == ["more_og_romsdal"]
    assert stored(source, "patients")["patient_id"].to_list() == ["å1"]


@pytest.mark.parametrize(
    ("written", "day", "precision"),
    [
        ("2010-03-05", date(2010, 3, 5), "day"),
        ("05.03.2010", date(2010, 3, 5), "day"),
        ("5.3.2010", date(2010, 3, 5), "day"),
        ("2010-03-05T12:30:00", date(2010, 3, 5), "day"),
        ("2010-03", date(2010, 3, 15), "month"),
        ("03.2010", date(2010, 3, 15), "month"),
        ("2010", date(2010, 7, 1), "year"),
    ],
)
def test_dates_are_read_with_their_precision(tmp_path, written, day, precision):
    source = one_patient_csv(tmp_path, "onset_date", written, "2011-05")
    imported(source)
    row = stored(source, "patients").row(0, named=True)
    assert (row["onset_date"], row["onset_precision"]) == (day, precision)


def test_whole_dates_alone_state_no_precision(tmp_path):
    source = one_patient_csv(tmp_path, "onset_date", "2010-03-05")
    imported(source)
    assert not open_extract(tmp_path / "store").delivered("patients.onset_precision")


def test_delivered_precision_is_kept(tmp_path):
    source = one_patient_csv(tmp_path, "onset_date;onset_precision", "2010-07-01;year", "2010-03;")
    imported(source)
    assert stored(source, "patients")["onset_precision"].to_list() == ["year", "month"]


@pytest.mark.parametrize("written", ["2,5", "2.5", " 2.5 "])
def test_decimal_comma_and_point(tmp_path, written):
    tables = with_cells(few_tables("edss"), "edss", "score", written, range(1, 41))
    source = deliver_csv(tmp_path / "delivery", tables)
    imported(source)
    assert stored(source, "edss")["score"].unique().to_list() == [2.5]


@pytest.mark.parametrize("written", ["", "NA", "  "])
def test_missing_is_missing_never_a_code(tmp_path, written):
    source = one_patient_csv(tmp_path, "sex;onset_date", f"{written};{written}", "male;2010-01-01")
    imported(source)
    assert stored(source, "patients").select("sex", "onset_date").row(0) == (None, None)


@pytest.mark.parametrize(
    "written", ["rituximab", "MabThera", "MABTHERA", "rixathon", "L01FA01", "L01XC02", "l01xc02 "]
)
def test_brands_and_old_and_new_atc_are_one_substance(tmp_path, written):
    tables = with_cells(few_tables("treatments"), "treatments", "substance", written, range(1, 41))
    source = deliver_csv(tmp_path / "delivery", tables)
    imported(source)
    assert stored(source, "treatments")["substance"].unique().to_list() == ["rituximab"]


@pytest.mark.parametrize("written", ["ous", "OUS", "993467049", "Oslo universitetssykehus HF"])
def test_trusts_are_known_by_code_number_and_name(tmp_path, written):
    source = one_patient_csv(tmp_path, "residence_hf", written)
    imported(source)
    assert stored(source, "patients")["residence_hf"].to_list() == ["ous"]


def statistics_frame() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "patient_id": ["a", "b"],
            "kjonn": [2.0, 1.0],
            "onset_date": [date(2010, 3, 5), None],
            "relapses_before_diagnosis": [3.0, None],
            "csf_examined": [1.0, 0.0],
        }
    )


@pytest.mark.parametrize("kind", ["sav", "dta", "xpt", "parquet", "xlsx"])
def test_files_of_statistics_packages_with_numeric_codes(tmp_path, kind):
    source = tmp_path / "delivery"
    source.mkdir()
    write = {
        "sav": pyreadstat.write_sav,
        "dta": pyreadstat.write_dta,
        "xpt": pyreadstat.write_xport,
        "parquet": pl.DataFrame.write_parquet,
        "xlsx": pl.DataFrame.write_excel,
    }[kind]
    write(statistics_frame(), source / f"patients.{kind}")
    mapping = tmp_path / "mapping.yaml"
    names = ("patient_id", "onset_date", "relapses_before_diagnosis", "csf_examined")
    columns = ", ".join(f"{name}: {name}" for name in names)
    mapping.write_text(
        f"tables: {{patients: {{file: patients.{kind}, columns: {{{columns}, "
        "sex: {column: KJONN, codes: {female: 2, male: 1}}}}}"
    )
    imported(source, mapping=mapping)
    columns = ("sex", "onset_date", "relapses_before_diagnosis", "csf_examined")
    assert stored(source, "patients").select(columns).rows() == [
        ("female", date(2010, 3, 5), 3, True),
        ("male", None, None, False),
    ]


# --- mappings ----------------------------------------------------------------------------------


def test_mapping_splits_one_file_into_its_tables(tmp_path):
    source = tmp_path / "delivery"
    source.mkdir()
    (source / "all.csv").write_text(
        "type;id;sex;day;score\nP;a;male;;\nE;a;;2020-01-01;2,0\nE;a;;2021-01-01;2,5\nP;b;female;;\n"
    )
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(
        "tables:\n"
        "  patients: {file: all.csv, rows: {type: P}, columns: {patient_id: id, sex: sex}}\n"
        "  edss: {file: all.csv, rows: {type: E}, "
        "columns: {patient_id: id, measured_date: day, score: score}}\n"
    )
    report = imported(source, mapping=mapping)
    assert [(t.table, t.rows_read) for t in report.tables] == [("patients", 2), ("edss", 2)]
    assert report.tables[0].unknown_columns == ()
    assert stored(source, "edss")["score"].to_list() == [2.0, 2.5]


def test_mapping_splits_a_wide_file_with_a_person_on_several_rows(tmp_path):
    source = tmp_path / "delivery"
    source.mkdir()
    (source / "all.csv").write_text(
        "id;sex;day;score\na;male;2020-01-01;2\na;male;2021-01-01;3\nb;female;;\n"
    )
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(
        "tables:\n"
        "  patients: {file: all.csv, columns: {patient_id: id, sex: sex}}\n"
        "  edss: {file: all.csv, columns: {patient_id: id, measured_date: day, score: score}}\n"
    )
    report = imported(source, mapping=mapping)
    assert report.persons_merged == 0
    assert (len(stored(source, "patients")), len(stored(source, "edss"))) == (2, 2)


def test_mapping_that_names_an_absent_file_leaves_the_table_undelivered(tmp_path):
    source = tmp_path / "delivery"
    source.mkdir()
    (source / "pasienter.csv").write_text("pasientid;kjonn\na;Kvinne\n")
    report = imported(source, mapping=NORWEGIAN)
    assert [t.table for t in report.tables] == ["patients"]
    assert stored(source, "patients")["sex"].to_list() == ["female"]


def test_onset_in_parts_gives_date_and_precision(tmp_path):
    source = tmp_path / "delivery"
    source.mkdir()
    (source / "pasienter.csv").write_text(
        "pasientid;debaar;debmnd\na;2010;3\nb;2011;\nc;;\n", encoding="utf-8"
    )
    imported(source, mapping=NORWEGIAN)
    assert stored(source, "patients").select("onset_date", "onset_precision").rows() == [
        (date(2010, 3, 15), "month"),
        (date(2011, 7, 1), "year"),
        (None, None),
    ]


def test_stated_date_format_is_the_only_one_beside_iso(tmp_path):
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(
        'date_format: "%m/%d/%Y"\n' + MAPPING_WITH_PATIENTS + ", onset_date: onset_date}}}"
    )
    cells = ["03/05/2010", "2010-03-05", *(["03/05/2010"] * 40), "05.03.2010"]
    source = one_patient_csv(tmp_path, "onset_date", *cells)
    report = imported(source, mapping=mapping)
    assert found(report.set_aside) == [("patients", "onset_date", "not a date", (43,))]
    assert stored(source, "patients")["onset_date"].unique().to_list() == [date(2010, 3, 5)]


def test_yaml_words_that_look_like_truth_values_stay_codes(tmp_path):
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(
        MAPPING_WITH_PATIENTS
        + ", csf_examined: {column: csf, codes: {true: no, false: [off, 9]}}}}}"
    )
    source = one_patient_csv(tmp_path, "csf", "no", "OFF", "9")
    imported(source, mapping=mapping)
    assert stored(source, "patients")["csf_examined"].to_list() == [True, False, False]


def test_report_lists_at_most_100_rows_of_a_rule(tmp_path):
    patients = plain_tables(150)["patients"].with_columns(onset_date=pl.lit("1985-01-01"))
    imported(deliver_csv(tmp_path / "delivery", {"patients": patients}))
    (listed,) = json.loads((tmp_path / "store" / "import_report.json").read_text())["warnings"]
    assert (listed["n"], len(listed["rows"])) == (150, 100)
