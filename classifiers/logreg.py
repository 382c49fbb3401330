"""Logistic regression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from audioclf.plugin import Classifier, param


@dataclass(frozen=True)
class LogisticRegression(Classifier):
    """Standardised features, multinomial logistic regression with an L2 penalty.

    Hastie, Tibshirani & Friedman 2009, "The elements of statistical learning", section 4.4.

    Examples
    --------
    >>> model = LogisticRegression().build(seed=0).fit([[0.0], [0.1], [1.0], [1.1]], list("aabb"))
    >>> model.predict([[1.0]])
    array(['b'], dtype='<U1')
    """

    name = "logreg"
    title = "logistic regression"
    space = {"C": (0.001, 0.01, 0.1, 1.0, 10.0)}

    C: float = param(0.1, "inverse strength of the penalty; larger fits closer")
    class_weight: str | None = param(None, "none, or balanced: rare classes count as much as frequent ones")

    def __post_init__(self) -> None:
        self.require(self.C > 0, f"C={self.C}; it must be above 0")
        self.require(
            self.class_weight in (None, "balanced"),
            f"class_weight={self.class_weight}; it must be none or balanced",
        )

    def build(self, seed: int) -> Any:
        from sklearn import linear_model
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        regression = linear_model.LogisticRegression(
            C=self.C, class_weight=self.class_weight, max_iter=2000, random_state=seed
        )
        return make_pipeline(StandardScaler(), regression)
