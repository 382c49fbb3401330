"""Training one hidden Markov model: a start from segments or clusters, then hmmlearn's EM with guards.

hmmlearn's own Gaussian models return NaN for a state that is never left and for mixtures of a state never
visited, and score every component of every state in Python. The subclass here gives its EM loop one kind of
emission (mixtures of diagonal Gaussians, of which a single Gaussian is one), statistics by matrix products,
and an M step that keeps what no frame speaks for.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from hmmlearn import _hmmc
from hmmlearn.base import BaseHMM, ConvergenceMonitor
from numpy.typing import NDArray

from ._hmm_model import Array, StateModel, expand, linear_density, log_sum_exp

TOLERANCE = 1e-3
"""EM stops when an iteration gains less than this, in nats per frame."""
BATCH = 1_000_000
"""Numbers held at a time in the largest arrays of training: 8 MB each."""
PSEUDO_COUNT = 1.0
"""Transitions seen beforehand from every state, shared by those that the topology allows: none becomes 0."""
MOST_CLUSTERED = 10_000
"""Frames that k-means looks at, drawn at random where there are more."""


@dataclass(frozen=True)
class Plan:
    """What to train. The fields are those of `HMMClassifier`."""

    states: int
    mixtures: int
    topology: str
    variance_floor: float
    iterations: int

    def reduced(self, n_frames: int, longest: int) -> Plan:
        """The plan with no more states and mixtures than the frames can feed, about four frames for each."""
        states = max(1, min(self.states, n_frames // 4, longest))
        mixtures = max(1, min(self.mixtures, n_frames // (4 * states)))
        return Plan(states, mixtures, self.topology, self.variance_floor, self.iterations)


def train(sequences: Sequence[Array], plan: Plan, label: Any, random_state: np.random.RandomState) -> StateModel:
    """Train the model of one class; whatever happens, return a usable one.

    If training fails (numbers that are not finite, or an error within hmmlearn) it is tried again with half
    the states, and in the end with one Gaussian, with a warning.

    Parameters
    ----------
    sequences : sequence of ndarray, each of shape (n_frames, n_coefficients)
        Scaled so that the variance of the whole training set is 1.
    plan : Plan
    label : object
        The class, for the warning.
    random_state : RandomState
    """
    frames = np.concatenate(sequences)
    plan = plan.reduced(len(frames), max(len(sequence) for sequence in sequences))
    while plan.states > 1 or plan.mixtures > 1:
        try:
            model = expectation_maximisation(sequences, initial(sequences, plan, random_state), plan)
            if model.finite:
                return model
            why = "numbers that are not finite"
        except (ValueError, ArithmeticError, np.linalg.LinAlgError) as error:
            why = str(error)
        states = plan.states // 2 if plan.states > 1 else 1
        mixtures = plan.mixtures if plan.states > 1 else 1
        warnings.warn(
            f"hmm: training class {label!r} with {plan.states} states failed ({why}); trying {states}",
            RuntimeWarning,
            stacklevel=2,
        )
        plan = Plan(states, mixtures, plan.topology, plan.variance_floor, plan.iterations)
    return single_gaussian(frames, plan.variance_floor)


def single_gaussian(frames: Array, variance_floor: float) -> StateModel:
    """The model of one state: the frames' mean and variance."""
    variances = np.maximum(frames.var(axis=0), variance_floor)
    return StateModel(
        np.ones(1), np.ones((1, 1)), np.ones((1, 1)), frames.mean(axis=0)[None, None], variances[None, None]
    )


