"""Scores against scikit-learn, intervals against simulation and closed forms."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import scipy.stats
import sklearn.metrics

from audioclf import statistics
from audioclf.statistics import confusion_matrix, intervals, per_class, scores


def predictions(rng, n_classes, count, right=0.6, occurring=None):
    truth = rng.integers(occurring or n_classes, size=count)
    predicted = np.where(rng.random(count) < right, truth, rng.integers(n_classes, size=count))
    return truth, predicted


@pytest.mark.parametrize("n_classes", [2, 3, 10])
@pytest.mark.parametrize("count", [1, 5, 300])
def test_scores_are_scikit_learns(rng, n_classes, count):
    for _ in range(20):
        truth, predicted = predictions(rng, n_classes, count)
        matrix = confusion_matrix(truth, predicted, n_classes)
        labels = list(range(n_classes))
        np.testing.assert_array_equal(matrix, sklearn.metrics.confusion_matrix(truth, predicted, labels=labels))
        present = sorted(set(truth.tolist()))
        found = scores(matrix)
        assert found["accuracy"] == pytest.approx(sklearn.metrics.accuracy_score(truth, predicted))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of classes that are predicted but don't occur
            recall = sklearn.metrics.recall_score(truth, predicted, labels=present, average="macro", zero_division=0)
            f1 = sklearn.metrics.f1_score(truth, predicted, labels=present, average="macro", zero_division=0)
            balanced = sklearn.metrics.balanced_accuracy_score(truth, predicted)
        assert found["balanced_accuracy"] == pytest.approx(recall)
        assert found["balanced_accuracy"] == pytest.approx(balanced)
        assert found["macro_f1"] == pytest.approx(f1)
        parts = sklearn.metrics.precision_recall_fscore_support(truth, predicted, labels=labels, zero_division=0)
        for name, expected in zip(("precision", "recall", "f1", "support"), parts):
            np.testing.assert_allclose(per_class(matrix)[name], expected)


def test_scores_of_many_matrices_are_those_of_each(rng):
    matrices = rng.integers(0, 5, (7, 3, 4, 4))
    together, classes = scores(matrices), per_class(matrices)
    for i in np.ndindex(7, 3):
        for name, value in scores(matrices[i]).items():
            assert together[name][i] == pytest.approx(float(value))
        for name, value in per_class(matrices[i]).items():
            np.testing.assert_allclose(classes[name][i], value)


def test_scores_of_nothing_are_zero_and_not_nan():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert {name: float(value) for name, value in scores(np.zeros((3, 3), int)).items()} == {
            "accuracy": 0.0, "balanced_accuracy": 0.0, "macro_f1": 0.0, "mcc": 0.0,
        }  # fmt: skip


def clustered(rng, n_groups, size=8, n_classes=2):
    """Recordings of which some are easy and some hard, as pairs of truth and prediction, with their groups.

    The chance of a right answer varies between groups as Beta(4, 1.5); its mean is the true accuracy.
    """
    easy = np.repeat(rng.beta(4, 1.5, n_groups), size)
    truth = rng.integers(n_classes, size=n_groups * size)
    wrong = (truth + rng.integers(1, n_classes, size=truth.size)) % n_classes
    predicted = np.where(rng.random(truth.size) < easy, truth, wrong)
    return truth, predicted, np.repeat(np.arange(n_groups), size).astype(str)


TRUE_ACCURACY = 4 / 5.5


@pytest.mark.parametrize("n_groups", [8, 25])
def test_the_grouped_interval_covers_the_truth_and_the_ungrouped_one_does_not(monkeypatch, n_groups):
    """300 simulated data sets; a nominal 95 % interval must cover in 90 % at the least, with few groups too."""
    monkeypatch.setattr(statistics, "_RESAMPLES", 400)
    rng = np.random.default_rng(0)
    covered = {"grouped": 0, "ungrouped": 0}
    for i in range(300):
        truth, predicted, groups = clustered(rng, n_groups)
        for how, drawn in (("grouped", groups), ("ungrouped", np.arange(len(truth)).astype(str))):
            low, high = intervals(truth, predicted, drawn, 2, seed=i)["accuracy"]
            covered[how] += low <= TRUE_ACCURACY <= high
    assert 0.9 <= covered["grouped"] / 300 <= 0.99
    assert covered["ungrouped"] < covered["grouped"] - 15


def test_the_interval_of_independent_clips_is_near_the_normal_one(rng):
    truth, predicted = predictions(rng, 2, 1000, right=0.6)
    accuracy = (truth == predicted).mean()
    low, high = intervals(truth, predicted, np.arange(1000).astype(str), 2)["accuracy"]
    half = 1.96 * np.sqrt(accuracy * (1 - accuracy) / 1000)
    assert low == pytest.approx(accuracy - half, abs=0.15 * half)
    assert high == pytest.approx(accuracy + half, abs=0.15 * half)


def test_the_interval_is_the_percentiles_of_resampled_scores():
    """Against a bootstrap written out: groups drawn one by one, scores by scikit-learn."""
    rng = np.random.default_rng(3)
    truth, predicted, groups = clustered(rng, 12, 5, n_classes=3)
    drawn = {"accuracy": [], "balanced_accuracy": [], "macro_f1": []}
    members = [np.flatnonzero(groups == g) for g in np.unique(groups)]
    for _ in range(1000):
        rows = np.concatenate([members[i] for i in rng.integers(12, size=12)])
        t, p = truth[rows], predicted[rows]
        present = sorted(set(t.tolist()))
        drawn["accuracy"].append((t == p).mean())
        drawn["balanced_accuracy"].append(sklearn.metrics.recall_score(t, p, labels=present, average="macro"))
        drawn["macro_f1"].append(sklearn.metrics.f1_score(t, p, labels=present, average="macro"))
    tail = scipy.stats.norm.cdf(np.sqrt(12 / 11) * scipy.stats.t.ppf(0.025, 11))  # Hesterberg 2015
    assert tail < 0.012
    for name, ends in intervals(truth, predicted, groups, 3).items():
        np.testing.assert_allclose(ends, np.quantile(drawn[name], [tail, 1 - tail]), atol=0.03)


@pytest.mark.parametrize("metric", ["accuracy", "balanced_accuracy", "macro_f1"])
def test_clustered_data_have_a_wider_interval_when_groups_are_drawn(rng, metric):
    truth = np.repeat(np.arange(2), 100)
    group = np.arange(200) // 10
    predicted = np.where(group % 4 == 0, 1 - truth, truth)  # whole recordings right or wrong
    alone = intervals(truth, predicted, np.arange(200).astype(str), 2)[metric]
    drawn = intervals(truth, predicted, group.astype(str), 2)[metric]
    assert drawn[1] - drawn[0] > 2 * (alone[1] - alone[0])
    assert drawn[0] <= scores(confusion_matrix(truth, predicted, 2))[metric] <= drawn[1]


@pytest.mark.parametrize("n_groups", [2, 5, 50])
def test_without_an_error_the_lower_end_is_the_exact_binomial_bound(n_groups):
    truth = np.tile([0, 1], 2 * n_groups)
    groups = np.repeat(np.arange(n_groups), 4).astype(str)
    bound = scipy.stats.binomtest(n_groups, n_groups).proportion_ci(0.95, "exact").low
    for low, high in intervals(truth, truth, groups, 2).values():
        assert low == pytest.approx(bound)
        assert high == 1.0
    for low, high in intervals(truth, 1 - truth, groups, 2).values():
        assert low == 0.0
        assert high == pytest.approx(1 - bound)


def test_one_group_says_nothing_of_others():
    truth = np.array([0, 1, 0, 1])
    for predicted in (truth, 1 - truth, np.zeros(4, int)):
        assert set(intervals(truth, predicted, ["g"] * 4, 2).values()) == {(0.0, 1.0)}


def test_an_interval_depends_on_the_seed_only(rng):
    truth, predicted, groups = clustered(rng, 10)
    first = intervals(truth, predicted, groups, 2, seed=1)
    np.random.seed(0)  # noqa: NPY002
    assert intervals(truth, predicted, groups, 2, seed=1) == first
    assert intervals(truth, predicted, groups, 2, seed=2) != first
    order = rng.permutation(len(truth))
    assert intervals(truth[order], predicted[order], groups[order], 2, seed=1) == first


def test_a_class_that_never_occurs_changes_nothing(rng):
    truth, predicted, groups = clustered(rng, 10)
    assert intervals(truth, predicted, groups, 5) == intervals(truth, predicted, groups, 2)


def test_many_classes_and_clips_fit_into_memory(rng):
    """A table of groups × classes² would take 8 GB here."""
    truth, predicted = predictions(rng, 300, 10000)
    low, high = intervals(truth, predicted, np.arange(10000).astype(str), 300)["accuracy"]
    assert 0 < low < (truth == predicted).mean() < high < 1
