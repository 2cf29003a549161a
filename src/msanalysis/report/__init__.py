"""A release as pages: `release/` in, `index.html` and the pages it leads to out.

Nothing else is read but the package's own texts. The pages load nothing from elsewhere; there is
one of each in every language of the run.
"""

from pathlib import Path

from msanalysis.report.analyses import analysis_pages
from msanalysis.report.comparison import comparison_pages
from msanalysis.report.contents import ReportIncomplete, read_contents
from msanalysis.report.disclosure import disclosure_page
from msanalysis.report.methods import methods_pages
from msanalysis.report.overview import overview_page
from msanalysis.report.provenance import provenance_page
from msanalysis.report.site import write_site

__all__ = ["ReportIncomplete", "write_report"]


def write_report(release: Path) -> Path:
    """Write `index.html`, `analyses/` and `site/` into a release folder; return the first.

    Made from the manifest, texts, figures, tables, numbers and notebooks of the release.

    Raises
    ------
    ReportIncomplete
        When a column or code of a table has no word.
    """
    contents = read_contents(release)
    about = [
        *methods_pages(contents),
        *comparison_pages(contents),
        disclosure_page(contents),
        provenance_page(contents),
    ]
    overview = overview_page(contents, about)
    return write_site(contents, [overview, *analysis_pages(contents), *about])
