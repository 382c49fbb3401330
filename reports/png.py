"""Pictures for slides and papers: confusion matrices and the ranking."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from audioclf.report import Report
from audioclf.results import METRICS, Experiment, Results, title

from . import _figures
from ._text import score, slug_of


class PNGReport(Report):
    """``figures/``: the ranking, and two confusion matrices of each finished experiment.

    ``ranking.png`` has the run's metric with 95 % intervals; ``confusion-<experiment>.png`` numbers of clips,
    ``confusion-<experiment>-normalised.png`` shares of the true class. Where nothing finished there is
    nothing to draw, and no file is written.
    """

    name = "png"
    title = "pictures of the ranking and of every confusion matrix, in figures/"

    def write(self, results: Results, folder: Path) -> list[Path]:
        """Write the pictures; the ranking is the one to open first."""
        if results.best is None:
            return []
        written = [draw_ranking(results, folder)]
        for experiment in results.ranking():
            written.append(draw_counts(results, experiment, folder))
            written.append(draw_shares(results, experiment, folder))
        return written


def draw_ranking(results: Results, folder: Path) -> Path:
    """Write ``figures/ranking.png`` and return its path."""
    return _figures.save(_figures.ranking(results), folder / "figures" / "ranking.png")


def draw_counts(results: Results, experiment: Experiment, folder: Path) -> Path:
    """Write one experiment's confusion matrix in numbers of clips and return its path."""
    matrix = np.asarray(experiment["confusion_matrix"])
    figure = _figures.confusion_counts(matrix, results.labels, _heading(results, experiment))
    return _figures.save(figure, folder / "figures" / f"confusion-{slug_of(results, experiment)}.png")


def draw_shares(results: Results, experiment: Experiment, folder: Path) -> Path:
    """Write one experiment's confusion matrix in shares of the true class and return its path."""
    matrix = np.asarray(experiment["confusion_matrix"])
    figure = _figures.confusion_shares(matrix, results.labels, _heading(results, experiment))
    return _figures.save(figure, folder / "figures" / f"confusion-{slug_of(results, experiment)}-normalised.png")


def _heading(results: Results, experiment: Experiment) -> str:
    metric = results.metric
    return f"{title(experiment)}: {score(experiment['metrics'][metric]['mean'])} {METRICS[metric]}"
