"""Probabilities for a classifier that has only decision values: temperature scaling.

One number, the temperature, turns decision values into probabilities without changing their order, so that
the most probable class is always the one decided for. Platt's method, which scikit-learn's SVC offered, fits
a sigmoid per pair of classes and can contradict the decision.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils.validation import check_is_fitted, column_or_1d

Folds = list[tuple[NDArray[np.int64], NDArray[np.int64]]]

COLDEST, HOTTEST = 1e-3, 1e3


class TemperatureScaled(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """A classifier with a ``decision_function``, given ``predict_proba``.

    The temperature T is fitted on out-of-fold decision values of the training data (inner stratified
    cross-validation), where p = softmax(d / T) for three classes or more, and p = 1 / (1 + exp(-d / T)) for
    two; T minimises the log loss (Guo et al. 2017, "On calibration of modern neural networks", eq. 9).
    Decisions come from the estimator fitted on all training data.

    The inner folds keep groups together where these are given (`inner_folds`).

    Parameters
    ----------
    estimator : classifier
        With ``decision_function``; cloned, not changed.
    n_folds : int
        Inner folds; as many as the smallest class has clips if that is fewer. With a class of one clip,
        T stays 1.
    random_state : int, RandomState or None
        Shuffles the inner folds.

    Attributes
    ----------
    estimator_ : classifier
        Fitted on all training data.
    temperature_ : float
        T, in [1e-3, 1e3].
    classes_ : ndarray, shape (n_classes,)
        Sorted labels.

    Examples
    --------
    >>> from sklearn.svm import SVC
    >>> X = np.array([[0.0], [1.0], [2.0], [3.0], [4.0], [5.0]])
    >>> clf = TemperatureScaled(SVC(), random_state=0).fit(X, list("aaabbb"))
    >>> [str(label) for label in clf.predict([[0.5], [4.5]])]
    ['a', 'b']
    >>> bool(clf.predict_proba([[0.5]])[0, 0] > 0.5)
    True
    """

    def __init__(self, estimator: Any, n_folds: int = 3, random_state: Any = None) -> None:
        self.estimator = estimator
        self.n_folds = n_folds
        self.random_state = random_state

    def fit(
        self, X: ArrayLike, y: ArrayLike, groups: ArrayLike | None = None, clips: ArrayLike | None = None
    ) -> TemperatureScaled:
        """Fit the estimator on all of *X*, shape (n_clips, n_features), and the temperature by inner folds.

        *groups* and *clips* are as for `audioclf.classifier.fit.fit`.
        """
        labels = column_or_1d(y, warn=True)
        self.estimator_ = clone(self.estimator).fit(X, labels)
        self.classes_ = self.estimator_.classes_
        codes = np.searchsorted(self.classes_, labels)
        folds = inner_folds(codes, self.n_folds, self.random_state, groups, clips)
        self.temperature_ = self._fit_temperature(np.asarray(X), labels, codes, folds)
        return self

    def _fit_temperature(self, X: NDArray[Any], y: NDArray[Any], codes: NDArray[np.integer], folds: Folds) -> float:
        pieces, truth = [], []
        for train, test in folds:
            pieces.append(_as_logits(clone(self.estimator).fit(X[train], y[train]).decision_function(X[test])))
            truth.append(codes[test])
        return best_temperature(np.concatenate(pieces), np.concatenate(truth)) if pieces else 1.0

    def decision_function(self, X: ArrayLike) -> NDArray[np.float64]:
        """The estimator's decision values, shape (n_clips,) for two classes, else (n_clips, n_classes)."""
        check_is_fitted(self)
        return self.estimator_.decision_function(X)

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Probabilities, shape (n_clips, n_classes); rows sum to 1."""
        from scipy.special import softmax

        return softmax(_as_logits(self.decision_function(X)) / self.temperature_, axis=1)

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """The most probable labels, shape (n_clips,)."""
        most_probable = np.argmax(self.predict_proba(X), axis=1)
        return self.classes_[most_probable]

    @property
    def n_features_in_(self) -> int:
        """Number of features seen in ``fit``."""
        return self.estimator_.n_features_in_


def inner_folds(
    codes: NDArray[np.integer],
    n_folds: int,
    random_state: Any,
    groups: ArrayLike | None = None,
    clips: ArrayLike | None = None,
) -> Folds:
    """Return pairs of rows that train and rows that test, stratified, with every class among those that train.

    Groups are not divided, and of a clip with augmented copies only itself is tested. Where that leaves no fold, as
    when a class has a single group, clips are divided in place of groups.

    Parameters
    ----------
    codes : ndarray of int, shape (n_rows,)
        Classes.
    n_folds : int
        At most; the smallest class may allow fewer.
    random_state : int, RandomState or None
    groups, clips : array of int, shape (n_rows,), optional
        As for `audioclf.classifier.fit.fit`; by default each row is a clip and a group of its own.

    Examples
    --------
    >>> folds = inner_folds(np.array([0, 0, 0, 0, 1, 1]), 2, 0, groups=[0, 0, 1, 1, 2, 3], clips=[0, 0, 1, 1, 2, 3])
    >>> sorted(tuple(test.tolist()) for _, test in folds)
    [(0, 5), (2, 4)]
    """
    rows = np.arange(len(codes))
    clips_ = rows if clips is None else np.asarray(clips)
    groups_ = clips_ if groups is None else np.asarray(groups)
    return _divided(codes, n_folds, random_state, groups_, clips_) or _divided(
        codes, n_folds, random_state, clips_, clips_
    )


def _divided(
    codes: NDArray[np.integer], n_folds: int, random_state: Any, groups: NDArray[Any], clips: NDArray[Any]
) -> Folds:
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    _, first = np.unique(clips, return_index=True)
    pairs = np.unique(np.column_stack([codes, groups]), axis=0)  # each group once in each class
    n_folds = min(n_folds, int(np.bincount(pairs[:, 0]).min()))
    if n_folds < 2:
        return []
    if len(pairs) == len(codes):  # nothing that could be divided
        return list(StratifiedKFold(n_folds, shuffle=True, random_state=random_state).split(codes, codes))
    parts = StratifiedGroupKFold(n_folds, shuffle=True, random_state=random_state).split(codes, codes, groups)
    n_classes = len(np.unique(codes))
    return [(train, np.intersect1d(test, first)) for train, test in parts if len(np.unique(codes[train])) == n_classes]


def _as_logits(decisions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give two classes a column each: softmax of (0, d) is the logistic function of d."""
    if decisions.ndim == 1:
        return np.column_stack([np.zeros_like(decisions), decisions])
    return decisions


