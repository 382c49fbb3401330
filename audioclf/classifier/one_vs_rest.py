"""A classifier of several labels a clip, made of any classifier of one: an estimator for each label."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils.validation import check_is_fitted

from audioclf.classifier.fit import fit


class OneVsRest(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """One estimator per label, each of which tells clips that carry the label from those that don't.

    Known as binary relevance (Tsoumakas & Katakis 2007, "Multi-label classification: an overview", problem
    transformation PT4). Labels are learnt as if they were independent: that one seldom comes with another is not
    made use of.

    Parameters
    ----------
    estimator : classifier
        With ``predict_proba``; cloned for each label, not changed.

    Attributes
    ----------
    estimators_ : list
        Of each label its fitted estimator, with classes 0 and 1; None where all training clips carry the label, or none
        does, so that there is nothing to tell apart.
    constants_ : ndarray, shape (n_labels,)
        Of such a label its probability for any clip, (k + 1) / (n + 2) with k of n training clips that carry it
        (Laplace's rule of succession: near 0 or 1, but not certain); NaN for the others.
    classes_ : ndarray of int, shape (n_labels,)
        0 to n_labels - 1: columns.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    >>> tagger = OneVsRest(LogisticRegression(C=100)).fit(X, X > 0.5)
    >>> tagger.predict([[0.1, 0.9], [0.8, 0.9]])
    array([[False,  True],
           [ True,  True]])
    """

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator

    def fit(self, X: Any, Y: ArrayLike, groups: ArrayLike | None = None, clips: ArrayLike | None = None) -> OneVsRest:
        """Train an estimator for each label.

        Parameters
        ----------
        X : ndarray, shape (n_clips, n_features), or list of ndarray (n_frames, n_coefficients)
            As the estimator takes it.
        Y : ndarray of bool, shape (n_clips, n_labels)
            Which labels each clip carries.
        groups, clips : ndarray of int, shape (n_clips,), optional
            For estimators that want to know (see `audioclf.classifier.fit.fit`).

        Raises
        ------
        ValueError
            If *Y* is no such matrix, or its length isn't that of *X*.
        """
        truth = np.asarray(Y)
        if truth.ndim != 2 or truth.dtype != bool:
            raise ValueError(f"labels of shape {truth.shape} and type {truth.dtype}; a matrix of bool is needed")
        if len(truth) != len(X):
            raise ValueError(f"{len(X)} clips, but labels of {len(truth)}; one row each is needed")
        self.classes_ = np.arange(truth.shape[1])
        self.constants_ = np.full(truth.shape[1], np.nan)
        self.estimators_: list[Any] = []
        for label, carried in enumerate(truth.T):
            if carried.all() or not carried.any():
                self.constants_[label] = (carried.sum() + 1) / (len(carried) + 2)
                self.estimators_.append(None)
            else:
                self.estimators_.append(fit(clone(self.estimator), X, carried.astype(np.int64), groups, clips))
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Probability that a clip carries a label, shape (n_clips, n_labels); rows need not sum to 1."""
        check_is_fitted(self)
        found = np.tile(self.constants_, (len(X), 1))
        for label, estimator in enumerate(self.estimators_):
            if estimator is not None:
                found[:, label] = estimator.predict_proba(X)[:, 1]
        return found

    def predict(self, X: Any) -> NDArray[np.bool_]:
        """Whether a clip carries a label, shape (n_clips, n_labels): where its probability is 0.5 or more."""
        return self.predict_proba(X) >= 0.5
