"""What a Word document may hold: words, drawings of pixels, and nothing that it fetches or runs."""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msanalysis.release_check.pictures import picture_rules
from msanalysis.release_check.words import word_rules

MOST_MB = 200
_PARTS = re.compile(
    r"\[Content_Types\]\.xml|_rels/\.rels|docProps/(?:app|core)\.xml"
    r"|word/(?:_rels/)?[a-zA-Z]+\d*\.xml(?:\.rels)?|word/theme/theme\d\.xml"
    r"|word/media/image\d+\.png"
)
_LEADS_OUT = re.compile(r"TargetMode\s*=|<!ENTITY|<!DOCTYPE", re.IGNORECASE)
_FETCHES = re.compile(r"<w:instrText[^>]*>(?!\s*REF [a-z0-9_]+ )|<w:fldSimple", re.IGNORECASE)


def document_rules(
    content: bytes, manifest: Mapping[str, Any], paths: Iterable[re.Pattern]
) -> Iterator[str]:
    """Yield what is wrong with a Word document."""
    try:
        document = zipfile.ZipFile(io.BytesIO(content))
        parts = document.infolist()
        if sum(part.file_size for part in parts) > MOST_MB << 20:
            yield f"larger than {MOST_MB} MB when unpacked"
            return
        held = {part.filename: document.read(part) for part in parts}
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError):
        yield "not a Word document"
        return
    for name, part in held.items():
        yield from _part_rules(name, part, manifest, paths)


def _part_rules(
    name: str, part: bytes, manifest: Mapping[str, Any], paths: Iterable[re.Pattern]
) -> Iterator[str]:
    if not _PARTS.fullmatch(name):
        yield "a part that does not belong in it"
    elif name.endswith(".png"):
        yield from picture_rules(part)
    else:
        text = part.decode("utf-8", errors="replace")
        if _LEADS_OUT.search(text) or _FETCHES.search(text):
            yield "a reference to something that is not in it"
        yield from word_rules(name, text, manifest, paths)
