"""Calibration of probabilities: log loss, Brier score, and how often answers of a given confidence are right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.float64]
Scores = dict[str, Counts]

EPS = float(np.finfo(np.float64).eps)
"""What probabilities are kept away from 0 and 1 in the log loss."""


def losses_of(truth: NDArray[np.int64], probabilities: NDArray[np.floating]) -> Scores:
    """Return log loss and Brier score of each prediction, shape (n_predictions,)."""
    p = np.asarray(probabilities, dtype=np.float64)
    own = p[np.arange(len(truth)), truth]
    # Σ (p_k - y_k)² with y_k = 1 for the true class and 0 elsewhere
    return {
        "log_loss": -np.log(np.clip(own, EPS, 1 - EPS)),
        "brier": (p**2).sum(axis=1) - own**2 + (1 - own) ** 2,
    }


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
