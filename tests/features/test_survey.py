"""What is known of recordings before they are analysed: each is opened once, and remembered."""

from __future__ import annotations

import os

import pytest
import soundfile
from extractions import noise, same

from audioclf.audio import decode
from audioclf.dataset.clips import Clip
from audioclf.features.extraction import extract
from audioclf.features.specs import build_extractors
from audioclf.features.survey import survey
from audioclf.features.wanted import Wanted
from audioclf.spectra.analysis import Analysis
from audioclf.store.store import FeatureStore


def test_survey_reads_each_header_once(tmp_path, monkeypatch):
    soundfile.write(tmp_path / "a.wav", noise(0, 2.0, 8000), 8000)
    soundfile.write(tmp_path / "b.flac", noise(1, 1.0, 44100), 44100)
    (tmp_path / "c.wav").write_text("no recording")
    clips = [
        Clip(tmp_path / "a.wav", "x", start=0.5, end=1.25),
        Clip(tmp_path / "c.wav", "x"),
        Clip(tmp_path / "a.wav", "x"),
        Clip(tmp_path / "b.flac", "y", end=9.0),
        Clip(tmp_path / "a.wav", "y", start=5.0),
        Clip(tmp_path / "c.wav", "y"),
    ]
    probed = []
    original = decode.probe
    monkeypatch.setattr(decode, "probe", lambda path: probed.append(path) or original(path))
    said = []
    surveyed = survey(clips, lambda *facts: said.append(facts))
    assert sorted(probed) == sorted({clip.path for clip in clips})
    assert surveyed.clips == [clips[0], clips[2], clips[3], clips[4]]
    assert surveyed.durations == pytest.approx([0.75, 2.0, 1.0, 0.0])
    assert surveyed.rates == {tmp_path / "a.wav": 8000, tmp_path / "b.flac": 44100}
    assert surveyed.rates_by_label() == {"x": {8000}, "y": {8000, 44100}}
    assert [name for name, _ in surveyed.skipped] == [str(tmp_path / "c.wav")] * 2
    assert "not audio" in surveyed.skipped[0][1]
    assert said[-1] == ("headers", 3, 3, "")


def test_survey_takes_from_the_store_what_it_remembers(tmp_path, monkeypatch):
    for name in ("a.wav", "b.wav"):
        soundfile.write(tmp_path / name, noise(0), 8000)
        os.utime(tmp_path / name, (1e9, 1e9))
    clips = [Clip(tmp_path / "a.wav", "x"), Clip(tmp_path / "b.wav", "y")]
    store = FeatureStore(tmp_path / "features.sqlite")
    monkeypatch.setattr("audioclf.store.recordings._RACY", -(10**12))  # the files were made just now
    surveyed = survey(clips, store=store)
    assert [facts.content for facts in surveyed.facts.values()] == [None, None]
    done = extract(clips, Analysis(8000), Wanted(tuple(build_extractors("zcr"))), store=store, facts=surveyed.facts)
    monkeypatch.setattr(decode, "probe", lambda path: pytest.fail(f"{path} was opened again"))
    monkeypatch.setattr("audioclf.features.survey.content_hash", lambda path: pytest.fail(f"{path} was read again"))
    again = survey(clips, store=FeatureStore(store.path))
    assert {path: facts.content for path, facts in again.facts.items()} == done.hashes
    same(extract(clips, Analysis(8000), Wanted(tuple(build_extractors("zcr"))), store=store, facts=again.facts), done)
