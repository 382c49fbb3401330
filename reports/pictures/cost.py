"""Pictures of scores against their cost: time and size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

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
    plain,
    plain_text,
    text_width,
    tidy,
)
from audioclf.results.words import MISSING, milliseconds, score, shortened, size

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_POINTS = 24
_KINDS = {"network": ("s", COLOURS[1]), "other": ("o", ACCENT), "baseline": ("D", MUTED)}
_AROUND = ((7, 0), (-7, 0), (0, 8), (0, -8), (7, 7), (-7, 7), (7, -7), (-7, -7), (14, 0), (-14, 0), (0, 16), (0, -16))


@dataclass(frozen=True)
class Point:
    """One experiment: its place in the ranking, what it scores, and what it costs.

    Attributes
    ----------
    place : int
        From 1, the best.
    name : str
    kind : str
        ``network``, ``baseline`` or ``other``.
    mean : float
        With its interval *low* to *high*, where known.
    kilobytes : float or None
        Size of the model.
    milliseconds : float or None
        Time a clip.
    """

    place: int
    name: str
    kind: str
    mean: float
    low: float | None
    high: float | None
    kilobytes: float | None
    milliseconds: float | None


def cost(points: Sequence[Point], metric: str, heading: str) -> Figure:
    """Draw a score over the time a clip and over the size of the model, each on a logarithmic scale.

    Dots have the numbers of the ranking, and lines for their 95 % intervals; the names stand beside. Beyond 24
    experiments the others are only counted.

    Parameters
    ----------
    points : sequence of Point
        Best first.
    metric : str
        The score's name in words.
    heading : str
    """
    from matplotlib.figure import Figure

    shown = list(points[:MOST_POINTS])
    priced = (
        ("ms a clip, features and answer, on one thread", [(p, p.milliseconds) for p in shown]),
        ("kB of the fitted model", [(p, p.kilobytes) for p in shown]),
    )
    every = [(words, [(p, v) for p, v in values if v is not None and v > 0]) for words, values in priced]
    panels = [(words, known) for words, known in every if known]
    rows = [[str(p.place), shortened(plain(p.name), 46), score(p.mean), _price(p)] for p in shown]
    widths = [max((text_width(row[k], SIZE) for row in rows), default=0.0) + 0.16 for k in range(4)]
    left, bottom, plot, between, step = 0.7, 0.62, 3.1, 0.3, 0.22
    rest = len(points) - len(shown)
    more = f"and {rest} more" if rest else ""
    height = max(3.3, step * (len(rows) + 1.5 + bool(rest)) + 0.2)
    table = left + len(panels) * (plot + between)
    width = table + 0.4 + sum(widths) + 0.1
    top = 0.3 + 0.22 * line_count(heading, width)
    figure = Figure(figsize=(width, bottom + height + top), dpi=130, facecolor="white")
    ends = [v for p in shown for v in (p.low, p.mean, p.high) if v is not None]
    room = max(max(ends, default=1.0) - min(ends, default=0.0), 0.05) * 0.06
    for k, (words, known) in enumerate(panels):
        axes = add_axes(figure, left + k * (plot + between), bottom, plot, height)
        _draw_panel(axes, known, words, "" if k else f"{metric}, 95 % interval", (min(ends) - room, max(ends) + room))
    at = bottom + height - 0.12
    for row, p in zip(rows, shown, strict=True):
        marker, colour = _KINDS[p.kind]
        x = table + 0.1
        add_legend(figure, x - 0.1, at, [("", {"marker": marker, "color": colour, "markersize": 5.5})])
        x += 0.25
        for k, text in enumerate(row):
            right = k != 1
            figure.text(
                (x + (widths[k] - 0.16 if right else 0.0)) / width, at / figure.get_figheight(), text, fontsize=SIZE,
                color=MUTED if k == 3 else INK, ha="right" if right else "left", va="center", **plain_text(),
            )  # fmt: skip
            x += widths[k]
        at -= step
    for text in (more, _key({p.kind for p in shown})):
        if text:
            figure.text(
                (table + 0.05) / width, at / figure.get_figheight(), text, fontsize=SIZE - 1, color=MUTED, va="center"
            )
            at -= step
    add_head(figure, heading)
    return figure


def _draw_panel(axes: Axes, known: Sequence[tuple[Point, float]], x: str, y: str, limits: tuple[float, float]) -> None:
    """Draw scores over one price; only the first panel names its vertical axis, *y*."""
    axes.set_xscale("log")
    tidy(axes, "both", SIZE)
    axes.set_ylim(*limits)
    _log_ticks(axes, [value for _, value in known])
    axes.set_xlabel(x, fontsize=SIZE, color=MUTED)
    if y:
        axes.set_ylabel(y, fontsize=SIZE, color=MUTED)
    else:
        axes.tick_params(axis="y", labelleft=False)
    for p, value in reversed(known):
        marker, colour = _KINDS[p.kind]
        if p.low is not None and p.high is not None:
            axes.plot([value, value], [p.low, p.high], color=colour, linewidth=1.4, alpha=0.4, zorder=2)
        axes.plot([value], [p.mean], marker, color=colour, markersize=5.5, zorder=3)
    _number(axes, known)


def _key(kinds: set[str]) -> str:
    """Say what the markers mean, where there is more than one."""
    key = [("a network", "network"), ("no network", "other"), ("baseline (majority class)", "baseline")]
    told = [f"{words}: {sign}" for (words, kind), sign in zip(key, "■●◆") if kind in kinds]
    if not {"network", "other"} <= kinds:
        told = told[1:] if len(told) > 1 else []
    return "   ".join(told)


def _price(point: Point) -> str:
    time = MISSING if point.milliseconds is None else f"{milliseconds(point.milliseconds)} ms"
    return f"{time}, {size(point.kilobytes)}"


def _log_ticks(axes: Axes, values: Sequence[float]) -> None:
    """Limits around *values*, and ticks that are plain numbers: 1, 2, 5 where there are few powers of ten."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    low, high = min(values), max(values)
    margin = max(1.5, (6 * low / high) ** 0.5)
    axes.set_xlim(low / margin, high * margin)
    decades = np.log10(high / low * margin**2)
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0,) if decades > 3 else (1.0, 3.0) if decades > 2 else (1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axes.xaxis.set_minor_locator(NullLocator())


def _number(axes: Axes, known: Sequence[tuple[Point, float]]) -> None:
    """Write each dot's number where it hides neither a dot nor a number; where there's no room, its row must do."""
    at = axes.transData.transform([(value, p.mean) for p, value in known])
    scale = axes.figure.dpi / 72
    bounds = axes.get_window_extent()
    taken: list[tuple[float, float, float, float]] = [(x - 4, y - 4, x + 4, y + 4) for x, y in at]
    for (p, value), (x, _) in zip(known, at, strict=True):
        if p.low is not None and p.high is not None:
            low, high = axes.transData.transform([(value, p.low), (value, p.high)])[:, 1]
            taken.append((x - 1, low, x + 1, high))
    for (p, value), (x, y) in zip(known, at, strict=True):
        text = str(p.place)
        half = (0.5 * 72 * text_width(text, SIZE) * scale, 0.55 * SIZE * scale)
        for dx, dy in _AROUND:
            cx, cy = x + dx * scale + np.sign(dx) * half[0] * 0.6, y + dy * scale
            box = (cx - half[0] - 3, cy - half[1], cx + half[0] + 3, cy + half[1])
            inside = bounds.x0 <= box[0] and box[2] <= bounds.x1 and bounds.y0 <= box[1] and box[3] <= bounds.y1
            if inside and not any(_overlap(box, other) for other in taken):
                taken.append(box)
                axes.annotate(
                    text, (value, p.mean), ((cx - x) / scale, (cy - y) / scale), textcoords="offset points",
                    fontsize=SIZE, color=INK, ha="center", va="center", zorder=4,
                )  # fmt: skip
                break


def _overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
