"""k nearest neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from audioclf.plugin import Classifier, param

WEIGHTS = ("distance", "uniform")
METRICS = ("euclidean", "manhattan", "cosine")


@dataclass(frozen=True)
class NearestNeighbours(Classifier):
    """Standardised features; the nearest training clips vote.

    Cover & Hart 1967, "Nearest neighbor pattern classification". With fewer than k training clips, all vote.

    Examples
    --------
    >>> NearestNeighbours(k=1).build(seed=0).fit([[0.0], [0.1], [1.0], [1.1]], list("aabb")).predict([[1.0]])
    array(['b'], dtype='<U1')
    """

    name = "knn"
    title = "k nearest neighbours"
    effort = 0.01
    trusted_types = ("audioclf.classifiers._neighbours.NeighboursAtHand",)
    space = {"k": (1, 3, 5, 10), "weights": WEIGHTS, "metric": METRICS}

    k: int = param(5, "neighbours that vote")
    weights: str = param("distance", "distance: votes weigh 1 / distance; uniform: all the same")
    metric: str = param("euclidean", "euclidean, manhattan or cosine")

    def __post_init__(self) -> None:
        self.require(self.k >= 1, f"k={self.k}; it must be at least 1")
        self.require(self.weights in WEIGHTS, f"weights={self.weights}; it must be {' or '.join(WEIGHTS)}")
        self.require(self.metric in METRICS, f"metric={self.metric}; it must be one of {', '.join(METRICS)}")

    def build(self, seed: int) -> Any:
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        from ._neighbours import NeighboursAtHand

        return make_pipeline(StandardScaler(), NeighboursAtHand(self.k, self.weights, self.metric))
