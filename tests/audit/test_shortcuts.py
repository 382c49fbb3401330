"""Planted shortcuts are found, each under its name, and a few groups prove nothing."""

from __future__ import annotations

from dataclasses import replace

import soundfile
from planted import RATE, Data, read


def test_a_class_at_another_rate(tmp_path):
    data = Data(tmp_path)
    for clip in data.clips:
        if clip.label == "hum":
            soundfile.write(clip.path, read(clip), 22050)
    found = data.findings("sample-rate")[0]
    assert (found.severity, found.score, found.chance) == ("serious", 1.0, 0.5)
    assert "'hum'" in found.sentence


def test_a_class_that_was_made_from_a_lower_rate(tmp_path):
    import soxr

    data = Data(tmp_path)
    for clip in data.clips:
        if clip.label == "hiss":
            soundfile.write(clip.path, soxr.resample(soxr.resample(read(clip), RATE, 8000), 8000, RATE), RATE)
    found = data.findings("bandwidth")[0]
    assert found.severity == "serious"
    assert "steep edge" in found.sentence


def test_a_class_with_a_dc_offset(tmp_path):
    data = Data(tmp_path)
    for clip in data.clips:
        if clip.label == "sweep":
            soundfile.write(clip.path, read(clip) * 0.5 + 0.05, RATE)
    found = data.findings("dc-offset")[0]
    assert (found.severity, found.score) == ("serious", 1.0)


def test_a_class_in_another_format(tmp_path):
    data = Data(tmp_path, per_class=8)
    for i in range(8):
        clip = data.clips[i]
        data.clips[i] = data.add("hiss", read(clip), name=f"{i}.ogg", subtype="VORBIS")
    data.clips = data.clips[:24]
    assert data.findings("format")[0].severity == "serious"


def test_durations_that_tell_are_a_note_unless_they_tell_everything(tmp_path):
    data = Data(tmp_path)
    for clip in data.clips:
        if clip.label == "hum":
            soundfile.write(clip.path, read(clip)[: int(RATE * data.rng.uniform(0.3, 0.9))], RATE)
    assert [f.severity for f in data.findings("duration")] == ["note"]


def test_a_few_groups_prove_nothing(tmp_path):
    data = Data(tmp_path)
    data.clips = [replace(c, group=f"{c.label}{i % 2}") for i, c in enumerate(data.clips)]
    for clip in data.clips:
        if clip.label == "hum":
            soundfile.write(clip.path, read(clip), 22050)
    assert data.findings("sample-rate") == []
