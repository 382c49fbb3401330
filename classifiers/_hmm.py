"""A classifier of sequences: one hidden Markov model per class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from ._calibration import Folds, best_temperature, inner_folds
from ._hmm_model import Array, StateModel, log_likelihoods, padded
from ._sequences import as_sequences, center_and_scale

SMALLEST_SPREAD = 0.1
"""Least standard deviation by which a clip's coefficient is divided, in those of the training set."""


class HMMClassifier(ClassifierMixin, BaseEstimator):
    """One hidden Markov model per class, trained by EM; the class of the likeliest model wins.

    Rabiner 1989, "A tutorial on hidden Markov models and selected applications in speech recognition".
    States emit mixtures of Gaussians with diagonal covariance. Coefficients are scaled by the mean and the
    standard deviation of the training frames, hence families of any scale go together.

    Probabilities are the softmax over classes of (log-likelihood + log prior) / (n_frames T). Frames, and
    the coefficients of a frame, depend on each other more than the model says, so that the Bayes posterior
    proper is almost always 0 or 1. The average per frame doesn't grow surer with the length of the clip, and
    the temperature T is fitted to out-of-fold likelihoods (see `TemperatureScaled`). Neither changes which
    class is the most probable.

    Parameters
    ----------
    states : int
        Most states of a class; fewer where its frames are few (four to a state at least).
    mixtures : int
        Gaussians of a state.
    topology : {"left-right", "ergodic"}
        Through the states in order, from the first, staying or going on by one; or from any to any.
    cmvn : {"none", "mean", "clip"}
        Cepstral mean and variance normalisation of every clip: not at all, its mean, or mean and variance.
    variance_floor : float
        Least variance of a Gaussian, as a share of the coefficient's variance over the training frames.
    priors : {"uniform", "empirical"}
        Class priors: equal, or the shares of the training clips.
    iterations : int
        Most iterations of EM.
    calibration_folds : int
        Inner folds for the temperature; 2 double the time of training. 0 leaves T at 1.
    random_state : int, RandomState or None
        For k-means, which the first guess of an ergodic model and of mixtures needs.

    Attributes
    ----------
    classes_ : ndarray, shape (n_classes,)
        Sorted labels.
    center_, scale_ : ndarray, shape (n_coefficients,)
        Mean and standard deviation of the training frames (1 where that is 0).
    log_priors_ : ndarray, shape (n_classes,)
    temperature_ : float
        T.
    start_, transitions_, weights_, means_, variances_ : ndarray
        The models, as in `StateModel`, with a first axis of n_classes.

    Examples
    --------
    >>> rise, fall = np.linspace(0, 1, 20)[:, None], np.linspace(1, 0, 20)[:, None]
    >>> clf = HMMClassifier(states=3, random_state=0).fit([rise, rise + 0.1, fall, fall - 0.1], list("rrff"))
    >>> [str(label) for label in clf.predict([rise[::2], fall[::2]])]
    ['r', 'f']
    """

    def __init__(
        self,
        states: int = 8,
        mixtures: int = 2,
        topology: str = "left-right",
        cmvn: str = "none",
        variance_floor: float = 0.1,
        priors: str = "uniform",
        iterations: int = 10,
        calibration_folds: int = 2,
        random_state: Any = None,
    ) -> None:
        self.states = states
        self.mixtures = mixtures
        self.topology = topology
        self.cmvn = cmvn
        self.variance_floor = variance_floor
        self.priors = priors
        self.iterations = iterations
        self.calibration_folds = calibration_folds
        self.random_state = random_state

    def fit(
        self, X: Sequence[ArrayLike], y: ArrayLike, groups: ArrayLike | None = None, clips: ArrayLike | None = None
    ) -> HMMClassifier:
        """Train on *X*, a list of arrays (n_frames, n_coefficients), and their labels *y*.

        *groups* and *clips* are as for `audioclf.classifier.fit.fit`; inner folds keep to them.

        Raises
        ------
        ValueError
            If a sequence isn't such an array or holds a number that isn't finite, lengths differ, or there
            are fewer than two classes.
        """
        from threadpoolctl import threadpool_limits

        sequences = as_sequences(X)
        labels = np.asarray(y)
        if labels.shape != (len(sequences),):
            raise ValueError(f"{len(sequences)} sequences, but labels of shape {labels.shape}; one each is needed")
        self.classes_, codes, counts = np.unique(labels, return_inverse=True, return_counts=True)
        if len(self.classes_) < 2:
            raise ValueError(f"all {len(labels)} sequences are of one class; at least 2 classes are needed")
        self.n_features_in_ = sequences[0].shape[1]
        # The matrices are small, one per sequence: threads only get in each other's way.
        with threadpool_limits(1):
            self._fit_models(sequences, codes, counts)
            self.temperature_ = self._fit_temperature(
                sequences, codes, inner_folds(codes, self.calibration_folds, self.random_state, groups, clips)
            )
        return self

    def _fit_models(
        self, sequences: Sequence[NDArray[np.floating]], codes: NDArray[np.integer], counts: NDArray[np.integer]
    ) -> None:
        from ._hmm_training import Plan, train

        self.center_, self.scale_ = center_and_scale(sequences)
        scaled = [self._normalised(sequence) for sequence in sequences]
        shares = counts / counts.sum() if self.priors == "empirical" else np.full(len(counts), 1 / len(counts))
        self.log_priors_ = np.log(shares)
        plan = Plan(self.states, self.mixtures, self.topology, self.variance_floor, self.iterations)
        random_state = check_random_state(self.random_state)
        models = padded(
            [
                train([scaled[i] for i in np.flatnonzero(codes == code)], plan, str(label), random_state)
                for code, label in enumerate(self.classes_)
            ]
        )
        self.start_, self.transitions_, self.weights_ = models.start, models.transitions, models.weights
        self.means_, self.variances_ = models.means, models.variances

    def _fit_temperature(
        self, sequences: Sequence[NDArray[np.floating]], codes: NDArray[np.integer], folds: Folds
    ) -> float:
        pieces, truth = [], []
        for train, test in folds:
            inner = clone(self).set_params(calibration_folds=0)
            inner.fit([sequences[i] for i in train], codes[train])
            pieces.append(inner.logits([sequences[i] for i in test]))
            truth.append(codes[test])
        return best_temperature(np.concatenate(pieces), np.concatenate(truth)) if pieces else 1.0

    def log_likelihood(self, X: Sequence[ArrayLike]) -> Array:
        """Return log p(sequence | class) of the scaled coefficients, in nats, shape (n_clips, n_classes)."""
        check_is_fitted(self)
        sequences = [self._normalised(sequence) for sequence in as_sequences(X, self.n_features_in_)]
        models = StateModel(self.start_, self.transitions_, self.weights_, self.means_, self.variances_)
        return log_likelihoods(models, sequences)

    def logits(self, X: Sequence[ArrayLike]) -> Array:
        """(Log-likelihood + log prior) / (n_frames T), in nats, shape (n_clips, n_classes)."""
        joint = self.log_likelihood(X) + self.log_priors_
        n_frames = np.array([len(sequence) for sequence in as_sequences(X)])
        return joint / (n_frames[:, None] * self.temperature_)

    def predict_proba(self, X: Sequence[ArrayLike]) -> Array:
        """Probabilities, shape (n_clips, n_classes); rows sum to 1."""
        from scipy.special import softmax

        return softmax(self.logits(X), axis=1)

    def predict(self, X: Sequence[ArrayLike]) -> NDArray[Any]:
        """The most probable labels, shape (n_clips,)."""
        most_probable = np.argmax(self.predict_proba(X), axis=1)
        return self.classes_[most_probable]

    def _normalised(self, sequence: NDArray[np.floating]) -> Array:
        scaled = (sequence - self.center_) / self.scale_
        if self.cmvn == "none":
            return scaled
        scaled -= scaled.mean(axis=0)
        if self.cmvn == "clip":
            scaled /= np.maximum(scaled.std(axis=0), SMALLEST_SPREAD)
        return scaled
