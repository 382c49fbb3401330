"""A fitted classifier goes through the members of a model file, and asks skops to trust exactly what it says."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest
import skops.io
from learners import NAMES, clips, quick

from audioclf import plugins
from audioclf.classifier.contract import Classifier, build_classifier

# Those that are saved as other classifiers are; the others say in their own tests what they write.
USUAL = [name for name in NAMES if plugins.load("classifiers", name).pack is Classifier.pack]


@pytest.mark.parametrize("labels", [("a", "b"), ("a", "b", "c")], ids=["two classes", "three classes"])
@pytest.mark.parametrize("name", NAMES)
def test_round_trip(name, labels):
    classifier = quick(name)
    X, y = clips(classifier.takes, 8, labels=labels)
    model = classifier.build(seed=0).fit(X, y)
    loaded = classifier.unpack(classifier.pack(model))
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    np.testing.assert_array_equal(loaded.classes_, model.classes_)


@pytest.mark.parametrize("name", NAMES)
def test_round_trip_of_several_labels_a_clip(name):
    classifier = quick(name)
    X, y = clips(classifier.takes, 8)
    Y = np.column_stack([y == "bird", y != "music", np.arange(len(y)) % 2 == 0])
    model = classifier.build_multilabel(seed=0).fit(X, Y)
    loaded = classifier.unpack(classifier.pack(model))
    assert type(loaded) is type(model)
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    assert loaded.predict(X).shape == Y.shape


@pytest.mark.parametrize("labels", [("a", "b"), ("a", "b", "c")], ids=["two classes", "three classes"])
@pytest.mark.parametrize("name", USUAL)
def test_round_trip_through_skops(name, labels, tmp_path):
    classifier = quick(name)
    X, y = clips(classifier.takes, 8, labels=labels)
    model = classifier.build(seed=0).fit(X, y)
    file = tmp_path / "model.skops"
    skops.io.dump(model, file, compression=zipfile.ZIP_DEFLATED)
    assert set(skops.io.get_untrusted_types(file=file)) <= set(classifier.trusted_types)
    loaded = skops.io.load(file, trusted=list(classifier.trusted_types))
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    np.testing.assert_array_equal(loaded.classes_, model.classes_)


@pytest.mark.parametrize("name", USUAL)
def test_no_type_of_ours_is_trusted_in_vain(name):
    """What a model doesn't hold needs no trust. (Of scikit-learn's types, what skops asks for changes.)"""
    classifier = quick(name)
    data = skops.io.dumps(classifier.build(seed=0).fit(*clips(classifier.takes, 8)))
    ours = {kind for kind in classifier.trusted_types if kind.startswith("audioclf.")}
    assert ours <= set(skops.io.get_untrusted_types(data=data))
    assert all(kind.startswith(("audioclf.", "sklearn.")) for kind in classifier.trusted_types)


def test_options_need_no_further_trust():
    for spec in ("knn:metric=manhattan:weights=uniform", "svm:class_weight=balanced", "hmm:topology=ergodic"):
        classifier = build_classifier(spec)
        X, y = clips(classifier.takes, 8)
        data = skops.io.dumps(classifier.build(seed=0).fit(X, y))
        assert set(skops.io.get_untrusted_types(data=data)) <= set(classifier.trusted_types)


def test_no_type_of_hmmlearn_is_saved():
    classifier = quick("hmm")
    model = classifier.build(seed=0).fit(*clips("sequences", 8))
    types = {type(value).__module__.split(".")[0] for value in vars(model).values()}
    assert types <= {"numpy", "builtins"}


def test_catalogue_is_complete():
    built_in = {"svm", "linear_svm", "rf", "extra_trees", "gboost", "knn", "logreg", "hmm", "dummy"}
    built_in |= {"cnn", "cnn1d", "rnn"}
    assert built_in <= set(plugins.names("classifiers"))
