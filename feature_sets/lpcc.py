"""Linear-prediction cepstral coefficients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audioclf.plugin import LANES, Extractor, Spectra, kernel, param, rows

from ._cepstra import numbered

_WHITE_NOISE = 1e-6  # added to lag 0, relative: 60 dB down, keeps the equations of pure tones solvable
_SILENCE = 1e-10  # mean square of a frame below which its spectrum counts as flat


@dataclass(frozen=True)
class LPCC(Extractor):
    """Cepstrum of the all-pole model that linear prediction fits to each frame.

    Autocorrelation method with Levinson-Durbin's recursion (Makhoul 1975, "Linear prediction: a tutorial
    review"), then the recursion from predictor to cepstrum (Rabiner & Juang 1993, eq. 3.83). Coefficient 0 is
    the natural logarithm of the prediction error's mean square; a frame of silence gives a flat model.

    spafe 0.3.3's ``lpcc`` is no reference: its recursion multiplies by ``c[m]`` where ``c[k]`` belongs.

    Examples
    --------
    >>> LPCC(n_coeffs=2).coefficient_names
    ['lpcc_0', 'lpcc_1']
    """

    name = "lpcc"
    title = "linear-prediction cepstral coefficients"

    n_coeffs: int = param(13, "coefficients kept, from the 0th (the gain) on")
    order: int = param(12, "order of the prediction")
    preemphasis: float = param(0.97, "weight a of the pre-emphasis 1 - a / z; 0 is none")

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require(self.n_coeffs >= 1, "n_coeffs must be at least 1")
        self.require(1 <= self.order <= 100, "order must lie between 1 and 100")
        self.require(0 <= self.preemphasis <= 1, "preemphasis must lie between 0 and 1")

    def static_names(self) -> list[str]:
        return numbered(self.name, self.n_coeffs)

    def measure(self, spectra: Spectra) -> NDArray[np.floating]:
        lags = rows(spectra.autocorrelation(self.order, self.preemphasis)).astype(np.float64)
        lags /= spectra.analysis.frame_samples
        silent = lags[0] < _SILENCE
        lags[:, silent] = np.eye(self.order + 1, 1) * _SILENCE
        lags[0] *= 1 + _WHITE_NOISE
        predictor, error = levinson_durbin(lags.T)
        return predictor_to_cepstrum(predictor, error, self.n_coeffs)


def levinson_durbin(lags: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Solve the normal equations Σ_k a_k r_{|i-k|} = r_i, i = 1 ... order, for every frame.

    Parameters
    ----------
    lags : ndarray, shape (n_frames, order + 1)
        Autocorrelation from lag 0 on.

    Returns
    -------
    predictor : ndarray, shape (n_frames, order)
        a_1 ... a_order, of the prediction x̂_t = Σ_k a_k x_{t-k}.
    error : ndarray, shape (n_frames,)
        Mean square of the prediction error, in the unit of lag 0.

    Examples
    --------
    >>> predictor, error = levinson_durbin(np.array([[1.0, 0.5, 0.25]]))
    >>> predictor.round(6), error
    (array([[0.5, 0. ]]), array([0.75]))
    """
    columns = np.ascontiguousarray(lags.T, np.float64)
    predictor = np.empty((len(columns) - 1, len(lags)))
    error = np.empty(len(lags))
    _levinson_durbin(columns, predictor, error)
    return predictor.T, error


@kernel
def _levinson_durbin(lags: Any, predictor: Any, error: Any) -> None:
    order = predictor.shape[0]
    a = np.empty((order, LANES), np.float64)
    r = np.empty((order + 1, LANES), np.float64)
    e = np.empty(LANES, np.float64)
    reflection = np.empty(LANES, np.float64)
    for start in range(0, error.shape[0], LANES):
        count = min(LANES, error.shape[0] - start)
        r[:] = 0
        r[0, :] = 1
        for i in range(order + 1):
            r[i, :count] = lags[i, start : start + count]
        e[:] = r[0]
        for i in range(order):
            reflection[:] = r[i + 1]
            for k in range(i):
                lag = r[i - k]
                for f in range(LANES):
                    reflection[f] -= a[k, f] * lag[f]
            for f in range(LANES):
                reflection[f] /= e[f]
            for k in range((i + 1) // 2):
                low, high = a[k], a[i - 1 - k]
                for f in range(LANES):
                    x, y = low[f], high[f]
                    low[f] = x - reflection[f] * y
                    high[f] = y - reflection[f] * x
            for f in range(LANES):
                a[i, f] = reflection[f]
                e[f] *= 1 - reflection[f] * reflection[f]
        error[start : start + count] = e[:count]
        for i in range(order):
            predictor[i, start : start + count] = a[i, :count]


def predictor_to_cepstrum(
    predictor: NDArray[np.float64], error: NDArray[np.float64], n_coeffs: int
) -> NDArray[np.float64]:
    """Return the cepstrum of the model √error / (1 - Σ a_k z^-k), shape (n_frames, n_coeffs).

    c_0 = ln error; c_m = a_m + Σ_{k=1}^{m-1} (k / m) c_k a_{m-k}, with a_m = 0 beyond the order.
    """
    a = np.ascontiguousarray(predictor.T)
    cepstrum = np.zeros((n_coeffs, len(error)))
    cepstrum[0] = np.log(error)
    _cepstrum(a, cepstrum)
    return cepstrum.T


@kernel
def _cepstrum(a: Any, c: Any) -> None:
    order = a.shape[0]
    for start in range(0, c.shape[1], LANES):
        end = min(start + LANES, c.shape[1])
        for m in range(1, c.shape[0]):
            if m <= order:
                c[m, start:end] = a[m - 1, start:end]
            row = c[m, start:end]
            for k in range(max(1, m - order), m):
                share, earlier, predictor = k / m, c[k, start:end], a[m - k - 1, start:end]
                for f in range(end - start):
                    row[f] += share * earlier[f] * predictor[f]
