"""Whether probabilities can be believed: how often answers are right against the probability given for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from audioclf.reports.pictures.canvas import ACCENT, INK, MUTED, PALE, SIZE, add_axes, add_head, line_count, tidy
from audioclf.statistics.calibration import Reliability

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OF_ANSWERS = (
    "share of answers that are right",
    "answers",
    "probability given for the answer",
    "too modest",
    "too bold",
)
OF_LABELS = ("share of clips that have it", "clips × labels", "probability given for a label", "too low", "too high")


def reliability(found: Reliability, heading: str, what: Sequence[str] = OF_ANSWERS) -> Figure:
    """Draw how often answers are right against the probability that was given for them.

    Parameters
    ----------
    found : Reliability
        As from `audioclf.statistics.calibration.reliability`.
    heading : str
        Stands over the picture.
    what : sequence of str, length 5
        The upper plot's vertical axis, the lower one's, what both go over, and what probabilities are that lie above
        the diagonal and below it.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    some = found.count > 0
    x, y, n = found.confidence[some], found.accuracy[some], found.count[some]
    left, side, low, gap, bottom = 0.8, 4.4, 0.9, 0.15, 0.62
    width = left + side + 0.25
    top = 0.8 + 0.22 * line_count(heading, width)
    figure = Figure(figsize=(width, bottom + low + gap + side + top), dpi=130, facecolor="white")
    axes = add_axes(figure, left, bottom + low + gap, side, side)
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1.0, linestyle=(0, (4, 3)), zorder=0)
    axes.vlines(x, np.minimum(x, y), np.maximum(x, y), color="#d55e00", linewidth=1.6, zorder=1)
    axes.plot(x, y, color=ACCENT, linewidth=1.2, zorder=2)
    axes.scatter(x, y, s=18 + 130 * n / max(n.max(initial=1), 1), color=ACCENT, edgecolor="white", zorder=3)
    error = f"expected calibration error {found.ece:.3f}"
    axes.set_title(error, fontsize=SIZE + 0.5, color=INK, loc="left", pad=21)
    meaning = f"above the dashed line the probabilities are {what[3]}, below {what[4]}"
    axes.text(0, 1.03, meaning, fontsize=SIZE - 0.5, color=MUTED, transform=axes.transAxes)
    tidy(axes, "both", SIZE)
    axes.set_ylabel(what[0], fontsize=SIZE, color=MUTED)
    axes.tick_params(axis="x", labelbottom=False)
    below = add_axes(figure, left, bottom, side, low)
    below.bar(found.edges[:-1], found.count, np.diff(found.edges) * 0.92, align="edge", color=PALE, linewidth=0)
    tidy(below, "y", SIZE)
    below.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    below.set_ylabel(what[1], fontsize=SIZE, color=MUTED)
    below.set_xlabel(what[2], fontsize=SIZE, color=MUTED)
    axes.set_xlim(-0.01, 1.01)
    below.set_xlim(-0.01, 1.01)
    axes.set_ylim(-0.01, 1.01)
    add_head(figure, heading)
    return figure
