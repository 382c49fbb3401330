"""Bases of the classifiers that weigh mistakes against a penalty: support vector machines and logistic regression."""

from __future__ import annotations

from typing import Any, ClassVar

from ._weighted import Weighted


class Penalised(Weighted):
    """A classifier of standardised features, with the price of mistakes `C` among its parameters."""

    C: float  # no field here: what it stands for differs

    def __post_init__(self) -> None:
        self.require(self.C > 0, f"C={self.C}; it must be above 0")
        super().__post_init__()

    def standardised(self, estimator: Any) -> Any:
        """Return *estimator* after a scaler to mean 0 and variance 1."""
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        return make_pipeline(StandardScaler(), estimator)


class Machine(Penalised):
    """A support vector machine, which has decision values alone: a subclass builds it uncalibrated."""

    trusted_types: ClassVar[tuple[str, ...]] = ("audioclf.classifiers._calibration.TemperatureScaled",)

    def build(self, seed: int) -> Any:
        from ._calibration import TemperatureScaled

        return TemperatureScaled(self.build_uncalibrated(seed), random_state=seed)
