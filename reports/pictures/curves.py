"""ROC and precision-recall curves of each class against the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from audioclf.grammar import count
from audioclf.reports.pictures.canvas import (
    COLOURS,
    DASHES,
    INK,
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
from audioclf.results.words import score, shortened
from audioclf.statistics import areas

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PLURALS = {"class": "classes", "label": "labels"}
_MOST_NAMED = 6
_MOST_WORST = 5
_LONGEST_NAME = 28


def roc(
    truth: NDArray[np.bool_], scores: NDArray[np.floating], labels: Sequence[str], heading: str, noun: str = "class"
) -> Figure:
    """Draw receiver operating characteristics, one class against the rest.

    Beyond six classes their mean (vertical averaging, Fawcett 2006, "An introduction to ROC analysis", section 9.1)
    stands out with the five worst, and the others are faint lines. At least one class must have both clips and
    clips that aren't it.

    Parameters
    ----------
    truth : ndarray of bool, shape (n_predictions, n_classes)
        Whether a clip is of a class; of several where it has several labels.
    scores : ndarray, shape (n_predictions, n_classes)
        Probabilities of the classes.
    labels : sequence of str
    heading : str
    noun : str
        What a class is called: ``class`` or ``label``.
    """
    curves = []
    for k, label in enumerate(labels):
        positive = truth[:, k]
        if positive.any() and not positive.all():
            x, y = areas.roc_curve(positive, scores[:, k])
            curves.append(_Curve(label, x, y, float(np.sum(np.diff(x) * (y[1:] + y[:-1]) / 2))))
    grid = np.linspace(0, 1, 201)
    rises = [np.append(0.0, np.interp(grid[1:], c.x, c.y)) for c in curves]
    mean = _Curve(
        f"mean of the {PLURALS[noun]}", grid, np.mean(rises, axis=0), float(np.mean([c.area for c in curves]))
    )
    figure, axes = _curves(curves, mean, "area under the curve", heading, "default", noun)
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1.0, linestyle=(0, (4, 3)), zorder=0)
    axes.set_xlabel(f"false positive rate: share of the other clips given the {noun}", fontsize=SIZE, color=MUTED)
    axes.set_ylabel(f"true positive rate: share of the {noun}'s clips found", fontsize=SIZE, color=MUTED)
    return figure


def precision_recall(
    truth: NDArray[np.bool_], scores: NDArray[np.floating], labels: Sequence[str], heading: str, noun: str = "class"
) -> Figure:
    """Draw precision over recall, one class against the rest; parameters and choice of classes as for `roc`."""
    curves = []
    for k, label in enumerate(labels):
        positive = truth[:, k]
        if positive.any() and not positive.all():
            x, y = areas.precision_recall_curve(positive, scores[:, k])
            further = np.diff(x, prepend=0.0) > 0  # where recall stays, precision falls; left out, the steps are clean
            x, y = np.append(0.0, x[further]), np.append(y[further][0], y[further])
            curves.append(_Curve(label, x, y, float(np.sum(np.diff(x) * y[1:]))))
    grid = np.linspace(0, 1, 201)
    falls = [c.y[np.minimum(np.searchsorted(c.x, grid - 1e-12), len(c.y) - 1)] for c in curves]
    mean = _Curve(
        f"mean of the {PLURALS[noun]}", grid, np.mean(falls, axis=0), float(np.mean([c.area for c in curves]))
    )
    figure, axes = _curves(curves, mean, "average precision", heading, "steps-pre", noun)
    axes.set_xlabel(f"recall: share of the {noun}'s clips found", fontsize=SIZE, color=MUTED)
    axes.set_ylabel("precision: share of the found that are right", fontsize=SIZE, color=MUTED)
    return figure


@dataclass(frozen=True)
class _Curve:
    name: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    area: float


def _curves(
    curves: list[_Curve], mean: _Curve, what: str, heading: str, drawstyle: Any, noun: str
) -> tuple[Figure, Axes]:
    """Axes over the unit square with the curves, and their names beside it, the smallest area last."""
    from matplotlib.figure import Figure

    ranked = sorted(curves, key=lambda c: -c.area)
    many = len(ranked) > _MOST_NAMED
    named = ranked[-_MOST_WORST:] if many else ranked
    lines: list[tuple[_Curve, dict[str, Any]]] = [
        (c, {"color": COLOURS[i], "linestyle": DASHES[i], "linewidth": 1.6}) for i, c in enumerate(named)
    ]
    if many:
        lines = [(mean, {"color": INK, "linestyle": "-", "linewidth": 2.6}), *lines]
    faint: dict[str, Any] = {"color": "#c9d0d9", "linestyle": "-", "linewidth": 0.8}
    entries = [(f"{shortened(plain(c.name), _LONGEST_NAME)}  {score(c.area)}", style) for c, style in lines]
    if many:
        entries.insert(1, (f"the other {count(len(ranked) - len(named), noun, PLURALS[noun])}", faint))
    left, bottom, side, gap = 0.75, 0.62, 4.4, 0.25
    title = f"{what};\nthe worst {len(named)} by name" if many else what
    legend = max(text_width(text, SIZE) for text in (*(text for text, _ in entries), *title.splitlines())) + 0.55
    width = left + side + gap + legend + 0.1
    top = 0.3 + 0.22 * line_count(heading, width)
    figure = Figure(figsize=(width, bottom + side + top), dpi=130, facecolor="white")
    axes = add_axes(figure, left, bottom, side, side)
    if many:
        for curve in ranked[:-_MOST_WORST]:
            axes.plot(curve.x, curve.y, drawstyle=drawstyle, **faint)
    for curve, style in lines:
        axes.plot(curve.x, curve.y, drawstyle=drawstyle, zorder=3 if curve is mean else 2, **style)
    tidy(axes, "both", SIZE)
    axes.set_xlim(-0.01, 1.01)
    axes.set_ylim(-0.01, 1.01)
    add_legend(figure, left + side + gap, bottom + side - 0.1, entries, title)
    add_head(figure, heading)
    return figure, axes
