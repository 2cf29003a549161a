import subprocess
import sys
from pathlib import Path

import pytest

from msanalysis import codes, schema
from msanalysis.dictionary import data_dictionary

PAGE = Path(__file__).parents[1] / "docs" / "data_dictionary.md"


def test_data_dictionary_page_is_not_stale():
    assert PAGE.read_text(encoding="utf-8") == data_dictionary(), (
        "run `python -m msanalysis.dictionary docs/data_dictionary.md`"
    )


def test_data_dictionary_is_written_by_its_module(tmp_path):
    page = tmp_path / "page.md"
    subprocess.run([sys.executable, "-m", "msanalysis.dictionary", str(page)], check=True)
    assert page.read_text(encoding="utf-8") == data_dictionary()


@pytest.mark.parametrize("table", schema.TABLES.values(), ids=lambda table: table.name)
def test_every_column_is_declared_once_with_meaning_and_source(table):
    names = [column.name for column in table.columns]
    assert len(names) == len(set(names))
    for column in table.columns:
        assert column.meaning
        assert column.source
        assert bool(column.codes) == (column.kind == "code")


@pytest.mark.parametrize("table", schema.TABLES.values(), ids=lambda table: table.name)
def test_data_dictionary_shows_every_column(table):
    section = data_dictionary().partition(f"\n## {table.name}\n")[2].partition("\n## ")[0]
    for column in table.columns:
        name = f"**{column.name}**" if column.required else column.name
        assert f"| {name} | {column.kind} |" in section


def test_edss_scores_are_0_and_1_to_10_by_halves():
    assert schema.EDSS_SCORES[:3] == (0.0, 1.0, 1.5)
    assert schema.EDSS_SCORES[-1] == 10.0
    assert 0.5 not in schema.EDSS_SCORES
    assert len(schema.EDSS_SCORES) == 20


def test_there_are_19_trusts_and_no_substance_twice():
    assert len(codes.trusts()) == 19
    assert len(set(codes.substances())) == len(codes.substances())
