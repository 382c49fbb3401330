"""Intervals of scores by the expanded percentile bootstrap over groups (docs/statistics.md)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audioclf.statistics.areas import FoldRanking, fold_rankings, mean_areas, positives_of
from audioclf.statistics.bootstrap import resampled
from audioclf.statistics.calibration import losses_of
from audioclf.statistics.scores import (
    ENDS,
    confusion_matrix,
    overall_of_margins,
    per_class,
    per_class_of_margins,
    score_predictions,
    usable,
)

Counts = NDArray[np.float64]
Scores = dict[str, Counts]
LEVEL = 0.95


@dataclass(frozen=True)
class Intervals:
    """95 % intervals, as pairs of a lower and an upper end.

    Attributes
    ----------
    metrics : dict
        Of every metric of `score_predictions`; None where the metric is undefined, and for Matthews correlation
        where the truth is of one class only.
    per_class : dict
        ``precision``, ``recall`` and ``f1``, each an array (n_classes, 2); NaN where undefined: recall of a class
        that doesn't occur, precision of one never predicted, F1 of one that neither occurs nor is predicted.
    """

    metrics: dict[str, tuple[float, float] | None]
    per_class: dict[str, NDArray[np.float64]]


def score_intervals(
    truth: NDArray[np.int64],
    predicted: NDArray[np.int64],
    probabilities: NDArray[np.floating] | None,
    groups: Sequence[str],
    n_classes: int,
    seed: int = 0,
    folds: NDArray[np.int64] | None = None,
) -> Intervals:
    """Return 95 % intervals of all metrics by the expanded percentile bootstrap over groups.

    Whole groups are drawn with replacement, for clips of one recording aren't independent (Field & Welsh 2007).
    Percentile intervals of few groups are too narrow; as Hesterberg 2015 ("What teachers should know about the
    bootstrap", expanded percentile interval) proposes, the tails are Φ(√(n / (n - 1)) t) in place of 0.025, with t
    the 0.025 quantile of Student's distribution with n - 1 degrees of freedom for n groups. For a class, n is the
    number of groups that the figure rests on: those with clips of the class (recall), with clips taken for it
    (precision), with either (F1). A resample in which a figure is undefined isn't counted.

    A figure that is perfect is perfect in every resample; its uncertain end is then put where the exact binomial bound
    for as many right answers as there are groups lies, 0.025 ** (1 / n), on the scale from the metric's worst value
    to its best. So is that of a figure as bad as can be, the other way round. One group says nothing of others: its
    interval is the whole scale.

    There are 2,000 resamples. Rankings (ROC area, average precision) take time in proportion to predictions × classes;
    above 100,000 of these they see fewer, down to 400.

    Parameters
    ----------
    truth, predicted : ndarray of int, shape (n_predictions,)
        Class indices.
    probabilities : ndarray, shape (n_predictions, n_classes), or None
    groups : sequence of str, length n_predictions
        What to draw; a clip without a known group is a group of its own.
    n_classes : int
    seed : int
    folds : ndarray of int, shape (n_predictions,), optional
        Which model made each prediction. Given, clips are ranked among those of the same fold only and the areas
        are means over folds, as the mean over folds in results.json is; probabilities of different models need not
        be on one scale, which lowers an area over all (Forman & Scholz 2010, "Apples-to-apples in cross-validation
        studies").

    Returns
    -------
    Intervals

    Examples
    --------
    >>> truth = np.array([0, 0, 1, 1, 0, 1])
    >>> predicted = np.array([0, 0, 1, 1, 0, 0])
    >>> found = score_intervals(truth, predicted, None, list("aabbcc"), 2)
    >>> low, high = found.metrics["accuracy"]
    >>> 0 < low < 5 / 6 < high <= 1, found.metrics["brier"], found.per_class["recall"].shape
    (True, None, (2, 2))
    """
    names, index = np.unique(np.asarray(groups), return_inverse=True)
    n_groups = len(names)
    estimates = score_predictions(truth, predicted, probabilities, n_classes)
    right = truth == predicted
    kinds = (index[right] * n_classes + truth[right], index * n_classes + truth, index * n_classes + predicted)
    tables = [np.bincount(kind, minlength=n_groups * n_classes).reshape(n_groups, -1) for kind in kinds]
    losses: dict[str, NDArray[Any]] = {}
    rankings: list[FoldRanking] = []
    if usable(probabilities):
        losses = {
            name: np.bincount(index, values, minlength=n_groups)
            for name, values in losses_of(truth, probabilities).items()
        }
        rankings = fold_rankings(positives_of(truth, n_classes), probabilities, index, n_groups, folds)
        for name, values in mean_areas(rankings, np.ones((n_groups, 1))).items():
            estimates[name] = None if np.isnan(values[0]) else float(values[0])

    def score(*margins: Counts) -> Scores:
        return {**overall_of_margins(*margins), **defined_per_class(*margins)}

    drawn = resampled(tables, losses, np.bincount(index, minlength=n_groups), rankings, score, seed)
    if (tables[1].sum(axis=0) > 0).sum() < 2:
        estimates["mcc"] = None
    metrics = {
        name: None if value is None else expanded_interval(drawn[name], value, *ENDS[name], n_groups)
        for name, value in estimates.items()
    }
    classes = per_class(confusion_matrix(truth, predicted, n_classes))
    return Intervals(metrics, per_class_intervals(drawn, tables, classes))


def per_class_intervals(drawn: Scores, tables: list[NDArray[np.int64]], classes: Scores) -> Scores:
    """Return intervals of precision, recall and F1, each (n_classes, 2), from what `resampled` found in *tables*."""
    held = [table > 0 for table in tables]
    resting = {"precision": held[2], "recall": held[1], "f1": held[1] | held[2]}
    ends = {name: np.full((held_by.shape[1], 2), np.nan) for name, held_by in resting.items()}
    for name, held_by in resting.items():
        for label, n in enumerate(held_by.sum(axis=0)):
            if n:
                ends[name][label] = expanded_interval(
                    drawn[name][:, label], float(classes[name][label]), 0.0, 1.0, int(n)
                )
    return ends


def defined_per_class(hits: Counts, support: Counts, guessed: Counts) -> Scores:
    """Return precision, recall and F1 of resamples, each (n_resamples, n_classes), NaN where undefined."""
    found = per_class_of_margins(hits, support, guessed)
    wholes = {"precision": guessed, "recall": support, "f1": support + guessed}
    return {name: np.where(whole > 0, found[name], np.nan) for name, whole in wholes.items()}


def expanded_interval(drawn: Counts, estimate: float, worst: float, best: float, n_groups: int) -> tuple[float, float]:
    """Return the interval of a score from its resamples.

    Parameters
    ----------
    drawn : ndarray, shape (n_resamples,)
        NaN where it was undefined.
    estimate, worst, best : float
        The score itself, and the ends of its scale.
    n_groups : int
        That were drawn from.
    """
    if n_groups == 1:
        return min(worst, best), max(worst, best)
    tail = (1 - LEVEL) / 2
    expanded = _expanded(tail, n_groups)
    low, high = np.quantile(drawn[~np.isnan(drawn)], [expanded, 1 - expanded])
    bound = tail ** (1 / n_groups)
    for end, other in ((best, worst), (worst, best)):
        if abs(estimate - end) < 1e-12:
            uncertain = other + (end - other) * bound
            low, high = min(end, uncertain), max(end, uncertain)
    return float(low), float(high)


def _expanded(tail: float, n_groups: int) -> float:
    """Return the tail to cut off a bootstrap distribution of *n_groups*, so that it covers 1 - 2 *tail*."""
    from scipy.special import ndtr, stdtrit

    if n_groups < 2:
        return tail
    return float(ndtr(np.sqrt(n_groups / (n_groups - 1)) * stdtrit(n_groups - 1, tail)))
