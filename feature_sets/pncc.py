"""Power-normalized cepstral coefficients."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from audioclf import filterbanks
from audioclf.extractor import Extractor
from audioclf.spec import param
from audioclf.spectra import Spectra, preemphasis_response

from ._cepstra import cosine_transform, numbered

Bands = NDArray[np.floating]
_TINY = 1e-20  # below any power of 24-bit audio; divides silence into 0


@dataclass(frozen=True)
class PNCC(Extractor):
    """Gammatone power with noise suppression over time, power law 1/15, DCT-II.

    Kim & Stern 2016, "Power-Normalized Cepstral Coefficients (PNCC) for Robust Speech Recognition", IEEE/ACM
    TASLP 24(7), section III, with the paper's constants: M = 2 (medium time of 5 frames), N = 4 (9 channels),
    λa = 0.999, λb = 0.5, λt = 0.85, μt = 0.2, c = 2, λμ = 0.999. They suppose a hop of 10 ms.

    Two choices the paper leaves to the system: pre-emphasis is applied as a weight on the power spectrum (the
    same but for the first sample of a frame), and the running mean power starts at the clip's own mean
    where the paper starts from the mean of a training corpus. The frame is the analysis's 25 ms, not 25.6 ms.

    spafe 0.3.3 differs from the paper and so from this: the filters' magnitude, not its square, weights the power, and
    is not cut at 0.5 % nor normalised to unit area; sums at the clip's ends are divided by 5 frames
    although fewer are there; the asymmetric filters start from 0.001 of the first frame in place of 0.9; the
    floor max(Q_tm, Q_f) of an excitation segment is left out; the smoothing over channels drops the uppermost of
    its neighbours and channel 0; the mean power starts at 1e-4 whatever the level; silence gives NaN.

    Examples
    --------
    >>> PNCC(n_coeffs=2).coefficient_names
    ['pncc_0', 'pncc_1']
    """

    name = "pncc"
    title = "power-normalized cepstral coefficients"

    n_coeffs: int = param(13, "coefficients kept, from the 0th on")
    n_bands: int = param(40, "gammatone filters")
    fmin: float = param(200.0, "centre of the lowest filter, Hz")
    fmax: float | None = param(None, "upper end of the centres, Hz; none is half the analysis rate, at most 8000")
    preemphasis: float = param(0.97, "weight a of the pre-emphasis 1 - a / z; 0 is none")

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require(1 <= self.n_coeffs <= self.n_bands, "n_coeffs must lie between 1 and n_bands")
        self.require(0 <= self.preemphasis <= 1, "preemphasis must lie between 0 and 1")

    def static_names(self) -> list[str]:
        return numbered(self.name, self.n_coeffs)

    def static(self, spectra: Spectra) -> NDArray[np.floating]:
        top = min(8000.0, spectra.analysis.sample_rate / 2) if self.fmax is None else self.fmax
        power = spectra.energies(squared_gammatone, self.n_bands, self.fmin, top, self.preemphasis)
        power = power / np.float32(spectra.analysis.fft_size)
        medium = medium_time_power(power)
        suppressed = suppress_noise(medium)
        normalised = normalise_mean_power(power * smooth_weights(suppressed / np.maximum(medium, _TINY)))
        return cosine_transform(normalised ** (1 / 15), self.n_coeffs)


@lru_cache(maxsize=16)
def squared_gammatone(
    sample_rate: int, n_fft: int, n_bands: int, fmin: float, fmax: float, preemphasis: float
) -> NDArray[np.float32]:
    """Weights of the squared gammatone integration ("initial processing"), shape (n_bands, n_fft // 2 + 1).

    |H|² with H set to 0 below 0.5 % of its maximum, normalised to unit area; times the pre-emphasis.
    """
    response = filterbanks.gammatone(sample_rate, n_fft, n_bands, fmin, fmax).astype(np.float64)
    response[response < 0.005 * response.max(axis=1, keepdims=True)] = 0.0
    squared = response**2
    squared /= squared.sum(axis=1, keepdims=True)
    return (squared * preemphasis_response(preemphasis, n_fft)).astype(np.float32)


def medium_time_power(power: Bands, reach: int = 2) -> Bands:
    """Mean power over 2 * *reach* + 1 frames, fewer at the ends, shape (n_frames, n_bands) ("temporal integration")."""
    count = len(power)
    total = np.zeros_like(power)
    frames = np.zeros((count, 1), power.dtype)
    for shift in range(-reach, reach + 1):
        into = slice(max(0, -shift), max(0, min(count, count - shift)))
        of = slice(max(0, shift), max(0, min(count, count + shift)))
        total[into] += power[of]
        frames[into] += 1
    return total / frames


def asymmetric_filter(power: Bands, rise: float = 0.999, fall: float = 0.5, start: float = 0.9) -> Bands:
    """Follow the lower envelope of each band over time, shape as *power*.

    out_t = λ out_{t-1} + (1 - λ) in_t with λ = *rise* where in_t >= out_{t-1}, else *fall*; before the
    first frame, out is *start* times that frame.
    """
    out = np.empty_like(power)
    last = start * power[0]
    for t, now in enumerate(power):
        weight = np.where(now >= last, rise, fall)
        last = weight * last + (1 - weight) * now
        out[t] = last
    return out


def temporal_masking(power: Bands, forget: float = 0.85, level: float = 0.2) -> Bands:
    """Suppress what follows a peak, shape as *power*.

    With the on-line peak P_t = max(λt P_{t-1}, in_t): in_t where in_t >= λt P_{t-1}, else μt P_{t-1}.
    """
    out = np.empty_like(power)
    out[0] = peak = power[0]
    for t in range(1, len(power)):
        now, faded = power[t], forget * peak
        out[t] = np.where(now >= faded, now, level * peak)
        peak = np.maximum(faded, now)
    return out


def suppress_noise(medium: Bands, contrast: float = 2.0) -> Bands:
    """Asymmetric noise suppression with temporal masking, shape as *medium*."""
    envelope = asymmetric_filter(medium)
    rectified = np.maximum(medium - envelope, 0.0)
    floor = asymmetric_filter(rectified)
    excited = np.maximum(temporal_masking(rectified), floor)
    return np.where(medium >= contrast * envelope, excited, floor)


def smooth_weights(weights: Bands, reach: int = 4) -> Bands:
    """Mean of each band's weight over its neighbours up to *reach* away, shape as *weights*."""
    n_bands = weights.shape[1]
    total = np.hstack([np.zeros((len(weights), 1)), np.cumsum(weights, axis=1, dtype=np.float64)])
    low = np.maximum(np.arange(n_bands) - reach, 0)
    high = np.minimum(np.arange(n_bands) + reach, n_bands - 1) + 1
    return (total[:, high] - total[:, low]) / (high - low)


def normalise_mean_power(power: Bands, forget: float = 0.999) -> Bands:
    """Divide each frame by the running mean power μ, shape as *power*.

    μ_t = λμ μ_{t-1} + (1 - λμ) mean_bands(in_t), started at the mean of the whole clip.
    """
    frame_means = power.mean(axis=1)
    running = np.empty_like(frame_means)
    last = frame_means.mean()
    for t, now in enumerate(frame_means):
        last = forget * last + (1 - forget) * now
        running[t] = last
    return power / np.maximum(running, _TINY)[:, None]
