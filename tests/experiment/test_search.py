"""The search of parameters: which candidates are fitted on which folds, and which one is chosen."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from materials import material

from audioclf.classifier.contract import Classifier, build_classifier
from audioclf.dataset.clips import Clip
from audioclf.errors import SpecError
from audioclf.experiment.search import FEW, Choice, Trial, better_half, search
from audioclf.experiment.space import candidates
from audioclf.results.metrics import RANKING
from audioclf.spec import param
from audioclf.validation.division import make_splits
from audioclf.validation.inner import inner_splits
from audioclf.validation.splits import Split


def clips_of(labels, groups=None):
    groups = groups or [None] * len(labels)
    return [Clip(Path(f"{i}.wav"), label, group) for i, (label, group) in enumerate(zip(labels, groups))]


class Oracle:
    """Right for a given share of the clips, which are numbers from 0 to 1; keeps count of its fits."""

    fits: list[str] = []

    def __init__(self, skill, name):
        self.skill, self.name = skill, name

    def fit(self, X, y):
        Oracle.fits.append(self.name)
        if self.skill < 0:
            raise ValueError(f"no skill {self.skill}")
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.where(X[:, 0] < self.skill, np.where(X[:, 1] > 0, "yes", "no"), np.where(X[:, 1] > 0, "no", "yes"))


@dataclass(frozen=True)
class Skilled(Classifier):
    name = "skilled"
    title = "right for so many clips"

    skill: float = param(0.5, "share")
    style: str = param("plain", "makes no difference")

    def build(self, seed: int) -> Any:
        return Oracle(self.skill, self.spec)


class Sure(Oracle):
    """Has probabilities too."""

    def predict_proba(self, X):
        yes = self.predict(X) == "yes"
        return np.column_stack([1.0 - yes, yes])


@dataclass(frozen=True)
class SureOne(Skilled):
    name = "sure"

    def build(self, seed: int) -> Any:
        return Sure(self.skill, self.spec)


@pytest.fixture
def questions():
    """60 clips of which `Oracle` knows the share that its skill says, in each of six test parts."""
    share = np.tile(np.linspace(0.05, 0.95, 10), 6)
    truth = np.where(np.arange(60) % 2 == 0, "yes", "no")
    data = np.column_stack([share, np.where(truth == "yes", 1.0, -1.0)]).astype(np.float32)
    parts = np.arange(60).reshape(6, 10)
    splits = [Split(0, fold, np.setdiff1d(np.arange(60), part), part) for fold, part in enumerate(parts)]
    Oracle.fits.clear()
    return data, truth, splits


def choose(skills, questions, n_splits=3, kind=Skilled, metric="accuracy"):
    data, truth, splits = questions
    return search([kind(skill) for skill in skills], material(data, None, truth), splits[:n_splits], metric)


def test_the_best_wins_and_the_worse_half_is_dropped_after_every_third_of_the_folds(questions):
    choice = choose([0.5, 0.1, 0.2, 0.3, 0.4, 0.9, 0.6, 0.7], questions)
    assert choice.best == Skilled(0.9)
    assert choice.score == pytest.approx(0.9)
    assert choice.method == "successive halving"
    assert choice.fits == len(Oracle.fits) == 8 + 4 + 2
    by_spec = {trial.spec: trial for trial in choice.trials}
    assert by_spec["skilled:skill=0.1"] == Trial(
        "skilled:skill=0.1", (pytest.approx(0.1), None, None), pytest.approx(0.1)
    )
    assert None not in by_spec["skilled:skill=0.7"].folds
    assert choice.trials[0].spec == "skilled"


@pytest.mark.parametrize(
    ("n_candidates", "n_splits", "fits"),
    [(2, 3, 6), (3, 3, 9), (4, 3, 8), (5, 3, 5 + 3 + 2), (7, 2, 7 + 4), (6, 6, 12 + 6 + 4), (8, 1, 8)],
)
def test_the_fits_are_counted(questions, n_candidates, n_splits, fits):
    choice = choose(np.linspace(0.1, 0.9, n_candidates).round(2), questions, n_splits)
    assert choice.fits == len(Oracle.fits) == fits
    assert choice.method == ("exhaustive" if n_candidates <= FEW or n_splits == 1 else "successive halving")
    assert choice.best == Skilled(0.9)


def test_equal_candidates_are_not_dropped(questions):
    data, truth, splits = questions
    equal = [Skilled(0.7), *(Skilled(0.7, f"s{i}") for i in range(6)), Skilled(0.1)]
    choice = search(equal, material(data, None, truth), splits[:3])
    assert choice.fits == 8 + 7 + 7
    assert choice.best == equal[0]


def test_of_equal_candidates_the_one_asked_for_wins_then_the_earlier(questions):
    data, truth, splits = questions
    asked, other, same = Skilled(0.7), Skilled(0.7, "other"), Skilled(0.7, "same")
    assert search([asked, other, same], material(data, None, truth), splits[:3]).best == asked
    assert search([Skilled(0.2), other, same], material(data, None, truth), splits[:3]).best == other
    assert (
        search([Skilled(0.2), same, Skilled(0.3), other, Skilled(0.1)], material(data, None, truth), splits).best
        == same
    )


def test_rounding_decides_nothing():
    means = np.array([0.7 - 1e-16, 0.1 + 0.2 + 0.4, 0.7, 0.1, 0.05])
    assert better_half([0, 1, 2, 3, 4], means) == [0, 1, 2]
    assert better_half([3, 4], means) == [3, 4]
    assert better_half([0, 3, 4], np.full(5, -np.inf)) == [0, 3, 4]


def test_one_candidate_needs_no_fits(questions):
    assert choose([0.5], questions) == Choice(Skilled(0.5), None, 0, "exhaustive")


def test_without_splits_the_one_asked_for_is_kept_with_a_warning(questions):
    choice = choose([0.5, 0.9], questions, n_splits=0)
    assert (choice.best, choice.score, choice.fits) == (Skilled(0.5), None, 0)
    assert "can't be divided" in choice.warnings[0]


def test_a_candidate_that_raises_is_out_with_a_warning(questions):
    choice = choose([-1.0, 0.2, 0.3, 0.4, -2.0], questions)
    assert choice.best == Skilled(0.4)
    assert [w.split(" failed")[0] for w in choice.warnings] == ["skilled:skill=-1", "skilled:skill=-2"]
    assert choice.warnings[0].endswith("ValueError: no skill -1.0")
    assert choice.fits == 5 + 2 + 2


def test_if_all_raise_the_first_error_is_raised(questions):
    with pytest.raises(ValueError, match=r"no skill -1\.0"):
        choose([-1.0, -2.0, -3.0, -4.0], questions)


class Fragile(Oracle):
    """Fails from its second fit on."""

    def fit(self, X, y):
        if self.name in Oracle.fits:
            raise ValueError("worn out")
        return super().fit(X, y)


@dataclass(frozen=True)
class FragileOne(Skilled):
    name = "skilled"

    def build(self, seed: int) -> Any:
        return Fragile(self.skill, self.spec)


def test_if_those_that_are_left_fail_the_dropped_ones_get_their_turn(questions):
    data, truth, splits = questions
    tried = [FragileOne(0.9), FragileOne(0.8), Skilled(0.3), Skilled(0.4)]
    choice = search(tried, material(data, None, truth), splits[:3])
    assert choice.best == Skilled(0.4)
    assert len(choice.warnings) == 2


@pytest.mark.parametrize("metric", RANKING)
def test_every_metric_that_ranks_can_choose(questions, metric):
    choice = choose([0.5, 0.1, 0.2, 0.3, 0.9], questions, kind=SureOne, metric=metric)
    assert choice.best == SureOne(0.9)
    assert 0.5 < choice.score < 1


def test_a_metric_that_is_nowhere_defined_keeps_the_one_asked_for(questions):
    choice = choose([0.5, 0.1, 0.9, 0.2], questions, metric="roc_auc")
    assert (choice.best, choice.score) == (Skilled(0.5), None)
    assert "ROC AUC" in choice.warnings[-1]


def test_an_unknown_metric_is_refused(questions):
    with pytest.raises(SpecError, match="a search can't go by 'log_loss'"):
        choose([0.5, 0.6], questions, metric="log_loss")


# --- with real classifiers --------------------------------------------------------------------------------


def rings(rng, n=120):
    """A disc within a ring, among features that say nothing: a wide kernel can't part them."""
    labels = np.array(["disc", "ring"])[np.arange(n) % 2]
    angle, radius = rng.uniform(0, 2 * np.pi, n), np.where(labels == "disc", 0.7, 2.0) + rng.normal(0, 0.15, n)
    data = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]).astype(np.float32)
    return data, labels


