"""Confusion matrices, in numbers of clips and in shares of the true class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from audioclf.reports.pictures.canvas import (
    GRID,
    INK,
    MUTED,
    add_axes,
    add_head,
    line_count,
    plain,
    plain_text,
    text_width,
)
from audioclf.results.words import shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LONGEST_NAME = 26


def confusion_counts(matrix: NDArray[np.int64], labels: list[str], heading: str) -> Figure:
    """Draw how often each class was predicted for each.

    Parameters
    ----------
    matrix : ndarray of int, shape (n_classes, n_classes)
        Rows are the true classes, columns the predicted ones.
    labels : list of str
        Class names, in the order of *matrix*.
    heading : str
        Stands over the picture.
    """
    values = np.asarray(matrix, dtype=np.int64)
    texts = [[str(value) if value else "" for value in row] for row in values.tolist()]
    return _heat_map(values.astype(float), texts, max(int(values.max(initial=0)), 1), labels, heading, "clips")


def confusion_shares(matrix: NDArray[np.int64], labels: list[str], heading: str) -> Figure:
    """Draw which share of each true class was predicted to be which; parameters as for `confusion_counts`.

    A class without clips has an empty row.
    """
    counts = np.asarray(matrix, dtype=float)
    values = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0)
    texts = [[f"{value:.2f}" if value else "" for value in row] for row in values.tolist()]
    return _heat_map(values, texts, 1.0, labels, heading, "share of the true class")


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
    axes.set_xlabel("predicted class", fontsize=9.5, color=MUTED)
    axes.set_ylabel("true class", fontsize=9.5, color=MUTED)
    # lines between the cells, thin enough to vanish where cells are small; minor ticks would take far longer
    edges = np.arange(n + 1) - 0.5
    axes.hlines(edges, edges[0], edges[-1], color=GRID, linewidth=min(0.8, cell * 2))
    axes.vlines(edges, edges[0], edges[-1], color=GRID, linewidth=min(0.8, cell * 2))
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylim(edges[-1], edges[0])
    for spine in axes.spines.values():
        spine.set_color("#c3cad3")

    _write_cells(axes, values, texts, most, cell)
    bar = add_axes(figure, left + side + 0.22, bottom, 0.16, side)
    scale = figure.colorbar(image, cax=bar)
    scale.set_label(unit, fontsize=9.5, color=MUTED)
    scale.ax.tick_params(labelsize=8.5, colors=MUTED, length=2)
    if unit == "clips":
        from matplotlib.ticker import MaxNLocator

        scale.ax.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    scale.outline.set_visible(False)  # type: ignore[operator]
    add_head(figure, heading)
    return figure


def _write_cells(axes: Axes, values: NDArray[np.float64], texts: list[list[str]], most: float, cell: float) -> None:
    """Write what a cell says in it, unless its *cell* inches are too few to be read."""
    longest = max((len(text) for row in texts for text in row), default=1) or 1
    size = min(cell * 72 * 0.88 / (0.62 * longest), cell * 72 * 0.55, 11.0)
    if size < 5.0:
        return
    for i, j in zip(*np.nonzero(values), strict=True):
        ink = "white" if values[i, j] > 0.55 * most else INK
        axes.text(j, i, texts[i][j], fontsize=size, color=ink, ha="center", va="center")
