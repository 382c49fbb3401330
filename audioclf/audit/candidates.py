"""Candidates for copies: pairs of clips whose fingerprints agree over at least half of the shorter.

Whether two are one sound or two takes of the same word, `audioclf.audit.coherence` says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audioclf.audit.fingerprints import Print
from audioclf.spectra.kernels.compiler import kernel

_MIN_BITS = 60  # reliable in both clips: fewer say nothing
_MIN_SHARE = 0.5  # of the shorter clip
_SPACING = 12  # frames within which an anchor is the strongest: 0.14 s
_FEWEST = 12  # anchors of a short clip
_MOST_ANCHORS = 40_000  # 800 million comparisons
_MOST_PAIRS = 2_000_000  # in memory


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
