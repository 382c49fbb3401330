"""Insight into the winner: what it goes by, and that a look which fails costs no scores."""

from __future__ import annotations

import pytest

from audioclf.comparison import compare, insight


def test_what_the_winner_goes_by(tiny):
    done = compare.compare(tiny / "clips.csv", "centroid+zcr", "knn", cv=2, with_curve=True)
    record = done.results.record
    assert {e.name for e in record.importance.extractors} == {"centroid", "zcr"}
    assert record.importance.baseline == pytest.approx(done.best.metrics["accuracy"].mean)
    last = record.learning_curve.points[-1]
    assert (last.share, last.mean) == (1.0, pytest.approx(done.best.metrics["accuracy"].mean))
    assert record.projection.clips == [clip.name for clip in done.extraction.clips]
    said = {row.path: row.predicted for row in done.best.predictions}
    assert record.projection.predicted == [said[name] for name in record.projection.clips]


def test_a_look_that_fails_costs_no_scores(tiny, monkeypatch):
    def fail(*_, **__):
        raise MemoryError("too large")

    monkeypatch.setattr(insight, "permutation_importance", fail)
    record = compare.compare(tiny / "clips.csv", "centroid", "knn", cv=2).results.record
    assert record.importance is None
    assert record.projection is not None
    assert record.warnings == ["no importance, for it failed: MemoryError: too large"]
