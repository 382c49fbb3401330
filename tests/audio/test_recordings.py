"""Which files are recordings, and the hash of what they hold."""

from __future__ import annotations

import hashlib

import pytest

from audioclf.audio.recordings import AUDIO_SUFFIXES, content_hash, find_recordings, recordings_in
from audioclf.errors import AudioError


def test_content_hash_is_that_of_the_bytes_and_not_of_the_name(tmp_path, rng):
    content = rng.bytes(3 << 20)
    (tmp_path / "a.wav").write_bytes(content)
    (tmp_path / "b.flac").write_bytes(content)
    (tmp_path / "c.wav").write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    expected = hashlib.blake2b(content, digest_size=16).hexdigest()
    assert content_hash(tmp_path / "a.wav") == content_hash(tmp_path / "b.flac") == expected
    assert content_hash(tmp_path / "c.wav") != expected
    with pytest.raises(AudioError, match=r"gone\.wav: (no such file|can't be read)"):
        content_hash(tmp_path / "gone.wav")


@pytest.fixture
def folder(tmp_path):
    """Recordings at several depths, and what is none: a text, a hidden folder, a folder named like a recording."""
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "folder.wav").mkdir()
    for name in ("deep/er/a.wav", "b.FLAC", "notes.txt", ".hidden/c.wav", "deep/.d.wav"):
        (tmp_path / name).touch()
    return tmp_path


def test_recordings_are_found_at_any_depth_by_their_suffix(folder):
    assert recordings_in(folder) == [folder / "b.FLAC", folder / "deep" / "er" / "a.wav"]
    assert recordings_in(folder / ".hidden") == [folder / ".hidden" / "c.wav"]
    assert {path.suffix.lower() for path in recordings_in(folder)} <= AUDIO_SUFFIXES


def test_files_that_are_named_are_taken_whatever_they_are(folder):
    named = [folder / "notes.txt", folder / "gone.wav"]
    assert find_recordings([*named, folder]) == [*named, *recordings_in(folder)]
