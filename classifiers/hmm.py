"""Hidden Markov models."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from audioclf.plugin import Classifier, param

TOPOLOGIES = ("left-right", "ergodic")
NORMALISATIONS = ("none", "mean", "clip")
PRIORS = ("uniform", "empirical")


@dataclass(frozen=True)
class HMM(Classifier):
    """One hidden Markov model per class on the frames themselves; the likeliest wins.

    Rabiner 1989, "A tutorial on hidden Markov models and selected applications in speech recognition".
    Deltas help it much: ``mfcc:deltas=2``.

    Examples
    --------
    >>> import numpy as np
    >>> rise, fall = np.linspace(0, 1, 20)[:, None], np.linspace(1, 0, 20)[:, None]
    >>> model = HMM(states=3).build(seed=0).fit([rise, rise + 0.1, fall, fall - 0.1], list("rrff"))
    >>> model.predict([fall + 0.05])
    array(['f'], dtype='<U1')
    """

    name = "hmm"
    title = "hidden Markov models, one per class"
    takes = "sequences"
    effort = 2.5
    trusted_types = ("audioclf.classifiers._hmm.HMMClassifier",)
    space = {"states": (3, 8), "cmvn": ("none", "mean")}  # few, for a fit takes seconds

    states: int = param(8, "most states of a class")
    mixtures: int = param(2, "Gaussians of a state")
    topology: str = param("left-right", "left-right: in order, for words and calls; ergodic: any to any")
    cmvn: str = param("none", "normalise every clip: none, its mean, or clip: mean and variance")
    variance_floor: float = param(0.1, "least variance of a Gaussian, as a share of all frames' variance")
    priors: str = param("uniform", "class priors: uniform, or empirical: their shares of the training clips")
    iterations: int = param(10, "most iterations of EM")
    calibration_folds: int = param(2, "inner folds that fit the probabilities' temperature; 0 for none")

    def __post_init__(self) -> None:
        self.require(self.states >= 1, f"states={self.states}; it must be at least 1")
        self.require(self.mixtures >= 1, f"mixtures={self.mixtures}; it must be at least 1")
        self.require(self.topology in TOPOLOGIES, f"topology={self.topology}; it must be {' or '.join(TOPOLOGIES)}")
        self.require(self.cmvn in NORMALISATIONS, f"cmvn={self.cmvn}; it must be one of {', '.join(NORMALISATIONS)}")
        self.require(self.variance_floor > 0, f"variance_floor={self.variance_floor}; it must be above 0")
        self.require(self.priors in PRIORS, f"priors={self.priors}; it must be {' or '.join(PRIORS)}")
        self.require(self.iterations >= 1, f"iterations={self.iterations}; it must be at least 1")
        self.require(self.calibration_folds >= 0, f"calibration_folds={self.calibration_folds}; it must be 0 or more")

    def build(self, seed: int) -> Any:
        from ._hmm import HMMClassifier

        return HMMClassifier(**self.parameters, random_state=seed)

    def build_uncalibrated(self, seed: int) -> Any:
        return replace(self, calibration_folds=0).build(seed)
