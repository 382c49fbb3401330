"""The experiments of a run, ranked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from audioclf.plugin import Finished, Results
from audioclf.reports.pictures.canvas import (
    ACCENT,
    GRID,
    INK,
    MUTED,
    PALE,
    SIZE,
    add_axes,
    add_head,
    plain,
    plain_text,
    text_width,
)
from audioclf.results.headline import BASELINE, chance
from audioclf.results.words import score, shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_RANKED = 60
_SIGNS = {"not told apart": " ≈", "worse on these clips": " ≲"}
_FILLS = {"worse": "white", "worse on these clips": PALE}


def ranking(results: Results) -> Figure:
    """Draw the finished experiments, best at the top: dots with 95 % intervals, baseline and chance level as lines.

    Where the record tells, those not told apart from the best have a filled dot and a ≈, those worse on these clips a
    pale one and a ≲, those worse a ring. Beyond the first 60 they are only counted.
    """
    from matplotlib.figure import Figure

    ranked = results.ranking()
    shown = ranked[:MOST_RANKED]
    names = [shortened(plain(e.title), 60) for e in shown]
    metric = results.titles[results.metric]
    tested = any(e.versus_best for e in ranked)
    rest = len(ranked) - len(shown)
    data = shortened(plain(results.record.dataset.name), 40)
    heading = f"{data}: {metric}" + (f", the best {len(shown)} of {len(ranked)} experiments" if rest else "")
    level = None if results.baseline is None else chance(results)
    start = _start(results, shown, level)
    lines = [f"{metric}: mean over folds, 95 % interval"]
    marks = [f"dashed: {BASELINE}"] * (results.baseline is not None) + ["dotted: chance level"] * (level is not None)
    lines += [", ".join(marks)] * bool(marks)
    lines += ["● ≈ not told apart from the best, pale ≲ worse on these clips, ○ worse"] * tested

    left = max((text_width(name, SIZE) for name in names), default=0.5) + 0.3
    bottom = 0.44 + 0.18 * len(lines)
    plot, right, top = 5.2, 0.85 + (0.2 if tested else 0.0), 0.62
    height = max(0.27 * len(shown), 0.5)
    figure = Figure(figsize=(left + plot + right, bottom + height + top), dpi=130, facecolor="white")
    axes = add_axes(figure, left, bottom, plot, height)
    _draw_dots(axes, results, shown)
    if results.baseline is not None and (base := results.baseline.metric(results.metric).mean) is not None:
        axes.axvline(base, color=MUTED, linewidth=1.0, linestyle=(0, (4, 3)), zorder=0)
    if level is not None:
        axes.axvline(level, color=MUTED, linewidth=1.2, linestyle=(0, (1, 2)), zorder=0)
    axes.set_xlim(start, 1.01)
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.set_yticks(range(len(shown)), names, fontsize=SIZE, color=INK, **plain_text())
    _tidy(axes)
    axes.set_xlabel("\n".join(lines), fontsize=SIZE, color=MUTED, labelpad=6)
    add_head(figure, heading)
    return figure


def _start(results: Results, shown: Sequence[Finished], level: float | None) -> float:
    """Where the scale begins: a little below all intervals and the chance level."""
    scores = [e.metric(results.metric) for e in shown]
    ends = [level, *(v for values in scores for v in (values.low, values.mean))]
    lowest = min((v for v in ends if v is not None), default=0.0)
    return lowest - 0.03 if lowest < 0 else max(lowest - 0.03, -0.01)


def _draw_dots(axes: Axes, results: Results, shown: Sequence[Finished]) -> None:
    """Draw a dot, an interval and a figure for each experiment, from the top down."""
    for i, experiment in enumerate(shown):
        values, versus = experiment.metric(results.metric), experiment.versus_best
        verdict = "" if versus is None else versus.verdict
        colour = MUTED if experiment.is_baseline else ACCENT
        if values.low is not None and values.high is not None:
            axes.plot([values.low, values.high], [i, i], color=colour, linewidth=1.6, alpha=0.55)
        if values.mean is not None:
            fill = "white" if experiment.is_baseline else _FILLS.get(verdict, colour)
            axes.plot([values.mean], [i], "o", color=colour, markerfacecolor=fill, markersize=5.5)
        axes.annotate(
            score(values.mean) + _SIGNS.get(verdict, ""), (1, i), (8, 0), xycoords=("axes fraction", "data"),
            textcoords="offset points", fontsize=SIZE, color=INK, va="center_baseline",
        )  # fmt: skip


def _tidy(axes: Axes) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axes.tick_params(axis="x", labelsize=SIZE, colors=MUTED)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color=GRID, linewidth=0.7)
    axes.set_axisbelow(True)
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color("#c3cad3")
