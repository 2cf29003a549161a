"""A picture: a drawing of Released tables that can be made in every language of a run."""

import functools
import hashlib
import io
import os
import pickle
import struct
import tempfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from msanalysis.core import Released, bind
from msanalysis.figures import interactive, theme
from msanalysis.folders import PICTURES_VARIABLE

DOTS_PER_INCH = 300
_SCREEN_DOTS_PER_INCH = 96
_KINDS = ("svg", "png")
_NO_DATES = {"Date": None, "Creator": None}
_DOTS_PER_METRE = round(DOTS_PER_INCH / 0.0254)
# Half the time of zlib's default, for files a quarter larger.
_FAST = 3


@dataclass(frozen=True, repr=False)
class Picture:
    """What a plot function returns; a notebook shows it in the first language of the run.

    `twin` draws the same released table for plotly, where a figure has an interactive twin. What is
    drawn from the same `made_of` looks the same. `drawn_from` are the tables that it draws.
    """

    draw: Callable[[str], Figure]
    lang: tuple[str, ...]
    twin: Callable[[str], dict[str, Any]] | None = None
    made_of: bytes = b""
    drawn_from: tuple[Released, ...] = ()

    def __repr__(self) -> str:
        return f"Picture in {', '.join(self.lang)}"

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        png = self.files(self.lang[0])["png"]
        inches = [dots / DOTS_PER_INCH for dots in struct.unpack(">II", png[16:24])]
        width, height = (round(_SCREEN_DOTS_PER_INCH * length) for length in inches)
        return png, {"width": width, "height": height}

    def save(self, folder: Path, id: str) -> None:
        """Write `<id>.<lang>.svg` and `.png` (300 dpi) for every language; no dates inside.

        The interactive twin is `<id>.<lang>.js`, and the library beside it.
        """
        folder.mkdir(parents=True, exist_ok=True)
        for lang in self.lang:
            for kind, content in self.files(lang).items():
                (folder / f"{id}.{lang}.{kind}").write_bytes(content)
        if self.twin is not None:
            interactive.save(folder, id, {lang: self.twin(lang) for lang in self.lang})

    def files(self, lang: str) -> dict[str, bytes]:
        """Return the picture in a language, `svg` and `png`; drawn once in a run."""
        folder = os.environ.get(PICTURES_VARIABLE)
        if not (folder and self.made_of):
            return _drawn(self.draw, lang)
        kept = Path(folder, hashlib.sha256(lang.encode() + self.made_of).hexdigest())
        if not kept.exists():
            _keep(kept, _drawn(self.draw, lang))
        return {kind: (kept / kind).read_bytes() for kind in _KINDS}


def _keep(folder: Path, drawn: dict[str, bytes]) -> None:
    """Write all or nothing: a notebook may be ended at any time, and two may draw the same."""
    folder.parent.mkdir(exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(dir=folder.parent))
    for kind, content in drawn.items():
        (unfinished / kind).write_bytes(content)
    with suppress(OSError):
        unfinished.replace(folder)


def _drawn(draw: Callable[[str], Figure], lang: str) -> dict[str, bytes]:
    with matplotlib.rc_context(theme.SETTINGS):
        figure = _laid_out(draw(lang))
        return {"svg": _svg(figure), "png": _png(figure)}


def _laid_out(figure: Figure) -> Figure:
    """Place everything once: with a layout engine each file would be drawn twice, to place it.

    The canvas that is drawn on later has measured all words then.
    """
    figure.set_dpi(DOTS_PER_INCH)
    FigureCanvasAgg(figure)
    if engine := figure.get_layout_engine():
        engine.execute(figure)
    figure.set_layout_engine(None)
    return figure


def _svg(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", dpi=DOTS_PER_INCH, metadata=_NO_DATES)
    return buffer.getvalue()


def _png(figure: Figure) -> bytes:
    """Return the pixels without transparency, and their size on paper.

    Each row as it is: a library tries five filters on each, for files as large in twice the time.
    """
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())
    high, wide, _ = pixels.shape
    rows = np.zeros((high, 1 + 3 * wide), dtype="uint8")  # the first byte names the filter: none
    for colour in range(3):
        rows[:, 1 + colour :: 3] = pixels[:, :, colour]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (
            _chunk(b"IHDR", struct.pack(">IIBBBBB", wide, high, 8, 2, 0, 0, 0)),
            _chunk(b"pHYs", struct.pack(">IIB", _DOTS_PER_METRE, _DOTS_PER_METRE, 1)),
            _chunk(b"IDAT", zlib.compress(rows, _FAST)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(name: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)


def picture(function: Callable[..., Figure]) -> Callable[..., Picture]:
    """Turn `function(*released, lang=str, **settings) -> Figure` into one that gives a Picture.

    The Picture takes all languages of the run; nothing but a Released can be drawn.
    """
    return picture_with_twin(None)(function)


def picture_with_twin(
    twin: Callable[..., dict[str, Any]] | None,
) -> Callable[[Callable[..., Figure]], Callable[..., Picture]]:
    """Make a `picture` that has an interactive twin.

    `twin` takes the arguments of the function and returns `data` and `layout` for plotly.
    """

    def decorate(function: Callable[..., Figure]) -> Callable[..., Picture]:
        @functools.wraps(function)
        def call(*released: Released, lang: list[str], **settings: object) -> Picture:
            for each in released:
                if not isinstance(each, Released):
                    raise TypeError(
                        f"{function.__name__} draws a Released, not a {type(each).__name__}: "
                        "call release() on the result first"
                    )
            bind(function, *released, lang=lang, **settings)

            def in_words(draw: Callable[..., Any]) -> Callable[[str], Any]:
                return lambda language: draw(*released, lang=language, **settings)

            return Picture(
                draw=in_words(function),
                lang=tuple(lang),
                twin=in_words(twin) if twin else None,
                made_of=_written(function, released, settings),
                drawn_from=released,
            )

        return call

    return decorate


def _written(function: Callable, released: tuple[Released, ...], settings: dict) -> bytes:
    """Return all that a drawing depends on; nothing where it cannot be written down."""
    try:
        return pickle.dumps((function.__module__, function.__qualname__, released, settings))
    except (pickle.PicklingError, TypeError, AttributeError):
        return b""
