"""Clean data gives no alarm, and the audit of real data names what is wrong."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from planted import Data, sound

from audioclf import load_dataset, structs
from audioclf.audit.examine import examine
from audioclf.audit.measure import measure
from audioclf.audit.sources import auto_groups


@pytest.mark.parametrize("seed", range(4))
def test_clean_data_gives_no_alarm(tmp_path, seed):
    data = Data(tmp_path, seed, per_class=20)
    assert [f.sentence for f in data.findings() if f.severity == "serious" or f.topic != "shortcuts"] == []


def test_nothing_is_wrong_with_nothing():
    assert examine([], measure([])) == []


def test_findings_are_plain_and_the_serious_come_first(data):
    data.clips.append(replace(data.clips[0], label="hum"))
    data.add("hum", sound("hum", data.rng)[:1000])
    found = data.findings()
    assert [f.severity for f in found] == sorted((f.severity for f in found), key=["serious", "note"].index)
    assert json.loads(json.dumps([structs.plain(f) for f in found]))[0]["kind"] == "duplicate-labels"


def test_the_rates_of_speech_music_birds_are_found(shared_data):
    clips = load_dataset(shared_data / "speech_music_birds" / "clips.csv").clips
    measured = measure(clips)
    found = {f.kind: f for f in examine(clips, measured)}
    assert found["sample-rate"].severity == "serious"
    assert "'birds'" in found["sample-rate"].sentence
    assert not {"exact-duplicates", "near-duplicates", "duplicate-labels", "one-recording"} & set(found)
    bare = [replace(clip, group=None) for clip in clips]
    [named] = [f for f in examine(bare, measured) if f.kind == "one-recording"]
    assert named.severity == "serious"
    auto = auto_groups(bare, measured)
    assert len(set(zip(auto, (c.group for c in clips)))) == len(set(auto)) == len({c.group for c in clips})
