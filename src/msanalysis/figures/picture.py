"""A picture: a drawing of Released tables that can be made in every language of a run."""

import functools
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from msanalysis.core import Released
from msanalysis.figures import interactive, theme

DOTS_PER_INCH = 300
_NO_DATES = {"svg": {"Date": None, "Creator": None}, "png": {"Software": None}}
# Half the time of zlib's default, for files a fifth larger.
_FAST = {"svg": {}, "png": {"pil_kwargs": {"compress_level": 3}}}


@dataclass(frozen=True, repr=False)
class Picture:
    """What a plot function returns; a notebook shows it in the first language of the run.

    `twin` draws the same released table for plotly, where a figure has an interactive twin.
    """

    draw: Callable[[str], Figure]
    lang: tuple[str, ...]
    twin: Callable[[str], dict[str, Any]] | None = None

    def __repr__(self) -> str:
        return f"Picture in {', '.join(self.lang)}"

    def _repr_png_(self) -> bytes:
        with matplotlib.rc_context(theme.SETTINGS):
            return _rendered(self.draw(self.lang[0]), "png", dpi=120)

    def save(self, folder: Path, id: str) -> None:
        """Write `<id>.<lang>.svg` and `.png` (300 dpi) for every language; no dates inside.

        The interactive twin is `<id>.<lang>.html`, which reads the library beside it.
        """
        folder.mkdir(parents=True, exist_ok=True)
        for lang in self.lang:
            with matplotlib.rc_context(theme.SETTINGS):
                figure = _laid_out(self.draw(lang))
                for kind in ("svg", "png"):
                    rendered = _rendered(figure, kind, DOTS_PER_INCH)
                    (folder / f"{id}.{lang}.{kind}").write_bytes(rendered)
        if self.twin is not None:
            interactive.save(folder, id, {lang: self.twin(lang) for lang in self.lang})


def _laid_out(figure: Figure) -> Figure:
    """Place everything once: with a layout engine each file would be drawn twice, to place it."""
    figure.set_dpi(DOTS_PER_INCH)
    if engine := figure.get_layout_engine():
        engine.execute(figure)
    figure.set_layout_engine(None)
    return figure


def _rendered(figure: Figure, kind: str, dpi: int) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format=kind, dpi=dpi, metadata=_NO_DATES[kind], **_FAST[kind])
    return buffer.getvalue()


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

            def in_words(draw: Callable[..., Any]) -> Callable[[str], Any]:
                return lambda language: draw(*released, lang=language, **settings)

            return Picture(in_words(function), tuple(lang), in_words(twin) if twin else None)

        return call

    return decorate
