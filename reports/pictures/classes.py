"""Bars of classes and labels: how many clips each has, and which labels were found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from audioclf.reports.pictures.canvas import (
    ACCENT,
    COLOURS,
    DARK,
    INK,
    MUTED,
    PALE,
    SIZE,
    add_axes,
    add_head,
    add_legend,
    line_count,
    plain,
    plain_text,
    text_width,
    tidy,
)
from audioclf.results.words import shortened

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LONGEST_NAME = 36


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
    names = [shortened(plain(labels[k]), _LONGEST_NAME) for k in order]
    values = [clips[k] for k in order]
    texts = [str(value) if groups is None else f"{value} ({groups[k]})" for value, k in zip(values, order, strict=True)]
    size = SIZE if len(names) <= 60 else 7.0
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


def label_bars(labels: Sequence[str], cells: Sequence[tuple[int, int, int, int]], heading: str) -> Figure:
    """Draw for each label how many clips have it and got it, have it and didn't get it, and got it wrongly.

    Parameters
    ----------
    labels : sequence of str
    cells : sequence of tuple of int
        True positives, false positives, false negatives and true negatives of each label; the last aren't drawn.
    heading : str
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    order = sorted(range(len(labels)), key=lambda k: (-cells[k][0] - cells[k][2], k))
    names = [shortened(plain(labels[k]), _LONGEST_NAME) for k in order]
    found, wrong, missed = (np.array([cells[k][i] for k in order], int) for i in range(3))
    size = SIZE if len(names) <= 60 else 7.0
    step = 0.3 if len(names) <= 20 else 0.2 if len(names) <= 60 else 0.15
    texts = [f"{hit} of {hit + miss}" for hit, miss in zip(found, missed, strict=True)]
    left = max(text_width(name, size) for name in names) + 0.3
    right = max(text_width(text, size) for text in (*texts, "found of all")) + 0.3
    plot, height, bottom = 4.8, max(step * len(names), 0.6), 0.62
    width = left + plot + right
    top = 0.62 + 0.22 * line_count(heading, width)
    figure = Figure(figsize=(width, bottom + height + top), dpi=130, facecolor="white")
    axes = add_axes(figure, left, bottom, plot, height)
    places = np.arange(len(names))
    axes.barh(places, found, height=0.68, color=ACCENT, linewidth=0)
    axes.barh(places, missed, left=found, height=0.68, color=PALE, linewidth=0)
    axes.barh(places, -wrong, height=0.68, color=COLOURS[1], linewidth=0)
    axes.axvline(0, color=MUTED, linewidth=1.0)
    most, least = max(int((found + missed).max(initial=0)), 1), int(wrong.max(initial=0))
    axes.set_xlim(-least - 0.1 * (most + least), most * 1.02)
    for i, text in enumerate(texts):
        axes.annotate(
            text, (1, i), (6, 0), xycoords=("axes fraction", "data"), textcoords="offset points", fontsize=size,
            color=INK, va="center_baseline",
        )  # fmt: skip
        if wrong[i]:
            axes.annotate(
                str(wrong[i]), (-wrong[i], i), (-4, 0), textcoords="offset points", fontsize=size, color=INK,
                ha="right", va="center_baseline",
            )  # fmt: skip
    tidy(axes, "x", size)
    axes.set_yticks(places, names, fontsize=size, color=INK, **plain_text())
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{abs(value):g}"))
    axes.set_xlabel("clips without the label  |  clips with it", fontsize=size, color=MUTED)
    line = {"linestyle": "-", "linewidth": 7, "solid_capstyle": "butt"}
    at = left
    for text, colour in (("wrongly given", COLOURS[1]), ("found", ACCENT), ("missed", PALE)):
        add_legend(figure, at, bottom + height + 0.18, [(text, {**line, "color": colour})])
        at += 0.75 + text_width(text, SIZE)
    add_head(figure, heading)
    return figure
