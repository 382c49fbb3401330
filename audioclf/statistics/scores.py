"""Scores of predictions with one class each (docs/statistics.md)."""

from __future__ import annotations

from typing import TypeGuard

import numpy as np
from numpy.typing import NDArray

from audioclf.statistics.areas import class_areas
from audioclf.statistics.calibration import EPS, losses_of

Counts = NDArray[np.float64]
Scores = dict[str, Counts]

ENDS = {
    "accuracy": (0.0, 1.0),
    "balanced_accuracy": (0.0, 1.0),
    "macro_f1": (0.0, 1.0),
    "mcc": (-1.0, 1.0),
    "roc_auc": (0.0, 1.0),
    "average_precision": (0.0, 1.0),
    "log_loss": (-float(np.log(EPS)), 0.0),
    "brier": (2.0, 0.0),
}
"""Of each metric the worst and the best."""


def confusion_matrix(truth: NDArray[np.int64], predicted: NDArray[np.int64], n_classes: int) -> NDArray[np.int64]:
    """Count pairs of class indices, shape (n_classes, n_classes): rows are the truth.

    >>> confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1]), 2)
    array([[1, 1],
           [0, 1]])
    """
    return np.bincount(truth * n_classes + predicted, minlength=n_classes**2).reshape(n_classes, n_classes)


def per_class(matrix: NDArray[np.number]) -> Scores:
    """Return precision, recall, f1 and support of each class, shape (..., n_classes); 0 where undefined."""
    return per_class_of_margins(*_margins(matrix))


def overall(matrix: NDArray[np.number]) -> Scores:
    """Return accuracy, balanced accuracy, macro F1 and MCC of confusion matrices (..., n_classes, n_classes).

    Balanced accuracy (unweighted average recall) and macro F1 are means over the classes that occur in the
    truth. Matthews correlation is Gorodkin's for many classes (2004, "Comparing two K-category assignments by a
    K-category correlation coefficient", eq. 8), in [-1, 1]; 0 where all clips are, or are said to be, of one class.

    >>> {name: round(float(value), 3) for name, value in overall(np.array([[3, 1], [0, 2]])).items()}
    {'accuracy': 0.833, 'balanced_accuracy': 0.875, 'macro_f1': 0.829, 'mcc': 0.707}
    """
    return overall_of_margins(*_margins(matrix))


def score_predictions(
    truth: NDArray[np.int64],
    predicted: NDArray[np.int64],
    probabilities: NDArray[np.floating] | None,
    n_classes: int,
) -> dict[str, float | None]:
    """Return every metric of one set of predictions.

    Parameters
    ----------
    truth, predicted : ndarray of int, shape (n_predictions,)
        Class indices.
    probabilities : ndarray, shape (n_predictions, n_classes), or None
        Rows that add up to 1.
    n_classes : int

    Returns
    -------
    dict
        What `overall` tells, then ``roc_auc`` and ``average_precision`` (`class_areas`, unweighted mean over the
        classes where they are defined), ``log_loss`` (natural logarithm, probabilities clipped to [ε, 1 - ε] with ε
        of float64, so that it ends at 36.04) and ``brier`` (mean over clips of the squared distance to the truth,
        Brier 1950, eq. 2; in [0, 2]). The last four are None without probabilities or where one isn't a finite
        number; the areas also where no class has both positives and negatives.

    Examples
    --------
    >>> probabilities = np.array([[0.75, 0.25], [0.5, 0.5], [0.25, 0.75]])
    >>> found = score_predictions(np.array([0, 1, 1]), np.array([0, 0, 1]), probabilities, 2)
    >>> {name: round(value, 3) for name, value in found.items()}  # doctest: +NORMALIZE_WHITESPACE
    {'accuracy': 0.667, 'balanced_accuracy': 0.75, 'macro_f1': 0.667, 'mcc': 0.5, 'roc_auc': 1.0,
     'average_precision': 1.0, 'log_loss': 0.423, 'brier': 0.25}
    """
    found: dict[str, float | None] = dict.fromkeys(ENDS)
    matrix = confusion_matrix(truth, predicted, n_classes)
    found.update({name: float(value) for name, value in overall(matrix).items()})
    if not usable(probabilities):
        return found
    for name, values in class_areas(truth, probabilities, n_classes).items():
        defined = values[~np.isnan(values)]
        found[name] = float(defined.mean()) if defined.size else None
    found.update({name: float(values.mean()) for name, values in losses_of(truth, probabilities).items()})
    return found


def usable(probabilities: NDArray[np.floating] | None) -> TypeGuard[NDArray[np.floating]]:
    """Return whether there are probabilities, and all of them are finite."""
    return probabilities is not None and len(probabilities) > 0 and bool(np.isfinite(probabilities).all())


def _margins(matrix: NDArray[np.number]) -> tuple[Counts, Counts, Counts]:
    """Per class how often it was found, how often it occurs and how often it was said, each (..., n_classes)."""
    hits = np.diagonal(matrix, axis1=-2, axis2=-1)
    return hits.astype(np.float64), matrix.sum(axis=-1).astype(np.float64), matrix.sum(axis=-2).astype(np.float64)


def per_class_of_margins(hits: Counts, support: Counts, guessed: Counts) -> Scores:
    """Return what `per_class` does, of how often each class was found, occurs and was said."""
    return {
        "precision": _ratio(hits, guessed),
        "recall": _ratio(hits, support),
        "f1": _ratio(2 * hits, support + guessed),
        "support": support,
    }


def overall_of_margins(hits: Counts, support: Counts, guessed: Counts) -> Scores:
    """Return what `overall` does, of how often each class was found, occurs and was said."""
    classes = per_class_of_margins(hits, support, guessed)
    occurs = support > 0
    count = occurs.sum(axis=-1).astype(np.float64)
    return {
        "accuracy": _ratio(hits.sum(axis=-1), support.sum(axis=-1)),
        "balanced_accuracy": _ratio(np.where(occurs, classes["recall"], 0.0).sum(axis=-1), count),
        "macro_f1": _ratio(np.where(occurs, classes["f1"], 0.0).sum(axis=-1), count),
        "mcc": _mcc(hits, support, guessed),
    }


def _mcc(hits: Counts, support: Counts, guessed: Counts) -> Counts:
    total = support.sum(axis=-1)
    together = hits.sum(axis=-1) * total - (support * guessed).sum(axis=-1)
    apart = [total**2 - (margin**2).sum(axis=-1) for margin in (support, guessed)]
    return _ratio(together, np.sqrt(apart[0]) * np.sqrt(apart[1]))


def _ratio(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(part, whole, out=np.zeros_like(np.asarray(part, dtype=np.float64)), where=whole > 0)


def mean_and_std(values: NDArray[np.float64]) -> tuple[float | None, float | None]:
    """Return mean and standard deviation of what is defined, to six digits; None where nothing is.

    >>> mean_and_std(np.array([1.0, 3.0, np.nan]))
    (2.0, 1.0)
    """
    defined = values[np.isfinite(values)]
    if not len(defined):
        return None, None
    return round(float(defined.mean()), 6), round(float(defined.std()), 6)
