"""Scores of confusion matrices, and how sure they are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.float64]
Scores = dict[str, Counts]
LEVEL = 0.95
_RESAMPLES = 2000


def confusion_matrix(truth: NDArray[np.int64], predicted: NDArray[np.int64], n_classes: int) -> NDArray[np.int64]:
    """Count pairs of class indices, shape (n_classes, n_classes): rows are the truth.

    >>> confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1]), 2)
    array([[1, 1],
           [0, 1]])
    """
    return np.bincount(truth * n_classes + predicted, minlength=n_classes**2).reshape(n_classes, n_classes)


def per_class(matrix: NDArray[np.number]) -> Scores:
    """Return precision, recall, f1 and support of each class, shape (..., n_classes); 0 where undefined."""
    return _per_class(*_margins(matrix))


def scores(matrix: NDArray[np.number]) -> Scores:
    """Return accuracy, balanced accuracy and macro F1 of confusion matrices (..., n_classes, n_classes).

    Balanced accuracy (unweighted average recall) and macro F1 are means over the classes that occur in the
    truth.

    >>> {name: round(float(value), 3) for name, value in scores(np.array([[3, 1], [0, 2]])).items()}
    {'accuracy': 0.833, 'balanced_accuracy': 0.875, 'macro_f1': 0.829}
    """
    return _scores(*_margins(matrix))


def _margins(matrix: NDArray[np.number]) -> tuple[Counts, Counts, Counts]:
    """Per class how often it was found, how often it occurs and how often it was said, each (..., n_classes)."""
    hits = np.diagonal(matrix, axis1=-2, axis2=-1)
    return hits.astype(np.float64), matrix.sum(axis=-1).astype(np.float64), matrix.sum(axis=-2).astype(np.float64)


def _per_class(hits: Counts, support: Counts, guessed: Counts) -> Scores:
    return {
        "precision": _ratio(hits, guessed),
        "recall": _ratio(hits, support),
        "f1": _ratio(2 * hits, support + guessed),
        "support": support,
    }


def _scores(hits: Counts, support: Counts, guessed: Counts) -> Scores:
    classes = _per_class(hits, support, guessed)
    occurs = support > 0
    count = occurs.sum(axis=-1).astype(np.float64)
    return {
        "accuracy": _ratio(hits.sum(axis=-1), support.sum(axis=-1)),
        "balanced_accuracy": _ratio(np.where(occurs, classes["recall"], 0.0).sum(axis=-1), count),
        "macro_f1": _ratio(np.where(occurs, classes["f1"], 0.0).sum(axis=-1), count),
    }


def intervals(
    truth: NDArray[np.int64],
    predicted: NDArray[np.int64],
    groups: Sequence[str],
    n_classes: int,
    seed: int = 0,
) -> dict[str, tuple[float, float]]:
    """Return a 95 % interval of each score by the expanded percentile bootstrap over groups.

    Whole groups are drawn with replacement, for clips of one recording aren't independent (Field & Welsh 2007).
    Percentile intervals of few groups are too narrow; as Hesterberg 2015 ("What teachers should know about the
    bootstrap", expanded percentile interval) proposes, the tails are Φ(√(n / (n - 1)) t) in place of 0.025, with t
    the 0.025 quantile of Student's distribution with n - 1 degrees of freedom for n groups.

    Where no prediction is wrong, every resample scores 1; the lower end is then the exact binomial bound for as
    many independent trials as there are groups, 0.025 ** (1 / n_groups). Where none is right, the upper end is 1
    minus that. One group says nothing of others: its interval is 0 to 1.

    Parameters
    ----------
    truth, predicted : ndarray of int, shape (n_predictions,)
        Class indices.
    groups : sequence of str, length n_predictions
        What to draw; a clip without a known group is a group of its own.
    n_classes : int
    seed : int
    """
    names, index = np.unique(np.asarray(groups), return_inverse=True)
    right = truth == predicted
    kinds = (index[right] * n_classes + truth[right], index * n_classes + truth, index * n_classes + predicted)
    by_group = np.hstack(
        [np.bincount(kind, minlength=len(names) * n_classes).reshape(len(names), -1) for kind in kinds]
    ).astype(np.float64)  # whole numbers still, but BLAS multiplies floats only
    rng = np.random.default_rng(seed)
    tail = (1 - LEVEL) / 2
    expanded = _expanded(tail, len(names))
    draws: dict[str, list[NDArray[np.float64]]] = {}
    for _ in range(0, _RESAMPLES, 200):
        times = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=200)
        resampled = times.astype(np.float64) @ by_group
        for name, values in _scores(*np.split(resampled, 3, axis=1)).items():
            draws.setdefault(name, []).append(values)
    found = {}
    for name, parts in draws.items():
        low, high = np.quantile(np.concatenate(parts), [expanded, 1 - expanded])
        bound = tail ** (1 / len(names))
        if right.all():
            low = bound
        elif not right.any():
            high = 1 - bound
        if len(names) == 1:
            low, high = 0.0, 1.0
        found[name] = (float(low), float(high))
    return found


def _expanded(tail: float, n_groups: int) -> float:
    """Return the tail to cut off a bootstrap distribution of *n_groups*, so that it covers 1 - 2 *tail*."""
    from scipy.special import ndtr, stdtrit

    if n_groups < 2:
        return tail
    return float(ndtr(np.sqrt(n_groups / (n_groups - 1)) * stdtrit(n_groups - 1, tail)))


def _ratio(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(part, whole, out=np.zeros_like(np.asarray(part, dtype=np.float64)), where=whole > 0)
