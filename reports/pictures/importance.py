"""Permutation importance: how much a score drops when an extractor or a coefficient is shuffled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audioclf.reports.pictures.canvas import (
    DARK,
    INK,
    MUTED,
    PALE,
    SIZE,
    add_axes,
    add_head,
    line_count,
    plain,
    plain_text,
    text_width,
    tidy,
)
from audioclf.results.schema import Importance
from audioclf.results.words import shortened

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_COEFFICIENTS = 25


def importance(drops: Importance, metric: str, heading: str) -> Figure:
    """Draw how much a score drops when an extractor, or one coefficient, is shuffled over the clips.

    Parameters
    ----------
    drops : Importance
        Of the coefficients the first 25, those with the largest drop, are drawn.
    metric : str
        The score's name in words.
    heading : str
    """
    from matplotlib.figure import Figure

    more = f", the {MOST_COEFFICIENTS} largest drops" if len(drops.coefficients) > MOST_COEFFICIENTS else ""
    parts = [
        ("by extractor", drops.extractors),
        (f"by coefficient{more}", drops.coefficients[:MOST_COEFFICIENTS]),
    ]
    parts = [(name, rows) for name, rows in parts if rows]
    names = [[shortened(plain(row.name), 40) for row in rows] for _, rows in parts]
    left = max(max(text_width(name, SIZE) for part in names for name in part) + 0.3, 1.0)
    plot, bottom, between, step = 4.6, 0.62, 0.62, 0.22
    heights = [step * len(rows) + 0.15 for _, rows in parts]
    width = left + plot + 0.85
    top = 0.6 + 0.22 * line_count(heading, width)
    high = bottom + sum(heights) + between * (len(parts) - 1) + top
    figure = Figure(figsize=(width, high), dpi=130, facecolor="white")
    at = high - top
    for (name, rows), shown, height in zip(parts, names, heights, strict=True):
        at -= height
        axes = add_axes(figure, left, at, plot, height)
        at -= between
        falls, stds = (np.array([getattr(row, key) or 0.0 for row in rows], float) for key in ("drop", "std"))
        places = np.arange(len(rows))
        axes.barh(places, falls, height=0.62, color=PALE, linewidth=0)
        axes.errorbar(falls, places, xerr=stds, fmt="none", ecolor=DARK, elinewidth=1.2, capsize=2)
        axes.axvline(0, color=MUTED, linewidth=1.0)
        tidy(axes, "x", SIZE)
        axes.set_yticks(places, shown, fontsize=SIZE, color=INK, **plain_text())
        axes.set_ylim(len(rows) - 0.4, -0.6)
        low, most = min(float((falls - stds).min()), 0.0), max(float((falls + stds).max()), 1e-3)
        axes.set_xlim(low - 0.03 * (most - low), most + 0.03 * (most - low))
        for i, fall in enumerate(falls):
            axes.annotate(
                f"{round(fall, 3) + 0.0:.3f}", (1, i), (6, 0), xycoords=("axes fraction", "data"),
                textcoords="offset points", fontsize=SIZE - 0.5, color=INK, va="center_baseline",
            )  # fmt: skip
        axes.set_title(name, fontsize=SIZE + 0.5, color=INK, loc="left", pad=5)
    axes.set_xlabel(f"drop of {metric} when permuted, mean ± std", fontsize=SIZE, color=MUTED)
    add_head(figure, heading)
    return figure
