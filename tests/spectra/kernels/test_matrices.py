"""`weigh` is the product of matrices, and skips nothing but zeros."""

from __future__ import annotations

import numpy as np
import pytest

from audioclf.spectra.kernels.matrices import weigh, weights

F32 = 6e-8  # half a unit in the last place


class TestWeigh:
    @pytest.mark.parametrize("n_frames", [1, 64, 65, 131])
    @pytest.mark.parametrize("shape", [(1, 1), (3, 8), (40, 77), (13, 128)])
    def test_is_the_product_of_matrices(self, rng, shape, n_frames):
        matrix, values = rng.standard_normal(shape), rng.standard_normal((shape[1], n_frames)).astype(np.float32)
        product = weigh(values, weights(matrix))
        bound = np.abs(matrix) @ np.abs(values)
        assert (np.abs(product - matrix @ values) <= 20 * F32 * bound).all()

    def test_skips_what_is_zero_and_nothing_else(self, rng):
        matrix = np.zeros((5, 30))
        matrix[0, 3:9] = matrix[1, 7:12] = matrix[3, 29] = 1  # rows 2 and 4 are empty, columns 12 to 28 too
        matrix[2, 0] = matrix[0, 20] = 2  # and these lie apart from their neighbours
        values = rng.uniform(0, 1, (30, 70)).astype(np.float32)
        np.testing.assert_allclose(weigh(values, weights(matrix)), matrix @ values, rtol=1e-6)
