"""The catalogue: every row whole, in words of both languages, with columns the schema has."""

import pytest

from msanalysis import schema
from msanalysis.catalogue import ANALYSES
from msanalysis.run import PROJECT, RunRefused
from msanalysis.run.listing import description, find_analysis, lines

IDS = [analysis.id for analysis in ANALYSES]


@pytest.mark.parametrize("analysis", ANALYSES, ids=IDS)
def test_an_analysis_needs_columns_of_the_schema(analysis):
    assert analysis.needs
    for need in analysis.needs:
        table, _, column = need.partition(".")
        assert not column or schema.TABLES[table].column(column)


@pytest.mark.parametrize("analysis", ANALYSES, ids=IDS)
def test_titles_and_captions_are_said_in_both_languages(analysis):
    said = [analysis.title, *analysis.captions.values()]
    assert all(set(words) == {"nb", "en"} and all(words.values()) for words in said)


@pytest.mark.parametrize("analysis", ANALYSES, ids=IDS)
def test_every_figure_has_a_caption(analysis):
    assert set(analysis.figures) <= set(analysis.captions)


def test_ids_of_analyses_and_figures_are_unique():
    figures = [figure for analysis in ANALYSES for figure in analysis.figures]
    assert len(set(IDS)) == len(IDS)
    assert len(set(figures)) == len(figures)


def test_every_analysis_has_a_notebook_and_every_notebook_a_row():
    notebooks = {path.stem for path in (PROJECT / "notebooks").glob("[!_]*.ipynb")}
    assert notebooks == set(IDS)


def test_each_analysis_is_listed_once_with_the_number_of_its_figure():
    assert len(lines()) == len(ANALYSES)
    (line,) = [line for line in lines() if line.startswith("overall_survival")]
    assert "2.3 " in line
    assert line.endswith("(figure 2.3.3)")


@pytest.mark.parametrize("id", IDS)
def test_a_description_names_parameters_and_needed_columns(id):
    described = "\n".join(description(id))
    assert "  extract: str = " in described
    assert f"needs: {', '.join(find_analysis(id).needs)}" in described


def test_an_unknown_analysis_is_refused_with_those_known():
    with pytest.raises(RunRefused, match="no analysis survival in the catalogue; known are ritux"):
        find_analysis("survival")
