"""Spectral entropy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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

    def static(self, spectra: Spectra) -> NDArray[np.floating]:
        power = spectra.power
        total = power.sum(axis=1, dtype=np.float64)
        # -Σ p log p = log Σ P - (Σ P log P) / Σ P
        weighted = np.einsum("fk,fk->f", power, np.log(np.where(power > 0, power, 1.0)), dtype=np.float64)
        entropy = np.log(np.where(total > 0, total, 1.0)) - share(weighted, total)
        return np.where(total > 0, entropy / np.log(power.shape[1]), 1.0).clip(0.0, 1.0)[:, None]
