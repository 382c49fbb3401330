"""Scores of predictions of several labels a clip, and how sure they are (docs/multilabel.md).

What `audioclf.statistics.scores` and `audioclf.statistics.intervals` are for one class a clip.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audioclf.statistics.areas import FoldRanking, fold_rankings, label_areas, mean_areas
from audioclf.statistics.bootstrap import resampled
from audioclf.statistics.intervals import Intervals, defined_per_class, expanded_interval, per_class_intervals
from audioclf.statistics.scores import Scores, per_class_of_margins, usable

Truths = NDArray[np.bool_]
Counts = NDArray[np.float64]
ENDS = {
    "average_precision": (0.0, 1.0),
    "macro_f1": (0.0, 1.0),
    "micro_f1": (0.0, 1.0),
    "roc_auc": (0.0, 1.0),
    "subset_accuracy": (0.0, 1.0),
    "hamming_loss": (1.0, 0.0),
}  # of each metric the worst and the best


def score_tags(truth: Truths, predicted: Truths, probabilities: NDArray[np.floating] | None) -> dict[str, float | None]:
    """Return every metric of one set of predictions.

    Parameters
    ----------
    truth, predicted : ndarray of bool, shape (n_predictions, n_labels)
    probabilities : ndarray, shape (n_predictions, n_labels), or None
        Each in [0, 1]; rows need not add up to 1.

    Returns
    -------
    dict
        ``average_precision`` (known as mAP) and ``roc_auc``: unweighted means over the labels that have both positives
        and negatives (`audioclf.statistics.areas.class_areas`); None without such labels, without probabilities or
        where one isn't a finite number. ``macro_f1``: unweighted mean over the labels that occur in the truth, None if
        none does. ``micro_f1``: of all pairs of a clip and a label together, None if no label occurs or is predicted.
        ``subset_accuracy``: share of clips of which all labels are right. ``hamming_loss``: share of wrong pairs of a
        clip and a label; these two are None without predictions.

    Examples
    --------
    >>> truth = np.array([[True, False], [True, True], [False, False]])
    >>> probabilities = np.array([[0.9, 0.6], [0.7, 0.8], [0.2, 0.1]])
    >>> found = score_tags(truth, probabilities >= 0.5, probabilities)
    >>> {name: round(value, 3) for name, value in found.items()}  # doctest: +NORMALIZE_WHITESPACE
    {'average_precision': 1.0, 'macro_f1': 0.833, 'micro_f1': 0.857, 'roc_auc': 1.0, 'subset_accuracy': 0.667,
     'hamming_loss': 0.167}
    """
    means: dict[str, Any] = dict.fromkeys(ENDS, np.nan)
    means.update(_f1(*_margins(truth, predicted)))
    means.update({name: values.mean() for name, values in _losses_of(truth, predicted).items() if values.size})
    if usable(probabilities):
        for name, values in label_areas(truth, probabilities).items():
            means[name] = values[~np.isnan(values)].mean() if not np.isnan(values).all() else np.nan
    return {name: None if np.isnan(value) else float(value) for name, value in means.items()}


def per_label(truth: Truths, predicted: Truths, probabilities: NDArray[np.floating] | None) -> dict[str, NDArray[Any]]:
    """Return what is known of each label.

    Parameters
    ----------
    truth, predicted : ndarray of bool, shape (n_predictions, n_labels)
    probabilities : ndarray, shape (n_predictions, n_labels), or None

    Returns
    -------
    dict
        ``precision``, ``recall``, ``f1`` (0 where undefined) and ``support``; ``roc_auc`` and ``average_precision``
        (NaN where undefined), each of shape (n_labels,); ``confusion``, ndarray of int, shape (n_labels, 2, 2): rows
        are the truth, [[true negatives, false positives], [false negatives, true positives]].

    Examples
    --------
    >>> truth = np.array([[True, False], [True, True], [False, False]])
    >>> found = per_label(truth, np.array([[True, True], [False, True], [False, False]]), None)
    >>> found["recall"].tolist(), found["confusion"][0].tolist()
    ([0.5, 1.0], [[1, 0], [1, 1]])
    """
    hits, support, guessed = _margins(truth, predicted)
    if usable(probabilities):
        areas = label_areas(truth, probabilities)
    else:
        areas = {name: np.full(truth.shape[1], np.nan) for name in ("roc_auc", "average_precision")}
    cells = [len(truth) - support - guessed + hits, guessed - hits, support - hits, hits]
    confusion = np.column_stack(cells).astype(np.int64).reshape(-1, 2, 2)
    return {**per_class_of_margins(hits, support, guessed), **areas, "confusion": confusion}


def tag_intervals(
    truth: Truths,
    predicted: Truths,
    probabilities: NDArray[np.floating] | None,
    groups: Sequence[str],
    seed: int = 0,
    folds: NDArray[np.int64] | None = None,
) -> Intervals:
    """Return 95 % intervals of all metrics and of each label's precision, recall and F1.

    As `audioclf.statistics.intervals.score_intervals`: whole groups are drawn, the percentiles are moved outwards for
    few groups, a figure as good or as bad as can be is as sure as its groups are many, and with *folds* clips are
    ranked among those of the same fold.

    Parameters
    ----------
    truth, predicted : ndarray of bool, shape (n_predictions, n_labels)
    probabilities : ndarray, shape (n_predictions, n_labels), or None
    groups : sequence of str, length n_predictions
        What to draw; a clip without a known group is a group of its own.
    seed : int
    folds : ndarray of int, shape (n_predictions,), optional
        Which model made each prediction.

    Returns
    -------
    Intervals
        ``metrics`` of `score_tags`; ``per_class`` arrays of shape (n_labels, 2).

    Examples
    --------
    >>> truth = np.array([[1, 0], [1, 1], [0, 1], [0, 1], [1, 0], [0, 0]], dtype=bool)
    >>> predicted = np.array([[1, 0], [1, 1], [0, 0], [1, 1], [1, 0], [0, 0]], dtype=bool)
    >>> found = tag_intervals(truth, predicted, None, list("aabbcc"))
    >>> low, high = found.metrics["hamming_loss"]
    >>> 0 <= low < 2 / 12 < high < 1, found.metrics["roc_auc"], found.per_class["recall"].shape
    (True, None, (2, 2))
    """
    names, index = np.unique(np.asarray(groups), return_inverse=True)
    n_groups = len(names)
    estimates = score_tags(truth, predicted, probabilities)
    tables = [_by_group(cells, index, n_groups) for cells in (truth & predicted, truth, predicted)]
    losses = {
        name: np.bincount(index, values, minlength=n_groups) for name, values in _losses_of(truth, predicted).items()
    }
    rankings: list[FoldRanking] = []
    if usable(probabilities):
        rankings = fold_rankings(truth, probabilities, index, n_groups, folds)
        for name, values in mean_areas(rankings, np.ones((n_groups, 1))).items():
            estimates[name] = None if np.isnan(values[0]) else float(values[0])

    def score(*margins: Counts) -> Scores:
        return {**_f1(*margins), **defined_per_class(*margins)}

    drawn = resampled(tables, losses, np.bincount(index, minlength=n_groups), rankings, score, seed)
    metrics = {
        name: None if value is None else expanded_interval(drawn[name], value, *ENDS[name], n_groups)
        for name, value in estimates.items()
    }
    labels = per_label(truth, predicted, None)
    return Intervals(metrics, per_class_intervals(drawn, tables, labels))


def _margins(truth: Truths, predicted: Truths) -> tuple[Counts, Counts, Counts]:
    """Per label how often it was found, how often it occurs and how often it was said, each (n_labels,)."""
    hits, support, guessed = (cells.sum(axis=0).astype(np.float64) for cells in (truth & predicted, truth, predicted))
    return hits, support, guessed


def _f1(hits: Counts, support: Counts, guessed: Counts) -> dict[str, Counts]:
    """Macro and micro F1 of margins (..., n_labels); NaN where undefined."""
    occurs = support > 0
    f1 = per_class_of_margins(hits, support, guessed)["f1"]
    parts = {
        "macro_f1": (np.where(occurs, f1, 0.0).sum(axis=-1), occurs.sum(axis=-1)),
        "micro_f1": (2 * hits.sum(axis=-1), (support + guessed).sum(axis=-1)),
    }
    with np.errstate(invalid="ignore"):
        return {name: np.asarray(part / whole) for name, (part, whole) in parts.items()}


def _losses_of(truth: Truths, predicted: Truths) -> dict[str, Counts]:
    """What is a mean over clips: of each whether all its labels are right, and the share of wrong ones."""
    wrong = truth != predicted
    return {"subset_accuracy": (~wrong.any(axis=1)).astype(np.float64), "hamming_loss": wrong.mean(axis=1)}


def _by_group(cells: Truths, index: NDArray[np.int64], n_groups: int) -> NDArray[np.int64]:
    """Count each group's cells that are true, shape (n_groups, n_labels)."""
    return np.column_stack([np.bincount(index[column], minlength=n_groups) for column in cells.T])
