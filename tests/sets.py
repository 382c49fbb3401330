"""Data sets on disk, for tests: recordings, manifests, and what refuses to be one."""

from __future__ import annotations

import wave
from pathlib import Path

import pytest

from audioclf.dataset.clips import Clip, Dataset
from audioclf.dataset.load import load_dataset
from audioclf.errors import DatasetError

TAGGED = "path,label\nbirds/a.WAV, rock ;live;; rock\nbirds/b.wav,live\ncats/d.mp3,\n"
"""Of a manifest of clips that carry two labels, one and none."""


def wav(path):
    """Write ten milliseconds of a recording, whatever its suffix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"\1\0" * 80)
    return path


def manifest(folder, text, name="clips.csv", encoding="utf-8"):
    """Write a manifest into *folder*."""
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def refuses(path, pattern):
    """Assert that a data set can't be loaded, and that the message says why."""
    with pytest.raises(DatasetError, match=pattern):
        load_dataset(path)


def named(*names):
    """A data set of clips with these names, each in a group already."""
    return Dataset("d", [Clip(Path(name), name[0], group="given") for name in names])
