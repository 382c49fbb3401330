"""What the tests of the room of data sets share."""

from __future__ import annotations

import pytest
from local_server import server  # noqa: F401 (a fixture)
from sets import wav


@pytest.fixture
def folder(tmp_path):
    for name in ("birds/b.wav", "birds/a.WAV", "cats/day 1/c.flac", "cats/d.mp3"):
        wav(tmp_path / "set" / name)
    return tmp_path / "set"
