"""Predictions of a fitted estimator and one score of them: what importance and learning curves are made of."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from audioclf import statistics

Codes = NDArray[np.int64]


def predictions(estimator: Any, inputs: Any, labels: NDArray[np.str_]) -> tuple[Codes, NDArray[np.float64] | None]:
    """Return the predicted classes, shape (n_clips,), and their probabilities, shape (n_clips, n_classes), if any.

    Parameters
    ----------
    estimator : classifier
        Fitted; it may not have seen all classes.
    inputs : ndarray or list of ndarray
        As `audioclf.extraction.select` gives them.
    labels : ndarray of str, shape (n_classes,)
        Sorted; the codes are positions in it.
    """
    if not hasattr(estimator, "predict_proba"):
        return np.searchsorted(labels, estimator.predict(inputs)), None
    seen = estimator.predict_proba(inputs)
    probabilities = np.zeros((len(seen), len(labels)))
    probabilities[:, np.searchsorted(labels, estimator.classes_)] = seen
    return probabilities.argmax(axis=1), probabilities


def score(
    metric: str, truth: Codes, predicted: Codes, probabilities: NDArray[np.float64] | None, n_classes: int
) -> float:
    """Return one metric of `audioclf.results.TITLES`; NaN where it is undefined.

    >>> score("accuracy", np.array([0, 1, 1]), np.array([0, 1, 0]), None, 2)
    0.6666666666666666
    """
    counted = statistics.scores(statistics.confusion_matrix(truth, predicted, n_classes))
    if metric in counted:  # without the others, which take longer: a permuted fold is scored hundreds of times
        return float(counted[metric])
    value = statistics.score_predictions(truth, predicted, probabilities, n_classes)[metric]
    return np.nan if value is None else float(value)


def mean_and_std(values: NDArray[np.float64]) -> tuple[float | None, float | None]:
    """Return mean and standard deviation of what is defined, to six digits; None where nothing is.

    >>> mean_and_std(np.array([1.0, 3.0, np.nan]))
    (2.0, 1.0)
    """
    defined = values[np.isfinite(values)]
    if not len(defined):
        return None, None
    return round(float(defined.mean()), 6), round(float(defined.std()), 6)
