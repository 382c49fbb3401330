"""Held-out test set: answered once, by the winner; what it shares with the training clips is told."""

from __future__ import annotations

import numpy as np
import pytest
import records
from msgspec.structs import replace

import audioclf
from audioclf.comparison import compare
from audioclf.errors import DatasetError
from audioclf.experiment import fitting


@pytest.fixture(scope="module")
def apart(tiny, tmp_path_factory):
    """Six of the eight clips of each class to learn from, two kept apart."""
    folder = tmp_path_factory.mktemp("apart")
    for name, numbers in (("learn", range(6)), ("test", range(6, 8))):
        rows = [
            f"{tiny}/{label}/{i}.wav,{label},{label}{i // 2}" for label in ("hiss", "hum", "sweep") for i in numbers
        ]
        (folder / f"{name}.csv").write_text("\n".join(["path,label,group", *rows]))
    return folder


def test_clips_kept_apart_are_answered_by_the_winner(apart):
    done = compare.compare(apart / "learn.csv", "centroid,mfcc", "knn", cv=2, test=apart / "test.csv")
    test = done.results.record.test
    assert (test.n_clips, test.n_groups) == (6, 3)
    assert (test.features, test.classifier) == (done.best.features, done.best.classifier)
    model = audioclf.train(apart / "learn.csv", test.features, test.classifier, cv=2)
    for row in test.predictions:
        [said] = model.predict_clips([row.path])
        assert row.predicted == said.label
        assert row.probabilities == pytest.approx(said.probabilities, abs=2e-6)
    right = np.mean([row.label == row.predicted for row in test.predictions])
    assert test.metrics["accuracy"].value == pytest.approx(right)
    assert test.metrics["accuracy"].low <= right <= test.metrics["accuracy"].high
    assert test.warnings == []
    assert np.sum(test.confusion_matrix) == 6
    without = compare.compare(apart / "learn.csv", "centroid,mfcc", "knn", cv=2).results.record
    assert without.test is None
    assert records.timeless(replace(done.results.record, test=None)) == records.timeless(without)


def test_clips_that_are_not_apart_are_told(tiny, apart):
    record = compare.compare(tiny / "clips.csv", "centroid", "knn", cv=2, test=apart / "test.csv").results.record
    same, shared = record.test.warnings
    assert same.startswith("6 of the test clips come from recordings that are among those to learn from")
    assert shared.startswith("3 groups have clips in both sets, for example hiss3")


def test_classes_that_cannot_have_been_learnt(tiny, apart, tmp_path):
    (tmp_path / "test.csv").write_text(f"path,label\n{tiny}/hum/0.wav,hum\n{tiny}/hiss/0.wav,hss\n")
    with pytest.raises(DatasetError, match="class 'hss' isn't among those to learn"):
        compare.compare(apart / "learn.csv", "centroid", "knn", cv=2, test=tmp_path / "test.csv")


def test_clips_kept_apart_are_looked_at_before_the_work(tiny, tmp_path, monkeypatch):
    (tmp_path / "hum").mkdir()
    (tmp_path / "hum" / "0.wav").write_text("no sound")
    (tmp_path / "hiss").mkdir()
    (tmp_path / "hiss" / "0.wav").write_text("no sound")
    monkeypatch.setattr(fitting, "run", lambda *_, **__: pytest.fail("fitted"))
    with pytest.raises(DatasetError, match="none of the 2 recordings"):
        compare.compare(tiny / "clips.csv", "centroid", "knn", cv=2, test=tmp_path)
