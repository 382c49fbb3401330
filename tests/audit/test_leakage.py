"""Planted leaks are found, each under its name."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from planted import CLASSES, RATE, Data, read, sound

from audioclf.audit.examine import examine
from audioclf.audit.measure import measure
from audioclf.audit.sources import name_stem


@pytest.mark.parametrize("settings", [("x.ogg", {"subtype": "VORBIS"}), ("x.mp3", {})])
def test_a_clip_reencoded_trimmed_and_at_another_level_is_a_near_duplicate(data, settings):
    name, how = settings
    originals = [data.clips[0], data.clips[12], data.clips[24]]
    copies = [
        data.add(clip.label, 0.3 * read(clip)[600:-900], name=f"{i}{name}", **how) for i, clip in enumerate(originals)
    ]
    [found] = data.findings("near-duplicates")
    assert found.severity == "serious"
    assert sorted(map(sorted, found.clips)) == sorted(sorted([a.name, b.name]) for a, b in zip(originals, copies))


def test_the_same_samples_are_exact_duplicates_in_any_container(data):
    clip = data.clips[3]
    data.add(clip.label, read(clip), name="copy.flac")
    data.add(data.clips[20].label, read(data.clips[20]), name="copy.wav")
    [found] = data.findings("exact-duplicates")
    assert sorted(map(len, found.clips)) == [2, 2]
    assert data.findings("near-duplicates") == []


def test_a_group_that_keeps_copies_together_makes_it_a_note(data):
    data.clips[0] = replace(data.clips[0], group="a")
    data.clips.append(replace(data.clips[0], name="again"))
    assert [f.severity for f in data.findings("exact-duplicates")] == ["note"]


def test_one_file_under_two_labels(data):
    data.clips.append(replace(data.clips[0], label="hum"))
    [found] = data.findings("duplicate-labels")
    assert found.severity == "serious"
    assert {row["label"] for row in found.rows} == {"hiss", "hum"}
    assert data.findings("exact-duplicates") == []


def test_a_copy_under_another_label(data):
    copy = data.add("sweep", 0.5 * read(data.clips[14]), name="copy.ogg", subtype="VORBIS")
    [found] = data.findings("duplicate-labels")
    assert found.clips == [[data.clips[14].name, copy.name]]


def test_overlapping_cuts_are_of_one_recording(data):
    long = np.concatenate([sound("hum", data.rng) for _ in range(3)])
    cuts = [
        data.add("hum", long[: RATE * 2], name="p.wav"),
        data.add("hum", long[int(RATE * 0.7) :][: RATE * 2], name="q.wav"),
    ]
    [found] = data.findings("one-recording")
    assert (found.severity, found.clips) == ("serious", [[clip.name for clip in cuts]])


def test_names_that_share_a_stem(data):
    for source, part in itertools.product(("lake", "wood", "yard", "road"), range(1, 4)):
        data.add(CLASSES[part % 3], sound(CLASSES[part % 3], data.rng), name=f"{source}_{part:02}.wav")
    [found] = data.findings("one-recording")
    assert found.severity == "serious"
    assert len(found.clips) == 4
    grouped = [replace(c, group=name_stem(c.path.name, c.label)) for c in data.clips]
    assert [f for f in examine(grouped, measure(grouped)) if f.kind == "one-recording"] == []


def test_numbered_clips_of_a_class_are_no_recording(tmp_path):
    data = Data(tmp_path, per_class=0)
    for label, i in itertools.product(CLASSES, range(6)):
        data.add(label, sound(label, data.rng), name=f"the {label}s_{i}.wav")
    data.add("hum", sound("hum", data.rng), name="odd_1.wav")
    assert data.findings("one-recording") == []


def test_group_labels_are_a_note_where_groups_have_one_label(data):
    data.clips = [replace(c, group=f"g{i // 3}") for i, c in enumerate(data.clips)]
    assert data.findings("group-labels") == []
    data.clips[0] = replace(data.clips[0], label="hum")
    [found] = data.findings("group-labels")
    assert (found.severity, found.rows[0]["group"]) == ("note", "g0")
    speakers = [replace(c, group=f"speaker{i % 4}") for i, c in enumerate(data.clips)]
    assert [f for f in examine(speakers, measure(speakers)) if f.kind == "group-labels"] == []
