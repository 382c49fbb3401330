"""Every registered classifier, quick enough for a test, and clips that it can learn from."""

from __future__ import annotations

import numpy as np
import pytest

from audioclf import plugins
from audioclf.classifier.contract import Classifier, build_classifier
from audioclf.errors import MissingExtraError

NAMES = plugins.names("classifiers")
BRIEF = ":crop=6:epochs=12:batch=8:dropout=0:jitter=0:mixup=0:spec_augment=0"
QUICK = {
    "rf": "rf:trees=30",
    "extra_trees": "extra_trees:trees=30",
    "gboost": "gboost:rounds=10",
    "hmm": "hmm:states=3:iterations=4",
    "cnn": "cnn:width=4:blocks=2:learning_rate=0.02" + BRIEF,
    "cnn1d": "cnn1d:width=8:blocks=2:learning_rate=0.02" + BRIEF,
    "rnn": "rnn:units=8:learning_rate=0.05" + BRIEF,
}
LABELS = ("bird", "music", "speech")


def installed(spec: str) -> Classifier:
    """Build a classifier, or skip the test where a package is missing that it needs."""
    classifier = build_classifier(spec)
    try:
        classifier.check_installed()
    except MissingExtraError as error:
        pytest.skip(str(error))
    return classifier


def quick(name: str) -> Classifier:
    return installed(QUICK.get(name, name))


def clips(takes, n_per_class, n_coefficients=6, labels=LABELS, seed=0):
    """Every class has its own coefficients 3 standard deviations up; vectors, or sequences of 5 to 14 frames."""
    rng = np.random.default_rng(seed)
    y = np.repeat(labels, n_per_class)
    own = np.arange(n_coefficients) % len(labels) == np.arange(len(labels))[:, None]
    centre = 3.0 * own.repeat(n_per_class, axis=0)
    if takes == "vectors":
        return (rng.normal(size=centre.shape) + centre).astype(np.float32), y
    lengths = rng.integers(5, 15, len(y))
    return [(rng.normal(size=(n, n_coefficients)) + c).astype(np.float32) for n, c in zip(lengths, centre)], y


def part(X, chosen):
    return X[chosen] if isinstance(X, np.ndarray) else [X[i] for i in chosen]
