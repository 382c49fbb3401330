"""Filterbank matrices, each built once per rate and size: (n_bands, n_fft // 2 + 1), float32, read-only.

Those that another library computes are kept in files of the cache folder as well, for importing librosa or spafe
takes longer than analysing a clip.

Mel and chroma weights are librosa's, gammatone weights spafe's; both are checked against their formulas in
the tests. Bark weights are computed here: spafe 0.3.3 places bin *k* at ``k * rate / (n_fft + 1)`` Hz in
place of ``k * rate / n_fft`` and leaves the last bins out.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
from collections.abc import Callable
from functools import cache, lru_cache, wraps
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audioclf.errors import AudioclfError, SpecError
from audioclf.files import cache_folder, write_whole

Matrix = NDArray[np.float32]
_FORMAT = 1  # raised whenever a file's layout, or what a function below computes, changes
_DIGEST = 16  # bytes


def _kept(library: str) -> Callable[[Callable[..., NDArray[Any]]], Callable[..., Matrix]]:
    """Keep what a function builds with *library*: in memory, and in a file that other processes find.

    A file is named after the function, its arguments and the library's version. One that is damaged or can't be read
    is built anew; a folder that can't be written to costs only time.
    """

    def decorate(build: Callable[..., NDArray[Any]]) -> Callable[..., Matrix]:
        @lru_cache(maxsize=64)
        @wraps(build)
        def read_or_build(*arguments: Any) -> Matrix:
            facts = repr((_FORMAT, build.__name__, arguments, library, _version(library))).encode()
            path = cache_folder() / "filterbanks" / f"{_digest(facts).hex()}.bank"
            matrix = _read(path, facts)
            if matrix is None:
                matrix = np.ascontiguousarray(build(*arguments), dtype=np.float32)
                if matrix.any(axis=1).all():  # else librosa warns of an empty band, and should each time
                    _write(path, facts, matrix)
            return _frozen(matrix)

        return read_or_build

    return decorate


@cache
def _version(library: str) -> str:
    from importlib.metadata import version

    return version(library)


def _digest(*parts: bytes) -> bytes:
    return hashlib.blake2b(b"".join(parts), digest_size=_DIGEST).digest()


def _read(path: Path, facts: bytes) -> Matrix | None:
    """The matrix in a file: a digest of *facts* and content, then the content as .npy. None if it isn't all there."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    digest, array = content[:_DIGEST], content[_DIGEST:]
    if digest != _digest(facts, array):
        return None
    return np.load(io.BytesIO(array), allow_pickle=False)


def _write(path: Path, facts: bytes, matrix: Matrix) -> None:
    array = io.BytesIO()
    np.save(array, matrix, allow_pickle=False)
    with contextlib.suppress(AudioclfError, OSError), write_whole(path) as aside:
        aside.write_bytes(_digest(facts, array.getvalue()) + array.getvalue())


def mel(sample_rate: int, n_fft: int, n_bands: int, fmin: float, fmax: float | None, htk: bool = False) -> Matrix:
    """Triangular filters spaced evenly in mel, each of unit area (Slaney's normalisation).

    Parameters
    ----------
    sample_rate : int
        In Hz.
    n_fft : int
        Length of the FFT in samples.
    n_bands : int
    fmin, fmax : float
        Lowest and highest edge in Hz; fmax None is half the sample rate.
    htk : bool
        O'Shaughnessy's formula, 2595 log10(1 + f / 700), in place of Slaney's piecewise scale.

    Raises
    ------
    SpecError
        If the edges don't lie in order between 0 and half the sample rate.

    Examples
    --------
    >>> mel(16000, 512, 40, 0.0, None).shape
    (40, 257)
    """
    return _mel(sample_rate, n_fft, n_bands, float(fmin), _edges(sample_rate, fmin, fmax), htk)


@_kept("librosa")
def _mel(sample_rate: int, n_fft: int, n_bands: int, low: float, high: float, htk: bool) -> NDArray[np.floating]:
    import librosa

    return librosa.filters.mel(sr=sample_rate, n_fft=n_fft, n_mels=n_bands, fmin=low, fmax=high, htk=htk, norm="slaney")


def gammatone(sample_rate: int, n_fft: int, n_bands: int, fmin: float, fmax: float | None) -> Matrix:
    """Magnitude responses of fourth-order gammatone filters, each with a peak of 1.

    Centre frequencies are spaced evenly on the ERB-rate scale from *fmin* to just below *fmax*, in Hz
    (Slaney 1993, "An efficient implementation of the Patterson-Holdsworth auditory filter bank"). Bandwidths are
    1.019 (f / 9.26449 + 24.7) Hz (Glasberg & Moore 1990). spafe's own features call its filterbank with
    ``order=4``, which is not the order of the filter but an exponent in this formula; their filters are
    therefore narrower, most at 229 Hz, by 41 %. Rows rise in frequency.

    Raises
    ------
    SpecError
        If the edges don't lie in order between 0 and half the sample rate.
    """
    return _gammatone(sample_rate, n_fft, n_bands, float(fmin), _edges(sample_rate, fmin, fmax))


