"""Linear-prediction cepstral coefficients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audioclf.extractor import Extractor
from audioclf.spec import param
from audioclf.spectra import Spectra

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

    def static(self, spectra: Spectra) -> NDArray[np.floating]:
        lags = spectra.autocorrelation(self.order, self.preemphasis) / spectra.analysis.frame_samples
        silent = lags[:, 0] < _SILENCE
        lags[silent] = np.eye(1, self.order + 1) * _SILENCE
        lags[:, 0] *= 1 + _WHITE_NOISE
        predictor, error = levinson_durbin(lags)
        return predictor_to_cepstrum(predictor, error, self.n_coeffs)


def levinson_durbin(lags: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Solve the normal equations Σ_k a_k r_{|i-k|} = r_i, i = 1 ... order, for every frame at once.

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
    n_frames, order = lags.shape[0], lags.shape[1] - 1
    predictor = np.zeros((n_frames, order))
    error = lags[:, 0].copy()
    for i in range(order):
        reflection = lags[:, i + 1] - np.einsum("fk,fk->f", predictor[:, :i], lags[:, i:0:-1])
        reflection /= error
        predictor[:, :i] -= reflection[:, None] * predictor[:, :i][:, ::-1]
        predictor[:, i] = reflection
        error *= 1 - reflection**2
    return predictor, error


def predictor_to_cepstrum(
    predictor: NDArray[np.float64], error: NDArray[np.float64], n_coeffs: int
) -> NDArray[np.float64]:
    """Return the cepstrum of the model √error / (1 - Σ a_k z^-k), shape (n_frames, n_coeffs).

    c_0 = ln error; c_m = a_m + Σ_{k=1}^{m-1} (k / m) c_k a_{m-k}, with a_m = 0 beyond the order.
    """
    n_frames, order = predictor.shape
    cepstrum = np.zeros((n_frames, n_coeffs))
    cepstrum[:, 0] = np.log(error)
    for m in range(1, n_coeffs):
        if m <= order:
            cepstrum[:, m] = predictor[:, m - 1]
        k = np.arange(max(1, m - order), m)
        cepstrum[:, m] += np.einsum("fk,fk,k->f", cepstrum[:, k], predictor[:, m - k - 1], k / m)
    return cepstrum
