"""Coherence of two sounds: whether they are one waveform, or two takes that agree in energy but not in phase."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audioclf.audit.fingerprints import RATE

LONGEST = 6 * RATE
"""Samples that are compared as waveforms at most."""

_DELAY = RATE // 20
_FINER = 4  # steps of the delay, a sample
_SEGMENT = RATE // 10


def coherence(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    """Return how far two stretches at `RATE` are one waveform, delayed by up to 50 ms, amplified or turned over.

    They are brought to the delay at which they correlate best, to a quarter of a sample: by third-octave bands
    weighted equally, or as they are, whichever then agrees better. In every 100 ms of every band they are then
    correlated anew; the mean of that, over those that are at most 45 dB below the loudest, is near 1 for a
    re-encoded copy, and near 0 for another take of the same note or word, which agrees in energy but not in phase
    for long.

    Parameters
    ----------
    first, second : ndarray of float32, shape (n_samples,)
        Of longer ones than 6 s the middle is taken.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> noise, other = rng.standard_normal((2, 8000)).astype(np.float32)
    >>> round(coherence(noise[5:], -0.1 * noise[:-5]), 2), coherence(noise, other) < 0.2
    (1.0, True)
    """
    import scipy.fft

    length = min(len(first), len(second))
    n = min(length, LONGEST)
    begin = (length - n) // 2
    x, y = first[begin : begin + n], second[begin : begin + n]
    size = scipy.fft.next_fast_len(n + _DELAY, real=True)
    bins, numbers = _thirds(size)
    whole = [scipy.fft.rfft(part, size)[bins[0] : bins[-1]] for part in (x, y)]
    energies = [np.bincount(numbers, spectrum.real**2 + spectrum.imag**2) for spectrum in whole]
    used = np.all([energy > 1e-6 * energy.max() for energy in energies], axis=0)
    if not used.any():
        return 0.0
    product = whole[0] * whole[1].conj()
    level = np.sqrt(np.maximum(energies[0] * energies[1], 1e-30))
    # Equal weights are sharpest, but coded noise in most bands outvotes a soft tone in one.
    weights = (np.where(used, 1 / level, 0), np.where(used, 1.0, 0))
    delays = dict.fromkeys(_best_delay(weight[numbers] * product, bins, size) for weight in weights)
    return max(sign * _agreement(x, y, delay) for delay, sign in delays)


def _best_delay(product: NDArray[np.complexfloating], bins: NDArray[np.int64], size: int) -> tuple[float, float]:
    """The delay of the first behind the second, in samples, at which they correlate best; and the sign."""
    import scipy.fft

    padded = np.zeros(_FINER * size // 2 + 1, complex)
    padded[bins[0] : bins[-1]] = product
    correlation = scipy.fft.irfft(padded, _FINER * size)
    reach = _FINER * _DELAY
    near = np.concatenate([correlation[-reach:], correlation[:reach]])
    best = int(np.argmax(np.abs(near)))
    return (best - reach) / _FINER, float(np.sign(near[best]))


def _agreement(x: NDArray[np.float32], y: NDArray[np.float32], delay: float) -> float:
    """The mean correlation over the parts of time and frequency that are heard in both."""
    import scipy.fft

    shift = round(delay)
    if shift > 0:
        x, y = x[shift:], y[: len(y) - shift]
    elif shift < 0:
        x, y = x[: len(x) + shift], y[-shift:]
    bins, _ = _thirds(_SEGMENT)
    count = -(-len(x) // _SEGMENT)
    cells = [
        scipy.fft.rfft(np.pad(part, (0, count * _SEGMENT - len(part))).reshape(count, -1), axis=1)[
            :, bins[0] : bins[-1]
        ]
        for part in (x, y)
    ]
    ramp = np.exp(2j * np.pi * np.arange(bins[0], bins[-1]) * (delay - shift) / _SEGMENT)
    starts = bins[:-1] - bins[0]
    cross = np.add.reduceat((cells[0] * cells[1].conj() * ramp).real, starts, axis=1)
    powers = [np.add.reduceat(cell.real**2 + cell.imag**2, starts, axis=1) for cell in cells]
    heard = np.all([power > 10**-4.5 * power.max() for power in powers], axis=0)
    if not heard.any():
        return 0.0
    return float((cross[heard] / np.sqrt(powers[0][heard] * powers[1][heard])).mean())


def _thirds(size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Bounds of third-octave bands among the bins of a transform of *size*, and each bin's band."""
    bins = np.round(np.geomspace(150, 7500, 18) * size / RATE).astype(np.int64)
    return bins, np.repeat(np.arange(len(bins) - 1), np.diff(bins))
