"""Pictures of a run: confusion matrices and the ranking, through matplotlib's object interface.

Without pyplot there is no global state: figures can be made on a server and in threads. Sizes are computed
from the number of classes and the widths of their names, for a trial layout would double the time.
"""

from __future__ import annotations

import io
import textwrap
import warnings
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from audioclf.files import write_whole
from audioclf.reports.words.text import alike, score, shortened
from audioclf.results.names import is_baseline, title
from audioclf.results.results import Results

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK = "#1b1f24"
MUTED = "#667080"
ACCENT = "#0b5cad"
GRID = "#e3e7ec"
MOST_RANKED = 60
_LONGEST_NAME = 26


def confusion_counts(matrix: NDArray[np.int64], labels: list[str], heading: str) -> Figure:
    """Draw how often each class was taken for each.

    Parameters
    ----------
    matrix : ndarray of int, shape (n_classes, n_classes)
        Rows are the true classes, columns what they were taken for.
    labels : list of str
        Class names, in the order of *matrix*.
    heading : str
        Stands over the picture.
    """
    values = np.asarray(matrix, dtype=np.int64)
    texts = [[str(value) if value else "" for value in row] for row in values.tolist()]
    return _heat_map(values.astype(float), texts, max(int(values.max(initial=0)), 1), labels, heading, "clips")


def confusion_shares(matrix: NDArray[np.int64], labels: list[str], heading: str) -> Figure:
    """Draw which share of each true class was taken for each; parameters as for `confusion_counts`.

    A class without clips has an empty row.
    """
    counts = np.asarray(matrix, dtype=float)
    values = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0)
    texts = [[f"{value:.2f}" if value else "" for value in row] for row in values.tolist()]
    return _heat_map(values, texts, 1.0, labels, heading, "share of the true class")


