"""Areas under the ROC curve and average precision: of predictions, of resamples of them, and the curves themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.float64]
Scores = dict[str, Counts]


def class_areas(truth: NDArray[np.int64], probabilities: NDArray[np.floating], n_classes: int) -> Scores:
    """Return each class's area under the ROC curve and average precision, against all others.

    The area is the share of pairs of a positive and a negative that are in the right order, ties counted half
    (Hanley & McNeil 1982); average precision is the sum over thresholds of precision times the step in recall, not
    interpolated.

    Parameters
    ----------
    truth : ndarray of int, shape (n_predictions,)
    probabilities : ndarray, shape (n_predictions, n_classes)
    n_classes : int

    Returns
    -------
    dict
        ``roc_auc`` and ``average_precision``, each of shape (n_classes,) and NaN for a class that has no positives
        or no negatives.

    Examples
    --------
    >>> class_areas(np.array([0, 0, 1]), np.array([[0.9, 0.1], [0.4, 0.6], [0.5, 0.5]]), 2)["roc_auc"]
    array([0.5, 0.5])
    """
    return label_areas(positives_of(truth, n_classes), probabilities)


def label_areas(positives: NDArray[np.bool_], probabilities: NDArray[np.floating]) -> Scores:
    """Return what `class_areas` does, of labels of which a clip may carry several; both are (n_predictions, n_labels).

    >>> label_areas(np.array([[True, True], [False, True]]), np.array([[0.9, 0.1], [0.4, 0.6]]))["roc_auc"]
    array([ 1., nan])
    """
    areas = np.full((2, positives.shape[1]), np.nan)
    for label, positive in enumerate(positives.T):
        if 0 < positive.sum() < len(positive):
            bins, tied, count = _threshold_bins(positive, probabilities[:, label])
            counts = [
                np.bincount(bins[which], minlength=count + 1)[:count, None].astype(np.float64)
                for which in (positive, ~positive, tied)
            ]
            areas[:, label] = np.ravel(_areas(counts[0], counts[1], counts[2], np.array([len(positive)])))
    return {"roc_auc": areas[0], "average_precision": areas[1]}


def positives_of(truth: NDArray[np.int64], n_classes: int) -> NDArray[np.bool_]:
    """Return of each clip and class whether the clip is of it, shape (n_predictions, n_classes).

    >>> positives_of(np.array([1, 0]), 2)
    array([[False,  True],
           [ True, False]])
    """
    return truth[:, None] == np.arange(n_classes)


def roc_curve(positive: NDArray[np.bool_], score: NDArray[np.floating]) -> tuple[Counts, Counts]:
    """Return false and true positive rates at each threshold, from (0, 0) to (1, 1).

    Points amid a straight stretch are left out where they are evenly spaced.

    Parameters
    ----------
    positive : ndarray of bool, shape (n_predictions,)
    score : ndarray, shape (n_predictions,)
        The higher, the more like a positive.

    Returns
    -------
    fpr, tpr : ndarray, shape (n_points,)
        NaN without negatives, without positives.

    Examples
    --------
    >>> fpr, tpr = roc_curve(np.array([True, False, True, False]), np.array([0.9, 0.6, 0.4, 0.1]))
    >>> fpr.tolist(), tpr.tolist()
    ([0.0, 0.0, 0.5, 0.5, 1.0], [0.0, 0.5, 0.5, 1.0, 1.0])
    """
    true, false = _accepted(positive, score)
    bends = np.ones(len(true), dtype=bool)
    bends[1:-1] = (np.diff(true, 2) != 0) | (np.diff(false, 2) != 0)
    return _share(false)[bends], _share(true)[bends]


def precision_recall_curve(positive: NDArray[np.bool_], score: NDArray[np.floating]) -> tuple[Counts, Counts]:
    """Return recall and precision at each threshold, the highest first, after recall 0 at precision 1.

    Average precision is the sum of precision times the step in recall: draw it as steps, not as lines between
    the points (Davis & Goadrich 2006).

    Parameters
    ----------
    positive : ndarray of bool, shape (n_predictions,)
    score : ndarray, shape (n_predictions,)

    Returns
    -------
    recall, precision : ndarray, shape (n_points,)
        Recall is NaN without positives.

    Examples
    --------
    >>> recall, precision = precision_recall_curve(np.array([True, False, True]), np.array([0.9, 0.6, 0.4]))
    >>> recall.tolist(), precision.round(3).tolist()
    ([0.0, 0.5, 0.5, 1.0], [1.0, 1.0, 0.5, 0.667])
    """
    true, false = _accepted(positive, score)
    precision = np.ones(len(true))
    precision[1:] = true[1:] / (true + false)[1:]
    return _share(true), precision


@dataclass(frozen=True)
class LabelRanking:
    """One label against its absence, so that a resample is ranked without sorting it.

    A clip drawn twice counts twice at its place: counts in the bins of `_threshold_bins` are sparse matrices
    (n_thresholds, n_groups) times how often each group was drawn.
    """

    positives: Any
    negatives: Any
    tied: Any

    @property
    def n_thresholds(self) -> int:
        return int(self.positives.shape[0])

    def areas(self, times: Counts, total: Counts) -> tuple[Counts, Counts]:
        """Return ROC area and average precision of each resample, shape (n_resamples,); NaN where undefined."""
        tied = self.tied @ times if self.tied.nnz else None
        return _areas(self.positives @ times, self.negatives @ times, tied, total)


@dataclass(frozen=True)
class FoldRanking:
    """The rankings of one fold, by label, and how many of its clips are of each group, shape (n_groups,)."""

    labels: list[LabelRanking]
    sizes: Counts


def fold_rankings(
    positives: NDArray[np.bool_],
    probabilities: NDArray[np.floating],
    index: NDArray[np.int64],
    n_groups: int,
    folds: NDArray[np.int64] | None,
) -> list[FoldRanking]:
    """Return for each fold with such labels the rankings of those that have positives and negatives there.

    Parameters
    ----------
    positives : ndarray of bool, shape (n_predictions, n_labels)
    probabilities : ndarray, shape (n_predictions, n_labels)
    index : ndarray of int, shape (n_predictions,)
        The group of each, from 0 to n_groups - 1.
    folds : ndarray of int, shape (n_predictions,), or None
    """
    from scipy.sparse import csr_array

    def counts(bins: NDArray[np.int64], which: NDArray[np.bool_], count: int, group: NDArray[np.int64]) -> Any:
        at = which & (bins < count)
        return csr_array((np.ones(at.sum()), (bins[at], group[at])), shape=(count, n_groups))

    rankings = []
    for fold in [None] if folds is None else np.unique(folds):
        rows = np.arange(len(positives)) if fold is None else np.flatnonzero(folds == fold)
        group, found = index[rows], []
        for label, positive in enumerate(positives[rows].T):
            if positive.all() or not positive.any():
                continue
            bins, tied, count = _threshold_bins(positive, probabilities[rows, label])
            found.append(LabelRanking(*(counts(bins, which, count, group) for which in (positive, ~positive, tied))))
        if found:
            rankings.append(FoldRanking(found, np.bincount(group, minlength=n_groups).astype(np.float64)))
    return rankings


def mean_areas(rankings: list[FoldRanking], times: Counts) -> Scores:
    """Return ROC area and average precision, each (n_resamples,): means over classes, then over folds.

    NaN where no class of any fold has both positives and negatives.
    """
    over_classes = []
    for fold in rankings:
        total = fold.sizes @ times
        over_classes.append(_mean_defined(np.array([ranking.areas(times, total) for ranking in fold.labels])))
    means = _mean_defined(np.array(over_classes)) if over_classes else np.full((2, times.shape[1]), np.nan)
    return {"roc_auc": means[0], "average_precision": means[1]}


def _mean_defined(values: Counts) -> Counts:
    """Mean over the first axis of what isn't NaN; NaN where nothing is left."""
    defined = ~np.isnan(values)
    count = defined.sum(axis=0)
    total = np.where(defined, values, 0.0).sum(axis=0)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)


