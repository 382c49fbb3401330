"""The logarithm is NumPy's to the last places."""

from __future__ import annotations

import numpy as np

from audioclf.spectra.kernels.logarithm import log

F32 = 6e-8  # half a unit in the last place


def test_log(rng):
    values = np.concatenate([[1, 2, 0.5, np.sqrt(0.5), 3e38, 1.2e-38], 10.0 ** rng.uniform(-37, 38, 10_000)])
    values = values.astype(np.float32)[None]
    expected = np.log(values.astype(np.float64))
    np.testing.assert_allclose(log(values, 1e-38), expected, rtol=3 * F32, atol=2 * F32)
    floored = log(np.array([[0.0, -1.0, 1e-12, 1e-9]], np.float32), 1e-10, 10 / np.log(10))
    np.testing.assert_allclose(floored, [[-100, -100, -100, -90]], rtol=1e-6)
