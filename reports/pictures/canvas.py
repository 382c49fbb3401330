"""What all pictures are drawn with: colours, places in inches, text that is taken as it is, and files.

matplotlib's object interface is used: without pyplot there is no global state, and figures can be made on a server and
in threads. Sizes are computed from the numbers and the widths of names, for a trial layout would double the time.
Colours of classes are those of Okabe & Ito ("Color universal design", 2008); what a colour says, a marker, a line style
or a name says as well.
"""

from __future__ import annotations

import io
import textwrap
import warnings
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from audioclf.plugin import write_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK = "#1b1f24"
MUTED = "#667080"
ACCENT = "#0b5cad"
GRID = "#e3e7ec"
PALE = "#8fb8de"
DARK = "#08305c"
FAINT = "#aab3bf"
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p", "*", "h", "d", "8")
DASHES: tuple[Any, ...] = ("-", (0, (6, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)), (0, (3, 1.5)), (0, (9, 3)), "-")
SIZE = 9.0
"""Of most text, in points."""


def save(figure: Figure, path: Path) -> Path:
    """Write a figure as PNG, whole or not at all; equal figures make equal bytes.

    Raises
    ------
    AudioclfError
        If the folder can't be written to.
    """
    with write_whole(path) as aside:
        aside.write_bytes(png_bytes(figure))
    return path


def png_bytes(figure: Figure) -> bytes:
    """Return a figure as PNG; equal figures make equal bytes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    FigureCanvasAgg(figure)
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # A name in a script that no font here has is drawn as boxes; the other reports show it.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def add_axes(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Add axes at a place given in inches."""
    w, h = figure.get_size_inches()
    return figure.add_axes((left / w, bottom / h, width / w, height / h))


def tidy(axes: Axes, grid: Literal["x", "y", "both"], size: float) -> None:
    """Take the frame away, draw faint lines along *grid*, and write the ticks in *size* points."""
    axes.tick_params(labelsize=size, colors=MUTED, length=0)
    axes.grid(axis=grid, color=GRID, linewidth=0.7)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom") if grid == "both" else side == "bottom")
        spine.set_color("#c3cad3")


def add_head(figure: Figure, heading: str, size: float = 11.0) -> None:
    """Write the heading over a figure, broken where it ends."""
    width, height = figure.get_size_inches()
    figure.text(
        0.15 / width,
        1 - 0.14 / height,
        "\n".join(head_lines(heading, width, size)),
        fontsize=size,
        fontweight="bold",
        color=INK,
        va="top",
        **plain_text(),
    )


def add_legend(
    figure: Figure,
    left: float,
    top: float,
    entries: Sequence[tuple[str, dict[str, Any]]],
    title: str = "",
    markersize: float = 6.0,
) -> None:
    """Write names with their line or marker, at a place given in inches; any text is taken as it is.

    matplotlib's own legend leaves out names that begin with an underscore.
    """
    from matplotlib.lines import Line2D

    width, height = figure.get_size_inches()
    for line in title.splitlines():
        figure.text(left / width, top / height, line, fontsize=SIZE, color=MUTED, va="center")
        top -= 0.2
    top -= 0.04 if title else 0.0
    for i, (text, style) in enumerate(entries):
        y = (top - 0.22 * i) / height
        marked = "marker" in style
        xs = [(left + 0.16) / width] if marked else [left / width, (left + 0.36) / width]
        look = {"linestyle": "none", "markersize": markersize, "markeredgewidth": 1.0, **style} if marked else style
        figure.add_artist(Line2D(xs, [y] * len(xs), transform=figure.transFigure, **look))
        figure.text((left + 0.45) / width, y, text, fontsize=SIZE, color=INK, va="center", **plain_text())


def head_lines(heading: str, width: float, size: float) -> list[str]:
    """Break a heading where the picture, *width* inches wide, ends; four lines at most."""
    room = max(int((width - 0.3) * 72 / (size * 0.64)), 12)
    return textwrap.wrap(plain(heading), room, max_lines=4, placeholder=" …") or [""]


def line_count(heading: str, width: float, size: float = 11.0) -> int:
    """Return how many lines a heading takes over a picture that is *width* inches wide."""
    return len(head_lines(heading, width, size))


def text_width(text: str, size: float) -> float:
    """Return about how wide *text* is, in inches: scripts with wide characters take twice the room."""
    import unicodedata

    units = sum(1.0 if unicodedata.east_asian_width(c) in "WF" else 0.6 for c in text)
    return units * size / 72


def plain(text: str) -> str:
    """Make *text* fit for one line of a picture: no line breaks, nothing that can't be printed.

    >>> plain("two\\nlines")
    'two lines'
    """
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in " ".join(text.split()))


def plain_text() -> dict[str, Any]:
    """Text properties that take a dollar sign for a dollar sign, in a font that has the characters."""
    return {"parse_math": False, "usetex": False, "fontfamily": _fonts()}


@cache
def _fonts() -> list[str]:
    """Return matplotlib's own font, and for other scripts those of a few that are installed."""
    from matplotlib.font_manager import fontManager

    wider = ("Noto Sans CJK JP", "Noto Sans CJK SC", "Noto Sans", "Arial Unicode MS", "Microsoft YaHei")
    installed = {font.name for font in fontManager.ttflist}
    return ["DejaVu Sans", *(name for name in wider if name in installed)]
