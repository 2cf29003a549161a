"""What a PNG may hold: pixels. Its other chunks can carry texts that no eye sees."""

from collections.abc import Iterator

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_OF_PIXELS = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"pHYs", b"sBIT", b"gAMA", b"sRGB"}
_LENGTH_AND_NAME, _CHECKSUM = 8, 4


def picture_rules(content: bytes) -> Iterator[str]:
    """Yield what is wrong with a PNG."""
    if not content.startswith(_SIGNATURE):
        yield "not a PNG picture"
        return
    place, name = len(_SIGNATURE), b""
    while place < len(content) and name != b"IEND":
        length = int.from_bytes(content[place : place + 4], "big")
        name = content[place + 4 : place + _LENGTH_AND_NAME]
        if name not in _OF_PIXELS:
            yield "a picture that holds more than pixels"
            return
        place += _LENGTH_AND_NAME + length + _CHECKSUM
    if place != len(content) or name != b"IEND":
        yield "a picture that holds more than pixels"
