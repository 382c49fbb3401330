"""Hidden Markov models as plain arrays, and the likelihood of sequences under many of them at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class StateModel:
    """A hidden Markov model whose states emit mixtures of Gaussians with diagonal covariance.

    Attributes
    ----------
    start : ndarray, shape (n_states,)
        Probabilities of the first frame's state.
    transitions : ndarray, shape (n_states, n_states)
        Row i: probabilities of the state that follows state i.
    weights : ndarray, shape (n_states, n_mixtures)
        Mixture weights, rows sum to 1; an unused component has weight 0.
    means, variances : ndarray, shape (n_states, n_mixtures, n_coefficients)
        Variances are above 0.
    """

    start: Array
    transitions: Array
    weights: Array
    means: Array
    variances: Array

    @property
    def finite(self) -> bool:
        """Whether every number is finite, every distribution sums to 1 and every variance is above 0."""
        arrays = (self.start, self.transitions, self.weights, self.means, self.variances)
        sums = (self.start.sum(), self.transitions.sum(axis=1), self.weights.sum(axis=1))
        return bool(
            all(np.isfinite(array).all() for array in arrays)
            and all(np.allclose(total, 1.0) for total in sums)
            and (self.variances > 0).all()
        )


def padded(models: Sequence[StateModel]) -> StateModel:
    """Stack models along a new first axis, filled up to the most states and mixtures with ones never used.

    A state added can't be reached; a mixture component added has weight 0.
    """
    n_states = max(len(model.start) for model in models)
    n_mixtures = max(model.weights.shape[1] for model in models)
    n_coefficients = models[0].means.shape[2]
    shape = (len(models), n_states, n_mixtures, n_coefficients)
    start = np.zeros(shape[:2])
    transitions = np.tile(np.eye(n_states), (len(models), 1, 1))
    weights = np.zeros(shape[:3])
    weights[:, :, 0] = 1.0
    means, variances = np.zeros(shape), np.ones(shape)
    for i, model in enumerate(models):
        states, mixtures = model.weights.shape
        start[i, :states] = model.start
        transitions[i, :states, :states] = model.transitions
        weights[i, :states, :mixtures] = model.weights
        means[i, :states, :mixtures] = model.means
        variances[i, :states, :mixtures] = model.variances
    return StateModel(start, transitions, weights, means, variances)


def expand(frames: NDArray[np.floating]) -> Array:
    """Return frames beside their squares, shape (n_frames, 2 * n_coefficients).

    In these the log density of a diagonal Gaussian is linear, so that one matrix product serves all.
    """
    return np.hstack([frames, np.square(frames)], dtype=np.float64)


def linear_density(weights: Array, means: Array, variances: Array) -> tuple[Array, Array]:
    """Return ``(slope, offset)`` so that ``expand(frames) @ slope + offset`` are weighted log densities.

    Parameters
    ----------
    weights : ndarray, shape (...)
    means, variances : ndarray, shape (..., n_coefficients)

    Returns
    -------
    slope : ndarray, shape (2 * n_coefficients, n_components)
        Components in the C order of ``...``.
    offset : ndarray, shape (n_components,)
        -inf for components of weight 0.
    """
    n_coefficients = means.shape[-1]
    mean, variance = means.reshape(-1, n_coefficients), variances.reshape(-1, n_coefficients)
    slope = np.hstack([mean / variance, -0.5 / variance]).T
    with np.errstate(divide="ignore"):
        log_weights = np.log(weights.ravel())
    constant = np.sum(np.log(2 * np.pi * variance) + mean**2 / variance, axis=1)
    return np.ascontiguousarray(slope), log_weights - 0.5 * constant


def log_sum_exp(values: Array, axis: int) -> Array:
    """Return log Σ exp along *axis* without overflow; -inf where all values are.

    For an axis of few entries (states, mixtures): NumPy's own reductions along a short axis take several times
    as long as this loop over its entries.
    """
    entries = np.moveaxis(values, axis, 0)
    highest = entries[0].copy()
    for entry in entries[1:]:
        np.maximum(highest, entry, out=highest)
    highest[~np.isfinite(highest)] = 0.0
    total, term = np.zeros_like(highest), np.empty_like(highest)
    for entry in entries:
        np.subtract(entry, highest, out=term)
        total += np.exp(term, out=term)
    with np.errstate(divide="ignore"):
        np.log(total, out=total)
    total += highest
    return total


def log_likelihoods(models: StateModel, sequences: Sequence[NDArray[np.floating]]) -> Array:
    """Return log p(sequence | model) in nats for all pairs, by hmmlearn's forward recursion in the log domain.

    Rabiner 1989, "A tutorial on hidden Markov models", eq. 19-21.

    Parameters
    ----------
    models : StateModel
        As made by `padded`: a first axis of n_models everywhere.
    sequences : sequence of ndarray, each of shape (n_frames, n_coefficients)
        Of one frame or more.

    Returns
    -------
    ndarray, shape (n_sequences, n_models)

    Examples
    --------
    >>> model = StateModel(np.ones(1), np.ones((1, 1)), np.ones((1, 1)), np.zeros((1, 1, 1)), np.ones((1, 1, 1)))
    >>> log_likelihoods(padded([model]), [np.zeros((2, 1))]).round(4)    # -log(2 pi)
    array([[-1.8379]])
    """
    from hmmlearn import _hmmc

    slope, offset = linear_density(models.weights, models.means, models.variances)
    found = np.empty((len(sequences), len(models.start)))
    for row, sequence in zip(found, sequences):
        components = (expand(sequence) @ slope + offset).reshape(len(sequence), *models.weights.shape)
        emitted = np.ascontiguousarray(log_sum_exp(components, axis=3).swapaxes(0, 1))
        for i, lattice in enumerate(emitted):
            row[i], _ = _hmmc.forward_log(models.start[i], models.transitions[i], lattice)
    return found