def ranking(results: Results) -> Figure:
    """Draw the finished experiments, best at the top: dots with 95 % intervals, the floor as a line.

    Where the record tells, those that can't be told apart from the best have a filled dot and a ≈, others a ring.
    Beyond the first 60 they are only counted.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    ranked = results.ranking()
    shown = ranked[:MOST_RANKED]
    names = [shortened(plain(title(e)), 60) for e in shown]
    scores = [e["metrics"][results.metric] for e in shown]
    metric = results.titles[results.metric]
    tested = any(e.get("versus_best") for e in ranked)
    rest = len(ranked) - len(shown)
    data = shortened(plain(results.record["dataset"]["name"]), 40)
    heading = f"{data}: {metric}" + (f", the best {len(shown)} of {len(ranked)} experiments" if rest else "")

    size = 9.0
    left = max((text_width(name, size) for name in names), default=0.5) + 0.3
    bottom = 0.62 + (0.18 if tested else 0.0)
    plot, right, top = 5.2, 0.85 + (0.2 if tested else 0.0), 0.62
    height = max(0.27 * len(shown), 0.5)
    figure = Figure(figsize=(left + plot + right, bottom + height + top), dpi=130, facecolor="white")
    axes = add_axes(figure, left, bottom, plot, height)
    for i, (experiment, values) in enumerate(zip(shown, scores, strict=True)):
        versus = experiment.get("versus_best")
        apart = is_baseline(experiment) or (versus is not None and versus["distinguishable"])
        tied = versus is not None and not versus["distinguishable"]
        colour = MUTED if is_baseline(experiment) else ACCENT
        if values["low"] is not None and values["high"] is not None:
            axes.plot([values["low"], values["high"]], [i, i], color=colour, linewidth=1.6, alpha=0.55)
        if values["mean"] is not None:
            fill = "white" if apart else colour
            axes.plot([values["mean"]], [i], "o", color=colour, markerfacecolor=fill, markersize=5.5)
        figure.text(
            (left + plot + 0.12) / figure.get_figwidth(),
            (bottom + height * (1 - (i + 0.5) / len(shown))) / figure.get_figheight(),
            score(values["mean"]) + (" ≈" if tied else ""),
            fontsize=size,
            color=INK,
            va="center_baseline",
        )
    floor = results.baseline
    if floor is not None and (base := floor["metrics"][results.metric]["mean"]) is not None:
        axes.axvline(base, color=MUTED, linewidth=1.0, linestyle=(0, (4, 3)), zorder=0)
    lowest = min((v for values in scores for v in (values["low"], values["mean"]) if v is not None), default=0.0)
    axes.set_xlim(lowest - 0.03 if lowest < 0 else max(lowest - 0.03, -0.01), 1.01)
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.set_yticks(range(len(shown)), names, fontsize=size, color=INK, **plain_text())
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axes.tick_params(axis="x", labelsize=size, colors=MUTED)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color=GRID, linewidth=0.7)
    axes.set_axisbelow(True)
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color("#c3cad3")
    line = "" if floor is None else f"; dashed: {alike(results)}"
    if tested:
        by = (results.record.get("tests") or {}).get("decided_by")
        line += "\n● ≈ not distinguishable from the best, ○ distinguishable" + (f" ({by})" if by else "")
    axes.set_xlabel(f"{metric}: mean over folds, 95 % interval{line}", fontsize=size, color=MUTED, labelpad=6)
    add_head(figure, heading)
    return figure


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


def plain(text: str) -> str:
    """Make *text* fit for one line of a picture: no line breaks, nothing that can't be printed.

    >>> plain("two\\nlines")
    'two lines'
    """
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in " ".join(text.split()))


def _heat_map(
    values: NDArray[np.float64],
    texts: list[list[str]],
    most: float,
    labels: list[str],
    heading: str,
    unit: str,
) -> Figure:
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    n = len(labels)
    names = [shortened(plain(label), _LONGEST_NAME) for label in labels]
    # 1.4 inches a cell for two classes, 0.25 for fifty; above that cells get smaller rather than paper larger
    side = float(np.interp(n, [2, 4, 10, 50, 200], [2.8, 3.4, 5.0, 12.5, 26.0]))
    cell = side / n
    size = float(np.clip(cell * 72 * 0.6, 4.5, 9.5))
    widths = [text_width(name, size) for name in names]
    flat = max(widths) < cell * 0.92
    slanted = not flat and n <= 14
    left = max(widths) + 0.55
    bottom = 0.65 + (0.1 if flat else max(widths) * (0.72 if slanted else 1.0))
    right, top = 1.15, 0.35 + 0.22 * line_count(heading, left + side + 1.15)
    dpi = 130 if n <= 20 else 100
    figure = Figure(figsize=(left + side + right, bottom + side + top), dpi=dpi, facecolor="white")
    axes = add_axes(figure, left, bottom, side, side)
    colours = colormaps["Blues"]
    image = axes.imshow(values, cmap=colours, vmin=0.0, vmax=most, interpolation="nearest", aspect="auto")

    turn: dict[str, Any] = {}
    if slanted:
        turn = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}
    elif not flat:
        turn = {"rotation": 90}
    axes.set_xticks(range(n), names, fontsize=size, color=INK, **turn, **plain_text())
    axes.set_yticks(range(n), names, fontsize=size, color=INK, **plain_text())
    axes.tick_params(length=0, pad=4)
    axes.set_xlabel("taken for", fontsize=9.5, color=MUTED)
    axes.set_ylabel("true class", fontsize=9.5, color=MUTED)
    # lines between the cells, thin enough to vanish where cells are small; minor ticks would take far longer
    edges = np.arange(n + 1) - 0.5
    axes.hlines(edges, edges[0], edges[-1], color=GRID, linewidth=min(0.8, cell * 2))
    axes.vlines(edges, edges[0], edges[-1], color=GRID, linewidth=min(0.8, cell * 2))
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylim(edges[-1], edges[0])
    for spine in axes.spines.values():
        spine.set_color("#c3cad3")

    longest = max((len(text) for row in texts for text in row), default=1) or 1
    inside = min(cell * 72 * 0.88 / (0.62 * longest), cell * 72 * 0.55, 11.0)
    if inside >= 5.0:
        for i, j in zip(*np.nonzero(values), strict=True):
            ink = "white" if values[i, j] > 0.55 * most else INK
            axes.text(j, i, texts[i][j], fontsize=inside, color=ink, ha="center", va="center")

    bar = figure.add_axes(
        (
            (left + side + 0.22) / figure.get_figwidth(),
            bottom / figure.get_figheight(),
            0.16 / figure.get_figwidth(),
            side / figure.get_figheight(),
        )
    )
    scale = figure.colorbar(image, cax=bar)
    scale.set_label(unit, fontsize=9.5, color=MUTED)
    scale.ax.tick_params(labelsize=8.5, colors=MUTED, length=2)
    if unit == "clips":
        from matplotlib.ticker import MaxNLocator

        scale.ax.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    scale.outline.set_visible(False)  # type: ignore[operator]
    add_head(figure, heading)
    return figure


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
