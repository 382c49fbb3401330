"""Plots of a run: classes, curves, calibration, importance, projection, and ranks over data sets.

All take plain arrays or parts of the record, and return a matplotlib figure for `_figures.save`. Colours are those of
Okabe & Ito ("Color universal design", 2008); what a colour says, a marker, a line style or a name says as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from audioclf.reports.pictures.figures import (
    ACCENT,
    INK,
    MUTED,
    add_axes,
    add_head,
    line_count,
    plain,
    plain_text,
    text_width,
    tidy,
)
from audioclf.reports.words.text import count, score, shortened
from audioclf.statistics import scores as statistics
from audioclf.statistics.ranks import cliques
from audioclf.statistics.scores import Reliability

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p", "*", "h", "d", "8")
DASHES: tuple[Any, ...] = ("-", (0, (6, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)), (0, (3, 1.5)), (0, (9, 3)), "-")
PALE = "#8fb8de"
DARK = "#08305c"
FAINT = "#aab3bf"
PLURALS = {"class": "classes", "label": "labels"}
MOST_COEFFICIENTS = 25
_MOST_NAMED = 6
_MOST_WORST = 5
_MOST_COLOURED = 7
_LONGEST_NAME = 28
_SIZE = 9.0


def class_distribution(
    labels: Sequence[str], clips: Sequence[int], groups: Sequence[int] | None, heading: str
) -> Figure:
    """Draw how many clips each class has and from how many groups, the largest class first.

    Parameters
    ----------
    labels : sequence of str, length n_classes
    clips : sequence of int, length n_classes
    groups : sequence of int, length n_classes, or None
        Groups (speakers, source recordings) per class, where they are known.
    heading : str
        Stands over the picture.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    order = sorted(range(len(labels)), key=lambda k: (-clips[k], k))
    names = [shortened(plain(labels[k]), _LONGEST_NAME + 8) for k in order]
    values = [clips[k] for k in order]
    texts = [str(value) if groups is None else f"{value} ({groups[k]})" for value, k in zip(values, order, strict=True)]
    size = _SIZE if len(names) <= 60 else 7.0
    step = 0.3 if len(names) <= 20 else 0.2 if len(names) <= 60 else 0.15
    left = max(text_width(name, size) for name in names) + 0.3
    right = max(text_width(text, size) for text in texts) + 0.35
    plot, height, bottom = 4.8, max(step * len(names), 0.6), 0.62
    width = left + plot + right
    top = 0.3 + 0.22 * line_count(heading, width)
    figure = Figure(figsize=(width, bottom + height + top), dpi=130, facecolor="white")
    axes = add_axes(figure, left, bottom, plot, height)
    places = np.arange(len(names))
    axes.barh(places, values, height=0.72, color=ACCENT if groups is None else PALE, linewidth=0)
    if groups is not None:
        axes.barh(places, [groups[k] for k in order], height=0.3, color=DARK, linewidth=0)
    for i, (value, text) in enumerate(zip(values, texts, strict=True)):
        axes.annotate(
            text, (value, i), (5, 0), textcoords="offset points", fontsize=size, color=INK, va="center_baseline"
        )
    tidy(axes, "x", size)
    axes.set_yticks(places, names, fontsize=size, color=INK, **plain_text())
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlim(0, max(*values, 1))
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, steps=[1, 2, 5, 10]))
    axes.set_xlabel("clips" + ("" if groups is None else "; dark and in brackets: groups"), fontsize=size, color=MUTED)
    add_head(figure, heading)
    return figure


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
            x, y = statistics.roc_curve(positive, scores[:, k])
            curves.append(_Curve(label, x, y, float(np.sum(np.diff(x) * (y[1:] + y[:-1]) / 2))))
    grid = np.linspace(0, 1, 201)
    rises = [np.append(0.0, np.interp(grid[1:], c.x, c.y)) for c in curves]
    mean = _Curve(
        f"mean of the {PLURALS[noun]}", grid, np.mean(rises, axis=0), float(np.mean([c.area for c in curves]))
    )
    figure, axes = _curves(curves, mean, "area under the curve", heading, "default", noun)
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1.0, linestyle=(0, (4, 3)), zorder=0)
    axes.set_xlabel(f"false alarms: share of the other clips taken for the {noun}", fontsize=_SIZE, color=MUTED)
    axes.set_ylabel(f"hits: share of the {noun}'s clips found", fontsize=_SIZE, color=MUTED)
    return figure


