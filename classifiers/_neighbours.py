"""Nearest neighbours that make do with fewer clips than asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.neighbors import KNeighborsClassifier
from sklearn.utils.validation import check_is_fitted


class NeighboursAtHand(ClassifierMixin, BaseEstimator):
    """scikit-learn's ``KNeighborsClassifier`` with at most as many neighbours as there are training clips.

    scikit-learn raises at prediction if ``n_neighbors`` is more than that, which small folds run into. The
    search is exhaustive: trees don't pay for the many features of a pooled clip.

    Parameters
    ----------
    n_neighbors : int
    weights : {"uniform", "distance"}
    metric : str
        A metric that scikit-learn's exhaustive search knows.

    Attributes
    ----------
    neighbours_ : KNeighborsClassifier
    classes_ : ndarray, shape (n_classes,)

    Examples
    --------
    >>> NeighboursAtHand(n_neighbors=50).fit([[0.0], [1.0], [1.1]], list("abb")).predict([[1.0]])
    array(['b'], dtype='<U1')
    """

    def __init__(self, n_neighbors: int = 5, weights: str = "distance", metric: str = "euclidean") -> None:
        self.n_neighbors = n_neighbors
        self.weights = weights
        self.metric = metric

    def fit(self, X: ArrayLike, y: ArrayLike) -> NeighboursAtHand:
        """Keep *X*, shape (n_clips, n_features), and *y*."""
        found = KNeighborsClassifier(
            n_neighbors=self.n_neighbors,
            weights=self.weights,
            metric=self.metric,
            algorithm="brute",
        ).fit(X, y)
        if found.n_samples_fit_ < self.n_neighbors:
            found.set_params(n_neighbors=found.n_samples_fit_)
        self.neighbours_ = found
        self.classes_ = found.classes_
        return self

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Shares of the neighbours' weights by class, shape (n_clips, n_classes); rows sum to 1."""
        check_is_fitted(self)
        return self.neighbours_.predict_proba(X)

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """The most probable labels, shape (n_clips,); of several equal ones the first in ``classes_``."""
        most_probable = np.argmax(self.predict_proba(X), axis=1)
        return self.classes_[most_probable]

    @property
    def n_features_in_(self) -> int:
        """Number of features seen in ``fit``."""
        return self.neighbours_.n_features_in_
