"""Baseline (majority class): the most frequent class of the training clips, whatever the sound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from audioclf.plugin import Classifier


@dataclass(frozen=True)
class Dummy(Classifier):
    """Always the most frequent class of the training clips, with the classes' shares as probabilities.

    Examples
    --------
    >>> Dummy().build(seed=0).fit([[0.0], [1.0], [2.0]], list("abb")).predict([[0.0]])
    array(['b'], dtype='<U1')
    """

    name = "dummy"
    title = "the baseline: always the majority class"
    effort = 0.001

    def build(self, seed: int) -> Any:
        from sklearn.dummy import DummyClassifier

        return DummyClassifier(strategy="prior", random_state=seed)
