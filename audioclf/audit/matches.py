"""Pairs of clips that hold the same sound: candidates by their fingerprints, confirmed by their waveforms."""

from __future__ import annotations

import hashlib
from collections import Counter

import numpy as np
from numpy.typing import NDArray

from audioclf.audio import decode
from audioclf.audit import fingerprints
from audioclf.audit.candidates import Match, find_matches
from audioclf.audit.coherence import LONGEST, coherence
from audioclf.audit.disjoint_sets import DisjointSets
from audioclf.audit.fingerprints import Print
from audioclf.audit.recipes import recipe
from audioclf.dataset.clips import Clip
from audioclf.errors import AudioError
from audioclf.store.store import FeatureStore

_TRIES = 6  # comparisons of a clip's waveform with others' that may fail
_HIGHEST_ERROR = 0.22  # of fingerprints' bits
_COPIES = ((0.75, _HIGHEST_ERROR, 0), (0.6, 0.06, 400))
"""What copies show: coherence at least, share of differing bits at most, of so many bits at least."""


def same_sounds(clips: list[Clip], keys: list[bytes], prints: list[Print], store: FeatureStore) -> list[Match]:
    """Return the pairs of clips, by their index, that hold the same sound.

    Clips that are known to hold the same sound by way of a third aren't compared again.

    Parameters
    ----------
    clips : list of Clip
        No two with the same samples.
    keys : list of bytes
        Their keys in the store.
    prints : list of ndarray
        Their fingerprints.
    store : FeatureStore
        Keeps the pairs, for these very clips.
    """
    kept_as = recipe(f"audit: pairs of clips with the same sound {_COPIES}", fingerprints.VERSION)
    key = hashlib.blake2b(b"".join(keys), digest_size=16).digest()
    [kept] = store.get(kept_as, [key])
    if kept is not None:
        return [Match(int(a), int(b), int(o), float(e), int(n), float(s)) for a, b, o, e, n, s in kept.tolist()]
    candidates = sorted(find_matches(prints, _HIGHEST_ERROR), key=lambda m: (m.error, m.first, m.second))
    sets = DisjointSets(len(clips))
    tries: Counter[int] = Counter()
    matches = []
    for match in candidates:
        a, b = match.first, match.second
        if sets.find(a) == sets.find(b) or max(tries[a], tries[b]) >= _TRIES:
            continue
        wave = _coherence(clips[a], clips[b], match.offset)
        if any(wave >= least and match.error <= most and match.bits >= bits for least, most, bits in _COPIES):
            sets.join(a, b)
            matches.append(match)
        else:
            tries[a] += 1
            tries[b] += 1
    rows = [[m.first, m.second, m.offset, m.error, m.bits, m.share] for m in matches]
    store.put(kept_as, [key], [np.array(rows, np.float32).reshape(-1, 6)])
    return sorted(matches, key=lambda m: (m.first, m.second))


def _coherence(first: Clip, second: Clip, offset: int) -> float:
    seconds = offset * fingerprints.HOP / fingerprints.RATE
    try:
        a = _stretch(first, max(0.0, seconds))
        b = _stretch(second, max(0.0, -seconds))
    except AudioError:  # gone since it was measured
        return 0.0
    return coherence(a, b)


def _stretch(clip: Clip, begin: float) -> NDArray[np.float32]:
    """A clip's samples from *begin* seconds on, as many as are compared."""
    start = (clip.start or 0.0) + begin
    end = start + LONGEST / fingerprints.RATE
    return decode.read(clip.path, fingerprints.RATE, start, end if clip.end is None else min(end, clip.end)).samples
