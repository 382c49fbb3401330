"""What the tests of data sets share: a server on this machine, and small trees in published layouts."""

from __future__ import annotations

import wave

import pytest
from local_server import server  # noqa: F401 (a fixture)


@pytest.fixture
def wav():
    """Write a WAV file of ten milliseconds."""
    return write_wav


def write_wav(path, rate=8000, samples=80):
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(bytes(range(160))[: 2 * samples])


ESC = [
    # filename, fold, target, category, esc10, src_file, take
    ("1-100032-A-0.wav", 1, 0, "dog", True, 100032, "A"),
    ("1-100032-B-0.wav", 1, 0, "dog", True, 100032, "B"),
    ("2-100210-A-36.wav", 2, 36, "vacuum_cleaner", False, 100210, "A"),
    ("5-101296-A-1.wav", 5, 1, "rooster", True, 101296, "A"),
]


@pytest.fixture
def esc(tmp_path):
    lines = ["filename,fold,target,category,esc10,src_file,take"]
    for row in ESC:
        lines.append(",".join(map(str, row)))
        write_wav(tmp_path / "esc" / "audio" / row[0])
    (tmp_path / "esc" / "meta").mkdir()
    (tmp_path / "esc" / "meta" / "esc50.csv").write_text("\n".join(lines) + "\n")
    return tmp_path / "esc"
