"""Power-normalized cepstral coefficients."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from audioclf.plugin import Passage, Spectra, filterbanks, kernel, param
from audioclf.spectra.spectra import preemphasis_response

from ._cepstra import BandCepstra, cosine_transform

Bands = NDArray[np.floating]
_REACH = 2  # frames on each side in the medium-time power
_SIDE = 4  # bands on each side in the smoothing of weights
_TINY = 1e-20  # below any power of 24-bit audio; divides silence into 0


@dataclass(frozen=True)
class PNCC(BandCepstra):
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
    reach: ClassVar[int] = _REACH

    n_coeffs: int = param(13, "coefficients kept, from the 0th on")
    n_bands: int = param(40, "gammatone filters")
    fmin: float = param(200.0, "centre of the lowest filter, Hz")
    fmax: float | None = param(None, "upper end of the centres, Hz; none is half the analysis rate, at most 8000")
    preemphasis: float = param(0.97, "weight a of the pre-emphasis 1 - a / z; 0 is none")

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require(0 <= self.preemphasis <= 1, "preemphasis must lie between 0 and 1")

    def measure(self, spectra: Spectra) -> NDArray[np.floating]:
        top = min(8000.0, spectra.analysis.sample_rate / 2) if self.fmax is None else self.fmax
        return spectra.energies(squared_gammatone, self.n_bands, self.fmin, top, self.preemphasis)

    def combine(self, measured: NDArray[np.floating], passage: Passage) -> NDArray[np.floating]:
        power = suppress_noise(measured, passage)
        means = power.mean(axis=1, dtype=np.float64)
        normalise_mean_power(power, means, passage)
        # x ** (1 / 15); NumPy's float32 log and exp are vectorised, its power is not.
        with np.errstate(divide="ignore"):
            roots = np.exp(np.log(power) / np.float32(15))
        return cosine_transform(roots, self.n_coeffs)


@lru_cache(maxsize=16)
def squared_gammatone(
    sample_rate: int, n_fft: int, n_bands: int, fmin: float, fmax: float, preemphasis: float
) -> NDArray[np.float32]:
    """Weights of the squared gammatone integration ("initial processing"), shape (n_bands, n_fft // 2 + 1).

    |H|² with H set to 0 below 0.5 % of its maximum, normalised to unit area; times the pre-emphasis, divided by
    n_fft, as they weigh the periodogram.
    """
    response = filterbanks.gammatone(sample_rate, n_fft, n_bands, fmin, fmax).astype(np.float64)
    response[response < 0.005 * response.max(axis=1, keepdims=True)] = 0.0
    squared = response**2
    squared /= squared.sum(axis=1, keepdims=True)
    return (squared * preemphasis_response(preemphasis, n_fft) / n_fft).astype(np.float32)


def suppress_noise(power: NDArray[np.floating], passage: Passage) -> Bands:
    """Power with asymmetric noise suppression and temporal masking, shape (n_frames, n_bands), float32.

    For each band: Q, the mean over up to 5 frames ("medium-time power"); its lower envelope Q_le; Q_0 = max(Q - Q_le,
    0), the lower envelope Q_f of that, and Q_tm, which suppresses what follows a peak; R = max(Q_tm, Q_f) where Q >= 2
    Q_le, else Q_f. The power is weighted by R / Q, averaged over up to 9 neighbouring bands.

    A lower envelope is λ out_{t-1} + (1 - λ) in_t with λ = 0.999 where in_t >= out_{t-1}, else 0.5; before a
    clip's first frame, out is 0.9 times that frame. With the on-line peak P_t = max(0.85 P_{t-1}, Q_0), Q_tm is
    Q_0 where Q_0 >= 0.85 P_{t-1}, else 0.2 P_{t-1}.

    Parameters
    ----------
    power : ndarray of float32, shape (n_frames, n_bands)
    passage : Passage
    """
    power = np.ascontiguousarray(power, np.float32)
    n_bands = power.shape[1]
    fresh = "envelopes" not in passage.state
    memory = passage.state.setdefault("envelopes", np.zeros((3, n_bands), np.float32))
    out = np.empty((len(power) - passage.lead - passage.trail, n_bands), np.float32)
    _suppress_noise(power, passage.bounds, passage.lead, passage.trail, fresh, memory, out)
    return out


@kernel
def _suppress_noise(power: Any, bounds: Any, lead: int, trail: int, fresh: bool, memory: Any, out: Any) -> None:
    n_bands = power.shape[1]
    rise, fall, one = np.float32(0.999), np.float32(0.5), np.float32(1)
    forget, level, tiny = np.float32(0.85), np.float32(0.2), np.float32(_TINY)
    envelope, floor, peak = memory[0], memory[1], memory[2]
    medium = np.empty(n_bands, np.float32)
    ratio = np.zeros(n_bands + 2 * _SIDE, np.float32)
    weight, share = np.empty(n_bands, np.float32), np.empty(n_bands, np.float32)
    for b in range(n_bands):
        share[b] = one / np.float32(min(b + _SIDE, n_bands - 1) - max(b - _SIDE, 0) + 1)
    at = 0
    for clip in range(bounds.shape[0] - 1):
        begin, end = bounds[clip], bounds[clip + 1]
        for t in range(begin + lead, end - trail):
            low, high = max(begin, t - _REACH), min(end, t + _REACH + 1)
            count = np.float32(high - low)
            medium[:] = 0
            for u in range(low, high):
                near = power[u]
                for b in range(n_bands):
                    medium[b] += near[b]
            for b in range(n_bands):
                medium[b] /= count
            first = fresh and t == begin
            if first:
                for b in range(n_bands):
                    envelope[b] = np.float32(0.9) * medium[b]
            for b in range(n_bands):
                keep = rise if medium[b] >= envelope[b] else fall
                envelope[b] = keep * envelope[b] + (one - keep) * medium[b]
            if first:
                for b in range(n_bands):
                    rectified = max(medium[b] - envelope[b], np.float32(0))
                    floor[b] = np.float32(0.9) * rectified
                    peak[b] = np.float32(0)
            middle = ratio[_SIDE : _SIDE + n_bands]
            for b in range(n_bands):
                rectified = max(medium[b] - envelope[b], np.float32(0))
                keep = rise if rectified >= floor[b] else fall
                floor[b] = keep * floor[b] + (one - keep) * rectified
                faded = forget * peak[b]
                masked = rectified if rectified >= faded else level * peak[b]
                peak[b] = max(faded, rectified)
                excited = max(masked, floor[b])
                result = excited if medium[b] >= np.float32(2) * envelope[b] else floor[b]
                middle[b] = result / max(medium[b], tiny)
            weight[:] = 0
            for shift in range(2 * _SIDE + 1):
                shifted = ratio[shift : shift + n_bands]
                for b in range(n_bands):
                    weight[b] += shifted[b]
            now, result_row = power[t], out[at]
            for b in range(n_bands):
                result_row[b] = now[b] * (weight[b] * share[b])
            at += 1


def normalise_mean_power(power: Bands, means: NDArray[np.float64], passage: Passage) -> None:
    """Divide each frame by the running mean power μ, in place.

    μ_t = λμ μ_{t-1} + (1 - λμ) mean_bands(in_t), started at the mean of the whole clip.

    Parameters
    ----------
    power : ndarray of float32, shape (n_frames, n_bands)
    means : ndarray of float64, shape (n_frames,)
        The mean over bands of each frame.
    passage : Passage
    """
    bounds = passage.bounds.copy()
    bounds[1:] -= passage.lead + passage.trail
    start = passage.mean(means)
    running = np.empty(len(power))
    _running_mean(means, bounds, passage.state.get("running", start), running)
    if "envelopes" in passage.state and len(running):
        passage.state["running"] = running[-1:].copy()
    power /= np.maximum(running, _TINY).astype(np.float32)[:, None]


@kernel
def _running_mean(means: Any, bounds: Any, start: Any, out: Any) -> None:
    for clip in range(bounds.shape[0] - 1):
        last = start[clip]
        for t in range(bounds[clip], bounds[clip + 1]):
            last = 0.999 * last + (1 - 0.999) * means[t]
            out[t] = last
