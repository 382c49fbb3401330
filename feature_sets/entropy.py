"""Spectral entropy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audioclf.plugin import LANES, Spectra, kernel, rows
from audioclf.spectra.kernels.logarithm import log_lanes

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
        power = rows(spectra.power)
        total, weighted = np.empty((2, len(spectra)), np.float32)
        _sums(power, total, weighted)
        # -Σ p log p = log Σ P - (Σ P log P) / Σ P
        entropy = np.log(np.where(total > 0, total, 1.0)) - share(weighted, total)
        return np.where(total > 0, entropy / np.log(len(power)), 1.0).clip(0.0, 1.0)[:, None]


@kernel
def _sums(power: Any, total: Any, weighted: Any) -> None:
    """Σ P and Σ P ln P over the bins of each frame."""
    scratch, logarithm = np.empty(LANES, np.int32), np.empty(LANES, np.float32)
    mantissa = scratch.view(np.float32)
    part_bits = np.zeros(LANES, np.int32)
    part = part_bits.view(np.float32)
    first, second = np.empty(LANES, np.float32), np.empty(LANES, np.float32)
    for start in range(0, power.shape[1], LANES):
        end = min(start + LANES, power.shape[1])
        first[:] = 0
        second[:] = 0
        for k in range(power.shape[0]):
            row = power[k, start:end]
            for f in range(end - start):
                part[f] = row[f]
            log_lanes(part_bits, scratch, mantissa, logarithm)
            for f in range(LANES):
                first[f] += part[f]
                second[f] += part[f] * logarithm[f]
        total[start:end] = first[: end - start]
        weighted[start:end] = second[: end - start]


@_sums.plain
def _sums_plain(power: Any, total: Any, weighted: Any) -> None:
    np.sum(power, axis=0, out=total)
    np.sum(power * np.log(np.maximum(power, np.finfo(np.float32).tiny)), axis=0, out=weighted)
