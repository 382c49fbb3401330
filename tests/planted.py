"""A data set to plant faults in, for the tests of the audit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from audioclf.audit.examine import examine
from audioclf.audit.measure import measure
from audioclf.dataset.clips import Clip

RATE = 16000
CLASSES = ("hiss", "hum", "sweep")


def sound(label, rng):
    """0.8 to 1.6 s of a class at a random level: nothing but the sound tells which."""
    t = np.arange(int(rng.uniform(0.8, 1.6) * RATE)) / RATE
    steps = np.repeat(rng.uniform(0.1, 1, 40), len(t) // 40 + 1)[: len(t)]
    noise = rng.standard_normal(len(t))
    pitch = rng.uniform(150, 500)
    bend = np.cumsum(pitch * (1 + 0.2 * np.sin(2 * np.pi * rng.uniform(1, 5) * t + rng.uniform(0, 6)))) / RATE
    pure = {
        "hiss": noise,
        "hum": sum(np.sin(2 * np.pi * k * bend) / k for k in range(1, 12)) + 0.1 * noise,
        "sweep": np.sin(2 * np.pi * (pitch + rng.uniform(500, 2500) * t) * t) + 0.1 * noise,
    }[label]
    audio = pure * steps + 0.001 * noise
    return (
        (audio * 10 ** (rng.uniform(-30, -14) / 20) / np.sqrt(np.mean(audio**2))).astype(np.float32).clip(-0.99, 0.99)
    )


class Data:
    """A data set to plant faults in."""

    def __init__(self, folder: Path, seed: int = 0, per_class: int = 12) -> None:
        self.folder = folder
        self.rng = np.random.default_rng(seed)
        self.clips: list[Clip] = []
        for label in CLASSES:
            for _ in range(per_class):
                self.add(label, sound(label, self.rng))

    def add(self, label, samples, rate=RATE, name=None, group=None, **settings):
        name = name or f"{self.rng.integers(16**8):08x}.wav"
        path = self.folder / label / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, samples, rate, **settings)
        self.clips.append(Clip(path, label, group, name=f"{label}/{name}"))
        return self.clips[-1]

    def findings(self, kind=None, topic=None):
        found = examine(self.clips, measure(self.clips))
        return [f for f in found if kind in (None, f.kind) and topic in (None, f.topic)]


def read(clip):
    return soundfile.read(clip.path, dtype="float32")[0]
