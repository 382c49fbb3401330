"""Base of the descriptors: extractors of one number per frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audioclf.plugin import Extractor


@dataclass(frozen=True)
class Descriptor(Extractor):
    """An extractor whose one coefficient bears its own name."""

    def static_names(self) -> list[str]:
        return [self.name]


def share(part: NDArray[np.floating], whole: NDArray[np.floating], otherwise: float = 0.0) -> NDArray[np.floating]:
    """Return part / whole, and *otherwise* where whole is 0 (silence).

    >>> share(np.array([1.0, 0.0]), np.array([4.0, 0.0]), otherwise=1.0)
    array([0.25, 1.  ])
    """
    return np.divide(part, whole, out=np.full_like(part, otherwise), where=whole > 0)
