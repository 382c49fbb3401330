"""Gradient-boosted trees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from audioclf.plugin import param

from ._weighted import Weighted, class_weight

BINS = 63
"""Bins of a feature. Histograms of the default 255 take most of the time, and clips are not that many."""


@dataclass(frozen=True)
class GradientBoosting(Weighted):
    """Shallow trees, each fitted to what the sum of those before gets wrong, on binned features.

    Friedman 2001, "Greedy function approximation: a gradient boosting machine"; the histogram method of
    Ke et al. 2017, "LightGBM". A round grows one tree per class, or one in all for two classes.

    Examples
    --------
    >>> X = [[0.0], [0.1], [1.0], [1.1]]
    >>> GradientBoosting(rounds=5, min_leaf=1).build(seed=0).fit(X, list("aabb")).predict([[1.0]])
    array(['b'], dtype='<U1')
    """

    name = "gboost"
    title = "gradient-boosted trees"
    effort = 30.0
    trusted_types = (
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        # From here on skops 0.11 asks, later ones don't.
        "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
        "sklearn._loss.link.Interval",
        "sklearn._loss.link.LogitLink",
        "sklearn._loss.link.MultinomialLogit",
        "sklearn._loss.loss.HalfBinomialLoss",
        "sklearn._loss.loss.HalfMultinomialLoss",
    )

    space = {"learning_rate": (0.05, 0.1, 0.2), "max_leaves": (5, 15)}

    rounds: int = param(100, "boosting rounds")
    learning_rate: float = param(0.1, "share of each tree's answer that is added")
    max_leaves: int = param(15, "most leaves of a tree")
    min_leaf: int = param(5, "fewest training clips in a leaf")
    feature_share: float = param(0.2, "share of the features tried at each node, in (0, 1]")
    class_weight: str | None = class_weight()

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require(self.rounds >= 1, f"rounds={self.rounds}; it must be at least 1")
        self.require(self.learning_rate > 0, f"learning_rate={self.learning_rate}; it must be above 0")
        self.require(self.max_leaves >= 2, f"max_leaves={self.max_leaves}; it must be at least 2")
        self.require(self.min_leaf >= 1, f"min_leaf={self.min_leaf}; it must be at least 1")
        self.require(
            0 < self.feature_share <= 1,
            f"feature_share={self.feature_share}; it must be above 0 and at most 1",
        )

    def build(self, seed: int) -> Any:
        from sklearn.ensemble import HistGradientBoostingClassifier

        return HistGradientBoostingClassifier(
            max_iter=self.rounds,
            learning_rate=self.learning_rate,
            max_leaf_nodes=self.max_leaves,
            min_samples_leaf=self.min_leaf,
            max_bins=BINS,
            max_features=self.feature_share,
            class_weight=self.class_weight,
            early_stopping=False,
            random_state=seed,
        )
