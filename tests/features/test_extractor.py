"""What every extractor gets from its base: deltas of its coefficients."""

from __future__ import annotations

import librosa
import numpy as np
import pytest

from audioclf.features import extractor
from audioclf.features.extractor import delta
from audioclf.features.specs import build_extractors


@pytest.mark.parametrize("width", [3, 5, 9, 11])
@pytest.mark.parametrize("count", [1, 2, 4, 50])
def test_deltas_are_librosas(rng, width, count):
    frames = rng.normal(size=(count, 6)).astype(np.float32)
    reference = librosa.feature.delta(frames.T, width=width, mode="nearest").T
    found = delta(frames, width)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, reference, atol=1e-6)


def test_deltas_of_deltas_follow_the_statics():
    [plain], [twice] = build_extractors("zcr"), build_extractors("zcr:deltas=2:delta_width=5")
    static = np.random.default_rng(0).normal(size=(30, 1)).astype(np.float32)
    with_deltas = twice.with_deltas(static)
    first = librosa.feature.delta(static.T, width=5, mode="nearest")
    second = librosa.feature.delta(first, width=5, mode="nearest")
    np.testing.assert_allclose(with_deltas, np.vstack([static.T, first, second]).T, atol=1e-6)
    assert twice.base == plain
    assert plain.with_deltas(static) is static


@pytest.mark.parametrize("bounds", [[0, 1], [0, 2], [0, 5, 6, 200]], ids=str)
@pytest.mark.parametrize("reach", [1, 4, 15])
def test_the_kernel_of_deltas_and_its_plain_form_agree(rng, reach, bounds):
    values = rng.standard_normal((3, bounds[-1])).astype(np.float32)
    out, plain = np.empty_like(values), np.empty(values.shape)
    extractor._delta(values, np.array(bounds), reach, out)
    extractor._delta_plain(values.astype(np.float64), bounds, reach, plain)
    np.testing.assert_allclose(out, plain, rtol=0, atol=1e-6)
