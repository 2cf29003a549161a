"""Deliveries of the indicators: the file for SKDE by the receiver's rules, the national ones."""

import pandas as pd
import pytest
from typer.testing import CliRunner

from indicator_cohorts import person, registry
from msanalysis import codes
from msanalysis.cli import app
from msanalysis.cohorts import expected_by_coverage, indicator_persons
from msanalysis.export import DeliveryRefused
from msanalysis.export.national import export_national
from msanalysis.export.skde import COLUMNS, export_skde, problems
from msanalysis.stats import estimate_coverage, estimate_indicators

FORDE, BERGEN = "983974732", "983974724"


@pytest.fixture(scope="module")
def delivered():
    """Return what a run of three persons delivers."""
    extract = registry(
        person(1),
        person(2, residence_hf="bergen"),
        person(3, residence_hf="bergen", onset_date="2010-01-01"),
        expected_patients=[
            {"hf": trust, "year": 2024, "expected": 2.4} for trust in codes.trusts()
        ],
        population=[
            {"hf": trust, "year": 2024, "inhabitants": 100_000} for trust in codes.trusts()
        ],
    )
    persons = indicator_persons(extract, codes.indicators())
    return {
        "indicators": estimate_indicators(persons, definitions=codes.indicators(), year=2024),
        "coverage": estimate_coverage(
            persons,
            definitions=codes.coverages(),
            expected=expected_by_coverage(extract),
            year=2024,
        ),
    }


@pytest.fixture
def run(tmp_path, delivered):
    """Return the folder of a run."""
    folder = tmp_path / "restricted" / "delivery"
    folder.mkdir(parents=True)
    for name, result in delivered.items():
        result.frame.to_csv(folder / f"{name}.csv", index=False)
    return tmp_path


def change(run, name, edit):
    path = run / "restricted" / "delivery" / f"{name}.csv"
    edit(pd.read_csv(path)).to_csv(path, index=False)


# --- the file -------------------------------------------------------------------------------------


def test_the_file_has_exactly_the_receivers_columns_and_form(run):
    path, _ = export_skde(run)
    lines = path.read_bytes().decode("utf-8").splitlines()
    assert lines[0] == "context;year;orgnr;ind_id;var;denominator"
    assert f"resident;2024;{BERGEN};ms_diagnosetid;1;2" in lines
    assert f"resident;2024;{FORDE};ms_diagnosetid;1;1" in lines
    assert path == run / "restricted" / "delivery" / "skde.csv"


def test_every_trust_with_a_denominator_is_in_it_and_those_without_are_named(run):
    path, left_out = export_skde(run)
    file = pd.read_csv(path, sep=";", dtype=str)
    assert set(file[file["ind_id"] == "ms_diagnosetid"]["orgnr"]) == {FORDE, BERGEN}
    assert "onset_to_diagnosis_24m 2024: finnmark has no denominator" in left_out
    assert len([line for line in left_out if line.startswith("onset_to_diagnosis_24m")]) == 17
    assert file[file["ind_id"] == "ms_dg_total"]["orgnr"].nunique() == 19


def test_the_denominator_of_a_coverage_is_the_expected_number_in_whole_persons(run):
    file = pd.read_csv(export_skde(run)[0], sep=";", dtype=str).set_index(["ind_id", "orgnr"])
    assert file.loc[("ms_dg_total", BERGEN), ["var", "denominator"]].tolist() == ["2", "2"]
    assert file.loc[("ms_dg_nydiag", BERGEN), ["var", "denominator"]].tolist() == ["2", "9"]


def test_indicators_without_an_id_at_the_receiver_are_not_delivered(run):
    ids = set(pd.read_csv(export_skde(run)[0], sep=";")["ind_id"])
    assert ids <= {each["skde_id"] for each in (*codes.indicators(), *codes.coverages())} - {""}
    assert len(ids) == 7


def test_a_year_is_chosen_and_one_that_was_not_delivered_is_refused(run):
    change(run, "indicators", lambda rows: pd.concat([rows, rows.assign(year=2023)]))
    years = [set(pd.read_csv(export_skde(run, years=y)[0], sep=";")["year"]) for y in ((), (2023,))]
    assert years == [{2024}, {2023}]
    with pytest.raises(DeliveryRefused, match="nothing of 2019: it has 2023, 2024"):
        export_skde(run, years=[2019])