def precision_recall(
    truth: NDArray[np.bool_], scores: NDArray[np.floating], labels: Sequence[str], heading: str, noun: str = "class"
) -> Figure:
    """Draw precision over recall, one class against the rest; parameters and choice of classes as for `roc`."""
    curves = []
    for k, label in enumerate(labels):
        positive = truth[:, k]
        if positive.any() and not positive.all():
            x, y = statistics.precision_recall_curve(positive, scores[:, k])
            further = np.diff(x, prepend=0.0) > 0  # where recall stays, precision falls; left out, the steps are clean
            x, y = np.append(0.0, x[further]), np.append(y[further][0], y[further])
            curves.append(_Curve(label, x, y, float(np.sum(np.diff(x) * y[1:]))))
    grid = np.linspace(0, 1, 201)
    falls = [c.y[np.minimum(np.searchsorted(c.x, grid - 1e-12), len(c.y) - 1)] for c in curves]
    mean = _Curve(
        f"mean of the {PLURALS[noun]}", grid, np.mean(falls, axis=0), float(np.mean([c.area for c in curves]))
    )
    figure, axes = _curves(curves, mean, "average precision", heading, "steps-pre", noun)
    axes.set_xlabel(f"recall: share of the {noun}'s clips found", fontsize=_SIZE, color=MUTED)
    axes.set_ylabel("precision: share of the found that are right", fontsize=_SIZE, color=MUTED)
    return figure


OF_ANSWERS = (
    "share of answers that are right",
    "answers",
    "probability given for the answer",
    "too modest",
    "too bold",
)
OF_LABELS = ("share of clips that have it", "clips × labels", "probability given for a label", "too low", "too high")


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
    legend = max(text_width(text, _SIZE) for text in (*(text for text, _ in entries), *title.splitlines())) + 0.55
    width = left + side + gap + legend + 0.1
    top = 0.3 + 0.22 * line_count(heading, width)
    figure = Figure(figsize=(width, bottom + side + top), dpi=130, facecolor="white")
    axes = add_axes(figure, left, bottom, side, side)
    if many:
        for curve in ranked[:-_MOST_WORST]:
            axes.plot(curve.x, curve.y, drawstyle=drawstyle, **faint)
    for curve, style in lines:
        axes.plot(curve.x, curve.y, drawstyle=drawstyle, zorder=3 if curve is mean else 2, **style)
    tidy(axes, "both", _SIZE)
    axes.set_xlim(-0.01, 1.01)
    axes.set_ylim(-0.01, 1.01)
    add_legend(figure, left + side + gap, bottom + side - 0.1, entries, title)
    add_head(figure, heading)
    return figure, axes


def reliability(found: Reliability, heading: str, what: Sequence[str] = OF_ANSWERS) -> Figure:
    """Draw how often answers are right against the probability that was given for them.

    Parameters
    ----------
    found : Reliability
        As from `audioclf.statistics.scores.reliability`.
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
    axes.set_title(error, fontsize=_SIZE + 0.5, color=INK, loc="left", pad=21)
    meaning = f"above the dashed line the probabilities are {what[3]}, below {what[4]}"
    axes.text(0, 1.03, meaning, fontsize=_SIZE - 0.5, color=MUTED, transform=axes.transAxes)
    tidy(axes, "both", _SIZE)
    axes.set_ylabel(what[0], fontsize=_SIZE, color=MUTED)
    axes.tick_params(axis="x", labelbottom=False)
    below = add_axes(figure, left, bottom, side, low)
    below.bar(found.edges[:-1], found.count, np.diff(found.edges) * 0.92, align="edge", color=PALE, linewidth=0)
    tidy(below, "y", _SIZE)
    below.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    below.set_ylabel(what[1], fontsize=_SIZE, color=MUTED)
    below.set_xlabel(what[2], fontsize=_SIZE, color=MUTED)
    axes.set_xlim(-0.01, 1.01)
    below.set_xlim(-0.01, 1.01)
    axes.set_ylim(-0.01, 1.01)
    add_head(figure, heading)
    return figure


def learning_curve(points: Sequence[dict[str, Any]], metric: str, heading: str) -> Figure:
    """Draw a score over the number of clips trained on, with its standard deviation over folds.

    Parameters
    ----------
    points : sequence of dict
        ``share``, ``n_train``, ``mean``, ``std`` of each size, as in ``learning_curve`` of the record.
    metric : str
        The score's name in words.
    heading : str
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    known = [p for p in points if p["mean"] is not None]
    x, y = (np.array([p[key] for p in known], float) for key in ("n_train", "mean"))
    std = np.array([p["std"] or 0.0 for p in known], float)
    left, bottom, plot, height = 0.75, 0.7, 5.0, 3.3
    width = left + plot + 0.3
    top = 0.35 + 0.22 * line_count(heading, width)
    figure = Figure(figsize=(width, bottom + height + top), dpi=130, facecolor="white")
    axes = add_axes(figure, left, bottom, plot, height)
    axes.fill_between(x, y - std, y + std, color=ACCENT, alpha=0.15, linewidth=0)
    axes.errorbar(x, y, std, color=ACCENT, marker="o", markersize=5.5, linewidth=1.6, elinewidth=1.0, capsize=3)
    for a, b, p in zip(x, y + std, known, strict=True):
        axes.annotate(
            f"{p['share']:.0%}", (a, b), (0, 5), textcoords="offset points", fontsize=_SIZE - 1.5, color=MUTED,
            ha="center",
        )  # fmt: skip
    tidy(axes, "both", _SIZE)
    axes.set_xlim(0, float(x.max(initial=1.0)) * 1.06)
    low, high = float((y - std).min(initial=1.0)), float((y + std).max(initial=0.0))
    room = max(high - low, 0.02) * 0.12
    axes.set_ylim(low - room, high + 1.6 * room)
    axes.xaxis.set_major_locator(MaxNLocator(7, integer=True))
    axes.set_xlabel("clips trained on (and their share of the training part)", fontsize=_SIZE, color=MUTED)
    axes.set_ylabel(f"{metric}, mean ± std over folds", fontsize=_SIZE, color=MUTED)
    add_head(figure, heading)
    return figure