def test_tuning_helps_where_the_parameters_asked_for_are_bad(rng):
    data, truth = rings(rng)
    unseen, unseen_truth = rings(rng)
    clips = clips_of(truth.tolist())
    splits = inner_splits(clips, np.arange(len(clips)))
    grid = {"svm": {"C": [0.01, 1.0, 10.0], "gamma": ["0.01x", None, "100x"]}}
    asked = type(build_classifier("svm"))(C=0.01, gamma="0.01x")
    tried = [asked, *candidates(build_classifier("svm"), grid)]
    choice = search(tried, material(data, None, truth), splits)

    def accuracy(classifier):
        return np.mean(classifier.build(0).fit(data, truth).predict(unseen) == unseen_truth)

    assert accuracy(asked) < 0.8
    assert accuracy(choice.best) > 0.95
    assert choice.score > 0.95


def test_sequences_are_searched_too_and_alike_every_time(rng):
    lengths = rng.integers(6, 12, 24)
    truth = np.array(["rise", "fall"])[np.arange(24) % 2]
    parts = [
        np.linspace(0, 1, n)[:: 1 if label == "rise" else -1, None] + rng.normal(0, 0.1, (n, 2))
        for n, label in zip(lengths, truth)
    ]
    data = np.concatenate(parts).astype(np.float32)
    splits = inner_splits(clips_of(truth.tolist(), [f"g{i // 2}" for i in range(24)]), np.arange(24))
    tried = candidates(build_classifier("hmm:iterations=3"), {"hmm": {"states": [1, 2, 3, 4]}})
    first, second = (
        pickle.loads(pickle.dumps(search(tried, material(data, lengths, truth), splits, seed=1))) for _ in range(2)
    )
    assert first == second
    assert first.best.states > 1  # one state can't tell up from down
    assert first.score > 0.9


