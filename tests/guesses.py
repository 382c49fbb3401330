"""Random answers and probabilities, and what scikit-learn makes of them."""

from __future__ import annotations

import numpy as np
import sklearn.metrics


def predictions(rng, n_classes, count, right=0.6, occurring=None):
    truth = rng.integers(occurring or n_classes, size=count)
    predicted = np.where(rng.random(count) < right, truth, rng.integers(n_classes, size=count))
    return truth, predicted


def probable(rng, truth, n_classes, steps=None):
    """Probabilities that favour the truth; in so many steps, for ties."""
    towards = rng.normal(size=(len(truth), n_classes)) + 1.5 * np.eye(n_classes)[truth]
    found = np.exp(towards) / np.exp(towards).sum(axis=1, keepdims=True)
    return found if steps is None else np.round(found * steps) / steps


def areas_of_scikit_learn(truth, probabilities, n_classes):
    """ROC area and average precision of each class, shape (2, n_classes)."""
    found = np.full((2, n_classes), np.nan)
    for label in range(n_classes):
        positive = truth == label
        if 0 < positive.sum() < len(truth):
            found[0, label] = sklearn.metrics.roc_auc_score(positive, probabilities[:, label])
            found[1, label] = sklearn.metrics.average_precision_score(positive, probabilities[:, label])
    return found
