"""The audio that is measured: synthesised, so that everyone measures the same."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from _measure import NotMeasured
from numpy.typing import NDArray

from audioclf.audio.recordings import AUDIO_SUFFIXES
from audioclf.dataset.clips import Clip

NINE = ("mfcc", "gfcc", "bfcc", "lpcc", "pncc", "flux", "rolloff", "centroid", "entropy")
STATISTICS = ("mean", "std", "skewness", "kurtosis", "p5", "p25", "median", "p75", "p95")


def nine(deltas: int = 0) -> str:
    """The spec of the nine families, with deltas up to an order.

    >>> nine(2)[:24]
    'mfcc:deltas=2+gfcc:delta'
    """
    return "+".join(f"{name}:deltas={deltas}" if deltas else name for name in NINE)


def tone(seconds: float, rate: int, seed: int = 0) -> NDArray[np.float32]:
    """Return notes that decay, over a little noise; shape (round(seconds * rate),), full scale 1.

    A FLAC file of it is about as large as one of a real instrument: 40 % of the WAV.
    """
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * rate), dtype=np.float32) / rate
    pitch = rng.uniform(100, 1000)
    sound = sum(np.sin(2 * np.pi * k * pitch * t) / k for k in range(1, 5)) * np.exp(-3 * (t % 0.5))
    return (0.2 * sound + 0.000125 * rng.standard_normal(len(t))).astype(np.float32)


def lengths(number: int) -> NDArray[np.float64]:
    """Return the lengths of *number* spoken digits, in seconds: 0.14 to 2.3, most about 0.42, as in fsdd.

    >>> bool(0.40 < lengths(3000).mean() < 0.46)
    True
    """
    return np.clip(np.random.default_rng(0).lognormal(np.log(0.42), 0.27, number), 0.15, 2.3)


def write_clips(folder: Path, seconds: Sequence[float] | NDArray[np.float64], rate: int, suffix: str) -> Path:
    """Write a mono 16-bit file for each length, in ten class folders, unless they are there; return *folder*."""
    import soundfile

    if folder.is_dir():
        return folder
    for number, length in enumerate(seconds):
        path = folder / f"class{number % 10}" / f"{number:04d}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, tone(length, rate, number), rate, subtype="PCM_16")
    return folder


def clips(folder: str | Path) -> list[Clip]:
    """Return every recording below *folder*, sorted, as a clip of the class that its own folder names.

    Raises
    ------
    NotMeasured
        If there is none.
    """
    found = [path for path in sorted(Path(folder).rglob("*")) if path.suffix.lower() in AUDIO_SUFFIXES]
    if not found:
        raise NotMeasured(f"no recordings in {folder}")
    return [Clip(path, label=path.parent.name) for path in found]
