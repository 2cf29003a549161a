"""What no text of a release may say: who, when exactly, and on which machine."""

import json
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from msanalysis.release_check.identity_number import holds_identity_number

AN_ADDRESS = "an address on the internet or of another machine"
A_PATH = "a path of the machine"
_PSEUDONYM = re.compile(
    r"(?<![\w#&.])(?:"
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{16,}"
    r"|[a-z]{1,6}[-_]?(?:\d{5,}|(?=[a-f]*\d)[0-9a-f]{8,})"
    r")(?![\w])",
    re.IGNORECASE,
)
_DAY = re.compile(
    r"(?<![\w.])(?:(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)"
    r"|(?P<d2>\d{1,2})[./](?P<m2>\d{1,2})[./](?P<y2>\d{4}))(?![\w]|[-.]\d)"
)
_TRACEBACK = re.compile(r"Traceback \(most recent call last\)|File \S+, line \d+|\x1b\[")
_ADDRESS = re.compile(r"://|(?<=[\"'(=\s])//[\w-]+\.")
_FOLDERS = (
    r"/(?<![\w.<:/]/)(?:home|Users|root|tmp|var|mnt|opt|srv|usr|private|data|tsd|media|Volumes)/\w",
    r":(?<=\b[A-Z]:)\\+\w{2}",
    r"\\{2}(?<![\w\\]\\{2})\\*[A-Za-z][\w.-]{3,}\\+\w{2}",
    r"file:/",
)
"""Each begins with what it always holds, which is sought far quicker than what may stand before."""
_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_MARKUP = re.compile(r"<!--|-->|<[^>]*>")
_SAID = re.compile(
    r"\s(?:alt|title|content|value|placeholder|label|aria-[\w-]+|data-[\w-]+)"
    r"""\s*=\s*(?:"([^"]*)"|'([^']*)')"""
)
"""What a tag says to a reader, or keeps for a script."""
_ESCAPED = re.compile(r'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})')


def word_rules(
    name: str, text: str, manifest: Mapping[str, Any], paths: Iterable[re.Pattern]
) -> Iterator[str]:
    """Yield what is wrong with what a text says; `name` is its file's."""
    text = unescaped(text) if name.endswith((".ipynb", ".js")) else text
    if _TRACEBACK.search(text):
        yield "a traceback"
    if any(path.search(text) for path in paths):
        yield A_PATH
    shown = _shown(name, text, manifest)
    if holds_identity_number(shown):
        yield "a national identity number"
    if _PSEUDONYM.search(shown):
        yield "a value that looks like an identifier"
    if not _days(shown) <= _known_days(manifest):
        yield "a day that is none of the run's dates"


def names_an_address(text: str) -> bool:
    """Whether a text holds an address on the internet or of another machine."""
    return bool(_ADDRESS.search(text))


def unescaped(text: str) -> str:
    """Return JSON as it reads: a tab or an end of line is no letter before a day."""
    return _ESCAPED.sub(lambda found: json.loads(f'"{found[0]}"'), text)


def points_at_a_person(text: str) -> bool:
    """Whether a text holds a national identity number, a pseudonym or a day."""
    return bool(holds_identity_number(text) or _PSEUDONYM.search(text) or _DAY.search(text))


def machine_paths(folder: Path) -> list[re.Pattern]:
    """Return what finds a path of this machine, or of one like it."""
    own = (Path.home(), Path.cwd(), folder.resolve().parent, Path(sys.prefix), _temporary())
    known = {re.escape(str(path)) for path in own if len(path.parts) > 1}
    return [
        re.compile(each)
        for each in (*_FOLDERS, *(rf"{path}(?<![\w.<]{path})\b" for path in sorted(known)))
    ]


def _temporary() -> Path:
    return Path(tempfile.gettempdir())


def _shown(name: str, text: str, manifest: Mapping[str, Any]) -> str:
    """Return a page or drawing without its tags, whose ids and coordinates say nothing.

    Of the manifest, what it says of analyses: the rest is hashes and the hour of the run. Where a
    page says the hashes of extract and commit, they are left out too.
    """
    if name.endswith(".json"):
        return json.dumps(manifest["analyses"], ensure_ascii=False)
    if name.startswith("site/provenance."):
        text = _without_hashes(text, manifest)
    if name.endswith(".html"):
        return _MARKUP.sub(_said_in_tag, text)
    return _MARKUP.sub(" ", text) if name.endswith((".svg", ".xml", ".rels")) else text


def _said_in_tag(tag: re.Match) -> str:
    return " ".join(["", *("".join(each) for each in _SAID.findall(tag[0])), ""])


def _without_hashes(text: str, manifest: Mapping[str, Any]) -> str:
    hashes = (manifest["extract"].get("fingerprint"), manifest.get("package", {}).get("commit"))
    for said in hashes:
        text = text.replace(said, " ") if said and _HASH.fullmatch(said) else text
    return text


def _days(text: str) -> set[date]:
    """Return the days a text names, but the first and last of a year, which stand for it."""
    found = set()
    for parts in _DAY.finditer(text):
        year, month, day = (int(parts[each] or parts[each + "2"]) for each in "ymd")
        try:
            found.add(date(year, month, day))
        except ValueError:
            continue
    return {day for day in found if (day.month, day.day) not in ((1, 1), (12, 31))}


def _known_days(manifest: Mapping[str, Any]) -> set[date]:
    """Return the days the run was given; they are in the manifest for all to read.

    The bounds of what it may be given stand in its notebooks.
    """
    given = [manifest["status_date"], manifest["data_cutoff"], manifest["extract"]]
    given += [analysis["parameters"] for analysis in manifest["analyses"]]
    return _days(str(given)) | _days(manifest.get("declarations", ""))
