"""Base of the two kinds of forest: their parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from audioclf.plugin import param

from ._weighted import Weighted, class_weight


@dataclass(frozen=True)
class Forest(Weighted):
    """Many decision trees that vote with their leaves' class shares."""

    trusted_types = ("sklearn.tree._tree.Tree",)
    space = {"min_leaf": (1, 3), "feature_share": (None, 0.2)}

    trees: int = param(300, "number of trees")
    max_depth: int | None = param(None, "deepest level of a tree; none grows until the leaves are pure")
    min_leaf: int = param(1, "fewest training clips in a leaf")
    feature_share: float | None = param(None, "share of the features tried at each node, in (0, 1]; none is their root")
    class_weight: str | None = class_weight()

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require(self.trees >= 1, f"trees={self.trees}; it must be at least 1")
        self.require(
            self.max_depth is None or self.max_depth >= 1,
            f"max_depth={self.max_depth}; it must be at least 1, or none",
        )
        self.require(self.min_leaf >= 1, f"min_leaf={self.min_leaf}; it must be at least 1")
        self.require(
            self.feature_share is None or 0 < self.feature_share <= 1,
            f"feature_share={self.feature_share}; it must be above 0 and at most 1, or none",
        )

    def options(self, seed: int) -> dict[str, Any]:
        """Keywords of scikit-learn's forests. One job, because the folds already run in parallel."""
        return {
            "n_estimators": self.trees,
            "max_depth": self.max_depth,
            "min_samples_leaf": self.min_leaf,
            "max_features": "sqrt" if self.feature_share is None else self.feature_share,
            "class_weight": self.class_weight,
            "n_jobs": 1,
            "random_state": seed,
        }
