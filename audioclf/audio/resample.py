"""A signal at another rate, whole or block by block (soxr, high quality)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from audioclf.audio.signal import Signal


def resample(signal: Signal, sample_rate: int | None) -> Signal:
    """Return *signal* at *sample_rate* Hz (soxr, high quality); unchanged if it has that rate already."""
    if sample_rate is None or sample_rate == signal.sample_rate:
        return signal
    import soxr

    samples = soxr.resample(signal.samples, signal.sample_rate, sample_rate, quality="HQ")
    if not len(samples):  # a few samples, brought down far
        samples = np.zeros(1, np.float32)
    return Signal(np.asarray(samples, dtype=np.float32), sample_rate)


def resample_blocks(blocks: Iterator[NDArray[np.float32]], native: int, rate: int) -> Iterator[NDArray[np.float32]]:
    """Yield mono samples that come in blocks at *native* Hz, shape (n_samples,) each, at *rate* Hz."""
    if rate == native:
        yield from blocks
        return
    import soxr

    stream = soxr.ResampleStream(native, rate, 1, dtype="float32", quality="HQ")
    for block in blocks:
        yield stream.resample_chunk(block)
    yield stream.resample_chunk(np.empty(0, np.float32), last=True)
