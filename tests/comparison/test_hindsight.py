"""What answers to held-out clips tell: labels that are doubted, and the price of a leak."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import records
from msgspec.structs import replace

from audioclf.comparison import hindsight
from audioclf.comparison.hindsight import cost_of_leak, doubtful_labels
from audioclf.dataset.clips import Clip
from audioclf.results.schema import Prediction


def answers(labels, probabilities, repeats=1):
    """An experiment: the same clips in every repeat."""
    rows = [
        Prediction(path=f"{i}.wav", repeat=r, label=label, predicted="a", probabilities=dict(zip("ab", map(float, p))))
        for r in range(repeats)
        for i, (label, p) in enumerate(zip(labels, probabilities[r]))
    ]
    return replace(records.typed(records.finished()), predictions=rows)


def test_doubts_go_by_the_mean_over_repeats(monkeypatch):
    seen = []
    monkeypatch.setattr(hindsight, "likely_wrong_labels", lambda *facts: seen.append(facts))
    clips = [Clip(Path(f"{i}.wav"), "a") for i in range(3)]  # the last was never tested
    first, second = [[0.9, 0.1], [0.2, 0.8]], [[0.5, 0.5], [0.4, 0.6]]
    doubtful_labels(answers("ab", [first, second], repeats=2), clips)
    [(asked, labels, rows)] = seen
    assert asked == clips[:2]
    assert labels == ["a", "b"]
    np.testing.assert_allclose(rows, [[0.7, 0.3], [0.3, 0.7]])


def test_a_flipped_label_is_doubted():
    rng = np.random.default_rng(0)
    truth = ["a"] * 20 + ["b"] * 20
    sure = rng.uniform(0.8, 0.99, 40)
    probabilities = [[p, 1 - p] if label == "a" else [1 - p, p] for label, p in zip(truth, sure)]
    given = ["b", *truth[1:]]
    clips = [Clip(Path(f"{i}.wav"), label) for i, label in enumerate(given)]
    finding = doubtful_labels(answers(given, [probabilities]), clips)
    assert finding.clips == [["0.wav"]]
    assert finding.rows[0]["suggested"] == "a"


def test_no_doubts_without_probabilities():
    experiment = answers("ab", [[[1, 0], [0, 1]]])
    first, second = experiment.predictions
    experiment = replace(experiment, predictions=[first, replace(second, probabilities=None)])
    assert doubtful_labels(experiment, [Clip(Path("0.wav"), "a")]) is None


def scored(honest, leaky, std=0.01):
    naive = {"kind": "stratified-k-fold", "n_splits": 5, "repeats": 1}
    naive["metrics"] = {"accuracy": {"mean": leaky, "std": 0.0}}
    experiment = records.finished(metrics={"accuracy": honest}, naive=naive)
    experiment["metrics"]["accuracy"]["std"] = std
    return records.typed(experiment)


@pytest.mark.parametrize(
    ("honest", "leaky", "std", "severity"),
    [(0.7, 0.95, 0.05, "serious"), (0.7, 0.75, 0.1, "note"), (0.9, 0.91, 0.001, "note"), (0.9, 0.85, 0.01, "note")],
)
def test_the_price_of_a_leak(honest, leaky, std, severity):
    finding = cost_of_leak(scored(honest, leaky, std), "accuracy")
    assert (finding.topic, finding.kind, finding.severity) == ("leakage", "cost-of-leak", severity)
    assert (finding.score, finding.chance) == (leaky, honest)
    assert f"scores {honest:.3f} accuracy" in finding.sentence
    assert f"{leaky:.3f}" in finding.sentence
    assert ("optimistic" in finding.sentence) == (leaky - honest > 0.02)


def test_no_price_without_a_naive_score():
    assert cost_of_leak(replace(scored(0.7, 0.9), naive=None), "accuracy") is None
    assert cost_of_leak(scored(0.7, None), "accuracy") is None
