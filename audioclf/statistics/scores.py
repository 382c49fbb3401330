"""Scores of predictions and of probabilities, how sure they are, and the curves behind them (docs/statistics.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.float64]
Scores = dict[str, Counts]
LEVEL = 0.95
_RESAMPLES = 2000
_FEWEST = 400  # resamples of rankings, however many predictions there are
_RANKED = 200_000_000  # predictions × classes × resamples of rankings at the most: about a second
_CELLS = 1_000_000  # of an array that holds a block of resamples
_EPS = float(np.finfo(np.float64).eps)
_ENDS = {
    "accuracy": (0.0, 1.0),
    "balanced_accuracy": (0.0, 1.0),
    "macro_f1": (0.0, 1.0),
    "mcc": (-1.0, 1.0),
    "roc_auc": (0.0, 1.0),
    "average_precision": (0.0, 1.0),
    "log_loss": (-float(np.log(_EPS)), 0.0),
    "brier": (2.0, 0.0),
}  # of each metric the worst and the best


def confusion_matrix(truth: NDArray[np.int64], predicted: NDArray[np.int64], n_classes: int) -> NDArray[np.int64]:
    """Count pairs of class indices, shape (n_classes, n_classes): rows are the truth.

    >>> confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1]), 2)
    array([[1, 1],
           [0, 1]])
    """
    return np.bincount(truth * n_classes + predicted, minlength=n_classes**2).reshape(n_classes, n_classes)


def per_class(matrix: NDArray[np.number]) -> Scores:
    """Return precision, recall, f1 and support of each class, shape (..., n_classes); 0 where undefined."""
    return of_margins(*_margins(matrix))


def scores(matrix: NDArray[np.number]) -> Scores:
    """Return accuracy, balanced accuracy, macro F1 and MCC of confusion matrices (..., n_classes, n_classes).

    Balanced accuracy (unweighted average recall) and macro F1 are means over the classes that occur in the
    truth. Matthews correlation is Gorodkin's for many classes (2004, "Comparing two K-category assignments by a
    K-category correlation coefficient", eq. 8), in [-1, 1]; 0 where all clips are, or are said to be, of one class.

    >>> {name: round(float(value), 3) for name, value in scores(np.array([[3, 1], [0, 2]])).items()}
    {'accuracy': 0.833, 'balanced_accuracy': 0.875, 'macro_f1': 0.829, 'mcc': 0.707}
    """
    return _scores(*_margins(matrix))


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
        What `scores` tells, then ``roc_auc`` and ``average_precision`` (`one_vs_rest`, unweighted mean over the
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
    found: dict[str, float | None] = dict.fromkeys(_ENDS)
    matrix = confusion_matrix(truth, predicted, n_classes)
    found.update({name: float(value) for name, value in scores(matrix).items()})
    if not usable(probabilities):
        return found
    for name, values in one_vs_rest(truth, probabilities, n_classes).items():
        defined = values[~np.isnan(values)]
        found[name] = float(defined.mean()) if defined.size else None
    found.update({name: float(values.mean()) for name, values in _losses(truth, probabilities).items()})
    return found


def one_vs_rest(truth: NDArray[np.int64], probabilities: NDArray[np.floating], n_classes: int) -> Scores:
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
    >>> one_vs_rest(np.array([0, 0, 1]), np.array([[0.9, 0.1], [0.4, 0.6], [0.5, 0.5]]), 2)["roc_auc"]
    array([0.5, 0.5])
    """
    return label_areas(of_classes(truth, n_classes), probabilities)


def label_areas(positives: NDArray[np.bool_], probabilities: NDArray[np.floating]) -> Scores:
    """Return what `one_vs_rest` does, of labels of which a clip may carry several; both are (n_predictions, n_labels).

    >>> label_areas(np.array([[True, True], [False, True]]), np.array([[0.9, 0.1], [0.4, 0.6]]))["roc_auc"]
    array([ 1., nan])
    """
    areas = np.full((2, positives.shape[1]), np.nan)
    for label, positive in enumerate(positives.T):
        if 0 < positive.sum() < len(positive):
            bins, tied, count = _thresholds(positive, probabilities[:, label])
            counts = [
                np.bincount(bins[which], minlength=count + 1)[:count, None].astype(np.float64)
                for which in (positive, ~positive, tied)
            ]
            areas[:, label] = np.ravel(_areas(counts[0], counts[1], counts[2], np.array([len(positive)])))
    return {"roc_auc": areas[0], "average_precision": areas[1]}


