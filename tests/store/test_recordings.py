"""A recording is remembered while it is the same, and a changed one is noticed."""

from __future__ import annotations

import os
import struct
import time
import zlib
from pathlib import Path

import pytest
from stores import FACTS, query, recording

from audioclf.store.recordings import FileFacts
from audioclf.store.store import FeatureStore


def test_an_unchanged_recording_is_remembered(path, tmp_path, settled):
    files = [recording(tmp_path / "r", f"ü {i}.wav") for i in range(2000)]
    facts = {file: FileFacts(f"{i:032x}", 8000 + i, 1 + i % 2, i / 7) for i, file in enumerate(files)}
    settled()
    store = FeatureStore(path)
    assert store.files(files) == {}
    store.remember(facts)
    assert store.files(files) == facts
    assert FeatureStore(path).files([*files[::-1], tmp_path / "absent", files[0]]) == facts
    few = files[::500]  # far apart in the table
    assert FeatureStore(path).files(few) == {file: facts[file] for file in few}


def test_a_recording_is_the_same_by_a_relative_path(path, tmp_path, settled, monkeypatch):
    file = recording(tmp_path / "r")
    settled()
    store = FeatureStore(path)
    store.files([file])
    store.remember({file: FACTS})
    monkeypatch.chdir(tmp_path)
    for other in (Path("r/a.wav"), Path("r/../r/a.wav"), tmp_path / "r" / ".." / "r" / "a.wav"):
        assert store.files([other]) == {other: FACTS}


def test_names_that_no_text_can_hold(path, tmp_path, settled):
    store = FeatureStore(path)
    try:
        file = recording(tmp_path / "r", os.fsdecode(b"\xff.wav"))
    except OSError:
        pytest.skip("this file system takes no such name")
    settled()
    store.files([file, Path("null\0character")])
    store.remember({file: FACTS, Path("null\0character"): FACTS})
    assert store.files([file, Path("null\0character")]) == {file: FACTS}


@pytest.mark.parametrize("change", ["content", "size", "replaced", "gone", "times put back"])
def test_a_changed_recording_is_noticed(path, tmp_path, settled, change):
    file, twin = recording(tmp_path / "r"), recording(tmp_path / "r", "b.wav", b"other byte")
    times = file.stat()
    os.utime(twin, ns=(times.st_atime_ns, times.st_mtime_ns))
    settled()
    store = FeatureStore(path)
    store.files([file])
    store.remember({file: FACTS})
    assert store.files([file]) == {file: FACTS}
    time.sleep(0.02)  # more than a tick of the file system's clock
    if change == "content":
        file.write_bytes(b"other byte")
    elif change == "size":
        file.write_bytes(b"more bytes than before")
    elif change == "replaced":
        twin.replace(file)
    elif change == "gone":
        file.unlink()
    else:
        file.write_bytes(b"other byte")
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert store.files([file]) == {}
    settled()
    assert FeatureStore(path).files([file]) == {}


def test_a_recording_changed_just_now_is_not_remembered(path, tmp_path, settled):
    file = recording(tmp_path / "r")
    store = FeatureStore(path)
    store.files([file])
    store.remember({file: FACTS})
    settled()
    assert store.files([file]) == {}


def test_a_recording_touched_just_now_is_not_remembered_though_its_content_is_old(path, tmp_path, settled):
    file = recording(tmp_path / "r")
    os.utime(file, (1e9, 1e9))
    store = FeatureStore(path)
    store.files([file])
    store.remember({file: FACTS})
    assert store.files([file]) == {}


def test_a_recording_too_young_when_it_was_read_is_not_remembered_later(path, tmp_path, settled):
    """It may have changed after it was read within the tick of the clock in which it had been written."""
    file = recording(tmp_path / "r")
    store = FeatureStore(path)
    store.files([file])
    settled()
    store.remember({file: FACTS})
    assert store.files([file]) == {}


def test_a_recording_that_changed_while_it_was_read_is_not_remembered(path, tmp_path, settled):
    file = recording(tmp_path / "r")
    settled()
    store = FeatureStore(path)
    store.files([file])
    time.sleep(0.02)
    file.write_bytes(b"other byte")
    settled()
    store.remember({file: FACTS})
    assert store.files([file]) == {}


def test_an_empty_recording_is_not_remembered(path, tmp_path, settled):
    file = recording(tmp_path / "r", content=b"")
    settled()
    store = FeatureStore(path)
    store.files([file])
    store.remember({file: FACTS})
    assert store.files([file]) == {}


def test_a_hash_is_not_forgotten_for_a_header(path, tmp_path, settled):
    file = recording(tmp_path / "r")
    settled()
    header = FileFacts(None, FACTS.sample_rate, FACTS.channels, FACTS.duration)
    for facts, expected in ((header, header), (FACTS, FACTS), (header, FACTS)):
        store = FeatureStore(path)
        store.files([file])
        store.remember({file: facts})
        assert store.files([file]) == {file: expected}


@pytest.mark.parametrize("change", ["facts = x'00'", "facts = NULL", "facts = facts || x'30'", "checksum = 1"])
def test_damaged_facts_count_as_absent(path, tmp_path, settled, change):
    file = recording(tmp_path / "r")
    settled()
    store = FeatureStore(path)
    store.files([file])
    store.remember({file: FACTS})
    query(path, f"UPDATE files SET {change}")
    assert store.files([file]) == {}
    store.remember({file: FACTS})
    assert store.files([file]) == {file: FACTS}


@pytest.mark.parametrize(
    ("rate", "channels", "duration"), [(0, 1, 1.0), (8000, -1, 1.0), (8000, 1, -1.0), (8000, 1, float("nan"))]
)
def test_facts_that_no_recording_has_count_as_absent_though_their_checksum_is_right(
    path, tmp_path, settled, rate, channels, duration
):
    file = recording(tmp_path / "r")
    settled()
    store = FeatureStore(path)
    store.files([file])
    store.remember({file: FACTS})
    [(name, packed)] = query(path, "SELECT path, facts FROM files")
    changed = packed[:32] + struct.pack("<qqd", rate, channels, duration) + packed[56:]
    query(path, "UPDATE files SET facts = ?, checksum = ?", changed, zlib.crc32(changed, zlib.crc32(name)))
    assert store.files([file]) == {}
    store.remember({file: FACTS})
    assert store.files([file]) == {file: FACTS}