def importance(record: dict[str, Any], metric: str, heading: str) -> Figure:
    """Draw how much a score drops when an extractor, or one coefficient, is shuffled over the clips.

    Parameters
    ----------
    record : dict
        As ``importance`` of the record; of the coefficients the first 25, those with the largest drop, are drawn.
    metric : str
        The score's name in words.
    heading : str
    """
    from matplotlib.figure import Figure

    coefficients = record.get("coefficients") or []
    more = f", the {MOST_COEFFICIENTS} largest drops" if len(coefficients) > MOST_COEFFICIENTS else ""
    parts = [
        ("by extractor", record.get("extractors") or []),
        (f"by coefficient{more}", coefficients[:MOST_COEFFICIENTS]),
    ]
    parts = [(name, rows) for name, rows in parts if rows]
    names = [[shortened(plain(row["name"]), 40) for row in rows] for _, rows in parts]
    left = max(max(text_width(name, _SIZE) for part in names for name in part) + 0.3, 1.0)
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
        drops, stds = (np.array([row[key] or 0.0 for row in rows], float) for key in ("drop", "std"))
        places = np.arange(len(rows))
        axes.barh(places, drops, height=0.62, color=PALE, linewidth=0)
        axes.errorbar(drops, places, xerr=stds, fmt="none", ecolor=DARK, elinewidth=1.2, capsize=2)
        axes.axvline(0, color=MUTED, linewidth=1.0)
        tidy(axes, "x", _SIZE)
        axes.set_yticks(places, shown, fontsize=_SIZE, color=INK, **plain_text())
        axes.set_ylim(len(rows) - 0.4, -0.6)
        low, most = min(float((drops - stds).min()), 0.0), max(float((drops + stds).max()), 1e-3)
        axes.set_xlim(low - 0.03 * (most - low), most + 0.03 * (most - low))
        for i, drop in enumerate(drops):
            axes.annotate(
                f"{round(drop, 3) + 0.0:.3f}", (1, i), (6, 0), xycoords=("axes fraction", "data"),
                textcoords="offset points", fontsize=_SIZE - 0.5, color=INK, va="center_baseline",
            )  # fmt: skip
        axes.set_title(name, fontsize=_SIZE + 0.5, color=INK, loc="left", pad=5)
    axes.set_xlabel(f"drop of {metric} when shuffled, mean ± std", fontsize=_SIZE, color=MUTED)
    add_head(figure, heading)
    return figure


