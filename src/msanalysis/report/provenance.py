"""The page that says how the numbers were made: what the manifest holds, for readers."""

import json
from typing import Any

from msanalysis.labels import day_in_words
from msanalysis.report.contents import Contents
from msanalysis.report.site import Page
from msanalysis.report.words import WORDS


def provenance_page(contents: Contents) -> Page:
    """Return the page of the run: extract, version, parameters of each analysis, libraries."""

    def content(lang: str) -> dict[str, Any]:
        manifest = contents.manifest
        return {
            "facts": _facts(manifest, lang),
            "parameters": [
                (each["title"][lang], each["id"], _written(each["parameters"]))
                for each in manifest["analyses"]
                if each["parameters"]
            ],
            "libraries": manifest.get("package", {}).get("dependencies", {}),
        }

    title = {lang: WORDS[lang]["provenance"] for lang in contents.languages}
    return Page("site/provenance", "provenance.html", title, content)


def _written(parameters: dict[str, Any]) -> dict[str, str]:
    return {name: json.dumps(value, ensure_ascii=False) for name, value in parameters.items()}


def _facts(manifest: dict[str, Any], lang: str) -> list[tuple[str, str]]:
    """Return what is known of the run; what an older manifest does not say is left out."""
    say, package, extract = WORDS[lang], manifest.get("package", {}), manifest["extract"]
    changed = f" ({say['changed']})" if package.get("changed_since_commit") else ""
    commit = package.get("commit")
    facts = {
        "run": manifest.get("run"),
        "report_year": str(manifest["report_year"]),
        "status_date": day_in_words(manifest["status_date"], lang),
        "data_cutoff": day_in_words(manifest["data_cutoff"], lang),
        "policy": manifest["policy"],
        "source": extract["source"],
        "fingerprint": extract.get("fingerprint"),
        "version": package.get("version"),
        "commit": commit and commit + changed,
    }
    return [(say[name], value) for name, value in facts.items() if value]
