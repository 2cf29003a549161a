"""A picture: a drawing of Released tables that can be made in every language of a run."""

import functools
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

from msanalysis.core import Released
from msanalysis.figures import theme

DOTS_PER_INCH = 300
_NO_DATES = {"svg": {"Date": None, "Creator": None}, "png": {"Software": None}}


@dataclass(frozen=True, repr=False)
class Picture:
    """What a plot function returns; a notebook shows it in the first language of the run."""

    draw: Callable[[str], Figure]
    lang: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Picture in {', '.join(self.lang)}"

    def _repr_png_(self) -> bytes:
        return self._rendered(self.lang[0], "png", dpi=120)

    def save(self, folder: Path, id: str) -> None:
        """Write `<id>.<lang>.svg` and `.png` (300 dpi) for every language; no dates inside."""
        folder.mkdir(parents=True, exist_ok=True)
        for lang in self.lang:
            for kind in ("svg", "png"):
                rendered = self._rendered(lang, kind, dpi=DOTS_PER_INCH)
                (folder / f"{id}.{lang}.{kind}").write_bytes(rendered)

    def _rendered(self, lang: str, kind: str, dpi: int) -> bytes:
        buffer = io.BytesIO()
        with matplotlib.rc_context(theme.SETTINGS):
            self.draw(lang).savefig(buffer, format=kind, dpi=dpi, metadata=_NO_DATES[kind])
        return buffer.getvalue()


def picture(function: Callable[..., Figure]) -> Callable[..., Picture]:
    """Turn `function(*released, lang=str, **settings) -> Figure` into one that gives a Picture.

    The Picture takes all languages of the run; nothing but a Released can be drawn.
    """

    @functools.wraps(function)
    def call(*released: Released, lang: list[str], **settings: object) -> Picture:
        for each in released:
            if not isinstance(each, Released):
                raise TypeError(
                    f"{function.__name__} draws a Released, not a {type(each).__name__}: "
                    "call release() on the result first"
                )
        draw = functools.partial(function, *released, **settings)
        return Picture(lambda language: draw(lang=language), tuple(lang))

    return call