def initial(sequences: Sequence[Array], plan: Plan, random_state: np.random.RandomState) -> StateModel:
    """Assign every frame to a state and a mixture component, and take counts, means and variances.

    ``left-right``: every sequence is cut into as many equal pieces as there are states. ``ergodic``: k-means.
    """
    frames = np.concatenate(sequences)
    if plan.topology == "left-right":
        states = np.concatenate([np.arange(len(s)) * plan.states // len(s) for s in sequences])
        start = np.eye(plan.states)[0]
        allowed = np.eye(plan.states) + np.eye(plan.states, k=1)
    else:
        states = clusters(frames, plan.states, random_state)
        start = np.full(plan.states, 1.0 / plan.states)
        allowed = np.ones((plan.states, plan.states))
    transitions = normalised(allowed * (PSEUDO_COUNT + _moves(states, sequences, plan.states)))
    shape = (plan.states, plan.mixtures)
    weights = np.zeros(shape)
    means = np.zeros((*shape, frames.shape[1]))
    variances = np.ones((*shape, frames.shape[1]))
    whole = single_gaussian(frames, plan.variance_floor)
    for state in range(plan.states):
        inside = frames[states == state]
        weights[state, 0] = 1.0
        means[state], variances[state] = whole.means[0], whole.variances[0]
        if len(inside) == 0:
            continue
        component = clusters(inside, plan.mixtures, random_state)
        for mixture in range(plan.mixtures):
            own = inside[component == mixture]
            weights[state, mixture] = len(own) / len(inside)
            if len(own):
                means[state, mixture] = own.mean(axis=0)
                # Of a few frames the variance is no estimate: the whole state's stands in.
                spread = own if len(own) >= 4 else inside
                variances[state, mixture] = np.maximum(spread.var(axis=0), plan.variance_floor)
    return StateModel(start, transitions, weights, means, variances)


def clusters(frames: Array, count: int, random_state: np.random.RandomState) -> NDArray[np.integer]:
    """Return the k-means cluster of every frame, at most *count* of them, shape (n_frames,)."""
    if count == 1:
        return np.zeros(len(frames), dtype=int)
    from sklearn.cluster import KMeans

    learnt = frames
    if len(frames) > MOST_CLUSTERED:
        learnt = frames[random_state.choice(len(frames), MOST_CLUSTERED, replace=False)]
    count = min(count, len(np.unique(learnt, axis=0)))
    means = KMeans(count, n_init=1, random_state=random_state).fit(learnt)
    return means.predict(frames)


def _moves(states: NDArray[np.integer], sequences: Sequence[Array], n_states: int) -> Array:
    """Count the transitions within sequences, shape (n_states, n_states)."""
    within = np.ones(len(states) - 1, dtype=bool)
    within[np.cumsum([len(s) for s in sequences])[:-1] - 1] = False
    counts = np.zeros((n_states, n_states))
    np.add.at(counts, (states[:-1][within], states[1:][within]), 1.0)
    return counts


def normalised(rows: Array) -> Array:
    """Return rows divided by their sums."""
    return rows / rows.sum(axis=-1, keepdims=True)


def expectation_maximisation(sequences: Sequence[Array], model: StateModel, plan: Plan) -> StateModel:
    """Improve *model* by EM on the sequences: at most ``plan.iterations``, or until the gain is `TOLERANCE`."""
    frames = expand(np.concatenate(sequences))
    trainer = MixtureHMM(model, plan.variance_floor, plan.iterations, TOLERANCE * len(frames))
    return trainer.fit(frames, [len(sequence) for sequence in sequences]).model


class _Silent(ConvergenceMonitor):
    """hmmlearn's monitor without its log messages: with a variance floor EM may lose a little, rightly."""

    def report(self, log_prob: float) -> None:
        if not np.isfinite(log_prob):
            raise ArithmeticError("the likelihood is not finite")
        self.history.append(log_prob)
        self.iter += 1


class MixtureHMM(BaseHMM):
    """hmmlearn's EM for a `StateModel`, on frames as made by `expand`."""

    def __init__(self, model: StateModel, variance_floor: float, n_iter: int, tol: float) -> None:
        super().__init__(len(model.start), n_iter=n_iter, tol=tol, implementation="log")
        self.monitor_ = _Silent(tol, n_iter, False)
        self.variance_floor = variance_floor
        self.startprob_, self.transmat_ = model.start, model.transitions
        self.weights, self.means, self.variances = model.weights, model.means, model.variances
        # What the topology forbids stays so; nothing that it allows becomes impossible.
        self.start_prior = PSEUDO_COUNT * normalised((model.start > 0).astype(float))
        self.transitions_prior = PSEUDO_COUNT * normalised((model.transitions > 0).astype(float))

    @property
    def model(self) -> StateModel:
        return StateModel(self.startprob_, self.transmat_, self.weights, self.means, self.variances)

    def _init(self, X: Array, lengths: Any = None) -> None:
        """Everything is given to the constructor."""

    def _check(self) -> None:
        if not self.model.finite:
            raise ArithmeticError("the model to start from is not finite")

    def _estep_begin(self) -> None:
        self._density = linear_density(self.weights, self.means, self.variances)

    def _do_estep(self, X: Array, lengths: Any) -> tuple[dict[str, Any], float]:
        """hmmlearn's, but for everything that has no order in time done to many sequences at once."""
        statistics = self._initialize_sufficient_statistics()
        self._estep_begin()
        total = 0.0
        for begin, ends in _stretches(lengths, max(1, BATCH // self.weights.size)):
            total += self._accumulate(statistics, X[begin : ends[-1]], ends - begin)
        return statistics, total

    def _initialize_sufficient_statistics(self) -> dict[str, Any]:
        statistics = super()._initialize_sufficient_statistics()
        statistics["occupied"] = np.zeros(self.weights.shape)
        statistics["sums"] = np.zeros((self.weights.size, 2 * self.means.shape[2]))
        return statistics

    def _accumulate(self, statistics: dict[str, Any], frames: Array, ends: NDArray[np.integer]) -> float:
        """Add the statistics of a few sequences that end at *ends*; return their log-likelihood."""
        slope, offset = self._density
        components = (frames @ slope + offset).reshape(len(frames), *self.weights.shape)
        emitted = components[:, :, 0] if components.shape[2] == 1 else log_sum_exp(components, axis=2)
        highest = emitted.max(axis=1)
        probabilities = np.exp(emitted - highest[:, None])
        posteriors = np.empty_like(emitted)
        total = float(highest.sum())
        begin = 0
        for end in ends:
            seen = slice(begin, end)
            found = self._smooth(probabilities[seen]) or self._smooth_log(emitted[seen] - highest[seen, None])
            log_likelihood, posteriors[seen], moves = found
            statistics["trans"] += moves
            total += log_likelihood
            begin = end
        posteriors /= posteriors.sum(axis=1, keepdims=True)
        statistics["nobs"] += len(ends)
        statistics["start"] += posteriors[np.concatenate([[0], ends[:-1]])].sum(axis=0)
        if self.weights.shape[1] == 1:
            shares = posteriors[:, :, None]
        else:
            components -= emitted[:, :, None]
            shares = np.exp(components, out=components)
            shares *= posteriors[:, :, None]
        statistics["occupied"] += shares.sum(axis=0)
        statistics["sums"] += shares.reshape(len(frames), -1).T @ frames
        return total

    def _smooth(self, probabilities: Array) -> tuple[float, Array, Array] | None:
        """Return the log-likelihood of a sequence, its states' posteriors, and how often which followed which.

        Posteriors are in proportion to their frame. With scaled probabilities (Rabiner 1989, section V.A): there is
        none of the exponentials that logarithms take for every pair of states. None if they underflow.
        """
        try:
            log_likelihood, forward, scaling = _hmmc.forward_scaling(self.startprob_, self.transmat_, probabilities)
            backward = _hmmc.backward_scaling(self.startprob_, self.transmat_, probabilities, scaling)
        except ValueError:
            return None
        with np.errstate(invalid="ignore", over="ignore"):  # that is looked at next
            posteriors = forward * backward
        if not np.isfinite(posteriors).all() or not posteriors.any(axis=1).all():
            return None
        if len(probabilities) == 1:
            return log_likelihood, posteriors, np.zeros_like(self.transmat_)
        moves = _hmmc.compute_scaling_xi_sum(forward, self.transmat_, backward, probabilities)
        return log_likelihood, posteriors, moves

    def _smooth_log(self, lattice: Array) -> tuple[float, Array, Array]:
        """As `_smooth`, of log probabilities."""
        log_likelihood, forward = _hmmc.forward_log(self.startprob_, self.transmat_, lattice)
        backward = _hmmc.backward_log(self.startprob_, self.transmat_, lattice)
        joint = forward + backward
        posteriors = np.exp(joint - log_sum_exp(joint, axis=1)[:, None])
        if len(lattice) == 1:
            return log_likelihood, posteriors, np.zeros_like(self.transmat_)
        return log_likelihood, posteriors, np.exp(_hmmc.compute_log_xi_sum(forward, self.transmat_, backward, lattice))

    def _do_mstep(self, stats: dict[str, Any]) -> None:
        self.startprob_ = normalised(self.start_prior + np.where(self.start_prior > 0, stats["start"], 0.0))
        allowed = self.transitions_prior > 0
        self.transmat_ = normalised(self.transitions_prior + np.where(allowed, stats["trans"], 0.0))
        occupied = stats["occupied"]
        in_state = occupied.sum(axis=1, keepdims=True)
        # Less than a frame's worth says nothing: such a state or component stays as it is.
        self.weights = np.where(in_state >= 1.0, occupied / np.maximum(in_state, 1.0), self.weights)
        spoken_for = occupied >= 1.0
        averages = stats["sums"].reshape(*occupied.shape, -1) / np.maximum(occupied, 1.0)[:, :, None]
        means, squares = np.split(averages, 2, axis=2)
        variances = np.maximum(squares - means**2, self.variance_floor)
        self.means = np.where(spoken_for[:, :, None], means, self.means)
        self.variances = np.where(spoken_for[:, :, None], variances, self.variances)


def _stretches(lengths: Sequence[int], most: int) -> Iterator[tuple[int, NDArray[np.integer]]]:
    """Cut sequences that lie one after the other into stretches of about *most* frames.

    Yields the first frame of each, and the ends of its sequences.

    >>> [(begin, ends.tolist()) for begin, ends in _stretches([3, 2, 4], most=5)]
    [(0, [3, 5]), (5, [9])]
    """
    ends = np.cumsum(lengths)
    first, begin = 0, 0
    while first < len(ends):
        last = max(first + 1, int(np.searchsorted(ends, begin + most, side="right")))
        yield begin, ends[first:last]
        first, begin = last, int(ends[last - 1])
