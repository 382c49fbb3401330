"""The contract of a feature family: what can follow ``--features``."""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from audioclf.spec import Configurable, param
from audioclf.spectra import Frames, Spectra


@dataclass(frozen=True)
class Extractor(Configurable):
    """A family of coefficients per frame; its dataclass fields are its parameters.

    A subclass gives `static_names` and `static`; deltas and their names are added here.

    Attributes
    ----------
    name : str
        The word after ``--features``; the same as the entry point's.
    title : str
        One line for ``audioclf list``.
    version : int
        Raised whenever the numbers change, so that stored features are computed anew.
    """

    title: ClassVar[str]
    version: ClassVar[int] = 1

    deltas: int = param(0, "orders of time derivatives appended: 0, 1 or 2")
    delta_width: int = param(9, "frames in the regression of a delta, odd")

    def __post_init__(self) -> None:
        self.require(self.deltas in (0, 1, 2), f"deltas={self.deltas}; it must be 0, 1 or 2")
        odd = self.delta_width >= 3 and self.delta_width % 2 == 1
        self.require(odd, f"delta_width={self.delta_width}; it must be odd and at least 3")

    @abstractmethod
    def static_names(self) -> list[str]:
        """Names of the static coefficients, unique within all extractors (``mfcc_0`` ...)."""

    @abstractmethod
    def static(self, spectra: Spectra) -> NDArray[np.floating]:
        """The static coefficients, shape (n_frames, n_static), finite for every finite signal."""

    @property
    def base(self) -> Extractor:
        """The same extractor without deltas: what the feature store keeps."""
        return dataclasses.replace(self, deltas=0, delta_width=9)

    @property
    def coefficient_names(self) -> list[str]:
        """Names of all coefficients: statics, then deltas (``mfcc_0_delta``), then ``mfcc_0_delta2``."""
        static = self.static_names()
        suffixes = ["", "_delta", "_delta2"][: self.deltas + 1]
        return [name + suffix for suffix in suffixes for name in static]

    def frames(self, spectra: Spectra) -> Frames:
        """All coefficients of every frame, shape (n_frames, n_coefficients), float32."""
        return self.with_deltas(np.ascontiguousarray(self.static(spectra), dtype=np.float32))

    def with_deltas(self, static: Frames) -> Frames:
        """Append this extractor's deltas to static coefficients, shape (n_frames, n_coefficients), float32."""
        orders = [static]
        for _ in range(self.deltas):
            orders.append(delta(orders[-1], self.delta_width))
        return np.hstack(orders) if self.deltas else static


def delta(frames: Frames, width: int = 9) -> Frames:
    """Return the slope over time by linear regression, shape as *frames*, float32.

    d_t = Σ_n n (c_{t+n} - c_{t-n}) / (2 Σ_n n²), n = 1 ... (width - 1) / 2, with the first and last frame
    repeated beyond the ends (Young et al., The HTK Book 3.4, eq. 5.16). The same as
    ``librosa.feature.delta(frames.T, width=width, mode="nearest").T``.

    Parameters
    ----------
    frames : ndarray, shape (n_frames, n_coefficients)
    width : int
        Odd number of frames.

    Examples
    --------
    >>> delta(np.array([[0.0], [1.0], [2.0], [3.0], [4.0]], np.float32), width=3)[2]
    array([1.], dtype=float32)
    """
    reach = width // 2
    padded = np.pad(frames, ((reach, reach), (0, 0)), mode="edge")
    count = len(frames)
    slope = np.zeros_like(frames)
    for n in range(1, reach + 1):
        slope += np.float32(n) * (padded[reach + n : reach + n + count] - padded[reach - n : reach - n + count])
    return slope / np.float32(2 * sum(n * n for n in range(1, reach + 1)))
