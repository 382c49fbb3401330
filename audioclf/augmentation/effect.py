"""The contract of an effect of augmentation: what can follow ``--augment``."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from audioclf.spec import Configurable

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Effect(Configurable):
    """One way to change a clip; its dataclass fields are its parameters.

    An effect first draws what it will do, which needs no samples and so can be told beforehand, then does it. All that
    is random comes from the generator that it is given: copies are made in threads, which share NumPy's global one.

    Attributes
    ----------
    name : str
        The word after ``--augment``; the same as the entry point's.
    title : str
        One line for ``audioclf list augmentations``.
    place : float
        Where it stands among the effects of a copy, whatever their order in the spec: first what the source does
        (pitch 0, stretch 1), then where it stands (shift 2), the room (reverb 4), the microphone's noise (noise 5), the
        recorder's level (gain 6). Of two with one place, the name decides.
    version : int
        Raised whenever its copies come out differently, so that their features are computed anew.
    """

    title: ClassVar[str]
    place: ClassVar[float]
    version: ClassVar[int] = 1

    @abstractmethod
    def draw(self, rng: np.random.Generator) -> dict[str, float]:
        """Draw the parameters of `apply` and `tell`, by name."""

    @abstractmethod
    def apply(self, samples: Samples, sample_rate: int, rng: np.random.Generator, **drawn: float) -> Samples:
        """Return changed samples.

        Parameters
        ----------
        samples : ndarray of float32, shape (n,)
            At least one, in [-1, 1] as recorded. Not to be changed.
        sample_rate : int
            In Hz.
        rng : Generator
            For what else is random; it goes on where `draw` left it.
        **drawn
            What `draw` returned.

        Returns
        -------
        ndarray of float32, shape (m,)
            At least one sample, all finite.
        """

    @abstractmethod
    def tell(self, **drawn: float) -> str:
        """Say what was drawn in two or three words."""

    def require_range(self, low: str, high: str, least: float, most: float, unit: str) -> None:
        """Require *least* <= *low* <= *high* <= *most* of the parameters *low* and *high*."""
        values = getattr(self, low), getattr(self, high)
        for key, value in zip((low, high), values):
            self.require(
                least <= value <= most,
                f"{key}={value:g}; it must lie between {least:g} and {most:g}{unit and ' '}{unit}",
            )
        self.require(values[0] <= values[1], f"{low}={values[0]:g} is above {high}={values[1]:g}")


def signed(value: float, digits: int, plus: bool = True) -> str:
    """A number as pictures write it, without a negative zero.

    >>> signed(-0.01, 1), signed(1.25, 1), signed(-3.4, 0)
    ('+0.0', '+1.2', '−3')
    """
    text = f"{round(value, digits) + 0.0:{'+' if plus else ''}.{digits}f}"
    return text.replace("-", "\N{MINUS SIGN}")
