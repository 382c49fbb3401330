"""Flipped labels are listed, and few others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from audioclf.audit.labels import likely_wrong_labels
from audioclf.dataset.clips import Clip


def planted(seed, share=0.05):
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict

    rng = np.random.default_rng(seed)
    truth = rng.integers(4, size=240)
    x = rng.standard_normal((4, 6))[truth] * 2.5 + rng.standard_normal((240, 6))
    labels = truth.copy()
    flipped = rng.choice(240, int(share * 240), replace=False)
    labels[flipped] = (truth[flipped] + rng.integers(1, 4, len(flipped))) % 4
    p = cross_val_predict(LogisticRegression(), x, labels, cv=5, method="predict_proba")
    return [Clip(Path(f"{i}.wav"), "abcd"[k], name=str(i)) for i, k in enumerate(labels)], p, set(map(str, flipped))


@pytest.mark.parametrize("seed", range(3))
def test_half_of_the_flipped_ones_are_listed(seed):
    clips, p, flipped = planted(seed)
    found = likely_wrong_labels(clips, list("abcd"), p)
    listed = {row["clip"] for row in found.rows}
    assert len(listed & flipped) >= len(flipped) / 2
    assert len(listed) <= 2 * len(flipped)
    assert list(found.rows[0]) == ["clip", "label", "suggested", "probability_of_label", "probability_of_suggested"]


@pytest.mark.parametrize("seed", range(3))
def test_the_list_is_short_on_clean_labels(seed):
    clips, p, _ = planted(seed, share=0)
    found = likely_wrong_labels(clips, list("abcd"), p)
    assert found is None or len(found.rows) <= 5


def test_a_weak_model_says_so(rng):
    clips = [Clip(Path(f"{i}.wav"), "abc"[i % 3]) for i in range(60)]
    sure = np.eye(3)[[i % 3 for i in range(60)]] * 0.9 + 0.1 / 3
    sure[0] = sure[1]
    assert "mistakes" not in likely_wrong_labels(clips, list("abc"), sure).sentence
    guesses = np.eye(3)[rng.integers(3, size=60)] * 0.9 + 0.1 / 3
    found = likely_wrong_labels(clips, list("abc"), guesses)
    assert "of all labels, most of these are likely its own mistakes" in found.sentence


def test_a_usual_confusion_is_not_suspicious():
    clips = [Clip(Path(f"{i}.wav"), "a" if i < 10 else "b") for i in range(20)]
    p = np.array([0.1] * 4 + [0.9] * 6 + [0.1] * 10)
    assert likely_wrong_labels(clips, ["a", "b"], np.stack([p, 1 - p], 1)) is None


def test_rows_without_probabilities_are_passed_over():
    clips = [Clip(Path(f"{i}.wav"), "a") for i in range(3)]
    assert likely_wrong_labels(clips, ["a", "b"], np.full((3, 2), np.nan)) is None
