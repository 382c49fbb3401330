"""Scores of predictions against scikit-learn."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import sklearn.metrics
from guesses import areas_of_scikit_learn, predictions, probable

from audioclf.results.metrics import ERRORS, TITLES
from audioclf.statistics.areas import class_areas
from audioclf.statistics.intervals import score_intervals
from audioclf.statistics.scores import ENDS, confusion_matrix, overall, per_class, score_predictions

COUNTED = ("accuracy", "balanced_accuracy", "macro_f1", "mcc")


@pytest.mark.parametrize("n_classes", [2, 3, 10])
@pytest.mark.parametrize("count", [1, 5, 300])
def test_scores_are_scikit_learns(rng, n_classes, count):
    for _ in range(20):
        truth, predicted = predictions(rng, n_classes, count)
        matrix = confusion_matrix(truth, predicted, n_classes)
        labels = list(range(n_classes))
        np.testing.assert_array_equal(matrix, sklearn.metrics.confusion_matrix(truth, predicted, labels=labels))
        present = sorted(set(truth.tolist()))
        found = overall(matrix)
        assert found["accuracy"] == pytest.approx(sklearn.metrics.accuracy_score(truth, predicted))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of classes that are predicted but don't occur
            recall = sklearn.metrics.recall_score(truth, predicted, labels=present, average="macro", zero_division=0)
            f1 = sklearn.metrics.f1_score(truth, predicted, labels=present, average="macro", zero_division=0)
            balanced = sklearn.metrics.balanced_accuracy_score(truth, predicted)
            mcc = sklearn.metrics.matthews_corrcoef(truth, predicted)
        assert found["balanced_accuracy"] == pytest.approx(recall)
        assert found["balanced_accuracy"] == pytest.approx(balanced)
        assert found["macro_f1"] == pytest.approx(f1)
        assert found["mcc"] == pytest.approx(mcc)
        parts = sklearn.metrics.precision_recall_fscore_support(truth, predicted, labels=labels, zero_division=0)
        for name, expected in zip(("precision", "recall", "f1", "support"), parts):
            np.testing.assert_allclose(per_class(matrix)[name], expected)


def test_scores_of_many_matrices_are_those_of_each(rng):
    matrices = rng.integers(0, 5, (7, 3, 4, 4))
    together, classes = overall(matrices), per_class(matrices)
    for i in np.ndindex(7, 3):
        for name, value in overall(matrices[i]).items():
            assert together[name][i] == pytest.approx(float(value))
        for name, value in per_class(matrices[i]).items():
            np.testing.assert_allclose(classes[name][i], value)


def test_scores_of_nothing_are_zero_and_not_nan():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert {name: float(value) for name, value in overall(np.zeros((3, 3), int)).items()} == {
            "accuracy": 0.0, "balanced_accuracy": 0.0, "macro_f1": 0.0, "mcc": 0.0,
        }  # fmt: skip


def test_every_metric_of_the_record_is_scored_in_its_order(rng):
    truth = rng.integers(3, size=30)
    probabilities = probable(rng, truth, 3)
    predicted = probabilities.argmax(axis=1)
    for given in (probabilities, None):
        assert list(score_predictions(truth, predicted, given, 3)) == list(TITLES)
        assert list(score_intervals(truth, predicted, given, np.arange(30).astype(str), 3).metrics) == list(TITLES)
    assert {name for name, (worst, best) in ENDS.items() if worst > best} == set(ERRORS) & set(TITLES)


@pytest.mark.parametrize("n_classes", [2, 3, 10])
@pytest.mark.parametrize("count", [5, 300])
@pytest.mark.parametrize("steps", [None, 4])
def test_scores_of_probabilities_are_scikit_learns(rng, n_classes, count, steps):
    for _ in range(5):
        truth = rng.integers(n_classes, size=count)
        probabilities = probable(rng, truth, n_classes, steps)
        each = class_areas(truth, probabilities, n_classes)
        expected = areas_of_scikit_learn(truth, probabilities, n_classes)
        np.testing.assert_allclose(each["roc_auc"], expected[0])
        np.testing.assert_allclose(each["average_precision"], expected[1])
        found = score_predictions(truth, probabilities.argmax(axis=1), probabilities, n_classes)
        if len(set(truth.tolist())) == 1:
            assert found["roc_auc"] is None
            assert found["average_precision"] is None
        else:
            assert found["roc_auc"] == pytest.approx(np.nanmean(expected[0]))
            assert found["average_precision"] == pytest.approx(np.nanmean(expected[1]))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # rounded rows don't add up to 1
            loss = sklearn.metrics.log_loss(truth, probabilities, labels=range(n_classes))
        assert found["log_loss"] == pytest.approx(loss)
        assert found["brier"] == pytest.approx(np.mean(np.sum((probabilities - np.eye(n_classes)[truth]) ** 2, axis=1)))


def test_scores_of_probabilities_at_their_ends():
    truth = np.array([0, 1, 2])
    best = score_predictions(truth, truth, np.eye(3), 3)
    assert best["log_loss"] == pytest.approx(0, abs=1e-15)
    assert (best["brier"], best["roc_auc"], best["average_precision"]) == (0.0, 1.0, 1.0)
    worst = score_predictions(truth, (truth + 1) % 3, np.eye(3)[(truth + 1) % 3], 3)
    assert worst["log_loss"] == pytest.approx(sklearn.metrics.log_loss(truth, np.eye(3)[(truth + 1) % 3]))
    assert worst["brier"] == 2.0
    assert worst["log_loss"] == pytest.approx(ENDS["log_loss"][0])


@pytest.mark.parametrize("probabilities", [None, np.array([[0.5, 0.5], [np.nan, 1.0]])])
def test_without_usable_probabilities_only_the_decisions_are_scored(probabilities):
    truth = np.array([0, 1])
    found = score_predictions(truth, truth, probabilities, 2)
    assert [name for name, value in found.items() if value is not None] == list(COUNTED)
    ends = score_intervals(truth, truth, probabilities, ["a", "b"], 2).metrics
    assert [name for name, value in ends.items() if value is not None] == list(COUNTED)
