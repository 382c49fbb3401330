"""Chance levels against simulated guesses, and why the baseline may lie below them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from audioclf.dataset.clips import Clip
from audioclf.results.metrics import RANKING, TAG_RANKING, TAG_TITLES, TITLES
from audioclf.statistics.chance import chance_level
from audioclf.statistics.scores import score_predictions
from audioclf.statistics.tags import score_tags
from audioclf.validation.division import make_splits


@pytest.mark.parametrize("counts", [[40, 40, 40], [10, 30, 80], [5, 95]])
def test_guesses_by_the_classes_shares_score_what_is_said(rng, counts):
    truth = np.repeat(np.arange(len(counts)), np.array(counts) * 40)
    guesses = rng.choice(len(counts), size=len(truth), p=np.array(counts) / sum(counts))
    probabilities = rng.dirichlet(np.ones(len(counts)), size=len(truth))
    found = score_predictions(truth, guesses, probabilities, len(counts))
    named = {f"class {i}": count for i, count in enumerate(counts)}
    for metric in RANKING:
        assert chance_level(metric, named) == pytest.approx(found[metric], abs=0.02), metric


def test_guesses_of_several_labels_score_what_is_said(rng):
    shares = np.array([0.5, 0.2, 0.05])
    truth = np.column_stack([rng.permutation(20000) < 20000 * share for share in shares])
    guesses = rng.random(truth.shape) < shares
    found = score_tags(truth, guesses, rng.random(truth.shape))
    named = dict(zip("abc", (20000 * shares).astype(int).tolist()))
    for metric in set(TAG_RANKING) - {"subset_accuracy"}:
        assert chance_level(metric, named, 20000) == pytest.approx(found[metric], abs=0.01), metric


def test_chance_by_hand():
    assert chance_level("accuracy", dict.fromkeys("abc", 40)) == pytest.approx(1 / 3)
    assert chance_level("accuracy", {"a": 1, "b": 2, "c": 5}) == pytest.approx((1 + 4 + 25) / 64)
    assert chance_level("balanced_accuracy", {"a": 1, "b": 2, "c": 5}) == pytest.approx(1 / 3)
    assert chance_level("balanced_accuracy", {"a": 1, "b": 2, "c": 0}) == 0.5


def test_no_level_where_none_is_defined():
    assert {name for name in TITLES if chance_level(name, {"a": 3, "b": 2}) is None} == {"log_loss", "brier"}
    undefined = {name for name in TAG_TITLES if chance_level(name, {"a": 3, "b": 2}, 4) is None}
    assert undefined == {"subset_accuracy", "hamming_loss"}
    assert chance_level("accuracy", {}) is None
    assert chance_level("accuracy", {"a": 0}) is None


def test_the_majority_baseline_of_grouped_classes_of_one_size_lies_below_chance():
    """Three classes of 40 clips, in groups of 5 to 15: what is frequent in training is rare in the test part."""
    sizes = [15, 10, 10, 5]
    clips = [
        Clip(Path(f"{label}-{g}-{i}.wav"), label, f"{label}-{g}")
        for label in "abc"
        for g, size in enumerate(sizes)
        for i in range(size)
    ]
    labels = np.array([clip.label for clip in clips])
    right = []
    for split in make_splits(clips, 4).splits:
        names, counts = np.unique(labels[split.train], return_counts=True)
        right.append((labels[split.test] == names[counts.argmax()]).mean())
    assert np.mean(right) < chance_level("accuracy", dict.fromkeys("abc", 40)) - 0.05
