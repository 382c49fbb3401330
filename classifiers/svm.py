"""Support vector machine with a Gaussian kernel."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from audioclf.plugin import param

from ._penalised import Machine
from ._weighted import class_weight


@dataclass(frozen=True)
class SVM(Machine):
    """Standardised features, a Gaussian (RBF) kernel, one machine per class against the rest.

    Cortes & Vapnik 1995, "Support-vector networks". One against the rest rather than scikit-learn's one
    against one: each class then has a decision value of its own, where the pairwise scheme counts votes and
    drops most of the margins; Rifkin & Klautau 2004, "In defense of one-vs-all classification", find it no
    less accurate. Probabilities by temperature scaling (`audioclf.classifiers._calibration`).

    Examples
    --------
    >>> SVM(C=1).build(seed=0).fit([[0.0], [0.1], [1.0], [1.1]], list("aabb")).predict([[1.0]])
    array(['b'], dtype='<U1')
    """

    name = "svm"
    title = "support vector machine, RBF kernel"
    effort = 2.0
    space = {"C": (1.0, 10.0, 100.0), "gamma": ("0.1x", "0.3x", None, "3x")}
    trusted_types = (*Machine.trusted_types, "audioclf.classifiers._machines.KernelMachines")

    C: float = param(10.0, "price of a training clip on the wrong side; larger fits closer")
    gamma: float | str | None = param(
        None, "kernel width, 1 / (2 sigma²); none is scikit-learn's 'scale', 0.3x so many times that"
    )
    class_weight: str | None = class_weight()

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require(
            self.gamma is None or _is_width(self.gamma),
            f"gamma={self.gamma}; it must be above 0, such a number with an x (0.3x), or none",
        )

    def build_uncalibrated(self, seed: int) -> Any:
        from ._machines import KernelMachines

        machines = KernelMachines(self.C, self.gamma, self.class_weight, random_state=seed)
        return self.standardised(machines)


def _is_width(gamma: float | str) -> bool:
    if isinstance(gamma, str):
        number, times, rest = gamma.partition("x")
        try:
            return bool(times) and not rest and 0 < float(number) < math.inf
        except ValueError:
            return False
    return gamma > 0