@_kept("spafe")
def _gammatone(sample_rate: int, n_fft: int, n_bands: int, low: float, high: float) -> NDArray[np.floating]:
    from spafe.fbanks.gammatone_fbanks import gammatone_filter_banks

    return gammatone_filter_banks(nfilts=n_bands, nfft=n_fft, fs=sample_rate, low_freq=low, high_freq=high, order=1)[0]


@lru_cache(maxsize=64)
def bark(sample_rate: int, n_fft: int, n_bands: int, fmin: float, fmax: float | None) -> Matrix:
    """Hermansky's critical-band curves, with centres spaced evenly in Bark from *fmin* to *fmax* Hz.

    With d the distance in Bark of a bin from the centre, the weight is ``10 ** (2.5 (d + 0.5))`` for
    -1.3 <= d <= -0.5, 1 for -0.5 < d < 0.5, ``10 ** -(d - 0.5)`` for 0.5 <= d <= 2.5, else 0
    (Hermansky 1990, "Perceptual linear predictive (PLP) analysis of speech", the critical-band masking
    curve). Bark is 6 asinh(f / 600), as there.

    Raises
    ------
    SpecError
        If the edges don't lie in order between 0 and half the sample rate.

    Examples
    --------
    >>> float(bark(16000, 512, 24, 50.0, None).max())
    1.0
    """
    top = _edges(sample_rate, fmin, fmax)
    centres = np.linspace(hz_to_bark(fmin), hz_to_bark(top), n_bands)
    d = hz_to_bark(np.fft.rfftfreq(n_fft, 1 / sample_rate))[None, :] - centres[:, None]
    weights = np.select(
        [(d >= -1.3) & (d <= -0.5), (d > -0.5) & (d < 0.5), (d >= 0.5) & (d <= 2.5)],
        [10 ** (2.5 * (d + 0.5)), 1.0, 10 ** (0.5 - d)],
        default=0.0,
    )
    return _frozen(weights)


@lru_cache(maxsize=64)
def linear(sample_rate: int, n_fft: int, n_bands: int, fmin: float, fmax: float | None) -> Matrix:
    """Triangular filters with a peak of 1, spaced evenly in Hz; each reaches its neighbours' centres.

    Raises
    ------
    SpecError
        If the edges don't lie in order between 0 and half the sample rate.
    """
    top = _edges(sample_rate, fmin, fmax)
    points = np.linspace(fmin, top, n_bands + 2)
    distance = np.abs(np.fft.rfftfreq(n_fft, 1 / sample_rate)[None, :] - points[1:-1, None])
    return _frozen(np.maximum(0.0, 1.0 - distance / (points[1] - points[0])))


def chroma(sample_rate: int, n_fft: int, n_bands: int) -> Matrix:
    """Weights from FFT bins to pitch classes, starting at C, for concert pitch A4 = 440 Hz (Ellis 2007).

    Examples
    --------
    >>> chroma(22050, 2048, 12).shape
    (12, 1025)
    """
    return _chroma(sample_rate, n_fft, n_bands)


@_kept("librosa")
def _chroma(sample_rate: int, n_fft: int, n_bands: int) -> NDArray[np.floating]:
    import librosa

    return librosa.filters.chroma(sr=sample_rate, n_fft=n_fft, n_chroma=n_bands, tuning=0.0)


def hz_to_bark(frequency: NDArray[np.floating] | float) -> NDArray[np.float64]:
    """Convert Hz to Bark: 6 asinh(f / 600)."""
    return 6.0 * np.arcsinh(np.asarray(frequency, dtype=np.float64) / 600.0)


def _edges(sample_rate: int, fmin: float, fmax: float | None) -> float:
    top = sample_rate / 2 if fmax is None else fmax
    if not 0 <= fmin < top:
        raise SpecError(f"fmin={fmin:g} isn't below fmax={top:g} Hz; choose 0 <= fmin < fmax")
    if top > sample_rate / 2:
        raise SpecError(
            f"fmax={top:g} Hz is above {sample_rate / 2:g} Hz, half the analysis rate; "
            "lower fmax or raise --sample-rate"
        )
    return float(top)


def _frozen(weights: NDArray[np.floating]) -> Matrix:
    frozen = np.ascontiguousarray(weights, dtype=np.float32)
    frozen.setflags(write=False)
    return frozen
