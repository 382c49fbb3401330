"""Short-time energy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audioclf.plugin import Spectra

from ._cepstra import FLOOR
from ._descriptor import Descriptor


@dataclass(frozen=True)
class Energy(Descriptor):
    """Mean square of the frame's samples, before the window, in dB of full scale; at least -100 dB.

    Giannakopoulos & Pikrakis 2014, section 4.3.1. Equal to ``20 log10 librosa.feature.rms``.

    Examples
    --------
    >>> Energy().coefficient_names
    ['energy']
    """

    name = "energy"
    title = "short-time energy, dB"

    def measure(self, spectra: Spectra) -> NDArray[np.floating]:
        frames = spectra.frames
        mean_square = np.einsum("fn,fn->f", frames, frames) / frames.shape[1]
        return 10 * np.log10(np.maximum(mean_square, FLOOR))[:, None]
