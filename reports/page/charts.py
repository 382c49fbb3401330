"""The charts of a page: figures as SVG that follows the page's colours, dark or light."""

from __future__ import annotations

import base64
import io
import re
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from audioclf.plugin import Results
from audioclf.reports.pictures import canvas
from audioclf.reports.pictures.catalogue import Picture, Section, matrices, of_section, pictures

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LARGEST = 150_000
"""Bytes of an SVG beyond which a PNG is embedded in its place: thousands of dots are lighter as pixels."""

# What figures draw in one of these follows the page's scheme; colours of classes are told apart on both.
_SHADES = {
    canvas.INK: ("ink", "#e6e9ed"),
    canvas.MUTED: ("muted", "#a3adb9"),
    canvas.ACCENT: ("accent", "#7bb8f4"),
    canvas.GRID: ("grid", "#2c343d"),
    canvas.PALE: ("pale", "#2f6399"),
    canvas.DARK: ("dark", "#cfe3f8"),
    canvas.FAINT: ("faint", "#5d6875"),
    "#c9d0d9": ("thin", "#4a545f"),
    "#c3cad3": ("line", "#46515d"),
    "#000000": ("black", "#e6e9ed"),
    "#ffffff": ("paper", "#14181d"),
}


@dataclass(frozen=True)
class Chart:
    """A picture for an ``img`` element.

    Attributes
    ----------
    words : str
        What it shows.
    source : str
        Its data URI.
    width : int
        In CSS pixels.
    """

    words: str
    source: str
    width: int

    @property
    def wide(self) -> bool:
        """Whether it takes a page's width to be legible."""
        return self.width > 760


@dataclass(frozen=True)
class Charts:
    """The charts of a page: of costs, the held-out test, the winner's confusions and answers, networks, the data."""

    cost: list[Chart]
    test: list[Chart]
    confusions: list[Chart]
    winner: list[Chart]
    training: list[Chart]
    data: list[Chart]
    portraits: list[Chart]


def of(results: Results, confusions: bool) -> Charts:
    """Draw what the record has data for, but the ranking, which the page has as a table.

    Parameters
    ----------
    results : Results
    confusions : bool
        Whether to draw confusion matrices too: the winner's, and that of the held-out test.
    """
    found, best = pictures(results), results.best
    drawn = matrices(results, best) if confusions and best is not None else []
    matrix = _lines if results.multilabel else _pixels
    return Charts(
        cost=[_lines(picture) for picture in of_section(found, Section.COST)],
        test=[matrix(picture) for picture in of_section(found, Section.TEST) if confusions],
        confusions=[matrix(picture) for picture in drawn],
        winner=[_lines(picture) for picture in of_section(found, Section.WINNER)],
        training=[_lines(picture) for picture in of_section(found, Section.TRAINING)[:1]],
        data=[_lines(picture) for picture in of_section(found, Section.DATA)],
        portraits=[_pixels(picture) for picture in of_section(found, Section.PORTRAITS)],
    )


def _lines(picture: Picture) -> Chart:
    figure = picture.draw()
    text = svg(figure)
    if len(text) > LARGEST:
        return _embedded(picture.title, figure, canvas.png_bytes(figure), "image/png")
    return _embedded(picture.title, figure, text.encode(), "image/svg+xml")


def _pixels(picture: Picture) -> Chart:
    figure = picture.draw()
    return _embedded(picture.title, figure, canvas.png_bytes(figure), "image/png")


def _embedded(words: str, figure: Figure, data: bytes, kind: str) -> Chart:
    return Chart(
        words=" ".join(words.split()),
        source=f"data:{kind};base64,{base64.b64encode(data).decode()}",
        width=round(96 * figure.get_figwidth()),
    )


def svg(figure: Figure) -> str:
    """Return a figure as SVG whose text is text and whose greys follow ``prefers-color-scheme``."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    buffer = io.StringIO()
    FigureCanvasSVG(figure)
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "audioclf"}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", text, flags=re.DOTALL)
    for shade, (name, _) in _SHADES.items():
        text = re.sub(rf"(fill|stroke|stop-color)(: ?|=\"){shade}", rf"\1\2var(--{name})", text)
    text = re.sub(r"=\"var\((--\w+)\)", r'="var(\1)', text)
    light = "".join(f"--{name}:{shade};" for shade, (name, _) in _SHADES.items())
    dark = "".join(f"--{name}:{shade};" for name, shade in _SHADES.values())
    rules = f"<style>:root{{{light}}}@media (prefers-color-scheme:dark){{:root{{{dark}}}}}</style>"
    head, _, rest = text.partition(">")
    return re.sub(r"\s*\n\s*", "\n", f"{head}>{rules}{rest}")
