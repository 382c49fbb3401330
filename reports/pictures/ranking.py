"""The experiments of a run, ranked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audioclf.plugin import Results
from audioclf.reports.pictures.canvas import (
    ACCENT,
    GRID,
    INK,
    MUTED,
    PALE,
    add_axes,
    add_head,
    plain,
    plain_text,
    text_width,
)
from audioclf.results.headline import BASELINE
from audioclf.results.words import score, shortened

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_RANKED = 60
_SIGNS = {"not told apart": " ≈", "worse on these clips": " ≲"}
_FILLS = {"worse": "white", "worse on these clips": PALE}


def ranking(results: Results) -> Figure:
    """Draw the finished experiments, best at the top: dots with 95 % intervals, the baseline as a line.

    Where the record tells, those not told apart from the best have a filled dot and a ≈, those worse on these clips a
    pale one and a ≲, those worse a ring. Beyond the first 60 they are only counted.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    ranked = results.ranking()
    shown = ranked[:MOST_RANKED]
    names = [shortened(plain(e.title), 60) for e in shown]
    scores = [e.metrics[results.metric] for e in shown]
    metric = results.titles[results.metric]
    tested = any(e.versus_best for e in ranked)
    rest = len(ranked) - len(shown)
    data = shortened(plain(results.record.dataset.name), 40)
    heading = f"{data}: {metric}" + (f", the best {len(shown)} of {len(ranked)} experiments" if rest else "")

    size = 9.0
    left = max((text_width(name, size) for name in names), default=0.5) + 0.3
    bottom = 0.62 + (0.18 if tested else 0.0)
    plot, right, top = 5.2, 0.85 + (0.2 if tested else 0.0), 0.62
    height = max(0.27 * len(shown), 0.5)
    figure = Figure(figsize=(left + plot + right, bottom + height + top), dpi=130, facecolor="white")
    axes = add_axes(figure, left, bottom, plot, height)
    for i, (experiment, values) in enumerate(zip(shown, scores, strict=True)):
        versus = experiment.versus_best
        verdict = "" if versus is None else versus.verdict
        colour = MUTED if experiment.is_baseline else ACCENT
        if values.low is not None and values.high is not None:
            axes.plot([values.low, values.high], [i, i], color=colour, linewidth=1.6, alpha=0.55)
        if values.mean is not None:
            fill = "white" if experiment.is_baseline else _FILLS.get(verdict, colour)
            axes.plot([values.mean], [i], "o", color=colour, markerfacecolor=fill, markersize=5.5)
        figure.text(
            (left + plot + 0.12) / figure.get_figwidth(),
            (bottom + height * (1 - (i + 0.5) / len(shown))) / figure.get_figheight(),
            score(values.mean) + _SIGNS.get(verdict, ""),
            fontsize=size,
            color=INK,
            va="center_baseline",
        )
    baseline = results.baseline
    if baseline is not None and (base := baseline.metrics[results.metric].mean) is not None:
        axes.axvline(base, color=MUTED, linewidth=1.0, linestyle=(0, (4, 3)), zorder=0)
    lowest = min((v for values in scores for v in (values.low, values.mean) if v is not None), default=0.0)
    axes.set_xlim(lowest - 0.03 if lowest < 0 else max(lowest - 0.03, -0.01), 1.01)
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.set_yticks(range(len(shown)), names, fontsize=size, color=INK, **plain_text())
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axes.tick_params(axis="x", labelsize=size, colors=MUTED)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color=GRID, linewidth=0.7)
    axes.set_axisbelow(True)
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color("#c3cad3")
    line = "" if baseline is None else f"; dashed: {BASELINE}"
    if tested:
        line += "\n● ≈ not told apart from the best, pale ≲ worse on these clips, ○ worse"
    axes.set_xlabel(f"{metric}: mean over folds, 95 % interval{line}", fontsize=size, color=MUTED, labelpad=6)
    add_head(figure, heading)
    return figure
