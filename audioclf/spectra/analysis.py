"""How signals are cut into frames: rate, frame length, hop, window and FFT."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audioclf.errors import SpecError

HIGHEST_DEFAULT_RATE = 22050
"""In Hz: what `analysis_rate` gives at most."""

_COSINES = {
    "hamming": (0.54, 0.46),
    "hann": (0.5, 0.5),
    "blackman": (0.42, 0.5, 0.08),
    "rectangular": (1.0,),
}
WINDOWS = (*_COSINES, *(f"{name}-symmetric" for name in _COSINES if name != "rectangular"))
_SMALLEST_FFT = 1024


@dataclass(frozen=True)
class Analysis:
    """How signals are cut into frames; equal for all extractors of a feature set.

    Attributes
    ----------
    sample_rate : int
        Analysis rate in Hz; recordings are resampled to it.
    frame_length, hop_length : float
        In seconds. Rounded to whole samples.
    window : str
        One of `WINDOWS`. Plain names are periodic (as in librosa and SciPy's ``get_window``); with
        ``-symmetric`` as in NumPy's ``np.hamming``, HTK and spafe.
    n_fft : int or None
        FFT length in samples; None is the next power of two that holds a frame, at least 1024, so that the
        narrow bands of low frequencies hold a bin at low rates too.

    Raises
    ------
    SpecError
        If a value is out of range.

    Examples
    --------
    >>> analysis = Analysis(16000)
    >>> analysis.frame_samples, analysis.hop_samples, analysis.fft_size
    (400, 160, 1024)
    """

    sample_rate: int
    frame_length: float = 0.025
    hop_length: float = 0.010
    window: str = "hamming"
    n_fft: int | None = None

    def __post_init__(self) -> None:
        if self.sample_rate < 1:
            raise SpecError(f"the sample rate is {self.sample_rate}; it must be a positive number of Hz")
        for name in ("frame_length", "hop_length"):
            seconds = getattr(self, name)
            if not 0 < seconds < math.inf:
                raise SpecError(
                    f"the {name.replace('_', ' ')} is {seconds:g} s; it must be a positive number of seconds"
                )
        if self.frame_samples < 2:
            raise SpecError(
                f"the frame length of {self.frame_length:g} s is shorter than two samples at {self.sample_rate} Hz"
            )
        if self.hop_samples < 1:
            raise SpecError(
                f"the hop length of {self.hop_length:g} s is shorter than one sample at {self.sample_rate} Hz"
            )
        if self.window not in WINDOWS:
            raise SpecError(f"unknown window '{self.window}'; known: {', '.join(WINDOWS)}")
        if self.n_fft is not None and self.n_fft < self.frame_samples:
            raise SpecError(f"n_fft={self.n_fft} is shorter than a frame of {self.frame_samples} samples")

    @property
    def frame_samples(self) -> int:
        """Frame length in samples."""
        return round(self.frame_length * self.sample_rate)

    @property
    def hop_samples(self) -> int:
        """Hop length in samples."""
        return round(self.hop_length * self.sample_rate)

    @property
    def fft_size(self) -> int:
        """FFT length in samples."""
        return self.n_fft or max(_SMALLEST_FFT, 1 << (self.frame_samples - 1).bit_length())

    def as_dict(self) -> dict[str, Any]:
        """All values, with the FFT length that is used, for results.json and model files."""
        return {**asdict(self), "n_fft": self.fft_size}


@dataclass(frozen=True)
class Framing:
    """An `Analysis` whose rate may still depend on the recordings.

    Attributes
    ----------
    sample_rate : int or None
        In Hz; None is the `analysis_rate` of the recordings.
    frame_length, hop_length, window, n_fft
        As in `Analysis`.

    Examples
    --------
    >>> Framing(hop_length=0.02).of([44100, 16000])
    Analysis(sample_rate=16000, frame_length=0.025, hop_length=0.02, window='hamming', n_fft=None)
    """

    sample_rate: int | None = None
    frame_length: float = 0.025
    hop_length: float = 0.010
    window: str = "hamming"
    n_fft: int | None = None

    def of(self, rates: Iterable[int]) -> Analysis:
        """Return the analysis of recordings of these native rates, in Hz.

        Raises
        ------
        SpecError
            If a value is out of range.
        """
        rate = self.sample_rate or analysis_rate(rates)
        return Analysis(rate, self.frame_length, self.hop_length, self.window, self.n_fft)


def analysis_rate(rates: Iterable[int]) -> int:
    """Return the rate at which to analyse recordings of these native rates, in Hz: the lowest, at most 22,050.

    >>> analysis_rate([48000, 44100]), analysis_rate([44100, 8000])
    (22050, 8000)
    """
    return min(HIGHEST_DEFAULT_RATE, *rates)


@lru_cache(maxsize=16)
def window(name: str, length: int) -> NDArray[np.float32]:
    """Return the window *name* of *length* samples, shape (length,), float32, read-only.

    >>> [round(float(w), 2) for w in window("hann", 4)]
    [0.0, 0.5, 1.0, 0.5]
    """
    plain = name.removesuffix("-symmetric")
    period = length - 1 if plain != name else length
    angle = 2 * np.pi * np.arange(length) / max(period, 1)
    terms = [(-1) ** k * a * np.cos(k * angle) for k, a in enumerate(_COSINES[plain])]
    values = np.sum(terms, axis=0).astype(np.float32)
    values.setflags(write=False)
    return values


def frame_starts(n_samples: int, analysis: Analysis) -> NDArray[np.int64]:
    """Return the first sample of each whole frame of a signal, shape (n_frames,).

    >>> frame_starts(16000, Analysis(16000))[-1].item()
    15520
    """
    return np.arange(0, n_samples - analysis.frame_samples + 1, analysis.hop_samples, dtype=np.int64)
