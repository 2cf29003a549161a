"""MSIS-29 from its items: both versions, missing answers, and deliveries that do not fit."""

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliveries import DATES
from msanalysis.extract import ExtractRefused, open_extract
from msanalysis.importing import import_extract
from msanalysis.importing.msis29 import score_items

PHYSICAL = [f"m{n}" for n in range(1, 21)]
PSYCHOLOGICAL = [f"m{n}" for n in range(21, 30)]


def score(answers, version, least_answered=0.5):
    """Return the score of one row of answers, and whether one is not of the version."""
    row = {f"item{n}": [each] for n, each in enumerate(answers)}
    values, foreign = score_items(
        pl.DataFrame(row, schema=dict.fromkeys(row, pl.String)), version, least_answered
    )
    return values.item(), foreign.item()


@given(st.lists(st.integers(1, 5), min_size=20, max_size=20))
def test_version_1_physical_is_the_sum_less_20_over_80(answers):
    found, _ = score(map(str, answers), version=1)
    assert found == pytest.approx(100 * (sum(answers) - 20) / 80)


@given(st.lists(st.integers(1, 4), min_size=9, max_size=9))
def test_version_2_psychological_is_the_sum_less_9_over_27(answers):
    found, _ = score(map(str, answers), version=2)
    assert found == pytest.approx(100 * (sum(answers) - 9) / 27)


@pytest.mark.parametrize(("answer", "found"), [("1", 0), ("4", 75), ("5", 100)])
def test_the_ends_of_version_1(answer, found):
    assert score([answer] * 9, version=1) == (found, False)


def test_the_same_answers_score_otherwise_in_the_other_version():
    assert score(["4"] * 9, version=2) == (100, False)


@pytest.mark.parametrize(
    ("n_answered", "least", "found"),
    [(10, 0.5, 50), (9, 0.5, None), (15, 0.75, 50), (14, 0.75, None), (19, 1, None), (20, 1, 50)],
)
def test_a_score_needs_a_share_of_the_items(n_answered, least, found):
    answers = ["3"] * n_answered + [None] * (20 - n_answered)
    assert score(answers, version=1, least_answered=least) == (found, False)


def test_of_nine_items_five_are_half():
    assert score(["1"] * 5 + [None] * 4, version=2)[0] == 0
    assert score(["1"] * 4 + [None] * 5, version=2)[0] is None


def test_a_missing_answer_counts_as_the_mean_of_the_others():
    assert score(["1", "5"] * 4 + [None], version=1) == (50, False)


@pytest.mark.parametrize("answer", ["0", "5", "6", "-1", "2.5", "x", "12"])
def test_an_answer_that_version_2_does_not_have_gives_no_score(answer):
    assert score(["2"] * 8 + [answer], version=2) == (None, True)


@pytest.mark.parametrize("answer", ["3", "3.0", "3,0"])
def test_whole_numbers_are_read_as_they_are_written(answer):
    assert score([answer] * 9, version=1) == (50, False)


# --- in a delivery ------------------------------------------------------------------------------


def delivery(folder: Path, rows: list[dict], physical: str) -> tuple[Path, Path]:
    """Write patients and answers as CSV, and a mapping that says how MSIS-29 is delivered."""
    source = folder / "delivery"
    source.mkdir()
    ids = [f"p{n}" for n in range(len(rows))]
    pl.DataFrame({"patient_id": ids}).write_csv(source / "patients.csv")
    answers = [{"patient_id": id, "answered_date": "2024-12-01", **row}
               for id, row in zip(ids, rows, strict=True)]  # fmt: skip
    pl.DataFrame(answers).write_csv(source / "prom.csv")
    mapping = folder / "mapping.yaml"
    mapping.write_text(
        "set_aside_bound: 0.5\n"
        "tables:\n"
        "  patients: {file: patients.csv, columns: {patient_id: patient_id}}\n"
        "  prom:\n"
        "    file: prom.csv\n"
        "    columns:\n"
        "      patient_id: patient_id\n"
        "      answered_date: answered_date\n"
        f"      msis29_physical: {physical}\n"
    )
    return source, mapping


def physical(version=1, items=PHYSICAL, more=""):
    return f"{{items: [{', '.join(items)}], version: {version}{more}}}"


def items(answer=3, **others):
    return dict.fromkeys(PHYSICAL, answer) | others


def scores(folder):
    return open_extract(folder).table("prom").collect().to_native()["msis29_physical"].to_list()


@pytest.mark.parametrize(("version", "found"), [(1, 50), (2, 200 / 3)])
def test_items_are_scored_by_the_declared_version(tmp_path, version, found):
    source, mapping = delivery(tmp_path, [items(), items()], physical(version))
    import_extract(source, tmp_path / "store", mapping=mapping, **DATES)
    assert scores(tmp_path / "store") == pytest.approx([found, found])


def test_the_share_of_items_is_said_in_the_mapping(tmp_path):
    rows = [items(), items(m1=None)]
    source, mapping = delivery(tmp_path, rows, physical(more=", least_answered: 1"))
    import_extract(source, tmp_path / "store", mapping=mapping, **DATES)
    assert sorted(scores(tmp_path / "store"), key=str) == [50, None]


def test_a_row_with_an_answer_of_another_version_is_set_aside_and_counted(tmp_path):
    rows = [items(), items(m7=5), items(2), items(1)]
    source, mapping = delivery(tmp_path, rows, physical(version=2))
    report = import_extract(source, tmp_path / "store", mapping=mapping, **DATES)
    (table,) = [each for each in report.tables if each.table == "prom"]
    assert (table.rows_set_aside, table.rows_kept) == (1, 3)
    assert len(scores(tmp_path / "store")) == 3


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (physical(items=PHYSICAL[:19]), "msis29_physical has 20, msis29_psychological has 9"),
        (physical(items=PHYSICAL[:19] + PHYSICAL[:1]), "all different ones of a score"),
        (physical(version=3), "less than or equal to 2"),
        (f"{{items: [{', '.join(PHYSICAL)}]}}", "together with their `version`"),
        ("{column: m1, version: 1}", "together with their `version`"),
        (physical(more=", column: m1"), "or `items`"),
        (physical(more=", least_answered: 0"), "greater than 0"),
    ],
)
def test_a_mapping_of_items_that_cannot_be_is_refused(tmp_path, given, message):
    source, mapping = delivery(tmp_path, [items()], given)
    with pytest.raises(ExtractRefused, match=message):
        import_extract(source, tmp_path / "store", mapping=mapping, **DATES)


def test_items_of_another_table_are_refused(tmp_path):
    source, mapping = delivery(tmp_path, [items()], physical())
    mapping.write_text(mapping.read_text().replace("msis29_physical", "rand12_physical"))
    with pytest.raises(ExtractRefused, match="all different ones of a score"):
        import_extract(source, tmp_path / "store", mapping=mapping, **DATES)


@pytest.mark.parametrize("missing", ["m1", "m13"])
def test_an_item_that_is_no_column_is_named(tmp_path, missing):
    row = {name: each for name, each in items().items() if name != missing}
    source, mapping = delivery(tmp_path, [row], physical())
    with pytest.raises(ExtractRefused, match=f"of which {missing} are no columns"):
        import_extract(source, tmp_path / "store", mapping=mapping, **DATES)


def test_without_any_of_the_items_the_score_was_not_delivered(tmp_path):
    source, mapping = delivery(tmp_path, [{"other": 1}], physical())
    import_extract(source, tmp_path / "store", mapping=mapping, **DATES)
    assert not open_extract(tmp_path / "store").delivered("prom.msis29_physical")
