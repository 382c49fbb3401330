"""Random forest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ._forest import Forest


@dataclass(frozen=True)
class RandomForest(Forest):
    """Trees on bootstrap samples, the best split of sqrt(n_features) features at each node.

    Breiman 2001, "Random forests".

    Examples
    --------
    >>> RandomForest(trees=20).build(seed=0).fit([[0.0], [0.1], [1.0], [1.1]], list("aabb")).predict([[1.1]])
    array(['b'], dtype='<U1')
    """

    name = "rf"
    title = "random forest"
    effort = 10.0

    def build(self, seed: int) -> Any:
        from sklearn.ensemble import RandomForestClassifier

        return RandomForestClassifier(**self.options(seed))
