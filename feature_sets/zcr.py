"""Zero-crossing rate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audioclf.plugin import Spectra

from ._descriptor import Descriptor


@dataclass(frozen=True)
class ZeroCrossingRate(Descriptor):
    """Share of a frame's samples whose sign differs from the sample before, in [0, 1].

    Giannakopoulos & Pikrakis 2014, section 4.3.2. Equal to ``librosa.feature.zero_crossing_rate``, which takes
    samples within 1e-10 of zero as zero, and zero as positive.

    Examples
    --------
    >>> ZeroCrossingRate().coefficient_names
    ['zcr']
    """

    name = "zcr"
    title = "zero-crossing rate"

    def measure(self, spectra: Spectra) -> NDArray[np.floating]:
        negative = spectra.samples < -1e-10
        length = spectra.analysis.frame_samples
        # Crossings before each sample, summed once; a frame's count is a difference.
        crossings = np.concatenate([[0], np.cumsum(negative[1:] != negative[:-1])])
        first = spectra.starts
        return ((crossings[first + length - 1] - crossings[first]) / length)[:, None]
