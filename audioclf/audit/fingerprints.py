"""Spectral fingerprints: signs of change by which re-encoded, amplified or trimmed copies of a sound are found.

After Haitsma & Kalker 2002 ("A highly robust audio fingerprinting system", ISMIR): of every frame, 32 signs of how
the difference between neighbouring bands' energies changes in time. Four things are different here. Frames have
64 ms in place of 370, for clips may be a spoken digit; the change is taken over 46 ms; the bands reach from 120 Hz, for
drums, to 7.5 kHz, for birds and cymbals; and a second word says which signs are reliable, that is, belong to changes
of more than 1 dB in bands that aren't silent. Only signs that are reliable in both clips are compared.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import numpy as np
from numpy.typing import NDArray

Print = NDArray[np.uint32]

VERSION = 1
"""Raise it with every change that changes a bit."""

RATE = 16_000
"""Hz that fingerprints are taken at."""

HOP = 186
"""Samples from frame to frame: 11.6 ms."""

_FRAME = 1024
_LAG = 4  # frames
_BANDS = 33
_LOWEST, _HIGHEST = 120.0, 7500.0  # Hz
_CHANGE = 1.0  # dB
_DEPTH = 60.0  # dB below the clip's loudest band
_FAINTEST = -70.0  # dB; the quantisation noise of 16 bits lies near
_NYQUIST_SHARE = 0.47  # of the rate: bands above belong to the resampler's filter


def fingerprint(blocks: Iterable[NDArray[np.float32]], sample_rate: int) -> Print:
    """Return a clip's fingerprint, shape (n_frames, 3): signs, which are reliable, and the change in dB.

    Parameters
    ----------
    blocks : iterable of ndarray of float32
        The clip's samples, mono, one stretch after the other.
    sample_rate : int
        In Hz.

    Examples
    --------
    >>> noise = np.random.default_rng(0).standard_normal(8000).astype(np.float32)
    >>> fingerprint([noise], 8000).shape
    (80, 3)
    """
    taker = Taker(sample_rate)
    for block in blocks:
        taker.add(block)
    return taker.finish()


class Taker:
    """Takes a clip's samples block by block; `finish` returns the fingerprint.

    Parameters
    ----------
    sample_rate : int
        In Hz.
    """

    def __init__(self, sample_rate: int) -> None:
        self._rate = sample_rate
        self._stream = None
        if sample_rate != RATE:
            import soxr

            self._stream = soxr.ResampleStream(sample_rate, RATE, 1, dtype="float32", quality="MQ")
        self._rest = np.zeros(_FRAME // 2, np.float32)  # so that a stroke at the very beginning is a change, too
        self._levels: list[NDArray[np.float32]] = []

    def add(self, samples: NDArray[np.float32]) -> None:
        """Take the next samples, shape (n_samples,)."""
        self._take(samples if self._stream is None else self._stream.resample_chunk(samples))

    def _take(self, samples: NDArray[np.float32]) -> None:
        whole = np.concatenate([self._rest, samples])
        count = (len(whole) - _FRAME) // HOP + 1 if len(whole) >= _FRAME else 0
        for begin in range(0, count, 512):
            number = min(512, count - begin)
            self._levels.append(_band_levels(whole[begin * HOP : (begin + number - 1) * HOP + _FRAME]))
        self._rest = whole[count * HOP :].copy()

    def finish(self) -> Print:
        """Return the fingerprint of all that was added, shape (n_frames, 3)."""
        if self._stream is not None:
            self._take(self._stream.resample_chunk(np.empty(0, np.float32), last=True))
        levels = np.concatenate(self._levels) if self._levels else np.empty((0, _BANDS), np.float32)
        return _bits(levels, self._rate)


@cache
def _bands() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The edges of the bands in Hz, and the first bin of each and of what lies above."""
    edges = np.geomspace(_LOWEST, _HIGHEST, _BANDS + 1)
    bins = np.ceil(edges * _FRAME / RATE).astype(np.int64)
    for i in range(1, len(bins)):
        bins[i] = max(bins[i], bins[i - 1] + 1)
    return edges, bins


@cache
def _window() -> NDArray[np.float32]:
    return (np.hanning(_FRAME) / (_FRAME / 4)).astype(np.float32)  # a sine at full scale has 0 dB


def _band_levels(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the bands' energies in dB, shape (n_frames, _BANDS)."""
    import scipy.fft

    frames = np.lib.stride_tricks.sliding_window_view(samples, _FRAME)[::HOP]
    spectra = scipy.fft.rfft(frames * _window(), axis=1)
    power = spectra.real**2 + spectra.imag**2
    energy = np.add.reduceat(power, _bands()[1], axis=1)[:, :_BANDS]
    return (10 * np.log10(energy + 1e-12)).astype(np.float32)


def _bits(levels: NDArray[np.float32], sample_rate: int) -> Print:
    if len(levels) <= _LAG:
        return np.empty((0, 3), np.uint32)
    floor = max(float(levels.max()) - _DEPTH, _FAINTEST)
    heard = levels > floor
    levels = np.maximum(levels, floor)
    step = levels[:, :-1] - levels[:, 1:]
    change = step[_LAG:] - step[:-_LAG]
    either = heard[_LAG:] | heard[:-_LAG]
    reliable = (either[:, :-1] | either[:, 1:]) & (np.abs(change) > _CHANGE)
    reliable[:, _bands()[0][2:] > _NYQUIST_SHARE * sample_rate] = False
    words = [np.packbits(bits, axis=1, bitorder="little").view("<u4")[:, 0] for bits in (change > 0, reliable)]
    strength = np.where(reliable, np.abs(change), 0).sum(axis=1)
    return np.stack([*words, np.round(strength)], axis=1).astype(np.uint32)
