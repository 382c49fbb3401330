"""What all tests share: a cache of their own, synthesised audio, and the real recordings where they are."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import numpy as np
import pytest

SHARED = Path(os.environ.get("AUDIOCLF_TEST_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory):
    """Keep the user's own cache out of the tests, and one test session's apart from another's."""
    folder = tmp_path_factory.mktemp("cache")
    before = os.environ.get("AUDIOCLF_CACHE")
    os.environ["AUDIOCLF_CACHE"] = str(folder)
    yield folder
    if before is None:
        del os.environ["AUDIOCLF_CACHE"]
    else:
        os.environ["AUDIOCLF_CACHE"] = before


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Refuse every connection that leaves this machine."""
    connect = socket.socket.connect

    def local_only(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in (
            "127.0.0.1",
            "::1",
            "localhost",
        ):
            raise OSError(f"a test tried to reach {address}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", local_only)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def shared_data():
    """The folder of real recordings; tests that need it skip where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("the real recordings are not on this machine")
    return SHARED


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """A folder of class folders: 3 classes, 8 clips each, 0.3 s at 8 kHz; and clips.csv with 4 groups a class."""
    import soundfile

    root = tmp_path_factory.mktemp("tiny")
    rng = np.random.default_rng(0)
    t = np.arange(2400) / 8000
    rows = ["path,label,group"]
    for label in ("hiss", "hum", "sweep"):
        (root / label).mkdir()
        for i in range(8):
            noise = 0.05 * rng.standard_normal(len(t))
            pitch = rng.uniform(100, 400)
            sound = {
                "hiss": 0.3 * rng.standard_normal(len(t)),
                "hum": 0.5 * np.sign(np.sin(2 * np.pi * pitch * t)),
                "sweep": 0.5 * np.sin(2 * np.pi * (pitch + 4000 * t) * t),
            }[label]
            soundfile.write(root / label / f"{i}.wav", np.clip(sound + noise, -1, 1), 8000)
            rows.append(f"{label}/{i}.wav,{label},{label}{i // 2}")
    (root / "clips.csv").write_text("\n".join(rows) + "\n")
    return root