def projection(record: dict[str, Any], heading: str) -> Figure:
    """Draw the clips in the plane: principal components, and t-SNE where it is there.

    Up to 14 classes each have a colour and a marker; of more, the seven most often confused have, the rest is grey.
    Clips that were answered wrongly are ringed.

    Parameters
    ----------
    record : dict
        As ``projection`` of the record.
    heading : str
    """
    from matplotlib.figure import Figure

    labels = list(record["labels"])
    predicted = record.get("predicted")
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

    planes = [("principal components", record["pca"])]
    if record.get("tsne"):
        about = record["tsne"].get("perplexity")
        planes.append(("t-SNE" + (f", perplexity {about:g}" if about else ""), record["tsne"]))
    left, bottom, side, between = 0.7, 0.65, 4.3, 0.35
    legend = max(text_width(text, _SIZE) for text, _ in entries) + 0.55
    width = left + len(planes) * (side + between) + legend + 0.1
    top = 0.6 + 0.22 * line_count(heading, width)
    figure = Figure(figsize=(width, bottom + side + top), dpi=130, facecolor="white")
    of = np.array(labels)
    area = float(np.interp(len(labels), [100, 1000, 5000], [34, 16, 6]))
    for i, (name, plane) in enumerate(planes):
        axes = add_axes(figure, left + i * (side + between), bottom, side, side)
        x, y = np.array(plane["x"], float), np.array(plane["y"], float)
        if rest:
            others = ~np.isin(of, shown)
            axes.scatter(x[others], y[others], s=area * 0.5, color=FAINT, linewidth=0, zorder=1)
        for k, label in enumerate(shown):
            axes.scatter(
                x[of == label], y[of == label], s=area, marker=MARKERS[k], color=COLOURS[k % len(COLOURS)], alpha=0.85,
                edgecolor="white", linewidth=0.3, zorder=2,
            )  # fmt: skip
        axes.scatter(x[wrong], y[wrong], s=area * 2.6, facecolor="none", edgecolor=INK, linewidth=1.0, zorder=3)
        tidy(axes, "both", _SIZE)
        axes.margins(0.04)
        axes.set_title(name, fontsize=_SIZE + 0.5, color=INK, loc="left", pad=5)
        if plane is record["pca"]:
            shares = plane.get("explained") or [None, None]
            told = ["" if share is None else f": {share:.0%} of the variance" for share in shares]
            axes.set_xlabel(f"component 1{told[0]}", fontsize=_SIZE, color=MUTED)
            axes.set_ylabel(f"component 2{told[1]}", fontsize=_SIZE, color=MUTED)
        else:  # its axes have no meaning, only who is near whom
            axes.set_xticklabels([])
            axes.set_yticklabels([])
            axes.set_xlabel(
                "neighbours stay neighbours; axes and far distances mean nothing", fontsize=_SIZE, color=MUTED
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
    widest = [max((text_width(t, _SIZE) for t in part), default=0.0) for part in (texts[:half], texts[half:])]
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
            axes.text(at(rank), 0.14, str(rank), fontsize=_SIZE, color=MUTED, ha="center", va="bottom")
    ends = at(1), at(1 + min(difference, n - 1))
    axes.plot(ends, [0.48, 0.48], color=INK, linewidth=1.6)
    for end in ends:
        axes.plot([end, end], [0.43, 0.53], color=INK, linewidth=1.6)
    axes.text(at(1), 0.57, f"critical difference {difference:.2f}", fontsize=_SIZE, color=INK, va="bottom")
    for i, value in enumerate(values):
        first = i < half
        y = -depth - step * (i if first else n - 1 - i)
        end = left - 0.12 if first else left + plot + 0.12
        axes.plot([at(value), at(value), end], [0, y, y], color=MUTED, linewidth=0.9, solid_joinstyle="miter")
        axes.plot([at(value)], [0], "o", color=ACCENT, markersize=4, zorder=3, clip_on=False)
        axes.text(
            end - 0.07 if first else end + 0.07, y, texts[i], fontsize=_SIZE, color=INK, va="center",
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
        figure.text(0.15 / width, 0.18 / figure.get_figheight(), note, fontsize=_SIZE - 1, color=MUTED)
    add_head(figure, heading)
    return figure


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
        figure.text(left / width, top / height, line, fontsize=_SIZE, color=MUTED, va="center")
        top -= 0.2
    top -= 0.04 if title else 0.0
    for i, (text, style) in enumerate(entries):
        y = (top - 0.22 * i) / height
        marked = "marker" in style
        xs = [(left + 0.16) / width] if marked else [left / width, (left + 0.36) / width]
        look = {"linestyle": "none", "markersize": markersize, "markeredgewidth": 1.0, **style} if marked else style
        figure.add_artist(Line2D(xs, [y] * len(xs), transform=figure.transFigure, **look))
        figure.text((left + 0.45) / width, y, text, fontsize=_SIZE, color=INK, va="center", **plain_text())
