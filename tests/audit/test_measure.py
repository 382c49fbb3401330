"""Measurements don't depend on the store or on workers; what can't be read is left out."""

from __future__ import annotations

from dataclasses import replace

from planted import read

from audioclf.audit import measure as measuring
from audioclf.audit.examine import examine
from audioclf.audit.measure import measure
from audioclf.dataset.clips import Clip
from audioclf.store.store import FeatureStore


def test_unreadable_clips_are_skipped_with_the_reason(data):
    (data.folder / "junk.wav").write_bytes(b"no audio")
    data.clips.insert(1, Clip(data.folder / "junk.wav", "hum", name="junk.wav"))
    data.clips.append(Clip(data.folder / "absent.wav", "hum", name="absent.wav"))
    measured = measure(data.clips)
    assert [name for name, _ in measured.skipped] == ["junk.wav", "absent.wav"]
    assert len(measured.clips) == len(measured.sounds) == len(data.clips) - 2
    examine(data.clips, measured)


def test_measurements_are_the_same_from_the_store_and_with_any_number_of_workers(data, tmp_path, monkeypatch):
    data.add("hum", 0.4 * read(data.clips[14]), name="x.ogg", subtype="VORBIS")
    store = FeatureStore(tmp_path / "store.sqlite")
    first, second = measure(data.clips, store=store), measure(data.clips, workers=2)
    monkeypatch.setattr(measuring, "_measure_clip", None)  # nothing is measured again
    third = measure(data.clips, store=store)
    assert first.sounds == second.sounds == third.sounds
    assert [(m.first, m.second) for m in first.matches] == [(14, 36)]
    assert [(m.first, m.second) for m in third.matches] == [(m.first, m.second) for m in second.matches] == [(14, 36)]


def test_measurements_of_stretches_of_a_recording(data):
    clip = data.clips[0]
    cuts = [replace(clip, start=0.0, end=0.4, name="a"), replace(clip, start=0.4, end=0.8, name="b")]
    assert [round(s.duration, 3) for s in measure(cuts).sounds] == [0.4, 0.4]
