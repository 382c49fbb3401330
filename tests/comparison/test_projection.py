"""Clips in a plane: the components agree with scikit-learn's, t-SNE keeps neighbours, nothing depends on chance."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from audioclf.comparison.projection import MOST_CLIPS, projection
from audioclf.dataset.clips import Clip


def clips(count):
    return [Clip(Path(f"{i}.wav")) for i in range(count)]


@pytest.fixture
def clusters(rng):
    """60 clips of three classes far apart in 12 features of very different scales, one of which doesn't vary."""
    truth = np.repeat(["a", "b", "c"], 20)
    centres = 10 * rng.standard_normal((3, 12))
    vectors = np.repeat(centres, 20, axis=0) + rng.standard_normal((60, 12))
    vectors *= 10.0 ** np.arange(-6, 6)
    vectors[:, 5] = 0.3
    return vectors.astype(np.float32), truth


def test_agrees_with_scikit_learn(clusters):
    from sklearn.decomposition import PCA
    from sklearn.preprocessing import StandardScaler

    vectors, truth = clusters
    found = projection(clips(60), vectors, truth, None, "mfcc", 0)
    reference = PCA(2).fit(StandardScaler().fit_transform(np.delete(vectors.astype(np.float64), 5, axis=1)))
    points = reference.transform(StandardScaler().fit_transform(np.delete(vectors.astype(np.float64), 5, axis=1)))
    points *= np.sign(reference.components_[[0, 1], np.abs(reference.components_).argmax(axis=1)])
    assert found.pca.x == pytest.approx(points[:, 0], abs=1e-3)
    assert found.pca.y == pytest.approx(points[:, 1], abs=1e-3)
    assert found.pca.explained == pytest.approx(reference.explained_variance_ratio_, abs=1e-4)


def test_says_what_the_points_are(clusters):
    vectors, truth = clusters
    wrong = np.where(truth == "b", "c", truth)
    found = projection(clips(60), vectors, truth, wrong, "mfcc+gfcc", 0)
    assert found.features == "mfcc+gfcc"
    assert found.clips == [f"{i}.wav" for i in range(60)]
    assert found.labels == truth.tolist()
    assert found.predicted == wrong.tolist()
    assert projection(clips(60), vectors, truth, None, "mfcc", 0).predicted is None
    values = found.pca.x + found.tsne.y
    assert all(type(value) is float and round(value, 4) == value for value in values)


def test_neighbours_in_tsne_are_of_one_class(clusters):
    vectors, truth = clusters
    found = projection(clips(60), vectors, truth, None, "mfcc", 0).tsne
    assert found.perplexity == pytest.approx(59 / 3, abs=1e-4)
    points = np.column_stack([found.x, found.y])
    apart = np.linalg.norm(points[:, None] - points[None], axis=2) + np.diag(np.full(60, np.inf))
    assert (truth[apart.argmin(axis=1)] == truth).all()


def test_is_the_same_each_time(clusters):
    vectors, truth = clusters
    arguments = (clips(60), vectors, truth, None, "mfcc", 3)
    assert projection(*arguments) == projection(*arguments)


def test_order_of_the_columns_only_turns_nothing(clusters):
    vectors, truth = clusters
    one = projection(clips(60), vectors, truth, None, "mfcc", 0).pca
    other = projection(clips(60), vectors[:, ::-1], truth, None, "mfcc", 0).pca
    assert one.x == pytest.approx(other.x, abs=1e-3)
    assert one.y == pytest.approx(other.y, abs=1e-3)


@pytest.mark.parametrize("count", [2, 9])
def test_few_clips_have_no_tsne(rng, count):
    found = projection(clips(count), rng.standard_normal((count, 4)), ["a"] * count, None, "mfcc", 0)
    assert found.tsne is None
    assert len(found.pca.x) == count


def test_one_feature_or_none_that_varies(rng):
    one = projection(clips(12), rng.standard_normal((12, 1)), ["a"] * 12, None, "zcr", 0)
    assert one.pca.explained == [1.0, 0.0]
    assert set(one.pca.y) == {0.0}
    none = projection(clips(12), np.full((12, 3), 0.1, np.float32), ["a"] * 12, None, "zcr", 0)
    assert none.tsne is None
    assert set(none.pca.x) == {0.0}
    assert none.pca.explained == [0.0, 0.0]


def test_many_clips_are_sampled_by_class(rng, monkeypatch):
    monkeypatch.setattr("audioclf.comparison.projection._tsne", lambda points, seed: None)
    count = MOST_CLIPS + 1000
    truth = np.array(["rare"] * 1 + ["some"] * 299 + ["often"] * (count - 300))
    vectors = rng.standard_normal((count, 3))
    found = projection(clips(count), vectors, truth, truth, "mfcc", 0)
    assert len(found.clips) <= MOST_CLIPS
    shares = {label: found.labels.count(label) for label in ("rare", "some", "often")}
    assert shares["rare"] == 1
    assert shares["some"] == 199
    assert shares["often"] == 1800
    rows = [int(Path(name).stem) for name in found.clips]
    assert rows == sorted(set(rows))
    assert truth[rows].tolist() == found.labels == found.predicted
    assert projection(clips(count), vectors, truth, truth, "mfcc", 1).clips != found.clips
