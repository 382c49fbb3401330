"""Temperature scaling: the decision stays, the probabilities become honest."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, softmax
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.multiclass import OneVsRestClassifier
from sklearn.svm import SVC

from audioclf.classifier.contract import build_classifier
from audioclf.classifiers._calibration import COLDEST, HOTTEST, TemperatureScaled, best_temperature


def log_loss(logits, codes, temperature):
    return -np.mean(np.log(softmax(logits / temperature, axis=1)[np.arange(len(codes)), codes]))


def overlapping(n_classes, n_per_class, seed=0, spread=1.5):
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(n_classes), n_per_class)
    angle = 2 * np.pi * y / n_classes
    X = np.column_stack([np.cos(angle), np.sin(angle)]) * 2 + spread * rng.normal(size=(len(y), 2))
    return X, np.array([f"class {k}" for k in y])


@pytest.mark.parametrize("true_temperature", [0.2, 1.0, 5.0])
def test_finds_the_temperature_that_made_the_labels(rng, true_temperature):
    logits = rng.normal(scale=3.0 * true_temperature, size=(20_000, 4))
    probabilities = softmax(logits / true_temperature, axis=1)
    codes = (probabilities.cumsum(axis=1) < rng.random((20_000, 1))).sum(axis=1)
    assert best_temperature(logits, codes) == pytest.approx(true_temperature, rel=0.04)


def test_is_the_minimum_on_a_grid(rng):
    logits = rng.normal(size=(400, 3))
    codes = np.where(rng.random(400) < 0.7, logits.argmax(axis=1), rng.integers(0, 3, 400))
    found = best_temperature(logits, codes)
    grid = np.geomspace(0.05, 20, 400)
    best = grid[np.argmin([log_loss(logits, codes, t) for t in grid])]
    assert found == pytest.approx(best, rel=0.05)


def test_stays_within_bounds(rng):
    logits = rng.normal(size=(50, 3))
    right, wrong = logits.argmax(axis=1), logits.argmin(axis=1)
    assert COLDEST <= best_temperature(logits, right) < 1
    assert 1 < best_temperature(logits, wrong) <= HOTTEST * (1 + 1e-6)


def test_all_right_is_not_certainty():
    """Ten right decisions are no proof that none is ever wrong."""
    logits = np.tile([[1.0, -1.0], [-1.0, 1.0]], (5, 1))
    top = softmax(logits / best_temperature(logits, np.tile([0, 1], 5)), axis=1).max()
    assert 0.9 < top < 0.99


@pytest.mark.parametrize("n_classes", [2, 3, 6])
@pytest.mark.parametrize("name", ["svm", "linear_svm"])
def test_decisions_are_the_estimators_own(name, n_classes):
    X, y = overlapping(n_classes, 30)
    unseen, _ = overlapping(n_classes, 200, seed=1)
    model = build_classifier(name).build(seed=0).fit(X, y)
    base = clone(model.estimator).fit(X, y)
    np.testing.assert_array_equal(model.predict(unseen), base.predict(unseen))
    np.testing.assert_array_equal(model.decision_function(unseen), base.decision_function(unseen))
    np.testing.assert_array_equal(model.predict(unseen), model.classes_[model.predict_proba(unseen).argmax(axis=1)])


def test_probabilities_are_softmax_over_temperature():
    X, y = overlapping(3, 20)
    model = build_classifier("svm").build(seed=0).fit(X, y)
    expected = softmax(model.decision_function(X) / model.temperature_, axis=1)
    np.testing.assert_allclose(model.predict_proba(X), expected, rtol=1e-12)


def test_two_classes_are_logistic():
    X, y = overlapping(2, 20)
    model = build_classifier("linear_svm").build(seed=0).fit(X, y)
    expected = expit(model.decision_function(X) / model.temperature_)
    np.testing.assert_allclose(model.predict_proba(X)[:, 1], expected, rtol=1e-9)


def test_better_than_uncalibrated():
    """On clips not seen, for classes that overlap, the log loss falls."""
    X, y = overlapping(4, 60, spread=2.0)
    unseen, truth = overlapping(4, 500, seed=1, spread=2.0)
    model = build_classifier("svm").build(seed=0).fit(X, y)
    codes = np.searchsorted(model.classes_, truth)
    calibrated = log_loss(model.decision_function(unseen), codes, model.temperature_)
    assert calibrated < log_loss(model.decision_function(unseen), codes, 1.0)


def test_temperature_is_from_held_out_clips():
    """A machine that learns its clips by heart is not thereby sure of others."""
    X, y = overlapping(2, 40, spread=3.0)
    by_heart = SVC(C=1e4, gamma=1.0)
    model = TemperatureScaled(by_heart, random_state=0).fit(X, y)
    assert np.mean(by_heart.fit(X, y).predict(X) == y) == 1.0
    logits = np.column_stack([np.zeros(len(y)), model.decision_function(X)])
    assert model.temperature_ > 3 * best_temperature(logits, np.searchsorted(model.classes_, y))


def test_every_inner_fold_knows_every_class(monkeypatch):
    seen = []

    class Watching(LogisticRegression):
        def fit(self, X, y):
            seen.append(len(np.unique(y)))
            return super().fit(X, y)

    X, y = overlapping(3, 10)
    keep = np.r_[0:2, 10:30]  # two clips of the first class
    TemperatureScaled(Watching(), n_folds=5, random_state=0).fit(X[keep], y[keep])
    assert seen == [3, 3, 3]  # all clips, and two inner folds


def test_one_clip_of_a_class_leaves_the_temperature_at_one():
    X, y = overlapping(3, 10)
    keep = np.r_[0:1, 10:30]
    assert build_classifier("svm").build(seed=0).fit(X[keep], y[keep]).temperature_ == 1.0


def test_nothing_but_the_inner_split_is_random():
    X, y = overlapping(3, 15)
    first, second = (TemperatureScaled(SVC(), random_state=s).fit(X, y) for s in (0, 1))
    np.testing.assert_array_equal(first.decision_function(X), second.decision_function(X))
    assert first.temperature_ != second.temperature_


def test_matches_a_plain_computation():
    X, y = overlapping(3, 15)
    base = OneVsRestClassifier(SVC())
    codes = np.unique(y, return_inverse=True)[1]
    logits = np.empty((len(y), 3))
    for train, test in StratifiedKFold(3, shuffle=True, random_state=7).split(X, codes):
        logits[test] = clone(base).fit(X[train], y[train]).decision_function(X[test])
    model = TemperatureScaled(base, n_folds=3, random_state=7).fit(X, y)
    assert model.temperature_ == pytest.approx(best_temperature(logits, codes), rel=1e-4)


def test_not_fitted():
    with pytest.raises(NotFittedError):
        TemperatureScaled(SVC()).predict_proba([[0.0]])
