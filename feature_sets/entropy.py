"""Spectral entropy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audioclf import kernels
from audioclf.kernels import LANES, kernel
from audioclf.spectra import Spectra

from ._descriptor import Descriptor, share


@dataclass(frozen=True)
class Entropy(Descriptor):
    """Entropy of the power spectrum as a distribution over bins, in [0, 1].

    -Σ p log p / log n_bins with p = |X|² / Σ |X|²: Misra, Ikbal, Bourlard & Hermansky 2004, "Spectral entropy
    based feature for robust ASR", divided by its maximum. Near 0 for a tone, near 1 for
    white noise; 1 for silence, as flat as can be.

    Examples
    --------
    >>> Entropy().coefficient_names
    ['entropy']
    """

    name = "entropy"
    title = "spectral entropy"

    def measure(self, spectra: Spectra) -> NDArray[np.floating]:
        power = kernels.rows(spectra.power)
        total, weighted = np.empty((2, len(spectra)), np.float32)
        _sums(power, power.view(np.int32), total, weighted)
        # -Σ p log p = log Σ P - (Σ P log P) / Σ P
        entropy = np.log(np.where(total > 0, total, 1.0)) - share(weighted, total)
        return np.where(total > 0, entropy / np.log(len(power)), 1.0).clip(0.0, 1.0)[:, None]


@kernel
def _sums(power: Any, bits: Any, total: Any, weighted: Any) -> None:
    """Σ P and Σ P ln P over the bins of each frame.

    The logarithm is written out, for a call would keep the loop from being vectorised: P = m 2^e with m in [√½, √2),
    ln m = 2 artanh t with t = (m - 1) / (m + 1), |t| < 0.172, by its series to t⁹ (relative error 1e-9).
    """
    sqrt_half = np.int32(0x3F3504F3)
    one, two, log_2 = np.float32(1), np.float32(2), np.float32(np.log(2))
    c3, c5, c7, c9 = np.float32(1 / 3), np.float32(1 / 5), np.float32(1 / 7), np.float32(1 / 9)
    first, second = np.empty(LANES, np.float32), np.empty(LANES, np.float32)
    mantissa_bits = np.empty(LANES, np.int32)
    mantissa = mantissa_bits.view(np.float32)
    exponent = np.empty(LANES, np.int32)
    for start in range(0, power.shape[1], LANES):
        end = min(start + LANES, power.shape[1])
        first[:] = 0
        second[:] = 0
        for k in range(power.shape[0]):
            row, row_bits = power[k, start:end], bits[k, start:end]
            for f in range(end - start):
                e = np.int32(np.int32(row_bits[f] - sqrt_half) >> np.int32(23))
                exponent[f] = e
                mantissa_bits[f] = np.int32(row_bits[f] - np.int32(e << np.int32(23)))
            for f in range(end - start):
                t = (mantissa[f] - one) / (mantissa[f] + one)
                square = t * t
                series = one + square * (c3 + square * (c5 + square * (c7 + square * c9)))
                logarithm = two * t * series + np.float32(exponent[f]) * log_2
                first[f] += row[f]
                second[f] += row[f] * logarithm
        total[start:end] = first[: end - start]
        weighted[start:end] = second[: end - start]
