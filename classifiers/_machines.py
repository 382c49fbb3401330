"""Support vector machines for many classes that share one kernel matrix."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_array, check_is_fitted, check_X_y

Matrix = NDArray[np.float64]
MOST_SHARED = 8000
"""Training clips up to which the kernel matrix is held, 512 MB; beyond, libsvm computes the rows that it needs."""
CACHE = 500
"""MB that libsvm may keep of rows."""
BLOCK = 8_000_000
"""Numbers of the kernel held at a time while clips are answered: 64 MB."""


class KernelMachines(ClassifierMixin, BaseEstimator):
    """One support vector machine with a Gaussian (RBF) kernel per class against the rest.

    The optimisation is libsvm's (`sklearn.svm.SVC`). All machines see the same clips, so that the kernel
    between them is computed once, by a matrix product, where ``OneVsRestClassifier(SVC())`` computes it anew for
    each. What is kept are arrays: the union of the machines' support vectors and its weights in each.

    Parameters
    ----------
    C : float
        Price of a training clip on the wrong side.
    gamma : float, str or None
        Kernel width: exp(-gamma |a - b|²). None is 1 / (n_features * variance of all numbers), which
        scikit-learn calls "scale"; "0.3x" is 0.3 times that.
    class_weight : None or "balanced"
        Whether the class and the rest count the same in each machine.
    random_state : int, RandomState or None

    Attributes
    ----------
    classes_ : ndarray, shape (n_classes,)
        Sorted labels.
    support_vectors_ : ndarray, shape (n_support, n_features)
    dual_coef_ : ndarray, shape (n_machines, n_support)
        Weights of the support vectors, 0 where a machine doesn't use one. Two classes need one machine, for
        the second class.
    intercept_ : ndarray, shape (n_machines,)
    gamma_ : float

    Examples
    --------
    >>> X = np.array([[0.0], [0.1], [1.0], [1.1], [2.0], [2.1]])
    >>> machines = KernelMachines().fit(X, list("aabbcc"))
    >>> machines.predict([[1.05], [2.2]])
    array(['b', 'c'], dtype='<U1')
    >>> machines.decision_function([[1.05]]).shape
    (1, 3)
    """

    def __init__(
        self,
        C: float = 1.0,
        gamma: float | str | None = None,
        class_weight: str | None = None,
        random_state: Any = None,
    ) -> None:
        self.C = C
        self.gamma = gamma
        self.class_weight = class_weight
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike) -> KernelMachines:
        """Train on *X*, shape (n_clips, n_features), and the labels *y*.

        Raises
        ------
        ValueError
            If *X* holds NaN or infinity, *y* numbers that are no classes, lengths differ, or there are fewer
            than two classes.
        """
        clips, labels = check_X_y(X, y, dtype=np.float64)
        check_classification_targets(labels)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"all {len(labels)} clips are of one class; at least 2 classes are needed")
        self.n_features_in_ = clips.shape[1]
        self.gamma_ = _width(clips, self.gamma)
        positives = [1] if len(self.classes_) == 2 else range(len(self.classes_))
        if len(clips) <= MOST_SHARED:
            seen, kernel = gaussian(clips, clips, self.gamma_), "precomputed"
        else:
            seen, kernel = clips, "rbf"
        self._keep(clips, [self._machine(kernel).fit(seen, codes == code) for code in positives])
        return self

    def _machine(self, kernel: str) -> Any:
        from sklearn.svm import SVC

        return SVC(
            C=self.C,
            kernel=kernel,
            gamma=self.gamma_,
            class_weight=self.class_weight,
            cache_size=CACHE,
            random_state=self.random_state,
        )

    def _keep(self, clips: Matrix, machines: list[Any]) -> None:
        support = np.unique(np.concatenate([machine.support_ for machine in machines]))
        self.support_vectors_ = clips[support]
        self.dual_coef_ = np.zeros((len(machines), len(support)))
        for weights, machine in zip(self.dual_coef_, machines):
            weights[np.searchsorted(support, machine.support_)] = machine.dual_coef_[0]
        self.intercept_ = np.array([machine.intercept_[0] for machine in machines])

    def decision_function(self, X: ArrayLike) -> Matrix:
        """Decision values, shape (n_clips,) for two classes, else (n_clips, n_classes)."""
        check_is_fitted(self)
        clips = check_array(X, dtype=np.float64)
        if clips.shape[1] != self.n_features_in_:
            raise ValueError(f"the clips have {clips.shape[1]} features; {self.n_features_in_} expected")
        rows = max(1, BLOCK // len(self.support_vectors_))
        values = np.empty((len(clips), len(self.intercept_)))
        for start in range(0, len(clips), rows):
            kernel = gaussian(clips[start : start + rows], self.support_vectors_, self.gamma_)
            values[start : start + rows] = kernel @ self.dual_coef_.T + self.intercept_
        return values[:, 0] if len(self.classes_) == 2 else values

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Labels of the largest decision values, shape (n_clips,)."""
        values = self.decision_function(X)
        return self.classes_[(values > 0).astype(int) if values.ndim == 1 else values.argmax(axis=1)]


def gaussian(first: Matrix, second: Matrix, gamma: float) -> Matrix:
    """Return exp(-gamma |a - b|²) for all rows a of *first* and b of *second*, shape (n_first, n_second).

    >>> gaussian(np.array([[0.0], [2.0]]), np.array([[0.0], [1.0]]), gamma=1.0).round(3)
    array([[1.   , 0.368],
           [0.018, 0.368]])
    """
    kernel = first @ second.T
    kernel *= -2.0
    kernel += np.einsum("ij,ij->i", first, first)[:, None]
    kernel += np.einsum("ij,ij->i", second, second)
    np.maximum(kernel, 0.0, out=kernel)  # rounding leaves a little less than 0 for rows that are equal
    if first is second:
        np.fill_diagonal(kernel, 0.0)
    kernel *= -gamma
    return np.exp(kernel, out=kernel)


def _width(clips: Matrix, gamma: float | str | None) -> float:
    if gamma is not None and not isinstance(gamma, str):
        return float(gamma)
    variance = float(clips.var())
    times = 1.0 if gamma is None else float(gamma.removesuffix("x"))
    return times / (clips.shape[1] * variance) if variance > 0 else times