@pytest.mark.parametrize("spec", ["rf:trees=10", "knn", "svm"])
def test_the_choice_depends_on_the_arguments_only(rng, spec):
    data = rng.normal(size=(60, 5)).astype(np.float32)
    truth = np.array(["a", "b", "c"])[rng.integers(0, 3, 60)]
    splits = inner_splits(clips_of(truth.tolist()), np.arange(60), seed=2)
    tried = candidates(build_classifier(spec))
    first = search(tried, material(data, None, truth), splits, "macro_f1", seed=3)
    np.random.default_rng().normal()
    np.random.seed(7)  # noqa: NPY002
    assert search(tried, material(data, None, truth), splits, "macro_f1", seed=3) == first


def test_outer_splits_serve_as_well(rng):
    data, truth = rings(rng, 60)
    clips = clips_of(truth.tolist(), [f"g{i // 3}" for i in range(60)])
    choice = search(candidates(build_classifier("knn")), material(data, None, truth), make_splits(clips, 5).splits)
    assert choice.score > 0.9
    best = next(trial for trial in choice.trials if trial.spec == choice.best.spec)
    assert len(best.folds) == 5
    assert choice.score == pytest.approx(np.mean(best.folds))


def test_probabilities_are_not_calibrated_where_only_labels_count(rng, monkeypatch):
    data, truth = rings(rng, 40)
    splits = inner_splits(clips_of(truth.tolist()), np.arange(40))
    kind = type(build_classifier("svm"))

    def refuse(self, seed):
        raise AssertionError("not needed")

    tried = candidates(build_classifier("svm"), budget=2)
    with monkeypatch.context() as patch:
        patch.setattr(kind, "build", refuse)
        assert search(tried, material(data, None, truth), splits).score is not None
    assert search(tried, material(data, None, truth), splits, "roc_auc").score is not None
