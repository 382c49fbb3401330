"""Intervals against simulation, closed forms and a bootstrap written out."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from guesses import predictions, probable

from audioclf.results.metrics import TITLES
from audioclf.statistics import bootstrap
from audioclf.statistics.intervals import score_intervals
from audioclf.statistics.scores import ENDS, confusion_matrix, per_class, score_predictions

TRUE_ACCURACY = 4 / 5.5


def clustered(rng, n_groups, size=8, n_classes=2):
    """Recordings of which some are easy and some hard, as pairs of truth and prediction, with their groups.

    The chance of a right answer varies between groups as Beta(4, 1.5); its mean is the true accuracy.
    """
    easy = np.repeat(rng.beta(4, 1.5, n_groups), size)
    truth = rng.integers(n_classes, size=n_groups * size)
    wrong = (truth + rng.integers(1, n_classes, size=truth.size)) % n_classes
    predicted = np.where(rng.random(truth.size) < easy, truth, wrong)
    return truth, predicted, np.repeat(np.arange(n_groups), size).astype(str)


@pytest.mark.parametrize("n_groups", [8, 25])
def test_the_grouped_interval_covers_the_truth_and_the_ungrouped_one_does_not(monkeypatch, n_groups):
    """200 simulated data sets; a nominal 95 % interval must cover in 90 % at the least, with few groups too."""
    monkeypatch.setattr(bootstrap, "_RESAMPLES", 300)
    rng = np.random.default_rng(0)
    covered = {"grouped": 0, "ungrouped": 0}
    for i in range(200):
        truth, predicted, groups = clustered(rng, n_groups)
        for how, drawn in (("grouped", groups), ("ungrouped", np.arange(len(truth)).astype(str))):
            low, high = score_intervals(truth, predicted, None, drawn, 2, seed=i).metrics["accuracy"]
            covered[how] += low <= TRUE_ACCURACY <= high
    assert 0.9 <= covered["grouped"] / 200 <= 0.99
    assert covered["ungrouped"] < covered["grouped"] - 15


def test_the_interval_of_the_roc_area_covers_the_truth(monkeypatch):
    """150 simulated data sets of 30 groups, for which a 95 % interval covers in some 91 % (docs/statistics.md).

    Scores are N(0, 2) of negatives and N(1.2, 2) of positives; a group shares half the variance, and the class.
    """
    monkeypatch.setattr(bootstrap, "_RESAMPLES", 300)
    rng = np.random.default_rng(0)
    area = scipy.stats.norm.cdf(1.2 / np.sqrt(2 + 2))
    groups = np.repeat(np.arange(30), 5).astype(str)
    covered = {"grouped": 0, "ungrouped": 0}
    for i in range(150):
        truth = np.repeat(rng.permutation(np.arange(30) % 2), 5)
        positive = 1 / (1 + np.exp(-rng.normal(size=150) - np.repeat(rng.normal(size=30), 5) - 1.2 * truth))
        probabilities = np.column_stack([1 - positive, positive])
        for how, drawn in (("grouped", groups), ("ungrouped", np.arange(150).astype(str))):
            low, high = score_intervals(truth, truth, probabilities, drawn, 2, seed=i).metrics["roc_auc"]
            covered[how] += low <= area <= high
    assert 0.87 <= covered["grouped"] / 150 <= 0.99
    assert covered["ungrouped"] < covered["grouped"] - 25


def test_the_interval_of_independent_clips_is_near_the_normal_one(rng):
    truth, predicted = predictions(rng, 2, 1000, right=0.6)
    accuracy = (truth == predicted).mean()
    found = score_intervals(truth, predicted, None, np.arange(1000).astype(str), 2)
    low, high = found.metrics["accuracy"]
    half = 1.96 * np.sqrt(accuracy * (1 - accuracy) / 1000)
    assert low == pytest.approx(accuracy - half, abs=0.15 * half)
    assert high == pytest.approx(accuracy + half, abs=0.15 * half)
    recall, support = (per_class(confusion_matrix(truth, predicted, 2))[name] for name in ("recall", "support"))
    half = 1.96 * np.sqrt(recall * (1 - recall) / support)
    np.testing.assert_allclose(found.per_class["recall"][:, 0], recall - half, atol=0.15 * half.max())
    np.testing.assert_allclose(found.per_class["recall"][:, 1], recall + half, atol=0.15 * half.max())


def written_out(truth, predicted, probabilities, groups, n_classes, folds, count):
    """A bootstrap as plain as can be: groups drawn one by one, their clips copied, every copy scored."""
    rng = np.random.default_rng(3)
    members = [np.flatnonzero(groups == g) for g in np.unique(groups)]
    drawn = {name: [] for name in (*TITLES, "precision", "recall", "f1")}
    for _ in range(count):
        rows = np.concatenate([members[i] for i in rng.integers(len(members), size=len(members))])
        found = score_predictions(truth[rows], predicted[rows], probabilities[rows], n_classes)
        parts = [rows[folds[rows] == fold] for fold in np.unique(folds[rows])]
        by_fold = [score_predictions(truth[part], predicted[part], probabilities[part], n_classes) for part in parts]
        for name in ("roc_auc", "average_precision"):
            found[name] = np.mean([scores[name] for scores in by_fold if scores[name] is not None])
        found.update(per_class(confusion_matrix(truth[rows], predicted[rows], n_classes)))
        for name, values in drawn.items():
            values.append(found[name])
    return drawn


@pytest.mark.parametrize("folded", [False, True])
def test_intervals_are_percentiles_of_a_bootstrap_written_out(folded):
    rng = np.random.default_rng(3)
    groups = np.repeat(np.arange(12), 15).astype(str)
    truth = rng.integers(3, size=180)
    probabilities = probable(rng, truth, 3, 50) + 1e-3
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    predicted = probabilities.argmax(axis=1)
    folds = np.arange(180) // 60 if folded else np.zeros(180, int)
    found = score_intervals(truth, predicted, probabilities, groups, 3, folds=folds if folded else None)
    drawn = written_out(truth, predicted, probabilities, groups, 3, folds, 500)
    tail = scipy.stats.norm.cdf(np.sqrt(12 / 11) * scipy.stats.t.ppf(0.025, 11))  # Hesterberg 2015
    assert tail < 0.012
    for name, ends in {**found.metrics, **found.per_class}.items():
        values = np.array(drawn[name])
        expected = np.quantile(values, [tail, 1 - tail], axis=0).T
        np.testing.assert_allclose(ends, expected, atol=0.5 * values.std(axis=0).max(), err_msg=name)


def test_clustered_data_have_wider_intervals_when_groups_are_drawn(rng):
    truth = np.repeat(np.arange(2), 100)
    group = np.arange(200) // 10
    predicted = np.where(group % 4 == 0, 1 - truth, truth)  # whole recordings right or wrong
    probabilities = 0.2 + 0.6 * np.eye(2)[predicted] + 0.01 * rng.random((200, 1)) * [1, -1]
    alone = score_intervals(truth, predicted, probabilities, np.arange(200).astype(str), 2)
    drawn = score_intervals(truth, predicted, probabilities, group.astype(str), 2)
    estimates = score_predictions(truth, predicted, probabilities, 2)
    for name, (low, high) in drawn.metrics.items():
        assert high - low > 2 * np.diff(alone.metrics[name]), name
        assert low <= estimates[name] <= high, name
    for name, ends in drawn.per_class.items():
        assert (np.diff(ends) > 2 * np.diff(alone.per_class[name])).all(), name


@pytest.mark.parametrize("n_groups", [2, 5, 50])
def test_without_an_error_the_uncertain_end_is_the_exact_binomial_bound(n_groups):
    truth = np.tile([0, 1], 2 * n_groups)
    groups = np.repeat(np.arange(n_groups), 4).astype(str)
    bound = scipy.stats.binomtest(n_groups, n_groups).proportion_ci(0.95, "exact").low
    sure = score_intervals(truth, truth, np.eye(2)[truth], groups, 2)
    lost = score_intervals(truth, 1 - truth, np.eye(2)[1 - truth], groups, 2)
    for name in ("accuracy", "balanced_accuracy", "macro_f1", "roc_auc", "average_precision"):
        assert sure.metrics[name] == pytest.approx((bound, 1))
        if name != "average_precision":  # which is never 0: the positives come at last
            assert lost.metrics[name] == pytest.approx((0, 1 - bound))
    assert sure.metrics["mcc"] == pytest.approx((2 * bound - 1, 1))
    assert lost.metrics["mcc"] == pytest.approx((-1, 1 - 2 * bound))
    assert sure.metrics["brier"] == pytest.approx((0, 2 * (1 - bound)))
    assert lost.metrics["brier"] == pytest.approx((2 * bound, 2))
    most = -np.log(np.finfo(float).eps)
    assert sure.metrics["log_loss"] == pytest.approx((0, most * (1 - bound)), abs=1e-12)
    assert lost.metrics["log_loss"] == pytest.approx((most * bound, most))
    for name in ("precision", "recall", "f1"):
        np.testing.assert_allclose(sure.per_class[name], [[bound, 1]] * 2)
        np.testing.assert_allclose(lost.per_class[name], [[0, 1 - bound]] * 2)


def test_a_perfect_ranking_is_as_sure_as_its_groups_though_decisions_are_wrong(rng):
    truth = np.tile([0, 1], 20)
    positive = np.where(truth == 1, 0.3, 0.1) + 0.1 * rng.random(40)
    probabilities = np.column_stack([1 - positive, positive])
    found = score_intervals(truth, np.zeros(40, int), probabilities, np.repeat(np.arange(8), 5).astype(str), 2).metrics
    assert found["roc_auc"] == found["average_precision"] == pytest.approx((0.025 ** (1 / 8), 1))
    assert found["accuracy"][1] < 1


def test_a_class_is_only_as_sure_as_its_own_groups():
    """Ten groups, three of them of class 1: without an error its recall rests on three."""
    truth = np.repeat([0] * 7 + [1] * 3, 4)
    found = score_intervals(truth, truth, None, np.repeat(np.arange(10), 4).astype(str), 2).per_class
    for ends in found.values():
        np.testing.assert_allclose(ends, [[0.025 ** (1 / 7), 1], [0.025 ** (1 / 3), 1]])
    found = score_intervals(truth, truth, None, np.repeat([0, 1], [28, 12]).astype(str), 2).per_class
    for ends in found.values():
        np.testing.assert_allclose(ends, [[0, 1], [0, 1]])


def test_one_group_says_nothing_of_others():
    truth = np.array([0, 1, 0, 1])
    for predicted in (truth, 1 - truth, np.zeros(4, int)):
        found = score_intervals(truth, predicted, np.eye(2)[predicted], ["g"] * 4, 2)
        assert found.metrics == {name: (min(ends), max(ends)) for name, ends in ENDS.items()}


def test_what_is_undefined_has_no_interval():
    truth = np.array([0, 0, 0, 0])
    predicted = np.array([0, 0, 0, 1])
    found = score_intervals(truth, predicted, np.full((4, 3), 1 / 3), list("abcd"), 3)
    assert [name for name, ends in found.metrics.items() if ends is None] == ["mcc", "roc_auc", "average_precision"]
    undefined = {name: np.isnan(ends).all(axis=1).tolist() for name, ends in found.per_class.items()}
    assert undefined == {"precision": [False, False, True], "recall": [False, True, True], "f1": [False, False, True]}


def test_resamples_without_a_class_are_not_counted():
    """Class 1 lies in one group of six; a third of the resamples have no ROC area."""
    truth = np.repeat([0, 0, 0, 0, 0, 1], 4)
    positive = np.tile([0.2, 0.4, 0.6, 0.8], 6)
    found = score_intervals(
        truth, truth, np.column_stack([1 - positive, positive]), np.repeat(np.arange(6), 4).astype(str), 2
    )
    assert found.metrics["roc_auc"] == pytest.approx((0.5, 0.5))


def test_an_interval_depends_on_the_seed_only(rng, monkeypatch):
    truth, predicted, groups = clustered(rng, 10)
    probabilities = probable(rng, truth, 2)
    first = score_intervals(truth, predicted, probabilities, groups, 2, seed=1).metrics
    np.random.seed(0)  # noqa: NPY002
    assert score_intervals(truth, predicted, probabilities, groups, 2, seed=1).metrics == first
    assert score_intervals(truth, predicted, probabilities, groups, 2, seed=2).metrics != first
    order = rng.permutation(len(truth))
    again = score_intervals(truth[order], predicted[order], probabilities[order], groups[order], 2, seed=1).metrics
    for name, ends in first.items():
        assert again[name] == pytest.approx(ends, rel=1e-12)
    monkeypatch.setattr(bootstrap, "_CELLS", 1)  # smaller blocks
    small = score_intervals(truth, predicted, probabilities, groups, 2, seed=1).metrics
    for name, ends in first.items():
        assert small[name] == pytest.approx(ends, rel=1e-12)


def test_a_class_that_never_occurs_changes_nothing(rng):
    truth, predicted, groups = clustered(rng, 10)
    assert score_intervals(truth, predicted, None, groups, 5).metrics == score_intervals(
        truth, predicted, None, groups, 2
    ).metrics  # fmt: skip


def test_repeats_of_the_same_clips_do_not_make_surer(rng):
    truth, predicted, groups = clustered(rng, 20)
    probabilities = probable(rng, truth, 2)
    once = score_intervals(truth, predicted, probabilities, groups, 2).metrics
    thrice = score_intervals(
        np.tile(truth, 3), np.tile(predicted, 3), np.tile(probabilities, (3, 1)), np.tile(groups, 3), 2
    ).metrics
    for name, ends in once.items():
        assert thrice[name] == pytest.approx(ends), name


def test_large_rankings_see_fewer_resamples_and_little_else_changes(rng, monkeypatch):
    truth, predicted, groups = clustered(rng, 40)
    probabilities = probable(rng, truth, 2)
    whole = score_intervals(truth, predicted, probabilities, groups, 2).metrics
    monkeypatch.setattr(bootstrap, "_RANKED", 1)
    fewer = score_intervals(truth, predicted, probabilities, groups, 2).metrics
    for name, ends in whole.items():
        if name in ("roc_auc", "average_precision"):
            assert fewer[name] != ends
            np.testing.assert_allclose(fewer[name], ends, atol=0.2 * np.diff(ends).item())
        else:
            assert fewer[name] == ends


def test_many_classes_and_clips_fit_into_memory(rng, monkeypatch):
    """A table of groups × classes² would take 8 GB here."""
    monkeypatch.setattr(bootstrap, "_RESAMPLES", 300)
    truth, predicted = predictions(rng, 300, 10000)
    found = score_intervals(truth, predicted, None, np.arange(10000).astype(str), 300)
    low, high = found.metrics["accuracy"]
    assert 0 < low < (truth == predicted).mean() < high < 1
