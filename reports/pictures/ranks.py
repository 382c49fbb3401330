"""The critical-difference diagram: mean ranks over data sets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from audioclf.grammar import count
from audioclf.plugin import Across
from audioclf.reports.pictures.canvas import (
    ACCENT,
    INK,
    MUTED,
    SIZE,
    add_axes,
    add_head,
    line_count,
    plain,
    plain_text,
    save,
    text_width,
)
from audioclf.results.metrics import TAG_TITLES, TITLES
from audioclf.results.words import shortened
from audioclf.statistics.ranks import cliques

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def save_ranks(across: Across, folder: Path) -> Path:
    """Write ``figures/critical-difference.png`` and return its path."""
    return save(ranks(across), folder / "figures" / "critical-difference.png")


def ranks(across: Across) -> Figure:
    """Draw the mean ranks of experiments over data sets."""
    metric = {**TAG_TITLES, **TITLES}[across.metric]
    heading = f"{metric} over {count(len(across.datasets), 'data set')}: mean ranks"
    difference = across.nemenyi.critical_difference
    return critical_difference(across.experiments, across.mean_ranks.tolist(), difference, heading)


def critical_difference(
    names: Sequence[str], ranks: Sequence[float], difference: float, heading: str, note: str = ""
) -> Figure:
    """Draw mean ranks over data sets, with bars that join what the Nemenyi test can't tell apart.

    Demšar 2006, "Statistical comparisons of classifiers over multiple data sets", figure 1; the best is on the left.

    Parameters
    ----------
    names : sequence of str
    ranks : sequence of float
        Mean rank of each; 1 is the best.
    difference : float
        The critical difference: mean ranks closer than it aren't told apart.
    heading : str
    note : str
        Stands under the diagram.
    """
    from matplotlib.figure import Figure

    order = np.argsort(np.asarray(ranks, float), kind="stable")
    values = np.asarray(ranks, float)[order]
    n = len(values)
    bars = cliques(values, difference)
    shown = [shortened(plain(names[k]), 44) for k in order]
    texts = [f"{name}  {value:.2f}" for name, value in zip(shown, values, strict=True)]
    half = (n + 1) // 2
    widest = [max((text_width(t, SIZE) for t in part), default=0.0) for part in (texts[:half], texts[half:])]
    left, right, plot, step = widest[0] + 0.5, widest[1] + 0.5, 5.0, 0.24
    width = left + plot + right
    over = 0.8  # for the numbers and the bar of the critical difference
    top = 0.3 + 0.22 * line_count(heading, width)
    depth = 0.35 + 0.11 * len(bars)
    bottom = 0.3 + (0.25 if note else 0.0)
    height = depth + step * half
    figure = Figure(figsize=(width, bottom + height + over + top), dpi=130, facecolor="white")
    axes = add_axes(figure, 0, bottom, width, height + over)
    axes.axis("off")
    axes.set_xlim(0, width)
    axes.set_ylim(-height, over)

    def at(rank: float) -> float:
        return left + (rank - 1) / max(n - 1, 1) * plot

    axes.plot([at(1), at(n)], [0, 0], color=INK, linewidth=1.2)
    every = max(1, round(n / 12))
    for rank in range(1, n + 1):
        long = (rank - 1) % every == 0
        axes.plot([at(rank)] * 2, [0, 0.1 if long else 0.05], color=INK, linewidth=1.0)
        if long:
            axes.text(at(rank), 0.14, str(rank), fontsize=SIZE, color=MUTED, ha="center", va="bottom")
    ends = at(1), at(1 + min(difference, n - 1))
    axes.plot(ends, [0.48, 0.48], color=INK, linewidth=1.6)
    for end in ends:
        axes.plot([end, end], [0.43, 0.53], color=INK, linewidth=1.6)
    axes.text(at(1), 0.57, f"critical difference {difference:.2f}", fontsize=SIZE, color=INK, va="bottom")
    for i, value in enumerate(values):
        first = i < half
        y = -depth - step * (i if first else n - 1 - i)
        end = left - 0.12 if first else left + plot + 0.12
        axes.plot([at(value), at(value), end], [0, y, y], color=MUTED, linewidth=0.9, solid_joinstyle="miter")
        axes.plot([at(value)], [0], "o", color=ACCENT, markersize=4, zorder=3, clip_on=False)
        axes.text(
            end - 0.07 if first else end + 0.07, y, texts[i], fontsize=SIZE, color=INK, va="center",
            ha="right" if first else "left", **plain_text(),
        )  # fmt: skip
    for level, joined in enumerate(bars):
        y = -0.17 - 0.11 * level
        axes.plot(
            [at(values[joined[0]]) - 0.05, at(values[joined[-1]]) + 0.05],
            [y, y],
            color="#d55e00",
            linewidth=3.2,
            zorder=4,
        )
    if note:
        figure.text(0.15 / width, 0.18 / figure.get_figheight(), note, fontsize=SIZE - 1, color=MUTED)
    add_head(figure, heading)
    return figure
