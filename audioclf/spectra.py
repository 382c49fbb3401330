"""A `Signal` to frames, power spectra, band energies and autocorrelation, each computed once and shared."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audioclf.audio import Signal
from audioclf.errors import SpecError

Frames = NDArray[np.float32]

_COSINES = {
    "hamming": (0.54, 0.46),
    "hann": (0.5, 0.5),
    "blackman": (0.42, 0.5, 0.08),
    "rectangular": (1.0,),
}
WINDOWS = (*_COSINES, *(f"{name}-symmetric" for name in _COSINES if name != "rectangular"))
_SMALLEST_FFT = 1024
_BLOCK = 256  # frames per FFT call: the windowed copies stay in the processor's cache


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


@lru_cache(maxsize=16)
def window(name: str, length: int) -> Frames:
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


class Spectra:
    """The frames of one signal and what is computed from them; every quantity at most once.

    Frame *t* covers the samples from ``t * hop`` on; a rest shorter than a frame is left out. A signal shorter
    than one frame is padded with zeros to one (`padded` says so).

    Parameters
    ----------
    signal : Signal
        At the analysis rate.
    analysis : Analysis

    Examples
    --------
    >>> signal = Signal(np.ones(16000, np.float32), 16000)
    >>> Spectra(signal, Analysis(16000)).power.shape
    (98, 513)
    """

    def __init__(self, signal: Signal, analysis: Analysis) -> None:
        if signal.sample_rate != analysis.sample_rate:
            raise ValueError(f"the signal is at {signal.sample_rate} Hz, the analysis at {analysis.sample_rate} Hz")
        self.analysis = analysis
        self.samples = np.asarray(signal.samples, dtype=np.float32)
        self.padded = len(self.samples) < analysis.frame_samples
        if self.padded:
            self.samples = np.pad(self.samples, (0, analysis.frame_samples - len(self.samples)))
        self._energies: dict[tuple[Any, ...], Frames] = {}

    def __len__(self) -> int:
        return len(self.frames)

    @cached_property
    def frames(self) -> Frames:
        """The frames without a window, shape (n_frames, frame_samples); a view, not a copy."""
        view = np.lib.stride_tricks.sliding_window_view(self.samples, self.analysis.frame_samples)
        return view[:: self.analysis.hop_samples]

    @cached_property
    def power(self) -> Frames:
        """|FFT|² of the windowed frames, shape (n_frames, fft_size // 2 + 1), float32."""
        return self._power(self.analysis.fft_size)

    def _power(self, size: int) -> Frames:
        """|FFT|² over *size* samples, shape (n_frames, size // 2 + 1), float32."""
        from scipy.fft import rfft

        weights = window(self.analysis.window, self.analysis.frame_samples)
        power = np.empty((len(self), size // 2 + 1), np.float32)
        for first in range(0, len(self), _BLOCK):
            block = rfft(self.frames[first : first + _BLOCK] * weights, size, axis=1)
            power[first : first + _BLOCK] = block.real**2 + block.imag**2
        return power

    @cached_property
    def magnitude(self) -> Frames:
        """|FFT| of the windowed frames, shape (n_frames, fft_size // 2 + 1), float32."""
        return np.sqrt(self.power)

    @cached_property
    def frequencies(self) -> NDArray[np.float64]:
        """The bins' frequencies in Hz, shape (fft_size // 2 + 1,)."""
        size = self.analysis.fft_size
        return np.arange(size // 2 + 1, dtype=np.float64) * (self.analysis.sample_rate / size)

    def energies(self, filterbank: Callable[..., Frames], *parameters: Any) -> Frames:
        """Power summed under each band of a filterbank, shape (n_frames, n_bands), float32.

        Parameters
        ----------
        filterbank : callable
            A function of `audioclf.filterbanks`, called with the rate, the FFT length and *parameters*.
        """
        key = (filterbank, *parameters)
        if key not in self._energies:
            weights = filterbank(self.analysis.sample_rate, self.analysis.fft_size, *parameters)
            self._energies[key] = self.power @ weights.T
        return self._energies[key]

    def autocorrelation(self, order: int, preemphasis: float = 0.0) -> NDArray[np.float64]:
        """Autocorrelation of the windowed frames at lags 0 to *order*, shape (n_frames, order + 1), float64.

        The transform of the power spectrum (Wiener-Khinchin). Where the FFT isn't longer than a frame by *order*
        (and by the sample that pre-emphasis adds), a longer one is used, for lags would wrap round.

        Parameters
        ----------
        order : int
        preemphasis : float
            The spectrum is first weighted by the response of 1 - preemphasis / z.
        """
        size = self.analysis.fft_size
        while size < self.analysis.frame_samples + order + (preemphasis != 0):
            size *= 2
        power = self.power if size == self.analysis.fft_size else self._power(size)
        k = np.arange(size // 2 + 1)
        lags = np.arange(order + 1)
        cosines = np.cos(2 * np.pi * np.outer(k, lags) / size) * (2 / size)
        cosines[0] /= 2
        if size % 2 == 0:
            cosines[-1] /= 2
        return power.astype(np.float64) @ (cosines * preemphasis_response(preemphasis, size)[:, None])


def preemphasis_response(coefficient: float, n_fft: int) -> NDArray[np.float64]:
    """Return |1 - coefficient e^(-jω)|² at the bins of an FFT of *n_fft* samples, shape (n_fft // 2 + 1,).

    Multiplying a power spectrum by it is pre-emphasis of the frame, but for the frame's first sample.

    >>> preemphasis_response(0.0, 4)
    array([1., 1., 1.])
    """
    angle = 2 * np.pi * np.arange(n_fft // 2 + 1) / n_fft
    return 1 + coefficient**2 - 2 * coefficient * np.cos(angle)
