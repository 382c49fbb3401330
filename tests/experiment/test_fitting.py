"""Folds fitted over processes: what comes of each experiment, of those that fail, and of a search."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audioclf.classifier.contract import Classifier, build_classifier
from audioclf.dataset.clips import Clip
from audioclf.experiment import fitting
from audioclf.experiment.experiment import Experiment
from audioclf.experiment.fitting import Course, Outcome
from audioclf.experiment.material import Sources
from audioclf.experiment.search import Choice
from audioclf.experiment.task import OneLabel
from audioclf.features.extraction import Extraction
from audioclf.features.specs import build_extractors
from audioclf.spec import param
from audioclf.validation.division import make_splits
from audioclf.validation.inner import with_inner

ZCR = tuple(build_extractors("zcr"))


@pytest.fixture
def sources():
    """24 clips in groups of two; the numbers of class b are twelve larger."""
    clips = [Clip(Path(f"{i}.wav"), "ab"[i % 2], f"g{i // 2}") for i in range(24)]
    values = np.array([[float(i // 2 + 12 * (i % 2))] for i in range(24)], np.float32)
    lengths = np.ones(24, np.int64)
    return Sources(OneLabel(("a", "b")), Extraction(clips, {ZCR[0]: values}, {}, lengths, {}, [], {}))


@pytest.fixture
def course(sources):
    """Three folds with inner ones, and beside them two that ignore groups."""
    clips = sources.extraction.clips
    splits = with_inner(make_splits(clips, 3), clips)
    naive = with_inner(make_splits([replace(clip, group=None) for clip in clips], 2), clips)
    return Course(splits.splits, naive.splits)


def experiment(spec, *candidates):
    return Experiment("zcr", ZCR, build_classifier(spec), tuple(map(build_classifier, candidates)))


def run(experiments, sources, course, workers=1, **listening) -> dict[int, Outcome]:
    return dict(fitting.run(experiments, sources, course, workers, **listening))


@dataclass(frozen=True)
class Broken(Classifier):
    name = "broken"
    title = "raises"

    at: str = param("fit", "fit or predict")

    def build(self, seed: int) -> Any:
        return self

    def fit(self, X, y):
        if self.at == "fit":
            raise ValueError("can't fit")
        return self

    def predict(self, X):
        raise RuntimeError("can't predict")


def test_each_fold_answers_its_test_clips(sources, course):
    [outcome] = run([experiment("knn:k=1")], sources, course).values()
    truth = sources.task.truth(sources.extraction.clips)
    assert (len(outcome.folds), len(outcome.naive), outcome.choice) == (3, 2, None)
    for fold, split in zip((*outcome.folds, *outcome.naive), (*course.splits, *course.naive), strict=True):
        assert fold.probabilities.shape == (len(split.test), 2)
        assert np.mean(fold.predicted == truth[split.test]) > 0.8
        assert (fold.classifier.spec, fold.error, fold.choice) == ("knn:k=1", "", None)


def test_the_model_of_the_first_fold_only_is_measured(sources, course):
    [outcome] = run([experiment("knn")], sources, course).values()
    assert [fold.size is not None for fold in (*outcome.folds, *outcome.naive)] == [True] + [False] * 4


@pytest.mark.parametrize(
    ("at", "error"), [("fit", "ValueError: can't fit"), ("predict", "RuntimeError: can't predict")]
)
def test_a_fold_that_fails_says_why_and_the_other_experiments_go_on(sources, course, at, error):
    outcomes = run([Experiment("zcr", ZCR, Broken(at)), experiment("knn")], sources, course)
    assert [fold.error for fold in outcomes[0].folds] == [error] * 3
    assert all(len(fold.predicted) == 0 and fold.probabilities is None for fold in outcomes[0].folds)
    assert [fold.error for fold in outcomes[1].folds] == [""] * 3


def test_a_search_within_each_fold_and_one_over_the_folds(sources, course):
    [outcome] = run([experiment("knn:k=9", "knn:k=9", "knn:k=1")], sources, course).values()
    assert isinstance(outcome.choice, Choice)
    assert outcome.choice.fits == 2 * 3
    for fold, split in zip((*outcome.folds, *outcome.naive), (*course.splits, *course.naive), strict=True):
        assert fold.choice.best == fold.classifier
        assert [len(trial.folds) for trial in fold.choice.trials] == [len(split.inner)] * 2


def test_a_fold_whose_training_clips_cannot_be_divided_keeps_what_was_asked_for(sources, course):
    undivided = replace(course, splits=[replace(split, inner=()) for split in course.splits])
    [outcome] = run([experiment("knn:k=9", "knn:k=9", "knn:k=1")], sources, undivided).values()
    assert {fold.classifier.spec for fold in outcome.folds} == {"knn:k=9"}
    assert all("can't be divided" in fold.warnings[0] for fold in outcome.folds)


def test_a_search_that_fails_says_why(sources, course):
    broken = Experiment("zcr", ZCR, Broken("fit"), (Broken("fit"), Broken("predict")))
    [outcome] = run([broken], sources, course).values()
    assert outcome.choice == "ValueError: can't fit"
    assert {fold.error for fold in (*outcome.folds, *outcome.naive)} == {"ValueError: can't fit"}


def test_progress_counts_the_jobs_and_names_the_experiment(sources, course):
    told = []
    tuned = experiment("knn:k=9", "knn:k=9", "knn:k=1")
    run([experiment("knn"), tuned], sources, course, progress=lambda *facts: told.append(facts))
    titles = ["zcr with knn"] * 5 + ["zcr with knn:k=9"] * 6
    assert told == [*((done, 11, title) for done, title in enumerate(titles)), (11, 11, "")]


def test_the_same_over_processes(sources, course, monkeypatch):
    monkeypatch.setattr("audioclf.parallel.PATIENCE", 0.0)
    experiments = [experiment("knn"), experiment("logreg", "logreg", "logreg:C=0.1")]
    alone, shared = (run(experiments, sources, course, workers) for workers in (1, 2))
    for number, outcome in alone.items():
        other = shared[number]
        assert outcome.choice == other.choice
        for one, two in zip((*outcome.folds, *outcome.naive), (*other.folds, *other.naive), strict=True):
            np.testing.assert_array_equal(one.probabilities, two.probabilities)
            assert one.choice == two.choice


def test_an_outcome_cannot_be_changed(sources, course):
    [outcome] = run([experiment("knn")], sources, course).values()
    with pytest.raises(FrozenInstanceError):
        outcome.folds[0].fit_seconds = 0.0
    with pytest.raises(FrozenInstanceError):
        outcome.folds = ()
