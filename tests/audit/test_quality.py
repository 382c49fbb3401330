"""Broken clips and rare classes are named."""

from __future__ import annotations

import numpy as np
import pytest
from planted import RATE, sound


def test_broken_clips_are_named(data):
    rng = data.rng
    silent = data.add("hum", np.zeros(RATE, np.float32))
    clipped = data.add("hum", np.clip(8 * sound("hum", rng), -0.7, 0.7))
    short = data.add("hum", sound("hum", rng)[:1000])
    padded = data.add("hum", np.concatenate([sound("hum", rng), np.zeros(3 * RATE, np.float32)]))
    cut = data.add("hum", sound("hum", rng))
    content = cut.path.read_bytes()
    cut.path.write_bytes(content[: len(content) // 2])
    found = {f.kind: f for f in data.findings(topic="quality")}
    names = {kind: f.clips for kind, f in found.items()}
    assert names["silent"] == [[silent.name]]
    assert [clipped.name] in names["clipped"]
    assert names["short"] == [[short.name]]
    assert names["zeros"] == [[padded.name]]
    assert names["truncated"] == [[cut.name]]
    assert found["silent"].severity == "serious"


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3"])
def test_whole_clips_are_not_truncated(data, name):
    data.clips = [data.add("hum", sound("hum", data.rng), name=name)]
    assert data.findings("truncated") == []


def test_imbalance(data):
    data.clips = data.clips[:20]
    assert [f.severity for f in data.findings("imbalance")] == []
    data.clips = data.clips[:13]
    assert [f.severity for f in data.findings("imbalance")] == ["serious"]


def test_silent_clips_are_no_duplicates(data):
    for label in ("hum", "hum", "hiss"):
        data.add(label, np.zeros(RATE, np.float32))
    assert data.findings(topic="leakage") == []


def test_sentences_agree_with_the_number_of_clips(data):
    one, two, three = (data.add("hum", np.zeros(RATE, np.float32)) for _ in range(3))
    data.clips.remove(two)
    data.clips.remove(three)
    assert data.findings("silent")[0].sentence == f"1 clip holds no sound (below -70 dBFS): {one.name}"
    data.clips.append(two)
    [found] = data.findings("silent")
    assert found.sentence == f"2 clips hold no sound (below -70 dBFS), for example {one.name}"
