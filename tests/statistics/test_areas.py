"""Areas and curves against scikit-learn, and those of resamples against copies of their clips."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn.metrics
from guesses import areas_of_scikit_learn, probable

from audioclf.statistics.areas import fold_rankings, mean_areas, positives_of, precision_recall_curve, roc_curve


@pytest.mark.parametrize("steps", [None, 5])
def test_curves_are_scikit_learns(rng, steps):
    truth = rng.integers(2, size=200)
    positive, score = truth == 1, probable(rng, truth, 2, steps)[:, 1]
    fpr, tpr = roc_curve(positive, score)
    x, y, _ = sklearn.metrics.roc_curve(positive, score, drop_intermediate=False)
    assert set(zip(fpr, tpr)) <= set(zip(x, y))
    assert ((fpr[0], tpr[0]), (fpr[-1], tpr[-1])) == ((0, 0), (1, 1))
    assert sklearn.metrics.auc(fpr, tpr) == pytest.approx(sklearn.metrics.auc(x, y))
    assert len(fpr) <= len(x)
    recall, precision = precision_recall_curve(positive, score)
    expected = sklearn.metrics.precision_recall_curve(positive, score)
    np.testing.assert_allclose(precision, expected[0][::-1])
    np.testing.assert_allclose(recall, expected[1][::-1])


def test_curves_of_one_kind_only_have_no_rate():
    fpr, tpr = roc_curve(np.array([True, True]), np.array([0.1, 0.2]))
    assert np.isnan(fpr).all()
    assert (tpr[0], tpr[-1]) == (0, 1)
    recall, precision = precision_recall_curve(np.array([False, False]), np.array([0.1, 0.2]))
    assert np.isnan(recall).all()
    assert precision.tolist() == [1, 0, 0]


@pytest.mark.parametrize("steps", [None, 4])
def test_a_resample_is_ranked_as_if_its_clips_were_copied(rng, steps):
    """Exactly, ties included: times a group was drawn against scikit-learn on the rows themselves."""
    groups = np.repeat(np.arange(10), 8)
    truth = rng.integers(4, size=80)
    probabilities = probable(rng, truth, 4, steps)
    times = rng.multinomial(10, np.full(10, 0.1), size=6)
    rankings = fold_rankings(positives_of(truth, 4), probabilities, groups, 10, None)
    found = mean_areas(rankings, np.ascontiguousarray(times.T).astype(float))
    for i, drawn in enumerate(times):
        rows = np.repeat(np.arange(80), drawn[groups])
        expected = np.nanmean(areas_of_scikit_learn(truth[rows], probabilities[rows], 4), axis=1)
        np.testing.assert_allclose([found["roc_auc"][i], found["average_precision"][i]], expected)
