"""The catalogue and one analysis of it, as lines of text."""

from msanalysis.catalogue import ANALYSES, Analysis
from msanalysis.run import PROJECT, RunRefused


def find_analysis(id: str, catalogue: tuple[Analysis, ...] = ANALYSES) -> Analysis:
    """Return an analysis of the catalogue; RunRefused when it has none such."""
    for analysis in catalogue:
        if analysis.id == id:
            return analysis
    known = ", ".join(analysis.id for analysis in catalogue)
    raise RunRefused(f"no analysis {id} in the catalogue; known are {known}")


def lines() -> list[str]:
    """Return one line an analysis: id, chapter, figures of the annual report, title."""
    widest = max(len(analysis.id) for analysis in ANALYSES)
    return [
        f"{analysis.id:<{widest}}  {analysis.chapter}  {analysis.title['en']}{_printed(analysis)}"
        for analysis in ANALYSES
    ]


def _printed(analysis: Analysis) -> str:
    numbers = ", ".join(dict.fromkeys(filter(None, analysis.figures.values())))
    return f" (figure {numbers})" if numbers else ""


def description(id: str) -> list[str]:
    """Return what an analysis is, takes and needs."""
    from msanalysis.run.parameters import read_parameters

    analysis = find_analysis(id)
    parameters = read_parameters(PROJECT / "notebooks" / f"{id}.ipynb")
    return [
        f"{id}: {analysis.title['en']} (chapter {analysis.chapter}){_printed(analysis)}",
        "parameters:",
        *(
            f"  {each.name}: {each.type} = {each.default!r}  # {each.comment}"
            for each in parameters
        ),
        f"needs: {', '.join(analysis.needs)}",
    ]
