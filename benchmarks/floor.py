"""The floor: scipy's real FFT of all windowed frames of one clip, and nothing else. What other rows are measured by."""

from __future__ import annotations

from itertools import product

import numpy as np
from _material import tone
from _measure import best
from numpy.typing import NDArray
from scipy.fft import rfft

FRAME, HOP, SIZE = 551, 220, 1024
BLOCKS = (16, 32, 64, 128, 256, 512, 1024, 2**20)


def windowed(samples: NDArray[np.float32], frame: int, hop: int) -> NDArray[np.float32]:
    """Return the frames of *samples* under a Hamming window, shape (n_frames, frame)."""
    window = 0.54 - 0.46 * np.cos(2 * np.pi * np.arange(frame) / frame)
    return np.lib.stride_tricks.sliding_window_view(samples, frame)[::hop] * window.astype(np.float32)


def transform(frames: NDArray[np.float32], size: int, block: int) -> None:
    """Transform frames by scipy, one worker, *block* at a time."""
    for first in range(0, len(frames), block):
        rfft(frames[first : first + block], size, axis=1, workers=1)


def fft(seconds: float = 30.0, rate: int = 22050, patience: float = 0.3) -> float:
    """Seconds that the FFT takes in float32, at its best block size.

    Frames that were filled up with zeros beforehand spare scipy a copy, so that both are tried.
    """
    frames = windowed(tone(seconds, rate), FRAME, HOP)
    filled = np.pad(frames, ((0, 0), (0, SIZE - FRAME)))
    return min(
        best(lambda frames=frames, block=block: transform(frames, SIZE, block), seconds=patience)
        for frames, block in product((frames, filled), BLOCKS)
    )


if __name__ == "__main__":
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        print(f"{fft() * 1000:.2f} ms")
