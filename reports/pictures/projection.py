"""The clips in the plane, by principal components and t-SNE."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from audioclf.grammar import count
from audioclf.reports.pictures.canvas import (
    COLOURS,
    FAINT,
    INK,
    MARKERS,
    MUTED,
    SIZE,
    add_axes,
    add_head,
    add_legend,
    line_count,
    plain,
    text_width,
    tidy,
)
from audioclf.results.schema import Projection
from audioclf.results.words import shortened

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_COLOURED = 7
_LONGEST_NAME = 28


def projection(found: Projection, heading: str) -> Figure:
    """Draw the clips in the plane: principal components, and t-SNE where it is there.

    Up to 14 classes each have a colour and a marker; of more, the seven most often confused have, the rest is grey.
    Clips that were answered wrongly are ringed.

    Parameters
    ----------
    found : Projection
    heading : str
    """
    from matplotlib.figure import Figure

    labels, predicted = found.labels, found.predicted
    wrong = np.zeros(len(labels), bool)
    if predicted is not None:
        wrong = np.array([p is not None and p != label for p, label in zip(predicted, labels, strict=True)], bool)
    counts = Counter(labels)
    shown = _coloured(labels, predicted, wrong)
    rest = len(counts) - len(shown)

    entries: list[tuple[str, dict[str, Any]]] = []
    for i, label in enumerate(shown):
        style = {"marker": MARKERS[i], "color": COLOURS[i % len(COLOURS)]}
        entries.append((f"{shortened(plain(label), _LONGEST_NAME)}  ({counts[label]})", style))
    if rest:
        entries.append((f"the other {count(rest, 'class', 'classes')}", {"marker": ".", "color": FAINT}))
    if predicted is not None:
        ring = {"marker": "o", "color": INK, "markerfacecolor": "none", "markersize": 9}
        entries.append((f"answered wrongly ({int(wrong.sum())})", ring))

    planes = [("principal components", found.pca)]
    if found.tsne is not None:
        about = found.tsne.perplexity
        planes.append(("t-SNE" + (f", perplexity {about:g}" if about else ""), found.tsne))
    left, bottom, side, between = 0.7, 0.65, 4.3, 0.35
    legend = max(text_width(text, SIZE) for text, _ in entries) + 0.55
    width = left + len(planes) * (side + between) + legend + 0.1
    top = 0.6 + 0.22 * line_count(heading, width)
    figure = Figure(figsize=(width, bottom + side + top), dpi=130, facecolor="white")
    of = np.array(labels)
    area = float(np.interp(len(labels), [100, 1000, 5000], [34, 16, 6]))
    for i, (name, plane) in enumerate(planes):
        axes = add_axes(figure, left + i * (side + between), bottom, side, side)
        x, y = np.array(plane.x, float), np.array(plane.y, float)
        if rest:
            others = ~np.isin(of, shown)
            axes.scatter(x[others], y[others], s=area * 0.5, color=FAINT, linewidth=0, zorder=1)
        for k, label in enumerate(shown):
            axes.scatter(
                x[of == label], y[of == label], s=area, marker=MARKERS[k], color=COLOURS[k % len(COLOURS)], alpha=0.85,
                edgecolor="white", linewidth=0.3, zorder=2,
            )  # fmt: skip
        axes.scatter(x[wrong], y[wrong], s=area * 2.6, facecolor="none", edgecolor=INK, linewidth=1.0, zorder=3)
        tidy(axes, "both", SIZE)
        axes.margins(0.04)
        axes.set_title(name, fontsize=SIZE + 0.5, color=INK, loc="left", pad=5)
        if plane is found.pca:
            told = [f": {share:.0%} of the variance" for share in plane.explained or []] or ["", ""]
            axes.set_xlabel(f"component 1{told[0]}", fontsize=SIZE, color=MUTED)
            axes.set_ylabel(f"component 2{told[1]}", fontsize=SIZE, color=MUTED)
        else:  # its axes have no meaning, only who is near whom
            axes.set_xticklabels([])
            axes.set_yticklabels([])
            axes.set_xlabel(
                "neighbours stay neighbours; axes and far distances mean nothing", fontsize=SIZE, color=MUTED
            )
    add_legend(figure, left + len(planes) * (side + between), bottom + side - 0.1, entries, "class (clips)", 5.5)
    add_head(figure, heading)
    return figure


def _coloured(labels: list[str], predicted: Sequence[str | None] | None, wrong: NDArray[np.bool_]) -> list[str]:
    """The classes to tell apart by colour: all, or the most often confused, or where that isn't known the largest."""
    counts = Counter(labels)
    if len(counts) <= len(MARKERS):
        return sorted(counts)
    errors: Counter[str | None] = Counter(label for label, bad in zip(labels, wrong, strict=True) if bad)
    errors.update(answer for answer, bad in zip(predicted or [], wrong) if bad)
    return sorted(counts, key=lambda label: (-errors[label], -counts[label], label))[:_MOST_COLOURED]