def of_classes(truth: NDArray[np.int64], n_classes: int) -> NDArray[np.bool_]:
    """Return of each clip and class whether the clip is of it, shape (n_predictions, n_classes).

    >>> of_classes(np.array([1, 0]), 2)
    array([[False,  True],
           [ True, False]])
    """
    return truth[:, None] == np.arange(n_classes)


def _thresholds(
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
        Counts in each bin of `_thresholds`; *negatives* with, *tied* only those that tie with its positives.
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


def _losses(truth: NDArray[np.int64], probabilities: NDArray[np.floating]) -> Scores:
    """Return log loss and Brier score of each prediction, shape (n_predictions,)."""
    p = np.asarray(probabilities, dtype=np.float64)
    own = p[np.arange(len(truth)), truth]
    # Σ (p_k - y_k)² with y_k = 1 for the true class and 0 elsewhere
    return {
        "log_loss": -np.log(np.clip(own, _EPS, 1 - _EPS)),
        "brier": (p**2).sum(axis=1) - own**2 + (1 - own) ** 2,
    }


def usable(probabilities: NDArray[np.floating] | None) -> TypeGuard[NDArray[np.floating]]:
    return probabilities is not None and len(probabilities) > 0 and bool(np.isfinite(probabilities).all())


def _margins(matrix: NDArray[np.number]) -> tuple[Counts, Counts, Counts]:
    """Per class how often it was found, how often it occurs and how often it was said, each (..., n_classes)."""
    hits = np.diagonal(matrix, axis1=-2, axis2=-1)
    return hits.astype(np.float64), matrix.sum(axis=-1).astype(np.float64), matrix.sum(axis=-2).astype(np.float64)


def of_margins(hits: Counts, support: Counts, guessed: Counts) -> Scores:
    """Return what `per_class` does, of how often each class was found, occurs and was said."""
    return {
        "precision": _ratio(hits, guessed),
        "recall": _ratio(hits, support),
        "f1": _ratio(2 * hits, support + guessed),
        "support": support,
    }


def _scores(hits: Counts, support: Counts, guessed: Counts) -> Scores:
    classes = of_margins(hits, support, guessed)
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


def intervals(
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
    >>> found = intervals(truth, predicted, None, list("aabbcc"), 2)
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
    rankings: list[Ranked] = []
    if usable(probabilities):
        losses = {
            name: np.bincount(index, values, minlength=n_groups)
            for name, values in _losses(truth, probabilities).items()
        }
        rankings = ranked(of_classes(truth, n_classes), probabilities, index, n_groups, folds)
        for name, values in mean_areas(rankings, np.ones((n_groups, 1))).items():
            estimates[name] = None if np.isnan(values[0]) else float(values[0])

    def score(*margins: Counts) -> Scores:
        return {**_scores(*margins), **defined_per_class(*margins)}

    drawn = bootstrap(tables, losses, np.bincount(index, minlength=n_groups), rankings, score, seed)
    if (tables[1].sum(axis=0) > 0).sum() < 2:
        estimates["mcc"] = None
    metrics = {
        name: None if value is None else interval(drawn[name], value, *_ENDS[name], n_groups)
        for name, value in estimates.items()
    }
    classes = per_class(confusion_matrix(truth, predicted, n_classes))
    return Intervals(metrics, per_class_intervals(drawn, tables, classes))


def per_class_intervals(drawn: Scores, tables: list[NDArray[np.int64]], classes: Scores) -> Scores:
    """Return intervals of precision, recall and F1, each (n_classes, 2), from what `bootstrap` found in *tables*."""
    held = [table > 0 for table in tables]
    resting = {"precision": held[2], "recall": held[1], "f1": held[1] | held[2]}
    ends = {name: np.full((held_by.shape[1], 2), np.nan) for name, held_by in resting.items()}
    for name, held_by in resting.items():
        for label, n in enumerate(held_by.sum(axis=0)):
            if n:
                ends[name][label] = interval(drawn[name][:, label], float(classes[name][label]), 0.0, 1.0, int(n))
    return ends


def bootstrap(
    tables: list[NDArray[np.int64]],
    losses: dict[str, NDArray[Any]],
    sizes: NDArray[np.int64],
    rankings: list[Ranked],
    score: Callable[[Counts, Counts, Counts], Scores],
    seed: int,
) -> Scores:
    """Return the scores of all resamples, each (n_resamples, ...); of rankings fewer where they are large.

    Parameters
    ----------
    tables : list of ndarray, shape (n_groups, n_classes)
        How often each class was found, occurs and was said.
    losses : dict of ndarray, shape (n_groups,)
        Sums over a group's predictions; what is returned are means.
    sizes : ndarray of int, shape (n_groups,)
        Predictions of each group.
    rankings : list of Ranked
        As from `ranked`.
    score : callable
        Takes what *tables* add up to, each (n_resamples, n_classes), and returns scores of them.
    seed : int
    """
    n_groups, n_classes = tables[0].shape
    by_group = np.column_stack([*tables, sizes, *losses.values()]).astype(np.float64)
    tallest = max([n_groups, *(ranking.n_thresholds for fold in rankings for ranking in fold.classes)])
    n_ranked = int(np.clip(_RANKED // max(1, sizes.sum() * n_classes), min(_FEWEST, _RESAMPLES), _RESAMPLES))
    draws: dict[str, list[Counts]] = {}
    done = 0
    for times in _resamples(n_groups, tallest, seed):
        resampled = times @ by_group
        hits, support, guessed, rest = np.split(resampled, np.arange(1, 4) * n_classes, axis=1)
        scored = score(hits, support, guessed)
        for name, sums in zip(losses, rest[:, 1:].T):
            scored[name] = sums / rest[:, 0]
        if rankings and done < n_ranked:
            scored.update(mean_areas(rankings, np.ascontiguousarray(times[: n_ranked - done].T)))
        for name, values in scored.items():
            draws.setdefault(name, []).append(values)
        done += len(times)
    return {name: np.concatenate(parts) for name, parts in draws.items()}


def _resamples(n_groups: int, tallest: int, seed: int) -> Iterator[Counts]:
    """Yield how often each group was drawn, in blocks (n_resamples, n_groups) small enough for *tallest* columns."""
    rng = np.random.default_rng(seed)
    size = min(_RESAMPLES, max(8, _CELLS // tallest))
    for begin in range(0, _RESAMPLES, size):
        rows = range(begin, min(begin + size, _RESAMPLES))
        drawn = [np.bincount(rng.integers(n_groups, size=n_groups), minlength=n_groups) for _ in rows]
        yield np.array(drawn, dtype=np.float64)  # whole numbers still, but BLAS multiplies floats only


def interval(drawn: Counts, estimate: float, worst: float, best: float, n_groups: int) -> tuple[float, float]:
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


def defined_per_class(hits: Counts, support: Counts, guessed: Counts) -> Scores:
    """Precision, recall and F1 of resamples, each (n_resamples, n_classes), NaN where undefined."""
    found = of_margins(hits, support, guessed)
    wholes = {"precision": guessed, "recall": support, "f1": support + guessed}
    return {name: np.where(whole > 0, found[name], np.nan) for name, whole in wholes.items()}


@dataclass(frozen=True)
class Ranking:
    """One class against the others, so that a resample is ranked without sorting it.

    A clip drawn twice counts twice at its place: counts in the bins of `_thresholds` are sparse matrices
    (n_thresholds, n_groups) times how often each group was drawn.
    """

    positives: Any
    negatives: Any
    tied: Any

    @property
    def n_thresholds(self) -> int:
        return int(self.positives.shape[0])

    def areas(self, times: Counts, total: Counts) -> tuple[Counts, Counts]:
        tied = self.tied @ times if self.tied.nnz else None
        return _areas(self.positives @ times, self.negatives @ times, tied, total)


@dataclass(frozen=True)
class Ranked:
    """The rankings of one fold, and how many of its clips are of each group, shape (n_groups,)."""

    classes: list[Ranking]
    sizes: Counts


def ranked(
    positives: NDArray[np.bool_],
    probabilities: NDArray[np.floating],
    index: NDArray[np.int64],
    n_groups: int,
    folds: NDArray[np.int64] | None,
) -> list[Ranked]:
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
            bins, tied, count = _thresholds(positive, probabilities[rows, label])
            found.append(Ranking(*(counts(bins, which, count, group) for which in (positive, ~positive, tied))))
        if found:
            rankings.append(Ranked(found, np.bincount(group, minlength=n_groups).astype(np.float64)))
    return rankings


def mean_areas(rankings: list[Ranked], times: Counts) -> Scores:
    """Return ROC area and average precision, each (n_resamples,): means over classes, then over folds.

    NaN where no class of any fold has both positives and negatives.
    """
    over_classes = []
    for fold in rankings:
        total = fold.sizes @ times
        over_classes.append(_mean_defined(np.array([ranking.areas(times, total) for ranking in fold.classes])))
    means = _mean_defined(np.array(over_classes)) if over_classes else np.full((2, times.shape[1]), np.nan)
    return {"roc_auc": means[0], "average_precision": means[1]}


def _mean_defined(values: Counts) -> Counts:
    """Mean over the first axis of what isn't NaN; NaN where nothing is left."""
    defined = ~np.isnan(values)
    count = defined.sum(axis=0)
    total = np.where(defined, values, 0.0).sum(axis=0)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)


def _expanded(tail: float, n_groups: int) -> float:
    """Return the tail to cut off a bootstrap distribution of *n_groups*, so that it covers 1 - 2 *tail*."""
    from scipy.special import ndtr, stdtrit

    if n_groups < 2:
        return tail
    return float(ndtr(np.sqrt(n_groups / (n_groups - 1)) * stdtrit(n_groups - 1, tail)))


def _ratio(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(part, whole, out=np.zeros_like(np.asarray(part, dtype=np.float64)), where=whole > 0)


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


def _accepted(positive: NDArray[np.bool_], score: NDArray[np.floating]) -> tuple[Counts, Counts]:
    """Count positives and negatives at or above each distinct score, the highest first, after none at all."""
    _, rank = np.unique(-np.asarray(score), return_inverse=True)
    both = (np.cumsum(np.bincount(rank, weights=which)) for which in (positive, ~positive))
    true, false = (np.concatenate([[0.0], counts]) for counts in both)
    return true, false


def _share(counts: Counts) -> Counts:
    return counts / counts[-1] if counts[-1] else np.full(counts.shape, np.nan)


@dataclass(frozen=True)
class Reliability:
    """How often predictions of a given confidence are right.

    Attributes
    ----------
    confidence, accuracy : ndarray, shape (n_bins,)
        Mean confidence and share of right predictions in each bin; NaN where it is empty.
    count : ndarray of int, shape (n_bins,)
    edges : ndarray, shape (n_bins + 1,)
        From 0 to 1; a bin holds its upper edge.
    ece : float
        Expected calibration error, in [0, 1]; NaN without predictions.
    """

    confidence: Counts
    accuracy: Counts
    count: NDArray[np.int64]
    edges: Counts
    ece: float


def reliability(truth: NDArray[np.int64], probabilities: NDArray[np.floating], bins: int = 10) -> Reliability:
    """Sort predictions by the probability of the most probable class into bins of equal width.

    Guo et al. 2017, "On calibration of modern neural networks", eq. 1 to 3. The expected calibration error is the mean
    over clips of the gap between confidence and accuracy of their bin. It depends on the number of bins and is
    above 0 by chance alone where bins hold few clips.

    Parameters
    ----------
    truth : ndarray of int, shape (n_predictions,)
    probabilities : ndarray, shape (n_predictions, n_classes)
    bins : int

    Examples
    --------
    >>> found = reliability(np.array([0, 1, 1]), np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9]]), bins=2)
    >>> found.count.tolist(), round(found.ece, 3)
    ([0, 3], 0.2)
    """
    p = np.asarray(probabilities, dtype=np.float64)
    sure, right = p.max(axis=1), p.argmax(axis=1) == truth
    edges = np.linspace(0, 1, bins + 1)
    where = np.clip(np.searchsorted(edges, sure) - 1, 0, bins - 1)
    count = np.bincount(where, minlength=bins)
    confidence, accuracy = (
        np.divide(np.bincount(where, of, bins), count, out=np.full(bins, np.nan), where=count > 0)
        for of in (sure, right)
    )
    gaps = np.abs(accuracy - confidence)[count > 0]
    ece = float(gaps @ count[count > 0] / len(truth)) if len(truth) else float("nan")
    return Reliability(confidence, accuracy, count, edges, ece)


def mean_and_std(values: NDArray[np.float64]) -> tuple[float | None, float | None]:
    """Return mean and standard deviation of what is defined, to six digits; None where nothing is.

    >>> mean_and_std(np.array([1.0, 3.0, np.nan]))
    (2.0, 1.0)
    """
    defined = values[np.isfinite(values)]
    if not len(defined):
        return None, None
    return round(float(defined.mean()), 6), round(float(defined.std()), 6)
