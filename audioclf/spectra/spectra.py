"""A `Signal` to frames, power spectra, band energies and autocorrelation, each computed once and shared."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audioclf.audio.signal import Signal
from audioclf.spectra.analysis import Analysis, frame_starts, window
from audioclf.spectra.kernels.fft import power_spectrum
from audioclf.spectra.kernels.matrices import Weights, stacked, weigh, weights
from audioclf.spectra.kernels.rows import rows

Frames = NDArray[np.float32]
Bank = tuple[Any, ...]  # a function of `audioclf.spectra.filterbanks`, then its parameters


class Spectra:
    """A run of frames and what is computed from them; every quantity at most once.

    Made from a signal, the run is all its frames: frame *t* covers the samples from ``t * hop`` on, and a rest
    shorter than a frame is left out. A signal shorter than one frame is padded with zeros to one (`padded` says so).
    Made by `of`, it may be the frames of several signals, or some frames of a long one.

    Two-dimensional arrays have shape (n_frames, n) with the frames of one bin or band side by side in memory
    (Fortran order); `audioclf.spectra.kernels.rows.rows` gives them to a kernel without a copy.

    Parameters
    ----------
    signal : Signal
        At the analysis rate.
    analysis : Analysis

    Attributes
    ----------
    samples : ndarray of float32, shape (n_samples,)
    starts : ndarray of int64, shape (n_frames,)
        First sample of each frame.
    begins : ndarray of int64, shape (n_clips,)
        Frames with which a signal begins: they have none before them. The first frame always counts as one.

    Examples
    --------
    >>> signal = Signal(np.ones(16000, np.float32), 16000)
    >>> Spectra(signal, Analysis(16000)).power.shape
    (98, 513)
    """

    def __init__(self, signal: Signal, analysis: Analysis) -> None:
        if signal.sample_rate != analysis.sample_rate:
            raise ValueError(f"the signal is at {signal.sample_rate} Hz, the analysis at {analysis.sample_rate} Hz")
        samples = np.ascontiguousarray(signal.samples, dtype=np.float32)
        self.padded = len(samples) < analysis.frame_samples
        if self.padded:
            samples = np.pad(samples, (0, analysis.frame_samples - len(samples)))
        self._set(samples, frame_starts(len(samples), analysis), np.zeros(1, np.int64), analysis)

    @classmethod
    def of(cls, samples: Frames, starts: NDArray[np.int64], begins: NDArray[np.int64], analysis: Analysis) -> Spectra:
        """Return the spectra of some frames of a long signal, or of several signals that lie one after the other.

        Parameters
        ----------
        samples : ndarray of float32, shape (n_samples,)
            At the analysis rate, C-contiguous, at least one frame.
        starts : ndarray of int64, shape (n_frames,)
            First sample of each frame; a frame may not go beyond the last sample.
        begins : ndarray of int64, shape (n_clips,)
            Positions among *starts* of the frames with which a signal begins, rising; the first is 0.
        analysis : Analysis

        Examples
        --------
        >>> two = np.ones(800, np.float32)  # two signals of one frame each
        >>> spectra = Spectra.of(two, np.array([0, 400]), np.array([0, 1]), Analysis(16000))
        >>> len(spectra), spectra.power.shape
        (2, (2, 513))
        """
        spectra = cls.__new__(cls)
        spectra.padded = False
        spectra._set(samples, starts, begins, analysis)
        return spectra

    def _set(self, samples: Frames, starts: NDArray[np.int64], begins: NDArray[np.int64], analysis: Analysis) -> None:
        self.samples, self.starts, self.begins, self.analysis = samples, starts, begins, analysis
        self._energies: dict[Bank, Frames] = {}

    def __len__(self) -> int:
        return len(self.starts)

    @cached_property
    def frames(self) -> Frames:
        """The frames without a window, shape (n_frames, frame_samples); read-only."""
        view = np.lib.stride_tricks.sliding_window_view(self.samples, self.analysis.frame_samples)
        hop = self.analysis.hop_samples
        if len(self) == 1 or (np.diff(self.starts) == hop).all():
            return view[self.starts[0] : self.starts[-1] + 1 : hop]
        return view[self.starts]

    @cached_property
    def power(self) -> Frames:
        """|FFT|² of the windowed frames, shape (n_frames, fft_size // 2 + 1), float32."""
        return self._power(self.analysis.fft_size)

    def _power(self, size: int) -> Frames:
        windowing = window(self.analysis.window, self.analysis.frame_samples)
        return power_spectrum(self.samples, self.starts, windowing, size).T

    @cached_property
    def magnitude(self) -> Frames:
        """|FFT| of the windowed frames, shape (n_frames, fft_size // 2 + 1), float32."""
        return np.sqrt(self.power)

    @cached_property
    def magnitude_moments(self) -> Frames:
        """Σ |X| and Σ f |X| over the bins, f in Hz, shape (n_frames, 2), float32."""
        matrix = _moments(self.analysis.sample_rate, self.analysis.fft_size)
        return weigh(rows(self.magnitude), matrix).T

    @cached_property
    def frequencies(self) -> NDArray[np.float64]:
        """The bins' frequencies in Hz, shape (fft_size // 2 + 1,)."""
        return _frequencies(self.analysis.sample_rate, self.analysis.fft_size)

    def energies(self, filterbank: Callable[..., NDArray[np.floating]], *parameters: Any) -> Frames:
        """Power summed under each band of a filterbank, shape (n_frames, n_bands), float32.

        Parameters
        ----------
        filterbank : callable
            A function of `audioclf.spectra.filterbanks`, called with the rate, the FFT length and *parameters*.
        """
        bank = (filterbank, *parameters)
        if bank not in self._energies:
            self.prepare((bank,))
        return self._energies[bank]

    def prepare(self, banks: tuple[Bank, ...]) -> None:
        """Compute what `energies` will be asked for: several filterbanks together are quicker than one by one."""
        if banks:
            matrix = _filters(self.analysis.sample_rate, self.analysis.fft_size, banks)
            together = weigh(rows(self.power), matrix)
            ends = np.cumsum([_size(self.analysis.sample_rate, self.analysis.fft_size, bank) for bank in banks])
            for bank, part in zip(banks, np.split(together, ends[:-1])):
                self._energies[bank] = part.T

    @property
    def prepared(self) -> tuple[Bank, ...]:
        """The filterbanks whose energies have been computed."""
        return tuple(self._energies)

    def autocorrelation(self, order: int, preemphasis: float = 0.0) -> Frames:
        """Autocorrelation of the windowed frames at lags 0 to *order*, shape (n_frames, order + 1), float32.

        The transform of the power spectrum (Wiener-Khinchin). Where the FFT isn't longer than a frame by *order*
        (and by the sample that pre-emphasis adds), a longer one is used, for lags would wrap round.

        Parameters
        ----------
        order : int
        preemphasis : float
            The spectrum is first weighted by the response of 1 - preemphasis / z.
        """
        size = self.analysis.fft_size
        if size >= self.analysis.frame_samples + order + (preemphasis != 0):
            return self.energies(_cosines, order, preemphasis)
        while size < self.analysis.frame_samples + order + (preemphasis != 0):
            size *= 2
        matrix = _filters(self.analysis.sample_rate, size, ((_cosines, order, preemphasis),))
        return weigh(rows(self._power(size)), matrix).T


@lru_cache(maxsize=16)
def _frequencies(sample_rate: int, n_fft: int) -> NDArray[np.float64]:
    return np.arange(n_fft // 2 + 1, dtype=np.float64) * (sample_rate / n_fft)


@lru_cache(maxsize=16)
def _moments(sample_rate: int, n_fft: int) -> Weights:
    frequencies = _frequencies(sample_rate, n_fft)
    return weights(np.stack([np.ones_like(frequencies), frequencies]))


@lru_cache(maxsize=64)
def _filters(sample_rate: int, n_fft: int, banks: tuple[Bank, ...]) -> Weights:
    return stacked([weights(bank[0](sample_rate, n_fft, *bank[1:])) for bank in banks])


@lru_cache(maxsize=64)
def _size(sample_rate: int, n_fft: int, bank: Bank) -> int:
    return _filters(sample_rate, n_fft, (bank,)).values.shape[1]


def _cosines(sample_rate: int, n_fft: int, order: int, preemphasis: float) -> NDArray[np.float64]:
    """The matrix from a power spectrum to autocorrelation, shape (order + 1, n_fft // 2 + 1)."""
    cosines = np.cos(2 * np.pi * np.outer(np.arange(order + 1), np.arange(n_fft // 2 + 1)) / n_fft) * (2 / n_fft)
    cosines[:, 0] /= 2
    if n_fft % 2 == 0:
        cosines[:, -1] /= 2
    return cosines * preemphasis_response(preemphasis, n_fft)


def preemphasis_response(coefficient: float, n_fft: int) -> NDArray[np.float64]:
    """Return |1 - coefficient e^(-jω)|² at the bins of an FFT of *n_fft* samples, shape (n_fft // 2 + 1,).

    Multiplying a power spectrum by it is pre-emphasis of the frame, but for the frame's first sample.

    >>> preemphasis_response(0.0, 4)
    array([1., 1., 1.])
    """
    angle = 2 * np.pi * np.arange(n_fft // 2 + 1) / n_fft
    return 1 + coefficient**2 - 2 * coefficient * np.cos(angle)
