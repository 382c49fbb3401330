"""A score over the number of clips trained on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from audioclf.reports.pictures.canvas import ACCENT, MUTED, SIZE, add_axes, add_head, line_count, tidy
from audioclf.results.schema import Point

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def learning_curve(points: Sequence[Point], metric: str, heading: str) -> Figure:
    """Draw a score over the number of clips trained on, with its standard deviation over folds.

    Parameters
    ----------
    points : sequence of Point
        One for each size; those without a score are left out.
    metric : str
        The score's name in words.
    heading : str
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    known = [p for p in points if p.mean is not None]
    x, y = np.array([p.n_train for p in known], float), np.array([p.mean for p in known], float)
    std = np.array([p.std or 0.0 for p in known], float)
    left, bottom, plot, height = 0.75, 0.7, 5.0, 3.3
    width = left + plot + 0.3
    top = 0.35 + 0.22 * line_count(heading, width)
    figure = Figure(figsize=(width, bottom + height + top), dpi=130, facecolor="white")
    axes = add_axes(figure, left, bottom, plot, height)
    axes.fill_between(x, y - std, y + std, color=ACCENT, alpha=0.15, linewidth=0)
    axes.errorbar(x, y, std, color=ACCENT, marker="o", markersize=5.5, linewidth=1.6, elinewidth=1.0, capsize=3)
    for a, b, p in zip(x, y + std, known, strict=True):
        axes.annotate(
            f"{p.share:.0%}", (a, b), (0, 5), textcoords="offset points", fontsize=SIZE - 1.5, color=MUTED,
            ha="center",
        )  # fmt: skip
    tidy(axes, "both", SIZE)
    axes.set_xlim(0, float(x.max(initial=1.0)) * 1.06)
    low, high = float((y - std).min(initial=1.0)), float((y + std).max(initial=0.0))
    room = max(high - low, 0.02) * 0.12
    axes.set_ylim(low - room, high + 1.6 * room)
    axes.xaxis.set_major_locator(MaxNLocator(7, integer=True))
    axes.set_xlabel("clips trained on (and their share of the training part)", fontsize=SIZE, color=MUTED)
    axes.set_ylabel(f"{metric}, mean ± std over folds", fontsize=SIZE, color=MUTED)
    add_head(figure, heading)
    return figure
