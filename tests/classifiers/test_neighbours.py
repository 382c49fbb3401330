"""k nearest neighbours: scikit-learn's answers, and an answer where there are fewer clips than k."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from audioclf.classifier.contract import build_classifier
from audioclf.classifiers._neighbours import NeighboursAtHand


@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "cosine"])
@pytest.mark.parametrize("weights", ["uniform", "distance"])
def test_same_as_scikit_learn(rng, weights, metric):
    X, y, unseen = rng.normal(size=(60, 4)), rng.integers(0, 3, 60).astype(str), rng.normal(size=(200, 4))
    ours = NeighboursAtHand(7, weights, metric).fit(X, y)
    theirs = KNeighborsClassifier(7, weights=weights, metric=metric).fit(X, y)
    np.testing.assert_allclose(ours.predict_proba(unseen), theirs.predict_proba(unseen), rtol=1e-9)


def test_more_neighbours_than_clips():
    X, y = np.array([[0.0], [1.0], [1.1]]), np.array(["a", "b", "b"])
    model = NeighboursAtHand(50, weights="uniform").fit(X, y)
    np.testing.assert_allclose(model.predict_proba([[0.0]]), [[1 / 3, 2 / 3]])
    assert model.n_neighbors == 50


def test_refitted_on_more_clips_uses_k_again(rng):
    model = NeighboursAtHand(4, weights="uniform").fit(rng.normal(size=(2, 1)), ["a", "b"])
    model.fit(np.arange(10.0)[:, None], list("aaaaaabbbb"))
    np.testing.assert_allclose(model.predict_proba([[9.0]]), [[0.0, 1.0]])


def test_equal_votes_go_to_the_first_label():
    model = NeighboursAtHand(2, weights="uniform").fit([[0.0], [1.0]], ["b", "a"])
    assert model.predict([[0.1]])[0] == "a"
    np.testing.assert_allclose(model.predict_proba([[0.1]]), [[0.5, 0.5]])


def test_the_nearer_weighs_more():
    model = build_classifier("knn:k=3").build(seed=0).fit([[0.0], [1.0], [1.2]], ["a", "b", "b"])
    assert model.predict([[0.1]])[0] == "a"
