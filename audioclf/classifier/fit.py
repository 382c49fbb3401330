"""Fitting of an estimator, which is told of groups and augmented copies if it wants to know."""

from __future__ import annotations

import inspect
from typing import Any, TypeVar

E = TypeVar("E", bound=Any)


def fit(estimator: E, X: Any, y: Any, groups: Any = None, clips: Any = None) -> E:
    """Fit *estimator*, and tell it where the rows of *X* come from if its ``fit`` wants to know.

    Parameters
    ----------
    estimator : classifier
    X, y
        As its ``fit`` takes them.
    groups : ndarray of int, shape (n_rows,), optional
        Rows of one group must not be divided by folds within ``fit``.
    clips : ndarray of int, shape (n_rows,), optional
        Rows with the same number are versions of one clip: the first is the clip itself, others are augmented copies,
        which nothing must be tested on.

    Returns
    -------
    classifier
        *estimator* itself, fitted.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> fit(DummyClassifier(), [[0.0], [1.0]], ["a", "a"], groups=[0, 1]).predict([[2.0]])
    array(['a'], dtype='<U1')
    """
    wanted = inspect.signature(estimator.fit).parameters
    told = {"groups": groups, "clips": clips}
    return estimator.fit(X, y, **{name: told[name] for name in told if name in wanted and told[name] is not None})
