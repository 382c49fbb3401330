"""What matters to a classifier: columns named rightly, permuted together, the drop where the class is told."""

from __future__ import annotations

import numpy as np
import pytest
from materials import material

from audioclf.classifier.contract import build_classifier
from audioclf.comparison import importance
from audioclf.comparison.importance import parts, permutation_importance
from audioclf.experiment.experiment import Experiment
from audioclf.features.inputs import inputs_of
from audioclf.features.specs import build_extractors, vector_names
from audioclf.validation.splits import Split

SPEC = "mfcc:deltas=1:n_coeffs=4+zcr+gfcc:n_coeffs=3"
POOLED = ("mean", "std", "p95")


def experiment(classifier, extractors):
    return Experiment("+".join(x.spec for x in extractors), tuple(extractors), build_classifier(classifier))


def folds(n_clips, n_folds=3):
    rows = np.arange(n_clips)
    return [Split(0, i, rows[rows % n_folds != i], rows[rows % n_folds == i]) for i in range(n_folds)]


@pytest.fixture
def told(rng):
    """36 clips of 2 classes, which only zcr and, weakly, mfcc_1 tell apart."""
    extractors = build_extractors(SPEC)
    names = vector_names(extractors, POOLED)
    truth = np.array(["dog", "cat"])[np.arange(36) // 3 % 2]
    data = rng.standard_normal((36, len(names))).astype(np.float32)
    for how in POOLED:
        data[:, names.index(f"zcr_{how}")] += 20 * (truth == "dog")
    data[:, names.index("mfcc_1_p95")] += 1 * (truth == "dog")
    return extractors, data, truth


@pytest.mark.parametrize("spec", ["mfcc", SPEC, "gfcc:deltas=2+spectral"])
@pytest.mark.parametrize("pooled", [POOLED, ("mean",)])
def test_columns_are_those_that_vector_names_name(spec, pooled):
    extractors = build_extractors(spec)
    names = vector_names(extractors, pooled)
    everything = parts(extractors, inputs_of("vectors", np.zeros((1, len(names)), np.float32)))
    coefficients = [part for part in everything if part.name]
    for part in coefficients:
        assert [names[i] for i in part.columns] == [f"{part.name}_{how}" for how in pooled]
    families = [part for part in everything if not part.name]
    assert [part.extractor for part in families] == [extractor.spec for extractor in extractors]
    for part, extractor in zip(families, extractors):
        assert [names[i] for i in part.columns] == vector_names([extractor], pooled)
    for level in (families, coefficients):
        assert sorted(np.concatenate([part.columns for part in level])) == list(range(len(names)))


def test_columns_of_frames_are_the_coefficients():
    extractors = build_extractors(SPEC)
    names = [name for extractor in extractors for name in extractor.coefficient_names]
    frames = inputs_of("sequences", np.zeros((2, len(names)), np.float32), np.array([2]))
    assert [(part.name, part.columns.tolist()) for part in parts(extractors, frames) if part.name] == [
        (name, [i]) for i, name in enumerate(names)
    ]


def test_finds_what_tells_the_classes_apart(told):
    extractors, data, truth = told
    found = permutation_importance(
        experiment("logreg", extractors), material(data, None, truth), folds(36), "accuracy", seed=0
    )
    assert (found.features, found.classifier, found.metric) == (SPEC, "logreg", "accuracy")
    assert found.baseline == 1.0
    assert found.extractors[0].name == "zcr"
    assert found.coefficients[0].name == "zcr"
    assert found.coefficients[0].extractor == "zcr"
    assert found.coefficients[0].drop == found.extractors[0].drop  # the same columns
    assert 0.2 < found.extractors[0].drop < 0.6
    falls = [item.drop for item in found.coefficients]
    assert falls == sorted(falls, reverse=True)
    assert len(falls) == sum(len(extractor.coefficient_names) for extractor in extractors)


def test_without_the_signal_nothing_but_chance_is_left(told):
    extractors, data, truth = told
    only = build_extractors("zcr")
    column = vector_names(extractors, POOLED).index("zcr_std")
    data = np.repeat(data[:, [column]], 3, axis=1)
    balanced = [Split(0, i, np.setdiff1d(np.arange(36), t), t) for i, t in enumerate(np.arange(36).reshape(2, 18))]
    found = permutation_importance(
        experiment("knn", only), material(data, None, truth), balanced, "balanced_accuracy", seed=0
    )
    # A fold has 9 clips of each class: a permuted one is right with probability one half.
    assert found.extractors[0].drop == pytest.approx(0.5, abs=0.15)
    assert found.extractors[0].std > 0


def test_does_by_hand_what_one_fold_does(told):
    """A nearest neighbour of one column: predictions after the permutation are the partners' labels."""
    truth = told[2]
    only = build_extractors("zcr")
    data = (100 * (truth == "dog")[:, None] + np.zeros((36, 3))).astype(np.float32)
    split = folds(36)[1]
    found = permutation_importance(experiment("knn", only), material(data, None, truth), [split], "accuracy", seed=7)
    draws = np.random.default_rng([7, split.fold])
    agree = [
        np.mean(truth[draws.choice(split.test, len(split.test), replace=False)] == truth[split.test]) for _ in range(5)
    ]
    assert found.extractors[0].drop == pytest.approx(1 - np.mean(agree), abs=1e-6)


@pytest.mark.parametrize("metric", ["macro_f1", "mcc", "roc_auc"])
def test_the_metric_is_the_runs(told, metric):
    extractors, data, truth = told
    found = permutation_importance(
        experiment("logreg", extractors), material(data, None, truth), folds(36), metric, seed=0
    )
    assert found.metric == metric
    assert found.baseline == pytest.approx(1.0)
    assert found.extractors[0].drop > 0.2


def test_same_numbers_for_any_blocks_and_workers(told, monkeypatch):
    extractors, data, truth = told
    arguments = (experiment("svm", extractors), material(data, None, truth), folds(36), "accuracy", 3)
    whole = permutation_importance(*arguments)
    monkeypatch.setattr(importance, "_BLOCK", 1)
    monkeypatch.setattr("audioclf.parallel.PATIENCE", 0.0)
    assert permutation_importance(*arguments, workers=2) == whole


def test_only_the_first_repeat_counts(told):
    extractors, data, truth = told
    first = folds(36)
    again = [Split(1, split.fold, split.train[:2], split.test) for split in first]
    arguments = (experiment("knn", extractors), material(data, None, truth))
    assert permutation_importance(*arguments, first + again, "accuracy", 0) == permutation_importance(
        *arguments, first, "accuracy", 0
    )


def test_folds_of_one_class_trade_with_all_clips(told):
    extractors, data, truth = told
    rows = np.arange(36)
    groups = rows // 3  # each of one class
    splits = [Split(0, g, rows[groups != g], rows[groups == g]) for g in range(12)]
    found = permutation_importance(experiment("logreg", extractors), material(data, None, truth), splits, "accuracy", 0)
    assert found.extractors[0].name == "zcr"
    assert found.extractors[0].drop > 0.2


def test_many_coefficients_are_left_out_and_large_data_gets_fewer_repeats(told, monkeypatch):
    extractors, data, truth = told
    arguments = (experiment("knn", extractors), material(data, None, truth), folds(36), "accuracy", 0)
    monkeypatch.setattr(importance, "MOST_COEFFICIENTS", 5)
    found = permutation_importance(*arguments)
    assert found.coefficients == []
    assert len(found.extractors) == 3
    assert found.repeats == 5
    monkeypatch.setattr(importance, "MOST_NUMBERS", 2 * 3 * data.size)
    assert permutation_importance(*arguments).repeats == 2


def test_says_when_the_columns_are_not_the_extractors(told):
    extractors, data, truth = told
    with pytest.raises(ValueError, match="columns"):
        permutation_importance(
            experiment("knn", extractors), material(data[:, 1:], None, truth), folds(36), "accuracy", 0
        )


@pytest.fixture
def courses(rng):
    """12 clips of different lengths with two coefficients, of which only the second, centroid, rises or falls."""
    truth = np.array(["rise", "fall"] * 6)
    lengths = rng.integers(15, 30, 12)
    clips = []
    for label, length in zip(truth, lengths):
        course = np.linspace(-2, 2, length) * (1 if label == "rise" else -1)
        clips.append(np.column_stack([rng.standard_normal(length), course + 0.1 * rng.standard_normal(length)]))
    return build_extractors("zcr+centroid"), np.concatenate(clips).astype(np.float32), lengths, truth


def test_sequences_lose_the_course_that_tells(courses):
    extractors, data, lengths, truth = courses
    rows = np.arange(12)
    splits = [Split(0, i, rows[rows // 2 % 2 != i], rows[rows // 2 % 2 == i]) for i in range(2)]
    classifier = "hmm:states=3:mixtures=1:calibration_folds=0"
    found = permutation_importance(
        experiment(classifier, extractors), material(data, lengths, truth), splits, "accuracy", seed=0
    )
    assert found.baseline == 1.0
    assert [item.name for item in found.extractors] == ["centroid", "zcr"]
    assert found.extractors[0].drop > 0.2
    assert abs(found.extractors[1].drop) < 0.1
    assert [item.drop for item in found.coefficients] == [item.drop for item in found.extractors]


def test_many_sequences_are_permuted_less(courses, monkeypatch):
    extractors, data, lengths, truth = courses
    splits = [Split(0, 0, np.arange(6), np.arange(6, 12))]
    classifier = "hmm:states=2:mixtures=1:calibration_folds=0"
    arguments = (experiment(classifier, extractors), material(data, lengths, truth), splits, "accuracy", 0)
    monkeypatch.setattr(importance, "MOST_SEQUENCES", 12 * 4 * 3)
    found = permutation_importance(*arguments)
    assert (found.repeats, len(found.coefficients)) == (3, 2)
    monkeypatch.setattr(importance, "MOST_SEQUENCES", 12 * 2)
    found = permutation_importance(*arguments)
    assert (found.repeats, len(found.extractors), len(found.coefficients)) == (1, 2, 0)
