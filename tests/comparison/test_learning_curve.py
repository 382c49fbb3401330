"""Learning curves: parts of the training clips that are nested, hold whole groups and every class."""

from __future__ import annotations

import numpy as np
import pytest
from materials import material

from audioclf.classifier.contract import build_classifier
from audioclf.comparison.learning_curve import SHARES, learning_curve, nested
from audioclf.experiment.experiment import Experiment
from audioclf.features.specs import build_extractors
from audioclf.validation.splits import Split


def experiment(classifier):
    return Experiment("mfcc", tuple(build_extractors("mfcc")), build_classifier(classifier))


def grouped(rng, n_groups=40, n_classes=3, mixed=False):
    """Groups of 1 to 5 clips, each of one class or of any."""
    truth, groups = [], []
    for group in range(n_groups):
        for _ in range(rng.integers(1, 6)):
            truth.append("abcdefgh"[rng.integers(n_classes) if mixed else group % n_classes])
            groups.append(f"g{group}")
    return np.array(truth), np.array(groups)


@pytest.mark.parametrize("mixed", [False, True])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_parts_are_nested_whole_and_stratified(mixed, seed):
    rng = np.random.default_rng(seed)
    truth, groups = grouped(rng, mixed=mixed)
    train = np.flatnonzero(rng.permutation(len(truth)) % 5 > 0)
    train = train[~np.isin(groups[train], ["g0", "g1"])]
    parts = nested(truth, groups, train, SHARES, seed)
    goal = np.array([np.mean(truth[train] == label) for label in "abc"])
    before: set[int] = set()
    for share, part in zip(SHARES, parts):
        assert part is not None
        assert before <= set(part.tolist()) <= set(train.tolist())
        before = set(part.tolist())
        assert not set(groups[part]) & set(groups[np.setdiff1d(train, part)])
        assert set(truth[part]) == set("abc")
        assert abs(len(part) - share * len(train)) <= 2.5  # half the largest group
        shares = np.array([np.mean(truth[part] == label) for label in "abc"])
        assert np.abs(shares - goal).max() * len(part) <= 5  # a group more or less
    assert sorted(parts[-1]) == sorted(train)


def test_a_rare_class_makes_small_shares_impossible():
    truth = np.array(["often"] * 40 + ["rare"] * 3)
    rows = np.arange(43)
    parts = nested(truth, rows.astype(str), rows, [0.05, 0.1, 0.5, 1.0], 0)
    assert [part is None for part in parts] == [True, True, False, False]


def test_speakers_who_say_every_word():
    speakers = np.repeat(np.arange(5), 20)
    truth = np.tile(np.arange(10).astype(str), 10)
    parts = nested(truth, speakers.astype(str), np.arange(100), SHARES, 0)
    assert [None if part is None else len(part) for part in parts] == [None, 20, 40, 60, 80, 100]


def test_seed_decides_which():
    truth, rows = np.array(["a", "b"] * 30), np.arange(60)
    one, same, other = (nested(truth, rows.astype(str), rows, [0.2], seed)[0] for seed in (0, 0, 1))
    assert one is not None
    assert other is not None
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


@pytest.fixture
def noisy(rng):
    truth = np.array(["a", "b", "c"] * 60)
    data = rng.standard_normal((180, 20)).astype(np.float32)
    data[:, :3] += 1.5 * (truth[:, None] == np.array(["a", "b", "c"]))
    rows = np.arange(180)
    splits = [Split(0, i, rows[rows // 3 % 3 != i], rows[rows // 3 % 3 == i]) for i in range(3)]
    return data, truth, splits


def test_more_clips_teach_more(noisy):
    data, truth, splits = noisy
    curve = learning_curve(experiment("logreg"), material(data, None, truth), splits, "accuracy", seed=0)
    points = curve.points
    assert (curve.features, curve.classifier, curve.metric) == ("mfcc", "logreg", "accuracy")
    assert [point.share for point in points] == list(SHARES)
    assert [point.n_train for point in points] == [12, 24, 48, 72, 96, 120]
    assert points[-1].mean > points[0].mean + 0.05
    assert all(point.std >= 0 for point in points)


def test_the_last_point_is_the_cross_validated_score(noisy):
    data, truth, splits = noisy
    classifier = build_classifier("knn")
    curve = learning_curve(experiment("knn"), material(data, None, truth), splits, "accuracy", seed=0)
    by_hand = []
    for split in splits:
        estimator = classifier.build(0).fit(data[split.train], truth[split.train])
        by_hand.append(np.mean(estimator.predict(data[split.test]) == truth[split.test]))
    assert curve.points[-1].mean == pytest.approx(np.mean(by_hand), abs=1e-6)
    assert curve.points[-1].std == pytest.approx(np.std(by_hand), abs=1e-6)


def test_same_numbers_for_any_number_of_workers(noisy, monkeypatch):
    data, truth, splits = noisy
    arguments = (experiment("logreg"), material(data, None, truth), splits, "macro_f1", 5)
    alone = learning_curve(*arguments)
    monkeypatch.setattr("audioclf.parallel.PATIENCE", 0.0)
    assert learning_curve(*arguments, workers=2) == alone


def test_sequences(rng):
    truth = np.array(["a", "b"] * 12)
    lengths = rng.integers(4, 9, 24)
    frames = np.repeat(np.where(truth == "a", 0.0, 3.0), lengths)
    data = (frames[:, None] + rng.standard_normal((lengths.sum(), 2))).astype(np.float32)
    rows = np.arange(24)
    splits = [Split(0, i, rows[rows // 2 % 2 != i], rows[rows // 2 % 2 == i]) for i in range(2)]
    classifier = experiment("hmm:states=2:mixtures=1:calibration_folds=0")
    curve = learning_curve(classifier, material(data, lengths, truth), splits, "accuracy", 0, shares=[0.5, 1.0])
    assert [point.n_train for point in curve.points] == [6, 12]
    assert curve.points[-1].mean > 0.9


def test_a_share_that_the_classifier_refuses_is_left_out(noisy, monkeypatch):
    data, truth, splits = noisy
    from sklearn.neighbors import KNeighborsClassifier

    fit = KNeighborsClassifier.fit

    def picky(self, X, y):
        if len(X) < 50:
            raise ValueError("too few")
        return fit(self, X, y)

    monkeypatch.setattr(KNeighborsClassifier, "fit", picky)
    curve = learning_curve(experiment("knn"), material(data, None, truth), splits, "accuracy", 0)
    assert [point.share for point in curve.points] == [0.6, 0.8, 1.0]


def test_shares_that_give_the_same_parts_are_told_once():
    truth = np.array(["a", "b"] * 8)
    speakers = [f"s{i // 4}" for i in range(16)]
    rows = np.arange(16)
    splits = [Split(0, 0, rows[:12], rows[12:])]  # three speakers to learn from
    data = np.where(truth == "a", 0.0, 1.0)[:, None].astype(np.float32)
    curve = learning_curve(experiment("knn:k=1"), material(data, None, truth, speakers), splits, "accuracy", 0)
    assert [(point.share, point.n_train) for point in curve.points] == [(0.2, 4), (0.6, 8), (1.0, 12)]