def test_a_set_without_all_trusts_is_refused_by_name(run):
    change(run, "indicators", lambda rows: rows[rows["unit"] != "ahus"])
    with pytest.raises(DeliveryRefused, match=r"2024: ahus missing; SKDE would delete"):
        export_skde(run)


def test_who_has_no_known_residence_is_not_delivered(run):
    change(
        run,
        "indicators",
        lambda rows: pd.concat([rows, rows[rows["unit"] == "bergen"].assign(unit="missing")]),
    )
    assert len(pd.read_csv(export_skde(run)[0], sep=";").query("ind_id == 'ms_diagnosetid'")) == 2


def test_a_run_that_delivered_nothing_says_what_to_run(tmp_path):
    with pytest.raises(DeliveryRefused, match="run the analysis quality_indicators"):
        export_skde(tmp_path)


def test_a_delivered_file_of_another_form_is_refused_without_its_content(run):
    change(run, "indicators", lambda rows: rows.assign(numerator="P-4711"))
    with pytest.raises(DeliveryRefused, match="column numerator: expected numbers") as refused:
        export_skde(run)
    assert "P-4711" not in str(refused.value)


# --- the receiver's rules -------------------------------------------------------------------------


def row(**changes):
    good = ("resident", "2024", FORDE, "ms_diagnosetid", "3", "8")
    return dict(zip(COLUMNS, good, strict=True)) | changes


def found(*rows):
    return problems(pd.DataFrame(rows, dtype="object"))


def test_a_good_file_breaks_no_rule():
    assert found(row(), row(orgnr=BERGEN, var="0"), row(ind_id="ms_dg_nydiag", var="9")) == []


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"var": ""}, "a missing value"),
        ({"denominator": None}, "a missing value"),
        ({"context": "hospital"}, "an unknown context"),
        ({"year": "24"}, "a year that is none"),
        ({"orgnr": "123456789"}, "an unknown organisation number"),
        ({"orgnr": "983658725"}, "a total besides hospital trusts"),
        ({"orgnr": "1"}, "a total besides hospital trusts"),
        ({"ind_id": "ms_unheard_of"}, "an unknown indicator"),
        ({"var": "2,5"}, "a fraction that is not whole"),
        ({"var": "-1"}, "a fraction that is not whole"),
        ({"var": "0", "denominator": "0"}, "a denominator of zero"),
        ({"var": "9"}, "a share above 1"),
    ],
)
def test_each_rule_is_named_with_its_line(changes, rule):
    lines = found(row(orgnr=BERGEN), row(**changes))
    assert any(line.startswith(f"{rule} (line 3)") for line in lines)


def test_a_row_twice_is_found_even_with_other_counts():
    assert found(row(), row(var="4")) == ["a row twice (line 2, 3)"]


def test_a_column_too_many_or_too_few_is_named():
    assert found(row(name="Førde")) == ["unknown column name"]
    assert problems(pd.DataFrame([row()]).drop(columns="var")) == ["missing column var"]


# --- the national indicators ----------------------------------------------------------------------


def test_the_two_national_indicators_are_given_for_every_level(run):
    text = export_national(run).read_text(encoding="utf-8").splitlines()
    assert text[0] == "indicator;name;year;level;orgnr;unit;numerator;denominator;share"
    file = pd.read_csv(export_national(run), sep=";", decimal=",", dtype={"orgnr": str})
    assert set(file["indicator"]) <= {"diagnosis_to_treatment_21d", "early_high_efficacy"}
    waiting = file[file["indicator"] == "diagnosis_to_treatment_21d"].set_index("level")
    assert waiting.loc["nation", ["numerator", "denominator"]].tolist() == [0, 3]
    assert set(waiting.loc["trust", "unit"]) == {"Helse Førde HF", "Helse Bergen HF"}
    assert waiting.loc["region", "orgnr"] == "983658725"


# --- the commands ---------------------------------------------------------------------------------


def test_the_commands_print_the_path_and_refuse_with_exit_code_4(run, tmp_path):
    to = tmp_path / "to.csv"
    done = CliRunner().invoke(app, ["export", "skde", str(run), "--to", str(to), "--year", "2024"])
    assert (done.exit_code, done.stdout.strip()) == (0, str(to))
    assert "left out: onset_to_diagnosis_24m 2024: finnmark has no denominator" in done.stderr
    assert CliRunner().invoke(app, ["export", "national", str(run)]).exit_code == 0
    refused = CliRunner().invoke(app, ["export", "skde", str(tmp_path / "nowhere")])
    assert refused.exit_code == 4
    assert "quality_indicators" in refused.stderr
