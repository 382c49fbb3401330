"""Linear support vector machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from audioclf.plugin import param

from ._penalised import Machine
from ._weighted import class_weight


@dataclass(frozen=True)
class LinearSVM(Machine):
    """Standardised features, one hyperplane per class against the rest, squared hinge loss.

    Fan et al. 2008, "LIBLINEAR: a library for large linear classification". Probabilities by temperature
    scaling (`audioclf.classifiers._calibration`).

    Examples
    --------
    >>> LinearSVM().build(seed=0).fit([[0.0], [0.1], [1.0], [1.1]], list("aabb")).predict([[1.0]])
    array(['b'], dtype='<U1')
    """

    name = "linear_svm"
    title = "linear support vector machine"
    space = {"C": (0.0001, 0.001, 0.01, 0.1, 1.0)}

    C: float = param(0.01, "price of a training clip on the wrong side; larger fits closer")
    class_weight: str | None = class_weight()

    def build_uncalibrated(self, seed: int) -> Any:
        from sklearn.svm import LinearSVC

        machine = LinearSVC(C=self.C, class_weight=self.class_weight, dual="auto", max_iter=10_000, random_state=seed)
        return self.standardised(machine)
