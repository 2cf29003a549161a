"""The catalogue and one analysis of it, as lines of text."""

from dataclasses import asdict
from typing import Any

from msanalysis.catalogue import ANALYSES, Analysis
from msanalysis.run import PROJECT, RunRefused
from msanalysis.run.parameters import Parameter, read_parameters


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


def entries() -> list[dict[str, Any]]:
    """Return the same for a program."""
    return [_entry(analysis) for analysis in ANALYSES]


def _entry(analysis: Analysis) -> dict[str, Any]:
    return {
        "id": analysis.id,
        "chapter": analysis.chapter,
        "title": dict(analysis.title),
        "figures": _numbers(analysis),
        "needs": [*analysis.needs],
    }


def _numbers(analysis: Analysis) -> list[str]:
    """Return the numbers that the annual report gives its figures."""
    return [*dict.fromkeys(filter(None, analysis.figures.values()))]


def _printed(analysis: Analysis) -> str:
    numbers = ", ".join(_numbers(analysis))
    return f" (figure {numbers})" if numbers else ""


def description(id: str) -> list[str]:
    """Return what an analysis is, takes and needs."""
    analysis = find_analysis(id)
    return [
        f"{id}: {analysis.title['en']} (chapter {analysis.chapter}){_printed(analysis)}",
        "parameters:",
        *(
            f"  {each.name}: {each.type} = {each.default!r}  # {each.comment}"
            for each in _parameters(id)
        ),
        f"needs: {', '.join(analysis.needs)}",
    ]


def described(id: str) -> dict[str, Any]:
    """Return the same for a program."""
    return _entry(find_analysis(id)) | {"parameters": [asdict(each) for each in _parameters(id)]}


def _parameters(id: str) -> tuple[Parameter, ...]:
    return read_parameters(PROJECT / "notebooks" / f"{id}.ipynb")
