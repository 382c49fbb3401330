"""Machines that share a kernel matrix: libsvm's own answers, however the kernel is computed."""

from __future__ import annotations

import numpy as np
import pytest
import skops.io
from sklearn.exceptions import NotFittedError
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from audioclf.classifier.contract import build_classifier
from audioclf.classifiers import _machines
from audioclf.classifiers._calibration import TemperatureScaled
from audioclf.classifiers._machines import KernelMachines, gaussian


def overlapping(n_classes, n_per_class, seed=0, n_features=12):
    rng = np.random.default_rng(seed)
    y = np.repeat([f"class {k}" for k in range(n_classes)], n_per_class)
    centres = np.random.default_rng(99).normal(size=(n_classes, n_features))
    return (rng.normal(scale=1.5, size=(len(y), n_features)) + np.repeat(centres, n_per_class, axis=0)), y


@pytest.mark.parametrize("shared", [True, False], ids=["shared kernel", "libsvm's kernel"])
@pytest.mark.parametrize("class_weight", [None, "balanced"])
@pytest.mark.parametrize("gamma", [None, 0.3])
@pytest.mark.parametrize("n_classes", [2, 3, 6])
def test_decisions_are_those_of_one_machine_at_a_time(monkeypatch, n_classes, gamma, class_weight, shared):
    if not shared:
        monkeypatch.setattr(_machines, "MOST_SHARED", 0)
    X, y = overlapping(n_classes, 25)
    X, y = X[5:], y[5:]  # one class is smaller than the others
    unseen, _ = overlapping(n_classes, 50, seed=1)
    ours = KernelMachines(C=3.0, gamma=gamma, class_weight=class_weight, random_state=0).fit(X, y)
    machine = SVC(C=3.0, gamma="scale" if gamma is None else gamma, class_weight=class_weight, random_state=0)
    peer = OneVsRestClassifier(machine).fit(X, y)
    np.testing.assert_allclose(ours.decision_function(unseen), peer.decision_function(unseen), rtol=0, atol=1e-9)
    np.testing.assert_array_equal(ours.predict(unseen), peer.predict(unseen))
    np.testing.assert_array_equal(ours.classes_, peer.classes_)


def test_kernel_is_computed_once_for_all_machines(monkeypatch):
    calls = []
    monkeypatch.setattr(_machines, "gaussian", lambda *args: (calls.append(1), gaussian(*args))[1])
    KernelMachines().fit(*overlapping(6, 10))
    assert len(calls) == 1


def test_kernel_equals_scikit_learns(rng):
    a, b = rng.normal(size=(40, 7)) + 50.0, rng.normal(size=(30, 7)) + 50.0
    np.testing.assert_allclose(gaussian(a, b, 0.2), rbf_kernel(a, b, 0.2), rtol=1e-9, atol=1e-12)
    own = gaussian(a, a, 0.2)
    np.testing.assert_array_equal(own.diagonal(), 1.0)
    np.testing.assert_allclose(own, own.T, rtol=1e-12)
    twin = np.vstack([a, a])
    assert gaussian(twin, a, 1e6).max() <= 1.0


def test_answers_in_blocks_are_the_same(monkeypatch):
    X, y = overlapping(3, 20)
    model = KernelMachines().fit(X, y)
    whole = model.decision_function(X)
    monkeypatch.setattr(_machines, "BLOCK", 5 * len(model.support_vectors_))
    np.testing.assert_allclose(model.decision_function(X), whole, rtol=1e-12, atol=1e-12)
    monkeypatch.setattr(_machines, "BLOCK", 1)
    np.testing.assert_allclose(model.decision_function(X), whole, rtol=1e-12, atol=1e-12)


def test_features_that_dont_vary():
    model = KernelMachines().fit(np.zeros((6, 2)), list("aabbcc"))
    assert model.gamma_ == 1.0
    assert np.isfinite(model.decision_function(np.ones((2, 2)))).all()


def test_wrong_input_is_refused():
    X, y = overlapping(3, 5)
    with pytest.raises(ValueError, match="all 5 clips are of one class"):
        KernelMachines().fit(X[:5], y[:5])
    with pytest.raises(ValueError, match="NaN"):
        KernelMachines().fit(np.vstack([np.full(12, np.nan), X[1:]]), y)
    with pytest.raises(ValueError, match="5 features; 12 expected"):
        KernelMachines().fit(X, y).predict(X[:, :5])
    with pytest.raises(NotFittedError):
        KernelMachines().predict(X)


def test_a_model_of_version_0_1_0_still_loads():
    """It held scikit-learn's own machines."""
    X, y = overlapping(3, 10)
    old = TemperatureScaled(make_pipeline(StandardScaler(), OneVsRestClassifier(SVC(C=10.0))), random_state=0)
    data = skops.io.dumps(old.fit(X, y))
    loaded = skops.io.loads(data, trusted=list(build_classifier("svm").trusted_types))
    now = build_classifier("svm").build(seed=0).fit(X, y)
    np.testing.assert_allclose(loaded.predict_proba(X), now.predict_proba(X), rtol=0, atol=1e-6)