def best_temperature(logits: NDArray[np.float64], codes: NDArray[np.integer]) -> float:
    """Return the temperature of least log loss, in [1e-3, 1e3].

    The loss is convex in 1 / T, hence has one minimum along log T. Where all decisions are right it falls
    for ever as T goes to 0; a pseudo-count of one mistake in n + 2 clips (Platt 1999's smoothed targets)
    keeps T above that.

    Parameters
    ----------
    logits : ndarray, shape (n_clips, n_classes)
        Decision values.
    codes : ndarray of int, shape (n_clips,)
        Columns of the true classes.

    Examples
    --------
    >>> logits = np.array([[2.0, 0.0], [0.0, 2.0], [2.0, 0.0], [0.0, 2.0]])
    >>> sure = best_temperature(logits, np.array([0, 1, 0, 1]))
    >>> unsure = best_temperature(logits, np.array([0, 1, 0, 0]))
    >>> sure < unsure
    True
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import log_softmax

    n_clips, n_classes = logits.shape
    smoothing = 1.0 / (n_clips + 2)
    target = np.full(logits.shape, smoothing / n_classes)
    target[np.arange(n_clips), codes] += 1.0 - smoothing

    def log_loss(log_temperature: float) -> float:
        return -float(np.sum(target * log_softmax(logits / np.exp(log_temperature), axis=1)))

    found = minimize_scalar(log_loss, bounds=(np.log(COLDEST), np.log(HOTTEST)), method="bounded")
    return float(np.exp(found.x))
