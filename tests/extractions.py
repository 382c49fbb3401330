"""What tests of extraction share: noise, what is wanted of it, and whether two extractions are the same."""

from __future__ import annotations

import numpy as np

from audioclf.features import functionals
from audioclf.features.wanted import Wanted


def noise(seed, seconds=0.3, rate=8000):
    """White noise, shape (seconds * rate,)."""
    return np.random.default_rng(seed).uniform(-0.5, 0.5, round(seconds * rate))


def both_of(extractors, pooled=functionals.DEFAULT):
    """Vectors and sequences of the same extractors."""
    return Wanted(tuple(extractors), tuple(extractors), pooled)


def same(one, two):
    """Assert that two extractions are equal to the last bit, but for the seconds that they took."""
    assert one.clips == two.clips
    assert one.hashes == two.hashes
    assert one.skipped == two.skipped
    np.testing.assert_array_equal(one.lengths, two.lengths)
    for kind in ("vectors", "sequences"):
        first, second = getattr(one, kind), getattr(two, kind)
        assert list(first) == list(second)
        for extractor in first:
            assert first[extractor].dtype == second[extractor].dtype == np.float32
            np.testing.assert_array_equal(first[extractor], second[extractor])
