"""NumPy twins of the kernels that have no plain form: what they must compute, written for reading.

They take and give arrays (n_frames, n), in float64 where not said otherwise.
"""

from __future__ import annotations

import numpy as np

_TINY = 1e-20


def levinson_durbin(lags):
    """Solve the normal equations Σ_k a_k r_{|i-k|} = r_i, i = 1 ... order, for every frame at once."""
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


def predictor_to_cepstrum(predictor, error, n_coeffs):
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


def medium_time_power(power, reach=2):
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


def asymmetric_filter(power, rise=0.999, fall=0.5, start=0.9):
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


def temporal_masking(power, forget=0.85, level=0.2):
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


def suppress_noise(medium, contrast=2.0):
    """Asymmetric noise suppression with temporal masking, shape as *medium*."""
    envelope = asymmetric_filter(medium)
    rectified = np.maximum(medium - envelope, 0.0)
    floor = asymmetric_filter(rectified)
    excited = np.maximum(temporal_masking(rectified), floor)
    return np.where(medium >= contrast * envelope, excited, floor)


def smooth_weights(weights, reach=4):
    """Mean of each band's weight over its neighbours up to *reach* away, shape as *weights*."""
    n_bands = weights.shape[1]
    total = np.hstack([np.zeros((len(weights), 1)), np.cumsum(weights, axis=1, dtype=np.float64)])
    low = np.maximum(np.arange(n_bands) - reach, 0)
    high = np.minimum(np.arange(n_bands) + reach, n_bands - 1) + 1
    return (total[:, high] - total[:, low]) / (high - low)


def normalise_mean_power(power, forget=0.999):
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