def _threshold_bins(
    positive: NDArray[np.bool_], score: NDArray[np.floating]
) -> tuple[NDArray[np.int64], NDArray[np.bool_], int]:
    """Sort scores into bins between the distinct scores of positives, the highest first.

    Only there do the areas change. Bin j holds scores from the j-th highest positive one, inclusive, up to the
    next above; the last bin holds what is below all positives. Returned with the bins are which negatives tie with
    a positive, and the number of thresholds.
    """
    values = -np.asarray(score, dtype=np.float64)
    thresholds = np.unique(values[positive])
    bins = np.searchsorted(thresholds, values)
    tied = ~positive & (thresholds[np.minimum(bins, len(thresholds) - 1)] == values)
    return bins, tied, len(thresholds)


def _areas(positives: Counts, negatives: Counts, tied: Counts | None, total: NDArray[Any]) -> tuple[Counts, Counts]:
    """Return ROC area and average precision, each (n_resamples,); NaN without positives or negatives.

    Parameters
    ----------
    positives, negatives, tied : ndarray, shape (n_thresholds, n_resamples)
        Counts in each bin of `_threshold_bins`; *negatives* with, *tied* only those that tie with its positives.
    total : ndarray, shape (n_resamples,)
        Number of clips, also of those below all thresholds.
    """
    above = np.cumsum(negatives, axis=0, dtype=np.float64)
    found = np.cumsum(positives, axis=0, dtype=np.float64)
    n_negatives = total - found[-1]
    misplaced = np.einsum("tr,tr->r", positives, above)
    if tied is not None:
        misplaced -= 0.5 * np.einsum("tr,tr->r", positives, tied)
    with np.errstate(divide="ignore", invalid="ignore"):
        roc = 1 - misplaced / (found[-1] * n_negatives)
        above += found
        np.maximum(above, 1, out=above)  # a bin that no resample reaches has no positives to count either
        precision = np.einsum("tr,tr->r", positives, np.divide(found, above, out=above)) / found[-1]
    precision[n_negatives == 0] = np.nan
    return roc, precision


def _accepted(positive: NDArray[np.bool_], score: NDArray[np.floating]) -> tuple[Counts, Counts]:
    """Count positives and negatives at or above each distinct score, the highest first, after none at all."""
    _, rank = np.unique(-np.asarray(score), return_inverse=True)
    both = (np.cumsum(np.bincount(rank, weights=which)) for which in (positive, ~positive))
    true, false = (np.concatenate([[0.0], counts]) for counts in both)
    return true, false


def _share(counts: Counts) -> Counts:
    return counts / counts[-1] if counts[-1] else np.full(counts.shape, np.nan)
