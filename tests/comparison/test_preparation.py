"""Groups and pieces: kept together by the folds; and what a leak would add."""

from __future__ import annotations

import numpy as np
import pytest

from audioclf.comparison import compare
from audioclf.errors import DatasetError


def test_groups_by_pattern_are_kept_together(tiny):
    record = compare.compare(tiny, "centroid", "knn", cv=2, group_by=r"/([0-9])").results.record
    folds = {}
    for row in record.experiments[0].predictions:
        folds.setdefault(row.group, set()).add(row.fold)
    assert sorted(folds) == [str(i) for i in range(8)]  # the number in the name, whatever the class
    assert all(len(where) == 1 for where in folds.values())
    assert record.cv.kind == "stratified-group-k-fold"
    assert (record.dataset.grouped_by, record.dataset.n_groups) == (r"/([0-9])", 8)
    with pytest.raises(DatasetError, match="matches no clip's name"):
        compare.compare(tiny, "centroid", "knn", group_by="site")


def test_recordings_are_cut_and_their_pieces_stay_together(tiny):
    record = compare.compare(tiny, "centroid", "knn", cv=2, clip_seconds=0.1).results.record
    rows = record.experiments[0].predictions
    assert (record.dataset.n_clips, record.dataset.n_groups) == (72, 24)
    assert record.dataset.clip_seconds == 0.1
    assert {row.path for row in rows if row.group == "hum/3.wav"} == {
        f"hum/3.wav[{stretch}s]" for stretch in ("0-0.1", "0.1-0.2", "0.2-0.3")
    }
    for group in {row.group for row in rows}:
        assert len({row.fold for row in rows if row.group == group}) == 1


def test_a_leak_is_priced(tmp_path):
    """Each recording has a tone of its own, the classes have none: only who has heard the recording can know."""
    import soundfile

    rng = np.random.default_rng(0)
    time = np.arange(4000) / 8000
    for i, pitch in enumerate(rng.permutation(np.linspace(200, 3800, 20))):
        folder = tmp_path / "ab"[i % 2]
        folder.mkdir(exist_ok=True)
        tone = 0.5 * np.sin(2 * np.pi * pitch * time) + 0.001 * rng.standard_normal(len(time))
        soundfile.write(folder / f"{i}.wav", tone, 8000)
    options = {"features": "centroid", "classifiers": "knn:k=1", "cv": 2, "clip_seconds": 0.1}
    record = compare.compare(tmp_path, naive_split_too=True, **options).results.record
    best = next(e for e in record.experiments if e.classifier == "knn:k=1")
    assert best.metrics["accuracy"].mean < 0.8
    assert best.naive.metrics["accuracy"].mean > 0.95
    assert (best.naive.kind, best.naive.n_splits) == ("stratified-k-fold", 2)
    plain = compare.compare(tmp_path, **options).results.record
    for honest, other in zip(plain.experiments, record.experiments):
        assert honest.naive is None
        assert honest.metrics == other.metrics


def test_a_clip_that_stands_twice_is_refused(tiny, tmp_path):
    rows = [f"{tiny}/{label}/{i}.wav,{label}" for label in ("hum", "hiss") for i in range(4)]
    (tmp_path / "clips.csv").write_text("\n".join(["path,label", *rows, rows[0]]))
    with pytest.raises(DatasetError, match=r"hum/0\.wav stands twice; keep one line"):
        compare.compare(tmp_path / "clips.csv", "centroid", "knn")
