"""Spectral fingerprints: which clips hold the same sound, re-encoded, louder or softer, or trimmed.

After Haitsma & Kalker 2002 ("A highly robust audio fingerprinting system", ISMIR): of every frame, 32 signs of how
the difference between neighbouring bands' energies changes in time. Four things are different here. Frames have
64 ms in place of 370, for clips may be a spoken digit; the change is taken over 46 ms; the bands reach from 120 Hz, for
drums, to 7.5 kHz, for birds and cymbals; and a second word says which signs are reliable, that is, belong to changes
of more than 1 dB in bands that aren't silent. Only signs that are reliable in both clips are compared.

Fingerprints find candidates; whether two are one sound or two takes of the same word, `coherence` says: takes agree in
energy, not in phase.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audioclf.spectra.kernels.compiler import kernel

Print = NDArray[np.uint32]

VERSION = 1
"""Raise it with every change that changes a bit."""

RATE = 16_000
"""Hz that fingerprints are taken at."""

HOP = 186
"""Samples from frame to frame: 11.6 ms."""

LONGEST = 6 * RATE
"""Samples that are compared as waveforms at most."""

_FRAME = 1024
_LAG = 4  # frames
_BANDS = 33
_LOWEST, _HIGHEST = 120.0, 7500.0  # Hz
_CHANGE = 1.0  # dB
_DEPTH = 60.0  # dB below the clip's loudest band
_FAINTEST = -70.0  # dB; the quantisation noise of 16 bits lies near
_NYQUIST_SHARE = 0.47  # of the rate: bands above belong to the resampler's filter

_MIN_BITS = 60  # reliable in both clips: fewer say nothing
_MIN_SHARE = 0.5  # of the shorter clip
_SPACING = 12  # frames within which an anchor is the strongest: 0.14 s
_FEWEST = 12  # anchors of a short clip
_MOST_ANCHORS = 40_000  # 800 million comparisons
_MOST_PAIRS = 2_000_000  # in memory
_DELAY = RATE // 20
_FINER = 4  # steps of the delay, a sample
_SEGMENT = RATE // 10


@dataclass(frozen=True)
class Match:
    """Two clips that share a stretch of sound.

    Attributes
    ----------
    first, second : int
        Indices of the clips, first < second.
    offset : int
        Frames by which the second begins later in the first; negative if it begins earlier.
    error : float
        Share of differing bits among those reliable in both: 0.5 for unrelated sounds, 0 for the same.
    bits : int
        How many were reliable in both.
    share : float
        Of the shorter clip that the stretch covers, 0 to 1.
    """

    first: int
    second: int
    offset: int
    error: float
    bits: int
    share: float


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


def find_matches(prints: Sequence[Print], highest_error: float) -> list[Match]:
    """Return the pairs of clips that share a stretch of at least half the shorter, in the order of their indices.

    Where the spectrum changes most, about three times a second, a fingerprint has an anchor. All anchors are compared
    with all others, by the bits of thirteen frames around them; two that agree give an offset, at which their clips are
    compared by all their bits.

    Parameters
    ----------
    prints : sequence of ndarray
        Fingerprints.
    highest_error : float
        Share of differing bits up to which a pair counts.
    """
    bounds = np.concatenate([[0], np.cumsum([len(words) for words in prints])]).astype(np.int64)
    if not bounds[-1]:
        return []
    words = np.concatenate(prints)
    anchors, owner = _anchors(prints, bounds)
    near = _near(words, anchors, owner, bounds)
    best: dict[tuple[int, int], Match] = {}
    begin = 0
    while begin < len(anchors):
        pairs, begin = _pair_up(words, anchors, near, owner, bounds, begin, _MOST_PAIRS + 5 * len(anchors))
        pairs = _unique(pairs)
        results = _compare_all(words, bounds, pairs, _MIN_BITS, _MIN_SHARE)
        good = results[:, 0] <= highest_error
        for (i, j, _), (error, bits, share, offset) in zip(pairs[good].tolist(), results[good].tolist()):
            if (i, j) not in best or error < best[i, j].error:
                best[i, j] = Match(i, j, int(offset), error, int(bits), share)
    return [best[pair] for pair in sorted(best)]


def _anchors(prints: Sequence[Print], bounds: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the numbers of the frames that are anchors, among all frames, and of the clips they belong to."""
    import scipy.ndimage

    found, owner = [], []
    for i, words in enumerate(prints):
        if not len(words):
            continue
        strength = scipy.ndimage.uniform_filter1d(words[:, 2].astype(np.float64), 3)
        for reach in (_SPACING, _SPACING // 2, _SPACING // 4, 1):
            highest = scipy.ndimage.maximum_filter1d(strength, 2 * reach + 1)
            peaks = np.flatnonzero((strength == highest) & (strength > 0))
            if len(peaks) >= _FEWEST:
                break
        found.append(bounds[i] + peaks)
        owner.append(np.full(len(peaks), i))
    anchors, clips = np.concatenate(found), np.concatenate(owner)
    if len(anchors) > _MOST_ANCHORS:  # the strongest of each clip
        strengths = np.concatenate(prints)[anchors, 2]
        order = np.lexsort((-strengths.astype(np.int64), clips))
        rank = np.empty(len(anchors), np.int64)
        firsts = np.searchsorted(clips[order], clips[order], side="left")
        rank[order] = np.arange(len(anchors)) - firsts
        kept = np.sort(np.argsort(rank, kind="stable")[:_MOST_ANCHORS])
        anchors, clips = anchors[kept], clips[kept]
    return anchors, clips


def _near(
    words: Print, anchors: NDArray[np.int64], owner: NDArray[np.int64], bounds: NDArray[np.int64]
) -> NDArray[np.uint32]:
    """The signs of five frames around each anchor, then what of them is reliable, shape (n_anchors, 10)."""
    frames = anchors[:, None] + np.arange(-2, 3)
    within = (frames >= bounds[owner][:, None]) & (frames < bounds[owner + 1][:, None])
    chosen = words[np.where(within, frames, 0)]
    return np.concatenate([chosen[..., 0], np.where(within, chosen[..., 1], np.uint32(0))], axis=1)


def _unique(pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """The different rows, in order."""
    pairs = pairs[np.lexsort(pairs.T[::-1])]
    fresh = np.ones(len(pairs), bool)
    fresh[1:] = (pairs[1:] != pairs[:-1]).any(axis=1)
    return pairs[fresh]


@kernel
def _pair_up(words: Any, anchors: Any, near: Any, owner: Any, bounds: Any, begin: int, most: int) -> Any:
    """Return pairs of clips and their offsets, (n, 3), from the anchors at *begin* on; and where to go on.

    *near* holds the words of the anchors and the two frames before and after, side by side in memory.
    """
    pairs = np.empty((most, 3), np.int64)
    size = 0
    a = begin
    while a < len(anchors) and size < most - 5 * len(anchors):
        i, p = owner[a], anchors[a]
        signs, reliable = words[p, 0], words[p, 1]
        first = a + 1
        while first < len(anchors) and owner[first] == i:
            first += 1
        for b in range(first, len(anchors)):
            row = near[b]
            for shift in range(5):
                both = reliable & row[5 + shift]
                bits = _ones(both)
                errors = _ones((signs ^ row[shift]) & both)
                if bits < 5 or 3 * errors > bits:
                    continue
                j, r = owner[b], anchors[b] + shift - 2
                for k in range(-8, 17, 2):
                    if k != 0 and bounds[i] <= p + k < bounds[i + 1] and bounds[j] <= r + k < bounds[j + 1]:
                        both = words[p + k, 1] & words[r + k, 1]
                        bits += _ones(both)
                        errors += _ones((words[p + k, 0] ^ words[r + k, 0]) & both)
                if bits >= 20 and 10 * errors <= 3 * bits:
                    pairs[size, 0], pairs[size, 1] = i, j
                    pairs[size, 2] = (p - bounds[i]) - (r - bounds[j])
                    size += 1
        a += 1
    return pairs[:size].copy(), a


@kernel
def _compare_all(words: Any, bounds: Any, pairs: Any, min_bits: int, min_share: float) -> Any:
    """Return error, bits, share and offset of every pair of clips, at the best of the offset and its neighbours."""
    results = np.zeros((len(pairs), 4))
    for k in range(len(pairs)):
        results[k, 0] = 1.0
        i, j = pairs[k, 0], pairs[k, 1]
        n, m = bounds[i + 1] - bounds[i], bounds[j + 1] - bounds[j]
        for offset in range(pairs[k, 2] - 1, pairs[k, 2] + 2):
            begin, end = max(0, offset), min(n, m + offset)
            if end - begin < min_share * min(n, m):
                continue
            bits, errors = 0, 0
            for a in range(begin, end):
                p, q = bounds[i] + a, bounds[j] + a - offset
                both = words[p, 1] & words[q, 1]
                bits += _ones(both)
                errors += _ones((words[p, 0] ^ words[q, 0]) & both)
            if bits >= min_bits and errors / bits < results[k, 0]:
                results[k, 0], results[k, 1] = errors / bits, bits
                results[k, 2], results[k, 3] = (end - begin) / min(n, m), offset
    return results


@kernel
def _ones(word: Any) -> Any:
    """Count the bits that are set in a word of 32."""
    word = word - ((word >> np.uint32(1)) & np.uint32(0x55555555))
    word = (word & np.uint32(0x33333333)) + ((word >> np.uint32(2)) & np.uint32(0x33333333))
    word = (word + (word >> np.uint32(4))) & np.uint32(0x0F0F0F0F)
    return np.int64(((word * np.uint32(0x01010101)) & np.uint32(0xFFFFFFFF)) >> np.uint32(24))


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
