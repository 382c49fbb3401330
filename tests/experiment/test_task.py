"""What is asked of a classifier: one label a clip, or several."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from audioclf.audit.finding import Finding
from audioclf.dataset.clips import Clip, Dataset
from audioclf.experiment.task import TASKS, OneLabel, SeveralLabels, task_named, task_of

ONE, SEVERAL = OneLabel(("birds", "music")), SeveralLabels(("birds", "music"))
CLIPS = [Clip(Path(f"{i}.wav"), label) for i, label in enumerate(["music", "birds", "birds;music", ""])]


class Unsure:
    """Says of every clip that it is music with 0.7, and has never heard of birds."""

    classes_ = np.array(["music"])

    def predict_proba(self, inputs):
        return np.full((len(inputs), 1), 0.7)


class Silent:
    """Has no probabilities."""

    def predict(self, inputs):
        return np.array(["birds", "music"])[: len(inputs)]


def test_the_task_is_that_of_the_data_set():
    assert task_of(Dataset("one", CLIPS[:2])) == ONE
    assert task_of(Dataset("several", CLIPS, multilabel=True)) == SEVERAL


@pytest.mark.parametrize("task", [ONE, SEVERAL])
def test_a_record_names_the_task(task):
    assert task_named(task.kind, ["music", "birds"]) == task
    assert TASKS[task.kind] is type(task)


def test_labels_divide_folds_only_where_clips_carry_several():
    assert ONE.tags is None
    assert SEVERAL.tags == ["birds", "music"]


def test_findings_of_classes_mean_nothing_where_there_are_none():
    findings = [Finding("quality", "clipping", "note", "x"), Finding("shortcuts", "duration", "serious", "y")]
    assert ONE.meant(findings) == findings
    assert SEVERAL.meant(findings) == findings[:1]


@pytest.mark.parametrize("task", [ONE, SEVERAL])
def test_metrics_that_rank_are_metrics_and_the_balanced_one_can_rank(task):
    assert set(task.ranking) <= set(task.titles)
    assert task.balanced in task.ranking


def test_truth_targets_and_text():
    assert ONE.truth(CLIPS[:2]).tolist() == [1, 0]
    assert ONE.target(np.array([1, 0])).tolist() == ["music", "birds"]
    truth = SEVERAL.truth(CLIPS)
    assert truth.tolist() == [[False, True], [True, False], [True, True], [False, False]]
    assert SEVERAL.target(truth) is truth
    assert ONE.texts(np.array([1, 0])).tolist() == ["music", "birds"]
    assert SEVERAL.texts(truth).tolist() == ["music", "birds", "birds;music", ""]


def test_a_label_that_was_not_learnt_has_probability_0():
    answers, probabilities = ONE.answers(Unsure(), [0, 0])
    assert answers.tolist() == [1, 1]
    assert probabilities.tolist() == [[0.0, 0.7], [0.0, 0.7]]


def test_answers_without_probabilities():
    answers, probabilities = ONE.answers(Silent(), [0, 0])
    assert answers.tolist() == [0, 1]
    assert probabilities is None


def test_several_labels_apply_from_one_half():
    assert SEVERAL.decide(np.array([[0.5, 0.49]])).tolist() == [[True, False]]


def test_one_score_is_that_among_all(rng):
    truth = rng.integers(0, 2, 40)
    probabilities = rng.dirichlet([1, 1], 40)
    predicted = ONE.decide(probabilities)
    everything = ONE.scores(truth, predicted, probabilities)
    assert {name: ONE.score(name, truth, predicted, probabilities) for name in everything} == pytest.approx(everything)
    assert np.isnan(ONE.score("roc_auc", truth, predicted, None))


def test_only_classes_have_a_confusion_matrix():
    assert ONE.confusion_matrix(np.array([0, 1, 1]), np.array([1, 1, 1])).tolist() == [[0, 1], [0, 2]]
    assert SEVERAL.confusion_matrix(np.ones((1, 2), bool), np.ones((1, 2), bool)) is None


@pytest.mark.parametrize(
    ("task", "classes", "told"),
    [
        (ONE, np.array(["birds"]), ""),  # it may not have seen all
        (ONE, np.array(["birds", "cars"]), "lacks cars, which the estimator answers"),
        (SEVERAL, np.arange(2), ""),
        (SEVERAL, np.arange(3), "lacks 2, which the estimator answers"),
        (SEVERAL, np.arange(1), "2 of them, but the estimator knows 1"),
    ],
)
def test_an_estimator_of_other_labels_does_not_fit(task, classes, told):
    assert task.misfit(classes) == told
