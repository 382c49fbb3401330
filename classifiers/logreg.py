"""Logistic regression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from audioclf.plugin import param

from ._penalised import Penalised
from ._weighted import class_weight


@dataclass(frozen=True)
class LogisticRegression(Penalised):
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
    class_weight: str | None = class_weight()

    def build(self, seed: int) -> Any:
        from sklearn import linear_model

        regression = linear_model.LogisticRegression(
            C=self.C, class_weight=self.class_weight, max_iter=2000, random_state=seed
        )
        return self.standardised(regression)
