"""How a network was trained, epoch by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from audioclf.reports.pictures.canvas import (
    ACCENT,
    COLOURS,
    INK,
    MUTED,
    SIZE,
    add_axes,
    add_head,
    add_legend,
    line_count,
    tidy,
)
from audioclf.results.schema import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def training_curve(histories: Sequence[History], heading: str) -> Figure:
    """Draw a network's loss and accuracy over the epochs: a thin line a fold, a bold one for their mean.

    The mean goes as far as more than half of the folds do. A ring stands at the epoch whose weights were kept.

    Parameters
    ----------
    histories : sequence of History
        One for each fold.
    heading : str
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    trained: dict[str, Any] = {"color": ACCENT, "linestyle": "-"}
    checked: dict[str, Any] = {"color": COLOURS[1], "linestyle": (0, (6, 2))}
    losses = [
        ("training", [_column(h, "train_loss") for h in histories], trained, False),
        ("validation", [_column(h, "valid_loss") for h in histories], checked, True),
    ]
    right = [_column(h, "valid_accuracy") for h in histories]
    panels = [("loss", losses)]
    if any(np.isfinite(line).any() for line in right):
        panels.append(("validation accuracy", [("validation", right, checked, True)]))
    kept = [h.best_epoch for h in histories]
    left, bottom, plot, between, right_side = 0.75, 0.62, 4.3, 0.22, 1.75
    heights = [2.3, 1.6][: len(panels)]
    width = left + plot + right_side
    top = 0.35 + 0.22 * line_count(heading, width)
    high = bottom + sum(heights) + between * (len(panels) - 1) + top
    figure = Figure(figsize=(width, high), dpi=130, facecolor="white")
    longest = max((len(h.epochs) for h in histories), default=1)
    at, axes = high - top, None
    for (words, lines), height in zip(panels, heights, strict=True):
        at -= height
        axes = add_axes(figure, left, at, plot, height)
        for _, folds, style, ringed in lines:
            _draw_folds(axes, folds, style, kept if ringed else [None] * len(folds))
        tidy(axes, "both", SIZE)
        axes.set_xlim(1 - 0.02 * longest, longest * 1.02 + 0.2)
        axes.set_ylabel(words, fontsize=SIZE, color=MUTED)
        _limit(axes, [line for _, folds, _, _ in lines for line in folds], words == "loss")
        axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
        axes.tick_params(axis="x", labelbottom=words == panels[-1][0])
        at -= between
    assert axes is not None
    axes.set_xlabel("epoch", fontsize=SIZE, color=MUTED)
    entries: list[tuple[str, dict[str, Any]]] = [
        (name, {**style, "linewidth": 2.2})
        for name, folds, style, _ in losses
        if any(np.isfinite(line).any() for line in folds)
    ]
    if len(histories) > 1:
        entries.append(("one fold", {"color": MUTED, "linestyle": "-", "linewidth": 0.8}))
    if any(kept) and len(entries) > 1:
        ring = {"marker": "o", "color": INK, "markerfacecolor": "none", "markersize": 5.5}
        entries.append(("weights kept", ring))
    add_legend(figure, left + plot + 0.2, high - top - 0.1, entries, "bold: mean of the folds" * (len(histories) > 1))
    add_head(figure, heading)
    return figure


def _draw_folds(
    axes: Axes, folds: Sequence[NDArray[np.float64]], style: dict[str, Any], kept: Sequence[int | None]
) -> None:
    """Draw a thin line for each fold, a ring at the epoch that it *kept*, and a bold line for the folds' mean."""
    for line, best in zip(folds, kept, strict=True):
        epochs = np.arange(1, len(line) + 1)
        axes.plot(epochs, line, linewidth=0.8, alpha=0.45, color=style["color"])
        if best and best <= len(line) and np.isfinite(line[best - 1]):
            axes.plot(
                [best], [line[best - 1]], "o", markersize=5.5, markerfacecolor="none", color=INK, markeredgewidth=1.1,
                zorder=4,
            )  # fmt: skip
    if len(folds) > 1:
        mean = _mean(folds)
        axes.plot(np.arange(1, len(mean) + 1), mean, linewidth=2.4, zorder=3, **style)


def _column(history: History, name: str) -> NDArray[np.float64]:
    return np.array([np.nan if (value := getattr(e, name)) is None else value for e in history.epochs], np.float64)


def _mean(lines: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Mean over the lines, as far as more than half of them go."""
    longest = sorted(len(line) for line in lines)[(len(lines) - 1) // 2]
    table = np.full((len(lines), longest), np.nan)
    for row, line in zip(table, lines, strict=True):
        row[: len(line)] = line[:longest]
    known = np.isfinite(table)
    return np.divide(np.nansum(table, axis=0), known.sum(axis=0), out=np.full(longest, np.nan), where=known.any(axis=0))


def _limit(axes: Axes, lines: Sequence[NDArray[np.float64]], loss: bool) -> None:
    """Limits that hold nearly all values: a first epoch that goes astray must not flatten the rest."""
    values = np.concatenate([line[np.isfinite(line)] for line in lines] or [np.zeros(0)])
    if not len(values):
        return
    low, high = float(values.min()), float(values.max())
    if loss:
        low, high = min(low, 0.0), min(high, 3 * float(np.quantile(values, 0.9)))
    room = max(high - low, 0.02) * 0.05
    axes.set_ylim(low if loss and low == 0 else low - room, high + room)
