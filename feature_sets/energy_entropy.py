"""Entropy of energy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audioclf.plugin import Spectra, param

from ._descriptor import Descriptor, share


@dataclass(frozen=True)
class EnergyEntropy(Descriptor):
    """Entropy in bits of the energy's distribution over parts of the frame, in [0, log2 parts].

    -Σ e_j log2 e_j, e_j the share of the frame's energy in its j-th part: Giannakopoulos & Pikrakis 2014, section
    4.3.3. Low where the energy changes within the frame; log2 parts for silence. Samples that don't fill a
    part are left out.

    Examples
    --------
    >>> EnergyEntropy().coefficient_names
    ['energy_entropy']
    """

    name = "energy_entropy"
    title = "entropy of energy within the frame, bits"

    parts: int = param(10, "parts of a frame")

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require(self.parts >= 2, "parts must be at least 2")

    def measure(self, spectra: Spectra) -> NDArray[np.floating]:
        frames = spectra.frames
        length = frames.shape[1] // self.parts
        self.require(length >= 1, f"a frame of {frames.shape[1]} samples has no {self.parts} parts")
        parts = frames[:, : length * self.parts].reshape(len(frames), self.parts, length)
        energies = np.einsum("fpn,fpn->fp", parts, parts, dtype=np.float64)
        shares = share(energies, energies.sum(axis=1, keepdims=True), otherwise=1 / self.parts)
        return -np.sum(shares * np.log2(np.where(shares > 0, shares, 1.0)), axis=1)[:, None]
