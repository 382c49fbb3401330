"""Copies train, and never test: what classifiers are given of clips and their augmented copies."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from audioclf.classifier.contract import build_classifier
from audioclf.dataset.clips import Clip
from audioclf.experiment.material import Sources
from audioclf.experiment.task import OneLabel, SeveralLabels
from audioclf.features.extraction import Extraction
from audioclf.features.specs import build_extractors

ZCR = build_extractors("zcr")


def extraction(clips, values, lengths=None):
    """Every number of a clip is its value, so that it is known wherever it turns up."""
    lengths = np.array([2] * len(clips) if lengths is None else lengths)
    return Extraction(
        clips,
        {ZCR[0]: np.array(values, np.float32)[:, None]},
        {ZCR[0]: np.repeat(np.array(values, np.float32), lengths)[:, None]},
        lengths,
        {clip.path: clip.name for clip in clips},
        [],
        {},
    )


@pytest.fixture
def sources():
    clips = [Clip(Path(f"{i}.wav"), "ab"[i % 2], f"g{i // 2}") for i in range(6)]
    first = extraction(clips, [0, 1, 2, 3, 4, 5])
    second = extraction(clips, [10, 11, 12, 13, 14, 15], [3] * 6)
    third = extraction(clips[:4], [20, 21, 22, 23])  # two couldn't be made
    return Sources(OneLabel(("a", "b")), first, [second, third])


@pytest.mark.parametrize("takes", ["vectors", "sequences"])
def test_copies_of_the_clips_that_train_and_of_no_others(sources, takes):
    class Recorder:
        def fit(self, X, y, groups=None, clips=None):
            self.values = [float(np.ravel(x)[0]) for x in X]
            self.lengths = [len(x) for x in X]
            self.y, self.groups, self.clips = y.tolist(), groups, clips
            return self

    class Recipe:
        def build(self, seed):
            return Recorder()

    material = sources.material(ZCR, takes, augmented=True)
    assert len(material) == 6
    found = material.fit(Recipe(), 0, np.array([5, 2, 3]))
    assert found.values == [5, 2, 3, 12, 13, 15, 22, 23]
    assert found.y == list("bababbab")
    assert found.clips.tolist() == [5, 2, 3, 2, 3, 5, 2, 3]
    assert [material.groups[i] for i in found.clips] == found.groups.tolist()
    assert len(set(material.groups[[2, 3]])) == 1
    if takes == "sequences":
        assert found.lengths == [2, 2, 2, 3, 3, 3, 2, 2]
    assert [float(np.ravel(x)[0]) for x in material.asked(np.array([0, 1, 4]))] == [0, 1, 4]


def test_without_augmentation_the_rows_are_the_clips(sources):
    material = sources.material(ZCR, "vectors")
    assert material.learnt(np.array([3, 1])).tolist() == [3, 1]
    assert len(material.clips) == 6


def test_labels_of_several_kinds(sources):
    task = SeveralLabels(("a", "b"))
    clips = [Clip(Path(f"{i}.wav"), label) for i, label in enumerate(["a;b", "", "b", "a"])]
    material = Sources(task, extraction(clips, [1.0, 0.0, 0.6, 0.5])).material(ZCR, "vectors")
    assert material.truth.tolist() == [[True, True], [False, False], [False, True], [True, False]]
    assert len(set(material.groups.tolist())) == 4
    model = material.fit(build_classifier("knn:k=1"), 0, np.arange(4))
    predicted, probabilities = material.answers(model, np.arange(4))
    np.testing.assert_array_equal(predicted, material.truth)
    assert probabilities.shape == (4, 2)
    assert task.texts(predicted).tolist() == ["a;b", "", "b", "a"]
