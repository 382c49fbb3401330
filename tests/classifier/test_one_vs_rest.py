"""One classifier per label: as scikit-learn's on vectors, on sequences too, and saved without a pickle."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier

from audioclf.classifier import plain
from audioclf.classifier.contract import build_classifier
from audioclf.classifier.one_vs_rest import OneVsRest


def vectors(rng, count=80, n_features=4, n_labels=3):
    """Clips of which each label depends on one feature, and on chance."""
    X = rng.normal(size=(count, n_features)).astype(np.float32)
    return X, X[:, :n_labels] + 0.5 * rng.normal(size=(count, n_labels)) > 0.4


def sequences(rng, count=24):
    """The first label rises, the second is loud."""
    Y = rng.random((count, 2)) < 0.5
    Y[:2], Y[2:4] = [True, False], [False, True]
    lengths = rng.integers(12, 24, count)
    level = [np.linspace(-1, 1, n) * (1 if rising else -1) + 3 * loud for n, (rising, loud) in zip(lengths, Y)]
    return [np.column_stack([x, x]).astype(np.float32) + 0.1 * rng.normal(size=(len(x), 2)) for x in level], Y


@pytest.mark.parametrize(
    "estimator",
    [
        LogisticRegression(),
        RandomForestClassifier(20, random_state=3),
        build_classifier("svm").build(0),
        build_classifier("knn").build(0),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_vectors_as_scikit_learns(rng, estimator):
    X, Y = vectors(rng)
    ours = OneVsRest(estimator).fit(X[:60], Y[:60])
    theirs = OneVsRestClassifier(clone(estimator)).fit(X[:60], Y[:60].astype(int))
    found = ours.predict_proba(X[60:])
    np.testing.assert_allclose(found, theirs.predict_proba(X[60:]), rtol=0, atol=1e-12)
    np.testing.assert_array_equal(ours.predict(X[60:]), found >= 0.5)
    assert ours.predict(X[60:]).dtype == bool
    assert ours.classes_.tolist() == [0, 1, 2]
    assert np.isnan(ours.constants_).all()
    assert (ours.predict(X[60:]) == Y[60:]).mean() > 0.7


def test_sequences(rng):
    X, Y = sequences(rng)
    found = build_classifier("hmm:states=2:iterations=3").build_multilabel(0).fit(X[:16], Y[:16])
    assert isinstance(found, OneVsRest)
    assert (found.predict(X[16:]) == Y[16:]).mean() > 0.8
    alone = build_classifier("hmm:states=2:iterations=3").build(0).fit(X[:16], Y[:16, 1].astype(int))
    np.testing.assert_array_equal(found.predict_proba(X[16:])[:, 1], alone.predict_proba(X[16:])[:, 1])
    again = build_classifier("hmm:states=2:iterations=3").build_multilabel(0).fit(X[:16], Y[:16])
    np.testing.assert_array_equal(again.predict_proba(X), found.predict_proba(X))


def test_a_label_with_nothing_to_tell_apart_has_its_smoothed_share(rng):
    X, Y = vectors(rng, 18)
    Y = np.column_stack([np.ones(18, bool), Y[:, 0], np.zeros(18, bool)])
    found = OneVsRest(LogisticRegression()).fit(X, Y)
    assert [estimator is None for estimator in found.estimators_] == [True, False, True]
    np.testing.assert_array_equal(found.predict_proba(X[:5])[:, [0, 2]], [[19 / 20, 1 / 20]] * 5)
    assert found.predict(X)[:, [0, 2]].tolist() == [[True, False]] * 18
    nothing = OneVsRest(LogisticRegression()).fit(X, Y[:, [0, 2]])
    assert nothing.predict_proba(X).shape == (18, 2)


class Told(ClassifierMixin, BaseEstimator):
    """Remembers what it was told of its rows."""

    def fit(self, X, y, groups=None, clips=None):
        self.classes_, told = np.unique(y), {"groups": groups, "clips": clips}
        self.told_ = {name: value for name, value in told.items() if value is not None}
        return self


def test_groups_and_clips_are_passed_on_if_given(rng):
    X, Y = vectors(rng, 20)
    groups, clips = np.arange(20) // 4, np.arange(20) // 2
    for given in ({}, {"groups": groups}, {"clips": clips}, {"groups": groups, "clips": clips}):
        for estimator in OneVsRest(Told()).fit(X, Y, **given).estimators_:
            assert list(estimator.told_) == list(given)
            assert all(estimator.told_[name] is value for name, value in given.items())
    assert [e.told_ for e in OneVsRest(Told()).fit(X, Y, groups=None, clips=None).estimators_] == [{}] * 3


@pytest.mark.parametrize(
    ("Y", "message"),
    [
        (np.ones(6, bool), r"labels of shape \(6,\) and type bool; a matrix of bool is needed"),
        (np.ones((6, 2)), r"labels of shape \(6, 2\) and type float64"),
        (np.ones((5, 2), bool), "6 clips, but labels of 5"),
    ],
)
def test_labels_that_are_no_matrix_of_truth_values(Y, message):
    with pytest.raises(ValueError, match=message):
        OneVsRest(LogisticRegression()).fit(np.zeros((6, 1)), Y)


def test_it_is_cloned_as_scikit_learns_estimators_are(rng):
    X, Y = vectors(rng, 20)
    found = OneVsRest(LogisticRegression(C=3)).fit(X, Y)
    copy = clone(found)
    assert not hasattr(copy, "estimators_")
    assert copy.get_params()["estimator__C"] == 3
    assert not hasattr(found.estimator, "coef_")
    assert copy.set_params(estimator__C=5).fit(X, Y).estimators_[0].C == 5
    assert found.score(X, Y) == np.mean((found.predict(X) == Y).all(axis=1))


@pytest.mark.parametrize("spec", ["svm", "hmm:states=2:iterations=3"])
def test_it_is_saved_as_plain_data(rng, spec):
    classifier = build_classifier(spec)
    X, Y = sequences(rng) if classifier.takes == "sequences" else vectors(rng)
    Y = np.column_stack([Y, np.zeros(len(Y), bool)])
    found = classifier.build_multilabel(0).fit(X, Y)
    again = plain.loads(*plain.dumps(found, classifier.trusted), classifier.trusted)
    np.testing.assert_array_equal(again.predict_proba(X), found.predict_proba(X))
    assert plain.dumps(again, classifier.trusted) == plain.dumps(found, classifier.trusted)
    assert again.estimators_[-1] is None
    unpacked = classifier.unpack(classifier.pack(found))
    np.testing.assert_array_equal(unpacked.predict_proba(X), found.predict_proba(X))
