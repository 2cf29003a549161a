"""A release looked at as it lies on disk, by rules that know nothing of how it was made.

The gate decides what may be shown; this finds what came in beside it: a file nobody declared, a
column of pseudonyms, a national identity number, an address on the internet. It finds shapes, not
meanings: a table of small counts passes here, and is the gate's to hide.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from msanalysis.release_check.documents import document_rules
from msanalysis.release_check.notebooks import declarations, notebook_rules
from msanalysis.release_check.pages import page_rules
from msanalysis.release_check.pictures import picture_rules
from msanalysis.release_check.scripts import script_rules
from msanalysis.release_check.tables import table_rules
from msanalysis.release_check.words import machine_paths, points_at_a_person, word_rules

__all__ = ["Finding", "check_release"]

MANIFEST = "manifest.json"
LIBRARY = "figures/plotly.min.js"
FIRST_PAGE = "index.html"
PAGES = ("index", "disclosure", "comparison", "methods", "provenance")
OWN_FILES = {f"site/{name}": f"report/{name}" for name in ("style.css", "script.js")}
"""What all pages share, and where the package has it."""

_DOCUMENT = re.compile(r"report\.[a-z]{2}\.docx")
_OF_LANGUAGE = re.compile(r"\w+\.[a-z]{2}\.(html|js)")
SUFFIXES = {
    "figures": (".svg", ".png", ".js"),
    "tables": (".csv",),
    "notebooks": (".ipynb",),
    "analyses": (".html",),
    "site": (".html", ".js", ".css"),
}
LARGEST_MB = {
    ".docx": 100, ".csv": 2, ".json": 5, ".html": 20, ".svg": 5, ".png": 10, ".js": 5, ".ipynb": 1,
}  # fmt: skip


@dataclass(frozen=True, order=True)
class Finding:
    """What is wrong with one file of a release: never what stands in it."""

    file: str
    rule: str

    def __str__(self) -> str:
        return f"{self.file}: {self.rule}"


def check_release(folder: Path) -> tuple[Finding, ...]:
    """Return everything in a release folder that must not leave, by file and rule.

    Looked at are the kinds and sizes of files, whether the manifest lists and an analysis declares
    them, columns and values that look like identifiers, national identity numbers (both control
    digits; D-numbers and synthetic ones too), days that are none of the run's, addresses and
    references that lead out of the folder, tracebacks, and paths of the machine.

    Raises
    ------
    NotADirectoryError
        When there is no such folder.
    """
    if not folder.is_dir():
        raise NotADirectoryError(20, "expected a release folder", str(folder))
    manifest = _manifest(folder)
    if manifest is None:
        return (Finding(MANIFEST, "missing, or not as a run writes it"),)
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))
    found = {
        Finding(_name_shown(name), rule)
        for name in names
        if not _is_plain_folder(folder / name, name)
        for rule in _file_rules(folder, name, manifest)
    }
    gone = set(manifest["files"]) - set(names)
    found |= {Finding(_name_shown(name), "in the manifest, but not there") for name in gone}
    return tuple(sorted(found))


def _manifest(folder: Path) -> dict[str, Any] | None:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        declared = _declared(manifest)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return {**manifest, "declared": declared, "declarations": _declarations(folder, declared)}


def _declarations(folder: Path, declared: set[str]) -> str:
    """Return how the notebooks declare their parameters."""
    paths = (folder / name for name in sorted(declared) if name.endswith(".ipynb"))
    plain = (path for path in paths if path.is_file() and not path.is_symlink())
    return "".join(declarations(path.read_text("utf-8", "replace")) for path in plain)


def _declared(manifest: dict[str, Any]) -> set[str]:
    """Return the files a reader is led to: the pages, and what analyses say they made."""
    languages = manifest["languages"]
    names = {MANIFEST, "numbers.csv", FIRST_PAGE, *OWN_FILES}
    names |= {f"report.{lang}.docx" for lang in languages}
    names |= {f"site/{page}.{lang}.html" for page in PAGES for lang in languages}
    names |= {f"site/search.{lang}.js" for lang in languages}
    for analysis in manifest["analyses"]:
        names |= {f"analyses/{analysis['id']}.{lang}.html" for lang in languages}
        names |= {analysis["notebook"], *(table["file"] for table in analysis["tables"])}
        for figure in analysis["figures"]:
            drawn = list(figure["files"].values())
            names |= {*drawn, *(name.removesuffix(".svg") + ".png" for name in drawn)}
            names |= {*figure["interactive"].values()}
            names |= {LIBRARY} if figure["interactive"] else set()
    if not isinstance(manifest["files"], dict):
        raise TypeError("expected hashes by file")
    return names


def _is_plain_folder(path: Path, name: str) -> bool:
    return name in SUFFIXES and path.is_dir() and not path.is_symlink()


def _name_shown(name: str) -> str:
    """Return the name of a file, unless the name itself points at a person."""
    if points_at_a_person(name.replace("_", " ")):
        return f"{Path(name).parent.as_posix()}/(a name that is not shown)"
    return name


def _file_rules(folder: Path, name: str, manifest: dict[str, Any]) -> Iterator[str]:
    path = folder / name
    if path.is_symlink() or not path.is_file():
        yield "neither a plain file nor a folder that belongs here"
        return
    if points_at_a_person(name.replace("_", " ")):
        yield "its name looks like an identifier"
    if not _is_of_known_kind(name):
        yield "no kind of file that belongs here"
        return
    if name not in manifest["declared"]:
        yield "no analysis declares it"
    content = path.read_bytes()
    yield from _listing_rules(name, content, manifest["files"])
    if name in (LIBRARY, *OWN_FILES):
        yield from _own_file_rules(name, content)
    else:
        yield from _content_rules(folder, name, content, manifest)


def _own_file_rules(name: str, content: bytes) -> Iterator[str]:
    if name == LIBRARY:
        if content != _library():
            yield "not the plotting library that is installed here"
    elif content != files("msanalysis").joinpath(OWN_FILES[name]).read_bytes():
        yield "not as the report that is installed here has it"


def _is_of_known_kind(name: str) -> bool:
    known = (MANIFEST, "numbers.csv", FIRST_PAGE, LIBRARY, *OWN_FILES)
    if name in known or _DOCUMENT.fullmatch(name):
        return True
    folder, _, file = name.partition("/")
    suffix = Path(file).suffix
    is_named_so = suffix not in (".html", ".js") or _OF_LANGUAGE.fullmatch(file)
    return "/" not in file and suffix in SUFFIXES.get(folder, ()) and bool(is_named_so)


def _listing_rules(name: str, content: bytes, listed: dict[str, str]) -> Iterator[str]:
    if name == MANIFEST:
        return
    if name not in listed:
        yield "not in the manifest"
    elif listed[name] != hashlib.sha256(content).hexdigest():
        yield "changed since the manifest was written"


def _content_rules(
    folder: Path, name: str, content: bytes, manifest: dict[str, Any]
) -> Iterator[str]:
    suffix = Path(name).suffix
    if len(content) > LARGEST_MB[suffix] << 20:
        yield f"larger than {LARGEST_MB[suffix]} MB"
        return
    if suffix == ".png":
        yield from picture_rules(content)
        return
    if suffix == ".docx":
        yield from document_rules(content, manifest, machine_paths(folder))
        return
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        yield "not UTF-8 text"
        return
    yield from _text_rules(folder, name, text)
    yield from word_rules(name, text, manifest, machine_paths(folder))


def _text_rules(folder: Path, name: str, text: str) -> Iterator[str]:
    match Path(name).suffix:
        case ".html" | ".svg":
            yield from page_rules(folder, name, text)
        case ".csv":
            yield from table_rules(text, ids="id" if name == "numbers.csv" else "")
        case ".js":
            yield from script_rules(name, text)
        case ".ipynb":
            yield from notebook_rules(text)


def _library() -> bytes:
    from plotly.offline import get_plotlyjs

    return get_plotlyjs().encode()
