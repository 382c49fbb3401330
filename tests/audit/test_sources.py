"""Clips of one recording are told by names, paths and sound."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from planted import read, sound

from audioclf.audit.measure import measure
from audioclf.audit.sources import auto_groups, name_stem
from audioclf.dataset.clips import Clip


@pytest.mark.parametrize(
    ("name", "label", "stem"),
    [
        ("name_01.wav", "", "name"),
        ("name-2.wav", "", "name"),
        ("name (3).wav", "", "name"),
        ("name_part3.wav", "", "name"),
        ("name part 3.wav", "", "name"),
        ("namePart3.wav", "", "name"),
        ("talk_10.0_15.0.wav", "", "talk"),
        ("talk_10s-15s.wav", "", "talk"),
        ("talk_000500_001000.wav", "", "talk"),
        ("3_george_12.wav", "3", "george"),
        ("dog/dog_12.wav", "dog", None),
        ("dog/yard/bark_12.wav", "dog", "yard/bark"),
        ("100032-3-0-7.wav", "dog", "100032_3_0"),
        ("06c48eab.flac", "", None),
        ("song.wav", "", None),
        ("12.wav", "", None),
    ],
)
def test_name_stem(name, label, stem):
    assert name_stem(name, label) == stem


def test_auto_groups_join_what_belongs_together_and_split_no_group(data):
    data.clips[0] = replace(data.clips[0], group="a")
    data.clips[1] = replace(data.clips[1], group="a")
    copy = data.add("hiss", 0.4 * read(data.clips[0]), name="x.ogg", subtype="VORBIS")
    for source, part in itertools.product(("lake", "wood"), (1, 2)):
        data.add("hum", sound("hum", data.rng), name=f"{source}_{part}.wav")
    groups = dict(zip((c.name for c in data.clips), auto_groups(data.clips, measure(data.clips))))
    assert groups[data.clips[0].name] == groups[data.clips[1].name] == groups[copy.name] == "a"
    assert groups["hum/lake_1.wav"] == groups["hum/lake_2.wav"] != groups["hum/wood_1.wav"]
    assert len(set(groups.values())) == len(data.clips) - 4


def test_auto_groups_of_unreadable_clips_go_by_the_name(tmp_path):
    clips = [Clip(tmp_path / f"{s}_{i}.wav", "a") for s, i in itertools.product("xy", range(2))]
    assert len(set(auto_groups(clips, measure(clips)))) == 2
