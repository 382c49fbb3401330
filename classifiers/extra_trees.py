"""Extremely randomised trees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ._forest import Forest


@dataclass(frozen=True)
class ExtraTrees(Forest):
    """Trees on all clips, the best of random thresholds of sqrt(n_features) features at each node.

    Geurts, Ernst & Wehenkel 2006, "Extremely randomized trees". Trains faster than a random forest.

    Examples
    --------
    >>> ExtraTrees(trees=20).build(seed=0).fit([[0.0], [0.1], [1.0], [1.1]], list("aabb")).predict([[1.1]])
    array(['b'], dtype='<U1')
    """

    name = "extra_trees"
    title = "extremely randomised trees"
    effort = 5.0

    def build(self, seed: int) -> Any:
        from sklearn.ensemble import ExtraTreesClassifier

        return ExtraTreesClassifier(**self.options(seed))
